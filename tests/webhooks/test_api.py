"""Webhooks made by a program: what a person may not type, a program may not send."""

from typing import Any

from portal.accounts.models import User
from portal.tenancy.models import Client
from portal.tenancy.permissions import MANAGE_WEBHOOKS
from portal.tenancy.scope import tenant_context
from portal.webhooks.models import WebhookEndpoint
from tests.api.conftest import Mint
from tests.api.conftest import program as program


def test_the_api_refuses_an_address_inside(northwind: Client, adam: User, program: Mint, settings: Any) -> None:
    settings.PRODUCTION = True
    said = {"name": "Inner", "url": "https://10.1.2.3/", "events": ["month.closed"]}
    answer = program(northwind, adam, {MANAGE_WEBHOOKS}).post(northwind, "api_webhooks", said)
    assert answer.status_code == 400 and "not public" in str(answer.json())
    with tenant_context(northwind):
        assert not WebhookEndpoint.objects.exists()
