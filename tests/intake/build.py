"""Small contract files for the tests, as text, bytes and workbooks."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import xlsxwriter

from metrics.intake.layout import CONTRACT_NAMES

SHARED = Path(__file__).resolve().parents[3] / "shared"
NO_SHARED = f"needs the shared data sets in {SHARED}"

GOOD_LINE = {
    "contract_id": "K1",
    "line_id": "K1-1",
    "customer_id": "C1",
    "customer_name": "Acme",
    "product": "Platform",
    "charge_type": "recurring",
    "amount": "1200.50",
    "amount_basis": "year",
    "currency": "USD",
    "start_date": "2024-01-01",
    "end_date": "2024-12-31",
}


def line(number: int = 1, **changes: str) -> dict[str, str]:
    """A valid line with its own ids, and what the test changes in it."""
    return {**GOOD_LINE, "contract_id": f"K{number}", "line_id": f"K{number}-1", **changes}


def csv_text(lines: Iterable[dict[str, str]], columns: Sequence[str] = CONTRACT_NAMES) -> str:
    """A file in our own format; columns that a line does not have are blank."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return out.getvalue()


def csv_bytes(lines: Iterable[dict[str, str]], columns: Sequence[str] = CONTRACT_NAMES) -> bytes:
    """The same as UTF-8."""
    return csv_text(lines, columns).encode()


def workbook_bytes(*sheets: Sequence[Sequence[object]], **options: object) -> bytes:
    """A workbook with the given rows on its sheets; dates become date cells, `=…` texts formulas."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"default_date_format": "yyyy-mm-dd", **options})
    for rows in sheets:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    book.close()
    return out.getvalue()
