"""Change requests over the API: what may follow what, and who was faster."""

import json
from base64 import b64decode
from typing import Any

import pytest
from django.urls import reverse

from governance.models import ChangeEvent, ChangeRequest, ChangeState
from portal.accounts.models import User
from portal.tenancy.clock import database_time
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.permissions import REQUEST_CHANGES, VIEW_ARR, VIEW_CHANGES
from portal.tenancy.scope import tenant_context
from tests.api.conftest import Mint, Program
from tests.api.test_requests import is_problem
from tests.tenancy.routes_changes import a_change_of_customers

WISH: dict[str, Any] = {
    "kind": "policy", "title": "Thirty days of grace", "content": {"parameters": {"renewal_grace_days": 30}},
    "rationale": "Paperwork comes late.", "from_month": "2031-01",
}  # fmt: skip
BY_HAND = ("ask_impact", "to_review", "send_back", "close")


@pytest.fixture
def api(northwind: Client, ana: User, program: Mint) -> Program:
    return program(northwind, ana)


def traces(client: Client) -> tuple[Any, ...]:
    """Everything that a step writes."""
    with tenant_context(client):
        rows = tuple(ChangeRequest.objects.order_by("pk").values_list("pk", "state", "version", "title"))
        return (*rows, ChangeEvent.objects.count(), AuditEntry.objects.filter(action__startswith="change.").count())


def put(client: Client, state: str) -> None:
    with tenant_context(client):
        ChangeRequest.objects.update(state=state)


def test_a_program_asks_for_a_change_and_takes_it_to_its_impact(api: Program, northwind: Client) -> None:
    made = api.post(northwind, "api_changes", WISH)
    assert (made.status_code, made.json()["state"], made.json()["next_steps"]) == (201, "draft", ["submit", "withdraw"])
    assert made.json()["present"] == {"parameters": {"renewal_grace_days": 0}}
    assert made.json()["board_lacks"] == ["this client has no review board yet: its admin starts one"]
    key: dict[str, Any] = {"number": 1}
    submitted = api.post(northwind, "api_change_submit", {"version": 1}, **key).json()
    assert submitted["state"] == "submitted"
    taken = {"version": 2, "taken_by": "ana@example.com", "urgency": "soon"}
    assert api.post(northwind, "api_change_triage", taken, **key).json()["owner"] == "ana@example.com"
    asked = api.post(northwind, "api_change_move", {"step": "ask_impact"}, **key).json()
    assert (asked["state"], asked["next_steps"]) == ("impact", ["to_review", "send_back", "withdraw"])
    assert [event["step"] for event in asked["events"]] == ["draft", "submit", "triage", "ask_impact"]


def test_whatever_does_not_follow_is_a_conflict_that_says_the_state_and_leaves_no_trace(
    api: Program, northwind: Client
) -> None:
    """Every state with every operation that takes a step, where the table has none."""
    api.post(northwind, "api_changes", WISH)
    key: dict[str, Any] = {"number": 1}
    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("submit", "api_change_submit", {"version": 1}),
        ("withdraw", "api_change_withdraw", {"reason": "No"}),
        ("triage", "api_change_triage", {"version": 1, "taken_by": "ana@example.com"}),
        *((step, "api_change_move", {"step": step, "reason": "No"}) for step in BY_HAND),
    ]
    for state in (
        ChangeState.DRAFT,
        ChangeState.SUBMITTED,
        ChangeState.APPROVED,
        ChangeState.EFFECTIVE,
        ChangeState.CLOSED,
    ):
        put(northwind, state)
        before = traces(northwind)
        may = api.get(northwind, "api_change", **key).json()["next_steps"]
        for step, name, body in calls:
            if step in may:
                continue
            answer = api.post(northwind, name, body, **key)
            assert is_problem(answer, 409), (state, step, answer.json())
            assert f"It stands at “{state.label}”, version 1." in answer.json()["detail"]
        assert traces(northwind) == before, state


@pytest.mark.parametrize("step", ["approve", "reject", "schedule", "take_effect", "communicate", "publish"])
def test_no_operation_approves_or_makes_effective_by_hand(api: Program, northwind: Client, step: str) -> None:
    api.post(northwind, "api_changes", WISH)
    put(northwind, ChangeState.REVIEW)
    before = traces(northwind)
    assert is_problem(api.post(northwind, "api_change_move", {"step": step}, number=1), 400)
    assert traces(northwind) == before


