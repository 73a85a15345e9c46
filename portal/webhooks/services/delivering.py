"""Delivering: what is due is sent, at least once, with the same id at every try.

`webhooks_deliver(client=, now=) -> int`

Each step is committed before the next: a delivery is claimed, sent outside any transaction, and settled by the answer. A
process that is killed in between leaves a claimed delivery, which begins anew after the lease: the receiver may see it twice,
with the same `webhook-id`. What is not taken is tried again for about a day, waiting twice as long each time; then it has
failed. An endpoint that took nothing in all that time is switched off, and its owner and the client's admins are told.

A client has one process at most, and that one for `LONGEST_RUN`: twenty endpoints that never answer keep no other client's
jobs waiting for long. Those that answered the last time come first, then what was never tried, and one that fails is left
alone between its tries.
"""

import datetime as dt
import logging
import time
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.db import connection
from django.db.models import F, Min, Q
from django.urls import reverse

from portal.accounts.sealing import SealBrokenError
from portal.lib.outbound import OutboundError, request
from portal.notices.audience import members_in
from portal.notices.kinds import Kind
from portal.notices.services.raising import notice_add
from portal.tenancy import audit
from portal.tenancy.clock import database_time
from portal.tenancy.dispatch import next_run
from portal.tenancy.models import Client, ClientRole
from portal.tenancy.scope import tenant_context
from portal.webhooks.events import PING
from portal.webhooks.models import DeliveryState, WebhookDelivery, WebhookEndpoint, WebhookEvent, WebhookTry
from portal.webhooks.services.emitting import DUE, pause_of
from portal.webhooks.services.keys import keys_of
from portal.webhooks.signing import headers_of, without_secrets

logger = logging.getLogger(__name__)
LEASE: Final = dt.timedelta(minutes=10)  # longer than any request
AT_WORK: Final = dt.timedelta(seconds=30)  # so young a claim is still being sent; a request ends sooner
LONGEST_RUN: Final = 20.0  # seconds, then others' jobs come before the rest
LOCK_SPACE: Final = 0x776862  # "whb": the first half of the key of the advisory locks of clients
LOOKS: Final = dt.timedelta(hours=1)  # how long a delivery can wait whose waking was lost
MOST_AT_ONCE: Final = 50
MOST_TRIES: Final = 13
LONGEST_WAIT: Final = 360  # minutes; 1, 2, 4 … 256, 360, 360, 360: 26 hours in all
SHOWN: Final = 500  # characters of an answer that are kept
MOST_READ: Final = 4_000  # bytes of an answer that are read
KEPT: Final = dt.timedelta(days=90)
GONE: Final = 410
OPEN: Final = (DeliveryState.WAITING, DeliveryState.CLAIMED)


@dataclass(frozen=True)
class Outcome:
    """What came of a request."""

    status: int | None
    answer: str
    fault: str
    milliseconds: int

    @property
    def is_taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def webhooks_deliver(*, client: Client, now: dt.datetime) -> int:
    """Send what is due at `now`, and set when there is something to do again; gives how many were taken. Opens scopes itself.

    An endpoint that does not take one delivery is left alone for the rest of this run, so that it keeps nobody waiting.
    What time did not suffice for, and what another process of the same client is at, is due at once.
    """
    begun = time.monotonic()
    with tenant_context(client):
        WebhookDelivery.objects.filter(state=DeliveryState.CLAIMED, claimed_at__lt=now - LEASE).update(
            state=DeliveryState.WAITING
        )
        WebhookEvent.objects.filter(occurred_at__lt=now - KEPT).exclude(deliveries__state__in=OPEN).delete()
        due = WebhookDelivery.objects.filter(state=DeliveryState.WAITING, due_at__lte=now)
        due = due.order_by(F("endpoint__failing_since").asc(nulls_first=True), "tries", "due_at", "pk")
        keys = list(due.values_list("pk", "endpoint_id")[:MOST_AT_ONCE])
    taken, silent = 0, set()
    for pk, endpoint_id in keys:
        if endpoint_id in silent:
            continue
        if time.monotonic() - begun > LONGEST_RUN:
            break
        try:
            is_taken = deliver(client, pk, now)
        except ElsewhereError:
            break
        if is_taken:
            taken += 1
        else:
            silent.add(endpoint_id)
    with tenant_context(client):
        rest_of(silent, now)
        # With the client locked, whoever wakes the job now does it after this, and is not overwritten.
        Client.objects.select_for_update(no_key=True).get(pk=client.pk)
        next_run(client=client, column=DUE, at=next_due(now))
    return taken


