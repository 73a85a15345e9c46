"""A meeting of the board by program: planned, noted, closed; an approval alone; and who has read what took effect."""

import datetime as dt
from typing import Any

import pytest

from governance.models import ChangeEffect, ChangeReceipt, ChangeRequest, ChangeState
from governance.selectors.change_effects import Measured
from governance.selectors.changes import change_get
from governance.services.board import RightRow
from portal.accounts.models import User
from portal.tenancy.clock import database_time
from portal.tenancy.models import Client
from portal.tenancy.permissions import TRIAGE_CHANGES, VIEW_ARR, VIEW_CHANGES, VOTE_CHANGES
from portal.tenancy.scope import tenant_context
from tests.api.conftest import Mint, Program
from tests.governance.boards import a_board, in_review, now_of
from tests.tenancy.routes_effects import a_blocked_change, an_approved_change

SCOPES = {VIEW_CHANGES, VOTE_CHANGES}


@pytest.fixture
def number(northwind: Client, eve: User, finn: User, rita: User) -> int:
    """Rita's request of 1,250 of ARR is before Finn and Eve, who has the chair."""
    with tenant_context(northwind):
        a_board(northwind, RightRow(functions=("finance",), from_cents=0), finance=finn, revops=rita, executive=eve)
        return int(in_review(northwind, by=rita, effect=125_000).number)


def put(api: Program, path: str, body: dict[str, Any]) -> Any:
    return api.call(f"/api/v1/clients/northwind/meetings/{path}", "put", body)


def test_a_meeting_is_planned_noted_and_closed(
    northwind: Client, finn: User, adam: User, number: int, program: Mint
) -> None:
    api = program(northwind, finn, SCOPES | {VIEW_ARR})
    at = f"{dt.date.today() - dt.timedelta(days=2)}T09:00:00+02:00"  # noqa: DTZ011 — any day that is over
    outside = program(northwind, adam, SCOPES)
    assert outside.post(northwind, "api_meetings", {"at": at}).status_code == 403, "he does not sit on the board"
    made = api.post(northwind, "api_meetings", {"title": "May", "at": at}).json()
    assert (made["agenda"][0]["number"], made["agenda"][0]["effect"]) == (number, "1250.00")
    blind = program(northwind, finn, SCOPES).get(northwind, "api_meeting", meeting_id=made["id"]).json()
    assert blind["agenda"][0]["effect"] is None
    noted = put(api, f"{made['id']}/notes/{number}/", {"version": 1, "note": "Sales agrees"}).json()
    assert noted["agenda"][0]["note"] == "Sales agrees" and noted["version"] == 2
    assert put(api, f"{made['id']}/minutes/", {"version": 1, "minutes": "Late"}).status_code == 409
    assert put(api, f"{made['id']}/minutes/", {"version": 2, "attendance": ["Zoe"]}).status_code == 400
    assert put(api, f"{made['id']}/minutes/", {"version": 2, "attendance": ["Finn"]}).json()["attendance"] == ["Finn"]
    assert api.post(northwind, "api_meeting_cancel", {"version": 3}, meeting_id=made["id"]).status_code == 400
    closed = api.post(northwind, "api_meeting_close", {"version": 3}, meeting_id=made["id"]).json()
    assert len(closed["sha256"]) == 64 and closed["agenda"][0]["state"] == "In review"
    assert put(api, f"{made['id']}/minutes/", {"version": 4}).status_code == 409, "closed minutes do not change"
    second = api.post(northwind, "api_meetings", {"at": at}).json()
    assert api.post(northwind, "api_meeting_cancel", {"version": 1}, meeting_id=second["id"]).status_code == 200
    (left,) = api.get(northwind, "api_meetings").json()["results"]
    assert left["id"] == made["id"]


def test_the_chair_approves_alone_what_the_decision_gave(
    northwind: Client, eve: User, rita: User, number: int, program: Mint
) -> None:
    api = program(northwind, eve, SCOPES)
    given = api.get(northwind, "api_decision", number=number).json()
    sent = {name: given[name] for name in ("content_sha256", "preview_sha256", "statement")} | {"reason": "Tonight"}
    hers = program(northwind, rita, SCOPES)
    assert hers.post(northwind, "api_change_emergency", sent, number=number).status_code == 400, "she asked for it"
    assert (
        api.post(northwind, "api_change_emergency", sent | {"content_sha256": "0" * 64}, number=number).status_code
        == 409
    )
    assert api.post(northwind, "api_change_emergency", sent, number=number).status_code == 201
    (owed,) = api.get(northwind, "api_emergencies").json()["results"]
    assert (owed["number"], owed["by"], owed["state"], owed["reason"]) == (number, eve.email, "open", "Tonight")
    with tenant_context(northwind):
        found = change_get(number)
        assert found is not None and now_of(found).state == ChangeState.APPROVED


