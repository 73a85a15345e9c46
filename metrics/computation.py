"""From lines, rates and a policy to everything that a stored book holds: its months, their series, and what is missing.

No database here: a rebuild, a check and a preview call the same function.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from metrics.engine.arrays import Bools
from metrics.engine.book import Book, Ready, book_of, build_book
from metrics.engine.lines import DIMENSIONS, CodedLines, code_lines
from metrics.engine.policy import Policy
from metrics.engine.series import BookSeries, joined_series, laid_over, series_of_book, with_retention_of
from metrics.engine.settlement import Related, Settlement, relate_lines
from metrics.engine.valuation import MissingRates, lines_at, missing_rates, months_that_can_be_valued
from portal.lib.periods import month_format, month_of

LONGEST_BOOK = 240  # twenty years; a contract signed in "1900" must not make a book of 1,500 months
KEPT_GAPS = 200


@dataclass(frozen=True)
class Earlier:
    """The policy of the months before `until`, the first month that was ever closed: the one under which it was closed first.

    Whoever changed the policy since has decided about later months alone, so that these do not move with it.
    """

    policy: Policy
    until: int


@dataclass(frozen=True)
class EngineInput:
    """What the engine is given: lines of the authoritative source, the rates of their currencies, and the policy.

    The lines are coded once, and by `with_relations` related once, for every recognition that is asked for; `lines_sum` is what
    `metrics.repository` says of them, where it was asked. `before` is the same under the policy of the months before `until`,
    where that is another one (`Earlier`).
    """

    coded: CodedLines
    rates: pl.DataFrame
    policy: Policy
    lines_sum: int = 0
    related: Related | None = None
    before: "EngineInput | None" = None
    until: int = 0

    @classmethod
    def of(
        cls,
        lines: pl.DataFrame,
        rates: pl.DataFrame,
        policy: Policy,
        lines_sum: int = 0,
        earlier: Earlier | None = None,
    ) -> "EngineInput":
        """Lines and rates in the engine's schemas; with the policy of `earlier` months under the same recognition."""
        own = cls(code_lines(lines, policy.customer_unit), rates, policy, lines_sum)
        if earlier is None:
            return own
        old = own.under(earlier.policy.with_(recognition=policy.recognition))
        return own if old.policy == policy else replace(own, before=old, until=earlier.until)

    @property
    def lines(self) -> pl.DataFrame:
        """The lines in the engine's schema."""
        return self.coded.frame

    def with_relations(self) -> "EngineInput":
        """The same, with what settling under any recognition begins with: for whoever computes several books."""
        before = self.before and self.before.with_relations()
        return replace(self, related=relate_lines(self.coded, self.policy), before=before)

    def recognised(self, recognition: str | None) -> "EngineInput":
        """The same under another recognition; None: the policy's own."""
        if not recognition:
            return self
        before = self.before and self.before.recognised(recognition)
        return replace(self, policy=self.policy.with_(recognition=recognition), before=before)

    def under(self, policy: Policy) -> "EngineInput":
        """The same lines under another policy, in all months."""
        if policy.customer_unit != self.policy.customer_unit:
            return EngineInput.of(self.lines, self.rates, policy, self.lines_sum)
        return EngineInput(self.coded, self.rates, policy, self.lines_sum)

    def with_lines(self, told: Callable[[pl.DataFrame, str], pl.DataFrame]) -> "EngineInput":
        """The same of other lines: `told` makes them of those here and the customer unit, once for policies that share both."""
        own = replace(self, coded=code_lines(told(self.lines, self.policy.customer_unit), self.policy.customer_unit))
        before = self.before
        if before is not None:
            before = replace(before, coded=own.coded) if before.coded is self.coded else before.with_lines(told)
        return replace(own, related=None, before=before and replace(before, related=None))

    def ready(self) -> Ready:
        """The lines settled under the policy."""
        return Ready.of_related(self.related or relate_lines(self.coded, self.policy), self.policy)

    @cached_property
    def settled(self) -> Ready:
        """`ready`, once for whoever reads many months one by one; it stays in memory as long as the lines do."""
        return self.ready()

    def at(self, month: int) -> "EngineInput":
        """The same lines under the policy that a month follows."""
        return self if self.before is None or month >= self.until else self.before

    def split(self, first: int, last: int) -> list[tuple["EngineInput", int, int]]:
        """The months from `first` to `last` by the policy that they follow: one run, or two."""
        if self.before is None or first >= self.until or last < self.until:
            return [(self.at(first), first, last)]
        return [(self.before, first, self.until - 1), (self, self.until, last)]


