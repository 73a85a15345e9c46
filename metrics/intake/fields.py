"""Cells to typed columns, one kind of field at a time; what does not read is kept as a fault of its row."""

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Mapping as MappingType
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Final

import polars as pl

from metrics.intake.dates import parse_dates
from metrics.intake.faults import Fault, Faults, faults_where
from metrics.intake.layout import Column, Kind
from metrics.intake.mapping import Mapping
from metrics.intake.numbers import parse_numbers
from metrics.intake.table import Table
from portal.lib.currencies import tender_codes

MAX_TEXT: Final = 200
AT_ONCE: Final = 2
CONTROL: Final = r"[\x00-\x1f\x7f-\x9f\x{200b}\x{2028}-\x{202e}\x{2060}\x{2066}-\x{2069}\x{feff}]"
# In what tells lines apart, everything else that nobody sees as well: marks of direction, joiners, fillers, selectors, tags.
UNSEEN: Final = (
    CONTROL[:-1]
    + r"\x{ad}\x{34f}\x{61c}\x{115f}\x{1160}\x{17b4}\x{17b5}\x{180b}-\x{180f}\x{200c}-\x{200f}\x{2061}-\x{2065}"
    r"\x{206a}-\x{206f}\x{3164}\x{fe00}-\x{fe0f}\x{ffa0}\x{e0000}-\x{e0fff}]"
)
ONLY_SHOWN: Final = ("customer_name",)  # some scripts need joiners, and nothing is found by it
SPREADSHEET_ERRORS: Final = (
    "#N/A",
    "#REF!",
    "#VALUE!",
    "#DIV/0!",
    "#NAME?",
    "#NULL!",
    "#NUM!",
    "#SPILL!",
    "#CALC!",
    "#NOT CALCULATED!",
)
NULL_TEXTS: Final = ("NULL", "null", "Null", "NaN", "nan", "\\N", "<NA>")


def composed(texts: pl.Series) -> pl.Series:
    """Texts in Unicode's composed form (NFC): an é of one sign and an é of two are the same text, and the same customer."""
    is_plain = (texts.str.len_bytes() == texts.str.len_chars()).all()
    return texts if is_plain else texts.str.normalize("NFC")


