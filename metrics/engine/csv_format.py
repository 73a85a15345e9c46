"""Tables as text: the exact CSV of ARR semantics, section 8, and JSON rows.

UTF-8, line feeds, a final newline; months ``YYYY-MM``; money with two decimals, never ``-0.00``; ratios with four
decimals, blank where there is none. Ordered by month, then group in code-point order. A bridge has the column
``prior_period_adjustment`` only where some month does not begin with what the one before it ended with.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from typing import Any, Final, TypeAlias

import polars as pl

from metrics.engine.bridge import AMOUNTS, COUNTS, TOTAL
from metrics.engine.retention import ratio4
from portal.lib.periods import month_format

Cell: TypeAlias = str | int
ADJUSTMENT: Final = "prior_period_adjustment"


def money_text(cents: int) -> str:
    """An amount in cents with two decimals; ``0.00`` for nothing, never ``-0.00``."""
    whole, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole}.{rest:02d}"


def bridge_csv(bridge: pl.DataFrame, dimension: str = TOTAL) -> str:
    """The bridge of one dimension as CSV; the total without, every other dimension with the column ``group``."""
    names, rows = bridge_rows(bridge, dimension)
    return csv_text(names, ([bridge_cell(name, row[name]) for name in names] for row in rows))


def bridge_rows(bridge: pl.DataFrame, dimension: str) -> tuple[list[str], list[dict[str, Any]]]:
    """The columns and rows of one dimension: each month begins with what the month before it ended with, and the step to what
    it would have begun with itself (another definition, a corrected contract) is told apart as its adjustment.
    """
    frame = bridge.filter(pl.col("dimension") == dimension).sort("month", "group")
    own = {(row["month"], row["group"]): row for row in frame.to_dicts()}
    nothing = dict.fromkeys((*AMOUNTS, *COUNTS), 0)
    rows: list[dict[str, Any]] = []
    first = min((month for month, _ in own), default=0)
    for month in range(first, max(bridge["month"], default=first - 1) + 1):
        before = {group: row["ending"] for (at, group), row in own.items() if at == month - 1 and row["ending"]}
        for group in sorted({group for at, group in own if at == month} | before.keys()):
            row = own.get((month, group)) or nothing | {"month": month, "group": group}
            opening = before.get(group, 0) if month > first else row["beginning"]
            rows.append(row | {"beginning": opening, ADJUSTMENT: row["beginning"] - opening})
    names = ["month", *(["group"] if dimension != TOTAL else []), *AMOUNTS, *COUNTS]
    return [*names, *([ADJUSTMENT] if any(row[ADJUSTMENT] for row in rows) else [])], rows


def bridge_cell(name: str, value: Cell) -> Cell:
    """One cell of a bridge as its text: month, group, money or count."""
    if name == "month":
        return month_format(int(value))
    return money_text(int(value)) if name in (*AMOUNTS, ADJUSTMENT) else value


def retention_csv(retention: pl.DataFrame) -> str:
    """The retention of all customers by month as CSV: ``month,nrr,grr``."""
    rows = retention.filter(pl.col("dimension") == TOTAL).sort("month").to_dicts()
    return csv_text(["month", "nrr", "grr"], ([month_format(row["month"]), *retention_cells(row)] for row in rows))


def retention_cells(row: dict[str, int]) -> list[str]:
    """NRR and GRR of a row of ``Book.retention`` as text; blank where there is none."""
    ratios = (ratio4(row[name], row["base_cents"]) for name in ("now_cents", "kept_cents"))
    return ["" if ratio is None else str(ratio) for ratio in ratios]


def csv_text(header: list[str], rows: Iterable[list[Cell] | list[str]]) -> str:
    """Rows as CSV with line feeds and a final newline."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def bridge_json(bridge: pl.DataFrame, dimension: str = TOTAL) -> str:
    """The bridge of one dimension as a JSON list of objects, the cells as in the CSV (money as text, counts as
    numbers).
    """
    names, rows = bridge_rows(bridge, dimension)
    return json.dumps([{name: bridge_cell(name, row[name]) for name in names} for row in rows], ensure_ascii=False)


def retention_json(retention: pl.DataFrame) -> str:
    """The retention of all customers by month as a JSON list of objects; a ratio that does not exist is ``null``."""
    rows = retention.filter(pl.col("dimension") == TOTAL).sort("month").to_dicts()
    cells = ((row, retention_cells(row)) for row in rows)
    objects = [
        {"month": month_format(row["month"]), "nrr": nrr or None, "grr": grr or None} for row, (nrr, grr) in cells
    ]
    return json.dumps(objects)
