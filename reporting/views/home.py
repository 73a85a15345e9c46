"""The client's home page."""

from typing import Any

from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from governance.selectors.figure_disputes import disputed_marks
from metrics.memory import answers_kept
from portal.lib.periods import month_of
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.models import ClientRole, FirmRole
from portal.tenancy.permissions import VIEW_ARR, VIEW_CLIENT
from portal.tenancy.reader import locale_of
from reporting.arr_query import ArrQuery, Reader, usual_scale
from reporting.dispute_marks import of_groups, tiles_marked
from reporting.home_page import home_needs
from reporting.tiles import newest_numbers


def home_tiles(slug: str, numbers: dict[str, Any]) -> list[dict[str, Any]]:
    """The headline figures with their disputes, which are read anew each time."""
    own = of_groups(disputed_marks(), numbers["head"])
    return tiles_marked(numbers["tiles"], own, month_of(numbers["as_of"]), ("", ""), slug)


@client_page(VIEW_CLIENT)
@answers_kept()
def client_home(request: TenantRequest) -> HttpResponse:
    """What needs the reader now, and the headline figures."""
    client, standing = request.client, request.standing
    query = ArrQuery(scale=usual_scale(client))
    reader = Reader(locale_of(request), reverse("arr", kwargs={"client_slug": client.slug}))
    numbers = newest_numbers(client, query, reader) if standing.may(VIEW_ARR) else {}
    if numbers.get("tiles"):
        numbers = numbers | {"tiles": home_tiles(client.slug, numbers)}
    roles = FirmRole if standing.is_firm_staff else ClientRole
    context = {
        "needs": home_needs(standing, request.user, reader.locale, numbers.get("head")),
        "scale": query.scale,
        "currency": client.currency,
        "standing_label": roles(standing.role).label,
    }
    return TemplateResponse(request, "reporting/home.html", numbers | context)
