"""When a maintenance task is due: pure arithmetic on a client's calendar. Nothing here reads the clock.

- monthly: about a calendar month, open from the first day after it, due five days after the client's close day of the following
  month, or on its 15th where the client closes by hand;
- quarterly: about a quarter of the client's fiscal year, open from the first day after it, due at the end of the next month;
- first cycle: once, from 60 to 90 days after the launch;
- half-yearly: every six to twelve months, counted from the launch, then from the day on which the one before was settled.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from engagements.playbook.terms import Cadence
from metrics.selectors.periods import period_key
from portal.lib.periods import add_months, first_day, last_day, month_format, month_of

AFTER_CLOSE = timedelta(days=5)
CLOSED_BY_HAND = 15
FIRST_CYCLE = (timedelta(days=60), timedelta(days=90))
HALF_YEARLY = (6, 12)
QUARTER = 3


@dataclass(frozen=True)
class ClientCalendar:
    """What the due dates hang on: the month (1 to 12) in which the fiscal year begins, and the day months are closed on."""

    fiscal_year_start: int = 1
    close_day: int | None = None


@dataclass(frozen=True)
class Occurrence:
    """One time that a task is due. `place` tells it from the others of its task; `month` is the last one it is about."""

    place: int
    period: str
    month: int | None
    opens_on: date
    due_on: date


def month_due(month: int, calendar: ClientCalendar) -> date:
    """The day by which what is monthly is done for a month."""
    following = first_day(month + 1)
    if calendar.close_day is None:
        return following.replace(day=CLOSED_BY_HAND)
    return following.replace(day=calendar.close_day) + AFTER_CLOSE


def quarter_end(month: int, fiscal_year_start: int) -> int:
    """The last month of the fiscal quarter that a month lies in."""
    return month - (month - (fiscal_year_start - 1)) % QUARTER + QUARTER - 1


def occurrences(
    cadence: Cadence,
    calendar: ClientCalendar,
    *,
    launched_on: date,
    begins_on: date,
    horizon: date,
    settled: Sequence[date] = (),
) -> list[Occurrence]:
    """The times that a task is due, in order: those that open by the `horizon`, for periods that end on `begins_on` or later.

    `settled` are the days on which its earlier occurrences were settled, in order; only half-yearly tasks look at them.
    """
    if cadence == Cadence.MONTHLY:
        return [of_month(month, calendar) for month in range(month_of(begins_on), month_of(horizon))]
    if cadence == Cadence.QUARTERLY:
        first = quarter_end(month_of(begins_on), calendar.fiscal_year_start)
        return [of_quarter(month, calendar) for month in range(first, month_of(horizon), QUARTER)]
    if cadence == Cadence.FIRST_CYCLE:
        return [Occurrence(1, "First cycle", None, *(launched_on + days for days in FIRST_CYCLE))]
    return half_years(launched_on, settled)


def of_month(month: int, calendar: ClientCalendar) -> Occurrence:
    """The check of a month."""
    return Occurrence(month, month_format(month), month, first_day(month + 1), month_due(month, calendar))


def of_quarter(last: int, calendar: ClientCalendar) -> Occurrence:
    """The check of the fiscal quarter that ends with a month."""
    start = calendar.fiscal_year_start
    name = period_key(last - QUARTER + 1, "quarter", start)
    return Occurrence(last, name, last, first_day(last + 1), last_day(last + 1))


def half_years(launched_on: date, settled: Sequence[date]) -> list[Occurrence]:
    """Those that were settled, and the one that comes next."""
    starts = [launched_on, *settled]
    return [
        Occurrence(place, f"Review {place}", None, *(add_months(day, months) for months in HALF_YEARLY))
        for place, day in enumerate(starts, start=1)
    ]
