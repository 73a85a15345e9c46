"""The bridge as the page shows it: a table whose every figure leads to why, and a waterfall whose title says the finding."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import Any

from metrics.break_text import months_words
from metrics.selectors.drill import months_behind
from metrics.selectors.figures import ZERO, Bridge, BridgeRow
from metrics.selectors.periods import Period, period_label
from metrics.selectors.reported import merged
from portal.lib.money import EXPONENTS, Scale, figure_style, is_rounded, money_text
from portal.lib.periods import month_format
from reporting.arr_query import ArrQuery
from reporting.break_notes import Notes

LABELS = {
    "beginning": "Beginning",
    "adjustment": "Prior-period adjustment",
    "new": "New",
    "reactivation": "Reactivation",
    "expansion": "Expansion",
    "contraction": "Contraction",
    "churn": "Churn",
    "fx": "FX",
    "ending": "Ending",
}
SHORT = {
    "beginning": "Begin",
    "adjustment": "Prior adj.",
    "reactivation": "React.",
    "expansion": "Exp.",
    "contraction": "Contr.",
    "ending": "End",
}
COUNT_LABELS = {
    "customers_beginning": "Customers at the beginning",
    "customers_new": "New customers",
    "customers_churned": "Lost customers",
    "customers_reactivated": "Returning customers",
    "customers_ending": "Customers",
}
STANDS = ("beginning", "ending")
AS_REPORTED = "as reported"
ROUNDED = "Shown in {}, each figure rounded for itself: parts may differ from their total in the last digit."
STATED = {"closed": "as closed", "mixed": "partly closed"}


def span_text(first: int, last: int) -> str:
    """Months as addresses write them: `2026-01:2026-03`."""
    return f"{month_format(first)}:{month_format(last)}"


def why_cell(query: ArrQuery, base: str, span: tuple[int, int], column: str, of: tuple[str, str] | None = None) -> str:
    """The address of the drawer that explains one figure, of one group (dimension, value) or of all."""
    more = {"why": f"cell:{span_text(*span)}:{column}"} | ({"of": of[0], "group": of[1]} if of else {})
    return query.address(base, **more)


def customer_url(query: ArrQuery, base: str, month: int, customer: str) -> str:
    """The address of the drawer that explains one customer."""
    return query.address(base, why=f"customer:{month_format(month)}:{customer}")


def moves_url(
    query: ArrQuery, base: str, span: tuple[int, int], column: str, customer: str, of: tuple[str, str] | None = None
) -> str:
    """The address of the drawer that explains one customer's part of a figure: of a movement month by month, where its span
    has several months, or it has more to say than the lines of one (`net_change`); of a balance, the month that it is read in.
    """
    months = months_behind(column, *span)
    if len(months) == 1 and column != "net_change":
        return customer_url(query, base, months[0], customer)
    more = {"why": f"moves:{span_text(*span)}:{column}:{customer}"} | ({"of": of[0], "group": of[1]} if of else {})
    return query.address(base, **more)


def bridge_table(
    bridge: Bridge, query: ArrQuery, base: str, notes: Notes | None = None, *, unit: str, locale: str
) -> dict[str, Any]:
    """The table of `_partials/table.html`: periods down, movements across, totals below.

    Under each figure of a restated period stands what was reported first, where that is another one.
    """
    notes = notes or Notes()
    whole = whole_of(bridge.totals) if bridge.totals else None
    names = columns_of([*bridge.totals, *([whole] if whole else [])])
    grouped = bridge.dimension != "total"
    columns = figure_columns("Period", names, bridge.dimension.title() if grouped else "")
    if len(query.filters.get("product", ())) > 1:
        columns[-1]["help"] = "A customer of several of the chosen products is counted in each"
    signs = notes.signs(bridge.periods)
    rows = [
        bridge_row(row, names, query, base, locale, place, signs)
        | {"is_break": notes.begins_in(row.period), "is_restated": row.as_reported is not None}
        for place, row in enumerate(bridge.rows)
    ]
    return {
        "id": "bridge",
        "caption": f"Bridge by {bridge.dimension}" if grouped else "Bridge",
        "unit": unit,
        "columns": columns,
        "rows": rows,
        "total": {"id": "total", "is_restated": whole is not None and whole.as_reported is not None}
        | {"cells": total_cells(whole, names, query, base, grouped=grouped)},
        "tall": len(rows) > 14,
        "note": rounding_note([*bridge.rows, *([whole] if whole else [])], names, query.scale),
    }


def rounding_note(rows: Iterable[object], names: Sequence[str], scale: Scale) -> str:
    """That figures of some rows, each rounded for itself, may not add up as they are shown; empty where none is rounded."""
    is_told = any(is_rounded(getattr(row, name), scale) for row in rows for name in names)
    return ROUNDED.format("thousands" if scale == "thousands" else "millions") if is_told else ""


def figure_columns(first: str, names: Sequence[str], group: str = "") -> list[dict[str, Any]]:
    """The columns of the table and of the rows that open under one of its rows; on a phone the ending stays in sight."""
    columns: list[dict[str, Any]] = [{"label": first, "kind": "text"}]
    columns += [{"label": group, "kind": "text"}] if group else []
    columns += [figure_column(LABELS[name], name) for name in names]
    return [*columns, {"label": "Customers", "kind": "count"}]


def figure_column(label: str, name: str) -> dict[str, Any]:
    """The column of an amount."""
    return {"label": label, "kind": "money" if name in STANDS else "signed", "stays": name == "ending"}


def bridge_row(
    row: BridgeRow,
    names: Sequence[str],
    query: ArrQuery,
    base: str,
    locale: str,
    place: int,
    signs: Mapping[str, str],
) -> dict[str, Any]:
    """One row of the table, with the signs of its period's footnotes; of an unsplit bridge it opens into its segments."""
    note = reported_note(row, names) or STATED.get(row.state, "")
    label = {"value": period_label(row.period, query.grain, locale), "note": note}
    label |= {"mark": signs.get(row.period.key, "")}
    made: dict[str, Any] = {"id": f"bridge-{place}"}
    if query.by != "total":
        label["beside"] = row.group  # on a phone the column that says it lies under the two that stay in sight
        return made | {"cells": [label, row.group, *figure_cells(row, names, query, base, query.by)]}
    asked = {"span": span_text(row.period.first, row.period.last), "parent": made["id"]}
    asked |= {"adjusted": "yes"} if "adjustment" in names else {}
    made["children_url"] = query.address(f"{base}rows/", **asked)
    return made | {"cells": [label, *figure_cells(row, names, query, base)]}


