"""The endings of a bridge as a line: as restated beside as reported, and broken where another definition begins."""

from decimal import Decimal
from typing import Any

from metrics.break_text import source_words
from metrics.selectors.figures import Bridge
from metrics.selectors.periods import period_label
from portal.lib.money import EXPONENTS, Scale, figure_style, money_text
from reporting.break_notes import Notes


def trend_chart(
    bridge: Bridge, notes: Notes, grain: str, *, unit: str, locale: str, scale: Scale
) -> dict[str, Any] | None:
    """The endings as a line, where they are not all of one definition; None where the table says all there is."""
    if len(bridge.totals) < 2 or not (notes.breaks or is_restated(bridge)):
        return None
    labels = [period_label(row.period, grain, locale) for row in bridge.totals]
    return trend(bridge, notes, unit=unit, locale=locale, labels=labels, scale=scale)


def is_restated(bridge: Bridge) -> bool:
    """Whether what was reported first stands beside any period."""
    return any(row.as_reported for row in bridge.totals)


def trend(bridge: Bridge, notes: Notes, *, unit: str, locale: str, labels: list[str], scale: Scale) -> dict[str, Any]:
    """A chart for `static/js/charts.js`: the endings, what was reported of restated ones, and at each break of all customers
    the month before under the new definition.
    """
    label, currency = bridge.head.label, bridge.head.currency
    endings: list[Decimal | None] = [row.ending for row in bridge.totals]
    lines = [(f"{label} as restated" if is_restated(bridge) else label, "accent", endings)]
    first = [(row.as_reported or row).ending for row in bridge.totals]
    if is_restated(bridge):
        lines.append((f"{label} as reported", "neutral", [*first]))
    moved = [
        (at, row.ending - then)
        for at, row, then in zip(labels, bridge.totals, first, strict=True)
        if row.ending != then
    ]
    if any(new := under_new(bridge, notes)):
        lines.append(("Month before, under the new definition", "fx", new))
    series = [
        {
            "name": name,
            "role": role,
            "values": [None if amount is None else str(amount) for amount in amounts],
            "texts": [
                "" if amount is None else money_text(amount, currency, locale, scale=scale) for amount in amounts
            ],
        }
        for name, role, amounts in lines
    ]
    marks = [
        {"at": place, "text": ", ".join(source_words(each) for each in found)}
        for place, row in enumerate(bridge.totals)
        if (found := notes.breaks_in(row.period))
    ]
    broken = [at for at, row in zip(labels, bridge.totals, strict=True) if notes.breaks_in(row.period)]
    in_force = any(each.was_open for each in notes.breaks)
    chart = {"id": "trend-chart", "kind": "lines", "labels": labels, "series": series, "breaks": marks}
    return chart | {
        "title": title_of(
            label, said_moved(moved, currency, locale), broken, is_restated=is_restated(bridge), in_force=in_force
        ),
        "unit": unit,
        "locale": locale,
        "separators": figure_style(locale).separators,
        "exponent": EXPONENTS[scale],
        "from_zero": False,
    }


def under_new(bridge: Bridge, notes: Notes) -> list[Decimal | None]:
    """By period what it ends with under the definition that begins after it, joined to the period in which it begins."""
    found: list[Decimal | None] = [None] * len(bridge.totals)
    for place, row in enumerate(bridge.totals[1:], 1):
        for each in () if notes.is_filtered else notes.breaks_in(row.period):
            if each.month == row.period.first:
                found[place - 1], found[place] = each.under_new, row.ending
    return found


def said_moved(moved: list[tuple[str, Decimal]], currency: str, locale: str) -> str:
    """What restatements changed, by how much at most; empty where no ending is another one than was reported."""
    if not moved:
        return ""
    at, most = max(moved, key=lambda each: abs(each[1]))
    amount = f"{money_text(most, currency, locale, plus=True)} {currency}"
    return (
        f"of {at} was restated by {amount}"
        if len(moved) == 1
        else f"was restated in {len(moved)} periods, most in {at}: by {amount}"
    )


def title_of(label: str, moved: str, broken: list[str], *, is_restated: bool, in_force: bool = False) -> str:
    """What the chart finds, in words; `in_force` where the months told by the definition in force begin."""
    begins = f"another definition begins in {' and in '.join(broken)}" if broken else ""
    if in_force and broken:
        begins = f"the definition in force tells {broken[0]} and later"
    if is_restated:
        found = f"{label} {moved}" if moved else f"{label} ends as it was reported, whatever was restated"
        return f"{found}; {begins}" if begins else found
    return begins[:1].upper() + begins[1:] if begins else f"{label} by period"
