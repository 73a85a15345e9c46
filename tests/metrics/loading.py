"""Puts lines and rates into the database as an import leaves them, for tests that are not about importing."""

from pathlib import Path

import polars as pl

from metrics import repository
from metrics.engine.lines import LINE_SCHEMA
from metrics.intake.compare import content_hashes
from metrics.models import ContractImport, ContractLine, FxRate, RateImport, Source
from metrics.models.intake import ImportState
from tests.engine.frames import read_lines, read_rates


def load_lines(lines: pl.DataFrame, source: str = "billing") -> Source:
    """Add lines to the named source of the client in scope; the first source is the authoritative one."""
    found, _ = Source.objects.get_or_create(
        name=source, defaults={"is_authoritative": not Source.objects.filter(is_authoritative=True).exists()}
    )
    loaded = ContractImport.objects.create(
        source=found,
        state=ImportState.DONE,
        file_name="contracts.csv",
        file_path="",
        file_sha256="0" * 64,
        file_bytes=0,
    )
    rows = lines.with_row_index("source_row", offset=2).with_columns(
        content_hashes(lines), pl.col("customer_name").fill_null(""), pl.col("product").fill_null("")
    )
    amounts = [
        (pl.col(name).cast(pl.Decimal(38, 0)) * pl.lit("0.000001").cast(pl.Decimal(38, 6)))
        for name in ("amount_e6", "discount_e6")
    ]
    rows = rows.with_columns(amounts).rename({"amount_e6": "amount", "discount_e6": "discount"})
    repository.rows_insert(ContractLine, rows, source_id=found.pk, first_import_id=loaded.pk, last_import_id=loaded.pk)
    return found


def load_rates(rates: pl.DataFrame) -> None:
    """Add exchange rates of the client's own."""
    loaded = RateImport.objects.create(file_name="fx_rates.csv", file_sha256="0" * 64)
    exact = pl.col("rate_e10").cast(pl.Decimal(38, 0)) * pl.lit("0.0000000001").cast(pl.Decimal(38, 10))
    repository.rows_insert(FxRate, rates.with_columns(exact).rename({"rate_e10": "rate"}), rate_import_id=loaded.pk)


def load_folder(folder: Path) -> None:
    """Add the contracts and rates of a golden case."""
    load_lines(read_lines(folder / "contracts.csv"))
    load_rates(read_rates(folder / "fx_rates.csv"))


def replace_lines(source: Source, before: pl.DataFrame, after: pl.DataFrame) -> None:
    """Put new states and new lines in the place of earlier ones."""
    ContractLine.objects.filter(source=source, line_id__in=before["line_id"].to_list()).delete()
    if after.height:
        load_lines(after.select(LINE_SCHEMA.names()), source.name)


def with_hashes(lines: pl.DataFrame) -> pl.DataFrame:
    """Lines with the column `content_hash`, as `books_patch` takes them."""
    return lines.with_columns(content_hashes(lines))