def segment_rows(bridge: Bridge, names: Sequence[str], query: ArrQuery, base: str) -> list[dict[str, Any]]:
    """The rows under a period, one for each value of the bridge's dimension, in the columns of the period's own row."""
    return [
        {
            "id": row.group,
            "is_restated": row.as_reported is not None,
            "cells": [
                {"value": row.group, "note": reported_note(row, names)},
                *figure_cells(row, names, query, base, bridge.dimension),
            ],
        }
        for row in bridge.rows
    ]


def figure_cells(
    row: BridgeRow, names: Sequence[str], query: ArrQuery, base: str, dimension: str = "total"
) -> list[dict[str, Any]]:
    """The figures of a row; each leads to its customers, zeros lead nowhere. `reported` is what a restated one was."""
    span = (row.period.first, row.period.last)
    of = (dimension, row.group) if dimension != "total" else None
    return [
        {"value": figure, "href": why_cell(query, base, span, name, of) if figure else "", "reported": before}
        for name, figure, before in figures_of(row, [*names, "customers_ending"])
    ]


def figures_of(row: BridgeRow, names: Sequence[str]) -> list[tuple[str, Any, Any]]:
    """Name, figure, and what was reported first in its place; None where that is the same."""
    first = row.as_reported or row
    found = [(name, getattr(row, name), getattr(first, name)) for name in names]
    return [(name, figure, None if before == figure else before) for name, figure, before in found]


def reported_note(row: BridgeRow, names: Sequence[str]) -> str:
    """The label of the figures under those of a row, which were reported first; empty where no figure is another one."""
    told = figures_of(row, [*names, "customers_ending"])
    return AS_REPORTED if any(before is not None for *_, before in told) else ""


def columns_of(rows: Sequence[BridgeRow]) -> list[str]:
    """The columns of some rows; the adjustment stands there only where there is one, or was one as reported."""
    adjusted = any(row.adjustment or (row.as_reported and row.as_reported.adjustment) for row in rows)
    return [name for name in LABELS if name != "adjustment" or adjusted]


