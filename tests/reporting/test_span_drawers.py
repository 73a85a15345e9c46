"""A figure over several months leads, customer by customer, to the months that add up to it, and each month to its lines."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client as Browser

from portal.accounts.models import User
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.reporting.numbers import LINES, line, numbers_load

ARR = "/c/northwind/arr/"
SignIn = Callable[[User], Browser]
GROWN = [
    *LINES,
    line("K4/1", "acme", "Support", 3_000, dt.date(2026, 2, 5), segment="SMB"),
    line("K5/1", "acme", "Support", 1_500, dt.date(2026, 3, 5), segment="SMB"),
    line("K6/1", "cord", "Platform", 9_000, dt.date(2025, 12, 1), segment="SMB", ends_on=dt.date(2026, 2, 10)),
    line("K7/1", "dune", "Platform", 9_000, dt.date(2025, 12, 1), currency="EUR", segment="Enterprise"),
]


@pytest.fixture
def browser(northwind: Client, eve: User, signed_in: SignIn) -> Browser:
    """An executive, reading numbers with growth in two months, a loss, and a customer in another currency."""
    with tenant_context(northwind):
        numbers_load(northwind, GROWN)
    return signed_in(eve)


def links(browser: Browser, why: str) -> dict[str, tuple[Decimal, str]]:
    """By customer, the amount in the drawer of a cell and where it leads."""
    rows = browser.get(f"{ARR}?{why}").context["rows"]
    return {row["customer"].customer: (row["customer"].amount, row["url"]) for row in rows}


def moved(found: Any) -> list[tuple[str, Decimal]]:
    return [(move.kind, move.amount) for move in found.moves]


@pytest.mark.parametrize("column", ["new", "expansion", "churn", "fx", "net_new", "customers_new", "customers_churned"])
@pytest.mark.parametrize(
    "cut", ["", "&of=segment&group=SMB", "&of=product&group=Platform", "&product=Support", "&segment=SMB"]
)
def test_the_months_of_every_customer_add_up_to_the_clicked_figure(browser: Browser, column: str, cut: str) -> None:
    cell = browser.get(f"{ARR}?why=cell:2025-12:2026-03:{column}{cut}").context["cell"]
    behind = links(browser, f"why=cell:2025-12:2026-03:{column}{cut}")
    parts = {customer: browser.get(url).context["found"] for customer, (_, url) in behind.items()}
    for customer, (amount, _) in behind.items():
        assert sum((move.amount for move in parts[customer].moves), Decimal(0)) == parts[customer].amount == amount
        assert all(move.amount for move in parts[customer].moves)
    assert sum((found.amount for found in parts.values()), Decimal(0)) == cell.amount


def test_expansion_in_two_months_is_both_of_them_and_each_leads_to_its_lines(browser: Browser) -> None:
    amount, url = links(browser, "why=cell:2025-12:2026-03:expansion")["acme"]
    response = browser.get(url)
    assert amount == Decimal("4500.00")
    assert moved(response.context["found"]) == [("expansion", Decimal("3000.00")), ("expansion", Decimal("1500.00"))]
    assert response.context["drawer_title"] == "Acme, Dec 2025 to Mar 2026"
    months = [browser.get(row["url"]).context for row in response.context["rows"]]
    assert [found["drawer_title"] for found in months] == ["Acme, Feb 2026", "Acme, Mar 2026"]
    assert [found["why"].organic for found in months] == [Decimal("3000.00"), Decimal("1500.00")]
    assert "Nothing moved" not in response.content.decode()


def test_the_largest_gains_and_losses_lead_to_their_months(browser: Browser) -> None:
    movers = browser.get(f"{ARR}?scale=full&from=2026-01&to=2026-03").context["mover_tables"]
    shown = {row["id"]: row["cells"] for table in movers for row in table["rows"]}
    assert shown.keys() == {"acme", "bolt", "cord"}
    for cells in shown.values():
        assert browser.get(cells[0]["href"]).context["found"].amount == cells[1]["value"]
    found = browser.get(shown["acme"][0]["href"]).context["found"]
    assert [kind for kind, _ in moved(found)] == ["new", "expansion", "expansion"]


def test_a_balance_leads_to_the_month_it_is_read_in(browser: Browser) -> None:
    for column, title, name in (("beginning", "Jan 2026", "beginning"), ("ending", "Mar 2026", "ending")):
        for amount, url in links(browser, f"why=cell:2026-01:2026-03:{column}").values():
            context = browser.get(url).context
            assert context["drawer_title"].endswith(title) and getattr(context["why"], name) == amount


def test_retention_leads_to_what_changed_between_its_two_balances(
    northwind: Client, eve: User, signed_in: SignIn
) -> None:
    with tenant_context(northwind):
        numbers_load(northwind, [found | {"starts_on": dt.date(2025, 3, 1)} for found in LINES[:2]] + GROWN[2:5])
    browser = signed_in(eve)
    rows = browser.get(f"{ARR}?why=retention:2026-03").context["rows"]
    assert {row["customer"].customer for row in rows} == {"acme", "bolt"}
    for row in rows:
        found = browser.get(row["url"]).context["found"]
        assert found.amount == row["customer"].now - row["customer"].base
        assert found.amount > 0


@pytest.mark.parametrize(
    "why",
    [
        "moves:2026-01:2026-03:mood:acme",
        "moves:2026-03:2026-01:new:acme",
        "moves:2026-01:2026-03:new:nobody",
        "moves:1026-01:2026-03:new:acme",
        "moves:2026-01:2026-03:ending:acme",
    ],
)
def test_nonsense_says_that_there_is_nothing(browser: Browser, why: str) -> None:
    assert "Nothing behind this figure" in browser.get(f"{ARR}?why={why}").content.decode()
