"""Anchors: heads of the audit logs, kept where the owner of the database does not reach.

A chain alone does not show that its tail was cut, or that all of it was written again by somebody who has the key. So each
night the head of every client's log goes into the store of anchors (settings: `STORAGES["anchors"]`), which only ever grows
and whose retention is the bucket's; every verification compares the log with all that is there.
"""

import datetime as dt
import logging
from dataclasses import replace
from typing import Final

from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages

from portal.tenancy import audit
from portal.tenancy.dispatch import next_run
from portal.tenancy.models import AuditEntry, Client

logger = logging.getLogger(__name__)
EVERY: Final = dt.timedelta(days=1)


def anchor_write(*, client: Client) -> audit.Anchor:
    """Keep the head of the log of the client in scope. Doing it twice keeps one.

    A log that is empty, or no longer holds what was last kept, gets no further anchor: `audit.AuditBroken` says which entry.
    """
    head = audit.head_of(client)
    if head is None:
        raise audit.AuditBroken("the audit log is empty: its entry 1 is missing")
    for anchor in anchors_kept(client)[-1:]:
        entry = AuditEntry.objects.filter(sequence=anchor.sequence).values("hash").first()
        if entry is None or entry["hash"] != anchor.hash:
            raise audit.AuditBroken(f"entry {anchor.sequence} of the audit log is not the one that was anchored")
    store, name = anchor_store(), f"{folder_of(client)}/{head.sequence:012d}.txt"
    if not store.exists(name):
        store.save(name, ContentFile(head.to_text().encode() + b"\n"))
    return head


def anchors_kept(client: Client) -> list[audit.Anchor]:
    """Every anchor of a client's log, the oldest first."""
    store, folder = anchor_store(), folder_of(client)
    try:
        names = sorted(store.listdir(folder)[1])
    except FileNotFoundError:  # nothing was kept yet
        return []
    found = []
    for name in names:
        with store.open(f"{folder}/{name}") as file:
            found.append(audit.Anchor.from_text(file.read().decode()))
    return found


def log_verify(client: Client, anchors: list[audit.Anchor] | None = None) -> audit.Verdict:
    """Check the whole log of the client in scope, against the anchors that are kept and any that somebody else kept."""
    compared = [*anchors_kept(client), *(anchors or [])]
    return replace(audit.verify_client(client, compared), anchors=len(compared))


def anchor_due(*, client: Client, now: dt.datetime) -> None:
    """The job of every night; at-least-once and idempotent."""
    try:
        anchor_write(client=client)
    except audit.AuditBroken:
        logger.exception("the audit log of %s is broken: verify it, and keep a copy of the database", client.slug)
    next_run(client=client, column="next_anchor_at", at=now + EVERY)


def anchor_store() -> Storage:
    """Where anchors are kept."""
    return storages["anchors"]


def folder_of(client: Client) -> str:
    """A client's part of the store; of this very client, should another database have one of the same number."""
    return f"client-{client.pk}-{client.created_at.astimezone(dt.UTC):%Y%m%dT%H%M%S.%f}"
