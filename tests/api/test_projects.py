"""What programs do with definitions, policy documents and engagements, and what they are refused."""

import hashlib
from base64 import b64decode

from engagements.models import Engagement, Task
from engagements.services.tasks import task_create
from governance.models import DefinitionItem
from portal.accounts.models import User
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.scope import tenant_context
from tests.api.conftest import Mint
from tests.pdf_text import pdf_text
from tests.tenancy.routes_api_projects import a_gate_to_open, a_task, an_engagement, items, two_documents


def test_a_definition_is_changed_confirmed_and_opened_by_who_saw_it_last(
    northwind: Client, ana: User, program: Mint
) -> None:
    with tenant_context(northwind):
        key = items(northwind)["key"]
    token, url = program(northwind, ana), f"/api/v1/clients/northwind/definitions/{key}/"
    before = token.call(url).json()
    changed = token.call(url, "patch", {"version": before["version"], "rationale": "Because"}).json()
    assert changed["version"] == before["version"] + 1 and changed["sha256"] != before["sha256"]
    late = token.call(url, "patch", {"version": before["version"], "rationale": "Late"})
    assert late.status_code == 409 and "somebody changed this" in late.json()["detail"].lower()
    wrong = token.call(url, "patch", {"version": changed["version"], "value": "nonsense"})
    assert wrong.status_code == 400, "a value that the engine does not know"
    confirmed = token.call(f"{url}confirm/", "post", {"version": changed["version"], "by": "Finn"}).json()
    assert confirmed["state"] == "confirmed"
    opened = token.call(f"{url}reopen/", "post", {"version": confirmed["version"], "note": "Usage"})
    assert opened.json()["state"] == "assumed"


def test_an_answer_is_the_persons_own_about_what_they_read(
    northwind: Client, ana: User, finn: User, program: Mint
) -> None:
    with tenant_context(northwind):
        items(northwind)
        row = DefinitionItem.objects.filter(functions__contains="finance").order_by("position")[0]
    url = f"/api/v1/clients/northwind/definitions/{row.key}/answer/"
    assert program(northwind, ana).call(url, "post", {"sha256": row.sha256, "verdict": "yes"}).status_code == 403
    finns = program(northwind, finn)
    assert finns.call(url, "post", {"sha256": "0" * 64, "verdict": "yes"}).status_code == 409
    assert finns.call(url, "post", {"sha256": row.sha256, "verdict": "no"}).status_code == 400, "a no needs its reason"
    given = finns.call(url, "post", {"sha256": row.sha256, "verdict": "no", "comment": "Overage"})
    assert given.status_code == 201 and given.json()["results"][0]["person"] == finn.email
    listed = finns.get(northwind, "api_answers", {"key": row.key}).json()["results"]
    assert [each["comment"] for each in listed] == ["Overage"]
    standing = finns.get(northwind, "api_definition", key=row.key).json()["standing"]
    assert {"function": "finance", "says": "no"} in standing


def test_a_document_is_exactly_the_bytes_that_its_hash_is_of_and_a_page_of_paper(
    northwind: Client, ana: User, program: Mint
) -> None:
    with tenant_context(northwind):
        two_documents(northwind)
    token = program(northwind, ana)
    said = token.get(northwind, "api_document", number=1).json()
    file = token.get(northwind, "api_document_file", number=1).json()
    assert hashlib.sha256(b64decode(file["base64"])).hexdigest() == said["sha256"] == file["sha256"]
    paper = token.get(northwind, "api_document_file", {"kind": "pdf"}, number=1).json()
    assert paper["media_type"] == "application/pdf"
    assert "0 of 42 definitions are confirmed" in pdf_text(b64decode(paper["base64"]))
    diff = token.get(northwind, "api_document_diff", {"against": "0"}, number=1).json()
    assert diff["changed"][0]["edits"][0]["after"] == "Because" and diff["effect"] is None
    assert token.get(northwind, "api_signoff", number=1).status_code == 404, "nobody was asked"


def test_the_clients_people_see_no_hidden_task_and_no_hours(
    northwind: Client, ana: User, finn: User, program: Mint
) -> None:
    with tenant_context(northwind):
        pk = a_task(northwind)["engagement_id"]
        engagement = Engagement.objects.get(pk=pk)
        task_create(engagement=engagement, name="Hidden", is_client_visible=False)
        Task.objects.update(hours_low=2)
    finns = program(northwind, finn).get(northwind, "api_tasks", engagement_id=pk).json()["results"]
    anas = program(northwind, ana).get(northwind, "api_tasks", engagement_id=pk).json()["results"]
    assert [(task["name"], task["hours_low"]) for task in finns] == [("Map fields", None)]
    assert {task["name"]: task["hours_low"] for task in anas} == {"Map fields": "2.00", "Hidden": "2.00"}


def test_a_gate_says_what_shuts_it_and_opens_when_nothing_does(northwind: Client, ana: User, program: Mint) -> None:
    with tenant_context(northwind):
        shut = an_engagement(northwind)["engagement_id"]
    token = program(northwind, ana)
    gates = token.get(northwind, "api_gates", engagement_id=shut).json()["results"]
    assert gates[0]["sentence"].startswith("Shut until this holds") and not gates[0]["can_open"]
    refused = token.post(northwind, "api_gate_open", engagement_id=shut, gate_id=gates[0]["id"])
    assert refused.status_code == 409 and refused.json()["detail"] == gates[0]["sentence"]
    with tenant_context(northwind):
        ready = a_gate_to_open(northwind)
    opened = token.post(northwind, "api_gate_open", **ready)
    assert opened.status_code == 200 and opened.json()["state"] == "open"
    with tenant_context(northwind):
        assert AuditEntry.objects.filter(action="gate.opened", actor__contains="(token").exists()


def test_a_task_is_planned_for_somebody_on_the_engagement_and_moved_step_by_step(
    northwind: Client, ana: User, program: Mint
) -> None:
    with tenant_context(northwind):
        made = a_task(northwind)
    token = program(northwind, ana)
    url = f"/api/v1/clients/northwind/engagements/{made['engagement_id']}/tasks/{made['task_id']}/"
    assert token.call(url, "patch", {"owner_email": ana.email}).json()["owner"] == ana.email
    nobody = token.call(url, "patch", {"owner_email": "x@example.com"})
    assert nobody.status_code == 400 and "not on this engagement" in str(nobody.json()["errors"])
    assert token.call(url, "patch", {"starts_on": "2026-12-04", "due_on": "2026-12-03"}).status_code == 400
    assert token.call(f"{url}move/", "post", {"step": "unblock"}).status_code == 409
    assert token.call(f"{url}move/", "post", {"step": "start"}).json()["state"] == "doing"
