"""Every address of the portal."""

from django.urls import URLPattern, URLResolver, include, path

from portal import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("portal.accounts.urls")),
    path("", include("portal.notices.urls")),
    path("", include("portal.webhooks.urls")),
    path("", include("portal.tenancy.urls")),
    path("c/<slug:client_slug>/", include("metrics.urls")),
    path("c/<slug:client_slug>/", include("governance.urls")),
    path("c/<slug:client_slug>/", include("reporting.urls")),
    path("", include("engagements.urls")),
    path("api/", include("portal.api.urls")),
    path("health/live", health.live, name="health_live"),
    path("health/ready", health.ready, name="health_ready"),
    path("health/jobs", health.jobs, name="health_jobs"),
]
