"""Every customer that moves when the policy does, as a file to take away.

The preview shows ten of them. The file is written when the preview is computed and kept beside it, because it cannot be
computed later: once the change is in force, the policy that it was held against is gone.

`customers_csv(impact) -> str` · `customers_keep(preview, text)` · `customers_file(change) -> str`
"""

import zlib
from typing import Final

import polars as pl

from governance.change_impact import ImpactFault
from governance.change_impact_tables import LABELS
from governance.models import ChangeKind, ChangePreview, ChangeRequest, PreviewCustomers
from metrics.figures import amount_text
from metrics.selectors.policy_impact import PolicyImpact
from portal.lib.periods import month_format
from portal.lib.spreadsheets import FORMULA_STARTS

COLUMNS: Final = (
    "customer", "name", "month_end", "before", "after", "change", "largest_change_month", "largest_before", "largest_after",
    "largest_change", "movements_told_otherwise", "movement_month", "movement_before", "movement_after",
)  # fmt: skip

QUICKLY: Final = 1  # of zlib: a third of the time for a fifth more bytes
NO_FILE: Final = (
    "No file of customers is kept with this impact: it is not computed yet, nobody moves in it, or it was computed before such "
    "files were kept."
)


def customers_csv(impact: PolicyImpact) -> str:
    """Head and rows, the largest change first; amounts in the reporting currency. Empty where nobody moves."""
    if impact.moved.is_empty():
        return ""
    rows = impact.moved.join(names_of(impact), on="customer", how="left", maintain_order="left")
    rows = rows.join(newest_told(impact), on="customer", how="left", maintain_order="left")
    end, month = pl.col("end_after") - pl.col("end_before"), pl.col("month_after") - pl.col("month_before")
    rows = rows.sort(end.abs(), month.abs().fill_null(0), "customer", descending=[True, True, False])
    shown: tuple[pl.Expr, ...] = (
        harmless_column("customer"),
        harmless_column(pl.coalesce("name", "customer")),
        pl.lit(month_format(impact.end) if impact.end is not None else None, pl.String),
        *(amount_text(each) for each in (pl.col("end_before"), pl.col("end_after"), end)),
        month_column("month"),
        *(amount_text(each) for each in (pl.col("month_before"), pl.col("month_after"), month)),
        amount_text(pl.col("told")),
        month_column("told_month"),
        pl.col("told_before"),
        pl.col("told_after"),
    )
    # What is not there is null, which the file leaves blank: an empty text would be written as two quotes.
    return rows.select(**dict(zip(COLUMNS, shown, strict=True))).write_csv()


def customers_keep(preview: ChangePreview, text: str) -> None:
    """Keep the file of a preview; nothing where nobody moves. In the transaction that keeps the preview."""
    if text:
        PreviewCustomers.objects.create(
            client=preview.client, preview=preview, rows=zlib.compress(text.encode(), QUICKLY)
        )


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


def names_of(impact: PolicyImpact) -> pl.DataFrame:
    """`customer, name`: the name of each customer that moves on its latest line; a parent without lines of its own has none."""
    lines = impact.given.lines.select(
        "customer_name", "starts_on", "line_id", customer=pl.col("customer_id").cast(pl.String)
    )
    lines = lines.join(impact.moved.select("customer"), on="customer", how="semi")
    latest = pl.col("customer_name").cast(pl.String).sort_by("starts_on", "line_id").last()
    return lines.group_by("customer").agg(name=latest).with_columns(blank_is_null("name"))


def newest_told(impact: PolicyImpact) -> pl.DataFrame:
    """By customer the newest month of which the movements are told otherwise, with what they are before and after:
    `customer, told_month, told_before, told_after`.
    """
    newest = impact.told.filter(pl.col("month") == pl.col("month").max().over("customer"))
    label = pl.col("kind").cast(pl.String).replace_strict(LABELS)
    texts = {
        f"told_{side}": pl.when(pl.col(side) != 0).then(pl.format("{} {}", label, amount_text(pl.col(side))))
        for side in ("before", "after")
    }
    sides = newest.select("customer", "month", **texts).group_by("customer", maintain_order=True)
    joined = (blank_is_null(pl.col(name).drop_nulls().str.join("; ")).alias(name) for name in texts)
    return sides.agg(pl.col("month").first().alias("told_month"), *joined)


def month_column(name: str) -> pl.Expr:
    """Months as `YYYY-MM`."""
    year, month = (pl.col(name) // 12).cast(pl.String), (pl.col(name) % 12 + 1).cast(pl.String)
    return pl.format("{}-{}", year.str.zfill(4), month.str.zfill(2))


def harmless_column(text: str | pl.Expr) -> pl.Expr:
    """Text that a spreadsheet would take for a formula, marked as text: `portal.lib.spreadsheets.harmless`."""
    column = pl.col(text) if isinstance(text, str) else text
    starts = pl.any_horizontal(column.str.starts_with(each) for each in FORMULA_STARTS)
    return pl.when(starts).then(pl.format("'{}", column)).otherwise(column)


def blank_is_null(text: str | pl.Expr) -> pl.Expr:
    """Text, null where it is blank."""
    column = pl.col(text) if isinstance(text, str) else text
    return pl.when(column != "").then(column)
