"""The measures of formulas under one side of a policy impact, for metrics before and after. Runs in the client's scope.

`ImpactMeasures(impact, side)` answers like `MeasureReader`, from the computed book in place of the stored one. CARR and LARR
are computed when a formula asks for them. What two sources say is asked for the newest month alone: each month costs a
reading of both.
"""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from functools import cached_property
from typing import Final, TypeVar

from metrics.engine.arrays import Ints
from metrics.engine.book import Ready, book_of
from metrics.engine.bridge import TOTAL
from metrics.engine.impact import first_customers, totals_of
from metrics.engine.series import series_of_book
from metrics.engine.valuation import MissingRates
from metrics.formula.faults import Missing
from metrics.measures import MEASURES
from metrics.models import BookState, Source
from metrics.selectors.books import bridge_get, bridge_rows, retention_row
from metrics.selectors.figures import BookHead, BridgeRow, RetentionRow
from metrics.selectors.measure_values import NO_BOOK, MeasureReader, firsts_of
from metrics.selectors.month_ends import MonthEnds, NoValue
from metrics.selectors.periods import Period
from metrics.selectors.policy_impact import ImpactSide, PolicyImpact
from metrics.selectors.reconciliation import source_pair
from portal.lib.periods import month_format

Found = TypeVar("Found", BridgeRow, int)
MONTHS_BACK: Final = 36
TOLD_APART: Final = Missing(
    "what steps in the first open month is told beside the closed months, not by metric and month"
)
NEWEST_ONLY: Final = Missing("two sources are compared at the newest month end alone")


class ImpactMeasures(MeasureReader):
    """The measures under one side's policy."""

    def __init__(self, impact: PolicyImpact, side: ImpactSide) -> None:
        super().__init__(impact.client)
        self.impact, self.side = impact, side
        self.endings: dict[str, dict[int, int]] = {}
        self.own_heads: dict[str, BookHead] = {}

    @cached_property
    def heads(self) -> dict[str, BookHead]:
        """The heads of the stored books; which one is the policy's own is said by this side's policy."""
        own = self.side.policy.recognition
        return {name: replace(head, is_policys_own=name == own) for name, head in super().heads.items()}

    def at(self, name: str, month: int) -> Fraction | Missing:
        """A measure in a month, or why it has none."""
        kind, basis, column = (
            MEASURES[name].reader.split(":") if name in MEASURES and MEASURES[name].reader else ["", "", ""]
        )
        if column == "adjustment":
            return TOLD_APART
        is_other = kind == "bridge" and basis not in ("", self.side.policy.recognition)
        if is_other and column == "ending" and self.side is self.impact.after and not self.side.reason(month):
            endings = self.other_endings(basis)
            if month in endings:
                return Fraction(endings[month], 100)
        found = super().at(name, month)
        if isinstance(found, Missing) and self.side.reason(month) and month in self.impact.months:
            return Missing(self.side.reason(month).rstrip("."))
        return found

    def head(self, basis: str) -> BookHead:
        """A book by its recognition, with the months of this side; made once, as every figure asks for it."""
        if basis not in self.own_heads:
            valued, since = self.side.valued, self.side.retention_from
            first, last = (None, None) if valued is None else valued
            more = {"message": self.side.message} if valued is None else {"retention_from": since}
            self.own_heads[basis] = replace(super().head(basis), first_month=first, last_month=last, **more)
        return self.own_heads[basis]

    def bridge(self, basis: str) -> dict[int, BridgeRow]:
        """The total of a book by month."""
        basis = "" if basis == self.side.policy.recognition else basis
        if basis not in self.bridges:
            self.bridges[basis] = self.rows(basis)
        return self.bridges[basis]

    def rows(self, basis: str) -> dict[int, BridgeRow]:
        """The total by month, of the policy's own recognition or of another; months without a value are left out.

        Of another recognition the stored book is read where it says what this side would; else the book is computed.
        """
        if self.side.valued is None:
            return {}
        if not basis:
            return rows_of(self.side.groups[TOTAL, ""], self.side.first, self.side.valued)
        head = super().head(basis)
        if self.side is self.impact.before and head.state == BookState.READY:
            return {row.period.first: row for row in bridge_get(self.client, head).totals}
        ready, stored = self.settled(basis), bridge_get(self.client, head).totals
        try:
            book = book_of(
                ready, self.impact.given.rates, *self.side.valued, (), with_retention=False, with_cohorts=False
            )
        except MissingRates:
            return {}
        series = series_of_book(book, *self.side.valued)
        rows = rows_of(series.groups[TOTAL, ""], series.first, self.side.valued)
        return self.with_kept(rows, {row.period.first: row for row in stored})

    def with_kept(self, found: dict[int, Found], stored: Mapping[int, Found]) -> dict[int, Found]:
        """By month what was found, before the first close what is stored."""
        until = self.impact.until
        if until is None:
            return found
        later = {month: value for month, value in found.items() if month >= until}
        return {month: value for month, value in stored.items() if month < until} | later

    def settled(self, basis: str) -> Ready:
        """The lines settled under this side's policy, but for the recognition."""
        return Ready.of_related(self.side.related, self.side.policy.with_(recognition=basis))

    def other_endings(self, basis: str) -> dict[int, int]:
        """ARR of another recognition in cents, at the newest month ends: all that formulas ask for of it."""
        if basis not in self.endings:
            last = self.impact.last if self.impact.end is None else self.impact.end
            months = (max(self.impact.first, last - MONTHS_BACK, self.impact.until or 0), last)
            self.endings[basis] = totals_of(self.settled(basis), self.impact.given.rates, *months)
        return self.endings[basis]

    @cached_property
    def first_customers(self) -> dict[int, int]:
        """By month the customers with ARR for the first time ever."""
        return self.with_kept(first_customers(self.side.ready), firsts_of(self.client, super().head("")))

    @cached_property
    def retention(self) -> dict[int, RetentionRow]:
        """The retention of the policy's own book by month."""
        start, series = self.side.retention_from, self.side.groups[TOTAL, ""]
        if self.side.valued is None or start is None:
            return {}
        months = range(max(start, self.side.valued[0]), self.side.valued[1] + 1)
        return {month: retention_row(series, month - self.side.first, month, "", start) for month in months}

    @cached_property
    def pair(self) -> tuple[Source | None, Source | None]:
        """The two sources that are compared."""
        return source_pair()

    def of_source(self, month: int, side: str) -> Fraction | Missing:
        """The ARR of one of the two sources at the newest month end under this side's policy."""
        if self.side.valued is None:
            return NO_BOOK
        if month != self.impact.end:
            return NEWEST_ONLY
        source = self.pair[0 if side == "base" else 1]
        if source is None:
            return Missing("two sources are needed")
        if source.is_authoritative:
            return Fraction(self.side.cents("ending", month), 100)
        end = MonthEnds.of(self.client, source).at(self.side.policy, month)
        return Missing(end.sentence.rstrip(".")) if isinstance(end, NoValue) else Fraction(end.total, 100)


def rows_of(series: Ints, offset: int, months: tuple[int, int]) -> dict[int, BridgeRow]:
    """A series whose first place is the month `offset`, as rows by month."""
    periods = tuple(Period(month_format(month), month, month) for month in range(months[0], months[1] + 1))
    rows = bridge_rows(series, offset, periods, "")
    return {row.period.first: row for row in rows if row is not None}