@dataclass(frozen=True)
class Computed:
    """A computed book. `series` is None where no month has ARR, or none can be valued (then there are `gaps`).

    `retention_from` is the first month with retention: later than the book's first where older rates are missing.
    """

    series: BookSeries | None
    retention_from: int | None
    gaps: list[dict[str, Any]]
    message: str


def compute(given: EngineInput, through: int) -> Computed:
    """The book from the first month with ARR to `through`; where rates are missing, the latest run that can be valued.

    The months before the first close follow their own policy (`Earlier`), all others the one in force.
    """
    if given.before is None or through - LONGEST_BOOK + 1 >= given.until:
        return compute_settled(given, given.ready(), through)
    own = compute_settled(given, given.ready(), through, begin=given.until)
    old = given.before
    earlier = compute_settled(old, old.ready(), given.until - 1, begin=through - LONGEST_BOOK + 1)
    return joined(earlier, own, given.until, through)


def joined(before: Computed, after: Computed, until: int, through: int) -> Computed:
    """The months before `until` and those from it on as one book; the later ones alone where some between have no value."""
    gaps = (before.gaps + after.gaps)[:KEPT_GAPS]
    message = " ".join(dict.fromkeys(part.message for part in (before, after) if part.gaps))
    is_broken = after.gaps and (after.series is None or after.series.first > until)
    if before.series is None or is_broken or before.series.last < until - 1:
        return replace(after, gaps=gaps, message=message or after.message)
    later = laid_over(after.series, until, through if after.series is None else after.series.last)
    retention_from: int | None = before.retention_from or until
    if after.series is not None and after.retention_from != after.series.first:
        retention_from = after.retention_from
    return Computed(joined_series(before.series, later), retention_from, gaps, message)


def book_split(
    given: EngineInput,
    first: int,
    last: int,
    dimensions: tuple[str, ...] = DIMENSIONS,
    *,
    with_retention: bool = True,
    with_cohorts: bool = True,
) -> Book:
    """`build_book` of months of which each follows its own policy. Raises MissingRates."""
    pieces = {"with_retention": with_retention, "with_cohorts": with_cohorts}
    books = [
        build_book(own.lines, own.rates, own.policy, start, end, dimensions, **pieces)
        for own, start, end in given.split(first, last)
    ]
    frames = ([getattr(book, name) for book in books] for name in ("bridge", "retention", "movements", "cohorts"))
    return Book(*(pl.concat(parts) for parts in frames))


def compute_settled(
    given: EngineInput, ready: Ready, through: int, *, with_cohorts: bool = True, begin: int = 0
) -> Computed:
    """`compute` of lines that are settled already, under one policy and from `begin` on; without cohorts where nobody needs
    them.
    """
    first = first_month_with_arr(ready.settled, through)
    if first is None:
        return Computed(None, None, [], "No contract line gives ARR up to the last completed month.")
    first = max(first, begin, through - LONGEST_BOOK + 1)
    try:
        book = book_of(ready, given.rates, first, through, with_cohorts=with_cohorts)
    except MissingRates:
        return compute_what_can_be_valued(given, ready, first, through)
    return Computed(series_of_book(book, first, through), first, [], "")


def first_month_with_arr(settled: Settlement, through: int) -> int | None:
    """The first month end at which any line gives ARR, up to `through`."""
    months = settled.month_from[settled.has_value]
    return int(months.min()) if len(months) and months.min() <= through else None


