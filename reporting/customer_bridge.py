"""How the number of customers goes on from period to period where closed months were corrected or defined anew since.

`customer_rows(bridge, query) -> list[CustomerRow]` (none where no number of customers was adjusted)
`customer_table(bridge, query, base, signs, locale)` for the page
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from metrics.selectors.figures import Bridge, BridgeRow
from metrics.selectors.periods import period_label
from reporting.arr_query import ArrQuery
from reporting.bridge_view import AS_REPORTED, STATED, whole_of, why_cell

COLUMNS: Final = {
    "before": "Beginning",
    "adjusted": "Adjusted",
    "new": "New",
    "returned": "Returned",
    "lost": "Lost",
    "ending": "Ending",
}
HELP: Final = {"adjusted": "By corrections or another definition, so that a period begins where the one before ended"}
STAND: Final = ("before", "ending")
BEHIND: Final = {
    "adjusted": "adjustment", "new": "customers_new", "returned": "customers_reactivated", "lost": "customers_churned",
    "ending": "customers_ending",
}  # fmt: skip
"""By column the figure of the bridge whose drawer names the customers."""


@dataclass(frozen=True)
class Customers:
    """Numbers of customers: before + adjusted + new + returned + lost = ending, those who are lost below 0."""

    before: int
    adjusted: int
    new: int
    returned: int
    lost: int
    ending: int

    @classmethod
    def of(cls, row: BridgeRow) -> "Customers":
        moved = row.customers_adjusted, row.customers_new, row.customers_reactivated, -row.customers_churned
        return cls(row.customers_ending - sum(moved), *moved, row.customers_ending)


@dataclass(frozen=True)
class CustomerRow:
    """The customers of a row of the bridge, and what was reported first in its place, where that is known."""

    row: BridgeRow
    shown: Customers
    reported: Customers | None

    @classmethod
    def of(cls, row: BridgeRow) -> "CustomerRow":
        return cls(row, Customers.of(row), Customers.of(row.as_reported) if row.as_reported else None)

    @property
    def note(self) -> str:
        """How the months of the row are told."""
        return AS_REPORTED if self.reported else STATED.get(self.row.state, "")

    def figures(self) -> list[tuple[str, int, int | None]]:
        """Column, figure, and what was reported first in its place; None where that is the same."""
        first = self.reported or self.shown
        found = [(name, getattr(self.shown, name), getattr(first, name)) for name in COLUMNS]
        return [(name, figure, None if before == figure else before) for name, figure, before in found]


def customer_rows(bridge: Bridge, query: ArrQuery) -> list[CustomerRow]:
    """The rows of a bridge and, last, that of all periods; none where nothing but who came and went made the numbers.

    Of products neither: who stays and takes another product is counted with it, and is no new customer.
    """
    rows = [*bridge.rows, *bridge.totals]
    if bridge.dimension == "product" or "product" in query.filters:
        return []
    if not any(each.customers_adjusted for row in rows for each in (row, row.as_reported) if each is not None):
        return []
    return [CustomerRow.of(row) for row in (*bridge.rows, whole_of(bridge.totals))]


def customer_table(
    bridge: Bridge, query: ArrQuery, base: str, signs: Mapping[str, str], locale: str
) -> dict[str, Any] | None:
    """The table of `_partials/table.html`; None where no number of customers was adjusted."""
    rows = customer_rows(bridge, query)
    if not rows:
        return None
    grouped = bridge.dimension != "total"
    columns: list[dict[str, Any]] = [{"label": "Period", "kind": "text"}]
    columns += [{"label": bridge.dimension.title(), "kind": "text"}] if grouped else []
    columns += [
        {
            "label": label,
            "kind": "count" if name in STAND else "moved",
            "stays": name == "ending",
            "help": HELP.get(name, ""),
        }
        for name, label in COLUMNS.items()
    ]
    shown = [
        {
            "id": f"customers-{place}",
            "is_restated": each.reported is not None,
            "cells": [
                {"value": period_label(each.row.period, query.grain, locale), "note": each.note}
                | {"mark": signs.get(each.row.period.key, "")},
                *([each.row.group] if grouped else []),
                *cells_of(each, query, base, bridge.dimension),
            ],
        }
        for place, each in enumerate(rows[:-1])
    ]
    whole = rows[-1]
    label = {"value": "All periods", "note": AS_REPORTED if whole.reported else ""}
    total = [label, *([""] if grouped else []), *cells_of(whole, query, base, "total")]
    return {
        "id": "customer-bridge", "caption": "Customers", "columns": columns, "rows": shown, "tall": len(shown) > 14,
        "total": {"id": "customers-total", "is_restated": whole.reported is not None, "cells": total},
    }  # fmt: skip


def cells_of(found: CustomerRow, query: ArrQuery, base: str, dimension: str) -> list[dict[str, Any]]:
    """The figures of a row; each that is not 0 leads to its customers, what it began with to those at the end before."""
    row = found.row
    span, of = (row.period.first, row.period.last), (dimension, row.group) if dimension != "total" else None
    addresses = {name: why_cell(query, base, span, column, of) for name, column in BEHIND.items()}
    addresses["adjusted"] = addresses["adjusted"] if row.adjustment else ""  # who moved ARR is named there
    addresses["before"] = why_cell(query, base, (span[0] - 1, span[0] - 1), "customers_ending", of)
    return [
        {"value": figure, "href": addresses[name] if figure else "", "reported": before}
        for name, figure, before in found.figures()
    ]
