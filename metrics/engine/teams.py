"""The bridge by representative as a bridge by the teams (or territories) that they belonged to. Pure: whole cents in and out.

Each month of a team: beginning, of whoever belonged to it in the month before; what came and went with representatives who
changed it; the movements of the month, of whoever belongs to it now; ending, of whoever belongs to it now. So beginning +
transfers + movements = ending for every team, transfers add up to 0 over all teams, and all else adds up to the bridge itself.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

NOT_ASSIGNED: Final = "Not assigned"
FLOWS: Final = ("adjustment", "new", "expansion", "contraction", "churn", "reactivation", "fx")
TRANSFERS: Final = ("transfer_in", "transfer_out")
COLUMNS: Final = ("beginning", *TRANSFERS, *FLOWS, "ending", "customers_ending")

Figures = dict[str, int]
"""By column of `COLUMNS`: cents, and a count of customers."""


@dataclass(frozen=True)
class Held:
    """That a representative belongs to a group from the month `first` until before the month `until` (None: still)."""

    rep: str
    group: str
    first: int
    until: int | None = None


@dataclass(frozen=True)
class RepMonth:
    """One month of the bridge by representative: its `FLOWS`, `beginning` and `ending` in cents, and `customers_ending`."""

    month: int
    rep: str
    figures: Mapping[str, int]


class Roster:
    """Who belongs to which group in which month. What is held by one representative must not overlap."""

    def __init__(self, held: Iterable[Held]) -> None:
        self.by_rep: dict[str, list[Held]] = defaultdict(list)
        for each in held:
            self.by_rep[each.rep].append(each)

    def group(self, rep: str, month: int) -> str:
        """The group of a representative in a month; `NOT_ASSIGNED` where there is none."""
        for each in self.by_rep.get(rep, ()):
            if each.first <= month and (each.until is None or month < each.until):
                return each.group
        return NOT_ASSIGNED


def team_months(rows: Iterable[RepMonth], roster: Roster) -> dict[tuple[int, str], Figures]:
    """The figures by month and group; a group without any figure in a month has no entry."""
    found: dict[tuple[int, str], Figures] = defaultdict(lambda: dict.fromkeys(COLUMNS, 0))
    for row in rows:
        before, now = roster.group(row.rep, row.month - 1), roster.group(row.rep, row.month)
        beginning, figures = row.figures["beginning"], row.figures
        found[row.month, before]["beginning"] += beginning
        if before != now:
            found[row.month, before]["transfer_out"] -= beginning
            found[row.month, now]["transfer_in"] += beginning
        for name in (*FLOWS, "ending", "customers_ending"):
            found[row.month, now][name] += figures[name]
    return {key: figures for key, figures in found.items() if any(figures.values())}


def together(months: Sequence[Figures]) -> Figures:
    """Consecutive months of one group as one row: the first beginning, the last ending, all that happened between.

    Where a month does not begin with what the one before it ended with (an open month that was corrected before a closed
    one), the seam is part of the adjustment.
    """
    flows = (*TRANSFERS, *FLOWS)
    made = {name: sum(month[name] for month in months) for name in flows}
    made |= {"beginning": months[0]["beginning"]}
    made |= {name: months[-1][name] for name in ("ending", "customers_ending")}
    made["adjustment"] += made["ending"] - made["beginning"] - sum(made[name] for name in flows)
    return made
