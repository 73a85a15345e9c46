"""`fx_rates.csv` (or any file mapped to it) to the engine's frame of rates, or every reason why not."""

from dataclasses import dataclass
from typing import Final

import polars as pl

from metrics.intake.faults import Fault, Faults, faults_where
from metrics.intake.fields import FieldReader, find_missing_columns
from metrics.intake.layout import RATE_COLUMNS, RATE_NAMES
from metrics.intake.mapping import Mapping
from metrics.intake.numbers import scaled_text
from metrics.intake.table import Table

ONE_E10: Final = 10_000_000_000
RATE_SCHEMA: Final = pl.Schema({"currency": pl.String, "day": pl.Date, "rate_e10": pl.Int64})


@dataclass(frozen=True)
class RateFile:
    """`rates`: the engine's frame, empty if there is a fault. `parsed`: with `row`, null where a cell does not
    read.
    """

    rates: pl.DataFrame
    parsed: pl.DataFrame
    faults: Faults
    blank_rows: int


def read_rates(table: Table, reporting_currency: str, mapping: Mapping | None = None) -> RateFile:
    """Read a table as exchange rates: units of the reporting currency for one unit of `currency`, at most 10
    decimals.

    Refused: what does not read, a rate that is not above 0, two rates for one day and currency, and a rate other than
    1 for the reporting currency itself. Without a mapping the file has our own columns.
    """
    if not table.header:
        empty = RATE_SCHEMA.to_frame()
        return RateFile(empty, empty, table.faults, table.blank_rows)
    rules = mapping or Mapping.identity(RATE_NAMES, RATE_NAMES)
    reader = FieldReader(table, rules, decimals=10)
    missing = find_missing_columns(table, rules, RATE_COLUMNS)
    parsed = pl.DataFrame([table.rows.alias("row"), *reader.read_all(RATE_COLUMNS)])
    own = [_not_positive(parsed, reader), _repeated(parsed, reader), _reporting(parsed, reader, reporting_currency)]
    faults = Faults.joined([table.faults, missing, reader.faults, *own])
    if not len(faults) and not parsed.height:
        faults = Faults.of(Fault(0, "", "", "the file has no rates below its header", "file_empty"))
    rates = parsed.select(RATE_SCHEMA.names())
    return RateFile(rates.clear() if len(faults) else rates, parsed, faults, table.blank_rows)


def _not_positive(parsed: pl.DataFrame, reader: FieldReader) -> Faults:
    return faults_where(
        parsed,
        pl.col("rate_e10") <= 0,
        column=reader.label("rate"),
        value=scaled_text("rate_e10", 10),
        reason=pl.lit("the rate must be above 0: leave the row out where there is no rate"),
        code=pl.lit("rate_not_positive"),
    )


def _repeated(parsed: pl.DataFrame, reader: FieldReader) -> Faults:
    key = ["currency", "day"]
    again = parsed.drop_nulls(key).filter(pl.struct(key).is_duplicated())
    again = again.with_columns(first=pl.col("row").min().over(key), times=pl.len().over(key))
    reason = (
        pl.when(pl.col("row") == pl.col("first"))
        .then(pl.format("{} has {} rates for {}, here the first: keep one", "currency", "times", "day"))
        .otherwise(pl.format("{} has a rate for {} already in row {}: keep one", "currency", "day", "first"))
    )
    value = pl.format("{} {}", "day", "currency")
    return faults_where(
        again, pl.lit(True), column=reader.label("date"), value=value, reason=reason, code=pl.lit("rate_repeated")
    )


def _reporting(parsed: pl.DataFrame, reader: FieldReader, reporting_currency: str) -> Faults:
    reason = f"{reporting_currency} is the reporting currency, its own rate is 1: are the rates for another one?"
    return faults_where(
        parsed,
        (pl.col("currency") == reporting_currency) & (pl.col("rate_e10") != ONE_E10),
        column=reader.label("rate"),
        value=scaled_text("rate_e10", 10),
        reason=pl.lit(reason),
        code=pl.lit("rate_of_reporting_currency"),
    )
