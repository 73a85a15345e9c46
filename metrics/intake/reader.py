"""A file that somebody uploaded, as a `Table`. What it is shows in its first bytes, not in its name.

Text is read in this process (its cost is bounded by its size); a workbook is turned to text in a child process with
limits.
"""

import csv
import io
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

from metrics.intake.delimited import read_delimited
from metrics.intake.limits import Limits, Refused
from metrics.intake.table import Table

ROOT: Final = Path(__file__).resolve().parents[2]
ZIP: Final = b"PK\x03\x04"
SIGNATURES: Final = (
    (b"\xd0\xcf\x11\xe0", "the file is an old .xls workbook or protected by a password: save it as .xlsx without one"),
    (b"%PDF", "the file is a PDF: export the table as CSV or XLSX"),
    (b"\x1f\x8b", "the file is compressed: unpack it first"),
    (b"PK\x05\x06", "the file is an empty archive"),
    (b"<", "the file is a web page or XML: export the table as CSV or XLSX"),
    (b"{", "the file is JSON: export the table as CSV or XLSX"),
)


def read_limited(
    path: str | Path,
    *,
    sheet: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    limits: Limits | None = None,
) -> Table:
    """The table in the file at `path`, CSV or XLSX; never raises for what is in the file.

    Encoding and delimiter are found where not given; without `sheet` the first visible sheet is read (`Table.sheets`
    lists all). A file that cannot be read is an empty table with one fault in row 0 or 1 that says why and what to
    do.
    """
    bounds = limits or Limits()
    try:
        size = Path(path).stat().st_size
        with open(path, "rb") as file:
            start = file.read(8)
            if start.startswith(ZIP):
                return _read_workbook(str(path), sheet, bounds)
            _refuse_signature(start.removeprefix(b"\xef\xbb\xbf"))
            if size > bounds.max_bytes:
                raise Refused(
                    "file_too_large", f"the file has {size:,} bytes, at most {bounds.max_bytes:,} are read: split it"
                )
            file.seek(0)
            return read_delimited(file.read(), encoding=encoding, delimiter=delimiter, limits=bounds)
    except Refused as refusal:
        return Table.refused(refusal)


def read_bytes(data: bytes, **options: Any) -> Table:
    """`read_limited` for bytes in memory; takes the same options."""
    with tempfile.NamedTemporaryFile(prefix="tieout-intake-") as file:
        file.write(data)
        file.flush()
        return read_limited(file.name, **options)


def _refuse_signature(start: bytes) -> None:
    for signature, reason in SIGNATURES:
        if start.startswith(signature):
            raise Refused("file_not_a_table", reason)


def _read_workbook(path: str, sheet: str | None, limits: Limits) -> Table:
    with tempfile.TemporaryDirectory(prefix="tieout-intake-") as folder:
        out = str(Path(folder) / "sheet.csv")
        answer = _run_child(
            {"path": str(Path(path).resolve()), "out": out, "sheet": sheet, "limits": asdict(limits)}, limits
        )
        if answer["code"]:
            raise Refused(answer["code"], answer["reason"])
        data = Path(out).read_bytes()
    bounds = replace(limits, max_line_bytes=limits.max_bytes)
    try:
        table = read_delimited(data, encoding="utf-8", delimiter=",", limits=bounds)
    except Refused as refusal:
        table = Table.refused(refusal)
    names = [name.strip() for name in _header(data)]
    kinds = {name: frozenset(found) for name, found in zip(names, answer["kinds"], strict=False) if name}
    return replace(table, encoding="xlsx", sheet=answer["sheet"], sheets=tuple(answer["sheets"]), kinds=kinds)


def _header(data: bytes) -> list[str]:
    return next(csv.reader(io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", newline="")), [])


def _run_child(order: dict[str, Any], limits: Limits) -> dict[str, Any]:
    """The child's answer; raises `Refused` when the kernel had to stop it."""
    heavy = Refused("workbook_too_heavy", "the workbook takes too much time or memory to read: save the sheet as CSV")
    command = [sys.executable, "-m", "metrics.intake.workbook"]
    environment = {"PATH": os.defpath, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            command,
            input=json.dumps(order),
            capture_output=True,
            text=True,
            timeout=limits.child_cpu_seconds * 2,
            env=environment,
            cwd="/",
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise heavy from error
    if done.returncode < 0 or "MemoryError" in done.stderr:
        raise heavy
    if done.returncode:
        raise Refused("workbook_damaged", "the workbook cannot be read: save it again as .xlsx, or as CSV")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
