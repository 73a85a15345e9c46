"""Dates for the reader: "31 Dec 2025", in English as the pages are; relative time only ever beside the absolute one.

A client's locale decides how its figures are written and leaves dates alone, so that no sentence mixes two languages. Only a
reader who has chosen a locale of their own (`own_locale`) has dates in its language too.
"""

import re
from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale
from babel.dates import format_date, format_skeleton, format_timedelta

from portal.lib.money import DEFAULT_LOCALE, babel_locale

UTC = ZoneInfo("UTC")
OWN = "-x-own"  # a private subtag (BCP 47): the reader's own choice
YEAR_BACK = timedelta(days=366)
YEARS_AHEAD = timedelta(days=5 * 366)
ISO_DATE = re.compile(r"(?<![\w-])(?:\d{4}-\d{2}(?:-\d{2})?|(?:FY)?\d{4}-Q[1-4])(?![\w-])")


def own_locale(name: str) -> str:
    """A locale as somebody chose it for themselves, so that dates follow it as well; "" stays "": nothing was chosen."""
    return f"{name}{OWN}" if name else ""


def words_of(locale: str) -> Locale:
    """The language of dates: that of a locale that the reader chose, else plain English, in which September is "Sep"."""
    found = babel_locale(locale if locale.endswith(OWN) else DEFAULT_LOCALE)
    return babel_locale(DEFAULT_LOCALE) if found.language == "en" else found


@lru_cache(maxsize=4096)
def date_text(day: date, locale: str = DEFAULT_LOCALE) -> str:
    """A day: "31 Dec 2025", or the medium form of the reader's own locale."""
    words = words_of(locale)
    return format_date(day, "d MMM y", words) if words.language == "en" else format_skeleton("yMMMd", day, locale=words)


@lru_cache(maxsize=4096)
def month_text(month: int | date, locale: str = DEFAULT_LOCALE) -> str:
    """A month, "Dec 2025", from a day in it or from the integer `year * 12 + month - 1`."""
    if isinstance(month, int):
        year, zero_based = divmod(month, 12)
        month = date(year, zero_based + 1, 1)
    return format_skeleton("yMMM", month, locale=words_of(locale))


def quarter_text(key: str) -> str:
    """A fiscal quarter as people read it: "Q2 FY2027" for the key "FY2027-Q2", "Q1 2026" for "2026-Q1"."""
    year, _, quarter = key.partition("-")
    return f"{quarter} {year}" if quarter else key


def is_near(day: date, today: date) -> bool:
    """Whether a day that somebody plans something for is one that people mean: from a year ago to five years ahead.

    Days at the ends of the calendar cannot be shown in every time zone.
    """
    return today - YEAR_BACK <= day <= today + YEARS_AHEAD


@lru_cache(maxsize=256)
def time_zone(name: str) -> tzinfo:
    """The time zone of that name, or UTC when there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def instant_text(instant: datetime, locale: str = DEFAULT_LOCALE, zone: str = "UTC") -> str:
    """An instant in the reader's time zone, with the zone named: "31 Dec 2025, 14:05 UTC".

    At the very ends of the calendar, where that zone has no such day, in UTC.
    """
    try:
        local = instant.astimezone(time_zone(zone))
    except OverflowError:
        local = instant.astimezone(UTC)
    return f"{date_text(local.date(), locale)}, {local:%H:%M} {local.tzname()}"


def dated_text(text: str, locale: str = DEFAULT_LOCALE) -> str:
    """A sentence of ours with its ISO days, months and quarters as people read them: "no rate for 2025-12" → "… Dec 2025"."""
    return ISO_DATE.sub(lambda found: _iso_text(found[0], locale), text)


def _iso_text(written: str, locale: str) -> str:
    if "Q" in written:
        return quarter_text(written)
    try:
        if len(written) == len("2025-12"):
            return month_text(date.fromisoformat(f"{written}-01"), locale)
        return date_text(date.fromisoformat(written), locale)
    except ValueError:
        return written


def relative_text(then: datetime, now: datetime, locale: str = DEFAULT_LOCALE) -> str:
    """How long ago or ahead, "3 days ago"; `now` is passed in so that a page has one clock."""
    return format_timedelta(then - now, add_direction=True, locale=words_of(locale), threshold=1)