def test_an_admin_without_a_seat_is_given_what_to_say_where_no_chair_may(
    northwind: Client, finn: User, eve: User, adam: User, program: Mint
) -> None:
    with tenant_context(northwind):
        a_board(northwind, RightRow(functions=("finance",), from_cents=0), finance=finn)
        number = int(in_review(northwind, by=eve, effect=125_000).number)
    api = program(northwind, adam, SCOPES)
    given = api.get(northwind, "api_decision", number=number).json()
    assert "decide as an admin" in given["statement"]
    hers = program(northwind, eve, SCOPES).get(northwind, "api_decision", number=number).json()
    assert hers["statement"] is None, "she asked for it"
    sent = {name: given[name] for name in ("content_sha256", "preview_sha256", "statement")} | {"reason": "Tonight"}
    assert api.post(northwind, "api_change_emergency", sent, number=number).status_code == 201
    assert api.get(northwind, "api_decision", number=number).json()["statement"] is None, "it is decided"


def test_who_has_to_know_acknowledges(northwind: Client, finn: User, rita: User, number: int, program: Mint) -> None:
    with tenant_context(northwind):
        request = ChangeRequest.objects.get(number=number)
        for user in (finn, rita):
            ChangeReceipt.objects.create(
                client=northwind, request=request, user=user, reason="Owns the metric", told_at=database_time()
            )
    api = program(northwind, rita, {VIEW_CHANGES})
    (mine,) = api.get(northwind, "api_receipts", {"mine": "true", "unread": "true"}).json()["results"]
    assert (mine["number"], mine["person"], mine["read_at"]) == (number, rita.email, None)
    read = api.post(northwind, "api_change_read", number=number).json()["receipts"]
    assert [row["read_at"] is None for row in read] == [True, False], "Finn has not"
    assert api.post(northwind, "api_change_read", number=number).json()["receipts"] == read
    assert api.get(northwind, "api_receipts", {"mine": "true", "unread": "true"}).json()["results"] == []


def test_whoever_lets_another_effect_pass_by_a_token_that_sees_no_figures_is_told_none(
    northwind: Client, finn: User, program: Mint
) -> None:
    with tenant_context(northwind):
        number = a_blocked_change(northwind)["number"]
        ChangeEffect.objects.update(message="it was approved at 12.00", approved_cents=1_200)
    api = program(northwind, finn, {VOTE_CHANGES})
    passed = api.post(northwind, "api_change_effect_accept", {"amount": "1250.00"}, number=number)
    assert (passed.status_code, passed.json()["message"]) == (200, "")
    with tenant_context(northwind):
        assert ChangeEffect.objects.get().message == "it was approved at 12.00", "what is kept is as it was"


@pytest.mark.parametrize(("scopes", "told"), [({TRIAGE_CHANGES}, None), ({TRIAGE_CHANGES, VIEW_ARR}, "12.00")])
def test_whoever_schedules_is_told_amounts_if_they_see_figures(
    northwind: Client, rita: User, program: Mint, monkeypatch: pytest.MonkeyPatch, scopes: set[str], told: str | None
) -> None:
    monkeypatch.setattr("governance.services.change_effect.approved_figure", lambda request: Measured(24_000, 0, 1_200))
    with tenant_context(northwind):
        number = an_approved_change(northwind)["number"]
    made = program(northwind, rita, scopes).post(northwind, "api_change_schedule", number=number)
    assert (made.status_code, made.json()["approved"]) == (201, told)


def test_the_agenda_of_now_has_the_largest_effect_first_and_amounts_for_whoever_sees_numbers(
    northwind: Client, finn: User, rita: User, number: int, program: Mint
) -> None:
    with tenant_context(northwind):
        small = in_review(northwind, by=rita, effect=100).number
        unknown = in_review(northwind, by=rita, effect=None).number
    rows = program(northwind, finn, {VIEW_CHANGES, VIEW_ARR}).get(northwind, "api_board_agenda").json()["results"]
    assert [(row["number"], row["effect"]) for row in rows] == [
        (unknown, None), (number, "1250.00"), (small, "1.00")
    ]  # fmt: skip
    assert rows[1]["outcome"] == "open" and rows[1]["sentence"] == "Still needed: Finance (Finn)."
    assert rows[1]["from_month"] == "2030-01" and rows[1]["state"] == "review"
    blind = program(northwind, finn, {VIEW_CHANGES}).get(northwind, "api_board_agenda").json()["results"]
    assert [row["number"] for row in blind] == [unknown, number, small] and {row["effect"] for row in blind} == {None}
