"""What a page or a command shows of a file: its columns, its first rows as they will be read, and what it would change.

Everything here is plain JSON, kept on the import, so that showing it costs no second look at the file.
"""

from collections.abc import Iterator
from typing import Any, Final

import polars as pl

from metrics.engine.annualise import annual_values
from metrics.engine.lines import LINE_SCHEMA, code_lines
from metrics.intake.contracts import ContractFile
from metrics.intake.layout import CONTRACT_COLUMNS
from metrics.intake.suggest import Suggestion
from metrics.intake.table import Table
from metrics.line_rows import MILLIONTHS
from metrics.loading import Delta, shown

SAMPLES: Final = 4
FIRST_ROWS: Final = 10
EXAMPLES: Final = 100
NOTES: Final = 1_000
FEW_VALUES: Final = 30
SLICE: Final = 100_000
NAMES: Final = {column.target: column.name for column in CONTRACT_COLUMNS}


def table_report(table: Table, suggestion: Suggestion) -> dict[str, Any]:
    """Columns with examples, sheets, the suggested mapping and the open questions."""
    samples = {
        name: [text[:60] for text in table.cells[name].drop_nulls().unique(maintain_order=True).head(SAMPLES)]
        for name in dict.fromkeys(table.header)
        if name in table.cells.columns
    }
    return {
        "header": list(table.header),
        "values": few_values(table),
        "samples": samples,
        "sheets": list(table.sheets),
        "sheet": table.sheet,
        "encoding": table.encoding,
        "delimiter": table.delimiter,
        "suggested": suggestion.mapping.to_dict(),
        "questions": [
            {"setting": q.setting, "text": q.text, "options": list(q.options), "examples": list(q.examples)}
            for q in suggestion.questions
        ],
        "faults": [fault.reason for fault in suggestion.faults],
    }


def few_values(table: Table) -> dict[str, list[str]]:
    """The texts of each column that has few different ones: what may be one of our fixed values."""
    found = {}
    for name in dict.fromkeys(table.header):
        if name in table.cells.columns:
            texts = table.cells[name].drop_nulls().unique()
            if 0 < len(texts) <= FEW_VALUES:
                found[name] = sorted(texts.to_list())
    return found


def file_report(content: ContractFile) -> dict[str, Any]:
    """First rows as they are read, control totals per currency and basis, and notes (rows that load, but not as they stand)."""
    return {
        "preview": rows_shown(content.parsed.head(FIRST_ROWS)) if content.parsed.width else [],
        "totals": [
            {
                "currency": total.currency,
                "basis": total.amount_basis,
                "rows": total.rows,
                "amount": str(total.amount),
                "discount": str(total.discount),
            }
            for total in content.totals
        ],
        "blank_rows": content.blank_rows,
        "note_count": len(content.notes),
        "notes": [
            {"row": n.row, "column": n.column, "value": n.value, "reason": n.reason} for n in content.notes.first(NOTES)
        ],
        "fault_codes": content.faults.by_code(),
        "faulty_rows": content.faults.faulty_rows if len(content.faults) else 0,
    }


def rows_shown(lines: pl.DataFrame) -> list[dict[str, str]]:
    """Lines as texts under our own column names; amounts as decimals, blanks as ""."""
    long = lines.with_columns(*(millionths_text(name).alias(name) for name in MILLIONTHS)).select(
        pl.col("row").cast(pl.String),
        *(pl.col(name).cast(pl.String).fill_null("").alias(NAMES[name]) for name in NAMES),
    )
    return long.to_dicts()


def millionths_text(name: str) -> pl.Expr:
    """Millionths as decimal text without trailing zeros."""
    padded = pl.col(name).cast(pl.String).str.zfill(7)
    whole, rest = padded.str.head(-6), padded.str.tail(6).str.strip_chars_end("0")
    return pl.when(rest == "").then(whole).otherwise(pl.concat_str(whole, pl.lit("."), rest))


def changes_report(delta: Delta) -> dict[str, Any]:
    """What a delta would do: counts by field, examples line by line with old and new, the effect on annual value."""
    counted = delta.fields.group_by("field").len().sort("len", "field", descending=[True, False])
    return {
        "digest": delta.digest,
        "returned": delta.returned.height,
        "fields": [{"field": NAMES.get(field, field), "lines": lines} for field, lines in counted.iter_rows()],
        "examples": changed_examples(delta),
        "effect": effect(delta),
    }


def changed_examples(delta: Delta) -> dict[str, list[dict[str, Any]]]:
    """Up to 100 lines of each kind; of changed lines every changed field with its old and new value."""
    texts = delta.fields.with_columns(shown("old").alias("old"), shown("new").alias("new"))
    about = pl.concat([delta.changed, delta.returned]).head(EXAMPLES)
    fields = texts.join(about.select("line_id"), on="line_id", how="semi")
    by_line: dict[str, list[dict[str, Any]]] = {}
    for line_id, field, old, new, is_relevant in fields.iter_rows():
        entry = {"field": NAMES.get(field, field), "old": old, "new": new, "is_arr_relevant": is_relevant}
        by_line.setdefault(line_id, []).append(entry)
    return {
        "added": [identity(row) for row in delta.added.head(EXAMPLES).iter_rows(named=True)],
        "changed": [
            {**identity(row), "fields": by_line.get(row["line_id"], [])} for row in about.iter_rows(named=True)
        ],
        "vanished": [identity(row) for row in delta.vanished.head(EXAMPLES).iter_rows(named=True)],
    }


def identity(line: dict[str, Any]) -> dict[str, Any]:
    """Which line it is, for a list."""
    return {
        "line_id": line["line_id"],
        "contract_id": line["contract_id"],
        "customer": line["customer_name"],
        "product": line["product"],
        "row": line["source_row"],
    }


def effect(delta: Delta) -> list[dict[str, Any]]:
    """The annual value of the lines before and after, per currency, as decimal texts: added, changed and vanished together."""
    sums: dict[str, list[int]] = {}
    for side, lines in ((0, delta.counted), (1, delta.counting)):
        for part in lines.iter_slices(SLICE):  # the engine's arrays of a million lines would be a quarter of a gigabyte
            for currency, cents in annual_cents(part):
                sums.setdefault(currency, [0, 0])[side] += cents
    return [
        {
            "currency": currency,
            "before": cents_text(before),
            "after": cents_text(after),
            "change": cents_text(after - before),
        }
        for currency, (before, after) in sorted(sums.items())
    ]


def annual_cents(lines: pl.DataFrame) -> Iterator[tuple[str, int]]:
    """The annual value of lines in cents, currency by currency."""
    alike = [pl.lit("").alias(name) for name in ("customer_id", "product")]  # their codes are not looked at
    coded = code_lines(lines.select(LINE_SCHEMA.names()).with_columns(alike), "customer")
    values = pl.DataFrame({"currency": lines["currency"], "cents": annual_values(coded, "net")})
    return values.group_by("currency").agg(pl.col("cents").sum()).iter_rows()


def cents_text(cents: int) -> str:
    """Cents as decimal text."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"
