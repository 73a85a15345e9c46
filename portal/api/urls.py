"""Every address below `/api/`."""

from django.urls import URLPattern, URLResolver, include, path, re_path

from portal.api import client, pages

client_urls: list[URLPattern | URLResolver] = [
    path("", client.ClientDetail.as_view(), name="api_client"),
    path("audit/", client.AuditList.as_view(), name="api_audit"),
    path("", include("portal.webhooks.api.urls")),
    path("", include("metrics.api.urls")),
    path("", include("governance.api.urls")),
    path("", include("engagements.api.urls")),
]

urlpatterns = [
    path("v1/clients/<slug:client_slug>/", include(client_urls)),
    path("v1/schema/", pages.api_schema, name="api_schema"),
    path("v1/docs/", pages.api_docs, name="api_docs"),
    re_path(r"", pages.api_unknown, name="api_unknown"),
]
