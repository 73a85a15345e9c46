"""What was signed and is in question again. Runs in the client's scope.

`signed_at() -> datetime | None` · `disputes_since_signing() -> list[Dispute]`
"""

from dataclasses import dataclass
from datetime import datetime

from governance.models import ItemChange, ItemEvent, SignedItem
from governance.selectors.signoff import signed_final


@dataclass(frozen=True)
class Dispute:
    """A definition that was refused or opened again after it was signed: under which sign-off, and when first."""

    signoff_id: int
    key: str
    title: str
    event: str
    at: datetime


def signed_at() -> datetime | None:
    """When the final policy that holds was signed in full; None while none is."""
    found = signed_final()
    return (found.signoff.closed_at or found.signoff.requested_at) if found else None


def disputes_since_signing() -> list[Dispute]:
    """Each signed definition once, with the first no or reopening since the signature, in the order of the definitions."""
    found, at = signed_final(), signed_at()
    if found is None or at is None:
        return []
    signed = SignedItem.objects.filter(signature__signer__signoff=found.signoff).values_list("item_id", flat=True)
    events = ItemChange.objects.filter(
        item_id__in=list(signed), event__in=[ItemEvent.REFUSED, ItemEvent.REOPENED], at__gt=at
    )
    first: dict[int, ItemChange] = {}
    for change in events.select_related("item").order_by("at", "pk"):
        first.setdefault(change.item_id, change)
    rows = sorted(first.values(), key=lambda change: change.item.position)
    return [Dispute(found.signoff.pk, row.item.key, row.item.title, row.event, row.at) for row in rows]
