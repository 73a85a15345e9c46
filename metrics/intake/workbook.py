"""One sheet of an XLSX workbook as CSV text, written by a child process that the kernel holds to limits.

`python -m metrics.intake.workbook` reads a JSON order from stdin, bounds itself, checks the workbook, writes the CSV
and answers with JSON. Numbers go through 15 significant digits (what the spreadsheet shows) to exact decimal text,
dates to ISO.
"""

import csv
import json
import resource
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final

from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from metrics.intake.limits import Limits, Refused
from metrics.intake.workbook_check import PartCheck, check_workbook, sheet_part

TEXT: Final = "text"


@dataclass
class Converted:
    """The answer of the child: which sheet was read, which there are, and the kinds of cell in each column."""

    sheet: str = ""
    sheets: list[str] = field(default_factory=list)
    kinds: list[list[str]] = field(default_factory=list)
    code: str = ""
    reason: str = ""


def number_text(value: float) -> str:
    """A cell's number as exact decimal text, through the 15 significant digits that a spreadsheet guarantees."""
    text = format(value, ".15g")
    return format(Decimal(text), "f") if "e" in text else text


def cell_text(value: object) -> tuple[str, str]:
    """The text of a cell and its kind (`text`, `number`, `date` or `bool`; "" for an empty cell)."""
    if isinstance(value, str):
        return value, TEXT if value.strip() else ""
    if isinstance(value, bool):
        return ("TRUE" if value else "FALSE"), "bool"
    if isinstance(value, (float, int)):
        return number_text(value), "number"
    if isinstance(value, datetime):
        return (value.date().isoformat() if value.time() == time() else value.isoformat(" ")), "date"
    if isinstance(value, date):
        return value.isoformat(), "date"
    return str(value), TEXT


def convert(path: str, out: str, sheet: str | None, limits: Limits) -> Converted:
    """Check the workbook, write one sheet as CSV (UTF-8, every row equally long); raises `Refused`.

    Without a name the first visible worksheet is read; the answer lists all visible ones, so that the caller can ask.
    """
    parts = check_workbook(path, limits)
    book = CalamineWorkbook.from_path(path)
    visible = [
        meta.name
        for meta in book.sheets_metadata
        if meta.typ == SheetTypeEnum.WorkSheet and meta.visible == SheetVisibleEnum.Visible
    ]
    if not visible:
        raise Refused("sheet_missing", "the workbook has no visible worksheet")
    if sheet is not None and sheet not in visible:
        raise Refused("sheet_missing", f"the workbook has no sheet '{sheet}'; it has: {', '.join(visible)}")
    chosen = sheet or visible[0]
    data = book.get_sheet_by_name(chosen)
    left = data.start[1] if data.start else 0
    kinds: list[set[str]] = [set() for _ in range(left + data.width)]
    part = parts.get(sheet_part(path, chosen), PartCheck())
    with open(out, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerows(_text_rows(data.iter_rows(), left, kinds, part.valueless))
    return Converted(chosen, visible, [sorted(column) for column in kinds])


def _text_rows(
    rows: Iterator[list[Any]], left: int, kinds: list[set[str]], valueless: dict[tuple[int, int], str]
) -> Iterator[list[str]]:
    padding = [""] * left
    for number, row in enumerate(rows):
        texts = list(padding)
        for index, value in enumerate(row, left):
            text, kind = cell_text(value)
            if not kind and valueless:
                text = valueless.get((number, index), "")
            texts.append(text)
            if number and kind:
                kinds[index].add(kind)
        yield texts


def main() -> None:
    """Child process: limits on itself first, then the work; the answer goes to stdout as JSON."""
    order = json.load(sys.stdin)
    limits = Limits(**order["limits"])
    resource.setrlimit(resource.RLIMIT_AS, (limits.child_memory, limits.child_memory))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.child_cpu_seconds, limits.child_cpu_seconds + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits.max_bytes, limits.max_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        answer = convert(order["path"], order["out"], order["sheet"], limits)
    except Refused as refusal:
        answer = Converted(code=refusal.code, reason=refusal.reason)
    except MemoryError:
        answer = Converted(
            code="workbook_too_heavy", reason="the workbook needs too much memory: save the sheet as CSV"
        )
    except Exception as error:
        reason = f"the workbook cannot be read ({type(error).__name__}): save it again as .xlsx, or as CSV"
        answer = Converted(code="workbook_damaged", reason=reason)
    json.dump(asdict(answer), sys.stdout)


if __name__ == "__main__":
    main()
