"""Every customer that moves when the policy does, as a file to take away.

The rows are those of the preview, of which it keeps ten: computed anew by the same function, and written in portions, so that
a large client's file needs no more memory than its lines.
"""

import csv
import io
from collections.abc import Iterator
from typing import Any, Final

import polars as pl

from governance.models import ChangeRequest
from metrics.figures import from_cents
from metrics.selectors.policy_impact import PolicyImpact
from portal.lib.periods import month_format
from portal.lib.spreadsheets import harmless

PORTION: Final = 5_000
COLUMNS: Final = (
    "customer", "name", "month_end", "before", "after", "change", "largest_change_month", "largest_before", "largest_after",
    "largest_change", "movements_told_otherwise",
)  # fmt: skip


def customers_csv(impact: PolicyImpact) -> Iterator[str]:
    """Head and rows, the largest change first; amounts in the reporting currency. Needs no database."""
    yield ",".join(COLUMNS) + "\n"
    names = names_of(impact)
    rows = impact.moved.sort(
        (pl.col("end_after") - pl.col("end_before")).abs(),
        (pl.col("month_after") - pl.col("month_before")).abs().fill_null(0),
        "customer",
        descending=[True, True, False],
    )
    for portion in rows.iter_slices(PORTION):
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        for row in portion.iter_rows(named=True):
            writer.writerow(row_of(row, names.get(row["customer"], row["customer"]), impact))
        yield text.getvalue()


def customers_name(change: ChangeRequest) -> str:
    """The name of the file."""
    return f"{change.client.slug}-{change}-customers.csv"


def names_of(impact: PolicyImpact) -> dict[str, str]:
    """The name of each customer on its latest line; a parent without lines of its own is named by itself."""
    lines = impact.given.lines.select("customer_id", "customer_name", "starts_on", "line_id")
    latest = lines.sort("starts_on", "line_id").group_by("customer_id").last()
    return {customer: name or customer for customer, name in latest.select("customer_id", "customer_name").iter_rows()}


def row_of(row: dict[str, Any], name: str, impact: PolicyImpact) -> list[str]:
    """One customer."""
    end = month_format(impact.end) if impact.end is not None else ""
    month = "" if row["month"] is None else month_format(row["month"])
    figures = [row["end_before"], row["end_after"], row["end_after"] - row["end_before"]]
    largest = [""] * 3
    if month:
        cents = [row["month_before"], row["month_after"], row["month_after"] - row["month_before"]]
        largest = [str(from_cents(each)) for each in cents]
    return [
        harmless(row["customer"]), harmless(name), end, *(str(from_cents(each)) for each in figures), month, *largest,
        str(from_cents(row["told"])),
    ]  # fmt: skip
