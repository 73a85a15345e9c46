"""Is this XLSX file safe to parse? Everything is bounded before the parser sees a byte.

The archive's directory is checked first (counts, sizes, ratio, names, macros), then every part is inflated in pieces
that are thrown away again: sizes that lie, entity declarations, and sheets whose cells span more than they fill are
found here.
"""

import re
import stat
import struct
import zipfile
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Final

from metrics.intake.limits import Limits, Refused

PIECE: Final = 1 << 20
SMALL_UNZIPPED: Final = 10_000_000
DENSE_ENOUGH: Final = 1_000_000
SPARSE_FACTOR: Final = 20
CELL: Final = re.compile(rb"""<(?:\w+:)?(?:c|row)\s[^<>]*?\br=["']([A-Za-z]*)([0-9]+)["']""")
DECLARATION: Final = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
ERROR_CELL: Final = re.compile(
    rb"""<(?:\w+:)?c\s(?=[^<>]*\bt=["']e["'])[^<>]*?\br=["']([A-Z]+[0-9]+)["'][^<>]*>"""
    rb"""(?:<f[^<>]*>[^<]*</f>|<f[^<>]*/>)?<v>([^<]*)"""
)
UNCOMPUTED: Final = re.compile(
    rb"""<c\s(?![^<>]*\bt=["']str["'])[^<>]*?\br=["']([A-Z]+[0-9]+)["'][^<>]*>"""
    rb"""(?:<f[^<>]*>[^<]*</f>|<f[^<>]*/>)(?:<v></v>|<v\s*/>)?</c>"""
)
REFERENCE: Final = re.compile(r"([A-Z]+)([0-9]+)")
NOT_COMPUTED: Final = "#NOT CALCULATED!"


@dataclass
class PartCheck:
    """What a part holds: its cells' outermost row and column, how many there are, and the cells without a usable
    value.

    `valueless` maps (row, column), both counted from 0, to the error that the cell shows; a parser would give them as
    blank.
    """

    rows: int = 0
    columns: int = 0
    cells: int = 0

    valueless: dict[tuple[int, int], str] = field(default_factory=dict)


def check_workbook(path: str, limits: Limits) -> dict[str, PartCheck]:
    """Raise `Refused` unless the file is a plain XLSX workbook within the limits; give what each part holds."""
    size = Path(path).stat().st_size
    if size > limits.max_workbook_bytes:
        raise Refused(
            "file_too_large", f"the workbook has {size:,} bytes, at most {limits.max_workbook_bytes:,} are read"
        )
    _check_directory_size(path, size, limits)
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
            _check_entries(infos, size, limits)
            _check_content_types(archive)
            return {info.filename: _check_part(archive, info, limits) for info in infos}
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ValueError, struct.error, KeyError) as error:
        raise Refused(
            "workbook_damaged",
            f"the workbook is damaged ({error}): open it in the spreadsheet program and save it again",
        ) from error
    except Exception as error:
        if isinstance(error, Refused):
            raise
        raise Refused("workbook_damaged", "the workbook cannot be unpacked: save it again as .xlsx") from error


def _check_directory_size(path: str, size: int, limits: Limits) -> None:
    """Count the archive's entries from its last record, before the directory is read."""
    with open(path, "rb") as file:
        if file.read(4) != b"PK\x03\x04":
            raise Refused("workbook_damaged", "the file is no XLSX workbook: save it again as .xlsx or as CSV")
        file.seek(max(0, size - 65_600))
        tail = file.read()
        found = tail.rfind(b"PK\x05\x06")
        if found < 0 or len(tail) < found + 22:
            raise Refused("workbook_damaged", "the workbook is cut off: upload it again")
        entries, directory = struct.unpack("<HI", tail[found + 10 : found + 16])
        if tail[max(0, found - 20) :][:4] == b"PK\x06\x07":
            file.seek(struct.unpack("<Q", tail[found - 12 : found - 4])[0])
            record = file.read(56)
            if len(record) < 56:
                raise Refused("workbook_damaged", "the workbook is damaged: save it again")
            entries, directory = struct.unpack("<QQ", record[32:48])
    if entries > limits.max_entries or directory > limits.max_entries * 500:
        raise Refused(
            "workbook_too_heavy",
            f"the workbook is an archive of {entries:,} parts, at most {limits.max_entries:,} are read",
        )


def _check_entries(infos: list[zipfile.ZipInfo], size: int, limits: Limits) -> None:
    if len(infos) > limits.max_entries:
        raise Refused(
            "workbook_too_heavy",
            f"the workbook is an archive of {len(infos):,} parts, at most {limits.max_entries:,} are read",
        )
    names = [info.filename for info in infos]
    if len({name.lower() for name in names}) < len(names):
        raise Refused("workbook_hostile", "the workbook holds two parts of the same name: save it again")
    for info in infos:
        if ".." in info.filename.split("/") or info.filename.startswith(("/", "\\")) or "\\" in info.filename:
            raise Refused(
                "workbook_hostile",
                f"the workbook holds a part named '{info.filename[:80]}', which points outside of it",
            )
        if stat.S_ISLNK(info.external_attr >> 16):
            raise Refused("workbook_hostile", "the workbook holds a link to another file")
        if info.flag_bits & 1:
            raise Refused("workbook_protected", "the workbook is protected by a password: save it without one")
        if info.filename.lower().endswith(("vbaproject.bin", "macrosheet.xml")):
            raise Refused("workbook_macros", "the workbook contains macros: save it as .xlsx without macros")
    unzipped = sum(info.file_size for info in infos)
    zipped = sum(info.compress_size for info in infos)
    if unzipped > limits.max_unzipped:
        raise Refused(
            "workbook_too_heavy",
            f"the workbook unpacks to {unzipped:,} bytes, at most {limits.max_unzipped:,} are read",
        )
    if zipped > size or (unzipped > SMALL_UNZIPPED and unzipped > limits.max_ratio * zipped):
        raise Refused(
            "workbook_too_heavy", f"the workbook unpacks from {size:,} to {unzipped:,} bytes: no real workbook does"
        )


