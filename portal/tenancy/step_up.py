"""Before a change of rights or secrets, and before a vote or signature, the person proves who they are, with no mail involved.

A sign-in of the last five minutes is such a proof, as is one that was asked for since: by password or second factor where the
account has one, else by whatever the account signs in with.
"""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse

View = Callable[..., HttpResponse]
OWN: Final = ("password", "mfa")  # what a person knows or holds; a code or link by mail proves the mailbox alone


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
    if proved_recently(request):
        return None
    if get_reauthentication_flows(request.user):
        raise ReauthenticationRequired
    logout(request)  # the account has neither password nor second factor: only signing in again proves anything
    messages.info(request, "Sign in again to go on: this changes who may do what.")
    return redirect_to_login(request.get_full_path())


def proved_recently(request: HttpRequest) -> bool:
    """Whether the person proved who they are within five minutes, by signing in or when they were asked to."""
    records = proofs_of(request)
    return bool(records) and time.time() - records[-1]["at"] < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


def proofs_of(request: HttpRequest) -> list[dict[str, Any]]:
    """The proofs of this session that count, the newest last: of an account with a password or second factor these alone."""
    records: list[dict[str, Any]] = get_authentication_records(request, request.user)
    if get_reauthentication_flows(request.user):
        return [record for record in records if record.get("method") in OWN]
    return records


def last_proof(request: HttpRequest) -> tuple[str, float]:
    """How the person last proved who they are in this session, and when (seconds since 1970)."""
    records = proofs_of(request)
    return (str(records[-1]["method"]), float(records[-1]["at"])) if records else ("session", time.time())
