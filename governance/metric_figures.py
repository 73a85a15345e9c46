"""Figures of metrics as text: money in its currency's places, shares as per cent, everything else with what it counts."""

from decimal import Decimal
from typing import Final

from governance.metric_content import Content
from governance.selectors.metric_values import Point
from portal.lib.dates import dated_text, month_text
from portal.lib.money import money_text, number_text, percent_text

LIMITS: Final = {"alert": "alert_at", "warn": "warn_at"}
"""By level, the more serious first, the threshold that it is beyond."""


def figure_text(value: Decimal, unit: str, currency: str, locale: str, *, plus: bool = False, more: int = 0) -> str:
    """A value in the reader's separators, rounded for display; what it is of stands beside it (`unit_words`).

    `more` digits than usual, except of money, tell two values apart that would read the same.
    """
    if unit.split(" ")[0] == "money":
        return money_text(value, currency, locale, plus=plus)
    if unit == "percent":
        return percent_text(value, locale, places=1 + more, plus=plus)
    places = 2 if unit == "ratio" else 1 if unit in ("months", "days") else 0
    if places == 0 and value != value.to_integral_value():
        places = 1
    return number_text(value, locale, places=places + more, plus=plus)


def change_text(difference: Decimal, unit: str, currency: str, locale: str) -> str:
    """How far two values lie apart, with its sign: shares in percentage points, everything else in its own unit."""
    if unit == "percent":
        return f"{number_text(difference * 100, locale, places=1, plus=True)} points"
    return figure_text(difference, unit, currency, locale, plus=True)


def unit_words(unit: str, currency: str) -> str:
    """What a figure is of, beside it or in the head of its column."""
    if unit in ("percent", "ratio"):
        return "" if unit == "percent" else "times"
    return currency + unit.removeprefix("money") if unit.split(" ")[0] == "money" else unit


def point_shown(point: Point, unit: str, currency: str, locale: str) -> dict[str, object]:
    """A point for a template: text, or the reason why there is none, and what was reported before a restatement."""
    text = "" if point.value is None else figure_text(point.value, unit, currency, locale)
    before = point_shown(point.reported, unit, currency, locale)["text"] if point.reported else ""
    return {
        "month": point.month,
        "label": month_text(point.month, locale),
        "text": text,
        "reason": point.reason,
        "reported": f"as reported {before or 'no value'}" if point.reported else "",
        "point": point,
    }


def sentence(text: str) -> str:
    """A reason as a sentence of a page, its days and months as people read them."""
    return dated_text(f"{text[:1].upper()}{text[1:]}.") if text else ""


def is_beyond(value: Decimal, limit: Decimal, better: str) -> bool:
    """Whether a value is beyond a threshold; where neither side is better, in either direction."""
    if better == "none":
        return bool(abs(value) > limit)
    return bool(value < limit if better == "up" else value > limit)


def level_at(value: Decimal | None, content: Content) -> str:
    """The most serious threshold of a metric that a value is beyond, on the side that is bad: `alert` or `warn`; else empty."""
    if value is None:
        return ""
    for level, name in LIMITS.items():
        if content[name] and is_beyond(value, Decimal(content[name]), content["better"]):
            return level
    return ""


def limit_text(content: Content, name: str, currency: str, locale: str) -> str:
    """A metric's threshold (`warn_at`, `alert_at`) in its own unit, with the side that is beyond it."""
    side = {"up": "below", "down": "above", "none": "further from 0 than"}[content["better"]]
    return f"{side} {figure_text(Decimal(content[name]), content['unit'], currency, locale)}"