def _check_content_types(archive: zipfile.ZipFile) -> None:
    try:
        info = archive.getinfo("[Content_Types].xml")
    except KeyError as error:
        raise Refused(
            "workbook_damaged",
            "the file is an archive but no XLSX workbook: unpack it, or save the sheet as .xlsx or CSV",
        ) from error
    with archive.open(info) as part:
        types = part.read(PIECE)
    if b"macroEnabled" in types or b"vbaProject" in types:
        raise Refused("workbook_macros", "the workbook contains macros: save it as .xlsx without macros")
    if b"spreadsheetml.sheet.main+xml" not in types:
        raise Refused("workbook_damaged", "the archive is no XLSX workbook: save the sheet as .xlsx or as CSV")


def _check_part(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limits: Limits) -> PartCheck:
    """Inflate one part in pieces, up to its declared size (its checksum catches a lie), and look at its XML."""
    is_xml = info.filename.lower().endswith((".xml", ".rels", ".vml"))
    check, rest = PartCheck(), b""
    with archive.open(info) as part:
        while piece := part.read(PIECE):
            if not is_xml:
                if not rest and piece.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0").startswith(b"<"):
                    raise Refused(
                        "workbook_hostile", f"part '{info.filename[:80]}' of the workbook is XML under a false name"
                    )
                rest = b"read"
                continue
            text = rest + piece
            _check_xml(text, info.filename)
            cut = _last_cell_start(text)
            _look_at_cells(text[:cut], check)
            rest = text[cut:]
            if len(rest) > 4 * PIECE:
                raise Refused(
                    "workbook_hostile",
                    f"part '{info.filename[:80]}' of the workbook has one text of over {4 * PIECE:,} bytes",
                )
    if is_xml:
        _look_at_cells(rest, check)
    _check_span(check, limits)
    return check


def _last_cell_start(text: bytes) -> int:
    """Where the last cell or row begins: what comes before it is complete. Without cells, where the last tag begins."""
    found = max(text.rfind(b"<c "), text.rfind(b"<row "))
    return found if found > 0 else max(text.rfind(b"<"), 0)


def _check_xml(text: bytes, name: str) -> None:
    if b"\0" in text:
        raise Refused("workbook_hostile", f"part '{name[:80]}' of the workbook is not UTF-8: save the workbook again")
    if DECLARATION.search(text):
        raise Refused(
            "workbook_hostile",
            f"part '{name[:80]}' of the workbook declares XML entities, which no spreadsheet program writes",
        )


def _look_at_cells(text: bytes, check: PartCheck) -> None:
    found = CELL.findall(text)
    if not found:
        return
    check.cells += len(found)
    check.rows = max(check.rows, max(int(digits[:9]) for digits in {digits for _, digits in found}))
    check.columns = max(check.columns, max(_column_number(letters) for letters in {letters for letters, _ in found}))
    if b't="e"' in text or b"t='e'" in text:
        for reference, value in ERROR_CELL.findall(text):
            check.valueless[_position(reference.decode())] = value.decode(errors="replace")
    if b"<f" in text:
        for reference in UNCOMPUTED.findall(text):
            check.valueless[_position(reference.decode())] = NOT_COMPUTED


def _position(reference: str) -> tuple[int, int]:
    letters, digits = REFERENCE.fullmatch(reference).groups()  # type: ignore[union-attr]
    return int(digits[:9]) - 1, _column_number(letters.encode()) - 1


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper()[:4]:
        number = number * 26 + letter - 64
    return number


def _check_span(check: PartCheck, limits: Limits) -> None:
    span = check.rows * max(check.columns, 1)
    if check.columns > limits.max_columns:
        reason = f"a sheet has cells in column {check.columns:,}, at most {limits.max_columns:,} columns are read"
        raise Refused("too_many_columns", reason)
    if span > limits.max_cells or (span > DENSE_ENOUGH and check.cells * SPARSE_FACTOR < span):
        reason = f"a sheet spans {check.rows:,} rows and {check.columns:,} columns but has {check.cells:,} cells"
        raise Refused("workbook_too_heavy", f"{reason}: delete the rows below the data, or save it as CSV")


def sheet_part(path: str, sheet: str) -> str:
    """The name of the archive part that holds the sheet, by the workbook's own relations; "" if they do not tell."""
    with zipfile.ZipFile(path) as archive:
        book = archive.read("xl/workbook.xml").decode("utf-8", "replace")
        relations = archive.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")
    for tag in re.findall(r"<(?:\w+:)?sheet\s[^<>]*>", book):
        name, key = re.search(r'\bname="([^"]*)"', tag), re.search(r'\b\w+:id="([^"]*)"', tag)
        if not name or not key or unescape(name.group(1)) != sheet:
            continue
        for relation in re.findall(r"<(?:\w+:)?Relationship\s[^<>]*>", relations):
            target = re.search(r'\bTarget="([^"]*)"', relation)
            if f'"{key.group(1)}"' in relation and target:
                return target.group(1).lstrip("/") if target.group(1).startswith("/") else f"xl/{target.group(1)}"
    return ""