class FieldReader:
    """Reads our columns out of a table under a mapping and collects the faults on the way.

    `decimals` is the scale of numbers. A constant is read once: its fault stands in row 0, since it concerns every
    row.
    """

    def __init__(self, table: Table, mapping: Mapping, *, decimals: int) -> None:
        self.table = table
        self.mapping = mapping
        self.decimals = decimals
        self.parts: dict[str, list[Faults]] = {}
        self._readers: dict[Kind, Callable[[Column, pl.DataFrame], pl.Series]] = {
            "text": self._text,
            "choice": self._choice,
            "currency": self._choice,
            "amount": self._number,
            "date": self._date,
        }

    @property
    def faults(self) -> Faults:
        """What has been found so far."""
        return Faults.joined(chain.from_iterable(self.parts.values()))

    def faulty_rows(self, name: str) -> pl.Series:
        """The rows in which our column was found faulty so far."""
        found = chain.from_iterable(self.parts.values())
        return Faults.joined(part for part in found if part.frame["column"][0] == self.label(name)).rows

    def label(self, name: str) -> str:
        """What the file calls our column; our own name where it is a constant or comes from nowhere."""
        return self.mapping.columns.get(name, name)

    def read_all(self, columns: Sequence[Column]) -> list[pl.Series]:
        """Our columns, typed. Two are read at a time: most of what is looked for in a column takes one processor."""
        self.parts |= {column.name: [] for column in columns}
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(self.read, columns))

    def read(self, column: Column) -> pl.Series:
        """Our column, typed, one value per row of the table; null where it is blank or does not read."""
        is_constant = column.name in self.mapping.constants
        cells = self._cells(column, is_constant)
        parsed = self._readers[column.kind](column, cells)
        is_present = is_constant or self.label(column.name) in self.table.header
        if column.is_required and is_present and cells["value"].null_count():
            reason = pl.lit(f"{column.name} is required and empty: fill it in")
            self._fault(column, cells, pl.col("value").is_null(), reason, pl.lit("value_missing"))
        if is_constant:
            parsed = pl.Series([parsed[0]], dtype=parsed.dtype).new_from_index(0, len(self.table.rows))
        return parsed.alias(column.target)

    def _cells(self, column: Column, is_constant: bool) -> pl.DataFrame:
        if is_constant:
            text = self.mapping.constants[column.name].strip() or None
            return pl.DataFrame({"row": [0], "value": [text]}, schema={"row": pl.UInt32, "value": pl.String})
        name = self.mapping.columns.get(column.name)
        rows = self.table.rows.alias("row")
        if name is None or name not in self.table.cells.columns:
            return pl.DataFrame([rows]).with_columns(value=pl.lit(None, pl.String))
        values = self.table.cells[name].alias("value")
        if self.mapping.null_markers and values.is_in(list(self.mapping.null_markers)).any():
            values = pl.select(
                pl.when(~values.is_in(list(self.mapping.null_markers))).then(values).alias("value")
            ).to_series()
        texts = self.mapping.value_maps.get(column.name)
        return pl.DataFrame([rows, _mapped(values, texts) if texts else values])

    def _fault(self, column: Column, cells: pl.DataFrame, where: pl.Expr, reason: pl.Expr, code: pl.Expr) -> None:
        found = faults_where(
            cells, where, column=self.label(column.name), value=pl.col("value"), reason=reason, code=code
        )
        if len(found):
            self.parts[column.name].append(found)

    def _text(self, column: Column, cells: pl.DataFrame) -> pl.Series:
        value, name = pl.col("value"), column.name
        longest = cells["value"].str.len_bytes().max()
        if isinstance(longest, int) and longest > MAX_TEXT:
            reason = pl.format(
                f"{name} has {{}} characters, at most {MAX_TEXT} are kept: shorten it", value.str.len_chars()
            )
            self._fault(column, cells, value.str.len_chars() > MAX_TEXT, reason, pl.lit("text_too_long"))
        reason = pl.lit(f"{name} contains a line break or an invisible control character: remove it")
        refused = CONTROL if name in ONLY_SHOWN else UNSEEN
        self._fault(column, cells, value.str.contains(refused), reason, pl.lit("text_control"))
        if cells["value"].is_in([*SPREADSHEET_ERRORS, *NULL_TEXTS]).any():
            reason = pl.format(
                "'{}' stands for an empty cell in some exports: add it to the mapping's empty markers", value
            )
            self._fault(column, cells, value.is_in(NULL_TEXTS), reason, pl.lit("text_null"))
            self._spreadsheet_errors(column, cells)
        return composed(cells["value"])

    def _spreadsheet_errors(self, column: Column, cells: pl.DataFrame) -> pl.Series:
        is_error = pl.col("value").is_in(SPREADSHEET_ERRORS)
        reason = pl.format(
            "the cell shows {}: correct the formula, calculate and save the workbook again", pl.col("value")
        )
        self._fault(column, cells, is_error, reason, pl.lit("cell_error"))
        return cells.select(is_error.fill_null(False)).to_series()

    def _choice(self, column: Column, cells: pl.DataFrame) -> pl.Series:
        is_currency = column.kind == "currency"
        allowed = sorted(tender_codes()) if is_currency else list(column.choices)
        value = pl.col("value")
        is_known = cells["value"].is_in(allowed)
        if is_known.all():
            return cells["value"]
        bad = cells.filter(~is_known)
        written = value.str.to_uppercase() if is_currency else value.str.to_lowercase()
        expected = "an ISO 4217 currency code such as USD or EUR" if is_currency else f"one of {', '.join(allowed)}"
        shown = value.str.slice(0, 40)
        reason = (
            pl.when(written.is_in(allowed))
            .then(pl.format("'{}' is not written '{}': map the value, or correct it", shown, written))
            .otherwise(pl.format(f"'{{}}' is not {expected}: map the value, or correct it", shown))
        )
        codes = {"charge_type": "charge_type_unknown", "amount_basis": "basis_unknown", "currency": "currency_unknown"}
        self._fault(column, bad, value.is_not_null(), reason, pl.lit(codes[column.name]))
        return pl.select(pl.when(is_known).then(cells["value"])).to_series()

    def _number(self, column: Column, cells: pl.DataFrame) -> pl.Series:
        name = self.label(column.name)
        is_typed = column.name in self.mapping.columns and self.table.kinds.get(name) == frozenset({"number"})
        is_ours = column.name in self.mapping.constants
        parsed, bad = parse_numbers(cells, "." if is_typed or is_ours else self.mapping.decimal_mark, self.decimals)
        if bad.height:
            bad = bad.filter(~self._spreadsheet_errors(column, bad))
            self._fault(column, bad, pl.lit(True), pl.col("reason"), pl.col("code"))
        return parsed

    def _date(self, column: Column, cells: pl.DataFrame) -> pl.Series:
        texts = parse_dates(cells["value"], self.mapping.date_order)
        bad = texts.filter(pl.col("code").is_not_null())
        if bad.height:
            explained = cells.join(bad.drop("parsed"), on="value", how="inner", maintain_order="left")
            explained = explained.filter(~self._spreadsheet_errors(column, explained))
            self._fault(column, explained, pl.lit(True), pl.col("reason"), pl.col("code"))
        return texts["parsed"].gather(cells["value"].cast(pl.Enum(texts["value"])).to_physical())


def _mapped(values: pl.Series, texts: MappingType[str, str]) -> pl.Series:
    """The column with the mapped texts in place of the file's; others stay as they are."""
    plain = {key.strip().casefold(): text for key, text in texts.items()}
    different = values.unique().to_list()
    found = {text: plain[(text or "").casefold()] for text in different if (text or "").casefold() in plain}
    return values.replace(found) if found else values


def find_missing_columns(table: Table, mapping: Mapping, columns: Iterable[Column]) -> Faults:
    """Columns that the mapping names but the file lacks, required ones that come from nowhere, and an open choice of
    sheet.
    """
    faults = []
    for column in columns:
        name = mapping.columns.get(column.name)
        if name is not None and name not in table.header:
            reason = (
                f"the file has no column '{name}', from which {column.name} is read: correct the mapping or the file"
            )
            faults.append(Fault(1, name, "", reason, "column_missing"))
        elif name is None and column.is_required and column.name not in mapping.constants:
            reason = f"{column.name} is required: say which column holds it, or give one value for all rows"
            faults.append(Fault(1, column.name, "", reason, "column_unmapped"))
    if len(table.sheets) > 1 and mapping.sheet is None:
        reason = (
            f"the workbook has {len(table.sheets)} sheets ({', '.join(table.sheets)}): say which one holds the table"
        )
        faults.append(Fault(0, "", "", reason, "sheet_unknown"))
    return Faults.of(*faults)
