"""When hypercare is over: pure, so that the rule can be read and tried. Time and figures are passed in.

It lasts the fewest weeks that the playbook names, and until one month end since its beginning is closed and reconciled. Where
that first reconciliation is further apart than the playbook allows, it lasts so many weeks longer, from the later of the two.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from portal.lib.periods import last_day, month_format, month_of


@dataclass(frozen=True)
class HypercareRule:
    """Fewest weeks; the variance in per cent above which it is extended, and by how many weeks."""

    weeks: int
    extend_above: Decimal | None = None
    extend_weeks: int = 0


@dataclass(frozen=True)
class FirstClose:
    """The first month end of hypercare that was closed: when, and how far the sources were apart (0.05 is 5 %).

    `reason` says why there is no variance.
    """

    month: int
    closed_on: date
    variance: Decimal | None
    reason: str = ""


@dataclass(frozen=True)
class HypercareNow:
    """Where hypercare stands on a day. `until` is its last day, the earliest possible one while the month end is missing."""

    begins_on: date
    until: date
    is_over: bool
    is_extended: bool
    sentence: str
    plain: str = ""  # the sentence for whoever may not see figures, where it holds one


def hypercare_now(
    rule: HypercareRule, begins_on: date, first: FirstClose | None, today: date, held_until: date | None = None
) -> HypercareNow:
    """Whether it is over on a day, and why in words. `held_until`: people said that it lasts at least until then."""
    fewest = begins_on + timedelta(weeks=rule.weeks)
    if first is None:
        month = month_of(begins_on)
        until = max(fewest, last_day(month), held_until or fewest)
        text = (
            f"Hypercare lasts until {until}, and until a month end since {begins_on} is closed and reconciled; "
            f"the first is that of {month_format(month)}."
        )
        return HypercareNow(begins_on, until, False, False, text)
    month_name = month_format(first.month)
    if first.variance is None:
        until = max(fewest, first.closed_on, held_until or fewest)
        text = (
            f"{month_name} is closed, but not reconciled: {first.reason.rstrip('.')}. Until it is, hypercare goes on."
        )
        return HypercareNow(begins_on, until, False, False, text)
    off = f"{abs(first.variance) * 100:.2f}%"
    until, is_extended = max(fewest, first.closed_on), False
    if rule.extend_above is not None and abs(first.variance) * 100 > rule.extend_above:
        until, is_extended = until + timedelta(weeks=rule.extend_weeks), True
        why = (
            f"The first reconciliation, of {month_name}, was {off} off, above {rule.extend_above}%: "
            f"hypercare lasts {weeks_text(rule.extend_weeks)} longer"
        )
        plain = why.replace(f"{off} off, ", "")
    else:
        why = f"{month_name} is closed and was {off} off at its first reconciliation"
        plain = f"{month_name} is closed and reconciled"
    until = max(until, held_until or until)
    is_over = today > until
    end = f"it ended on {until}" if is_over else f"until {until}" if is_extended else f"hypercare lasts until {until}"
    joint = "," if is_extended else ";"
    return HypercareNow(begins_on, until, is_over, is_extended, f"{why}{joint} {end}.", f"{plain}{joint} {end}.")


def weeks_text(weeks: int) -> str:
    """So many weeks in words."""
    return "one week" if weeks == 1 else "two weeks" if weeks == 2 else f"{weeks} weeks"
