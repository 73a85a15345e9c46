"""URLs that the gallery's templates name."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def nothing(request: HttpRequest, **names: str) -> HttpResponse:
    return HttpResponse()


urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("sso/", nothing, name="sso_start"),
    path("c/<slug:client_slug>/", nothing, name="client_home"),
]
