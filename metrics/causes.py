"""By what a policy came into force, or a closed month was restated: told by the floors above, which keep decisions.

`CAUSES` is filled at start-up. `causes_of(client, versions, closes) -> Causes`
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from metrics.models import MonthClose
from portal.tenancy.models import Client


@dataclass(frozen=True)
class Cause:
    """A decision: its name as people say it ("CR-7", "Policy document v3"), its kind, and the page that shows it; `since` is
    the month from which on it was taken, where it names one.
    """

    kind: str
    label: str
    path: str
    since: int | None = None

    @property
    def verb(self) -> str:
        """What the person did by whose name a restatement is recorded: they carried out what others had decided."""
        return "scheduled" if self.kind == "change request" else "published"


@dataclass
class Causes:
    """By number of a policy version and by id of a close, what is known of why it is there."""

    versions: dict[int, Cause] = field(default_factory=dict)
    closes: dict[int, Cause] = field(default_factory=dict)


class Tells(Protocol):
    """Somebody who knows causes: of policy versions by their number, of closes that restate."""

    def __call__(self, client: Client, versions: Collection[int], closes: Sequence[MonthClose]) -> Causes: ...


CAUSES: Final[list[Tells]] = []


def causes_of(client: Client, versions: Collection[int], closes: Sequence[MonthClose]) -> Causes:
    """What everybody who knows says of these versions and restatements; asks nobody where there is nothing to ask."""
    known = Causes()
    for tell in CAUSES if versions or closes else []:
        found = tell(client, versions, closes)
        known.versions |= found.versions
        known.closes |= found.closes
    return known
