"""Telling a client's programs that something happened: the one way in.

`webhook_emit(client=, event=, data=) -> int` · `webhook_ping(endpoint=)`

The rows are written in the transaction of what they tell of: it and they are committed together or not at all. Once that has
committed, the deliveries are woken; a process that is killed in between costs an hour at most, because the job looks by itself.
"""

import datetime as dt
import secrets
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.db import transaction

from portal.tenancy import audit
from portal.tenancy.actor import current_actor
from portal.tenancy.clock import database_time
from portal.tenancy.dispatch import earlier_run
from portal.tenancy.jobs import enqueue
from portal.tenancy.models import Client
from portal.webhooks.events import EVENTS, PING, VERSION
from portal.webhooks.models import WebhookDelivery, WebhookEndpoint, WebhookEvent

DUE: Final = "next_webhook_at"
BEHIND: Final = dt.timedelta(minutes=1)  # the tick sends what the message that was sent at once did not bring
LARGEST: Final = 64_000  # bytes
SHORTEST_PAUSE: Final = dt.timedelta(minutes=1)
LONGEST_PAUSE: Final = dt.timedelta(minutes=30)


def webhook_emit(*, client: Client, event: str, data: Mapping[str, Any]) -> int:
    """Tell the client's endpoints that chose `event`; gives how many there are. Call it in the transaction of the change.

    `event` is one of `portal.webhooks.events` and `data` has exactly its fields: ids, titles, hashes, and figures as `Decimal`
    or text beside their currency, never a float. Nothing about people goes in: the name of whoever did it is put beside the
    data here. ValueError for an event that is none, other fields, or a float.
    """
    spec = EVENTS[event]
    if set(data) != set(spec.fields):
        raise ValueError(f"{event} has the fields {', '.join(spec.fields)}, and not {', '.join(sorted(data))}")
    require_exact(data)
    listening = [row for row in WebhookEndpoint.objects.filter(is_on=True, removed_at=None) if event in row.events]
    if listening:
        deliver_to(client, listening, event, data)
    return len(listening)


def webhook_ping(*, endpoint: WebhookEndpoint) -> WebhookDelivery:
    """Send a test to one endpoint, whatever it chose and whether it is on."""
    data = {"text": f"Tieout reaches “{endpoint.name}”."}
    made = deliver_to(endpoint.client, [endpoint], PING, data)[0]
    audit.record(
        "webhook.tested", object_type="webhook", object_id=endpoint.pk, after=made.event.body,
        details={"name": endpoint.name, "message": made.event.message_id},
    )  # fmt: skip
    return made


def deliver_to(
    client: Client, endpoints: Iterable[WebhookEndpoint], event: str, data: Mapping[str, Any]
) -> list[WebhookDelivery]:
    """Write an event and its deliveries, due at once; where an endpoint fails, after its pause, unless somebody tries it."""
    now, message_id = database_time(), f"msg_{secrets.token_hex(12)}"
    body = body_of(client, message_id, event, now, data)
    row = WebhookEvent.objects.create(message_id=message_id, event=event, occurred_at=now, body=body)
    made: list[WebhookDelivery] = WebhookDelivery.objects.bulk_create(
        [
            WebhookDelivery(
                client=client, endpoint=each, event=row, created_at=now,
                due_at=now if event == PING else now + pause_of(each, now),
            )
            for each in endpoints
        ]
    )  # fmt: skip
    wake(client, now)
    return made


def pause_of(endpoint: WebhookEndpoint, now: dt.datetime) -> dt.timedelta:
    """How long an endpoint is left alone: not at all where it takes what it is sent, and longer the longer it fails.

    Else everything that happens would be one more request that nobody answers, and ten seconds in which nothing else is done.
    """
    if endpoint.failing_since is None:
        return dt.timedelta()
    return min(max((now - endpoint.failing_since) / 2, SHORTEST_PAUSE), LONGEST_PAUSE)


def body_of(client: Client, message_id: str, event: str, at: dt.datetime, data: Mapping[str, Any]) -> str:
    """The text that is sent: canonical JSON, so that it is the same wherever it is made anew."""
    said = {
        "version": VERSION,
        "id": message_id,
        "event": event,
        "occurred_at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "client": client.slug,
        "by": doer(),
        "data": dict(data),
    }
    body = audit.canonical(said)
    if len(body) > LARGEST:
        raise ValueError(f"the data of {event} is larger than {LARGEST} bytes")
    return body.decode()


def doer() -> str:
    """The name of whoever did it: no address, and nothing else of a person."""
    user = get_user_model().objects.filter(pk=current_actor().user_id or 0).first()
    return user.get_full_name() if user else "Tieout"


def require_exact(value: Any) -> None:
    """ValueError where a figure is a float: it would no longer be the figure."""
    if isinstance(value, float):
        raise ValueError("a figure is a Decimal or a text, never a float")
    if isinstance(value, Mapping):
        for each in value.values():
            require_exact(each)
    elif isinstance(value, list | tuple):
        for each in value:
            require_exact(each)


def cents_text(cents: int) -> str:
    """Whole cents as the text of an exact amount."""
    return str(Decimal(cents).scaleb(-2))


def wake(client: Client, now: dt.datetime) -> None:
    """Let the deliveries be due once this has committed: in a transaction of its own, so that nobody waits for the client."""
    transaction.on_commit(partial(earlier_run, client=client, column=DUE, at=now + BEHIND), robust=True)
    enqueue("webhooks.deliver", client)
