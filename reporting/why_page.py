"""The drawers over the ARR page: the customers behind a figure, and why one customer's figure is what it is.

The address says which: `why=cell:2026-01:2026-10:churn` or `why=customer:2026-10:C-0001`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from metrics.engine.valuation import MissingRates
from metrics.selectors.drill import Why, WhyLine, customers_of_cell, why_get
from metrics.selectors.figures import Cell
from metrics.selectors.periods import Period
from metrics.selectors.reported import bridge_reported
from portal.lib.dates import month_text
from portal.lib.periods import month_format, month_parse
from portal.tenancy.models import Client
from reporting.arr_page import Reader
from reporting.arr_query import ArrQuery
from reporting.bridge_view import LABELS, span_amounts

SHOWN = 200


@dataclass(frozen=True)
class Drawer:
    """A fragment and its context."""

    template: str
    context: dict[str, Any]


def drawer_for(client: Client, query: ArrQuery, reader: Reader, why: str, group: str) -> Drawer | None:
    """The drawer that the address asks for; one that says so where there is nothing behind it."""
    kind, _, rest = why.partition(":")
    if kind == "cell" and rest.count(":") == 2:
        return cell_drawer(client, query, reader, rest, group)
    if kind == "customer" and ":" in rest:
        month, _, customer = rest.partition(":")
        return customer_drawer(client, query, reader, month, customer)
    return None


def cell_drawer(client: Client, query: ArrQuery, reader: Reader, span: str, group: str) -> Drawer:
    first, last, column = span.split(":")
    dimension = query.by if group else "total"
    try:
        months = month_parse(first), month_parse(last)
        cell = customers_of_cell(
            client, query.recognition or None, *months, dimension, group[:200], column, query.filters
        )
    except (ValueError, KeyError, MissingRates):
        return nothing_there()
    context = {"cell": cell, **cell_words(cell, query, reader), "reported": reported_amount(client, cell, query)}
    return Drawer("reporting/_drawer_cell.html", context)


def reported_amount(client: Client, cell: Cell, query: ArrQuery) -> Decimal | None:
    """What the page shows for the cell where closed months are shown as reported, if that is another figure."""
    if not query.reported or cell.column not in LABELS:
        return None
    first, last = cell.period.first, cell.period.last
    bridge = bridge_reported(client, query.recognition or None, first, last, cell.dimension, "month", query.filters)
    rows = [row for row in bridge.rows if row.group == cell.group] if cell.group else list(bridge.totals)
    if not rows or all(row.state == "live" for row in rows):
        return None
    shown = span_amounts(rows, [cell.column])[cell.column]
    return shown if shown != cell.amount else None


def cell_words(cell: Cell, query: ArrQuery, reader: Reader) -> dict[str, Any]:
    """Title, links and the rest of a long list."""
    label = {**LABELS, "net_new": f"Net new {cell.head.label}"}[cell.column]
    named = [*query.filters.values(), *([cell.group] if cell.group else [])]
    rows = [
        {
            "customer": found,
            "url": query.address(reader.base, why=f"customer:{month_format(cell.period.last)}:{found.customer}"),
        }
        for found in cell.customers[:SHOWN]
    ]
    rest = cell.customers[SHOWN:]
    return {
        "drawer_title": f"{label}, {span_words(cell.period, reader.locale)}",
        "drawer_text": " · ".join([cell.head.label, *named]),
        "rows": rows,
        "rest_count": len(rest),
        "rest_amount": sum((found.amount for found in rest), Decimal(0)),
    }


def span_words(period: Period, locale: str) -> str:
    """ "Oct 2026" or "Nov 2025 to Oct 2026"."""
    last = month_text(period.last, locale)
    return last if period.first == period.last else f"{month_text(period.first, locale)} to {last}"


def customer_drawer(client: Client, query: ArrQuery, reader: Reader, month: str, customer: str) -> Drawer:
    try:
        found = why_get(client, customer[:200], month_parse(month), query.recognition or None)
    except (ValueError, MissingRates):
        return nothing_there()
    if found is None:
        return nothing_there()
    title = f"{found.name}, {month_text(found.month, reader.locale)}"
    context = {"why": found, "sum_words": sum_words(found), "drawer_title": title, "drawer_text": found.customer}
    context |= {"lines": [shown_line(line) for line in counting_first(found.lines)]}
    return Drawer("reporting/_drawer_customer.html", context)


def counting_first(lines: Sequence[WhyLine]) -> list[WhyLine]:
    """Lines that make the figure, then those that made the one before, then the rest; each by its first day."""
    return sorted(
        lines,
        key=lambda line: (
            not line.contributes,
            not line.contributed,
            line.explained.counts_from or "",
            line.explained.line_id,
        ),
    )


BASES = {"month": "a month", "quarter": "a quarter", "year": "a year", "total": "for the whole term"}


def shown_line(found: WhyLine) -> dict[str, Any]:
    """One line with its dates as dates and its annual value as the sum that gave it."""
    line, value = found.explained, found.explained.annual_value
    discount = Decimal(value.discount) if value.discount_subtracted else Decimal(0)
    return {
        "found": found,
        "line": line,
        "counts_from": day_of(line.counts_from),
        "counts_until": day_of(line.counts_until),
        "rate_day": day_of(line.rate_now.day) if line.rate_now else None,
        "amount": Decimal(value.amount),
        "discount": discount,
        "basis": BASES[value.basis],
        "times": value.times,
        "divided_by": value.divided_by,
    }


def day_of(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def sum_words(why: Why) -> str:
    """Which movement the month was, in words."""
    words = {
        "new": "a new customer",
        "reactivation": "a returning customer",
        "churn": "a lost customer",
        "expansion": "expansion",
        "contraction": "contraction",
    }
    return f"This month is {words[why.explanation.kind]}." if why.explanation.kind else "Nothing moved this month."


def nothing_there() -> Drawer:
    return Drawer("reporting/_drawer_empty.html", {"drawer_title": "Nothing behind this figure"})
