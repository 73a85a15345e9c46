"""Before a change of rights or secrets the person proves again who they are, with no mail involved."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate, get_reauthentication_flows
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse

View = Callable[..., HttpResponse]


def recently_authenticated(view: View) -> View:
    """Let a view run only within five minutes of a password, second factor or company sign-in; stands below `client_page`.

    A POST that comes too late waits in the session and runs once the person has confirmed.
    """

    @wraps(view)
    def checked(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return identity_confirmed(request) or view(request, **kwargs)

    return checked


def identity_confirmed(request: HttpRequest) -> HttpResponse | None:
    """None when the person has just proved who they are; otherwise they are sent to do so, by exception or redirect."""
    if get_reauthentication_flows(request.user):
        if not did_recently_reauthenticate(request):
            raise ReauthenticationRequired
        return None
    if _signed_in_recently(request):
        return None
    logout(request)  # the account has neither password nor second factor: only signing in again proves anything
    messages.info(request, "Sign in again to go on: this changes who may do what.")
    return redirect_to_login(request.get_full_path())


def _signed_in_recently(request: HttpRequest) -> bool:
    records = get_authentication_records(request, request.user)
    return bool(records) and time.time() - records[-1]["at"] < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


def last_proof(request: HttpRequest) -> tuple[str, float]:
    """How the person last proved who they are in this session, and when (seconds since 1970)."""
    records = get_authentication_records(request, request.user)
    return (str(records[-1]["method"]), float(records[-1]["at"])) if records else ("session", time.time())
