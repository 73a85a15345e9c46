"""The bridge as a file to take away, with exactly the columns of the worked cases (ARR semantics, section 8)."""

import csv
import io
from collections.abc import Sequence

from governance.selectors.figure_disputes import Mark
from metrics.break_text import restated_why
from metrics.engine.bridge import AMOUNTS, COUNTS
from metrics.selectors.figures import BRIDGE_COLUMNS, Bridge, BridgeRow
from portal.lib.spreadsheets import harmless
from reporting.break_notes import BREAK_COLUMNS, Notes, break_cells

REPORTED = (*AMOUNTS, "adjustment", *COUNTS)
REPORTED_COLUMNS = (*(f"{name}_as_reported" for name in REPORTED), "restated_by", "restated_why")


def bridge_csv(bridge: Bridge, notes: Notes | None = None, disputes: Sequence[Sequence[Mark]] = ()) -> str:
    """`month[,group],beginning … customers_ending`, exact to the cent, ordered by period and group.

    The first column is named after the grain (`quarter`, `year`). Where a closed month was corrected later, a column
    `adjustment` holds what the row's sum needs; where a definition changed or a month was restated, further columns say what
    was reported; where a figure is disputed, `disputed` names it with its dispute. All of them are left out where there is
    nothing for them to say, so that the file equals that of the command line.
    """
    notes = notes or Notes()
    grouped = bridge.dimension != "total"
    names = [*BRIDGE_COLUMNS, *(["adjustment"] if any(row.adjustment for row in bridge.rows) else [])]
    marked = [*(BREAK_COLUMNS if notes.breaks else ()), *(REPORTED_COLUMNS if notes.restated else ())]
    marked += ["disputed"] if disputes else []
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([bridge.grain, *(["group"] if grouped else []), *names, *marked])
    for row, disputed in zip(bridge.rows, disputes or [()] * len(bridge.rows), strict=True):
        figures = [str(getattr(row, name)) for name in names]
        figures += break_cells(notes, row) if notes.breaks else []
        figures += reported_cells(notes, row) if notes.restated else []
        figures += ["; ".join(f"D-{each.number} {each.figure}" for each in disputed)] if disputes else []
        writer.writerow([row.period.key, *([harmless(row.group)] if grouped else []), *figures])
    return text.getvalue()


def reported_cells(notes: Notes, row: BridgeRow) -> list[str]:
    """The cells of `REPORTED_COLUMNS` in a row: blank in a period of which no month was restated; of a question that closes
    cannot answer, why alone.
    """
    found = notes.restated_in(row.period)
    why = harmless("; ".join(dict.fromkeys(restated_why(each) for each in found)))
    first = row.as_reported
    if first is None:
        return [*[""] * (len(REPORTED_COLUMNS) - 1), why]
    figures = [getattr(first, name) for name in REPORTED]
    return [*map(str, figures), str(row.ending - first.ending), why]