def compute_what_can_be_valued(given: EngineInput, ready: Ready, first: int, through: int) -> Computed:
    """`compute` where some rate is missing: the run of months, and retention for those of them that have it."""
    lines, rates, policy = given.lines, given.rates, given.policy
    gaps = missing_rates(lines, rates, policy, first, through)
    able = months_that_can_be_valued(lines, rates, policy, first, through, retention=False)["can_be_valued"].to_numpy()
    start, end = latest_run(able, months_with_arr(ready.settled, first, through), first)
    if start is None or end is None:
        message = f"No month can be valued: {missing_months_text(gaps)}."
        return Computed(None, None, gap_rows(gaps), message)
    retained = months_that_can_be_valued(lines, rates, policy, start, end)["can_be_valued"].to_numpy()
    retention_from = end - int(np.argmin(np.append(retained[::-1], False))) + 1 if retained[-1] else None
    book = book_of(ready, rates, start, end, with_retention=retention_from == start)
    series = series_of_book(book, start, end)
    if retention_from is not None and retention_from > start:
        later = book_of(ready, rates, retention_from, end, with_cohorts=False)
        series = with_retention_of(series, series_of_book(later, retention_from, end))
    shown = f"Shown from {month_format(start)} to {month_format(end)}: {missing_months_text(gaps)}."
    return Computed(series, retention_from, gap_rows(gaps), shown)


def months_with_arr(settled: Settlement, first: int, through: int) -> Bools:
    """For each month from `first` to `through` whether any line gives ARR then."""
    return np.array([lines_at(settled, month).any() for month in range(first, through + 1)], dtype=np.bool_)


def latest_run(able: Bools, active: Bools, first: int) -> tuple[int | None, int | None]:
    """First and last month of the latest unbroken run of able months in which there is any ARR; the arrays begin at `first`."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], able, [False]]).astype(np.int8)))
    for start, end in reversed(list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))):
        if active[start:end].any():
            return first + start, first + end - 1
    return None, None


def gap_rows(gaps: pl.DataFrame) -> list[dict[str, Any]]:
    """A gap report as JSON: currency, month or day, how many lines wait, and some of their ids."""
    kept = gaps.head(KEPT_GAPS).to_dicts()
    return [
        {
            "currency": row["currency"],
            "month": month_format(row["month"] if row["month"] is not None else month_of(row["day"])),
            "day": row["day"].isoformat() if row["day"] is not None else None,
            "lines": row["lines"],
            "line_ids": list(row["line_ids"]),
        }
        for row in kept
    ]


def missing_months_text(gaps: pl.DataFrame, named: int = 3) -> str:
    """A gap report in one sentence: of each currency how many months lack a rate, the first and the last of them."""
    months = {row["currency"]: set[int]() for row in gaps.iter_rows(named=True)}
    for row in gaps.iter_rows(named=True):
        months[row["currency"]].add(row["month"] if row["month"] is not None else month_of(row["day"]))
    texts = [lacking_text(currency, sorted(found)) for currency, found in sorted(months.items())[:named]]
    more = len(months) - len(texts)
    return "; ".join(texts) + (f"; and {more} more currenc{'y' if more == 1 else 'ies'}" if more else "")


def lacking_text(currency: str, months: list[int]) -> str:
    """One currency and the months that lack a rate."""
    if len(months) == 1:
        return f"there is no {currency} exchange rate for {month_format(months[0])}"
    return (
        f"there is no {currency} exchange rate for {len(months)} months, "
        f"the first {month_format(months[0])}, the last {month_format(months[-1])}"
    )


def missing_rates_text(gaps: pl.DataFrame, named: int = 5) -> str:
    """A gap report in one sentence that names currency and day."""
    rows = gaps.head(named).to_dicts()
    more = gaps.height - len(rows)
    texts = [gap_text(row["currency"], row["day"], row["month"], row["lines"]) for row in rows]
    return "; ".join(texts) + (f"; and {more} more" if more else "")


def gap_text(currency: str, day: object, month: int | None, lines: int) -> str:
    """One missing rate: which currency, which day, how many lines wait for it."""
    when = f"for {day} or the 7 days before it" if day is not None else f"in {month_format(month or 0)}"
    need = "1 contract line needs it" if lines == 1 else f"{lines} contract lines need it"
    return f"there is no {currency} exchange rate {when} ({need})"
