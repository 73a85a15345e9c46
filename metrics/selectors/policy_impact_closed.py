"""What another policy means for closed months: what a restatement would make of each, and the step where it takes effect.

`closed_effect(impact, from_month, is_restating=…) -> ClosedEffect`. Runs in the client's scope.

A closed month keeps its numbers unless it is restated. Where months before `from_month` stay as they are and later ones follow
the other policy, the first of these begins elsewhere than the last of those ended: that is the adjustment.
"""

from dataclasses import dataclass
from typing import Final

from metrics.engine.bridge import TOTAL
from metrics.models import MonthClose
from metrics.selectors.close_rows import Stored
from metrics.selectors.figures import BRIDGE_COLUMNS, BridgeRow
from metrics.selectors.policy_impact import ImpactSide, PolicyImpact
from metrics.selectors.policy_impact_restated import Books, MostRestated, most_restated, restated_months
from metrics.selectors.reported import stored_rows

GONE: Final = "The book does not go back to this month any more."
MONEY: Final = 8  # the first columns of the bridge are amounts, the rest customers


@dataclass(frozen=True)
class ClosedFigure:
    """A figure of a closed month on the contracts of now under both policies: cents or customers; NRR and GRR as sums."""

    name: str
    before: int
    after: int


@dataclass(frozen=True)
class ClosedMonthEffect:
    """A closed month that the other policy tells otherwise, or that is restated under it: ARR in cents as reported, and on the
    contracts of now under both.

    `restated - now` is what the other policy does; `now - reported` is there already, for other reasons. `figures` are those
    of the bridge and of retention that the policy moves; `reason` says why one of the two has no figure. `is_restated` says
    whether it would be closed again, for whatever reason; `differs` names the figures that then differ from what was reported.
    """

    month: int
    reported: int
    now: int | None
    restated: int | None
    figures: tuple[ClosedFigure, ...]
    reason: str
    is_restated: bool
    differs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Apart:
    """Closed months that differ from what was reported of them already under the policy in force.

    `month` is the one in which ARR does most, by `amount` in cents.
    """

    count: int
    month: int
    amount: int


@dataclass(frozen=True)
class Adjustment:
    """The step at the month `month`: it begins with `restated`, where the month before ended with `reported`; cents.

    `at` is the month end that both are of: the one before `month`, or the newest of the book. `is_closed` says whether that was
    reported; else `reported` is what the contracts say now under the policy in force, as `now` is in any case.
    """

    month: int
    at: int
    reported: int | None
    now: int | None
    restated: int | None
    is_closed: bool
    reason: str

    @property
    def amount(self) -> int | None:
        """The adjustment in cents; None with a `reason`."""
        return None if self.reported is None or self.restated is None else self.restated - self.reported


@dataclass(frozen=True)
class ClosedEffect:
    """All closed months that the other policy tells otherwise, in order, out of `count`; and the step at the month of effect.

    `apart` are the closed months from the month of effect on that differ for other reasons, `books` what a restatement moves
    most in ARR, CARR and LARR.
    """

    count: int
    months: tuple[ClosedMonthEffect, ...]
    adjustment: Adjustment | None
    apart: Apart | None
    books: tuple[MostRestated, ...] = ()


def closed_effect(impact: PolicyImpact, from_month: int | None, *, is_restating: bool = False) -> ClosedEffect:
    """What becomes of closed months: each against the other policy, and the step at the month of effect (None: not asked).

    Reported is what was closed for the policy in force, in the newest revision.
    """
    stored = Stored.of(impact.client, impact.before.policy.recognition, TOTAL, {}, None)
    rows = stored_rows(stored.rows, TOTAL, {})[TOTAL]
    reported = {
        close.month: cents_of(stored, close, rows[close.month]) for close in stored.closes if close.month in rows
    }
    since, books = from_month if is_restating else None, Books(impact)
    restated = restated_months(impact, reported, since, books)
    months = [month_effect(impact, month, reported[month], is_restated=month in restated) for month in sorted(reported)]
    step = None if from_month is None else adjustment(impact, from_month, reported)
    later = {month: figures for month, figures in reported.items() if from_month is None or month >= from_month}
    told = tuple(each for each in months if each is not None)
    return ClosedEffect(len(reported), told, step, apart(impact, later), most_restated(impact, since, books))


