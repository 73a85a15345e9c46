"""The numbers of the API: a golden case to the cent, what is behind them, closed months, and what an answer costs."""

import csv
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from portal.accounts.models import User
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.api.conftest import Mint, Program
from tests.metrics.golden import golden_client
from tests.tenancy.routes_api import a_corrected_month, numbers

CASE = "live-average-parent"
MONTHS = {"from": "2022-01", "to": "2025-12"}


@pytest.fixture
def api(northwind: Client, ana: User, program: Mint) -> Program:
    return program(northwind, ana)


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def as_golden(row: dict[str, Any], names: list[str]) -> dict[str, str]:
    return {name: str(row["period" if name == "month" else name]) for name in names}


def test_a_golden_case_is_exact_through_the_api(shared: Path, api: Program, northwind: Client) -> None:
    folder = shared / "golden" / CASE
    golden_client(northwind, folder)
    cells = 0
    for dimension in ("total", "segment", "region", "rep", "product"):
        name = "bridge.csv" if dimension == "total" else f"bridge_by_{dimension}.csv"
        expected = read(folder / "expected" / name)
        found = api.get(northwind, "api_bridge", {**MONTHS, "by": dimension}).json()["rows"]
        names = list(expected[0])
        assert [as_golden(row, names) for row in found] == [
            row for row in expected if any(set(row[n]) - set("0.") for n in names if n not in ("month", "group"))
        ]
        cells += len(found) * len(names)
    expected = read(folder / "expected" / "retention.csv")
    found = api.get(northwind, "api_retention", MONTHS).json()["rows"]
    assert [{n: row[n] or "" for n in ("month", "nrr", "grr")} for row in found] == expected
    assert cells > 1000


def test_a_cell_is_its_customers_and_a_figure_is_its_lines(shared: Path, api: Program, northwind: Client) -> None:
    golden_client(northwind, shared / "golden" / CASE)
    month = {"from": "2025-06", "to": "2025-06"}
    row = api.get(northwind, "api_bridge", month).json()["totals"][0]
    for column in ("ending", "churn", "net_new", "expansion"):
        cell = api.get(northwind, "api_cell", {**month, "column": column, "limit": "1000"}).json()
        assert cell["amount"] == row[column] and cell["count"] is None
        assert sum(Decimal(customer["amount"]) for customer in cell["customers"]) == Decimal(row[column])
    count = api.get(northwind, "api_cell", {**month, "column": "customers_ending", "limit": "3"}).json()
    assert count["count"] == row["customers_ending"] and count["amount"] is None and len(count["customers"]) == 3
    customer = count["customers"][0]["customer"]
    why = api.get(northwind, "api_explain", {"customer": customer, "month": "2025-06"}).json()
    assert sum(Decimal(line["contributes"]) for line in why["lines"]) == Decimal(why["ending"])
    assert {clause for line in why["lines"] for clause in line["clauses"]} <= {c["parameter"] for c in why["clauses"]}
    headline = api.get(northwind, "api_headline", {"month": "2025-06"}).json()
    assert headline["arr"]["value"] == row["ending"] and headline["months"][-1] == "2025-06"


def test_a_customers_moves_of_a_year_add_up_to_the_bridge_and_to_its_part(
    shared: Path, api: Program, northwind: Client
) -> None:
    golden_client(northwind, shared / "golden" / CASE)
    year = {"from": "2025-01", "to": "2025-12"}
    rows = api.get(northwind, "api_bridge", year).json()["totals"]
    for column in ("expansion", "churn", "customers_churned"):
        cell = api.get(northwind, "api_cell", {**year, "column": column, "limit": "1000"}).json()
        part = "count" if column.startswith("customers") else "amount"
        total = Decimal(0)
        for customer in cell["customers"]:
            asked = {**year, "column": column, "customer": customer["customer"]}
            moves = api.get(northwind, "api_moves", asked).json()
            assert moves[part] == customer[part]
            assert sum(Decimal(move[part]) for move in moves["moves"]) == Decimal(moves[part])
            total += Decimal(moves[part])
        assert total == sum(Decimal(row[column]) for row in rows) != 0
    assert api.get(northwind, "api_moves", {**year, "customer": "nobody"}).status_code == 404


