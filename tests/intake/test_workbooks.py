"""XLSX: cells as they are meant, and workbooks that nobody sends by accident."""

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path

import pytest

from metrics.intake.contracts import read_contracts
from metrics.intake.limits import Limits
from metrics.intake.mapping import Mapping
from metrics.intake.reader import ROOT, read_bytes, read_limited
from metrics.intake.table import Table
from tests.intake.build import line, workbook_bytes

HEADER = list(line())
SHEET = "xl/worksheets/sheet1.xml"


def code(table: Table) -> str:
    assert len(table.faults) == 1, list(table.faults)
    return table.faults.first(1)[0].code


def rows_of(*lines: dict[str, object]) -> list[list[object]]:
    return [list(HEADER), *([each.get(name, "") for name in HEADER] for each in lines)]


def with_part(data: bytes, name: str, content: bytes) -> bytes:
    """The workbook with one part replaced or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            if info.filename != name:
                new.writestr(info.filename, old.read(info))
        new.writestr(name, content)
    return out.getvalue()


def sheet_xml(cells: str, before: str = "", dimension: str = "A1:B2") -> bytes:
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    body = f'<dimension ref="{dimension}"/><sheetData>{cells}</sheetData>'
    return f'<?xml version="1.0" encoding="UTF-8"?>{before}<worksheet xmlns="{space}">{body}</worksheet>'.encode()


def test_numbers_and_dates_are_read_as_they_are_shown() -> None:
    first = {**line(1), "amount": 0.1 + 0.2, "start_date": date(2024, 3, 4), "end_date": datetime(2025, 3, 3)}  # noqa: DTZ001 — a sheet knows no zones
    second = {**line(2), "amount": 123456789.125, "contract_id": 1001}
    table = read_bytes(workbook_bytes(rows_of(first, second)))
    file = read_contracts(table, Mapping.identity(HEADER))
    assert not len(file.faults), list(file.faults)
    assert file.lines["amount_e6"].to_list() == [300_000, 123_456_789_125_000]
    assert file.lines["starts_on"].to_list()[0] == date(2024, 3, 4)
    assert file.lines["contract_id"].to_list() == ["K1", "1001"]
    assert table.kinds["start_date"] == {"date", "text"}


def test_date_cells_need_no_order_but_mixed_with_text_they_are_a_fault() -> None:
    mapping = Mapping(columns=Mapping.identity(HEADER).columns, date_order="dmy")
    cells = {"start_date": date(2024, 3, 4), "end_date": ""}
    assert not len(read_contracts(read_bytes(workbook_bytes(rows_of({**line(), **cells}))), mapping).faults)
    mixed = rows_of({**line(1), **cells}, {**line(2), "start_date": "13/04/2024", "end_date": ""})
    faults = read_contracts(read_bytes(workbook_bytes(mixed)), mapping).faults
    assert [(fault.row, fault.code) for fault in faults] == [(2, "date_order_mixed")]


def test_number_cells_need_no_decimal_mark() -> None:
    mapping = Mapping(columns=Mapping.identity(HEADER).columns, decimal_mark=",", date_order="ymd")
    file = read_contracts(read_bytes(workbook_bytes(rows_of({**line(), "amount": 1200.5}))), mapping)
    assert file.lines["amount_e6"].to_list() == [1_200_500_000]


def test_an_error_or_an_uncalculated_formula_is_no_blank_cell() -> None:
    table = read_bytes(workbook_bytes([["a", "b", "c"], ["x", "y", "z"]]))
    xml = sheet_xml(
        '<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c><c r="B1" t="inlineStr"><is><t>b</t></is></c></row>'
        '<row r="2"><c r="A2" t="e"><f>NA()</f><v>#N/A</v></c><c r="B2"><f>1+1</f><v></v></c></row>'
    )
    table = read_bytes(with_part(workbook_bytes([["a"]]), SHEET, xml))
    assert table.cells.rows() == [("#N/A", "#NOT CALCULATED!")]


def test_of_several_sheets_the_person_names_one() -> None:
    data = workbook_bytes([["notes", "x"], ["a", "b"]], rows_of({**line(1)}))
    table = read_bytes(data)
    assert (table.sheet, table.sheets) == ("Sheet1", ("Sheet1", "Sheet2"))
    unasked = read_contracts(read_bytes(data, sheet="Sheet2"), Mapping.identity(HEADER))
    assert unasked.faults.by_code() == {"sheet_unknown": 1}
    named = Mapping(columns=Mapping.identity(HEADER).columns, sheet="Sheet2")
    assert read_contracts(read_bytes(data, sheet="Sheet2"), named).lines.height == 1
    assert code(read_bytes(data, sheet="Sheet9")) == "sheet_missing"


def test_an_xlsx_under_any_name_is_known_by_its_content_and_row_numbers_hold() -> None:
    table = read_bytes(workbook_bytes([["a", "b"], ["1", ""], [], ["3", "x\ny"], ["4", "z"]]))
    assert table.rows.to_list() == [2, 4, 5]
    assert table.encoding == "xlsx"


def zip_bomb() -> bytes:
    return with_part(workbook_bytes([["a"]]), SHEET, sheet_xml("<row></row>" * 20_000_000))


def billion_laughs() -> bytes:
    entities = '<!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    return with_part(workbook_bytes([["a"]]), SHEET, sheet_xml("", entities))


def external_entity() -> bytes:
    entity = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    return with_part(workbook_bytes([["a"]]), "xl/sharedStrings.xml", sheet_xml("", entity))


def many_entries() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(100_000):
            archive.writestr(f"x{number}", b"")
    return out.getvalue()


def many_sheets() -> bytes:
    data = workbook_bytes([["a"]])
    out = io.BytesIO(data)
    with zipfile.ZipFile(out, "a") as archive:
        for number in range(2, 1_200):
            archive.writestr(f"xl/worksheets/sheet{number}.xml", b"<worksheet/>")
    return out.getvalue()


def far_cell() -> bytes:
    cells = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    return with_part(workbook_bytes([["a"]]), SHEET, sheet_xml(cells))


def far_row() -> bytes:
    cells = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="J1048576"><v>1</v></c></row>'
    return with_part(workbook_bytes([["a"]]), SHEET, sheet_xml(cells))


def sparse_sheet() -> bytes:
    cells = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="E1048576"><v>1</v></c></row>'
    return with_part(workbook_bytes([["a"]]), SHEET, sheet_xml(cells))


def macros() -> bytes:
    return with_part(workbook_bytes([["a"]]), "xl/vbaProject.bin", b"\xd0\xcf")


def macro_type() -> bytes:
    data = workbook_bytes([["a"]])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        types = archive.read("[Content_Types].xml")
    name = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    return with_part(
        data, "[Content_Types].xml", types.replace(name, b"application/vnd.ms-excel.sheet.macroEnabled.main+xml")
    )


def climbing_name() -> bytes:
    return with_part(workbook_bytes([["a"]]), "../evil.xml", b"<a/>")


def lying_size() -> bytes:
    """The directory claims that the sheet is small; it inflates to 50 MB."""
    data = bytearray(with_part(workbook_bytes([["a"]]), SHEET, sheet_xml("<row></row>" * 5_000_000)))
    entry = data.rfind(b"PK\x01\x02", 0, data.rfind(SHEET.encode()))
    data[entry + 24 : entry + 28] = (100).to_bytes(4, "little")
    return bytes(data)


def disguised_xml() -> bytes:
    return with_part(workbook_bytes([["a"]]), "xl/media/image1.png", sheet_xml(""))


def utf16_part() -> bytes:
    return with_part(workbook_bytes([["a"]]), SHEET, sheet_xml("").decode().encode("utf-16"))


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "zip bomb": (zip_bomb, "workbook_too_heavy"),
    "billion laughs": (billion_laughs, "workbook_hostile"),
    "external entity": (external_entity, "workbook_hostile"),
    "100,000 entries": (many_entries, "workbook_too_heavy"),
    "1,200 sheets": (many_sheets, "workbook_too_heavy"),
    "cell XFD1048576": (far_cell, "too_many_columns"),
    "cell J1048576": (far_row, "workbook_too_heavy"),
    "cell E1048576": (sparse_sheet, "workbook_too_heavy"),
    "macros": (macros, "workbook_macros"),
    "xlsm renamed": (macro_type, "workbook_macros"),
    "name outside": (climbing_name, "workbook_hostile"),
    "lying size": (lying_size, "workbook_damaged"),
    "XML as picture": (disguised_xml, "workbook_hostile"),
    "UTF-16 part": (utf16_part, "workbook_hostile"),
    "cut off": (lambda: workbook_bytes([["a"]])[:-40], "workbook_damaged"),
    "plain zip": (lambda: with_part(b"PK\x05\x06" + b"\0" * 18, "a.csv", b"a,b\n1,2\n"), "workbook_damaged"),
}


MEASURED = """
import resource
from metrics.intake.workbook import main
main()
used = resource.getrusage(resource.RUSAGE_SELF)
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]
print()
print(used.ru_utime + used.ru_stime, peak)
"""


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_workbook_is_refused_cheaply(name: str, tmp_path: Path) -> None:
    make, expected = HOSTILE[name]
    path = tmp_path / "upload"
    path.write_bytes(make())
    assert code(read_limited(path)) == expected
    order = {"path": str(path), "out": str(tmp_path / "out"), "sheet": None, "limits": asdict(Limits())}
    done = subprocess.run(
        [sys.executable, "-c", MEASURED], input=json.dumps(order), capture_output=True, text=True, cwd=ROOT
    )
    seconds, kilobytes = done.stdout.splitlines()[-1].split()
    assert float(seconds) < 2
    assert int(kilobytes) < 200_000


def test_a_declared_dimension_that_is_too_large_does_no_harm() -> None:
    first = '<row r="1"><c r="A1" t="str"><v>a</v></c><c r="B1" t="str"><v>b</v></c></row>'
    cells = first + '<row r="2"><c r="A2"><v>1</v></c></row>'
    table = read_bytes(with_part(workbook_bytes([["a"]]), SHEET, sheet_xml(cells, dimension="A1:XFD1048576")))
    assert table.cells.rows() == [("1", None)]


@pytest.mark.parametrize("limits", [Limits(child_memory=100_000_000), Limits(child_cpu_seconds=1)])
def test_the_kernel_stops_a_child_that_needs_too_much(limits: Limits) -> None:
    row = '<row r="{0}"><c r="A{0}"><v>1.5</v></c><c r="B{0}"><v>2</v></c><c r="C{0}"><v>3</v></c></row>'
    cells = sheet_xml("".join(row.format(number) for number in range(1, 600_000)))
    assert code(read_bytes(with_part(workbook_bytes([["a"]]), SHEET, cells), limits=limits)) == "workbook_too_heavy"


def test_one_line_of_50_mb_is_refused() -> None:
    assert code(read_bytes(b"a,b\n" + b"x" * 50_000_000)) == "line_too_long"
