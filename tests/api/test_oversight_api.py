"""A program draws an audit and follows it up, takes part in a dispute, sets monitors, and ends a webhook's old key."""

import datetime as dt
from typing import Any

import pytest

from metrics.models import ContractLine, QualityFinding
from portal.accounts.models import User
from portal.tenancy.clock import database_time
from portal.tenancy.models import Client
from portal.tenancy.permissions import RAISE_DISPUTES, RESOLVE_DISPUTES, SIGN_AUDITS, TOKEN_SCOPES
from portal.tenancy.scope import tenant_context
from tests.api.conftest import Mint, Program
from tests.governance.audits import QUARTER, book_load
from tests.tenancy.routes_oversight import a_dispute
from tests.tenancy.routes_quality import a_finding, an_acknowledged
from tests.tenancy.routes_webhooks import a_replaced_key

URL = "/api/v1/clients/northwind/"


@pytest.fixture
def api(northwind: Client, rita: User, program: Mint) -> Program:
    """A program of Rita's, of RevOps."""
    return program(northwind, rita)


def in_a_month() -> str:
    return f"{database_time().date() + dt.timedelta(days=30)}"


def test_an_audit_is_drawn_once_checked_and_followed_up_but_signed_by_no_token(
    api: Program, northwind: Client, rita: User, finn: User
) -> None:
    with tenant_context(northwind):
        book_load(northwind)
    assert api.get(northwind, "api_quarter_audits").json()["can_be_drawn"] == [QUARTER]
    asked = {"quarter": QUARTER, "size": 10, "due_on": in_a_month()}
    assert api.post(northwind, "api_quarter_audits", asked).json()["auditor"] == rita.email
    assert api.post(northwind, "api_quarter_audits", asked).status_code == 409
    audit = api.get(northwind, "api_quarter_audit", quarter=QUARTER).json()
    ids = api.get(northwind, "api_audit_population", quarter=QUARTER).json()
    assert len(ids["contracts"]) == 14 and ids["sha256"] == audit["content"]["drawing"]["contracts_sha256"]
    first = audit["contracts"][0]
    told = api.post(
        northwind, "api_quarter_audit_result", {"version": first["version"], "result": "agrees"}, quarter=QUARTER,
        position=first["position"],
    )  # fmt: skip
    assert told.status_code == 200
    sheet = {"quarter": QUARTER, "position": first["position"]}
    same = api.post(northwind, "api_quarter_audit_sheet", {"version": first["version"] + 1}, **sheet)
    assert same.status_code == 400 and "says what the sheet says" in same.text
    with tenant_context(northwind):
        ContractLine.objects.filter(contract_id=first["contract"]).update(amount=77)
    assert api.post(northwind, "api_quarter_audit_sheet", {"version": 1}, **sheet).status_code == 409
    anew = api.post(northwind, "api_quarter_audit_sheet", {"version": first["version"] + 1}, **sheet).json()
    assert (anew["arr"], anew["result"]) == ("77.00", "open"), "the sheet before is kept, and it is checked once more"
    task = {"text": "Ask billing", "person": finn.email, "due_on": in_a_month()}
    nobody = api.post(northwind, "api_audit_follow_ups", task | {"person": "otto@example.com"}, quarter=QUARTER)
    assert nobody.status_code == 400 and nobody.json()["errors"][0]["field"] == "person"
    made = api.post(northwind, "api_audit_follow_ups", task, quarter=QUARTER).json()
    done = api.post(northwind, "api_audit_follow_up_settle", {"outcome": "Mended"}, follow_up_id=made["id"])
    assert (done.json()["outcome"], done.json()["done_by"]) == ("Mended", rita.email)
    again = api.post(northwind, "api_audit_follow_up_settle", {"outcome": "Twice"}, follow_up_id=made["id"])
    assert again.status_code == 409
    assert api.call(f"{URL}quarter-audits/{QUARTER}/sign/", "post", {}).status_code == 404
    assert SIGN_AUDITS not in TOKEN_SCOPES


def test_a_token_that_may_dispute_reads_no_figure_by_it(northwind: Client, rita: User, program: Mint) -> None:
    with tenant_context(northwind):
        number = a_dispute(northwind)["number"]
    said = program(northwind, rita, {RAISE_DISPUTES}).post(
        northwind, "api_dispute_comment", {"text": "No"}, number=number
    )
    assert (said.json()["published"], said.json()["evidence"]) == (None, [])
    taken = program(northwind, rita, {RESOLVE_DISPUTES}).post(northwind, "api_dispute_take", number=number).json()
    assert (taken["published"], taken["owner"]) == (None, rita.email)
    read = program(northwind, rita).get(northwind, "api_dispute", number=number).json()
    told = program(northwind, rita).get(northwind, "api_bridge").json()["disputes"]
    assert [(each["name"], each["figure"], each["month"], each["group"]) for each in told] == [
        ("D-1", "ending", "2026-03", "")
    ]
    assert read["published"] and read["evidence"], "what is kept is as it was"


