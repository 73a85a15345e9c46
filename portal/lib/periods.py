"""Calendar months as integers, so that month arithmetic is plain subtraction.

A month is ``year * 12 + month - 1`` (2024-01 is 24288): the difference of two months is their distance, and
``divmod`` gives both parts back. Nothing here reads the clock.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterator
from functools import lru_cache

MONTH_TEXT = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


def month_of(day: dt.date) -> int:
    """The month a day lies in."""
    return day.year * 12 + day.month - 1


def month_parse(text: str) -> int:
    """The month written ``YYYY-MM``; raises ``ValueError`` for anything else."""
    match = MONTH_TEXT.fullmatch(text)
    if match is None or match[1] == "0000":
        raise ValueError(f"not a month: {text!r}, expected YYYY-MM")
    return int(match[1]) * 12 + int(match[2]) - 1


@lru_cache(maxsize=4096)
def month_format(month: int) -> str:
    """``YYYY-MM`` of a month: a page names few months thousands of times."""
    year, index = divmod(month, 12)
    return f"{year:04d}-{index + 1:02d}"


def first_day(month: int) -> dt.date:
    """The first day of a month."""
    year, index = divmod(month, 12)
    return dt.date(year, index + 1, 1)


def last_day(month: int) -> dt.date:
    """The last day of a month, on which the state at month end is read."""
    year, index = divmod(month, 12)
    return dt.date(year, index + 1, calendar.monthrange(year, index + 1)[1])


def months_between(first: int, last: int) -> Iterator[int]:
    """Every month from ``first`` to ``last``, both included; nothing when ``last`` comes before ``first``."""
    return iter(range(first, last + 1))


def add_months(day: dt.date, months: int) -> dt.date:
    """A day moved by so many months; where the month has no such day, its last day (2024-01-31 + 1 month =
    2024-02-29).
    """
    target = month_of(day) + months
    end = last_day(target)
    return end if day.day >= end.day else end.replace(day=day.day)
