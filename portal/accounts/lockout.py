"""Whom a failed sign-in is counted against."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest


def username_of(request: HttpRequest, credentials: Mapping[str, Any] | None) -> str:
    """The address that was typed, whatever its case: the sign-in form names it login, authentication email."""
    given = credentials or {}
    typed = given.get("email") or given.get("username") or request.POST.get("login") or ""
    if not typed and request.user.is_authenticated:
        typed = request.user.get_username()
    return str(typed).strip().lower()
