"""What another policy means for closed months: what a restatement would make of each, and the step where it takes effect.

`closed_effect(impact, from_month) -> ClosedEffect`. Runs in the client's scope.

A closed month keeps its numbers unless it is restated. Where months before `from_month` stay as they are and later ones follow
the other policy, the first of these begins elsewhere than the last of those ended: that is the adjustment.
"""

from dataclasses import dataclass
from typing import Final

from metrics.engine.bridge import TOTAL
from metrics.models import MonthClose
from metrics.selectors.figures import BRIDGE_COLUMNS, BridgeRow
from metrics.selectors.policy_impact import ImpactSide, PolicyImpact
from metrics.selectors.reported import Stored, stored_rows

MONEY: Final = 8  # the first columns of the bridge are amounts, the rest customers


@dataclass(frozen=True)
class ClosedFigure:
    """A figure of a closed month, in cents or customers (NRR and GRR: sums in cents), as reported and restated."""

    name: str
    reported: int
    restated: int


@dataclass(frozen=True)
class ClosedMonthEffect:
    """A closed month that would differ: ARR in cents as reported, as the contracts say now, and under the other policy.

    `figures` are those of the bridge and of retention that differ; `reason` says why the other policy has no figure.
    """

    month: int
    reported: int
    now: int | None
    restated: int | None
    figures: tuple[ClosedFigure, ...]
    reason: str


@dataclass(frozen=True)
class Adjustment:
    """The step at the month `month`: it begins with `restated`, where the month before ended with `reported`; cents.

    `at` is the month end that both are of: the one before `month`, or the newest of the book. `is_closed` says whether that was
    reported; else `reported` is what the contracts say now under the policy in force.
    """

    month: int
    at: int
    reported: int | None
    restated: int | None
    is_closed: bool
    reason: str

    @property
    def amount(self) -> int | None:
        """The adjustment in cents; None with a `reason`."""
        return None if self.reported is None or self.restated is None else self.restated - self.reported


@dataclass(frozen=True)
class ClosedEffect:
    """All closed months that would differ, in order, out of `count`; and the step at the month of effect."""

    count: int
    months: tuple[ClosedMonthEffect, ...]
    adjustment: Adjustment | None


def closed_effect(impact: PolicyImpact, from_month: int | None) -> ClosedEffect:
    """What becomes of closed months: each against the other policy, and the step at the month of effect (None: not asked).

    Reported is what was closed for the policy in force, in the newest revision.
    """
    stored = Stored.of(impact.client, impact.before.policy.recognition, {TOTAL}, None)
    rows = stored_rows(stored.rows, TOTAL, {})[TOTAL]
    reported = {close.month: cents_of(close, rows[close.month]) for close in stored.closes if close.month in rows}
    months = [month_effect(impact, month, reported[month]) for month in sorted(reported)]
    step = None if from_month is None else adjustment(impact, from_month, reported)
    return ClosedEffect(len(reported), tuple(each for each in months if each is not None), step)


def cents_of(close: MonthClose, groups: dict[str, BridgeRow]) -> dict[str, int]:
    """The total of a closed month in cents and customers, with its retention."""
    row = groups[""]
    figures = {name: getattr(row, name) for name in BRIDGE_COLUMNS}
    made = {name: int(value.scaleb(2)) for name, value in figures.items() if name in BRIDGE_COLUMNS[:MONEY]}
    made |= {name: int(figures[name]) for name in BRIDGE_COLUMNS[MONEY:]}
    kept = close.retention.get(TOTAL, {}).get("", {})
    return made | {name: int(kept.get(name, 0)) for name in ("base_cents", "now_cents", "kept_cents")}


def month_effect(impact: PolicyImpact, month: int, reported: dict[str, int]) -> ClosedMonthEffect | None:
    """One closed month; None where the other policy says what was reported."""
    after, before = impact.after, impact.before
    own = month in impact.months
    now = before.cents("ending", month) if own and not before.reason(month) else None
    reason = after.reason(month) if own else "The book does not go back to this month any more."
    if reason:
        return ClosedMonthEffect(month, reported["ending"], now, None, (), reason)
    names = [*BRIDGE_COLUMNS, *([] if unvalued(after, month) else ["base_cents", "now_cents", "kept_cents"])]
    figures = tuple(
        ClosedFigure(name, reported[name], after.cents(name, month))
        for name in names if reported[name] != after.cents(name, month)
    )  # fmt: skip
    if not figures:
        return None
    return ClosedMonthEffect(month, reported["ending"], now, after.cents("ending", month), figures, "")


def unvalued(side: ImpactSide, month: int) -> bool:
    """Whether the retention of a month cannot be valued."""
    return side.retention_from is None or month < side.retention_from


def adjustment(impact: PolicyImpact, from_month: int, reported: dict[int, dict[str, int]]) -> Adjustment:
    """The step between the month before the effect and the month of effect."""
    at = min(from_month - 1, impact.last)
    if at not in impact.months:
        return Adjustment(
            from_month, at, None, None, False, "There are no numbers before that month, so nothing steps."
        )
    reason = impact.after.reason(at)
    restated = None if reason else impact.after.cents("ending", at)
    if at in reported:
        return Adjustment(from_month, at, reported[at]["ending"], restated, True, reason)
    here = impact.before.reason(at)
    now = None if here else impact.before.cents("ending", at)
    return Adjustment(from_month, at, now, restated, False, reason or here)
