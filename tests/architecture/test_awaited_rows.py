"""The guard of rows that are still being written is asked once for each table of a statement, but not within `UNION ALL`.

There PostgreSQL asks a row policy for each row only: of a table that is empty for everybody it would ask nothing.
"""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("portal", "metrics", "engagements", "governance", "reporting")
TOGETHER = re.compile(r"UNION\s+ALL|\.union\([^)]*all=True", re.IGNORECASE)
LINES = re.compile(r"metrics_contractline|\bContractLine\b|\bLIVE_LINES\b")


def test_no_module_that_reads_contract_lines_puts_tables_together() -> None:
    modules = [path for room in ROOMS for path in (ROOT / room).rglob("*.py") if "migrations" not in path.parts]
    together = [path for path in modules if TOGETHER.search(path.read_text())]
    assert len(together) > 2, "they are found"
    assert [path.name for path in together if LINES.search(path.read_text())] == []
