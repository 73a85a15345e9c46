"""A mail server that really listens, and what is read from its mails."""

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.test import Client as Browser

from tests.accounts.dns_server import NameServer


class Mailbox:
    """What arrived, in order."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"

    def text(self, position: int = -1) -> str:
        part = self.mails[position].get_body(("plain",))
        assert part is not None
        return str(part.get_content())

    def html(self, position: int = -1) -> str:
        part = self.mails[position].get_body(("html",))
        assert part is not None
        return str(part.get_content())

    def path(self, position: int = -1) -> str:
        """The path of the one link of a mail."""
        found = re.findall(r"https?://[^/\s]+(/(?:join|link)/\S+)", self.text(position))
        assert len(found) == 1, self.text(position)
        return str(found[0])


@pytest.fixture(scope="session")
def mail_server() -> Iterator[tuple[Mailbox, int]]:
    mailbox = Mailbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    yield mailbox, port
    controller.stop()


@pytest.fixture
def mailbox(mail_server: tuple[Mailbox, int], settings: Any) -> Mailbox:
    """The mails of this test; Django sends them over SMTP."""
    box, port = mail_server
    box.mails.clear()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    return box


@pytest.fixture(autouse=True)
def stage(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.accounts.urls"
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.MD5PasswordHasher"
    ]  # nobody attacks these, and it is quick
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


Commits = Callable[[], AbstractContextManager[Any]]


@pytest.fixture
def commits(django_capture_on_commit_callbacks: Any) -> Commits:
    """`with commits(): …` runs what waits for the commit, mails among it, when the block ends."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


@pytest.fixture
def stranger() -> Browser:
    """A browser in which nobody is signed in."""
    return Browser()


@pytest.fixture
def names(settings: Any) -> Iterator[NameServer]:
    """A name server, the only one that is asked."""
    server = NameServer()
    settings.DNS_SERVERS = [server.address]
    yield server
    server.stop()