def test_what_cannot_be_asked_for_is_named_field_by_field(api: Program, northwind: Client) -> None:
    bad = WISH | {"content": {"parameters": {"renewal_grace_days": 9999}}}
    answer = api.post(northwind, "api_changes", bad)
    assert is_problem(answer, 400)
    assert "renewal_grace_days" in str(answer.json()["errors"]) and "at most 366" in str(answer.json()["errors"])
    same = WISH | {"content": {"parameters": {"renewal_grace_days": 0}}}
    assert "nothing would change" in str(api.post(northwind, "api_changes", same).json()["errors"])


def test_of_two_programs_the_second_is_told_what_is_there_now(api: Program, northwind: Client) -> None:
    api.post(northwind, "api_changes", WISH)
    wish = {name: value for name, value in WISH.items() if name != "kind"} | {"version": 1}
    url = reverse("api_change", kwargs={"client_slug": northwind.slug, "number": 1})
    assert api.call(url, "patch", wish | {"title": "First"}).status_code == 200
    second = api.call(url, "patch", wish | {"title": "Second"})
    assert is_problem(second, 409)
    assert "It stands at “Draft”, version 2." in second.json()["detail"]
    with tenant_context(northwind):
        assert ChangeRequest.objects.get().title == "First"


def test_what_is_alike_is_found_before_anything_is_submitted(api: Program, northwind: Client) -> None:
    api.post(northwind, "api_changes", WISH)
    api.post(northwind, "api_change_submit", {"version": 1}, number=1)

    def alike(**asked: str) -> list[Any]:
        answer = api.get(northwind, "api_changes_alike", {"kind": "policy", **asked})
        assert answer.status_code == 200, answer.content
        return [(row["number"], row["is_exact"]) for row in answer.json()["alike"]]

    same, other = (json.dumps({"parameters": {"renewal_grace_days": days}}) for days in (30, 45))
    assert alike(content=same) == [(1, True)]
    assert alike(content=other) == [(1, False)]
    assert alike(title="grace of thirty days") == [(1, False)]
    assert alike(title="Another currency") == []
    assert alike(content=same, own="1") == [], "a request is not its own twin"
    for bad in ("nonsense", "[]", '{"parameters": {"renewal_grace_days": 9999}}'):
        assert is_problem(api.get(northwind, "api_changes_alike", {"kind": "policy", "content": bad}), 400)
    assert is_problem(api.get(northwind, "api_changes_alike", {"kind": "policy", "own": "9"}), 404)


def test_the_customers_of_an_impact_are_a_file_the_same_as_on_the_page(
    api: Program, northwind: Client, ana: User, signed_in: Any
) -> None:
    with tenant_context(northwind):
        number = a_change_of_customers(northwind)["number"]
        about_a_metric = another_kind(northwind)
    found = api.get(northwind, "api_change_impact_customers", number=number).json()
    page = signed_in(ana).get(f"/c/northwind/changes/{number}/impact/customers.csv")
    assert b64decode(found["base64"]) == page.content
    assert found["name"] in page["Content-Disposition"] and found["media_type"] == page["Content-Type"]
    refused = api.get(northwind, "api_change_impact_customers", number=about_a_metric)
    assert is_problem(refused, 409) and "Only a change of the policy" in refused.json()["detail"]


def test_a_token_that_sees_no_figures_is_not_told_the_effect_of_what_it_has_computed(
    northwind: Client, ana: User, program: Mint
) -> None:
    with tenant_context(northwind):
        number = a_change_of_customers(northwind)["number"]
    told = [
        program(northwind, ana, scopes).post(northwind, "api_change_impact", number=number).json()
        for scopes in ({VIEW_CHANGES, REQUEST_CHANGES, VIEW_ARR}, {VIEW_CHANGES, REQUEST_CHANGES})
    ]
    assert [each["is_current"] for each in told] == [True, True]
    assert (told[0]["effect_cents"], told[0]["effect_month"]) != (None, None)
    assert (told[1]["effect_cents"], told[1]["effect_month"]) == (None, None)


def another_kind(client: Client) -> int:
    """The number of a request that is about a rule of quotas."""
    empty: dict[str, Any] = {"content": {}, "present": {}, "created_at": database_time()}
    ChangeRequest.objects.create(client=client, number=99, kind="quota_rule", title="Quota", state="submitted", **empty)
    return 99