def total_cells(
    whole: BridgeRow | None, names: Sequence[str], query: ArrQuery, base: str, *, grouped: bool
) -> list[Any]:
    """The row of the whole span."""
    if whole is None:
        return []
    label = {"value": "All periods", "note": reported_note(whole, names)}
    return [label, *([""] if grouped else []), *figure_cells(whole, names, query, base)]


def whole_of(rows: Sequence[BridgeRow]) -> BridgeRow:
    """Consecutive periods in one row: it begins where the first one begins and ends where the last one ends; as reported too,
    unless the rows do not go on from each other as reported, because nobody kept it of one of them.
    """
    whole = spanned(rows)
    firsts = [row.as_reported or row for row in rows]
    is_told = any(row.as_reported for row in rows)
    is_told = is_told and all(now.beginning == before.ending for before, now in pairwise(firsts))
    return replace(whole, as_reported=spanned(firsts)) if is_told else whole


def spanned(rows: Sequence[BridgeRow]) -> BridgeRow:
    """The sums of some rows, the beginning of the first and the ending of the last."""
    span = Period("", rows[0].period.first, rows[-1].period.last)
    return replace(merged(list(rows), span), adjustment=sum((row.adjustment for row in rows), ZERO))


def waterfall(
    bridge: Bridge, query: ArrQuery, base: str, notes: Notes | None = None, *, title: str, unit: str, locale: str
) -> dict[str, Any]:
    """The whole span as steps from beginning to ending, for `static/js/charts.js`; its note says what of it was restated.

    A prior-period adjustment over a changed definition says its parts, where it is known what of it corrected contracts make.
    """
    notes = notes or Notes()
    whole = whole_of(bridge.totals)
    names = columns_of([replace(whole, as_reported=None)])
    span, currency = (whole.period.first, whole.period.last), bridge.head.currency
    steps = []
    for name, amount, before in figures_of(whole, names):
        url = why_cell(query, base, span, name)
        made = step(name, amount, query, url, currency, locale, before)
        parts = notes.parts_of_adjustment(amount) if name == "adjustment" else None
        steps.append(made if parts is None else made | {"parts": parts_text(parts, query, currency, locale)})
    exponent = EXPONENTS[query.scale]
    chart = {"id": "bridge-chart", "kind": "bridge", "title": title, "unit": unit, "steps": steps}
    is_open = bridge.totals[-1].state != "closed"
    note = restated_note(whole, notes, currency, locale, is_open=is_open)
    chart |= {"mark": notes.signs_between(*span), "note": note}
    return chart | {"locale": locale, "separators": figure_style(locale).separators, "exponent": exponent}


def restated_note(whole: BridgeRow, notes: Notes, currency: str, locale: str, *, is_open: bool) -> str:
    """Which months of a chart are as restated, and what it ends with both ways; an open month was never reported."""
    if not notes.restated:
        return ""
    named = months_words(notes.restated, locale)
    if whole.as_reported is None:
        return f"{named} restated; what was reported of these customers was not kept"
    now, then = (money_text(row.ending, currency, locale) for row in (whole, whole.as_reported))
    if now == then and is_open:
        return f"{named} as restated; it ends with an open month, as the contracts stand now"
    if now == then:
        return f"{named} as restated; it ends as reported"
    return f"{named} as restated: it ends with {now} {currency}, as reported with {then} {currency}"


def parts_text(parts: tuple[Decimal, Decimal], query: ArrQuery, currency: str, locale: str) -> str:
    """What changed definitions and what corrected contracts make of an adjustment; nothing is said of a part that is 0."""
    words = zip(("changed definition", "corrected contracts"), parts, strict=True)
    made = [(word, money_text(part, currency, locale, scale=query.scale, plus=True)) for word, part in words if part]
    return ", ".join(f"{word} {text}" for word, text in made)


def step(
    name: str, amount: Decimal, query: ArrQuery, url: str, currency: str, locale: str, before: Decimal | None = None
) -> dict[str, str]:
    """One bar of the waterfall: its exact amount, the text that is shown, and what was reported `before`."""
    plus = name not in STANDS
    return {
        "label": LABELS[name],
        "short": SHORT.get(name, LABELS[name]),
        "role": "fx" if name == "adjustment" else name,
        "amount": str(amount),
        "text": money_text(amount, currency, locale, scale=query.scale, plus=plus),
        "reported": "" if before is None else money_text(before, currency, locale, scale=query.scale, plus=plus),
        "url": url,
    }
