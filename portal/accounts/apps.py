"""The accounts application."""

from typing import Any

from allauth.account.signals import authentication_step_completed
from django.apps import AppConfig
from django.http import HttpRequest


class AccountsConfig(AppConfig):
    name = "portal.accounts"
    label = "accounts"
    verbose_name = "People and how they sign in"

    def ready(self) -> None:
        authentication_step_completed.connect(rotate_session, dispatch_uid="rotate_session")


def rotate_session(request: HttpRequest, *, reauthenticated: bool = False, **_: Any) -> None:
    """A session gets a new id when the person proves again who they are; signing in rotates it already."""
    if reauthenticated:
        request.session.cycle_key()
