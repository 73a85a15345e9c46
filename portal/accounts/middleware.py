"""The limits of a session, and the reader's own language of figures and time zone, for the length of a request."""

import time
import zoneinfo
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from portal.accounts.counted_pages import about_of
from portal.accounts.selectors import belongs_only_to
from portal.accounts.services.usage import use_note
from portal.accounts.session import STARTED, SessionScope, scope_of, session_is_over
from portal.lib.dates import own_locale
from portal.tenancy.access import Access, Standing

Handler = Callable[[HttpRequest], HttpResponse]
OPEN_TO_LIMITED = {"portfolio"}  # a limited session sees its one client there


class SessionRulesMiddleware:
    """Ends sessions that are too old, and holds limited ones to what they are for."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            if session_is_over(request.session, int(time.time())):
                logout(request)
            elif scope := scope_of(request.session):
                request.user.session_limit = scope.limit()  # type: ignore[attr-defined]
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """Pages about the person or a firm are shut to a limited session; the wall itself limits a client's pages."""
        scope = scope_of(request.session) if request.user.is_authenticated else None
        if scope is None or hasattr(view, "cls"):  # the API knows no sessions
            return None
        access = getattr(view, "access", Access("undeclared"))
        if access.kind in ("public", "client") or _name(request) in OPEN_TO_LIMITED:
            return None
        if access.kind == "person" and _owns_account(request.user, scope):
            return None
        return render(request, "people/limited.html", {"scope": scope}, status=403)


class PersonalSettingsMiddleware:
    """Dates and figures follow the person who reads them, where they have said how; else the client whose page it is."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        zone = getattr(user, "time_zone", "")
        request.reader_locale = own_locale(getattr(user, "locale", "")) or None  # type: ignore[attr-defined]
        request.has_own_zone = zone in time_zones()  # type: ignore[attr-defined]
        if not request.has_own_zone:  # type: ignore[attr-defined]
            return self.get_response(request)
        with timezone.override(zone):
            return self.get_response(request)


@lru_cache
def time_zones() -> frozenset[str]:
    """Every known time zone; listing them reads hundreds of files, so once a process."""
    return frozenset(zoneinfo.available_timezones())


def _name(request: HttpRequest) -> str:
    return request.resolver_match.url_name or "" if request.resolver_match else ""


def _owns_account(user: Any, scope: SessionScope) -> bool:
    """A client's own sign-in may manage the account of a person who belongs to that client and nowhere else."""
    return scope.kind == "sso" and belongs_only_to(user, scope.client_id)


class UsageMiddleware:
    """Counts the pages of a client that its people open; what is counted is written later, outside any request."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        standing: Standing | None = getattr(request, "standing", None)
        user_id = getattr(request.user, "pk", None)  # the API leaves nobody at all behind
        if standing is not None and user_id and response.status_code == 200 and request.method == "GET":
            page = "" if "HX-Request" in request.headers else _name(request)
            use_note(
                client=standing.client,
                user_id=user_id,
                page=page,
                about=about_of(page, request.resolver_match.kwargs) if request.resolver_match else "",
                role=standing.role,
                is_firm_staff=standing.is_firm_staff,
                session_started=request.session.get(STARTED, 0),
                now=timezone.now(),
            )
        return response
