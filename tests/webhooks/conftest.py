"""Northwind with a program that listens, and what its deliveries look like."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from portal.accounts.models import User
from portal.tenancy.actor import Actor, acting_as
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from portal.webhooks.models import WebhookDelivery, WebhookEndpoint
from portal.webhooks.services.delivering import webhooks_deliver
from portal.webhooks.services.emitting import webhook_emit
from portal.webhooks.services.endpoints import endpoint_add
from tests.webhooks.receiver import Receiver

PUBLISHED = {"number": 2, "note": "Grace", "sha256": "ab" * 32}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.stop()


@pytest.fixture
def endpoint(northwind: Client, finn: User, receiver: Receiver) -> WebhookEndpoint:
    """Finn's webhook at the receiver; `endpoint.secret` is its key."""
    return listen(northwind, finn, receiver.url)


def listen(client: Client, owner: User, url: str, *events: str, name: str = "Warehouse") -> WebhookEndpoint:
    with tenant_context(client):
        made, secret = endpoint_add(
            client=client, user=owner, name=name, url=url, events=events or ("policy.published",)
        )
    made.secret = secret  # type: ignore[attr-defined]
    return made


def emit(client: Client, by: User | None = None, **data: Any) -> int:
    """A policy is published, as its service says it."""
    actor = Actor(by.email, by.pk, "") if by else Actor("job")
    with acting_as(actor), tenant_context(client):
        return webhook_emit(client=client, event="policy.published", data=PUBLISHED | data)


def later(**by: float) -> dt.datetime:
    return dt.datetime.now(dt.UTC) + dt.timedelta(**by)


def send(client: Client, at: dt.datetime | None = None) -> int:
    """What the job does."""
    return webhooks_deliver(client=client, now=at or later(seconds=1))


def deliveries(client: Client) -> list[WebhookDelivery]:
    with tenant_context(client):
        return list(
            WebhookDelivery.objects.select_related("event", "endpoint").prefetch_related("attempts").order_by("pk")
        )


def states(client: Client) -> list[str]:
    return [row.state for row in deliveries(client)]


def endpoint_now(client: Client, endpoint: WebhookEndpoint) -> WebhookEndpoint:
    with tenant_context(client):
        found: WebhookEndpoint = WebhookEndpoint.objects.get(pk=endpoint.pk)
    return found
