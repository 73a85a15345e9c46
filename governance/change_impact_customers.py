"""Every customer that moves when the policy does, as a file to take away.

The preview shows ten of them. The file is written when the preview is computed and kept beside it, because it cannot be
computed later: once the change is in force, the policy that it was held against is gone.

`customers_csv(impact) -> str` · `customers_keep(preview, text)` · `customers_file(change) -> str`
"""

import csv
import io
import zlib
from typing import Any, Final

import polars as pl

from governance.change_impact import ImpactFault
from governance.change_impact_tables import LABELS
from governance.models import ChangeKind, ChangePreview, ChangeRequest, PreviewCustomers
from metrics.figures import from_cents
from metrics.selectors.policy_impact import PolicyImpact
from portal.lib.periods import month_format
from portal.lib.spreadsheets import harmless

COLUMNS: Final = (
    "customer", "name", "month_end", "before", "after", "change", "largest_change_month", "largest_before", "largest_after",
    "largest_change", "movements_told_otherwise", "movement_month", "movement_before", "movement_after",
)  # fmt: skip

NO_FILE: Final = (
    "No file of customers is kept with this impact: it is not computed yet, nobody moves in it, or it was computed before such "
    "files were kept."
)


def customers_csv(impact: PolicyImpact) -> str:
    """Head and rows, the largest change first; amounts in the reporting currency. Empty where nobody moves."""
    if impact.moved.is_empty():
        return ""
    names, told = names_of(impact), newest_told(impact)
    rows = impact.moved.sort(
        (pl.col("end_after") - pl.col("end_before")).abs(),
        (pl.col("month_after") - pl.col("month_before")).abs().fill_null(0),
        "customer",
        descending=[True, True, False],
    )
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows.iter_rows(named=True):
        customer = row["customer"]
        writer.writerow([*row_of(row, names.get(customer, customer), impact), *told.get(customer, ("", "", ""))])
    return text.getvalue()


def customers_keep(preview: ChangePreview, text: str) -> None:
    """Keep the file of a preview; nothing where nobody moves. In the transaction that keeps the preview."""
    if text:
        PreviewCustomers.objects.create(client=preview.client, preview=preview, rows=zlib.compress(text.encode()))


def customers_file(change: ChangeRequest) -> str:
    """The file that was kept with the impact that the request's page shows. ImpactFault where none was."""
    if change.kind != ChangeKind.POLICY:
        raise ImpactFault("Only a change of the policy moves customers.")
    found = PreviewCustomers.objects.filter(preview=change.preview).first() if change.preview is not None else None
    if found is None:
        raise ImpactFault(NO_FILE)
    return zlib.decompress(bytes(found.rows)).decode()


def customers_name(change: ChangeRequest) -> str:
    """The name of the file."""
    return f"{change.client.slug}-{change}-customers.csv"


def names_of(impact: PolicyImpact) -> dict[str, str]:
    """The name of each customer that moves on its latest line; a parent without lines of its own is named by itself."""
    wanted = pl.col("customer_id").cast(pl.String).is_in(impact.moved["customer"].to_list())
    lines = impact.given.lines.select("customer_id", "customer_name", "starts_on", "line_id").filter(wanted)
    latest = lines.sort("starts_on", "line_id").group_by("customer_id").last()
    return {customer: name or customer for customer, name in latest.select("customer_id", "customer_name").iter_rows()}


def newest_told(impact: PolicyImpact) -> dict[str, tuple[str, str, str]]:
    """By customer the newest month of which the movements are told otherwise, with what they are before and after."""
    newest = impact.told.filter(pl.col("month") == pl.col("month").max().over("customer"))
    sides: dict[tuple[str, int], tuple[list[str], list[str]]] = {}
    for customer, month, kind, *cents in newest.iter_rows():
        for side, amount in zip(sides.setdefault((customer, month), ([], [])), cents, strict=True):
            side += [f"{LABELS[kind]} {from_cents(amount)}"] if amount else []
    return {
        customer: (month_format(month), "; ".join(before), "; ".join(after))
        for (customer, month), (before, after) in sides.items()
    }


def row_of(row: dict[str, Any], name: str, impact: PolicyImpact) -> list[str]:
    """One customer, without its movements."""
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
