"""Delimited text: bytes to a `Table`. Encoding and delimiter are found where they are not given.

Two ways lead to the same table: Polars for clean files, Python's `csv` for the others, which names each malformed
row.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import polars as pl

from metrics.intake.faults import SHOWN_LENGTH, Fault, FaultList, Faults
from metrics.intake.limits import Limits, Refused
from metrics.intake.structure import find_structure, longest_line
from metrics.intake.table import Table, table_from_cells

DELIMITERS: Final = (",", ";", "\t", "|")
DELIMITER_NAMES: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
ENCODINGS: Final = ("utf-8", "utf-16", "cp1252")
PIECE: Final = 1 << 18
BATCH: Final = 20_000
# Letters of UTF-8 that nobody means in Windows-1252, where they are "Ã¼" or "â€™". Single pairs like "É’" are left out.
AS_UTF8: Final = re.compile(
    rb"[\xc2\xc3][\x80-\xbf]|(?:[\xc4-\xdf][\x80-\xbf]){2}|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
HINT_LINE: Final = re.compile(rb'\A"?sep=(.)"?\r?\n')


def read_delimited(data: bytes, *, encoding: str | None = None, delimiter: str | None = None, limits: Limits) -> Table:
    """The table in a delimited text file.

    Rows with too many or too few cells and cells with stray quotation marks are faults of their row; a file that
    cannot be read at all raises `Refused`.
    """
    if len(data) > limits.max_bytes:
        raise Refused(
            "file_too_large", f"the file has {len(data):,} bytes, at most {limits.max_bytes:,} are read: split it"
        )
    text, encoding = to_utf8(data, encoding)
    hint = HINT_LINE.match(text)
    if hint:
        text, delimiter = text[hint.end() :], delimiter or hint.group(1).decode("latin-1")
    if not text or text.isspace():
        raise Refused("file_empty", "the file is empty: nothing to import")
    length, line = longest_line(text)
    if length > limits.max_line_bytes:
        reason = f"line {line:,} of the file has {length:,} bytes, at most {limits.max_line_bytes:,} are read"
        raise Refused("line_too_long", f"{reason}: is this a table with one line per row?")
    delimiter = delimiter or find_delimiter(text)
    parsed = _fast(text, delimiter, limits) or _exact(text, delimiter, limits)
    return replace(table_from_cells(*parsed, limits), encoding=encoding, delimiter=delimiter)


def to_utf8(data: bytes, encoding: str | None) -> tuple[bytes, str]:
    """The text as UTF-8 without byte order mark and with line feeds, and the encoding it came in; raises `Refused`."""
    found = encoding or _find_encoding(data)
    if found not in ENCODINGS:
        raise Refused("encoding_unknown", f"the encoding '{found}' is not known: use one of {', '.join(ENCODINGS)}")
    if found == "utf-8":
        text = data.removeprefix(codecs.BOM_UTF8)
        if encoding and not _is_utf8(text):
            raise Refused("encoding_wrong", "the file is not UTF-8: choose its encoding, or save it as 'CSV UTF-8'")
    else:
        try:
            text = data.decode(found).encode("utf-8").removeprefix(codecs.BOM_UTF8)
        except UnicodeError as error:
            reason = "the file is neither UTF-8 nor Windows-1252 text: save it as 'CSV UTF-8'"
            raise Refused("encoding_wrong", reason) from error
    if b"\0" in text:
        raise Refused(
            "file_binary", "the file contains NUL bytes and is no plain text: save it as 'CSV UTF-8' or as .xlsx"
        )
    if b"\r" in text and b"\n" not in text:
        text = text.replace(b"\r", b"\n")
    return text, found


def _find_encoding(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    wrong = _not_utf8(data)
    if wrong is None:
        return "utf-8"
    written = AS_UTF8.search(data)
    if written is None:
        return "cp1252"
    lines = [data.count(b"\n", 0, place) + 1 for place in (written.start(), wrong)]
    raise Refused(
        "encoding_mixed",
        f"line {lines[0]:,} of the file is written in UTF-8 and line {lines[1]:,} is not: names in it would be read as others."
        " Save the whole file in one encoding, best as 'CSV UTF-8'",
        lines[1],
    )


def _is_utf8(data: bytes) -> bool:
    return _not_utf8(data) is None


def _not_utf8(data: bytes) -> int | None:
    """Where the first byte stands that is no UTF-8; None where all of it is."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    for low in range(0, len(data), PIECE):
        held = len(decoder.getstate()[0])
        try:
            decoder.decode(data[low : low + PIECE], final=low + PIECE >= len(data))
        except UnicodeDecodeError as error:
            return low - held + error.start
    return None


