"""The bridge as the page shows it: a table whose every figure leads to why, and a waterfall whose title says the finding."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from metrics.selectors.drill import months_behind
from metrics.selectors.figures import Bridge, BridgeRow
from metrics.selectors.periods import period_label
from portal.lib.money import EXPONENTS, figure_style, money_text
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
    "adjustment": "Adj.",
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
    has several months; of a balance, the month that it is read in.
    """
    months = months_behind(column, *span)
    if len(months) == 1:
        return customer_url(query, base, months[0], customer)
    more = {"why": f"moves:{span_text(*span)}:{column}:{customer}"} | ({"of": of[0], "group": of[1]} if of else {})
    return query.address(base, **more)


def bridge_table(
    bridge: Bridge, query: ArrQuery, base: str, notes: Notes | None = None, *, unit: str, locale: str
) -> dict[str, Any]:
    """The table of `_partials/table.html`: periods down, movements across, totals below.

    Where months were restated, two more columns have what was reported first and what the restatement changed.
    """
    notes = notes or Notes()
    names = columns_of(bridge.totals)
    grouped = bridge.dimension != "total"
    columns = figure_columns("Period", names, bridge.dimension.title() if grouped else "")
    if len(query.filters.get("product", ())) > 1:
        columns[-1]["help"] = "A customer of several of the chosen products is counted in each"
    signs = notes.signs(bridge.periods)
    rows = [
        bridge_row(row, names, query, base, locale, place, signs) | {"is_break": notes.begins_in(row.period)}
        for place, row in enumerate(bridge.rows)
    ]
    if notes.restated:
        columns += [{"label": "As reported", "kind": "money"}, {"label": "Restated by", "kind": "signed"}]
        for row, shown in zip(bridge.rows, rows, strict=True):
            shown["cells"] += reported_cells(row, notes)
    return {
        "id": "bridge",
        "caption": f"Bridge by {bridge.dimension}" if grouped else "Bridge",
        "unit": unit,
        "columns": columns,
        "rows": rows,
        "total": {
            "id": "total",
            "cells": ["All periods", *([""] if grouped else []), *total_cells(bridge.totals, names, query, base)]
            + (reported_cells(bridge.totals[-1], notes) if notes.restated and bridge.totals else []),
        },
        "tall": len(rows) > 14,
    }


def figure_columns(first: str, names: Sequence[str], group: str = "") -> list[dict[str, Any]]:
    """The columns of the table and of the rows that open under one of its rows."""
    columns: list[dict[str, Any]] = [{"label": first, "kind": "text"}]
    columns += [{"label": group, "kind": "text"}] if group else []
    columns += [{"label": LABELS[name], "kind": "money" if name in STANDS else "signed"} for name in names]
    return [*columns, {"label": "Customers", "kind": "count"}]


def reported_cells(row: BridgeRow, notes: Notes) -> list[Any]:
    """What a row was first reported to end with, and what restatements changed; a dash where they changed nothing."""
    return list(notes.restatement_of(row) or [{"value": None, "reason": "Not restated"}] * 2)


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
    stated = {"closed": "as closed", "mixed": "partly closed"}
    label = {"value": period_label(row.period, query.grain, locale), "note": stated.get(row.state, "")}
    label |= {"mark": signs.get(row.period.key, "")}
    made: dict[str, Any] = {"id": f"bridge-{place}"}
    if query.by != "total":
        return made | {"cells": [label, row.group, *figure_cells(row, names, query, base, query.by)]}
    asked = {"span": span_text(row.period.first, row.period.last), "parent": made["id"]}
    asked |= {"adjusted": "yes"} if "adjustment" in names else {}
    made["children_url"] = query.address(f"{base}rows/", **asked)
    return made | {"cells": [label, *figure_cells(row, names, query, base)]}


def segment_rows(bridge: Bridge, names: Sequence[str], query: ArrQuery, base: str) -> list[dict[str, Any]]:
    """The rows under a period, one for each value of the bridge's dimension, in the columns of the period's own row."""
    return [
        {"id": row.group, "cells": [row.group, *figure_cells(row, names, query, base, bridge.dimension)]}
        for row in bridge.rows
    ]


