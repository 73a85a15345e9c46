"""The client's home page."""

from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from portal.lib.periods import last_day
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.models import ClientRole, FirmRole
from portal.tenancy.permissions import VIEW_CLIENT
from portal.tenancy.reader import locale_of
from reporting.arr_page import Reader, tiles_of
from reporting.arr_query import ArrQuery
from reporting.home_page import home_context


@client_page(VIEW_CLIENT)
def client_home(request: TenantRequest) -> HttpResponse:
    """What needs the reader now, and the headline figures."""
    standing = request.standing
    context = home_context(standing, request.user, locale_of(request))
    headline = context["headline"]
    if headline is not None and headline.month is not None:
        reader = Reader(locale_of(request), reverse("arr", kwargs={"client_slug": request.client.slug}))
        context |= {
            "tiles": tiles_of(headline, ArrQuery(scale=context["scale"]), reader),
            "as_of": last_day(headline.month),
        }
    roles = FirmRole if standing.is_firm_staff else ClientRole
    context |= {"standing_label": roles(standing.role).label}
    return TemplateResponse(request, "reporting/home.html", context)
