"""Teams and territories: what may be said of a representative, and the bridge by them as reported."""

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import Error, IntegrityError, connection, transaction

from metrics.models import ContractLine, RepAssignment
from metrics.selectors.reported import bridge_reported
from metrics.selectors.teams import TeamBridge, assignments_list, team_bridge_get
from metrics.services.assignments import (
    AssignmentConflict,
    AssignmentProblem,
    assignment_add,
    assignment_correct,
    assignment_end,
    assignment_withdraw,
)
from metrics.services.books import books_rebuild_all
from metrics.services.closes import month_close, month_restate
from portal.accounts.models import User
from portal.demo.teams import MOVER, MOVES_TO, teams_load
from portal.lib.periods import month_parse
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.scope import tenant_context
from tests.reporting.numbers import LINES, NOW, numbers_load

JANUARY, FEBRUARY, MARCH = (month_parse(f"2026-0{number}") for number in (1, 2, 3))
REPS = {"K1/1": "Grace", "K2/1": "Mia", "K3/1": "Mia"}  # Acme is Grace's, Bolt is Mia's


@pytest.fixture
def scope(northwind: Client) -> Iterator[Client]:
    with tenant_context(northwind):
        yield northwind


@pytest.fixture
def assign(scope: Client) -> Callable[..., RepAssignment]:
    """Says that somebody belongs to a team from a month on."""

    def assigned(rep: str, group: str, first: int, **more: Any) -> RepAssignment:
        return assignment_add(client=scope, rep=rep, group=group, first=first, **{"kind": "team", **more})

    return assigned


def load_with_reps(client: Client) -> None:
    numbers_load(client, [line | {"rep": REPS[line["line_id"]]} for line in LINES])


def standing() -> list[tuple[str, str, int, int | None]]:
    return [(row.rep, row.group, row.first_month, row.until_month) for row in assignments_list()]


def last_entry() -> AuditEntry:
    found: AuditEntry = AuditEntry.objects.order_by("-sequence")[0]
    return found


# --- what may be said -------------------------------------------------------------------------------------------------


def test_a_move_ends_the_one_and_begins_the_other_and_the_log_has_both(assign: Callable[..., RepAssignment]) -> None:
    assign("Mia", "Mid-market", JANUARY)
    assign("Mia", "EMEA", JANUARY, kind="territory")
    assign("Mia", "Enterprise", MARCH, moves=True)
    assert standing() == [
        ("Mia", "Mid-market", JANUARY, MARCH),
        ("Mia", "Enterprise", MARCH, None),
        ("Mia", "EMEA", JANUARY, None),
    ]
    actions = list(AuditEntry.objects.order_by("-sequence").values_list("action", flat=True)[:2])
    assert actions == ["assignment.added", "assignment.ended"]
    assert last_entry().details == {"rep": "Mia", "kind": "team", "group": "Enterprise", "from": "2026-03", "until": ""}


@pytest.mark.parametrize(("first", "until"), [(JANUARY, None), (MARCH, None), (JANUARY, MARCH), (FEBRUARY, MARCH)])
def test_two_teams_at_once_are_refused_by_the_service_and_by_the_database(
    assign: Callable[..., RepAssignment], first: int, until: int | None
) -> None:
    assign("Mia", "Mid-market", FEBRUARY)
    with pytest.raises(AssignmentConflict, match="Mia belongs to Mid-market from 2026-02 on"):
        assign("Mia", "Enterprise", first, until=until)
    with pytest.raises(IntegrityError, match="rep_assignment_no_overlap"), transaction.atomic():
        RepAssignment.objects.create(rep="Mia", kind="team", group="Enterprise", first_month=first, until_month=until)
    assign("Mia", "Enterprise", JANUARY, until=FEBRUARY)


