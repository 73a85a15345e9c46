"""Of a restated month every answer of the API has what was reported first beside what is reported now."""

import datetime as dt
from typing import Any

import polars as pl
import pytest

from metrics.models import ContractLine
from metrics.selectors.books import book_head
from metrics.services.assignments import assignment_add
from metrics.services.books import books_rebuild_all
from metrics.services.closes import month_close, month_restate
from portal.accounts.models import User
from portal.lib.periods import month_parse
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.api.conftest import Mint, Program
from tests.metrics.loading import load_rates
from tests.metrics.test_teams import load_with_reps
from tests.reporting.numbers import NOW, line, numbers_load

FEBRUARY = {"from": "2026-02", "to": "2026-02"}


@pytest.fixture
def restated(northwind: Client) -> Client:
    """February was closed with 36,000: Bolt's 24,000 turned out to be 30,000, in another segment and of Grace."""
    with tenant_context(northwind):
        load_with_reps(northwind)
        assignment_add(client=northwind, rep="Mia", kind="team", group="Mid-market", first=month_parse("2026-01"))
        month_close(client=northwind, month=month_parse("2026-02"))
        ContractLine.objects.filter(customer_id="bolt").update(segment="SMB", rep="Grace")
        ContractLine.objects.filter(line_id="K2/1").update(amount=30_000)
        books_rebuild_all(client=northwind, now=NOW)
        month_restate(client=northwind, month=month_parse("2026-02"), reason="The order form said so")
    return northwind


@pytest.fixture
def api(restated: Client, ana: User, program: Mint) -> Program:
    return program(restated, ana)


def both(rows: list[dict[str, Any]], name: str = "ending") -> dict[str, tuple[Any, Any]]:
    """By group what a row says now, and what it was reported with."""
    return {row["group"]: (row[name], row["as_reported"] and row["as_reported"][name]) for row in rows}


def test_a_split_bridge_has_both_figures_of_every_group(api: Program, restated: Client) -> None:
    answer = api.get(restated, "api_bridge", FEBRUARY | {"by": "segment"}).json()
    assert both(answer["rows"]) == {"Enterprise": ("0.00", "24000.00"), "SMB": ("42000.00", "12000.00")}
    assert both(answer["totals"]) == {"": ("42000.00", "36000.00")}
    march = api.get(restated, "api_bridge", {"from": "2026-03", "by": "segment"}).json()
    assert march["restated"] == [], "it began with what February had ended with"
    assert both(march["totals"], "beginning") == {"": ("42000.00", "36000.00")}
    assert both(march["totals"], "prior_period_adjustment") == {"": ("0.00", "6000.00")}


def test_teams_have_both_figures_and_the_months_that_were_restated(api: Program, restated: Client) -> None:
    answer = api.get(restated, "api_team_bridge", {"kind": "team", **FEBRUARY}).json()
    assert both(answer["rows"]) == {"Mid-market": ("0.00", "24000.00"), "Not assigned": ("42000.00", "12000.00")}
    assert [(row["month"], row["effect"]) for row in answer["restated"]] == [("2026-02", "6000.00")]


def test_the_headline_and_retention_have_both_figures(api: Program, restated: Client) -> None:
    now = api.get(restated, "api_headline", {"month": "2026-02"}).json()
    assert (now["arr"]["value"], now["as_reported"]["arr"]["value"]) == ("42000.00", "36000.00")
    assert now["as_reported"]["mrr"]["value"] == "3000.00" and [row["month"] for row in now["restated"]] == ["2026-02"]
    assert api.get(restated, "api_headline", {"month": "2026-01"}).json()["as_reported"] is None
    assert api.get(restated, "api_headline", {"month": "2026-02", "view": "current"}).json()["as_reported"] is None
    answer = api.get(restated, "api_retention", FEBRUARY | {"by": "segment"}).json()
    rows = answer["rows"]
    assert answer["method"] == now["retention_method"] == "point to point over 12 months, at constant rates"
    assert both(rows, "customers_base") == {"Enterprise": (0, 0), "SMB": (0, 0)}
    january = api.get(restated, "api_retention", {"to": "2026-01"}).json()
    assert [row["as_reported"] for row in january["rows"]] == [None] and january["restated"] == []


def test_movers_and_cohorts_without_months_are_those_of_the_page_also_where_the_book_ends_before(
    api: Program, restated: Client
) -> None:
    """A line in euros without a rate from the second month on ends the book; what was closed stays, and is answered."""
    for name in ("api_movers", "api_cohorts"):
        assert api.get(restated, name).json() == api.get(restated, name, {"to": "2026-03"}).json()
    movers = api.get(restated, "api_movers").json()
    assert (movers["first"], movers["last"]) == ("2026-01", "2026-03"), (
        "of the twelve months up to the newest that there are"
    )
    with tenant_context(restated):
        euro = line("K6/1", "fee", "Platform", 9_000, dt.date(2026, 1, 5), currency="EUR")
        numbers_load(restated, [euro])
        load_rates(pl.DataFrame({"currency": ["EUR"], "day": [dt.date(2026, 1, 31)], "rate_e10": [11_000_000_000]}))
        books_rebuild_all(client=restated, now=NOW)
        assert (book_head(restated).last_month or 0) < month_parse("2026-02")
    movers, cohorts = (api.get(restated, name).json() for name in ("api_movers", "api_cohorts"))
    assert movers["last"] == "2026-02" and [each["customer"] for each in movers["gains"]][:1] == ["bolt"]
    (january, *_) = [each for each in cohorts["cohorts"] if each["period"]["key"] == "2026-01"]
    assert [cell["age"] for cell in january["cells"]] == [0, 1], "January and the closed February"


