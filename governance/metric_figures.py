"""Figures of metrics as text: money in its currency's places, shares as per cent, everything else with what it counts."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from governance.metric_content import CHOICES, Content
from governance.selectors.metric_values import Point, places_of, rounded
from governance.thresholds import LIMITS, Verdict, threshold_read
from metrics.formula.words import formula_words
from portal.lib.dates import dated_text, month_text
from portal.lib.money import money_text, number_text, percent_text

ONE_OF: Final = {"customers": "customer", "deals": "deal", "leads": "lead"}
BASES: Final = {"previous": "the month before", "last_year": "the same month of the year before"}


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


def unit_words(unit: str, currency: str, value: Decimal | None = None) -> str:
    """What figures are of, in the head of a column or beside a `value`: "3 customers", and "1 customer"."""
    if unit in ("percent", "ratio"):
        return "" if unit == "percent" else "times"
    if unit.split(" ")[0] == "money":
        return currency + unit.removeprefix("money")
    return ONE_OF.get(unit, unit) if value is not None and abs(value) == 1 else unit


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


def threshold_words(text: str, better: str, unit: str, currency: str, locale: str, labels: Mapping[str, str]) -> str:
    """A threshold as people read it, with the side that is beyond it; a fixed one in its metric's own unit."""
    threshold = threshold_read(text)
    if threshold.kind == "figure":
        side = {"up": "below", "down": "above", "none": "further from 0 than"}[better]
        return f"{side} {figure_text(threshold.number, unit, currency, locale)}"
    side = {"up": "below", "down": "above", "none": "away from"}[better]
    number = number_text(threshold.number, locale, places=max(0, -int(threshold.number.as_tuple().exponent)))
    if threshold.kind == "share":
        base = BASES.get(threshold.base) or f"its target, {labels.get(threshold.base, threshold.base)}"
        return f"more than {number}% {side} {base}" if threshold.number else f"{side} {base}"
    tail = ", seasons and growth left out" if threshold.base else ""
    return f"more than {number} deviation{'' if threshold.number == 1 else 's'} {side} its last twelve months{tail}"


def limit_text(content: Content, name: str, currency: str, locale: str, labels: Mapping[str, str]) -> str:
    """A metric's threshold (`warn_at`, `alert_at`) as people read it."""
    return threshold_words(content[name], content["better"], content["unit"], currency, locale, labels)


def field_text(content: Content, name: str, currency: str, locale: str, labels: Mapping[str, str]) -> str:
    """A field of a metric's content as people read it: a threshold, a formula and a choice in words, all else as it is; empty
    where it says nothing.
    """
    value = content.get(name) or ""
    if name == "formula":
        return formula_words(value, labels)
    if name in CHOICES:
        return CHOICES[name].get(value, value)
    return limit_text(content, name, currency, locale, labels) if value and name in LIMITS.values() else value


def verdict_text(verdict: Verdict, content: Content, currency: str, locale: str, labels: Mapping[str, str]) -> str:
    """What a value is beyond: the threshold, and where that lay in the month, if it follows something else."""
    name = LIMITS[verdict.level]
    rule, unit = limit_text(content, name, currency, locale, labels), content["unit"]
    if verdict.limit is None or threshold_read(content[name]).kind == "figure":
        return rule
    limit = rounded(verdict.limit, places_of(unit, currency))
    return f"{verdict.side} {figure_text(limit, unit, currency, locale)}, {rule}"
