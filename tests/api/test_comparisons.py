"""Comparisons over the API: exact figures as text, null with a reason where there is none."""

from typing import Any

from django.urls import reverse

from portal.accounts.models import User
from portal.tenancy.models import Client
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
