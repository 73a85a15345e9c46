"""Evidence by program: a file goes in with what it stands behind, under the rules of pages, and comes out by the same door."""

from base64 import b64decode
from hashlib import sha256
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from engagements.models import ProjectFile, Risk, TestRun
from engagements.services.files import file_keep
from governance.models import EvidenceFile
from portal.accounts.models import User
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.permissions import RUN_ENGAGEMENT, VIEW_ENGAGEMENT
from portal.tenancy.scope import tenant_context
from tests.api.conftest import Mint, Program
from tests.tenancy.engagement_rows import engagement_of
from tests.tenancy.routes_api_build import a_computed_test, a_customer_test, a_technical_test
from tests.tenancy.routes_oversight import a_contract

INVOICE = b"invoice,amount\n4711,1200.00\n"


@pytest.fixture
def api(northwind: Client, ana: User, program: Mint) -> Program:
    return program(northwind, ana)


def invoice(name: str = "invoice.csv", content: bytes = INVOICE) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def bytes_of(answer: Any) -> bytes:
    """The bytes of a file, which its sha256 is of."""
    found = answer.json()
    content = b64decode(found["base64"])
    assert found["sha256"] == sha256(content).hexdigest()
    return content


def test_a_result_of_an_audit_brings_its_file_and_the_file_is_read_again(api: Program, northwind: Client) -> None:
    with tenant_context(northwind):
        key = a_contract(northwind)
    given = {"version": "1", "result": "agrees", "note": "As invoiced"}
    made = api.post(northwind, "api_quarter_audit_result", given | {"file": invoice()}, is_form=True, **key).json()
    kept = made["evidence"]
    assert (kept["name"], kept["size"], made["version"]) == ("invoice.csv", len(INVOICE), 2)
    answer = api.get(northwind, "api_audit_evidence", file_id=kept["id"])
    assert bytes_of(answer) == INVOICE and answer.json()["media_type"].startswith("text/csv")
    (listed,) = [
        row
        for row in api.get(northwind, "api_quarter_audit", quarter=key["quarter"]).json()["contracts"]
        if row["evidence"]
    ]
    assert (listed["position"], listed["evidence"]) == (key["position"], kept)
    again = api.post(northwind, "api_quarter_audit_result", {"version": 2, "result": "agrees"}, **key).json()
    assert again["evidence"] == kept, "a result without a file leaves the one that is there"


def test_a_file_that_is_not_what_it_says_leaves_no_trace(api: Program, northwind: Client) -> None:
    with tenant_context(northwind):
        key = a_contract(northwind)
    given = {"version": "1", "result": "agrees", "file": invoice("scan.pdf")}
    refused = api.post(northwind, "api_quarter_audit_result", given, is_form=True, **key)
    assert refused.status_code == 400 and "scan.pdf" in refused.json()["errors"][0]["detail"]
    late = api.post(
        northwind, "api_quarter_audit_result", given | {"version": "9", "file": invoice()}, is_form=True, **key
    )
    assert late.status_code == 409
    with tenant_context(northwind):
        assert EvidenceFile.objects.count() == 0
        assert AuditEntry.objects.filter(action="evidence.kept").count() == 0


def test_a_technical_test_is_run_with_a_file_and_a_failure_raises_an_issue(api: Program, northwind: Client) -> None:
    with tenant_context(northwind):
        key = a_technical_test(northwind)
    result = {"result": "failed", "evidence": "Off by a month", "file": invoice()}
    made = api.post(northwind, "api_test_runs", result, is_form=True, **key)
    assert made.status_code == 201
    run = made.json()
    file = api.get(northwind, "api_project_file", engagement_id=key["engagement_id"], file_id=run["file"]["id"])
    assert bytes_of(file) == INVOICE
    assert api.get(northwind, "api_test_runs", **key).json()["results"] == [run]
    tests = api.get(northwind, "api_tests", engagement_id=key["engagement_id"]).json()["results"]
    assert [test["state"] for test in tests if test["id"] == key["test_id"]] == ["failed"]
    with tenant_context(northwind):
        assert Risk.objects.filter(about="test", about_id=key["test_id"]).count() == 1
    wrong = api.post(northwind, "api_test_runs", result | {"file": invoice("a.exe")}, is_form=True, **key)
    assert wrong.status_code == 400
    with tenant_context(northwind):
        assert TestRun.objects.count() == ProjectFile.objects.count() == 1


def test_each_side_runs_its_own_tests_and_nobody_the_systems(
    northwind: Client, ana: User, finn: User, api: Program, program: Mint
) -> None:
    with tenant_context(northwind):
        technical, customer, computed = (
            make(northwind) for make in (a_technical_test, a_customer_test, a_computed_test)
        )
    finns, result = program(northwind, finn), {"result": "passed", "evidence": "Tried it"}
    assert finns.post(northwind, "api_test_try", result, **customer).json()["by"] == finn.email
    assert finns.post(northwind, "api_test_runs", result, **technical).status_code == 403
    assert finns.post(northwind, "api_test_try", result, **technical).status_code == 404
    assert api.post(northwind, "api_test_try", result, **customer).status_code == 403
    said = api.post(northwind, "api_test_runs", result, **computed)
    assert said.status_code == 400 and "The system runs this test by itself" in said.json()["errors"][0]["detail"]
    assert api.post(northwind, "api_test_compute", **computed).json()["state"] in ("passed", "failed")
    (run,) = api.get(northwind, "api_test_runs", **computed).json()["results"]
    assert run["figures"]
    blind = program(northwind, ana, {VIEW_ENGAGEMENT, RUN_ENGAGEMENT})
    (run,) = blind.get(northwind, "api_test_runs", **computed).json()["results"]
    assert run["figures"] is None, "figures are for whoever sees numbers"


def test_a_file_is_read_by_whoever_may_see_what_it_belongs_to(
    northwind: Client, finn: User, api: Program, program: Mint
) -> None:
    with tenant_context(northwind):
        engagement = engagement_of(northwind)
        file = file_keep(engagement=engagement, about="test", about_id=1, upload=invoice())
        key: dict[str, Any] = {"engagement_id": engagement.pk, "file_id": file.pk}
    finns = program(northwind, finn)
    assert bytes_of(finns.get(northwind, "api_project_file", **key)) == INVOICE
    with tenant_context(northwind):
        internal = file_keep(engagement=engagement, about="test", about_id=1, upload=invoice(), is_internal=True)
        key["file_id"] = internal.pk
    assert finns.get(northwind, "api_project_file", **key).status_code == 404
    assert api.get(northwind, "api_project_file", **key).status_code == 200
