"""The part of the search box that asks the client: numbers, metrics, change requests, contracts."""

from dataclasses import asdict

from django.http import JsonResponse
from django.views.decorators.http import require_GET

from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import VIEW_CLIENT
from portal.tenancy.reader import locale_of
from reporting.jump_page import places_found


@require_GET
@client_page(VIEW_CLIENT)
def jump(request: TenantRequest) -> JsonResponse:
    """What was typed as destinations, of all that the reader may open; never a figure."""
    found = places_found(request.standing, request.user, request.GET.get("q", ""), locale_of(request))
    return JsonResponse({"places": [asdict(place) for place in found]})
