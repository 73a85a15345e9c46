"""Teams and territories: who belongs to which, and the bridge by them. Runs in the client's scope.

- `assignments_list(kind=None, *, withdrawn=False)` · `assignment_get(assignment_id)` · `reps_known()`
- `team_bridge_get(client, kind, basis=None, first=None, last=None, grain="month", groups=()) -> TeamBridge`
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Self

from django.db.models import QuerySet

from metrics.engine.teams import (
    COLUMNS,
    FLOWS,
    NOT_ASSIGNED,
    Figures,
    Held,
    RepMonth,
    Roster,
    team_months,
    together,
)
from metrics.figures import from_cents
from metrics.models import ContractLine, RepAssignment
from metrics.selectors.beside import around
from metrics.selectors.breaks import Marks, marks_get
from metrics.selectors.figures import Basis, BookHead, Bridge, BridgeRow
from metrics.selectors.periods import Grain, Period, periods_of
from metrics.selectors.reported import bridge_reported
from portal.tenancy.models import Client

NOTHING: Figures = dict.fromkeys(COLUMNS, 0)


@dataclass(frozen=True)
class TeamRow:
    """One period of one team: beginning + transfer_in + transfer_out + movements + fx + adjustment = ending.

    `transfer_out` is 0 or less. `reps` are the representatives of the last month, and `state` is as in `BridgeRow`.
    `as_reported` is what stood here first, where a month of the period was restated or one beside it that moved it.
    """

    period: Period
    group: str
    beginning: Decimal
    transfer_in: Decimal
    transfer_out: Decimal
    adjustment: Decimal
    new: Decimal
    expansion: Decimal
    contraction: Decimal
    churn: Decimal
    reactivation: Decimal
    fx: Decimal
    ending: Decimal
    customers_ending: int
    state: str
    reps: tuple[str, ...] = field(default=(), compare=False)
    as_reported: Self | None = None


@dataclass(frozen=True)
class TeamBridge:
    """A bridge by team: `rows` by period and team, `totals` one per period, `spans` one per team over all periods.

    `marks` are of all customers. A team that has something only as it was first reported is a row with nothing in it.
    """

    head: BookHead
    kind: str
    grain: str
    periods: tuple[Period, ...]
    groups: tuple[str, ...]
    rows: tuple[TeamRow, ...]
    totals: tuple[TeamRow, ...]
    spans: tuple[TeamRow, ...]
    span: TeamRow | None
    has_assignments: bool
    marks: Marks


def assignments_list(kind: str | None = None, *, withdrawn: bool = False) -> "QuerySet[RepAssignment]":
    """What stands, by representative and month; with `withdrawn` what was set aside as wrong instead."""
    found = RepAssignment.objects.select_related("created_by", "withdrawn_by").filter(
        withdrawn_at__isnull=not withdrawn
    )
    return found.filter(kind=kind) if kind else found


def assignment_get(assignment_id: int) -> RepAssignment | None:
    """One assignment, set aside or not; None for a number that is none's."""
    return RepAssignment.objects.select_related("created_by", "withdrawn_by").filter(pk=assignment_id).first()


def reps_known() -> list[str]:
    """Every representative that a contract line names, in order."""
    names = ContractLine.objects.filter(removed_import=None).exclude(rep=None)
    return sorted(str(rep) for rep in names.order_by().values_list("rep", flat=True).distinct())


def team_bridge_get(
    client: Client,
    kind: str,
    basis: Basis = None,
    first: int | None = None,
    last: int | None = None,
    grain: Grain = "month",
    groups: Sequence[str] = (),
) -> TeamBridge:
    """The bridge by team or territory: closed months as they were reported by representative, split by what stands now.

    `groups` cuts it to some of them; transfers to and from the others then no longer cancel out.
    """
    held = [Held(row.rep, row.group, row.first_month, row.until_month) for row in assignments_list(kind)]
    bridge = bridge_reported(client, basis, first, last, "rep", "month")
    months = [row.period.first for row in bridge.totals]
    periods = tuple(periods_of(months[0], months[-1], grain, client.fiscal_year_start)) if months else ()
    roster = Roster(held)
    marks = marks_get(client, bridge.head) if months else Marks()
    span = Period("", months[0], months[-1]) if months else None
    before = None
    if span and marks.restated_in(around(span)):
        reported = bridge_reported(client, bridge.head, months[0], months[-1], "rep", "month", original=True)
        before = Made.of(reported, roster)
    made = replace(Made.of(bridge, roster), marks=marks, before=before)
    names = tuple(name for name in ordered(made.groups) if not groups or name in groups)
    rows = [made.row(period, name) for period in periods for name in names]
    return TeamBridge(
        head=bridge.head,
        kind=kind,
        grain=grain,
        periods=periods,
        groups=names,
        rows=tuple(row for row in rows if not is_nothing(row)),
        totals=tuple(made.total(period, names) for period in periods),
        spans=tuple(made.row(span, name) for name in names) if span else (),
        span=made.total(span, names) if span else None,
        has_assignments=bool(held),
        marks=marks.between(months[0], months[-1]) if months else marks,
    )


