"""The way into the pages of oversight."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from governance.oversight_page import tabs
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import VIEW_POLICY


@require_GET
@client_page(VIEW_POLICY)
def oversight(request: TenantRequest) -> HttpResponse:
    """The first of its pages that the reader may open."""
    return redirect(tabs(request, "")[0]["url"])