def test_a_client_has_room_for_so_many_and_no_more(
    assign: Callable[..., RepAssignment], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a program sends: the page shows them all."""
    assign("Mia", "Mid-market", JANUARY)
    monkeypatch.setattr("metrics.services.assignments.MOST", 1)
    before = standing()
    with pytest.raises(AssignmentConflict, match="all that there is room for"):
        assign("Mia", "Enterprise", MARCH, moves=True)
    assert standing() == before


def test_a_refused_move_leaves_everything_as_it_was(assign: Callable[..., RepAssignment]) -> None:
    former = assign("Mia", "Mid-market", MARCH + 3, until=MARCH + 5)
    assign("Mia", "Enterprise", JANUARY, until=FEBRUARY)
    assign("Mia", "Mid-market", FEBRUARY, until=MARCH)
    before, entry = standing(), last_entry()
    with pytest.raises(AssignmentConflict, match="2026-06 until before 2026-08"):
        assign("Mia", "Partner", MARCH, moves=True)
    with pytest.raises(AssignmentConflict):
        assignment_correct(assignment=former, reason="Wrong", group="Partner", first=FEBRUARY)
    assert (standing(), last_entry()) == (before, entry)


def test_a_wrong_assignment_is_set_aside_with_the_reason_and_stays(assign: Callable[..., RepAssignment]) -> None:
    wrong = assign("Mia", "Mid-market", JANUARY)
    assignment_correct(assignment=wrong, reason="HR had the wrong month", group="Mid-market", first=FEBRUARY)
    assert standing() == [("Mia", "Mid-market", FEBRUARY, None)]
    assert [(row.first_month, row.withdrawn_because) for row in assignments_list(withdrawn=True)] == [
        (JANUARY, "HR had the wrong month")
    ]
    with pytest.raises(AssignmentConflict, match="set aside"):
        assignment_end(assignment=wrong, until=MARCH)
    assignment_withdraw(assignment=assignments_list()[0], reason="She never came")
    assert standing() == [] and RepAssignment.objects.count() == 2
    assert last_entry().details["reason"] == "She never came"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"rep": " "}, "name of the representative"),
        ({"rep": "(none)"}, "cannot be assigned"),
        ({"group": "x" * 81}, "1 to 80"),
        ({"group": "not assigned"}, "choose another name"),
        ({"until": JANUARY}, "after the first"),
        ({"first": 5}, "between 1900-01"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(
    assign: Callable[..., RepAssignment], given: dict[str, Any], words: str
) -> None:
    with pytest.raises(AssignmentProblem, match=words):
        assign(**{"rep": "Mia", "group": "Enterprise", "first": JANUARY} | given)
    row = assign("Mia", "Enterprise", JANUARY, until=MARCH)
    with pytest.raises(AssignmentProblem, match="ended before 2026-03 already"):
        assignment_end(assignment=row, until=MARCH + 1)
    with pytest.raises(AssignmentProblem, match="Nothing differs"):
        assignment_correct(assignment=row, reason="Why not", group="Enterprise", first=JANUARY, until=MARCH)
    with pytest.raises(AssignmentProblem, match="Say in 1"):
        assignment_withdraw(assignment=row, reason=" ")


@pytest.mark.parametrize(
    "past",
    [
        "UPDATE metrics_repassignment SET \"group\" = 'Other'",
        "UPDATE metrics_repassignment SET first_month = 1",
        "UPDATE metrics_repassignment SET until_month = NULL",
        "DELETE FROM metrics_repassignment",
    ],
)
def test_what_was_said_is_kept_by_the_database_too(assign: Callable[..., RepAssignment], past: str) -> None:
    assign("Mia", "Enterprise", JANUARY, until=MARCH)
    with pytest.raises(Error, match="never changed or removed"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(past)


# --- the bridge -------------------------------------------------------------------------------------------------------


def cells(bridge: TeamBridge) -> dict[tuple[str, str], dict[str, Decimal]]:
    """By period and team what is not 0, in whole dollars."""
    names = ("beginning", "transfer_in", "transfer_out", "adjustment", "new", "expansion", "churn", "ending")
    return {
        (row.period.key, row.group): {name: getattr(row, name) for name in names if getattr(row, name)}
        for row in bridge.rows
    }


def ties(client: Client, bridge: TeamBridge, grain: Any = "month") -> None:
    """Every team in itself, transfers to nothing, and all teams to the bridge of the client."""
    for row in (*bridge.rows, *bridge.totals, *bridge.spans):
        parts = (row.transfer_in, row.transfer_out, row.adjustment, row.new, row.expansion, row.contraction)
        assert row.beginning + sum(parts) + row.churn + row.reactivation + row.fx == row.ending
    whole = bridge_reported(client, grain=grain).totals
    shared = ("beginning", "adjustment", "new", "expansion", "contraction", "churn", "fx", "ending", "customers_ending")
    for row, total in zip(bridge.totals, whole, strict=True):
        assert row.transfer_in + row.transfer_out == 0 and row.period == total.period and row.state == total.state
        assert [getattr(row, name) for name in shared] == [getattr(total, name) for name in shared]


def test_mias_book_moves_with_her_in_march(scope: Client, assign: Callable[..., RepAssignment]) -> None:
    """24,000 of Bolt were Mid-market's at the end of February; the 6,000 of March are Enterprise's; Grace has no team."""
    load_with_reps(scope)
    assign("Mia", "Mid-market", JANUARY)
    assign("Mia", "Enterprise", MARCH, moves=True)
    bridge = team_bridge_get(scope, "team", first=FEBRUARY)
    assert bridge.groups == ("Enterprise", "Mid-market", "Not assigned")
    assert cells(bridge) == {
        ("2026-02", "Mid-market"): {"new": 24_000, "ending": 24_000},
        ("2026-02", "Not assigned"): {"beginning": 12_000, "ending": 12_000},
        ("2026-03", "Enterprise"): {"transfer_in": 24_000, "expansion": 6_000, "ending": 30_000},
        ("2026-03", "Mid-market"): {"beginning": 24_000, "transfer_out": -24_000},
        ("2026-03", "Not assigned"): {"beginning": 12_000, "ending": 12_000},
    }
    assert bridge.rows[2].reps == ("Mia",) and bridge.has_assignments
    ties(scope, team_bridge_get(scope, "team"))
    quarters = team_bridge_get(scope, "team", grain="quarter")
    assert cells(quarters)["2026-Q1", "Mid-market"] == {"new": 24_000, "transfer_out": -24_000}
    ties(scope, quarters, "quarter")
    assert team_bridge_get(scope, "team", groups=["Enterprise"]).totals[-1].ending == Decimal(30_000)
    assert team_bridge_get(scope, "territory").groups == ("Not assigned",)


def test_closed_months_are_as_they_were_reported_whatever_was_corrected_since(
    scope: Client, assign: Callable[..., RepAssignment]
) -> None:
    """Bolt turns out to pay 30,000 after February was closed: the difference is Mia's of March until February is restated."""
    load_with_reps(scope)
    assign("Mia", "Enterprise", JANUARY)
    month_close(client=scope, month=FEBRUARY)
    ContractLine.objects.filter(line_id="K2/1").update(amount=30_000)
    books_rebuild_all(client=scope, now=NOW)
    bridge = team_bridge_get(scope, "team")
    assert cells(bridge)["2026-02", "Enterprise"] == {"new": 24_000, "ending": 24_000}
    assert cells(bridge)["2026-03", "Enterprise"]["adjustment"] == 6_000
    ties(scope, bridge)
    ties(scope, team_bridge_get(scope, "team", grain="year"), "year")
    month_restate(client=scope, month=FEBRUARY, reason="The order form said so")
    restated = team_bridge_get(scope, "team")
    assert cells(restated)["2026-02", "Enterprise"]["ending"] == 30_000
    ties(scope, restated)
    assert restated.span and restated.span.as_reported
    told = [row.as_reported or row for row in restated.totals]
    assert [row.ending for row in told[:-1]] == [row.beginning for row in told[1:]], "as reported they go on too"
    assert sum(row.adjustment for row in told) == restated.span.as_reported.adjustment == 6_000
    march = next(row for row in restated.rows if (row.period.key, row.group) == ("2026-03", "Enterprise"))
    assert march.as_reported and march.as_reported.adjustment == 6_000 and march.adjustment == 0
    alone = team_bridge_get(scope, "team", first=FEBRUARY + 1, last=FEBRUARY + 1)
    assert alone.totals[0].as_reported and alone.totals[0].as_reported.adjustment == 6_000


def test_without_numbers_there_is_nothing_to_split(scope: Client, assign: Callable[..., RepAssignment]) -> None:
    assign("Mia", "Enterprise", JANUARY)
    bridge = team_bridge_get(scope, "team")
    assert (bridge.rows, bridge.totals, bridge.span) == ((), (), None)


def test_the_demonstration_has_a_representative_who_moved_and_one_without_a_team(northwind: Client, rita: User) -> None:
    """Mia sold Bolt before, Ken Acme; all lines are older than the move."""
    names = {"Grace": "Ken Watanabe", "Mia": MOVER}
    old = [line | {"rep": names[REPS[line["line_id"]]], "starts_on": dt.date(2025, 1, 1)} for line in LINES]
    with tenant_context(northwind):
        numbers_load(northwind, old)
        teams_load(northwind, rita)
        rows = {row.group: row for row in team_bridge_get(northwind, "team").spans}
        assert (rows["Mid-market"].transfer_out, rows[MOVES_TO].transfer_in) == (Decimal(-30_000), Decimal(30_000))
        assert rows["Not assigned"].ending == Decimal(12_000)
        assert team_bridge_get(northwind, "territory").groups == ("Asia Pacific", "North America")
        assert last_entry().actor == rita.email
