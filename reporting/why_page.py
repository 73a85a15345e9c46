"""The drawers over the ARR page: the customers behind a figure, and why one customer's figure is what it is.

The address says which: `why=cell:2026-01:2026-10:churn` (with `of=segment&group=SMB` of one group), `why=retention:2026-10`,
`why=cohort:2025-01:2025-03:2026-10`, `why=customer:2026-10:C-0001`, or over several months, with the figure that the months are
to add up to, `why=moves:2026-01:2026-10:churn:C-0001`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.http import QueryDict

from metrics.break_text import months_words
from metrics.engine.csv_format import ADJUSTMENT
from metrics.engine.valuation import MissingRates
from metrics.selectors.adjustments import adjustment_customers
from metrics.selectors.books import book_head
from metrics.selectors.close_cells import ClosedCell, closed_cell, months_unkept
from metrics.selectors.close_details import kept_get
from metrics.selectors.drill import Why, WhyLine, customers_of_cell, why_get
from metrics.selectors.figures import BASES, ZERO, Cell
from metrics.selectors.moves import customer_moves
from metrics.selectors.periods import Period
from metrics.selectors.retained import Retained, RetainedCustomer, cohort_customers, retention_customers
from portal.lib.dates import month_text
from portal.lib.periods import month_parse
from portal.tenancy.models import Client
from reporting.arr_query import DIMENSIONS, LONGEST, ArrQuery, Reader
from reporting.bridge_view import COUNT_LABELS, LABELS, customer_url, moves_url
from reporting.closed_causes import adjustment_causes, causes_words, moves_causes, retention_causes
from reporting.closed_cohorts import ClosedCohortShown, closed_cohort
from reporting.closed_figures import cell_told, closed_told, customer_told, moves_told, retention_told, unkept_words
from reporting.closed_retention import RetentionCustomer, closed_retention

SHOWN = 200
MOVE_LABELS = {**LABELS, **COUNT_LABELS, "fx": "Exchange rates", ADJUSTMENT: LABELS["adjustment"]}
SUM_LABELS = {"net_new": "Net new {}", "net_change": "Net change of {}", "change": "Change of {}"}


@dataclass(frozen=True)
class Drawer:
    """A fragment and its context."""

    template: str
    context: dict[str, Any]


def drawer_for(client: Client, query: ArrQuery, reader: Reader, asked: QueryDict) -> Drawer | None:
    """The drawer that the address asks for; one that says so where there is nothing behind it."""
    why, group, of = (asked.get(name, "").replace("\0", "") for name in ("why", "group", "of"))
    kind, _, rest = why.partition(":")
    try:
        if kind == "cell" and rest.count(":") == 2:
            return cell_drawer(client, query, reader, rest, (of if of in DIMENSIONS else query.by, group[:200]))
        if kind == "retention" and rest:
            return retention_drawer(client, query, reader, month_parse(rest))
        if kind == "cohort" and rest.count(":") == 2:
            return cohort_drawer(client, query, reader, rest)
        if kind == "customer" and ":" in rest:
            month, _, customer = rest.partition(":")
            return customer_drawer(client, query, reader, month, customer)
        if kind == "moves" and rest.count(":") >= 3:
            return moves_drawer(client, query, reader, rest, (of if of in DIMENSIONS else query.by, group[:200]))
    except (ValueError, KeyError, MissingRates):
        return Drawer("reporting/_drawer_empty.html", {"drawer_title": "Nothing behind this figure"})
    return None


def cell_drawer(client: Client, query: ArrQuery, reader: Reader, span: str, of: tuple[str, str]) -> Drawer:
    """The customers behind a cell of the bridge."""
    first, last, column = span.split(":")
    dimension, group = of if of[1] else ("total", "")
    months = span_months(first, last)
    if column == "adjustment":
        return adjustment_drawer(client, query, reader, months, (dimension, group))
    head = book_head(client, query.recognition or None)
    label = {**LABELS, **COUNT_LABELS, "net_new": f"Net new {head.label}"}[column]
    words = f"{label}, {span_words(Period('', *months), reader.locale)}"
    if query.reported and (closed := closed_cell(client, head, *months, dimension, group, column, query.filters)):
        context = cell_context(closed.cell, words, query, reader) | closed_context(closed, query, reader)
        context |= {"told": closed_told(client, query, closed)}
        context |= {"causes": causes_words(client, closed, query, reader.locale)}
        return Drawer("reporting/_drawer_closed.html", context)
    asked = (client, query.recognition or None, *months, dimension, group, column, query.filters)
    cell = customers_of_cell(*asked, most=SHOWN)
    context = cell_context(cell, words, query, reader) | {"told": cell_told(client, query, cell)}
    if query.reported:
        context["unkept"] = unkept_words(months_unkept(head, column, *months), reader.locale)
    return Drawer("reporting/_drawer_cell.html", context)


def closed_context(closed: ClosedCell, query: ArrQuery, reader: Reader) -> dict[str, Any]:
    """The customers as their months were closed, beside the contracts of now; months that are still open are named."""
    cell, rest = closed.cell, closed.customers[SHOWN:]
    span, of = (cell.period.first, cell.period.last), (cell.dimension, cell.group) if cell.group else None
    months = sorted({close.month for close in closed.closes})
    again = sorted({close.month for close in closed.closes if close.revision > 1})
    return {
        "closed": closed,
        "rows": [
            {"customer": each, "url": moves_url(query, reader.base, span, cell.column, each.customer, of)}
            for each in closed.customers[:SHOWN]
        ],
        "rest_count": len(rest),
        "rest": [sum((getattr(each, name) or ZERO for each in rest), ZERO) for name in ("closed", "difference")],
        "closed_text": months_words(months, reader.locale),
        "again_text": months_words(again, reader.locale) if len(months) > 1 and again else "",
        "open_text": months_words(closed.open_months, reader.locale),
        "is_several": len(months) > 1,
        "close": closed.closes[0],
    }


def adjustment_drawer(
    client: Client, query: ArrQuery, reader: Reader, months: tuple[int, int], of: tuple[str, str]
) -> Drawer:
    """The customers of whom closed months had something else than the months after them begin with."""
    found = adjustment_customers(client, query.recognition or None, *months, query.grain, *of, query.filters)
    rest, group = found.customers[SHOWN:], [of[1]] if of[1] else []
    context: dict[str, Any] = {
        "found": found,
        "drawer_title": f"{LABELS['adjustment']}, {span_words(Period('', *months), reader.locale)}",
        "drawer_text": " · ".join([found.head.label, *filter_words(query), *group]),
        "is_cut": bool(group or query.filters),
        "causes": adjustment_causes(client, found, reader.locale, is_whole=not group and not query.filters),
        "unkept": unkept_words(found.unkept, reader.locale),
        "rows": [
            {"customer": each, "url": customer_url(query, reader.base, each.month, each.customer)}
            for each in found.customers[:SHOWN]
        ],
        "rest_count": len(rest),
        "rest_amount": sum((each.amount for each in rest), Decimal(0)),
    }
    return Drawer("reporting/_drawer_adjustment.html", context)


def span_months(first: str, last: str) -> tuple[int, int]:
    """The months that an address names; raises ValueError for what is no span, or too long a one."""
    months = month_parse(first), month_parse(last)
    if not 0 <= months[1] - months[0] < LONGEST:
        raise ValueError(f"{first}:{last}")
    return months


def moves_drawer(client: Client, query: ArrQuery, reader: Reader, asked: str, of: tuple[str, str]) -> Drawer:
    """The months of a span in which one customer moved, adding up to its part of a figure; each leads to that month's lines."""
    first, last, column, customer = asked.split(":", 3)
    dimension, group = of if of[1] else ("total", "")
    months = span_months(first, last)
    head = book_head(client, query.recognition or None)
    kept = kept_get(head, *months) if query.reported else None
    if kept and column == "change" and months[1] not in kept.movements:
        kept = None  # of an open month retention counts its twelve months by the contracts of now
    found = customer_moves(
        client, head.recognition, customer[:200], *months, dimension, group, column, query.filters, kept=kept
    )
    if found is None:
        raise KeyError(customer)
    words = SUM_LABELS.get(column, MOVE_LABELS.get(column, "")).format(found.head.label)
    context = {
        "found": found,
        "told": moves_told(client, query, found, reader.locale),
        "causes": moves_causes(client, found, kept) if kept else "",
        "is_count": column in COUNT_LABELS,
        "label": words,
        "rows": [
            {
                "move": move,
                "label": MOVE_LABELS[move.kind],
                "url": customer_url(query, reader.base, move.month, customer),
            }
            for move in found.moves
        ],
        "closed_text": months_words(found.closed, reader.locale),
        "again_text": months_words(found.restated, reader.locale) if len(found.closed) > 1 and found.restated else "",
        "open_text": months_words(
            [each for each in range(months[0], months[1] + 1) if each not in found.closed], reader.locale
        ),
        "unkept": unkept_words(found.unkept, reader.locale),
        "drawer_title": f"{found.name}, {span_words(Period('', *months), reader.locale)}",
        "drawer_text": " · ".join([words, found.customer, *filter_words(query), *([group] if group else [])]),
    }
    return Drawer("reporting/_drawer_moves.html", context)