def cents_of(stored: Stored, close: MonthClose, groups: dict[str, BridgeRow]) -> dict[str, int]:
    """The total of a closed month in cents and customers, with its retention."""
    row = groups[""]
    figures = {name: getattr(row, name) for name in BRIDGE_COLUMNS}
    made = {name: int(value.scaleb(2)) for name, value in figures.items() if name in BRIDGE_COLUMNS[:MONEY]}
    made |= {name: int(figures[name]) for name in BRIDGE_COLUMNS[MONEY:]}
    kept = stored.retention[close.pk].get(TOTAL, {}).get("", {})
    return made | {name: int(kept.get(name, 0)) for name in ("base_cents", "now_cents", "kept_cents")}


def month_effect(
    impact: PolicyImpact, month: int, reported: dict[str, int], *, is_restated: bool
) -> ClosedMonthEffect | None:
    """One closed month; None where nothing restates it and the other policy says what the one in force does."""
    after, before = impact.after, impact.before
    own = month in impact.months
    now = before.cents("ending", month) if own and not before.reason(month) else None
    reason = after.reason(month) or before.reason(month) if own else GONE
    if reason:
        return ClosedMonthEffect(month, reported["ending"], now, None, (), reason, is_restated)
    figures = tuple(
        ClosedFigure(name, before.cents(name, month), after.cents(name, month))
        for name in figure_names(impact, month) if before.cents(name, month) != after.cents(name, month)
    )  # fmt: skip
    if not figures and not is_restated:
        return None
    restated, names = after.cents("ending", month), figure_names(impact, month) if is_restated else ()
    differs = tuple(name for name in names if reported[name] != after.cents(name, month))
    return ClosedMonthEffect(month, reported["ending"], now, restated, figures, "", is_restated, differs)


def apart(impact: PolicyImpact, reported: dict[int, dict[str, int]]) -> Apart | None:
    """The closed months of which the contracts say something else now than was reported, under the policy in force."""
    before = impact.before
    found = [
        month for month, figures in reported.items()
        if month in impact.months and not before.reason(month)
        and any(figures[name] != before.cents(name, month) for name in figure_names(impact, month))
    ]  # fmt: skip
    by = {month: before.cents("ending", month) - reported[month]["ending"] for month in found}
    if not found:
        return None
    most = max(found, key=lambda month: (abs(by[month]), month))
    return Apart(len(found), most, by[most])


def figure_names(impact: PolicyImpact, month: int) -> list[str]:
    """The figures by which a closed month is compared: those of retention where both policies have it."""
    if unvalued(impact.before, month) or unvalued(impact.after, month):
        return list(BRIDGE_COLUMNS)
    return [*BRIDGE_COLUMNS, "base_cents", "now_cents", "kept_cents"]


def unvalued(side: ImpactSide, month: int) -> bool:
    """Whether the retention of a month cannot be valued."""
    return side.retention_from is None or month < side.retention_from


def adjustment(impact: PolicyImpact, from_month: int, reported: dict[int, dict[str, int]]) -> Adjustment:
    """The step between the month before the effect and the month of effect."""
    at = min(from_month - 1, impact.last)
    if at not in impact.months:
        return Adjustment(
            from_month, at, None, None, None, False, "There are no numbers before that month, so nothing steps."
        )
    reason, here = impact.after.reason(at), impact.before.reason(at)
    # What the month of effect begins with: before the first close, months end with what neither policy changes.
    begins = ("beginning", from_month) if from_month in impact.months else ("ending", at)
    restated = None if reason else impact.after.cents(*begins)
    now = None if here else impact.before.cents("ending", at)
    if at in reported:
        return Adjustment(from_month, at, reported[at]["ending"], now, restated, True, reason)
    return Adjustment(from_month, at, now, now, restated, False, reason or here)
