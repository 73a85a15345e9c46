"""The bridge as a file to take away: the columns of the worked cases (ARR semantics, section 8), and what else is to be said.

Every file has all of its columns, whatever its data: what has nothing to say is empty. The command line alone writes the
columns of the worked cases by themselves (`metrics.engine.csv_format`).
"""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

from governance.selectors.figure_disputes import Mark
from metrics.break_text import restated_why
from metrics.engine.bridge import AMOUNTS, COUNTS
from metrics.engine.csv_format import ADJUSTMENT
from metrics.selectors.figures import BRIDGE_COLUMNS, Bridge, BridgeRow
from metrics.selectors.teams import TeamRow
from portal.lib.spreadsheets import harmless
from reporting.break_notes import BREAK_COLUMNS, Notes, break_cells

FIGURES: Final = (*BRIDGE_COLUMNS, "adjustment")
REPORTED: Final = (*AMOUNTS, "adjustment", *COUNTS)
RESTATEMENT: Final = ("restatement_amount", "restated_why")
DISPUTED: Final = "disputed"
ROLLED: Final = ("customers_adjusted", "customers_adjusted_as_reported")
OF_WHAT: Final = ("currency", "basis")


def column(name: str) -> str:
    """The head of a figure's column."""
    return ADJUSTMENT if name == "adjustment" else name


def columns_said(reported: Iterable[str]) -> list[str]:
    """The columns after the figures: definitions that begin, what was reported first of `reported`, by how much the ending was
    restated and why, and which figures are disputed.
    """
    return [*BREAK_COLUMNS, *(f"{column(name)}_as_reported" for name in reported), *RESTATEMENT, DISPUTED]


def bridge_csv(bridge: Bridge, notes: Notes | None = None, disputes: Sequence[Sequence[Mark]] = ()) -> str:
    """`month[,group],beginning … customers_ending,prior_period_adjustment, …`, exact to the cent, ordered by period and group.

    Columns that came later stand at the end: by how many customers the period before ended otherwise (so that
    `customers_ending` of the row before + `customers_adjusted` + those who came − those who went = `customers_ending`;
    `customers_beginning` counts those who are there after it; of products it does not add up, as who stays and takes another
    one is new to nobody), the currency, and the basis (ARR, CARR or LARR).
    The first column is named after the grain (`quarter`, `year`). The figures are those of the command line, with the
    prior-period adjustment that the row's sum needs.
    """
    notes = notes or Notes()
    grouped = bridge.dimension != "total"
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = [column(name) for name in FIGURES]
    writer.writerow([bridge.grain, *(["group"] if grouped else []), *names, *columns_said(REPORTED), *ROLLED, *OF_WHAT])
    of_what = [bridge.head.currency, bridge.head.label]
    for row, disputed in zip(bridge.rows, disputes or [()] * len(bridge.rows), strict=True):
        figures = [str(getattr(row, name)) for name in FIGURES]
        said = said_cells(notes, row, REPORTED, [f"D-{each.number} {each.figure}" for each in disputed])
        rolled = [row.customers_adjusted, "" if row.as_reported is None else row.as_reported.customers_adjusted]
        named = [row.period.key, *([harmless(row.group)] if grouped else [])]
        writer.writerow([*named, *figures, *said, *rolled, *of_what])
    return text.getvalue()


def said_cells(notes: Notes, row: BridgeRow | TeamRow, reported: Sequence[str], disputed: Iterable[str]) -> list[str]:
    """The cells of `columns_said` in a row."""
    return [*break_cells(notes, row), *reported_cells(notes, row, reported), harmless("; ".join(disputed))]


def reported_cells(notes: Notes, row: BridgeRow | TeamRow, reported: Sequence[str]) -> list[str]:
    """What was reported first, by how much the ending was restated, and why: blank in a period that no restatement touches;
    beside a restated month without why, where it was reported otherwise; of a question that closes cannot answer, why alone.
    """
    found = notes.restated_in(row.period)
    why = harmless("; ".join(dict.fromkeys(restated_why(each) for each in found)))
    first = row.as_reported
    if first is None:
        return [*[""] * (len(reported) + 1), why]
    return [*(str(getattr(first, name)) for name in reported), str(row.ending - first.ending), why]