def figure_cells(
    row: BridgeRow, names: Sequence[str], query: ArrQuery, base: str, dimension: str = "total"
) -> list[dict[str, Any]]:
    """The figures of a row; each leads to its customers, zeros lead nowhere."""
    span = (row.period.first, row.period.last)
    figures: dict[str, Any] = {name: getattr(row, name) for name in (*names, "customers_ending")}
    of = (dimension, row.group) if dimension != "total" else None
    return [
        {"value": figure, "href": why_cell(query, base, span, name, of) if figure else ""}
        for name, figure in figures.items()
    ]


def columns_of(totals: Sequence[BridgeRow]) -> list[str]:
    """The columns of a bridge; the adjustment stands there only where there is one."""
    adjusted = any(row.adjustment for row in totals)
    return [name for name in LABELS if name != "adjustment" or adjusted]


def total_cells(totals: Sequence[BridgeRow], names: Sequence[str], query: ArrQuery, base: str) -> list[Any]:
    """The whole span in one row: it begins where the first period begins and ends where the last one ends."""
    if not totals:
        return []
    span = (totals[0].period.first, totals[-1].period.last)
    amounts: dict[str, Any] = {**span_amounts(totals, names), "customers_ending": totals[-1].customers_ending}
    return [
        {"value": amount, "href": why_cell(query, base, span, name) if amount else ""}
        for name, amount in amounts.items()
    ]


def span_amounts(totals: Sequence[BridgeRow], names: Sequence[str]) -> dict[str, Decimal]:
    """Each column over all periods."""
    if not totals:
        return dict.fromkeys(names, Decimal(0))
    amounts = {name: sum((getattr(row, name) for row in totals), Decimal(0)) for name in names}
    stands = {"beginning": totals[0].beginning, "ending": totals[-1].ending}
    return amounts | {name: amount for name, amount in stands.items() if name in names}


def waterfall(
    bridge: Bridge, query: ArrQuery, base: str, notes: Notes | None = None, *, title: str, unit: str, locale: str
) -> dict[str, Any]:
    """The whole span as steps from beginning to ending, for `static/js/charts.js`.

    An adjustment over a changed definition is two steps, where it is known what of it corrected contracts make.
    """
    totals = bridge.totals
    names = columns_of(totals)
    span = (totals[0].period.first, totals[-1].period.last)
    steps = []
    for name, amount in span_amounts(totals, names).items():
        url = why_cell(query, base, span, name)
        made = step(name, amount, query, url, bridge.head.currency, locale)
        parts = notes.parts_of_adjustment(amount) if notes and name == "adjustment" else None
        steps += [made] if parts is None else adjustment_steps(parts, query, url, bridge.head.currency, locale)
    exponent = EXPONENTS[query.scale]
    chart = {"id": "bridge-chart", "kind": "bridge", "title": title, "unit": unit, "steps": steps}
    return chart | {"locale": locale, "separators": figure_style(locale).separators, "exponent": exponent}


def adjustment_steps(
    parts: tuple[Decimal, Decimal], query: ArrQuery, url: str, currency: str, locale: str
) -> list[dict[str, str]]:
    """The steps of an adjustment by its two reasons; the second is left out where contracts were not corrected."""
    made = [step("adjustment", amount, query, url, currency, locale) for amount in parts]
    words = ("Changed definition", "Definition"), ("Corrected contracts", "Corrected")
    named = [one | {"label": label, "short": short} for one, (label, short) in zip(made, words, strict=True)]
    return named if parts[1] else named[:1]


def step(name: str, amount: Decimal, query: ArrQuery, url: str, currency: str, locale: str) -> dict[str, str]:
    """One bar of the waterfall: its exact amount, and the text that is shown."""
    return {
        "label": LABELS[name],
        "short": SHORT.get(name, LABELS[name]),
        "role": "fx" if name == "adjustment" else name,
        "amount": str(amount),
        "text": money_text(amount, currency, locale, scale=query.scale, plus=name not in STANDS),
        "url": url,
    }
