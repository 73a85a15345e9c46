"""The bridge by team: worked by hand, and against an oracle that goes customer by customer through plain lists."""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.engine.teams import (
    COLUMNS,
    FLOWS,
    NOT_ASSIGNED,
    TRANSFERS,
    Figures,
    Held,
    RepMonth,
    Roster,
    team_months,
    together,
)
from portal.lib.periods import month_parse

MAY, JUNE, JULY = (month_parse(f"2026-0{number}") for number in (5, 6, 7))


def month(at: int, rep: str, beginning: int = 0, ending: int = 0, customers: int = 0, **flows: int) -> RepMonth:
    """A month of a representative in cents; what is not named is 0."""
    figures = dict.fromkeys(FLOWS, 0) | flows
    return RepMonth(at, rep, figures | {"beginning": beginning, "ending": ending, "customers_ending": customers})


def shown(figures: Figures) -> dict[str, int]:
    """What is not 0."""
    return {name: value for name, value in figures.items() if value}


def test_a_representative_who_moves_in_july_takes_the_book_along() -> None:
    """Mia has 700 at the end of June and sells 50 in July, for Enterprise; Grace stays, and loses 20; nobody has Ken's 5."""
    roster = Roster(
        [
            Held("Mia", "Mid-market", MAY, JULY),
            Held("Mia", "Enterprise", JULY),
            Held("Grace", "Enterprise", MAY),
        ]
    )
    rows = [
        month(JULY, "Mia", 700, 750, 3, new=50),
        month(JULY, "Grace", 1000, 980, 4, churn=-20),
        month(JULY, "Ken", 5, 5, 1),
    ]
    found = team_months(rows, roster)
    assert {group: shown(figures) for (_, group), figures in found.items()} == {
        "Mid-market": {"beginning": 700, "transfer_out": -700},
        "Enterprise": {
            "beginning": 1000, "transfer_in": 700, "new": 50, "churn": -20, "ending": 1730, "customers_ending": 7,
        },
        NOT_ASSIGNED: {"beginning": 5, "ending": 5, "customers_ending": 1},
    }  # fmt: skip


def test_a_quarter_is_its_months_with_every_transfer_of_them() -> None:
    """Mia moves away in June and back in July: both teams show both moves, and the seam of a correction is an adjustment."""
    roster = Roster([Held("Mia", "A", MAY, JUNE), Held("Mia", "B", JUNE, JULY), Held("Mia", "A", JULY)])
    rows = [
        month(MAY, "Mia", 0, 100, new=100),
        month(JUNE, "Mia", 100, 110, expansion=10),
        month(JULY, "Mia", 115, 115),
    ]
    found = team_months(rows, roster)
    quarter = {
        name: together([found.get((at, name), dict.fromkeys(COLUMNS, 0)) for at in (MAY, JUNE, JULY)]) for name in "AB"
    }
    assert shown(quarter["A"]) == {"transfer_in": 115, "transfer_out": -100, "new": 100, "ending": 115}
    assert shown(quarter["B"]) == {"transfer_in": 100, "transfer_out": -115, "expansion": 10, "adjustment": 5}


# --- against an oracle ------------------------------------------------------------------------------------------------

REPS, GROUPS, MONTHS = ("Ann", "Bo", "(none)"), ("East", "West"), range(JULY, JULY + 6)
MOVES = ("new", "expansion", "contraction", "churn", "reactivation", "fx", "adjustment")


@dataclass(frozen=True)
class World:
    """By representative: the assignments, and for each month the beginning and what happened."""

    held: list[Held]
    rows: list[RepMonth]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Assignments cut out of a line of months, so that they never overlap; each month begins as the one before ended."""
    held, rows = [], []
    for rep in REPS:
        cuts = sorted(draw(st.sets(st.integers(MONTHS[0] - 2, MONTHS[-1] + 2), max_size=5)))
        ends: list[int | None] = [*cuts[1:], None]
        for first, until in zip(cuts, ends, strict=False):
            if group := draw(st.sampled_from(("", *GROUPS))):
                held.append(Held(rep, group, first, until))
        balance = draw(st.integers(0, 10_000))
        for at in MONTHS:
            flows = {name: draw(st.integers(-900, 900)) for name in draw(st.sets(st.sampled_from(MOVES), max_size=2))}
            ending = balance + sum(flows.values())
            rows.append(month(at, rep, balance, ending, draw(st.integers(0, 3)), **flows))
            balance = ending
    return World(held, rows)


def oracle_group(world: World, rep: str, at: int) -> str:
    """Looked up in a list of every month that anybody is assigned in."""
    days = {
        (each.rep, day): each.group
        for each in world.held
        for day in range(each.first, MONTHS[-1] + 9 if each.until is None else each.until)
    }
    return days.get((rep, at), NOT_ASSIGNED)


def oracle(world: World, at: int, group: str) -> dict[str, int]:
    """One cell after another, each as the sentence that defines it."""
    rows = [row for row in world.rows if row.month == at]
    was = [row for row in rows if oracle_group(world, row.rep, at - 1) == group]
    now = [row for row in rows if oracle_group(world, row.rep, at) == group]
    cells = {name: sum(row.figures[name] for row in now) for name in (*FLOWS, "ending", "customers_ending")}
    return cells | {
        "beginning": sum(row.figures["beginning"] for row in was),
        "transfer_in": sum(row.figures["beginning"] for row in now if row not in was),
        "transfer_out": -sum(row.figures["beginning"] for row in was if row not in now),
    }


@given(worlds())
@settings(max_examples=60, deadline=None)
def test_every_cell_is_what_the_oracle_says_and_everything_ties(world: World) -> None:
    found = team_months(world.rows, Roster(world.held))
    nothing = dict.fromkeys(COLUMNS, 0)
    for at in MONTHS:
        cells = {group: found.get((at, group), nothing) for group in (*GROUPS, NOT_ASSIGNED)}
        assert cells == {group: oracle(world, at, group) for group in cells}
        for figures in cells.values():
            assert figures["beginning"] + sum(figures[name] for name in (*TRANSFERS, *FLOWS)) == figures["ending"]
        total = {name: sum(figures[name] for figures in cells.values()) for name in COLUMNS}
        assert total["transfer_in"] + total["transfer_out"] == 0
        for name in ("beginning", *FLOWS, "ending", "customers_ending"):
            assert total[name] == sum(row.figures[name] for row in world.rows if row.month == at)


@given(worlds(), st.integers(1, 6))
@settings(max_examples=40, deadline=None)
def test_a_longer_period_ties_as_its_months_do(world: World, length: int) -> None:
    found = team_months(world.rows, Roster(world.held))
    span, nothing = MONTHS[:length], dict.fromkeys(COLUMNS, 0)
    for group in (*GROUPS, NOT_ASSIGNED):
        months = [found.get((at, group), nothing) for at in span]
        whole = together(months)
        assert whole["beginning"] == months[0]["beginning"] and whole["ending"] == months[-1]["ending"]
        assert whole["beginning"] + sum(whole[name] for name in (*TRANSFERS, *FLOWS)) == whole["ending"]
        assert whole["adjustment"] == sum(each["adjustment"] for each in months)


@pytest.mark.parametrize(("at", "group"), [(MAY - 1, NOT_ASSIGNED), (MAY, "A"), (JUNE, NOT_ASSIGNED), (JULY, "B")])
def test_an_assignment_holds_from_its_month_until_before_another(at: int, group: str) -> None:
    assert Roster([Held("Mia", "A", MAY, JUNE), Held("Mia", "B", JULY)]).group("Mia", at) == group
