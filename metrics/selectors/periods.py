"""Months, quarters and years of a client's fiscal year, as the pages name them."""

from dataclasses import dataclass
from typing import Literal

from portal.lib.dates import month_text, quarter_text
from portal.lib.periods import month_format

Grain = Literal["month", "quarter", "year"]
MONTHS: dict[str, int] = {"month": 1, "quarter": 3, "year": 12}
MONTHS_BACK = 24
SHOWN_MONTHS = 12
"""How many months up to the newest are shown where nobody says otherwise."""


@dataclass(frozen=True)
class Period:
    """A run of months inside the asked range; `is_partial` where the range or the book cuts a quarter or year short."""

    key: str
    first: int
    last: int
    is_partial: bool = False


def periods_of(first: int, last: int, grain: Grain, fiscal_year_start: int = 1) -> list[Period]:
    """The periods that cover the months from `first` to `last`; the fiscal year is named after the year in which it ends."""
    periods: list[Period] = []
    month = first
    while month <= last:
        start = period_start(month, grain, fiscal_year_start)
        end = start + MONTHS[grain] - 1
        shown = (month, min(end, last))
        periods.append(Period(period_key(start, grain, fiscal_year_start), *shown, is_partial=shown != (start, end)))
        month = end + 1
    return periods


def quarters_over(this_month: int, fiscal_year_start: int) -> list[Period]:
    """The whole quarters of the last two years that are over in `this_month`, the newest first."""
    found = periods_of(this_month - MONTHS_BACK, this_month - 1, "quarter", fiscal_year_start)
    return [each for each in reversed(found) if not each.is_partial]


def period_start(month: int, grain: Grain, fiscal_year_start: int = 1) -> int:
    """The first month of the quarter or year in which a month lies."""
    return month - (month - (fiscal_year_start - 1)) % MONTHS[grain]


def period_key(start: int, grain: Grain, fiscal_year_start: int) -> str:
    """`2024-03`, `2024-Q1` or `2024`; with a fiscal year of its own `FY2024-Q1` and `FY2024`."""
    if grain == "month":
        return month_format(start)
    moved = start - (fiscal_year_start - 1)
    year = moved // 12 + (1 if fiscal_year_start > 1 else 0)
    prefix = "FY" if fiscal_year_start > 1 else ""
    return f"{prefix}{year}" if grain == "year" else f"{prefix}{year}-Q{moved % 12 // 3 + 1}"


def period_label(period: Period, grain: str, locale: str) -> str:
    """ "Oct 2026", "Q3 FY2027", "FY2027"; a cut period says so."""
    if grain == "month":
        return month_text(period.last, locale)
    label = quarter_text(period.key)
    return f"{label} (part)" if period.is_partial else label
