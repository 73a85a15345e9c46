"""Upper bounds of an uploaded file. They are checked before anything is parsed, and again by the kernel around a
workbook.
"""

from dataclasses import dataclass


class Refused(Exception):
    """The file as a whole cannot be read: a short code, and a reason for the person who uploaded it."""

    def __init__(self, code: str, reason: str, row: int = 0) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.row = row


@dataclass(frozen=True)
class Limits:
    """Bytes, counts and seconds. `max_rows` counts blank rows too, `max_text_cells` are rows times columns.

    `max_unzipped`, `max_ratio`, `max_entries` and `max_cells` hold for workbooks only.
    """

    max_bytes: int = 400_000_000
    max_rows: int = 2_000_000
    max_columns: int = 300
    max_text_cells: int = 60_000_000
    max_cell_length: int = 10_000
    max_line_bytes: int = 1_000_000
    max_workbook_bytes: int = 60_000_000
    max_unzipped: int = 600_000_000
    max_ratio: int = 100
    max_entries: int = 1_000
    max_cells: int = 10_000_000
    child_memory: int = 2_000_000_000
    child_cpu_seconds: int = 60

    def check_shape(self, rows: int, columns: int) -> None:
        """Refuse a table with so many rows (without the header) and columns before memory is spent on its cells."""
        if columns > self.max_columns:
            raise Refused(
                "too_many_columns", f"the file has {columns:,} columns, at most {self.max_columns:,} are read"
            )
        if rows > self.max_rows:
            raise Refused("too_many_rows", f"the file has more than {self.max_rows:,} rows: split it")
        if rows * columns > self.max_text_cells:
            reason = (
                f"the file has {rows:,} rows of {columns:,} columns, at most {self.max_text_cells:,} cells are read"
            )
            raise Refused("too_many_cells", f"{reason}: leave out columns that are not needed, or split it")
