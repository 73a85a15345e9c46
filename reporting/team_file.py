"""ARR by team or territory as a file, and which of its figures are disputed.

`team_bridge_csv(bridge, notes, marks)` · `marks_of_teams(bridge, marks, is_cut=) -> TeamMarks`
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from governance.selectors.disputed_cells import FLOWS, is_shown_in
from governance.selectors.figure_disputes import Mark
from metrics.engine.teams import COLUMNS
from metrics.selectors.teams import TeamBridge, TeamRow
from portal.lib.spreadsheets import harmless
from reporting.break_notes import Notes
from reporting.dispute_marks import of_groups
from reporting.exports import OF_WHAT, column, columns_said, said_cells

SHOWN: Final = ("ending", *FLOWS)  # the figures of a bridge by team that can be disputed


@dataclass(frozen=True)
class TeamMarks:
    """The disputes of a bridge by team: those of all customers, and those of representatives, who make the figures of a team.

    Nobody disputes a team's figure as such: it is the sum of its representatives' and is marked with theirs.
    """

    whole: tuple[Mark, ...] = ()
    reps: tuple[Mark, ...] = ()

    def of_all(self, row: TeamRow) -> list[Mark]:
        """Those of what all teams of a period are together."""
        return [each for each in self.whole if is_shown_in(each, row.period.first, row.period.last)]

    def of_reps(self, row: TeamRow) -> list[Mark]:
        """Those of the representatives of a team."""
        own = (each for each in self.reps if each.group in row.reps)
        return [each for each in own if is_shown_in(each, row.period.first, row.period.last)]

    def told(self, row: TeamRow) -> list[str]:
        """The disputes of a row of the file, which has no row of all teams: whose figure it is stands with each."""
        said = [(each, "all customers") for each in self.of_all(row)]
        said += [(each, each.group) for each in self.of_reps(row)]
        return [f"D-{each.number} {each.figure} of {whose}" for each, whose in said]


def marks_of_teams(bridge: TeamBridge, marks: Sequence[Mark], *, is_cut: bool) -> TeamMarks:
    """The disputes of what a bridge shows; of some teams alone, all of them together are no figure of all customers."""
    own = [each for each in of_groups(marks, bridge.head) if each.figure in SHOWN]
    whole = () if is_cut else tuple(each for each in own if not each.dimension)
    return TeamMarks(whole, tuple(each for each in own if each.dimension == "rep"))


def team_bridge_csv(bridge: TeamBridge, notes: Notes, marks: TeamMarks) -> str:
    """`month,team,beginning,transfer_in … customers_ending, …`, exact to the cent, by period and group.

    The first column is named after the grain, the second after the kind; all columns are always there,
    the currency and the basis last.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([bridge.grain, bridge.kind, *(column(name) for name in COLUMNS), *columns_said(COLUMNS), *OF_WHAT])
    of_what = [bridge.head.currency, bridge.head.label]
    for row in bridge.rows:
        cells = [str(getattr(row, name)) for name in COLUMNS]
        said = said_cells(notes, row, COLUMNS, marks.told(row))
        writer.writerow([row.period.key, harmless(row.group), *cells, *said, *of_what])
    return text.getvalue()
