"""Rules that look at more than one cell of a contract line: order of dates, discount, evergreen, repetition,
replacement.
"""

import polars as pl

from metrics.intake.faults import Faults, faults_where
from metrics.intake.fields import FieldReader
from metrics.intake.numbers import scaled_text


def find_rule_faults(lines: pl.DataFrame, reader: FieldReader) -> Faults:
    """The faults of lines whose single cells all read; `lines` is the engine's frame with `row`."""
    return Faults.joined(
        [
            _signs(lines, reader),
            _term(lines, reader),
            _repeated(lines, reader.label("line_id")),
            _self_replacing(lines, reader),
        ]
    )


def _money(name: str) -> pl.Expr:
    return scaled_text(name, 6)


def _signs(lines: pl.DataFrame, reader: FieldReader) -> Faults:
    amount, discount = pl.col("amount_e6"), pl.col("discount_e6")
    negative = [
        faults_where(
            lines,
            pl.col(f"{name}_e6") < 0,
            column=reader.label(name),
            value=_money(f"{name}_e6"),
            reason=pl.lit(f"the {name} is negative: a credit ends or replaces a line, it is no line of its own"),
            code=pl.lit(f"{name}_negative"),
        )
        for name in ("amount", "discount")
    ]
    above = faults_where(
        lines,
        (discount > amount) & (amount >= 0),
        column=reader.label("discount"),
        value=_money("discount_e6"),
        reason=pl.format("the discount {} exceeds the amount {}", _money("discount_e6"), _money("amount_e6")),
        code=pl.lit("discount_above_amount"),
    )
    return Faults.joined([*negative, above])


def _term(lines: pl.DataFrame, reader: FieldReader) -> Faults:
    start, end, label = pl.col("starts_on"), pl.col("ends_on"), reader.label("end_date")
    is_exclusive = reader.mapping.end_is_exclusive
    shown = end + pl.duration(days=1) if is_exclusive else end
    words = (
        "the end {} leaves no day of service after the start {}"
        if is_exclusive
        else "the end {} lies before the start {}"
    )
    reversed_term = faults_where(
        lines,
        end < start,
        column=label,
        value=shown.dt.to_string("%Y-%m-%d"),
        reason=pl.format(
            f"{words}: correct one of them", shown.dt.to_string("%Y-%m-%d"), start.dt.to_string("%Y-%m-%d")
        ),
        code=pl.lit("end_before_start"),
    )
    # A cell that does not read is no blank one: its own fault is enough.
    unread = reader.faulty_rows("end_date")
    evergreen = faults_where(
        lines,
        end.is_null() & (pl.col("amount_basis") == "total") & ~pl.col("row").is_in(unread.implode()),
        column=label,
        value=pl.lit(""),
        reason=pl.lit(
            "an amount for the total term needs a term: give the end date, or the basis month, quarter or year"
        ),
        code=pl.lit("evergreen_total"),
    )
    return Faults.joined([reversed_term, evergreen])


def _repeated(lines: pl.DataFrame, label: str) -> Faults:
    """Every occurrence of a line_id that stands more than once, with the row of the first."""
    again = lines.select("row", "line_id").filter(pl.col("line_id").is_duplicated() & pl.col("line_id").is_not_null())
    again = again.with_columns(first=pl.col("row").min().over("line_id"), times=pl.len().over("line_id"))
    reason = (
        pl.when(pl.col("row") == pl.col("first"))
        .then(pl.format("line_id '{}' stands {} times in the file, here first: it must be unique", "line_id", "times"))
        .otherwise(pl.format("line_id '{}' stands already in row {}: it must be unique", "line_id", "first"))
    )
    return faults_where(
        again, pl.lit(True), column=label, value=pl.col("line_id"), reason=reason, code=pl.lit("line_repeated")
    )


def _self_replacing(lines: pl.DataFrame, reader: FieldReader) -> Faults:
    """Where a line names the line it replaces, the contract it names has no effect, so only the line is looked at."""
    own_line = faults_where(
        lines,
        pl.col("replaces_line_id") == pl.col("line_id"),
        column=reader.label("replaces_line_id"),
        value=pl.col("replaces_line_id"),
        reason=pl.lit("the line replaces itself: name the earlier line, or leave it empty"),
        code=pl.lit("replaces_itself"),
    )
    own_contract = faults_where(
        lines,
        (pl.col("replaces_contract_id") == pl.col("contract_id")) & pl.col("replaces_line_id").is_null(),
        column=reader.label("replaces_contract_id"),
        value=pl.col("replaces_contract_id"),
        reason=pl.lit(
            "the line replaces its own contract: name the earlier contract, or the one line that it replaces"
        ),
        code=pl.lit("replaces_own_contract"),
    )
    return Faults.joined([own_line, own_contract])


def zero_term_notes(lines: pl.DataFrame, is_empty_term: pl.Expr, label: str) -> Faults:
    """A note for each line without a day of service (exclusive end date equal to the start date)."""
    return faults_where(
        lines,
        is_empty_term,
        column=label,
        value=pl.col("ends_on").dt.to_string("%Y-%m-%d"),
        reason=pl.lit(
            "start and end are the same day, so there is no day of service: kept as cancelled at once, never counts"
        ),
        code=pl.lit("term_empty"),
    )
