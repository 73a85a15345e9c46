"""Northwind with Ana of the firm and Finn of Finance, and a mail server that answers as a test wants."""

import datetime as dt
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from portal.accounts.models import User
from portal.notices.kinds import Kind
from portal.notices.models import Mailing, Notice
from portal.notices.services.outbox import notices_mail
from portal.notices.services.raising import notice_add
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.accounts.conftest import Mailbox, commits, mail_server, mailbox, stranger

__all__ = ["commits", "mail_server", "mailbox", "stranger"]
Tell = Callable[..., None]


class MoodyMailbox(Mailbox):
    """A mail server whose next answers are set by the test; `hang up` takes the mail and goes without a word."""

    def __init__(self) -> None:
        super().__init__()
        self.to_text: list[str] = []
        self.to_recipient: list[str] = []
        self.on_text: Callable[[], None] = lambda: None

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.to_recipient:
            return self.to_recipient.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:
        answer = self.to_text.pop(0) if self.to_text else "250 OK"
        if answer.startswith("250") or answer == "hang up":
            await super().handle_DATA(server, session, envelope)
        self.on_text()
        if answer == "hang up" and server.transport is not None:
            server.transport.close()
        return answer


@pytest.fixture
def moody(settings: Any) -> Iterator[MoodyMailbox]:
    box = MoodyMailbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    yield box
    controller.stop()


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def later(**by: float) -> dt.datetime:
    return now() + dt.timedelta(**by)


def send(client: Client, at: dt.datetime | None = None) -> int:
    """What the job does."""
    return notices_mail(client=client, now=at or later(seconds=1))


def told(client: Client, *users: User, kind: str = Kind.MENTIONED, text: str = "Ana mentions you", **more: Any) -> None:
    """Tell people something at the client."""
    given = {"path": f"/c/{client.slug}/engagements/", **more}
    with tenant_context(client):
        notice_add(client=client, users=users, kind=kind, text=text, **given)


def mail_states(client: Client) -> list[str]:
    with tenant_context(client):
        return list(Mailing.objects.order_by("pk").values_list("state", flat=True))


def notices(client: Client, user: User) -> list[Notice]:
    with tenant_context(client):
        return list(Notice.objects.filter(user=user).order_by("pk"))
