"""What a file holds before anyone knows what it means: a header, cells as text, and the row number of each."""

from collections import Counter
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from string import ascii_uppercase

import polars as pl

from metrics.intake.faults import Fault, Faults
from metrics.intake.limits import Limits, Refused


@dataclass(frozen=True)
class Table:
    """A file's cells as text: stripped, blank is null, wholly blank rows left out (and counted).

    `rows` is the row number of each line as a spreadsheet shows it: the header is 1, a quoted line break does not
    count. `kinds` tells for a workbook which kinds of cell each column has (`text`, `number`, `date`, `bool`); empty
    for text files.
    """

    header: tuple[str, ...]
    cells: pl.DataFrame
    rows: pl.Series
    faults: Faults
    blank_rows: int = 0
    encoding: str = "utf-8"
    delimiter: str = ","
    sheet: str | None = None
    sheets: tuple[str, ...] = ()
    kinds: MappingType[str, frozenset[str]] = field(default_factory=dict)

    @property
    def uncut_rows(self) -> int:
        """How many rows of data could not be cut into cells: they stand among the faults alone."""
        if not self.header or not len(self.faults):
            return 0
        faulty = self.faults.rows
        return len(faulty.filter((faulty > 1) & ~faulty.is_in(self.rows.implode())))

    @classmethod
    def refused(cls, refusal: Refused) -> "Table":
        """An empty table with the one fault for which the file cannot be read at all."""
        fault = Fault(refusal.row, "", "", refusal.reason, refusal.code)
        return cls((), pl.DataFrame(), pl.Series("row", [], pl.UInt32), Faults.of(fault))


def column_letter(index: int) -> str:
    """The letter over the column with this index (0 = A), as spreadsheets write it."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = ascii_uppercase[rest] + letters
    return letters


def table_from_cells(cells: pl.DataFrame, rows: pl.Series, faults: Faults, blank_rows: int, limits: Limits) -> Table:
    """A table from raw cells whose first row is the header; `blank_rows` are those left out already.

    Columns without a name and without a value are left out. Raises `Refused` when there is no header or a cell is too long.
    """
    if not cells.height or not cells.width:
        raise Refused("file_empty", "the file has no rows: nothing to import")
    names = ["" if name is None else name.strip() for name in cells.row(0)]
    if not any(names):
        raise Refused("header_missing", "row 1 has no column names: delete the rows above the header", 1)
    body = _cleaned(cells.slice(1))
    _check_cell_length(body, rows, limits)
    keep = [index for index, name in enumerate(names) if name or body.to_series(index).null_count() < body.height]
    header = [names[index] for index in keep]
    header_faults = _header_faults(header, keep)
    body = body.select(pl.nth(index) for index in keep)
    body.columns = header if not len(header_faults) else [f"{name}#{index}" for index, name in enumerate(header)]
    is_blank = body.select(pl.all_horizontal(pl.all().is_null())).to_series()
    numbers = rows.slice(1)
    if is_blank.any():
        blank_rows += int(is_blank.sum())
        body, numbers = body.filter(~is_blank), numbers.filter(~is_blank)
    return Table(tuple(header), body, numbers, Faults.joined([header_faults, faults]), blank_rows)


def _cleaned(body: pl.DataFrame) -> pl.DataFrame:
    """Cells without white space at the edges, blank ones null. Columns that need nothing are not copied."""
    if not body.height:
        return body
    length = pl.all().str.len_bytes()
    needs_work = body.select((pl.all().str.strip_chars().str.len_bytes() != length).any() | (length.min() == 0)).row(0)
    for name, is_needed in zip(body.columns, needs_work, strict=True):
        if is_needed:
            stripped = pl.col(name).str.strip_chars()
            body = body.with_columns(pl.when(stripped.str.len_bytes() > 0).then(stripped).alias(name))
    return body


def _check_cell_length(body: pl.DataFrame, rows: pl.Series, limits: Limits) -> None:
    longest = body.select(pl.max_horizontal(pl.all().str.len_bytes().max())).item() if body.height else 0
    if longest is not None and longest > limits.max_cell_length * 4:
        too_long = body.select(
            pl.any_horizontal(pl.all().str.len_bytes() > limits.max_cell_length * 4).arg_true().first()
        ).item()
        reason = f"row {rows[too_long + 1]} has a cell of more than {limits.max_cell_length:,} characters"
        raise Refused("cell_too_long", reason, rows[too_long + 1])


def _header_faults(header: list[str], positions: list[int]) -> Faults:
    faults = []
    times = Counter(header)
    for name, position in zip(header, positions, strict=True):
        letter = column_letter(position)
        if not name:
            reason = f"column {letter} has values but no name: give it one, or clear the column"
            faults.append(Fault(1, letter, "", reason, "header_blank"))
        elif times[name] > 1:
            reason = f"the column name '{name}' stands {times[name]} times in the header (here {letter}): rename it"
            faults.append(Fault(1, name, name, reason, "header_repeated"))
    return Faults.of(*faults)
