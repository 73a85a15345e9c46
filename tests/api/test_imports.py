"""Contract files, rates and policies through the API: idempotent, refused whole, conflicts said."""

import json
from typing import Any

import pytest

from metrics.models import ContractLine, FxRate, PolicyVersion, RateImport
from metrics.services.import_run import import_run
from portal.accounts.models import User
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.scope import tenant_context
from tests.api.conftest import Mint, Program
from tests.metrics import files
from tests.tenancy.routes_api import POLICY, some_rates


@pytest.fixture
def api(northwind: Client, ana: User, program: Mint) -> Program:
    return program(northwind, ana)


def upload(api: Program, client: Client, data: bytes, **more: str) -> Any:
    answer = api.post(client, "api_imports", {"file": files.named(data), **more}, is_form=True)
    assert answer.status_code == 201, answer.content
    return answer.json()


def accepted(api: Program, client: Client, import_id: int) -> None:
    assert api.post(client, "api_import_accept", import_id=import_id).status_code == 202
    import_run(client=client, import_id=import_id)


def test_a_file_is_checked_accepted_and_loaded_and_the_same_file_changes_nothing(
    api: Program, northwind: Client, ana: User
) -> None:
    data = files.csv_bytes([files.line(1), files.line(2)])
    first = upload(api, northwind, data)
    assert (first["state"], first["added_count"], first["source"]) == ("waiting", 2, "contracts")
    assert (
        first["totals"] == [{"currency": "USD", "basis": "year", "rows": 2, "amount": "2400", "discount": "0"}]
        or first["totals"][0]["rows"] == 2
    )
    changes = api.get(northwind, "api_import_changes", import_id=first["id"]).json()
    assert len(changes["added"]) == 2 and changes["effect"][0]["after"] == "2400.00"
    accepted(api, northwind, first["id"])
    assert api.get(northwind, "api_import", import_id=first["id"]).json()["state"] == "done"
    again = upload(api, northwind, data)
    assert (again["state"], again["unchanged_count"]) == ("unchanged", 2)
    lines = api.get(northwind, "api_lines").json()["results"]
    assert [line["line_id"] for line in lines] == ["K1-1", "K2-1"] and lines[0]["amount"] == "1200.00"
    with tenant_context(northwind):
        entry = AuditEntry.objects.get(action="import.accepted")
    assert entry.actor_id == ana.pk and "token Test" in entry.actor and entry.request_id


def test_what_a_changed_file_does_and_the_history_of_a_line(api: Program, northwind: Client) -> None:
    accepted(api, northwind, upload(api, northwind, files.csv_bytes([files.line(1), files.line(2)]))["id"])
    second = upload(api, northwind, files.csv_bytes([files.line(1, amount="1500")]))
    changes = api.get(northwind, "api_import_changes", import_id=second["id"]).json()
    assert changes["changed"][0]["fields_changed"] == [
        {"field": "amount", "old": "1200", "new": "1500", "is_arr_relevant": True}
    ]
    assert [line["line_id"] for line in changes["vanished"]] == ["K2-1"]
    accepted(api, northwind, second["id"])
    rows = api.get(northwind, "api_lines", {"customer": "C1"}).json()["results"]
    history = api.get(northwind, "api_line_history", line_id=rows[0]["id"]).json()["results"]
    assert [(h["field"], h["old"], h["new"]) for h in history] == [("amount", "1200", "1500")]
    gone = api.get(northwind, "api_lines", {"live": "false", "source": "contracts"}).json()["results"]
    assert [line["line_id"] for line in gone] == ["K2-1"] and gone[0]["removed_import_id"] == second["id"]
    assert api.get(northwind, "api_lines", {"product": "Nothing"}).json() == {"next": None, "results": []}
    assert api.get(northwind, "api_lines", {"source": "nowhere"}).status_code == 400


def test_a_faulty_file_loads_nothing_and_names_every_reason(api: Program, northwind: Client) -> None:
    refused = upload(api, northwind, files.faulty_file())
    assert refused["state"] == "refused" and refused["fault_count"] >= 20
    faults = api.get(northwind, "api_import_faults", {"page_size": "500"}, import_id=refused["id"]).json()["results"]
    assert len(faults) == refused["fault_count"]
    assert {fault["row"] for fault in faults} >= set(range(3, 23))
    with tenant_context(northwind):
        assert not ContractLine.objects.exists()
    assert api.post(northwind, "api_import_accept", import_id=refused["id"]).status_code == 409


def test_accepting_twice_and_cancelling_too_late_are_conflicts(api: Program, northwind: Client) -> None:
    found = upload(api, northwind, files.csv_bytes([files.line(1)]))
    assert api.post(northwind, "api_import_accept", import_id=found["id"]).status_code == 202
    for url_name in ("api_import_accept", "api_import_cancel"):
        answer = api.post(northwind, url_name, import_id=found["id"])
        assert answer.status_code == 409 and "accepted" in answer.json()["detail"]
    mapped = api.post(northwind, "api_import_mapping", {"columns": {"line_id": "x"}}, import_id=found["id"])
    assert mapped.status_code == 409


