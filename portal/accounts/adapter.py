"""How django-allauth is used here: accounts come from invitations alone, and a sign-in starts a session with its limits."""

import logging
import smtplib
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from portal.accounts.mail import absolute
from portal.accounts.sealing import seal, unseal
from portal.accounts.session import session_begin

logger = logging.getLogger(__name__)


def public_name() -> str:
    """The host of `PUBLIC_URL`, with its port where it has one."""
    return urlsplit(settings.PUBLIC_URL).netloc


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Nobody signs themself up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Wrong passwords are counted by axes, per address and place: guessing elsewhere locks nobody out."""

    def set_password(self, user: Any, password: str) -> None:
        """Only the password is written: the role of the database may change little else of a person."""
        user.set_password(password)
        user.save(update_fields=["password"])

    def post_login(
        self, request: HttpRequest, user: Any, *, signal_kwargs: dict[str, Any] | None, **kwargs: Any
    ) -> HttpResponse:
        """Whichever way someone signed in, the session starts here."""
        session_begin(request.session, (signal_kwargs or {}).get("session_scope"))
        response: HttpResponse = super().post_login(request, user, signal_kwargs=signal_kwargs, **kwargs)
        return response

    def format_email_subject(self, subject: str) -> str:
        """The name before a subject is the installation's own."""
        return f"[{public_name()}] {subject}"

    def get_reset_password_from_key_url(self, key: str) -> str:
        """The address that resets a password, under `PUBLIC_URL`: the Host header would send the key to whoever wrote it."""
        return absolute(urlsplit(super().get_reset_password_from_key_url(key)).path)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """A mail server that is down looks the same whether or not there is an account.

        What a mail says of this installation comes from `PUBLIC_URL`, never from the Host header of who asked for it.
        """
        site = SimpleNamespace(domain=public_name(), name="Tieout")
        try:
            super().send_mail(template_prefix, email, context | {"current_site": site})
        except (OSError, smtplib.SMTPException):
            logger.exception("a mail was not taken by the server")


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors; their secrets are sealed in the database."""

    def encrypt(self, text: str) -> str:
        return seal(text, "mfa")

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text, "mfa")

    def generate_authenticator_name(self, user: Any, type: Any) -> str:  # noqa: A002
        """What a passkey is called until its owner says otherwise: no key is the master of another."""
        known = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return f"Passkey {known + 1}" if known else "Passkey"