def test_closed_months_keep_what_was_reported(api: Program, northwind: Client) -> None:
    with tenant_context(northwind):
        a_corrected_month(northwind)
    june = {"from": "2024-06", "to": "2024-06"}
    reported = api.get(northwind, "api_bridge", june).json()["totals"][0]
    current = api.get(northwind, "api_bridge", {**june, "view": "current"}).json()["totals"][0]
    assert (reported["ending"], reported["state"]) == ("1200.00", "closed")
    assert (current["ending"], current["state"]) == ("2400.00", "live")
    months = api.get(northwind, "api_months").json()
    assert months["results"][0]["drift"] == "1200.00" and months["next_month_to_close"] == "2024-07"
    again = api.post(northwind, "api_month_close", month=24293)
    assert again.status_code == 409 and "closed already" in again.json()["detail"]
    reopened = api.post(northwind, "api_month_reopen", {"reason": "Late contract"}, month=24293)
    assert reopened.status_code == 201 and {row["revision"] for row in reopened.json()["results"]} == {2}
    assert [row["month"] for row in api.get(northwind, "api_bridge", june).json()["restated"]] == ["2024-06"]
    cut = api.get(northwind, "api_bridge", {**june, "segment": "SMB", "by": "region"}).json()
    (row,) = cut["totals"]
    assert row["state"] == "closed" and [row["month"] for row in cut["restated"]] == ["2024-06"]
    as_of = api.get(northwind, "api_month_as_of", {"on": "2199-01-01"}, month=24293).json()
    assert as_of["close"]["reason"] == "Late contract" and as_of["rows"][0]["ending"] == "2400.00"
    assert api.get(northwind, "api_month_as_of", {"on": "2020-01-01"}, month=24293).status_code == 404
    assert api.get(northwind, "api_month_as_of", {"on": "9999-12-31"}, month=24293).status_code == 400


def test_headline_and_retention_are_as_reported_unless_the_current_ones_are_asked_for(
    api: Program, northwind: Client
) -> None:
    with tenant_context(northwind):
        a_corrected_month(northwind)

    def headline(**query: str) -> str | None:
        answer = api.get(northwind, "api_headline", {"month": "2024-06", **query}).json()
        return str(answer["arr"]["value"]) if answer["arr"]["value"] else None

    assert (headline(), headline(view="current")) == ("1200.00", "2400.00")
    assert headline(as_of="2199-12-31") == "1200.00" and headline(as_of="2020-01-01") is None
    api.post(northwind, "api_month_reopen", {"reason": "Late contract"}, month=24293)
    assert headline() == headline(as_of="2199-12-31") == "2400.00"
    # July is open: it is in the current view, and in no report of any day.
    july = {"month": "2024-07"}
    assert api.get(northwind, "api_headline", july).json()["month"] == "2024-07"
    assert api.get(northwind, "api_headline", {**july, "as_of": "2199-12-31"}).json()["month"] == "2024-06"
    rows = api.get(northwind, "api_retention", {"as_of": "2199-12-31"}).json()["rows"]
    assert [row["month"] for row in rows] == ["2024-06"]
    bridge = api.get(northwind, "api_bridge", {"as_of": "2199-12-31"}).json()
    assert [(row["period"], row["ending"], row["state"]) for row in bridge["rows"]] == [
        ("2024-06", "2400.00", "closed")
    ]


@pytest.mark.parametrize(
    "query",
    [
        {"as_of": "2025-01-01", "view": "current"},
        {"as_of": "2025-01-01", "segment": "SMB", "region": "North"},
        {"as_of": "9999-12-31"},
        {"as_of": "yesterday"},
    ],
)
@pytest.mark.parametrize("url_name", ["api_headline", "api_retention", "api_bridge"])
def test_a_day_that_cannot_be_answered_is_refused(
    url_name: str, query: dict[str, str], api: Program, northwind: Client
) -> None:
    answer = api.get(northwind, url_name, query)
    assert answer.status_code == 400 and "as_of" in answer.content.decode()


def test_a_client_without_numbers_has_empty_answers(api: Program, northwind: Client) -> None:
    for url_name in ("api_bridge", "api_headline", "api_retention", "api_cohorts", "api_movers", "api_months"):
        answer = api.get(northwind, url_name)
        assert answer.status_code == 200, (url_name, answer.content)
    assert api.get(northwind, "api_headline").json()["arr"]["value"] is None


@pytest.mark.parametrize(("url_name", "queries"), [("api_bridge", 31), ("api_headline", 32)])
def test_what_an_answer_costs(
    url_name: str, queries: int, api: Program, northwind: Client, django_assert_num_queries: Any
) -> None:
    with tenant_context(northwind):
        numbers(northwind)
    api.get(northwind, url_name)  # the token's use is noted once a minute
    with django_assert_num_queries(queries):
        assert (
            api.get(northwind, url_name, {"from": "2024-01"} if url_name == "api_bridge" else None).status_code == 200
        )
