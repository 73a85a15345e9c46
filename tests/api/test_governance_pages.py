"""Lists of governance that grow as long as a client reports: page by page, the newest first, no row lost."""

from typing import Any

import pytest

from governance.services.registry import registry_start
from metrics.models import ContractLine
from metrics.services.books import books_rebuild_all
from metrics.services.closes import month_close, month_restate
from metrics.services.policies import policy_publish
from portal.accounts.models import User
from portal.lib.periods import month_parse
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.api.conftest import Mint, Program
from tests.reporting.numbers import LINES, NOW, numbers_load
from tests.tenancy.routes_reporting import POLICY

MONTHS = ("2026-01", "2026-02", "2026-03")


@pytest.fixture
def reported(northwind: Client, rita: User) -> Client:
    """Northwind with three months closed."""
    with tenant_context(northwind):
        policy_publish(client=northwind, parameters=POLICY | {"reactivation_window_months": None})
        numbers_load(northwind)
        for month in MONTHS:
            month_close(client=northwind, month=month_parse(month), user=rita)
    return northwind


def pages_of(api: Program, client: Client, url_name: str) -> list[Any]:
    """The rows of all pages of two, each page by the address that the one before it gave."""
    answer = api.get(client, url_name, {"page_size": "2"}).json()
    rows = list(answer["results"])
    while answer["next"]:
        answer = api.call(answer["next"].removeprefix("http://testserver")).json()
        assert len(answer["results"]) <= 2
        rows += answer["results"]
    return rows


def test_the_ledger_of_restatements(reported: Client, rita: User, program: Mint) -> None:
    with tenant_context(reported):
        ContractLine.objects.filter(line_id=LINES[0]["line_id"]).update(amount=15_000)
        books_rebuild_all(client=reported, now=NOW)
        for month in MONTHS:
            month_restate(client=reported, month=month_parse(month), reason="A late order form", user=rita)
    api = program(reported, rita)
    rows = pages_of(api, reported, "api_restatements")
    assert [(row["month"], row["revision"], row["effect"]) for row in rows] == [
        (month, 2, "3000.00") for month in reversed(MONTHS)
    ]
    first = api.get(reported, "api_restatements", {"basis": "signed", "page_size": "1"}).json()
    assert (first["book"]["basis"], len(first["results"]), first["definitions"]) == ("signed", 1, [])


def test_disputes_and_control_figures(reported: Client, rita: User, program: Mint) -> None:
    api = program(reported, rita)
    with tenant_context(reported):
        registry_start(client=reported, user=rita)
    for month in MONTHS:
        about = {"figure": "ending", "recognition": "start", "month": month, "believed": "1", "reason": "Too much"}
        assert api.post(reported, "api_disputes", about).status_code == 201
        known = {"metric": "arr", "month": month, "expected": "1", "source": "Board pack"}
        assert api.post(reported, "api_controls", known).status_code == 201
    for name in ("api_disputes", "api_controls"):
        assert [row["month"] for row in pages_of(api, reported, name)] == list(reversed(MONTHS)), name
