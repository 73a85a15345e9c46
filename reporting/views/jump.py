"""The part of the search box that asks the client's numbers."""

from dataclasses import asdict

from django.http import JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import VIEW_ARR
from portal.tenancy.reader import locale_of
from reporting.jump_page import places_found


@require_GET
@client_page(VIEW_ARR)
def jump(request: TenantRequest) -> JsonResponse:
    """Customers and months by what was typed, as destinations."""
    arr_url = reverse("arr", kwargs={"client_slug": request.client.slug})
    found = places_found(request.client, request.GET.get("q", ""), arr_url, locale_of(request))
    return JsonResponse({"places": [asdict(place) for place in found]})
