"""The one door by which links and company accounts lead into allauth's sign-in: a second factor is asked for like anywhere."""

from typing import Any

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django.http import HttpRequest, HttpResponse

from portal.accounts.models import User
from portal.accounts.session import SessionScope


def sign_in(
    request: HttpRequest, user: User, *, method: str, to: str, scope: SessionScope | None = None, **record: Any
) -> HttpResponse:
    """Sign a person in after `method` (link, sso, password) was checked, to a session limited to `scope` if one is given."""
    record_authentication(request, user, method=method, **record)
    limit = {"session_scope": scope.to_session()} if scope else None
    answer: HttpResponse = perform_login(
        request, Login(user=user, email=user.email, redirect_url=to, signal_kwargs=limit)
    )
    return answer
