"""The reader's own language of figures and time zone, for the length of a request."""

import zoneinfo
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone


class PersonalSettingsMiddleware:
    """Dates and figures follow the person who reads them, where they have said how."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        zone = getattr(user, "time_zone", "")
        request.reader_locale = getattr(user, "locale", "") or None  # type: ignore[attr-defined]
        if zone not in zoneinfo.available_timezones():
            return self.get_response(request)
        with timezone.override(zone):
            return self.get_response(request)