def cohort_drawer(client: Client, query: ArrQuery, reader: Reader, asked: str) -> Drawer:
    """The customers of a cohort that have ARR at a month end."""
    first, last, month = (month_parse(text) for text in asked.split(":"))
    began = f"in {span_words(Period('', first, last), reader.locale)}, at the end of {month_text(month, reader.locale)}"
    if (closed := closed_cohort(client, query, (first, last), month)) is not None:
        return closed_cohort_drawer(closed, f"First {closed.head.label} {began}", query, reader)
    cell = cohort_customers(client, query.recognition or None, (first, last), month, query.filters)
    context = cell_context(cell, f"First {cell.head.label} {began}", query, reader) | {"is_cohort": True}
    if query.reported:
        context["unkept"] = unkept_words(months_unkept(cell.head, "ending", month, month), reader.locale)
    return Drawer("reporting/_drawer_cell.html", context)


def closed_cohort_drawer(closed: ClosedCohortShown, title: str, query: ArrQuery, reader: Reader) -> Drawer:
    """Those whom the close of a month had, beside the contracts of now."""
    rest = closed.customers[SHOWN:]
    context = {
        "cohort": closed,
        "is_cohort": True,
        "told": closed.told,
        "drawer_title": title,
        "drawer_text": " · ".join([closed.head.label, *filter_words(query)]),
        "rows": [
            {"customer": each, "url": customer_url(query, reader.base, closed.month, each.customer)}
            for each in closed.customers[:SHOWN]
        ],
        "rest_count": len(rest),
        "rest": (sum((each.closed or ZERO for each in rest), ZERO), sum((each.difference for each in rest), ZERO)),
    }
    return Drawer("reporting/_drawer_cohort.html", context)


