"""Changes of one webhook, or of one monitor, at the same moment: none is lost, and the log says what each of them found."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from itertools import pairwise
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from metrics.models import QualityMonitor
from metrics.services.quality import monitors_ensure
from metrics.services.quality_people import monitor_set
from portal.accounts.models import User
from portal.tenancy.clock import database_time
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import client_create, firm_create, member_add
from portal.webhooks.models import WebhookEndpoint
from portal.webhooks.services.keys import key_rotate, keys_of
from tests.webhooks.conftest import emit, listen, send
from tests.webhooks.receiver import Receiver

MANY = 4


@pytest.fixture
def north(committed_db: object) -> Client:
    """A client with one of Finance, really committed."""
    client = client_create(firm=firm_create(slug="ridge", name="Ridge"), slug="north", name="North", currency="USD")
    with tenant_context(client):
        member_add(client=client, user=User.objects.create_user("finn@example.com", "x", name="Finn"), role="finance")
    return client


def at_once(client: Client, read: Callable[[], Any], act: Callable[[int, Any], Any]) -> list[Any]:
    """Each in a thread and a transaction of its own; all have read before the first acts."""
    start = Barrier(MANY)

    def run(number: int) -> Any:
        try:
            with tenant_context(client):
                found = read()
                start.wait()
                return act(number, found)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(MANY) as threads:
        return list(threads.map(run, range(MANY)))


def test_of_keys_replaced_at_once_the_last_two_sign(north: Client) -> None:
    first: Any = listen(north, User.objects.get(), "https://example.com/in")
    given = at_once(north, WebhookEndpoint.objects.get, lambda _, endpoint: key_rotate(endpoint=endpoint))
    with tenant_context(north):
        newest, previous = keys_of(WebhookEndpoint.objects.get(), database_time())
    assert newest != previous and {newest, previous} <= set(given), "the one before was given to somebody"
    assert first.secret not in (newest, previous)


def test_a_monitor_set_at_once_keeps_in_the_log_what_each_found(north: Client) -> None:
    with tenant_context(north):
        monitors_ensure(client=north)
    at_once(
        north,
        lambda: QualityMonitor.objects.get(code="duplicates"),
        lambda number, row: monitor_set(
            monitor=row, threshold=Decimal(1), days=10 + number, escalate_days=1, owner=None, escalate_to=None
        ),
    )
    with tenant_context(north):
        entries = AuditEntry.objects.filter(action="quality.monitor_set").order_by("sequence")
        steps = [entry.details["days"] for entry in entries]
        assert steps[-1][1] == QualityMonitor.objects.get(code="duplicates").days
    assert len(steps) == MANY and all(before[1] == after[0] for before, after in pairwise(steps))


def test_a_client_occupies_one_process_however_slow_its_programs_are(north: Client, receiver: Receiver) -> None:
    """The job begins a second time while the first waits for an answer: it leaves what else is due to the first."""
    finn, seen = User.objects.get(), []
    for name in ("Warehouse", "Lake"):
        listen(north, finn, f"{receiver.url}/{name}", name=name)
    emit(north)

    def once_more() -> None:
        receiver.on_request = lambda: None
        seen.append((send(north), len(receiver.received)))
        connections.close_all()

    receiver.on_request = once_more
    assert send(north) == 2
    assert seen == [(0, 1)]