def test_a_foreign_format_asks_and_takes_a_mapping(api: Program, northwind: Client) -> None:
    rows = [{"Position": "P1", "Vertrag": "V1", "Kunde": "C1", "Betrag": "1200,50", "Start": "01.02.2024"}]
    data = files.csv_bytes(rows, tuple(rows[0]))
    mapping = {
        "columns": {
            "line_id": "Position", "contract_id": "Vertrag", "customer_id": "Kunde", "customer_name": "Kunde",
            "amount": "Betrag", "start_date": "Start",
        },
        "constants": {"product": "Platform", "charge_type": "recurring", "amount_basis": "year", "currency": "EUR"},
        "date_order": "dmy",
        "decimal_mark": ",",
    }  # fmt: skip
    asked = upload(api, northwind, data, source="ERP", kind="billing")
    assert asked["state"] == "uploaded" and asked["header"] == list(rows[0]) and asked["suggested_mapping"]
    mapped = api.post(northwind, "api_import_mapping", mapping, import_id=asked["id"])
    assert mapped.status_code == 200 and mapped.json()["state"] == "waiting", mapped.content
    at_once = upload(api, northwind, data, source="CRM", mapping=json.dumps(mapping))
    assert at_once["state"] == "waiting" and at_once["mapping"]["decimal_mark"] == ","
    bad = api.post(northwind, "api_import_mapping", {"columns": {"colour": "x"}}, import_id=asked["id"])
    assert bad.status_code == 400 and "none of our columns" in bad.json()["errors"][0]["detail"]
    sources = api.get(northwind, "api_sources").json()["results"]
    assert [(s["name"], s["is_authoritative"]) for s in sources] == [("ERP", True), ("CRM", False)]


def test_rates_come_in_as_rows_or_as_a_file_and_are_refused_whole(api: Program, northwind: Client) -> None:
    assert api.post(northwind, "api_rates", some_rates()).json()["added_count"] == 1
    file = files.named(b"date,currency,rate\n2024-06-28,EUR,1.0713\n2024-06-28,GBP,1.27\n", "rates.csv")
    loaded = api.post(northwind, "api_rates", {"file": file}, is_form=True).json()
    assert (loaded["added_count"], loaded["changed_count"], loaded["file_name"]) == (1, 1, "rates.csv")
    euro = api.get(northwind, "api_rates", {"currency": "EUR"}).json()["results"]
    assert [(row["date"], row["rate"]) for row in euro] == [("2024-06-28", "1.0713")]
    twice = [{"currency": "CHF", "date": "2024-06-28", "rate": rate} for rate in ("1.1", "1.2")]
    refused = api.post(northwind, "api_rates", {"rates": twice})
    body = refused.json()
    assert refused.status_code == 400 and body["fault_count"] == 2 and body["faults"][0]["code"] == "rate_repeated"
    with tenant_context(northwind):
        assert FxRate.objects.count() == 2 and RateImport.objects.count() == 2
        assert AuditEntry.objects.filter(action="rates.imported").count() == 2


def test_a_rate_is_text_and_never_a_binary_float(api: Program, northwind: Client) -> None:
    for rate in ("1e3", "-1", "NaN", "1.12345678901", ""):
        rows = {"rates": [{"currency": "EUR", "date": "2024-06-28", "rate": rate}]}
        answer = api.post(northwind, "api_rates", rows)
        assert answer.status_code == 400 and answer.json()["errors"][0]["field"] == "rates.0.rate", rate


def test_a_policy_is_published_once_and_not_over_somebody_elses(api: Program, northwind: Client) -> None:
    assert api.post(northwind, "api_policies", {"parameters": POLICY}).status_code == 201
    again = api.post(northwind, "api_policies", {"parameters": POLICY})
    assert (again.status_code, again.json()["number"]) == (200, 1)
    changed = {"parameters": {**POLICY, "renewal_grace_days": 30}, "note": "Grace", "based_on": 1}
    assert api.post(northwind, "api_policies", changed).json()["number"] == 2
    late = api.post(northwind, "api_policies", {**changed, "parameters": {**POLICY, "overage": "trailing_3_months"}})
    assert late.status_code == 409
    clauses = api.get(northwind, "api_policy", number=2).json()["clauses"]
    assert any("30 days" in clause["sentence"] for clause in clauses)
    wrong = {**POLICY, "fx": "guess", "minimum_term_months": "3"}
    del wrong["overage"]
    answer = api.post(northwind, "api_policies", {"parameters": wrong})
    fields = {error["field"] for error in answer.json()["errors"]}
    assert fields == {"parameters.fx", "parameters.minimum_term_months", "parameters.overage"}
    with tenant_context(northwind):
        assert PolicyVersion.objects.count() == 2


def test_a_part_of_a_source_is_sent_under_the_name_that_answers_have(api: Program, northwind: Client) -> None:
    accepted(api, northwind, upload(api, northwind, files.csv_bytes([files.line(1), files.line(2)]))["id"])
    part = upload(api, northwind, files.csv_bytes([files.line(1, amount="1500")]), is_partial="true")
    assert (part["is_partial"], part["changed_count"], part["vanished_count"]) == (True, 1, 0)