def retention_drawer(client: Client, query: ArrQuery, reader: Reader, month: int) -> Drawer:
    """What the customers of twelve months before had then, have now, and kept of it; of a closed month as its close has it."""
    shown = closed_retention(client, query, month)
    if shown is not None and shown.customers:
        context = retention_context(shown.found, shown.customers, query, reader)
        context |= {"rest_count": len(shown.customers[SHOWN:])}
        context |= {"shown": shown, "told": shown.told, "causes": retention_causes(client, shown)}
        return Drawer("reporting/_drawer_retained.html", context)
    found = retention_customers(client, query.recognition or None, month, query.filters, most=SHOWN)
    if not found.customers:
        raise KeyError(month)
    context = retention_context(found, found.customers, query, reader) | {"told": retention_told(client, query, found)}
    if query.reported:
        context["unkept"] = unkept_words(months_unkept(found.head, "ending", month, month), reader.locale)
    return Drawer("reporting/_drawer_retention.html", context)


def retention_context(
    found: Retained, customers: Sequence[RetainedCustomer | RetentionCustomer], query: ArrQuery, reader: Reader
) -> dict[str, Any]:
    """Title, sums, and customers with the address of what each moved in the twelve months."""
    span = found.month - 11, found.month
    return {
        "found": found,
        "rows": [
            {"customer": row, "url": moves_url(query, reader.base, span, "change", row.customer)}
            for row in customers[:SHOWN]
        ],
        "rest_count": found.customer_count - len(found.customers[:SHOWN]),
        "before": found.month - 12,
        "drawer_title": f"Retention, {month_text(found.month, reader.locale)}",
        "drawer_text": " · ".join([found.head.label, *filter_words(query)]),
    }


def filter_words(query: ArrQuery) -> list[str]:
    """What the filters say, for the head of a drawer."""
    return [" or ".join(values) for values in query.filters.values()]


def cell_context(cell: Cell, title: str, query: ArrQuery, reader: Reader) -> dict[str, Any]:
    """Title, customers with their links, and the rest of a long list."""
    shown = cell.customers[:SHOWN]
    span, of = (cell.period.first, cell.period.last), (cell.dimension, cell.group) if cell.group else None
    return {
        "cell": cell,
        "is_count": cell.column in COUNT_LABELS,
        "is_signed": cell.column not in ("beginning", "ending"),
        "drawer_title": title,
        "drawer_text": " · ".join([cell.head.label, *filter_words(query), *([cell.group] if cell.group else [])]),
        "rows": [
            {"customer": found, "url": moves_url(query, reader.base, span, cell.column, found.customer, of)}
            for found in shown
        ],
        "rest_count": cell.customer_count - len(shown),
        "rest_amount": cell.amount - sum((found.amount for found in shown), Decimal(0)),
    }


def span_words(period: Period, locale: str) -> str:
    """ "Oct 2026" or "Nov 2025 to Oct 2026"."""
    last = month_text(period.last, locale)
    return last if period.first == period.last else f"{month_text(period.first, locale)} to {last}"


def customer_drawer(client: Client, query: ArrQuery, reader: Reader, month: str, customer: str) -> Drawer:
    """Why one customer's figure is what it is."""
    found = why_get(client, customer[:200], month_parse(month), query.recognition or None)
    if found is None:
        raise KeyError(customer)
    title = f"{found.name}, {month_text(found.month, reader.locale)}"
    context = {"why": found, "sum_words": sum_words(found), "drawer_title": title, "drawer_text": found.customer}
    context |= {"told": customer_told(client, query, found, reader.locale)}
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
