"""Tieout's addresses, and one more: the page that the dashboard is measured against."""

from django.http import HttpResponse
from django.urls import path

from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.models import ClientSummary
from portal.tenancy.permissions import VIEW_ARR
from portal.urls import urlpatterns as portal_urlpatterns


@client_page(VIEW_ARR)
def one_query_page(request: TenantRequest) -> HttpResponse:
    """The least that a page of a client can be: session, access, the client's scope, one query, a line of text."""
    arr = ClientSummary.objects.values_list("arr", flat=True).get()
    return HttpResponse(f"{request.client.name}: {arr}")


urlpatterns = [*portal_urlpatterns, path("c/<slug:client_slug>/one-query/", one_query_page)]
