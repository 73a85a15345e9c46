"""What a change request would do, as it is kept and shown: the shape of a preview's result, and how it is read.

A result is plain JSON, so that its canonical bytes are what people vote on (`Impact.sha256`). Money is whole cents, a metric's
figure decimal text, a month its ordinal. Nothing here computes: `governance.selectors.change_impact` fills it.

    kind, currency, is_restating, from_month
    headline   {month, before, after, customers, reason}: ARR at the newest month end under both, and how many move then
    book       of a policy change (else null): {changed, first, last, end, reason, figures, sides, total, groups}
               changed  [{parameter, title, old_sentence, new_sentence}]
               sides    {before, after}: {valued: [first, last] or null, retention_from, message, recognition}
               total    {before, after}: one list for each of `figures`, one place for each month
               groups   {dimension: {changed: [{group, before, after}], rest: {count, before, after} or null}}
    customers  {count, moved_at_end, at_end, in_window, months, sha256}: those that move in the months that the request changes,
               first to last (null: none can be compared), as `metrics.selectors.policy_impact_why.MovedCustomer`; sha256 of the
               file of all of them, which is kept beside (empty: none moves, or it was not kept yet)
    closed     {count, months, prior_period_adjustment, apart, books}: as `metrics.selectors.policy_impact_closed` (before shape
               6 no month says whether it is restated, and months that differ for other reasons alone are not listed; before
               shape 7 the restated months are those of the own book alone)
    metrics    [{key, name, unit, role, moved, points: [{month, before, after, why_before, why_after}]}], and of one that is
               retired {successor: {name, unit}}, of which the points' `after` is; of other thresholds each point has besides
               level_before, level_after: `alert`, `warn` or nothing; limits_before, limits_after: {alert, warn: {below, above,
               reason}}, the figures beyond which it rings in that month (earlier previews do not have the limits)
    touched    [{kind, label, note, url_name, url_args}]
    notes      sentences that hold for the whole
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from metrics.engine.retention import ratio4
from metrics.selectors.policy_impact import months_changed
from portal.tenancy import audit

SHAPE: Final = 7
TOTAL: Final = "total"
REST: Final = ""  # the group of everything that is not told by name
TOUCHED: Final[Mapping[str, str]] = {
    "definition": "Definitions",
    "signature": "Signatures that would lapse",
    "document": "Policy versions",
    "page": "Pages",
    "threshold": "Alerts",
    "quota": "Quota rules",
    "sample": "Sample contracts",
    "control": "Control figures",
    "check": "Maintenance",
    "metric": "Metrics that name it",
    "use": "Who reads it",
}
"""The kinds of things that a change touches, in the order in which they are told."""


class ImpactFault(ValueError):
    """A request whose impact cannot be computed; the message says what is missing and what to do."""


@dataclass(frozen=True)
class Size:
    """How large a change is: cents with their sign, at the end of `month`, or in the step with which that month begins, or
    against what was reported of that month, which is restated: of the own book, or of the `book` of this recognition.
    """

    month: int
    cents: int
    is_step: bool = False
    is_restated: bool = False
    book: str = ""


@dataclass(frozen=True)
class Impact:
    """A preview's result, read."""

    content: dict[str, Any]
    customers: str = ""  # the file of all that move, where it has just been computed

    @cached_property
    def sha256(self) -> str:
        """Of the canonical bytes: what a vote is bound to."""
        return audit.digest(self.content)

    @property
    def book(self) -> dict[str, Any] | None:
        """The numbers before and after; None where the request changes no policy, or nothing could be computed."""
        found: dict[str, Any] | None = self.content["book"]
        return found

    @property
    def months(self) -> range:
        """The months of the book; none without one."""
        return range(self.book["first"], self.book["last"] + 1) if self.book else range(0)

    def cents(self, side: str, figure: str, month: int, dimension: str = TOTAL, group: str = REST) -> int | None:
        """A figure of one side, `before` or `after`, in a month; None where `reason` says why."""
        if self.book is None or self.reason(side, month):
            return None
        series = self.series(side, dimension, group)
        if series is None:
            return 0
        return int(series[self.book["figures"].index(figure)][month - self.book["first"]])

    def series(self, side: str, dimension: str = TOTAL, group: str = REST) -> list[list[int]] | None:
        """All figures by month of one side: of the total, of a group by name, or of all other groups together."""
        if self.book is None:
            return None
        if dimension == TOTAL:
            found: list[list[int]] = self.book["total"][side]
            return found
        groups = self.book["groups"].get(dimension, {"changed": [], "rest": None})
        rows = [groups["rest"]] if group == REST else [each for each in groups["changed"] if each["group"] == group]
        return next((row[side] for row in rows if row is not None), None)

    def reason(self, side: str, month: int) -> str:
        """Why a month has no figure on one side; empty where it has."""
        if self.book is None:
            return str(self.content["headline"]["reason"])
        told = self.book["sides"][side]
        if told["valued"] is not None and told["valued"][0] <= month <= told["valued"][1]:
            return ""
        return str(told["message"])

    def change(self, figure: str, month: int, dimension: str = TOTAL, group: str = REST) -> int | None:
        """After less before; None where one of them has no figure."""
        before, after = (self.cents(side, figure, month, dimension, group) for side in ("before", "after"))
        return None if before is None or after is None else after - before

    def ratio(self, side: str, over: str, month: int, dimension: str = TOTAL, group: str = REST) -> Any:
        """NRR (`now_cents`) or GRR (`kept_cents`), four decimals; None where there is no value."""
        base = self.cents(side, "base_cents", month, dimension, group)
        since = self.book["sides"][side]["retention_from"] if self.book else None
        if base is None or since is None or month < since:
            return None
        return ratio4(self.cents(side, over, month, dimension, group) or 0, base)

    @property
    def bases(self) -> tuple[str, str] | None:
        """The recognitions before and after, where the request takes another one: books of their own."""
        if self.book is None:
            return None
        before, after = (str(self.book["sides"][side].get("recognition", "")) for side in ("before", "after"))
        return (before, after) if before != after else None

    @property
    def takes_another_book(self) -> bool:
        """Whether another recognition is all that it changes: nothing that was reported moves by that."""
        return self.bases is not None and [each["parameter"] for each in self.book["changed"]] == ["recognition"]  # type: ignore[index]

    @property
    def changed_months(self) -> range:
        """The months of the book that the request changes, from the one from which it holds on."""
        return months_changed(self.months, self.content["from_month"])

    @cached_property
    def effect(self) -> tuple[int, int] | None:
        """Of the months that it changes the one in which ARR differs most (the newest of several), and by how much.

        None where no month can be compared.
        """
        return self.largest(self.changed_months)

    @property
    def adjustment(self) -> dict[str, Any] | None:
        """The step of the first month for which it holds; None where it names none.

        A decided request keeps the very bytes that were voted on, so that a result may have it under its name until shape 5.
        """
        closed = self.content["closed"]
        found: dict[str, Any] | None = closed.get("prior_period_adjustment", closed.get("adjustment"))
        return found

    @cached_property
    def step(self) -> tuple[int, int] | None:
        """The month from which it holds, and the step with which that begins, booked as a prior-period adjustment.

        It is what this request makes of it, apart from contracts that were corrected since. None where nothing steps, or it
        cannot be said.
        """
        told = self.adjustment
        if told is None or self.bases is not None or told["restated"] is None:
            return None
        before = told["reported"] if told.get("now") is None else told["now"]
        return None if before is None else (told["month"], told["restated"] - before)

    @cached_property
    def restated_row(self) -> dict[str, Any] | None:
        """Of all books the closed month that a restatement moves most against what was reported, whatever of that was there
        already: {recognition, month, reported, restated}. None where it restates none, or they cannot be valued.
        """
        closed = self.content.get("closed", {})
        rows = closed.get("books")
        if rows is None:  # until shape 6: of the own book alone
            told = [] if self.bases is not None else closed.get("months", ())
            rows = [row for row in told if row.get("is_restated") and row["restated"] is not None]
        shown = self.book and self.book["sides"]["before"].get("recognition")

        def by(row: dict[str, Any]) -> tuple[int, int, bool]:
            return abs(row["restated"] - row["reported"]), row["month"], row.get("recognition") == shown

        return max(rows, key=by, default=None)

    @property
    def own_recognition(self) -> str:
        """Of the book that pages show first, after as before; empty where that becomes another one."""
        return (
            ""
            if self.book is None or self.bases is not None
            else str(self.book["sides"]["after"].get("recognition", ""))
        )

    @property
    def restated(self) -> Size | None:
        """By how much that month moves."""
        row = self.restated_row
        if row is None:
            return None
        name = row.get("recognition", self.own_recognition)
        by = row["restated"] - row["reported"]
        return Size(row["month"], by, is_restated=True, book="" if name == self.own_recognition else name)

    @cached_property
    def size(self) -> Size | None:
        """By what decision rights go: the largest of the change at a month end (`effect`), of the step (`step`), and of what is
        restated (`restated`).

        A change that moves no month end may still book a large adjustment into the first month of its own, and one that
        restates takes up what earlier ones left alone. None where no month can be compared, which counts as the largest.
        """
        if self.effect is None:
            return None
        sizes = [Size(*self.effect)]
        sizes += [Size(*self.step, is_step=True)] if self.step is not None else []
        sizes += [self.restated] if self.restated is not None else []
        return max(sizes, key=lambda size: abs(size.cents))

    @cached_property
    def widest(self) -> tuple[int, int] | None:
        """The same of all months, as if it had always held: for what is drawn over all of them."""
        return self.largest(self.months)

    def largest(self, months: range) -> tuple[int, int] | None:
        """Of these months the one in which ARR differs most, and by how much."""
        changes = [(month, self.change("ending", month)) for month in months]
        told = [(abs(cents), month, cents) for month, cents in changes if cents is not None]
        if not told:
            return None
        _, month, cents = max(told)
        return month, cents

    @property
    def leaves_months(self) -> bool:
        """Whether it leaves months of the book as they are."""
        return self.changed_months.start > self.months.start

    def moves_in(self, months: range) -> bool:
        """Whether any figure of the total is another one in one of these months of the book."""
        if self.book is None:
            return False
        places = slice(months.start - self.months.start, months.stop - self.months.start)
        pairs = zip(self.book["total"]["before"], self.book["total"]["after"], strict=True)
        return any(old[places] != new[places] for old, new in pairs)

    @cached_property
    def moves(self) -> bool:
        """Whether any figure of the numbers, or any metric, is another one after."""
        if any(each["moved"] for each in self.content["metrics"]):
            return True
        return self.moves_in(self.months)
