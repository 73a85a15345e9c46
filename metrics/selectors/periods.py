"""Months, quarters and years of a client's fiscal year, as the pages name them."""

from dataclasses import dataclass
from typing import Literal

from portal.lib.periods import month_format

Grain = Literal["month", "quarter", "year"]
MONTHS: dict[str, int] = {"month": 1, "quarter": 3, "year": 12}


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
        start = month - (month - (fiscal_year_start - 1)) % MONTHS[grain]
        end = start + MONTHS[grain] - 1
        shown = (month, min(end, last))
        periods.append(Period(period_key(start, grain, fiscal_year_start), *shown, is_partial=shown != (start, end)))
        month = end + 1
    return periods


def period_key(start: int, grain: Grain, fiscal_year_start: int) -> str:
    """`2024-03`, `2024-Q1` or `2024`; with a fiscal year of its own `FY2024-Q1` and `FY2024`."""
    if grain == "month":
        return month_format(start)
    moved = start - (fiscal_year_start - 1)
    year = moved // 12 + (1 if fiscal_year_start > 1 else 0)
    prefix = "FY" if fiscal_year_start > 1 else ""
    return f"{prefix}{year}" if grain == "year" else f"{prefix}{year}-Q{moved % 12 // 3 + 1}"
