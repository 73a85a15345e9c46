"""From lines, rates and a policy to everything that a stored book holds: its months, their series, and what is missing.

No database here: a rebuild, a check and a preview call the same function.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from metrics.engine.arrays import Bools
from metrics.engine.book import Ready, book_of
from metrics.engine.lines import CodedLines, code_lines
from metrics.engine.policy import Policy
from metrics.engine.series import BookSeries, series_of_book, with_retention_of
from metrics.engine.settlement import Related, Settlement, relate_lines
from metrics.engine.valuation import MissingRates, lines_at, missing_rates, months_that_can_be_valued
from portal.lib.periods import month_format, month_of

LONGEST_BOOK = 240  # twenty years; a contract signed in "1900" must not make a book of 1,500 months
KEPT_GAPS = 200


@dataclass(frozen=True)
class EngineInput:
    """What the engine is given: lines of the authoritative source, the rates of their currencies, and the policy.

    The lines are coded once, and by `with_relations` related once, for every recognition that is asked for; `lines_sum` is what
    `metrics.repository` says of them, where it was asked.
    """

    coded: CodedLines
    rates: pl.DataFrame
    policy: Policy
    lines_sum: int = 0
    related: Related | None = None

    @classmethod
    def of(cls, lines: pl.DataFrame, rates: pl.DataFrame, policy: Policy, lines_sum: int = 0) -> "EngineInput":
        """Lines and rates in the engine's schemas."""
        return cls(code_lines(lines, policy.customer_unit), rates, policy, lines_sum)

    @property
    def lines(self) -> pl.DataFrame:
        """The lines in the engine's schema."""
        return self.coded.frame

    def with_relations(self) -> "EngineInput":
        """The same, with what settling under any recognition begins with: for whoever computes several books."""
        return replace(self, related=relate_lines(self.coded, self.policy))

    def recognised(self, recognition: str | None) -> "EngineInput":
        """The same under another recognition; None: the policy's own."""
        return replace(self, policy=self.policy.with_(recognition=recognition)) if recognition else self

    def under(self, policy: Policy) -> "EngineInput":
        """The same lines under another policy."""
        return EngineInput.of(self.lines, self.rates, policy, self.lines_sum)


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
    """The book from the first month with ARR to `through`; where rates are missing, the latest run that can be valued."""
    ready = Ready.of_related(given.related or relate_lines(given.coded, given.policy), given.policy)
    return compute_settled(given, ready, through)


def compute_settled(given: EngineInput, ready: Ready, through: int, *, with_cohorts: bool = True) -> Computed:
    """`compute` of lines that are settled already, without cohorts where nobody needs them."""
    first = first_month_with_arr(ready.settled, through)
    if first is None:
        return Computed(None, None, [], "No contract line gives ARR up to the last completed month.")
    first = max(first, through - LONGEST_BOOK + 1)
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
