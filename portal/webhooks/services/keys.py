"""The keys that sign: sealed at rest, two of them while one is being replaced.

`endpoint_lock(endpoint)` · `keys_of(endpoint, now)` · `key_rotate(endpoint=) -> str` · `previous_end(endpoint=)`
"""

import datetime as dt
from typing import Final

from portal.accounts.sealing import seal, unseal
from portal.tenancy import audit
from portal.tenancy.clock import database_time
from portal.webhooks.models import WebhookEndpoint
from portal.webhooks.signing import new_secret

OVERLAP: Final = dt.timedelta(hours=24)


def endpoint_lock(endpoint: WebhookEndpoint) -> None:
    """Read an endpoint anew and hold it until the transaction ends: of two changes the second sees what the first left."""
    endpoint.refresh_from_db(from_queryset=WebhookEndpoint.objects.select_for_update(no_key=True, of=("self",)))


def secret_place(client_id: int) -> str:
    """What a sealed key is bound to."""
    return f"client {client_id} webhook.secret"


def sealed_key(client_id: int, secret: str) -> str:
    """A key as it is stored."""
    return seal(secret, secret_place(client_id))


def keys_of(endpoint: WebhookEndpoint, now: dt.datetime) -> list[str]:
    """The keys that sign at `now`, the newest first."""
    place = secret_place(endpoint.client_id)
    keys = [unseal(endpoint.sealed_secret, place)]
    if endpoint.sealed_previous and endpoint.previous_until and now < endpoint.previous_until:
        keys.append(unseal(endpoint.sealed_previous, place))
    return keys


def key_rotate(*, endpoint: WebhookEndpoint) -> str:
    """A new key, given once; the one before signs as well for a day, so that no delivery fails while it is replaced."""
    endpoint_lock(endpoint)
    secret, now = new_secret(), database_time()
    endpoint.sealed_previous, endpoint.previous_until = endpoint.sealed_secret, now + OVERLAP
    endpoint.sealed_secret, endpoint.secret_changed_at = sealed_key(endpoint.client_id, secret), now
    endpoint.save(update_fields=["sealed_previous", "previous_until", "sealed_secret", "secret_changed_at"])
    audit.record(
        "webhook.key_rotated", object_type="webhook", object_id=endpoint.pk, after=endpoint.sealed_secret,
        details={"name": endpoint.name, "old_signs_until": endpoint.previous_until},
    )  # fmt: skip
    return secret


def previous_end(*, endpoint: WebhookEndpoint) -> None:
    """The key before signs no more, from now on: for one that leaked."""
    endpoint_lock(endpoint)
    if not endpoint.sealed_previous:
        return
    before = endpoint.sealed_previous
    endpoint.sealed_previous, endpoint.previous_until = "", None
    endpoint.save(update_fields=["sealed_previous", "previous_until"])
    audit.record(
        "webhook.old_key_ended", object_type="webhook", object_id=endpoint.pk, before=before,
        details={"name": endpoint.name},
    )  # fmt: skip
