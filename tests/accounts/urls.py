"""The portal's addresses, with an empty page for each destination of the rail that is built elsewhere."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path

from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import VIEW_CLIENT
from portal.urls import urlpatterns as portal_urls


@client_page(VIEW_CLIENT)
def page(request: TenantRequest) -> HttpResponse:
    assert isinstance(request, HttpRequest)
    may = ",".join(sorted(request.standing.permissions))
    return HttpResponse(f"{request.client.name} {request.user} {may}")


# First, so that these tests see the standing of a session and not somebody else's page.
urlpatterns: list[Any] = [
    path("c/<slug:client_slug>/", page, name="client_home"),
    *portal_urls,
    *[path(f"c/<slug:client_slug>/{name}/", page, name=name) for name in ("arr", "data", "policy", "months")],
]
