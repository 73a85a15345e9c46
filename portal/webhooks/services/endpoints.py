"""A client's endpoints: made, changed, switched, removed, and what failed sent again.

Everything is audited in its transaction; no key ever stands in the log. WebhookError says what is wrong, for whoever typed it.
"""

from collections.abc import Iterable
from typing import Any, Final

from django.conf import settings

from portal.lib.legible import name_fault
from portal.lib.outbound import OutboundError, host_check, url_check, url_origin, url_plain
from portal.tenancy import audit
from portal.tenancy.clock import database_time
from portal.tenancy.models import Client
from portal.webhooks.events import EVENTS
from portal.webhooks.models import DeliveryState, WebhookDelivery, WebhookEndpoint
from portal.webhooks.services.emitting import wake
from portal.webhooks.services.keys import endpoint_lock, sealed_key
from portal.webhooks.signing import new_secret

MOST: Final = 20
LONGEST: Final = 500  # characters of an address, as it is sent


class WebhookError(ValueError):
    """An endpoint cannot be like that; the message is for the person who tried. `field`: what it is about, if one alone."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


def endpoint_add(
    *, client: Client, user: Any, name: str, url: str, events: Iterable[str]
) -> tuple[WebhookEndpoint, str]:
    """A new endpoint of the client in scope and its key, which is given this once."""
    said = settled(name, url, events)  # asks a name server: nobody waits for a lock meanwhile
    Client.objects.select_for_update(no_key=True).get(pk=client.pk)
    if WebhookEndpoint.objects.filter(removed_at=None).count() >= MOST:
        raise WebhookError(f"a client has {MOST} webhooks at most: remove one that is no longer used")
    unique(said["url"])
    secret, now = new_secret(), database_time()
    row: WebhookEndpoint = WebhookEndpoint.objects.create(
        client=client, owner=user, created_at=now, secret_changed_at=now, sealed_secret=sealed_key(client.pk, secret),
        **said,
    )  # fmt: skip
    audit.record("webhook.added", object_type="webhook", object_id=row.pk, after=said, details=told(said))
    return row, secret


def endpoint_change(*, endpoint: WebhookEndpoint, name: str, url: str, events: Iterable[str]) -> WebhookEndpoint:
    """Another name, address or choice of events; what waits goes to the new address."""
    said = settled(name, url, events)
    endpoint_lock(endpoint)
    before = {key: getattr(endpoint, key) for key in said}
    if said == before:
        return endpoint
    unique(said["url"], but=endpoint)
    for key, value in said.items():
        setattr(endpoint, key, value)
    endpoint.save(update_fields=list(said))
    old, new = told(before), told(said)
    details = {key: [old[key], new[key]] for key, value in said.items() if before[key] != value}
    audit.record(
        "webhook.changed", object_type="webhook", object_id=endpoint.pk, before=before, after=said, details=details
    )
    return endpoint


def endpoint_switch(*, endpoint: WebhookEndpoint, is_on: bool) -> None:
    """On: it is told of what happens from now on. Off: of nothing, and what waits has failed and can be sent again."""
    endpoint_lock(endpoint)
    if endpoint.is_on == is_on or endpoint.removed_at is not None:
        return
    endpoint.is_on, endpoint.off_because, endpoint.failing_since = is_on, "" if is_on else "switched off by hand", None
    endpoint.save(update_fields=["is_on", "off_because", "failing_since"])
    if not is_on:
        give_up(endpoint)
    action = "webhook.switched_on" if is_on else "webhook.switched_off"
    details = {"name": endpoint.name, **({} if is_on else {"because": endpoint.off_because})}
    audit.record(action, object_type="webhook", object_id=endpoint.pk, after={"is_on": is_on}, details=details)


def endpoint_remove(*, endpoint: WebhookEndpoint) -> None:
    """Nothing is sent there any more; its keys are forgotten, its log stays until it is ninety days old."""
    endpoint_lock(endpoint)
    endpoint.is_on, endpoint.removed_at = False, database_time()
    endpoint.sealed_secret = endpoint.sealed_previous = ""
    endpoint.save(update_fields=["is_on", "removed_at", "sealed_secret", "sealed_previous"])
    give_up(endpoint)
    audit.record(
        "webhook.removed", object_type="webhook", object_id=endpoint.pk, before={"url": endpoint.url},
        details={"name": endpoint.name, "url": url_origin(endpoint.url)},
    )  # fmt: skip


def delivery_again(*, delivery: WebhookDelivery) -> None:
    """Send a delivery once more, with the id and the text that it has."""
    if not delivery.endpoint.is_on:
        raise WebhookError("the webhook is switched off: switch it on first")
    now = database_time()
    settled_ones = WebhookDelivery.objects.filter(
        pk=delivery.pk, state__in=[DeliveryState.DELIVERED, DeliveryState.FAILED]
    )
    if not settled_ones.update(
        state=DeliveryState.WAITING, tries=0, due_at=now, first_tried_at=None, settled_at=None, claimed_at=None
    ):
        return  # it is on its way
    audit.record(
        "webhook.sent_again", object_type="webhook", object_id=delivery.endpoint_id, after=delivery.event.body,
        details={"name": delivery.endpoint.name, "message": delivery.event.message_id},
    )  # fmt: skip
    wake(delivery.client, now)


def give_up(endpoint: WebhookEndpoint) -> None:
    """What waits for an endpoint that is told nothing any more."""
    waiting = WebhookDelivery.objects.filter(endpoint=endpoint, state=DeliveryState.WAITING)
    waiting.update(state=DeliveryState.FAILED, settled_at=database_time())


def settled(name: str, url: str, events: Iterable[str]) -> dict[str, Any]:
    """What an endpoint is, checked."""
    chosen = sorted(set(events))
    if not name.strip():
        raise WebhookError("give the webhook a name that says which program listens", "name")
    if fault := name_fault(name.strip()):
        raise WebhookError(f"the name {fault}", "name")
    if not chosen or not set(chosen) <= EVENTS.keys():
        raise WebhookError("choose at least one event of the list", "events")
    return {"name": name.strip()[:80], "url": url_settled(url), "events": chosen}


def url_settled(url: str) -> str:
    """An address as it is sent; WebhookError where nothing may be sent there, as it is written or by where its host lies."""
    try:
        url_check(url.strip(), allow_loopback=not settings.PRODUCTION)
        plain = url_plain(url.strip())
        host_check(plain, allow_loopback=not settings.PRODUCTION)
    except OutboundError as error:
        raise WebhookError(f"this address cannot be used: {error}", "url") from error
    if len(plain) > LONGEST:
        raise WebhookError(f"this address is longer than {LONGEST} characters as it is sent", "url")
    return plain


def told(said: dict[str, Any]) -> dict[str, Any]:
    """What the log, which more people read than set up webhooks, says of an endpoint: of its address the host alone."""
    return said | {"url": url_origin(said["url"])}


def unique(url: str, but: WebhookEndpoint | None = None) -> None:
    """WebhookError where another endpoint has the address."""
    others = WebhookEndpoint.objects.filter(url=url, removed_at=None)
    if (others.exclude(pk=but.pk) if but else others).exists():
        raise WebhookError("there is a webhook for this address already: change its events instead", "url")
