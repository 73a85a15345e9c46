"""What the page shows in place of a drawer's figure: closed months stand as reported, contract lines are those of now.

`cell_told`, `closed_told`, `retention_told`, `customer_told`, `moves_told`: None where the page shows the very figure of the
drawer, and always did. `unkept_words` says why the customers of some closed months are those of now.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from metrics.break_text import months_words
from metrics.selectors.beside import retention_beside
from metrics.selectors.breaks import Marks, restated_get
from metrics.selectors.close_cells import ClosedCell
from metrics.selectors.close_details import kept_get
from metrics.selectors.closes import customer_closed
from metrics.selectors.drill import Why, why_get
from metrics.selectors.figures import Cell
from metrics.selectors.moves import Moves, customer_moves
from metrics.selectors.reported import bridge_reported, retention_reported
from metrics.selectors.retained import Retained
from portal.lib.dates import month_text
from portal.tenancy.models import Client
from reporting.arr_query import ArrQuery
from reporting.break_notes import rows_noted
from reporting.bridge_view import COUNT_LABELS, STANDS, whole_of


@dataclass(frozen=True)
class Fact:
    """One figure: `kind` is money, signed, count or percent."""

    label: str
    value: Decimal | None
    kind: str = "money"


@dataclass(frozen=True)
class Told:
    """The figures in the order in which they came to be; `is_other` says whether the page shows another one than the drawer."""

    facts: tuple[Fact, ...]
    is_other: bool


def told_of(named: str, first: Decimal | None, shown: Decimal | None, now: Decimal | None, kind: str) -> Told | None:
    """What was first reported, what is shown, and what the contracts say now, as far as they differ."""
    if first == shown == now:
        return None
    words = ["as reported"] if first == shown else ["as reported", "as restated"]
    figures = [shown] if first == shown else [first, shown]
    said = [*zip(words, figures, strict=True), *([("as it stands now", now)] if shown != now else [])]
    return Told(tuple(Fact(f"{named}{words}", value, kind) for words, value in said), is_other=shown != now)


def cell_told(client: Client, query: ArrQuery, cell: Cell) -> Told | None:
    """Of a cell of the bridge."""
    figures = cell_figures(client, query, cell) if query.reported else None
    if figures is None:
        return None
    return told_of("", *figures, cell.amount, kind_of(cell.column))


def closed_told(client: Client, query: ArrQuery, closed: ClosedCell) -> Told | None:
    """Of a cell that has the customers of its closes: also what a month begins with is told as the one before was restated."""
    cell = closed.cell
    first, shown = cell_figures(client, query, cell) or (cell.amount, cell.amount)
    first, now = (own if other is None else other for own, other in ((first, closed.reported), (shown, closed.now)))
    return told_of("", first, shown, now, kind_of(cell.column))


def kind_of(column: str) -> str:
    """How the figures of a column are written."""
    return "count" if column in COUNT_LABELS else "money" if column in STANDS else "signed"


def cell_figures(client: Client, query: ArrQuery, cell: Cell) -> tuple[Decimal, Decimal] | None:
    """What a cell was reported with first, and what the page shows; None where all of it is as the contracts stand now."""
    first, last = cell.period.first, cell.period.last
    asked = query.having(first=first, last=last, by=cell.dimension, grain="month")
    bridge = bridge_reported(client, cell.head, first, last, cell.dimension, "month", query.filters)
    bridge = rows_noted(client, asked, bridge)
    rows = [row for row in bridge.rows if row.group == cell.group] if cell.group else list(bridge.totals)
    is_kept = cell.column in STANDS and any(row.adjustment for row in rows)  # an open month beside a closed one
    if not rows or (all(row.state == "live" for row in rows) and not is_kept):
        return None
    whole = whole_of(rows)
    before, shown = (Decimal(getattr(row, cell.column)) for row in (whole.as_reported or whole, whole))
    return before, shown


def retention_told(client: Client, query: ArrQuery, found: Retained) -> Told | None:
    """Of the retention of a month, which has no products."""
    if not query.reported or "product" in query.filters:
        return None
    month = found.month
    rows = retention_reported(client, found.head, month, month, filters=query.filters)
    marks = Marks(restated={at: each for at, each in restated_get(client, found.head).items() if at == month})
    shown = next(iter(retention_beside(client, found.head, rows, "total", marks, query.filters)), None)
    if shown is None:
        return None
    first = shown.as_reported or shown
    return together(
        told_of("NRR, ", first.nrr, shown.nrr, found.nrr, "percent"),
        told_of("GRR, ", first.grr, shown.grr, found.grr, "percent"),
    )


def together(*parts: Told | None) -> Told | None:
    """Several figures of one drawer."""
    known = [part for part in parts if part]
    facts = tuple(fact for part in known for fact in part.facts)
    return Told(facts, is_other=any(part.is_other for part in known)) if known else None


def customer_told(client: Client, query: ArrQuery, why: Why | None, locale: str) -> Told | None:
    """Of what a customer has at a month end, and of what it moved in that month, where its closes kept that."""
    if why is None or not query.reported:
        return None
    closed = customer_closed(why.head.recognition, why.customer, why.month)
    if not closed:
        return None
    at = f"At the end of {month_text(why.month, locale)}, "
    return together(told_of(at, closed[0], closed[-1], why.ending, "money"), moved_told(client, why))


def moved_told(client: Client, why: Why) -> Told | None:
    """Of what a customer moved in a closed month at its own rates, which may be another figure though it ends with the same."""
    kept = kept_get(why.head, why.month, why.month)
    if not kept.movements:
        return None
    asked = client, why.head.recognition, why.customer, why.month, why.month
    found = customer_moves(*asked, column="net_new", kept=kept)
    if found is None:
        return None
    first = found.amount if found.reported is None else found.reported
    return told_of("Moved, ", first, found.amount, why.organic, "signed")


def moves_told(client: Client, query: ArrQuery, found: Moves, locale: str) -> Told | None:
    """Of what a customer moved: the sums, where closes kept the months; else what it has at their end, if that is closed."""
    if not found.closed:
        why = why_get(client, found.customer, found.last, found.head.recognition)
        return customer_told(client, query, why, locale)
    first = found.amount if found.reported is None else found.reported
    now = found.amount if found.now is None else found.now
    return told_of("", first, found.amount, now, "count" if found.column in COUNT_LABELS else "signed")


def unkept_words(months: Sequence[int], locale: str) -> str:
    """Why the customers of some closed months are those of now; empty where there are none such."""
    if not months:
        return ""
    was = "was" if len(months) == 1 else "were"
    return f"{months_words(months, locale)} {was} closed before closes kept customers"