@dataclass(frozen=True)
class Made:
    """The figures by month and group, the state of each month, and who is in which group then.

    `before` has them as they were first reported, for periods with a restated month, and for those beside them that were
    reported otherwise.
    """

    figures: Mapping[tuple[int, str], Figures]
    states: Mapping[int, str]
    reps: Mapping[tuple[int, str], tuple[str, ...]]
    marks: Marks = field(default_factory=Marks)
    before: Self | None = None

    @classmethod
    def of(cls, bridge: Bridge, roster: Roster) -> Self:
        """A bridge by representative, split by who belonged to what."""
        figures = team_months([rep_month(row) for row in bridge.rows], roster)
        states = {row.period.first: row.state for row in bridge.totals}
        return cls(figures, states, reps_by_month(bridge.rows, roster))

    @property
    def groups(self) -> set[str]:
        """Every group that has figures, or had some as they were first reported."""
        return {group for _, group in (*self.figures, *(self.before.figures if self.before else ()))}

    def row(self, period: Period, group: str) -> TeamRow:
        """One group over the months of a period."""
        months = [self.figures.get((month, group), NOTHING) for month in range(period.first, period.last + 1)]
        row = self.shown(period, group, together(months), self.reps.get((period.last, group), ()))
        return self.beside(row, self.before.row(period, group)) if self.before is not None else row

    def total(self, period: Period, groups: Sequence[str]) -> TeamRow:
        """Some groups together over the months of a period."""
        months = [
            {name: sum(self.figures.get((month, group), NOTHING)[name] for group in groups) for name in COLUMNS}
            for month in range(period.first, period.last + 1)
        ]
        row = self.shown(period, "", together(months), ())
        return self.beside(row, self.before.total(period, groups)) if self.before is not None else row

    def beside(self, row: TeamRow, first: TeamRow) -> TeamRow:
        """A row with what stood there first, where a month of it was restated, or one beside it that moved it."""
        is_moved = any(getattr(row, name) != getattr(first, name) for name in COLUMNS)
        is_near = bool(self.marks.restated_in(around(row.period)))
        shown = self.marks.restated_in(row.period) or (is_near and is_moved)
        return replace(row, as_reported=first) if shown else row

    def shown(self, period: Period, group: str, figures: Figures, reps: tuple[str, ...]) -> TeamRow:
        """Cents as exact decimals."""
        states = {self.states[month] for month in range(period.first, period.last + 1)}
        amounts: dict[str, Any] = {name: from_cents(figures[name]) for name in COLUMNS}
        amounts["customers_ending"] = figures["customers_ending"]
        return TeamRow(period, group, **amounts, state=states.pop() if len(states) == 1 else "mixed", reps=reps)


def rep_month(row: BridgeRow) -> RepMonth:
    """A row of the bridge by representative in cents."""
    cents = {name: int(getattr(row, name).scaleb(2)) for name in ("beginning", *FLOWS, "ending")}
    return RepMonth(row.period.first, row.group, cents | {"customers_ending": row.customers_ending})


def reps_by_month(rows: Sequence[BridgeRow], roster: Roster) -> dict[tuple[int, str], tuple[str, ...]]:
    """By month and group: the representatives behind it."""
    found: dict[tuple[int, str], list[str]] = {}
    for row in rows:
        found.setdefault((row.period.first, roster.group(row.group, row.period.first)), []).append(row.group)
    return {key: tuple(reps) for key, reps in found.items()}


def ordered(groups: set[str]) -> list[str]:
    """Groups by name, whoever has none last."""
    return sorted(groups, key=lambda name: (name == NOT_ASSIGNED, name))


def is_nothing(row: TeamRow) -> bool:
    """Whether everything in a row is 0, and was as it was first reported."""
    is_empty = not any(getattr(row, name) for name in COLUMNS)
    return is_empty and (row.as_reported is None or is_nothing(row.as_reported))
