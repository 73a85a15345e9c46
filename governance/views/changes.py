"""Change requests: the list, one request, and what is done with it."""

from django.http import Http404, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET

from governance.change_page import change_context, list_context
from governance.models import ChangeRequest
from governance.selectors.changes import change_get
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import VIEW_CHANGES


@require_GET
@client_page(VIEW_CHANGES)
def changes(request: TenantRequest) -> HttpResponse:
    """Every change request, with search and filters."""
    return TemplateResponse(request, "governance/changes/list.html", list_context(request))


@require_GET
@client_page(VIEW_CHANGES)
def change(request: TenantRequest, number: int) -> HttpResponse:
    """One change request: what is asked for and why, where it stands, and everything that happened to it."""
    context = change_context(request, change_or_404(number))
    return TemplateResponse(request, "governance/changes/change.html", context)


def change_or_404(number: int) -> ChangeRequest:
    """The client's request of that number."""
    found = change_get(number)
    if found is None:
        raise Http404("No such change request.")
    return found
