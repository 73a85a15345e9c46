"""Figures that somebody holds to be wrong: told by the floor above, which keeps disputes.

`DISPUTED` is filled at start-up. `disputed_of(client, head, months) -> list[Disputed]`
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Protocol

from metrics.selectors.figures import BookHead
from portal.tenancy.models import Client


@dataclass(frozen=True)
class Disputed:
    """An open dispute: its name as people say it ("D-3"), the page that shows it, and which figure it is of."""

    name: str
    path: str
    figure: str
    month: int
    dimension: str
    group: str
    customer: str


class Tells(Protocol):
    """Somebody who knows which figures of a book are disputed."""

    def __call__(self, client: Client, head: BookHead) -> Collection[Disputed]: ...


DISPUTED: Final[list[Tells]] = []


def disputed_of(client: Client, head: BookHead, months: Collection[int]) -> list[Disputed]:
    """The disputed figures of a book in the span of some months."""
    if not months:
        return []
    found = [each for tell in DISPUTED for each in tell(client, head)]
    return [each for each in found if min(months) <= each.month <= max(months)]
