"""Why an account's ARR differs between two sources: their lines in pairs, and the first thing in which a pair differs.

Every line that gives ARR on either side ends up in exactly one reason, so that the reasons of an account add up to
its difference.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

REASONS: Final = (
    "currency",
    "amount",
    "charge_type",
    "cancellation",
    "dates",
    "duplicate",
    "missing_line",
    "missing_account",
    "rounding",
    "around",
)
# The dates that decide when a line counts, by recognition; a cancellation is a reason of its own.
DATES: Final = {
    "start": ("starts_on", "ends_on"),
    "signed": ("starts_on", "ends_on", "signed_on"),
    "live": ("starts_on", "ends_on", "live_on"),
}


@dataclass(frozen=True, slots=True)
class LineFacts:
    """A line of one source as the engine values it: ``annual_cents`` in its own currency, ``cents`` of ARR at the
    month end.
    """

    line_id: str
    contract_id: str
    product: str
    charge_type: str
    currency: str
    starts_on: dt.date
    ends_on: dt.date | None
    signed_on: dt.date | None
    live_on: dt.date | None
    cancelled_on: dt.date | None
    annual_cents: int
    cents: int

    @property
    def contract_day(self) -> dt.date:
        """The day whose rate values the line under ``contract_date``."""
        return self.signed_on or self.starts_on

    @property
    def looks(self) -> tuple[Hashable, ...]:
        """What two lines share of which one is a copy of the other."""
        terms = (self.starts_on, self.ends_on, self.annual_cents)
        return (self.product, self.charge_type, self.currency, *terms)


@dataclass(frozen=True, slots=True)
class Reason:
    """One cause of a difference: ``code`` of ``REASONS``, ``cents`` by which the other source has more, and the lines
    it is about; ``field`` names the date or other column in which they differ.
    """

    code: str
    cents: int
    base: LineFacts | None = None
    other: LineFacts | None = None
    field: str = ""


Pair = tuple[LineFacts | None, LineFacts | None]
Key = Callable[[LineFacts], Hashable]
SURE: Final[tuple[Key, ...]] = (
    lambda line: line.line_id,
    lambda line: (line.contract_id, line.product),
    lambda line: (line.product, line.currency, line.starts_on),
)


def reasons_of(base: list[LineFacts], other: list[LineFacts], recognition: str, fx: str) -> list[Reason]:
    """Why two lists of lines of one account differ, the largest cause first; their cents add up to the difference."""
    pairs, copied = pairs_of(base, other)
    found = [reason_of(mine, theirs, recognition, fx) for mine, theirs in pairs]
    reasons = [reason for reason in found if reason is not None]
    reasons += [Reason("duplicate", gives(theirs) - gives(mine), mine, theirs) for mine, theirs in copied]
    return sorted(reasons, key=lambda reason: (-abs(reason.cents), reason.code))


def pairs_of(base: list[LineFacts], other: list[LineFacts]) -> tuple[list[Pair], list[Pair]]:
    """Lines that mean the same, in pairs (a line that finds none stands alone), and the copies of lines with a pair.

    By id, by contract and product, by product and start; then those that give ARR, by product; then one that gives
    ARR with the nearest of its product that gives none; then those that give ARR, whatever their product is called.
    A copy of a line is not paired after the first three: that would hide what it is.
    """
    left, right = Waiting(base), Waiting(other)
    pairs = [pair for key in SURE for pair in matched(left, right, key)]
    copied: list[Pair] = [(line, None) for line in left.copies()] + [(None, line) for line in right.copies()]
    pairs += matched(left, right, lambda line: line.product, only_giving=True)
    pairs += nearest(left, right)
    pairs += [(mine, theirs) for theirs, mine in nearest(right, left)]
    pairs += matched(left, right, lambda line: line.currency, only_giving=True)
    return pairs + [(line, None) for line in left] + [(None, line) for line in right], copied


class Waiting:
    """The lines of one source that have no pair yet, in the order of start and id."""

    def __init__(self, lines: Iterable[LineFacts]) -> None:
        ordered = sorted(lines, key=lambda line: (line.starts_on, line.line_id))
        self.lines = {line.line_id: line for line in ordered}
        self.taken: set[tuple[Hashable, ...]] = set()

    def __iter__(self) -> Iterator[LineFacts]:
        return iter(list(self.lines.values()))

    def take(self, line: LineFacts) -> LineFacts:
        """The line, which waits no longer."""
        del self.lines[line.line_id]
        self.taken.add(line.looks)
        return line

    def copies(self) -> list[LineFacts]:
        """The lines that give ARR and look like one that was taken, taken out."""
        return [self.take(line) for line in self if line.cents and line.looks in self.taken]


def matched(left: Waiting, right: Waiting, key: Key, *, only_giving: bool = False) -> list[Pair]:
    """Pairs of equal key, in order, taken out; ``only_giving``: of the lines that give ARR."""
    waiting: dict[Hashable, list[LineFacts]] = defaultdict(list)
    for line in right:
        if line.cents or not only_giving:
            waiting[key(line)].append(line)
    wanted = (line for line in left if line.cents or not only_giving)
    return [(left.take(line), right.take(waiting[key(line)].pop(0))) for line in wanted if waiting.get(key(line))]


def nearest(left: Waiting, right: Waiting) -> list[tuple[LineFacts, LineFacts]]:
    """Each line of the left that gives ARR with the nearest of its product on the right that gives none, taken out."""
    found = []
    for line in (each for each in left if each.cents):
        same = [each for each in right if not each.cents and each.product == line.product]
        if same:
            theirs = min((abs((each.starts_on - line.starts_on).days), each.line_id, each) for each in same)[2]
            found.append((left.take(line), right.take(theirs)))
    return found


def gives(line: LineFacts | None) -> int:
    """The ARR of a line, where there is one."""
    return line.cents if line else 0


def reason_of(base: LineFacts | None, other: LineFacts | None, recognition: str, fx: str) -> Reason | None:
    """In what a pair differs; None where it gives the same ARR."""
    cents = gives(other) - gives(base)
    if cents == 0:
        return None
    if base is None or other is None:
        return Reason("missing_line", cents, base, other)
    code, field = both_count(base, other, fx) if base.cents and other.cents else one_counts(base, other, recognition)
    return Reason(code, cents, base, other, field)


def both_count(base: LineFacts, other: LineFacts, fx: str) -> tuple[str, str]:
    """Why two lines that both give ARR give different amounts."""
    if base.currency != other.currency:
        return "currency", "currency"
    if base.annual_cents != other.annual_cents:
        return "amount", "amount"
    if fx == "contract_date" and base.contract_day != other.contract_day:
        return "dates", "signed_on" if base.signed_on != other.signed_on else "starts_on"
    return "rounding", ""


def one_counts(base: LineFacts, other: LineFacts, recognition: str) -> tuple[str, str]:
    """Why of two lines only one gives ARR."""
    if base.charge_type != other.charge_type:
        return "charge_type", "charge_type"
    if base.cancelled_on != other.cancelled_on:
        return "cancellation", "cancelled_on"
    for field in DATES[recognition]:
        if getattr(base, field) != getattr(other, field):
            return "dates", field
    return ("amount", "amount") if base.annual_cents != other.annual_cents else ("around", "")
