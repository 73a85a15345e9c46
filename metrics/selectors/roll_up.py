"""Whether ARR of a month end is the sum of its parts, added up in every way that a page does.

`roll_up_get(client, month=None) -> RollUp`

The parts are those behind the pages: the contract lines, valued one by one anew; the stored groups of each property; the
stored movements since the beginning of the fiscal year and since the first month. Runs in the client's scope.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from metrics.figures import from_cents
from metrics.selectors.books import bridge_get
from metrics.selectors.figures import BookHead, BridgeRow
from metrics.selectors.month_ends import MonthEnds, NoValue
from metrics.selectors.periods import period_start
from metrics.selectors.policies import policy_at
from portal.tenancy.models import Client

PROPERTIES: Final = ("product", "segment", "region", "rep")
"""Where each contract line is counted under one value, so that the values add up to the whole."""
MOVEMENTS: Final = ("new", "expansion", "contraction", "churn", "reactivation", "fx", "adjustment")


@dataclass(frozen=True)
class Way:
    """One way to add up: of `parts` of a `kind` (`lines`, a property, `year`, `months`) the `total`, or why there is none."""

    kind: str
    parts: int
    total: Decimal | None
    difference: Decimal | None
    reason: str = ""

    @property
    def ties(self) -> bool:
        """Whether it comes to the same, to the cent."""
        return self.difference == 0


@dataclass(frozen=True)
class RollUp:
    """ARR at the end of `month` as the contracts stand now, and every way to add it up; without one `reason` says why."""

    month: int | None
    ending: Decimal | None
    ways: tuple[Way, ...] = ()
    reason: str = ""

    @property
    def ties(self) -> bool:
        """Whether every way that there is comes to the same."""
        return all(way.ties for way in self.ways if not way.reason)


def roll_up_get(client: Client, month: int | None = None) -> RollUp:
    """ARR of the policy's own book at a month end (by itself: the newest), held against its parts."""
    bridge = bridge_get(client)
    head = bridge.head
    if not bridge.totals:
        return RollUp(None, None, (), head.message or "There are no numbers yet: import contracts first.")
    rows = {row.period.first: row for row in bridge.totals}
    at = max(rows) if month is None else month
    if at not in rows:
        return RollUp(at, None, (), "There are no numbers of that month.")
    ending = rows[at].ending
    ways = [
        of_lines(client, at),
        *(of_groups(client, head, name, at) for name in PROPERTIES),
        *of_months(client, rows, at),
    ]
    return RollUp(at, ending, tuple(held(way, ending) for way in ways))


Added = tuple[str, int, Decimal | None, str]
"""Kind, number of parts, what they add up to, and why they do not."""


def held(added: Added, ending: Decimal) -> Way:
    """A sum beside what it has to be."""
    kind, parts, total, reason = added
    return Way(kind, parts, total, None if total is None else total - ending, reason)


def of_lines(client: Client, month: int) -> Added:
    """Every contract line that counts, settled and valued anew without the stored book."""
    end = MonthEnds.of(client).at(policy_at(client, month), month)
    if isinstance(end, NoValue):
        return "lines", 0, None, end.sentence
    return "lines", len(end.rows), from_cents(end.total), ""


def of_groups(client: Client, head: BookHead, name: str, month: int) -> Added:
    """The stored groups of a property."""
    rows = bridge_get(client, head, month, month, name).rows
    return name, len(rows), sum((row.ending for row in rows), Decimal()), ""


def of_months(client: Client, rows: dict[int, BridgeRow], month: int) -> Iterator[Added]:
    """The stored movements of the months since the fiscal year began, and since the first one, upon what was there before."""
    oldest = min(rows)
    year = max(oldest, period_start(month, "year", client.fiscal_year_start))
    for kind, first in (("year", year), ("months", oldest)):
        span = range(first, month + 1)
        yield kind, len(span), rows[first].beginning + moved(rows[each] for each in span), ""


def moved(rows: Iterable[BridgeRow]) -> Decimal:
    """The movements of some months."""
    return sum((getattr(row, name) for row in rows for name in MOVEMENTS), Decimal())