def find_delimiter(text: bytes) -> str:
    """The delimiter that the header uses most often outside quotation marks; raises `Refused` when it has none."""
    unquoted = re.sub(rb'"[^"]*"', b"", text[: 1 << 20])
    header = unquoted.split(b"\n", 1)[0].decode("utf-8", "replace")
    counts = {delimiter: header.count(delimiter) for delimiter in DELIMITERS}
    best = max(counts, key=lambda delimiter: counts[delimiter])
    if not counts[best]:
        reason = "row 1 has only one column: expected column names with commas, semicolons, tabs or bars between them"
        raise Refused("delimiter_missing", reason, 1)
    return best


Parsed = tuple[pl.DataFrame, pl.Series, Faults, int]  # the last: blank rows, which are not among the cells


def _fast(text: bytes, delimiter: str, limits: Limits) -> Parsed | None:
    """All cells of a clean file, header included; None where the file needs the exact way.

    Polars pads short rows and drops an empty cell too many at the end of a file: only equally wide rows come here. It makes
    a row of full width of a blank line: those do not come here at all.
    """
    structure = find_structure(text, delimiter, limits.max_rows + 1)
    if not structure.is_clean:
        return None
    rows = pl.Series("row", structure.row_numbers())
    limits.check_shape(structure.records - 1, 1)
    limits.check_shape(len(rows) - 1, structure.width)
    try:
        cells = pl.read_csv(structure.without_blanks(text), has_header=False, infer_schema=False, separator=delimiter)
    except pl.exceptions.PolarsError:
        return None
    if cells.height != len(rows):
        return None
    return cells, rows, Faults.of(), structure.records - len(rows)


class _Cells:
    """Rows of equal width, moved into frames batch by batch."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.schema = {f"column_{index + 1}": pl.String for index in range(width)}
        self.records: list[list[str]] = []
        self.numbers: list[int] = []
        self.frames: list[pl.DataFrame] = []

    def add(self, number: int, record: list[str]) -> None:
        self.numbers.append(number)
        self.records.append(record)
        if len(self.records) == BATCH:
            self._flush()

    def _flush(self) -> None:
        self.frames.append(pl.DataFrame(self.records, schema=self.schema, orient="row"))
        self.records = []

    def finish(self) -> tuple[pl.DataFrame, pl.Series]:
        self._flush()
        return pl.concat(self.frames), pl.Series("row", self.numbers, pl.UInt32)


def _exact(text: bytes, delimiter: str, limits: Limits) -> Parsed:
    """The same through `csv`: rows keep their number, malformed rows become faults and are left out."""
    cells, faults, blank = _Cells(0), FaultList(), 0
    for number, record in enumerate(_records(text, delimiter), 1):
        if number - 1 > limits.max_rows or not number % BATCH:
            limits.check_shape(number - 1, 1)
            limits.check_shape(len(cells.numbers), cells.width)
        if isinstance(record, csv.Error):
            faults.add(_quote_fault(number, record))
            if "field larger" in str(record):
                break
        elif record and len(record) == cells.width:
            cells.add(number, record)
        elif not record or (cells.width and not any(cell.strip() for cell in record)):
            blank += 1
        elif cells.width and faults.is_full:
            faults.count(number, "row_ragged")
        elif cells.width:
            faults.add(_ragged_fault(number, record, cells.width, delimiter))
        else:
            limits.check_shape(0, len(record))
            cells = _Cells(len(record))
            cells.add(number, record)
    if not cells.width:
        raise Refused("header_missing", "row 1 has no column names: delete the rows above the header", 1)
    limits.check_shape(len(cells.numbers) - 1, cells.width)
    return *cells.finish(), faults.joined(), blank


def _records(text: bytes, delimiter: str) -> Iterator[list[str] | csv.Error]:
    lines = io.TextIOWrapper(io.BytesIO(text), encoding="utf-8", newline="")
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield error
        else:
            yield record


def _quote_fault(number: int, error: csv.Error) -> Fault:
    message = str(error)
    if "field larger" in message:
        reason = "a quotation mark opens a cell that does not end, and the rows after it cannot be read: close the mark"
        return Fault(number, "", '"', reason, "quote_open")
    if "end of data" in message:
        reason = "a quotation mark opens a cell that does not end before the file does: close or double the mark"
        return Fault(number, "", '"', reason, "quote_open")
    reason = (
        "after a closing quotation mark there is more text in the same cell: double the marks that belong to the text"
    )
    return Fault(number, "", '"', reason, "quote_stray")


def _ragged_fault(number: int, record: list[str], width: int, delimiter: str) -> Fault:
    name = DELIMITER_NAMES.get(delimiter, delimiter)
    reason = f"the row has {len(record)} cells, the header has {width}"
    if len(record) > width:
        advice = f"is there a {name} inside a cell that is not in quotation marks?"
    else:
        advice = "is the row cut off?"
    return Fault(number, "", delimiter.join(record)[:SHOWN_LENGTH], f"{reason}: {advice}", "row_ragged")