def test_a_cell_of_a_closed_month_has_its_customers_as_it_was_closed(api: Program, restated: Client) -> None:
    """Bolt had 24,000 as February was reported first, 30,000 as it was restated, and 31,000 by the contracts of now."""
    with tenant_context(restated):
        ContractLine.objects.filter(line_id="K2/1").update(amount=31_000)
        books_rebuild_all(client=restated, now=NOW)
    row = api.get(restated, "api_bridge", FEBRUARY).json()["totals"][0]
    cell = api.get(restated, "api_cell", FEBRUARY).json()
    assert cell["amount"] == row["ending"] == "42000.00" and cell["note"] == ""
    assert (cell["as_reported"]["amount"], cell["now"]["amount"]) == (row["as_reported"]["ending"], "43000.00")
    bolt = next(each for each in cell["customers"] if each["customer"] == "bolt")
    assert (bolt["amount"], bolt["as_reported"]["amount"], bolt["now"]["amount"]) == (
        "30000.00",
        "24000.00",
        "31000.00",
    )
    assert [(each["month"], each["revision"]) for each in cell["closes"]] == [("2026-02", 2)] and cell[
        "open_months"
    ] == []
    new = api.get(restated, "api_cell", FEBRUARY | {"column": "customers_new"}).json()
    assert [(each["customer"], each["kind"], each["count"]) for each in new["customers"]] == [("bolt", "new", 1)]
    now = api.get(restated, "api_cell", FEBRUARY | {"view": "current"}).json()
    assert (now["amount"], now["now"], now["closes"]) == ("43000.00", None, [])


def test_a_customers_moves_are_as_the_months_were_closed(api: Program, restated: Client) -> None:
    """Acme grew in February by the contracts of now, and had not as that was restated: April is still open."""
    with tenant_context(restated):
        ContractLine.objects.filter(line_id="K2/1").update(amount=31_000)
        books_rebuild_all(client=restated, now=NOW)
    span = {"from": "2026-02", "to": "2026-03"}
    moves = api.get(restated, "api_moves", span | {"customer": "bolt"}).json()
    told = [(each["month"], each["kind"], each["amount"], each["state"]) for each in moves["moves"]]
    assert told == [
        ("2026-02", "new", "30000.00", "closed"),
        ("2026-03", "prior_period_adjustment", "1000.00", "live"),
        ("2026-03", "expansion", "6000.00", "live"),
    ]
    assert (moves["amount"], moves["as_reported"]["amount"], moves["now"]["amount"]) == ("37000.00",) * 3
    mover = api.get(restated, "api_movers", span).json()["gains"][0]
    net = api.get(restated, "api_moves", span | {"customer": "bolt", "column": "net_change"}).json()
    assert (mover["customer"], mover["amount"]) == ("bolt", net["amount"])
    now = api.get(restated, "api_moves", span | {"customer": "bolt", "view": "current"}).json()
    assert [each["amount"] for each in now["moves"]] == ["31000.00", "6000.00"] and now["now"] is None


def test_months_closed_before_closes_kept_customers_are_named(
    northwind: Client, ana: User, program: Mint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What each customer ended with was always kept, so that balances are as closed all the same."""
    with tenant_context(northwind):
        numbers_load(northwind)
        monkeypatch.setattr("metrics.services.closes.detail_store", lambda close, detail: None)
        month_close(client=northwind, month=month_parse("2026-02"))
        ContractLine.objects.filter(line_id="K2/1").update(amount=31_000)
        books_rebuild_all(client=northwind, now=NOW)
    api = program(northwind, ana)
    for path in ("api_movers", "api_cohorts"):
        assert api.get(northwind, path, {"to": "2026-02"}).json()["unkept"] == ["2026-02"], path
    note = "2026-02 was closed before closes kept customers: these are the customers by the contracts of now."
    new = api.get(northwind, "api_cell", FEBRUARY | {"column": "new"}).json()
    assert (new["amount"], new["note"], new["closes"]) == ("31000.00", note, [])
    assert api.get(northwind, "api_moves", FEBRUARY | {"customer": "bolt"}).json()["note"] == note
    for more, amount in (
        ({}, "36000.00"),
        ({"product": "Platform"}, "36000.00"),
        ({"by": "product", "group": "Platform"}, "36000.00"),
    ):
        ends = api.get(northwind, "api_cell", FEBRUARY | more).json()
        assert (ends["amount"], ends["note"], ends["now"]["amount"]) == (amount, "", "43000.00"), more
    counted = api.get(northwind, "api_cell", FEBRUARY | {"column": "customers_ending"}).json()
    assert (counted["count"], counted["note"]) == (2, "")
    segment = api.get(northwind, "api_cell", FEBRUARY | {"by": "segment", "group": "SMB"}).json()
    assert segment["note"] == note, "to which segment each belonged was not kept"
