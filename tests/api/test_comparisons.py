"""Comparisons over the API: exact figures as text, null with a reason where there is none."""

from typing import Any

from django.urls import reverse

from portal.accounts.models import User
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.scope import tenant_context
from tests.api.conftest import Mint
from tests.engine.frames import frame, line
from tests.metrics.loading import load_lines
from tests.reporting.numbers import numbers_load
from tests.tenancy.routes_metrics import two_sources


def test_a_reconciliation_is_told_with_its_accounts(northwind: Client, ana: User, program: Mint) -> None:
    with tenant_context(northwind):
        two_sources(northwind)
        load_lines(frame(line("L2", "40", customer_id="D")), "CRM")
    found = read(program, ana, northwind, "api_reconciliation", month="2024-12")
    figures = ("base_source", "other_source", "base_arr", "other_arr", "difference", "variance", "level", "tolerance")
    assert {name: found[name] for name in figures} == {
        "base_source": "Billing",
        "other_source": "CRM",
        "base_arr": "1000.00",
        "other_arr": "1140.00",
        "difference": "140.00",
        "variance": "0.1400",
        "level": "red",
        "tolerance": "0.0200",
    }
    first, second = found["accounts"]
    assert (first["account"], first["reasons"][0]["code"], first["reasons"][0]["amount"]) == ("A", "amount", "100.00")
    assert (second["account"], second["base"], second["other"], second["ratio"]) == ("D", None, "40.00", None)
    only = read(program, ana, northwind, "api_reconciliation", month="2024-12", state="different", limit="1")
    assert only["account_count"] == 1 and [each["account"] for each in only["accounts"]] == ["A"]


def test_arr_is_held_against_its_parts(northwind: Client, ana: User, program: Mint) -> None:
    with tenant_context(northwind):
        numbers_load(northwind)
    found = read(program, ana, northwind, "api_roll_up", month="2026-02")
    assert (found["month"], found["ending"], found["ties"]) == ("2026-02", "36000.00", True)
    lines, product, *_, months = found["ways"]
    assert lines == {"kind": "lines", "parts": 2, "total": "36000.00", "difference": "0.00", "ties": True, "reason": ""}
    assert (product["parts"], months["kind"], months["parts"]) == (1, "months", 2)


def test_without_a_second_source_the_figures_are_null_with_the_reason(
    northwind: Client, ana: User, program: Mint
) -> None:
    found = read(program, ana, northwind, "api_reconciliation")
    assert found["base_arr"] is None and found["variance"] is None and found["reason"]["code"] == "one_source"
    address = reverse("api_reconciliation", kwargs={"client_slug": northwind.slug})
    assert program(northwind, ana).call(address, "get", query={"base": "Nowhere"}).status_code == 400


def test_an_exposure_is_told_with_its_choices(northwind: Client, ana: User, program: Mint) -> None:
    with tenant_context(northwind):
        load_lines(frame(line("L1", "1000", discount="150")))
    found = read(program, ana, northwind, "api_exposure", parameter="discounts", month="2024-12")
    assert (found["amount"], found["moved_count"], found["moves_arr"]) == ("150.00", 1, True)
    assert [(each["value"], each["arr"], each["is_in_force"]) for each in found["choices"]] == [
        ("net", "850.00", True),
        ("list", "1000.00", False),
    ]
    assert found["moved"][0]["change"] == "150.00"


def test_samples_without_any_do_not_agree(northwind: Client, ana: User, program: Mint) -> None:
    found = read(program, ana, northwind, "api_samples")
    assert (found["agree"], found["results"]) == (False, [])


