"""What the lines' own questions find, and what they leave alone."""

from typing import Any

import pytest
from django.test import Client as Browser

from metrics.models import ContractImport
from metrics.selectors.data_quality import issue_get, issue_list
from metrics.selectors.policies import default_policy
from metrics.selectors.rates import rate_coverage, rate_gaps
from metrics.services.after_change import numbers_refresh
from metrics.services.policies import policy_publish
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.metrics.files import csv_bytes, line
from tests.metrics.steps import load

pytestmark = pytest.mark.usefixtures("file_store")
FULL = {"segment": "SMB", "region": "EMEA", "rep": "Ana", "live_date": "2024-01-05"}


def found(client: Client, rows: list[dict[str, str]]) -> dict[str, set[str]]:
    """The line ids of each question that these lines raise."""
    load(client, csv_bytes(rows))
    with tenant_context(client):
        return {issue.kind.code: {row["line_id"] for row in issue.lines} for issue in issue_list(client)}


def test_complete_lines_raise_no_question(northwind: Client) -> None:
    assert found(northwind, [line(1, **FULL), line(2, **FULL, customer_name="Customer Two")]) == {}


def test_two_lines_that_count_on_the_same_days_are_asked_about(northwind: Client) -> None:
    same = {**FULL, "customer_id": "C1"}
    rows = [
        line(1, **same),
        line(2, **same, start_date="2024-06-01", end_date="2025-05-31"),
        line(3, **same, start_date="2025-06-01", end_date="2026-05-31"),  # follows the second
        line(4, **same, product="Other"),
        line(
            5, **same, start_date="2026-03-01", end_date="2027-02-28", replaces_contract_id="K3"
        ),  # takes over from it
    ]
    assert found(northwind, rows) == {"overlap": {"K2-1"}}


def test_a_line_that_waits_for_its_go_live_is_named_under_that_policy_alone(northwind: Client) -> None:
    rows = [line(1, **{**FULL, "live_date": ""}), line(2, **FULL, customer_name="Customer Two")]
    assert found(northwind, rows) == {}
    with tenant_context(northwind):
        parameters = default_policy(northwind).with_(recognition="live").to_dict()
        policy_publish(client=northwind, parameters=parameters)
        assert [row["line_id"] for row in issue_get(northwind, "never_live").lines] == ["K1-1"]


def test_the_other_questions(northwind: Client) -> None:
    rows = [
        line(1, **{**FULL, "segment": "", "region": "", "rep": ""}),
        line(2, **FULL, customer_id="C1", customer_name="Customer 1 Inc", product="B"),
        line(3, **FULL, customer_name="Three", replaces_contract_id="K99"),
        line(4, **FULL, customer_name="Four", start_date="2018-01-01", end_date=""),
        line(5, **FULL, customer_name="Five", cancelled_date="2024-01-01"),
        line(6, **FULL, customer_name="Six", currency="KPW"),
        line(7, **FULL, customer_name="Six"),
    ]
    assert found(northwind, rows) == {
        "no_rates": {"K6-1"},
        "two_names": {"K1-1", "K2-1"},
        "same_name": {"K6-1", "K7-1"},
        "unknown_predecessor": {"K3-1"},
        "old_evergreen": {"K4-1"},
        "cancelled_first": {"K5-1"},
        "no_segment": {"K1-1"},
        "no_region": {"K1-1"},
        "no_rep": {"K1-1"},
    }


def test_questions_are_asked_anew_after_a_load(northwind: Client) -> None:
    assert "no_rep" in found(northwind, [line(1, **{**FULL, "rep": ""})])
    assert found(northwind, [line(1, **FULL)]) == {}


def test_the_gap_report_names_currency_month_and_lines(northwind: Client, rita: Any, signed_in: Any) -> None:
    load(northwind, csv_bytes([line(1, **FULL, currency="KPW"), line(2, **FULL, currency="EUR")]))
    numbers_refresh(client=northwind)
    with tenant_context(northwind):
        gaps = rate_gaps(northwind)
        origins = {row.currency: row.origin for row in rate_coverage(northwind)}
        assert ContractImport.objects.get().state == "done"
    assert origins == {"KPW": "none", "EUR": "ecb"}
    assert {gap.currency for gap in gaps} == {"KPW"} and gaps[0].line_ids == ["K1-1"]
    browser: Browser = signed_in(rita)
    page = browser.get(f"/c/{northwind.slug}/data/rates/").content.decode()
    assert "Missing rates" in page and "European Central Bank" in page and "K1-1" in page
