"""The bridge as the page shows it: a table whose every figure leads to why, and a waterfall whose title says the finding."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from metrics.selectors.figures import Bridge, BridgeRow
from metrics.selectors.periods import Period
from portal.lib.dates import month_text
from portal.lib.money import EXPONENTS, money_text
from portal.lib.periods import month_format
from reporting.arr_query import ArrQuery

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
STANDS = ("beginning", "ending")


def period_label(period: Period, grain: str, locale: str) -> str:
    """ "Oct 2026", "Q3 FY2027", "FY2027"; a cut period says so."""
    if grain == "month":
        return month_text(period.last, locale)
    year, _, quarter = period.key.partition("-")
    label = f"{quarter} {year}" if quarter else year
    return f"{label} (part)" if period.is_partial else label


def why_cell(query: ArrQuery, base: str, span: tuple[int, int], column: str, group: str = "") -> str:
    """The address of the drawer that explains one figure."""
    months = ":".join(month_format(month) for month in span)
    more = {"why": f"cell:{months}:{column}"} | ({"group": group} if group else {})
    return query.address(base, **more)


def bridge_table(bridge: Bridge, query: ArrQuery, base: str, *, unit: str, locale: str) -> dict[str, Any]:
    """The table of `_partials/table.html`: periods down, movements across, totals below."""
    names = columns_of(bridge.totals)
    grouped = bridge.dimension != "total"
    columns: list[dict[str, Any]] = [{"label": "Period", "kind": "text"}]
    columns += [{"label": bridge.dimension.title(), "kind": "text"}] if grouped else []
    columns += [{"label": LABELS[name], "kind": "money" if name in STANDS else "signed"} for name in names]
    rows = [
        {"id": f"bridge-{place}", "cells": row_cells(row, names, query, base, locale, grouped=grouped)}
        for place, row in enumerate(bridge.rows)
    ]
    return {
        "id": "bridge",
        "caption": f"Bridge by {bridge.dimension}" if grouped else "Bridge",
        "unit": unit,
        "columns": [*columns, {"label": "Customers", "kind": "count"}],
        "rows": rows,
        "total": {
            "id": "total",
            "cells": ["All periods", *([""] if grouped else []), *total_cells(bridge.totals, names)],
        },
        "tall": len(rows) > 14,
    }


def row_cells(
    row: BridgeRow, names: Sequence[str], query: ArrQuery, base: str, locale: str, *, grouped: bool
) -> list[Any]:
    """One row of the table; every movement leads to its customers, zeros lead nowhere."""
    span = (row.period.first, row.period.last)
    notes = {"closed": "as closed", "mixed": "partly closed"}
    cells: list[Any] = [{"value": period_label(row.period, query.grain, locale), "note": notes.get(row.state, "")}]
    cells += [row.group] if grouped else []
    for name in names:
        amount: Decimal = getattr(row, name)
        leads = amount != 0 and name != "adjustment"
        cells.append({"value": amount, "href": why_cell(query, base, span, name, row.group) if leads else ""})
    return [*cells, row.customers_ending]


def columns_of(totals: Sequence[BridgeRow]) -> list[str]:
    """The columns of a bridge; the adjustment stands there only where there is one."""
    adjusted = any(row.adjustment for row in totals)
    return [name for name in LABELS if name != "adjustment" or adjusted]


def total_cells(totals: Sequence[BridgeRow], names: Sequence[str]) -> list[Any]:
    """The whole span in one row: it begins where the first period begins and ends where the last one ends."""
    return [*span_amounts(totals, names).values(), totals[-1].customers_ending if totals else None]


def span_amounts(totals: Sequence[BridgeRow], names: Sequence[str]) -> dict[str, Decimal]:
    """Each column over all periods."""
    if not totals:
        return dict.fromkeys(names, Decimal(0))
    amounts = {name: sum((getattr(row, name) for row in totals), Decimal(0)) for name in names}
    stands = {"beginning": totals[0].beginning, "ending": totals[-1].ending}
    return amounts | {name: amount for name, amount in stands.items() if name in names}


def waterfall(bridge: Bridge, query: ArrQuery, base: str, *, title: str, unit: str, locale: str) -> dict[str, Any]:
    """The whole span as steps from beginning to ending, for `static/js/charts.js`."""
    totals = bridge.totals
    names = columns_of(totals)
    span = (totals[0].period.first, totals[-1].period.last)
    steps = [
        step(name, amount, query, why_cell(query, base, span, name), bridge.head.currency, locale)
        for name, amount in span_amounts(totals, names).items()
    ]
    exponent = EXPONENTS[query.scale]
    chart = {"id": "bridge-chart", "kind": "bridge", "title": title, "unit": unit, "steps": steps}
    return chart | {"locale": locale, "exponent": exponent}


def step(name: str, amount: Decimal, query: ArrQuery, url: str, currency: str, locale: str) -> dict[str, str]:
    """One bar of the waterfall: its exact amount, and the text that is shown."""
    return {
        "label": LABELS[name],
        "short": SHORT.get(name, LABELS[name]),
        "role": "fx" if name == "adjustment" else name,
        "amount": str(amount),
        "text": money_text(amount, currency, locale, scale=query.scale, plus=name not in STANDS),
        "url": "" if name == "adjustment" else url,
    }