def read(program: Mint, user: User, client: Client, name: str, **query: str) -> Any:
    answer = program(client, user).call(reverse(name, kwargs={"client_slug": client.slug}), "get", query=query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_a_difference_is_explained_as_it_was_shown_and_the_explanation_taken_back(
    northwind: Client, ana: User, program: Mint
) -> None:
    with tenant_context(northwind):
        two_sources(northwind)
    token, name = program(northwind, ana), "api_reconciliation_explanations"
    said = {"account": "A", "difference": "99.00", "text": "An uplift", "month": "2024-12"}
    changed = token.post(northwind, name, said)
    assert changed.status_code == 409 and "has changed since it was shown" in changed.json()["detail"]
    unknown = token.post(northwind, name, said | {"account": "Nobody"})
    assert unknown.status_code == 400 and "No such account" in unknown.json()["errors"][0]["detail"]
    made = token.post(northwind, name, said | {"difference": "100.00"})
    assert made.status_code == 201
    assert made.json().items() >= {"month": "2024-12", "base_source": "Billing", "explained_by": ana.email}.items()
    (row,) = read(program, ana, northwind, "api_reconciliation", month="2024-12")["accounts"]
    assert (row["state"], row["explanation"], row["explanation_id"]) == ("explained", "An uplift", made.json()["id"])
    url = reverse(
        "api_reconciliation_explanation", kwargs={"client_slug": "northwind", "explanation_id": row["explanation_id"]}
    )
    assert token.call(url, "delete").status_code == 200 and token.call(url, "delete").status_code == 404
    (row,) = read(program, ana, northwind, "api_reconciliation", month="2024-12")["accounts"]
    assert (row["state"], row["explanation_id"]) == ("different", None)
    assert logged(northwind, "account.explained", "account.explanation_withdrawn") == 2


def test_a_customer_is_mapped_to_an_account_and_joined_by_its_own_id_again(
    northwind: Client, ana: User, program: Mint
) -> None:
    with tenant_context(northwind):
        two_sources(northwind)
        load_lines(frame(line("L2", "40", customer_id="0061")), "CRM")
    token, name = program(northwind, ana), "api_account_mappings"
    nowhere = token.post(northwind, name, {"source": "Nowhere", "customer": "0061", "account": "A"})
    assert nowhere.status_code == 400 and nowhere.json()["errors"][0]["field"] == "source"
    made = token.post(northwind, name, {"source": "CRM", "customer": "0061", "account": "A"})
    assert (made.status_code, made.json()["created_by"]) == (201, ana.email)
    (row,) = read(program, ana, northwind, "api_reconciliation", month="2024-12")["accounts"]
    assert (row["account"], row["other"]) == ("A", "1140.00")
    (listed,) = token.get(northwind, name).json()["results"]
    assert listed == made.json()
    url = reverse("api_account_mapping", kwargs={"client_slug": "northwind", "mapping_id": listed["id"]})
    assert token.call(url, "delete").json() == {"id": listed["id"]}
    assert len(read(program, ana, northwind, "api_reconciliation", month="2024-12")["accounts"]) == 2
    assert logged(northwind, "account.mapped", "account.unmapped") == 2


def test_levels_are_ratios_in_their_order(northwind: Client, ana: User, finn: User, program: Mint) -> None:
    with tenant_context(northwind):
        two_sources(northwind)
    token, url = program(northwind, ana), reverse("api_reconciliation_levels", kwargs={"client_slug": "northwind"})
    usual = {"tolerance": "0.0200", "red_flag": "0.0500", "base": None, "other": None}
    assert token.call(url).json() == usual
    wanted = {"tolerance": "0.1000", "red_flag": "0.2000", "base": "CRM", "other": "Billing"}
    assert token.call(url, "put", wanted | {"red_flag": "0.05"}).status_code == 400, "a red flag below the tolerance"
    assert token.call(url, "put", wanted | {"other": "CRM"}).status_code == 400, "one source twice"
    assert token.call(url, "put", wanted | {"tolerance": "2"}).status_code == 400, "per cent are no ratio"
    assert token.call(url, "put", wanted).json() == wanted
    found = read(program, ana, northwind, "api_reconciliation", month="2024-12")
    assert (found["base_source"], found["level"], found["tolerance"]) == ("CRM", "within", "0.1000")
    assert program(northwind, finn).call(url, "put", wanted).status_code == 403
    assert logged(northwind, "reconciliation.settings_changed") == 1


def test_the_bench_is_put_whole(northwind: Client, ana: User, program: Mint) -> None:
    with tenant_context(northwind):
        two_sources(northwind)
        load_lines(frame(line("L2", "50", customer_id="B")), "Billing")
    token, url = program(northwind, ana), reverse("api_samples", kwargs={"client_slug": "northwind"})
    right, wrong = ({"contract": f"K-L{n}", "month": "2024-12", "expected": "1000.00"} for n in (1, 2))
    found = token.call(url, "put", {"samples": [right, wrong]}).json()
    assert {row["contract"]: row["difference"] for row in found["results"]} == {"K-L1": "0.00", "K-L2": "-950.00"}
    for bad in ([right, right], [right | {"contract": "K-L9"}], [right] * 21, [right | {"expected": "-1"}]):
        assert token.call(url, "put", {"samples": bad}).status_code == 400
    assert [row["contract"] for row in token.call(url, "put", {"samples": [right]}).json()["results"]] == ["K-L1"]
    assert logged(northwind, "samples.saved") == 2


def logged(client: Client, *actions: str) -> int:
    """How many entries of these actions the audit log has."""
    with tenant_context(client):
        return int(AuditEntry.objects.filter(action__in=actions).count())
