"""`contracts.csv` (or any file mapped to it) to the engine's frame of lines, or every reason why not.

The rules are those of section 1 of the ARR semantics. A file with one fault gives no lines at all.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import polars as pl

from metrics.intake.contract_rules import find_rule_faults, zero_term_notes
from metrics.intake.faults import Fault, Faults
from metrics.intake.fields import FieldReader, find_missing_columns
from metrics.intake.layout import CONTRACT_COLUMNS
from metrics.intake.mapping import Mapping
from metrics.intake.table import Table

DTYPES: Final = {"text": pl.String, "choice": pl.String, "currency": pl.String, "amount": pl.Int64, "date": pl.Date}
LINE_SCHEMA: Final = pl.Schema(
    {"row": pl.UInt32(), **{column.target: DTYPES[column.kind]() for column in CONTRACT_COLUMNS}}
)
MILLION: Final = 1_000_000


@dataclass(frozen=True)
class Total:
    """The control total of one currency and basis: how many rows, and the plain sums as the file states them."""

    currency: str
    amount_basis: str
    rows: int
    amount: Decimal
    discount: Decimal


@dataclass(frozen=True)
class ContractFile:
    """What a contract file holds.

    `lines`: the engine's frame and the `row` of each line; empty as soon as there is one fault. `parsed`: the same
    frame for the preview, with null where a cell does not read. `notes` are no faults: rows that load, but not quite
    as they stand. `totals` are over all rows whose amount, basis and currency read. `uncut_rows` could not be cut into
    cells, and are faults alone.
    """

    lines: pl.DataFrame
    parsed: pl.DataFrame
    faults: Faults
    notes: Faults
    totals: list[Total]
    blank_rows: int
    uncut_rows: int = 0

    @property
    def rows(self) -> int:
        """How many rows with content the file has below its header."""
        return self.parsed.height + self.uncut_rows


def read_contracts(table: Table, mapping: Mapping) -> ContractFile:
    """Read a table as contract lines under a mapping; every faulty row is in `faults`, nothing raises.

    Amounts become millionths (Int64), the end date the last day of service. A line whose end date is its start date
    where end dates are exclusive has no day of service: it is kept as cancelled on its start date, so it never
    counts, and noted.
    """
    if not table.header:
        return _file(LINE_SCHEMA.to_frame(), table.faults, Faults.of(), table)
    reader = FieldReader(table, mapping, decimals=6)
    missing = find_missing_columns(table, mapping, CONTRACT_COLUMNS)
    parsed = pl.DataFrame([table.rows.alias("row"), *reader.read_all(CONTRACT_COLUMNS)])
    parsed = parsed.with_columns(pl.col("discount_e6").fill_null(0))
    notes = Faults.of()
    if mapping.end_is_exclusive:
        parsed, notes = _with_inclusive_end(parsed, reader.label("end_date"))
    rules = find_rule_faults(parsed, reader)
    faults = Faults.joined([table.faults, missing, reader.faults, rules])
    return _file(parsed, faults, notes, table)


def _file(parsed: pl.DataFrame, faults: Faults, notes: Faults, table: Table) -> ContractFile:
    if not len(faults) and not parsed.height:
        faults = Faults.of(Fault(0, "", "", "the file has no contract lines below its header", "file_empty"))
    lines = parsed.clear() if len(faults) else parsed
    return ContractFile(lines, parsed, faults, notes, _totals(parsed), table.blank_rows, table.uncut_rows)


def _with_inclusive_end(parsed: pl.DataFrame, label: str) -> tuple[pl.DataFrame, Faults]:
    """The last day of service from the first day without; lines of no day are kept as cancelled at once."""
    is_empty_term = (pl.col("ends_on") == pl.col("starts_on")) & (pl.col("amount_basis") != "total")
    notes = zero_term_notes(parsed, is_empty_term, label)
    ends = pl.when(is_empty_term).then("ends_on").otherwise(pl.col("ends_on") - pl.duration(days=1)).alias("ends_on")
    cancelled = pl.when(is_empty_term).then(pl.min_horizontal("cancelled_on", "starts_on")).otherwise("cancelled_on")
    return parsed.with_columns(ends, cancelled.alias("cancelled_on")), notes


def _totals(parsed: pl.DataFrame) -> list[Total]:
    whole = parsed.lazy().drop_nulls(["currency", "amount_basis", "amount_e6"])
    sums = whole.group_by("currency", "amount_basis").agg(
        pl.len().alias("rows"),
        pl.col("amount_e6").cast(pl.Int128).sum(),
        pl.col("discount_e6").cast(pl.Int128).sum(),
    )
    return [
        Total(currency, basis, rows, Decimal(amount) / MILLION, Decimal(discount) / MILLION)
        for currency, basis, rows, amount, discount in sums.sort("currency", "amount_basis").collect().iter_rows()
    ]