def test_a_dispute_is_taken_spoken_about_corrected_and_opened_again(
    api: Program, northwind: Client, finn: User, program: Mint
) -> None:
    with tenant_context(northwind):
        number = a_dispute(northwind)["number"]

    def send(name: str, body: dict[str, Any]) -> Any:
        return api.post(northwind, f"api_dispute_{name}", body, number=number)

    assert api.call(f"{URL}disputes/{number}/owner/", "put", {"person": "otto@example.com"}).status_code == 400
    assert api.call(f"{URL}disputes/{number}/owner/", "put", {"person": finn.email}).json()["owner"] == finn.email
    said = send("comment", {"text": "The order form says so"}).json()
    assert said["events"][-1]["text"] == "The order form says so"
    assert len(send("evidence", {"customer": "bolt"}).json()["evidence"]) == 2
    known = api.get(northwind, "api_dispute_corrections", number=number).json()["corrections"]
    keys = [row["key"] for row in known]
    refused = send("settle", {"step": "correct", "reason": "Imported", "correction": "close:999"})
    assert refused.status_code == 400 and "close:999" not in keys
    assert send("settle", {"step": "stand", "reason": "Signed"}).json()["state"] == "stands"
    assert send("reopen", {"text": "An amendment"}).json()["state"] == "looking"
    assert send("withdraw", {"text": "Mine?"}).status_code == 400, "whoever raised it takes it back"


def test_a_monitor_is_somebodys_and_an_acknowledgement_is_taken_back(
    api: Program, northwind: Client, rita: User
) -> None:
    with tenant_context(northwind):
        finding = an_acknowledged(northwind)["finding_id"]
    put = {"threshold": "2.50", "days": 4, "escalate_days": 3, "person": rita.email, "escalate_person": None}
    url = f"{URL}monitors/missing_fields/settings/"
    assert api.call(url, "put", put | {"person": "otto@example.com"}).status_code == 400
    assert api.call(url, "put", put | {"days": 0}).status_code == 400
    found = api.call(url, "put", put).json()
    assert (found["threshold"], found["days"], found["owner"], found["escalate_to"]) == ("2.50", 4, rita.email, None)
    (shown,) = [row for row in api.get(northwind, "api_monitors").json()["results"] if row["code"] == "missing_fields"]
    assert shown["owner"] == rita.email and len(shown["trend"]) == 1
    assert api.post(northwind, "api_finding_reopen", finding_id=finding).json()["state"] == "open"
    assert api.post(northwind, "api_finding_reopen", finding_id=finding).status_code == 400
    asked = [api.post(northwind, "api_monitors_look").json()["asked_at"] for _ in range(2)]
    assert asked[0] and asked[0] == asked[1], "while a look is awaited no other one is asked for"
    events = api.get(northwind, "api_finding", finding_id=finding).json()["events"]
    assert rita.email in [event["by"] for event in events if event["kind"] == "reopened"]


def test_a_key_that_leaked_signs_no_more(api: Program, northwind: Client) -> None:
    with tenant_context(northwind):
        kwargs = a_replaced_key(northwind)
    assert api.get(northwind, "api_webhook", **kwargs).json()["previous_until"] is not None
    assert api.post(northwind, "api_webhook_key_end", **kwargs).json()["previous_until"] is None
    sent = api.post(northwind, "api_webhook_test", **kwargs).json()
    shown = api.get(northwind, "api_webhook_delivery", **kwargs, delivery_id=sent["id"]).json()
    assert shown["message_id"] == sent["message_id"] and shown["sent"].startswith("{")


def test_findings_are_searched_by_text(api: Program, northwind: Client) -> None:
    with tenant_context(northwind):
        found = QualityFinding.objects.get(pk=a_finding(northwind)["finding_id"])
    shown = api.get(northwind, "api_findings", {"q": found.title[:8].upper()}).json()["results"]
    assert [row["id"] for row in shown] == [found.pk]
    assert api.get(northwind, "api_findings", {"q": "no such text"}).json()["results"] == []
    assert api.get(northwind, "api_findings", {"q": "x" * 101}).status_code == 400
