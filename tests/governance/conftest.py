"""Northwind with its definitions started, and a mail server that really listens."""

from collections.abc import Callable

import pytest
from django.test import Client as Browser

from governance.models import DefinitionItem
from governance.services.items import definitions_start
from portal.accounts.models import User
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.accounts.conftest import commits, mail_server, mailbox, stranger

__all__ = ["commits", "mail_server", "mailbox", "stranger"]


@pytest.fixture
def started(northwind: Client, ana: User, finn: User, rita: User, eve: User, stan: User) -> Client:
    """Northwind: Finn answers for Finance, Rita for RevOps, Eve for the executives; Stan for nothing yet."""
    with tenant_context(northwind):
        definitions_start(client=northwind, user=ana)
    return northwind


@pytest.fixture
def anas(started: Client, ana: User, signed_in: Callable[[User], Browser]) -> Browser:
    return signed_in(ana)


def item(key: str) -> DefinitionItem:
    """The item of that key, of the client in scope."""
    found: DefinitionItem = DefinitionItem.objects.get(key=key)
    return found
