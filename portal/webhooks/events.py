"""What a client's programs can be told, in one table: the event, in words, and what its data holds.

A new event is a row here and a call of `webhook_emit` in the service that causes it; form, API and documentation follow. What
an event holds is only ever added to: whoever reads it has written a program against it.
"""

from dataclasses import dataclass
from typing import Final

VERSION: Final = 1  # of the envelope around the data
PING: Final = "test.ping"


@dataclass(frozen=True)
class EventSpec:
    """An event in words, and the fields of its data."""

    label: str
    fields: tuple[str, ...]


EVENTS: Final[dict[str, EventSpec]] = {
    # figures: for each recognition its ending ARR, revision and content_sha256
    "month.closed": EventSpec("A month is closed", ("month", "currency", "policy", "figures")),
    "month.restated": EventSpec("A closed month is restated", ("month", "currency", "policy", "figures", "reason")),
    "policy.published": EventSpec("A version of the policy is published", ("number", "note", "sha256")),
    "metric.version": EventSpec(
        "A metric gets a new version", ("key", "name", "number", "effective_month", "reason", "sha256")
    ),
    "change.approved": EventSpec(
        "A change request is approved", ("number", "kind", "title", "from_month", "is_restating", "content_sha256")
    ),
    "change.effective": EventSpec(
        "A change request takes effect", ("number", "kind", "title", "from_month", "is_restating", "content_sha256")
    ),
}
CHOICES: Final = [(name, spec.label) for name, spec in EVENTS.items()]


def label_of(event: str) -> str:
    """An event in words."""
    return "A test" if event == PING else EVENTS[event].label if event in EVENTS else event