def rest_of(silent: set[int], now: dt.datetime) -> None:
    """Whatever else waits for endpoints that do not answer waits for the end of their pause."""
    for endpoint in WebhookEndpoint.objects.filter(pk__in=silent):
        until = now + pause_of(endpoint, now)
        waiting = WebhookDelivery.objects.filter(endpoint=endpoint, state=DeliveryState.WAITING, due_at__lt=until)
        waiting.update(due_at=until)


def next_due(now: dt.datetime) -> dt.datetime:
    """When there is something to do again."""
    found = WebhookDelivery.objects.filter(state__in=OPEN).aggregate(
        due=Min("due_at", filter=Q(state=DeliveryState.WAITING)),
        claimed=Min("claimed_at", filter=Q(state=DeliveryState.CLAIMED)),
    )
    lease = found["claimed"] + LEASE if found["claimed"] else None
    at: dt.datetime = max(now, min(filter(None, (found["due"], lease, now + LOOKS))))
    return at


class ElsewhereError(Exception):
    """Another process delivers for this client."""


def require_alone(client: Client, at: dt.datetime) -> None:
    """ElsewhereError where another process delivers for the client, or is about to; holds it off until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [LOCK_SPACE, client.pk % 2**31])
        (is_mine,) = cursor.fetchone()
    if not is_mine or WebhookDelivery.objects.filter(state=DeliveryState.CLAIMED, claimed_at__gt=at - AT_WORK).exists():
        raise ElsewhereError


def deliver(client: Client, pk: int, now: dt.datetime) -> bool:
    """Claim one delivery and send it; whether the endpoint took it. ElsewhereError where another process is at work."""
    with tenant_context(client):
        claimed_at = max(now, database_time())
        require_alone(client, claimed_at)
        claim = WebhookDelivery.objects.filter(pk=pk, state=DeliveryState.WAITING)
        if not claim.update(state=DeliveryState.CLAIMED, claimed_at=claimed_at, tries=F("tries") + 1):
            return True  # somebody else has it: nothing is known against the endpoint
        row = WebhookDelivery.objects.select_related("endpoint", "event").get(pk=pk)
        if row.endpoint.removed_at is not None:
            claim.model.objects.filter(pk=pk).update(state=DeliveryState.FAILED, settled_at=now)
            return True
    try:
        outcome = send(row, claimed_at)
    except Exception:
        logger.exception("a delivery to webhook endpoint %s broke", row.endpoint_id)
        outcome = Outcome(None, "", "the request could not be made", 0)
    with tenant_context(client):
        settle(client, row, outcome, now, claimed_at)
    return outcome.is_taken


def send(row: WebhookDelivery, at: dt.datetime) -> Outcome:
    """The request itself: public hosts only, no redirect followed, ten seconds in all, the beginning of the answer read."""
    body, begun = row.event.body.encode(), time.monotonic()
    try:
        keys = keys_of(row.endpoint, at)
        answer = request(
            "POST",
            row.endpoint.url,
            headers=headers_of(keys, row.event.message_id, int(at.timestamp()), body),
            body=body,
            allow_loopback=not settings.PRODUCTION,
            read_at_most=MOST_READ,
        )
    except SealBrokenError:
        return Outcome(None, "", "its key cannot be opened any more: make a new one", 0)
    except OutboundError as error:
        return Outcome(None, "", str(error)[:200], spent(begun))
    text = without_secrets(answer.body.decode("utf-8", "replace").replace("\0", ""), keys)[:SHOWN]
    fault = "a redirect is not followed" if 300 <= answer.status < 400 else ""
    return Outcome(answer.status, text, fault, spent(begun))


def spent(begun: float) -> int:
    """Milliseconds since."""
    return int((time.monotonic() - begun) * 1000)


def settle(client: Client, row: WebhookDelivery, outcome: Outcome, now: dt.datetime, at: dt.datetime) -> None:
    """Keep what came back, and what follows from it. Nothing, where the lease ran out and another process has begun."""
    mine = WebhookDelivery.objects.filter(pk=row.pk, tries=row.tries, state=DeliveryState.CLAIMED)
    WebhookTry.objects.create(
        delivery=row, at=at, milliseconds=outcome.milliseconds, status=outcome.status, answer=outcome.answer,
        fault=outcome.fault,
    )  # fmt: skip
    first = row.first_tried_at or now
    if outcome.is_taken:
        mine.update(state=DeliveryState.DELIVERED, settled_at=now, first_tried_at=first)
        WebhookEndpoint.objects.filter(pk=row.endpoint_id).update(failing_since=None)
        return
    if row.event.event == PING:  # who tries it looks at what came of it, and tries again
        mine.update(state=DeliveryState.FAILED, settled_at=now, first_tried_at=first)
        return
    endpoint = WebhookEndpoint.objects.select_for_update(no_key=True).get(pk=row.endpoint_id)
    if endpoint.failing_since is None:
        endpoint.failing_since = now
        endpoint.save(update_fields=["failing_since"])
    if outcome.status != GONE and row.tries < MOST_TRIES and endpoint.is_on:
        wait = dt.timedelta(minutes=min(2 ** (row.tries - 1), LONGEST_WAIT))
        mine.update(state=DeliveryState.WAITING, due_at=now + wait, first_tried_at=first)
        return
    mine.update(state=DeliveryState.FAILED, settled_at=now, first_tried_at=first)
    if endpoint.is_on and (outcome.status == GONE or endpoint.failing_since <= first):
        switch_off(client, endpoint, outcome, now)


def switch_off(client: Client, endpoint: WebhookEndpoint, outcome: Outcome, now: dt.datetime) -> None:
    """Nothing more is sent to an endpoint that took nothing for a day, or that says it is gone; its people are told."""
    why = f"it answered {outcome.status}" if outcome.status else outcome.fault
    endpoint.is_on, endpoint.off_because = False, f"nothing was taken for about a day: {why}"[:200]
    if outcome.status == GONE:
        endpoint.off_because = "it answered 410: it is gone"
    endpoint.save(update_fields=["is_on", "off_because"])
    left = WebhookDelivery.objects.filter(endpoint=endpoint, state=DeliveryState.WAITING)
    left.update(state=DeliveryState.FAILED, settled_at=now)
    audit.record(
        "webhook.switched_off", object_type="webhook", object_id=endpoint.pk, after={"is_on": False},
        details={"name": endpoint.name, "because": endpoint.off_because},
    )  # fmt: skip
    path = reverse("webhook", kwargs={"client_slug": client.slug, "endpoint_id": endpoint.pk})
    notice_add(
        client=client, users=[endpoint.owner, *members_in(ClientRole.ADMIN)], kind=Kind.WEBHOOK, path=path,
        text=f"The webhook “{endpoint.name}” is switched off: {endpoint.off_because}. "
        "Nothing is lost: switch it on again and send what failed once more.",
        key=f"webhook {endpoint.pk} off {now:%Y-%m-%dT%H:%M}",
    )  # fmt: skip
    logger.warning("webhook endpoint %s was switched off", endpoint.pk)
