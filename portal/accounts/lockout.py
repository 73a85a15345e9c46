"""Whom and which place a failed sign-in is counted against."""

from collections.abc import Mapping
from typing import Any

from allauth.core.internal.httpkit import get_client_ip
from django.http import HttpRequest


def username_of(request: HttpRequest, credentials: Mapping[str, Any] | None) -> str:
    """The address that was typed, whatever its case: axes calls it login, authentication email, Django username."""
    given = credentials or {}
    typed = given.get("email") or given.get("login") or given.get("username") or request.POST.get("login") or ""
    user = getattr(request, "user", None)
    if not typed and user is not None and user.is_authenticated:
        typed = user.get_username()  # confirming a password while signed in
    return str(typed).strip().lower()


def address_of(request: HttpRequest) -> str | None:
    """Where a request comes from: what `TRUSTED_PROXIES` of ours say, and without any the connection itself."""
    found: str | None = get_client_ip(request)
    return found
