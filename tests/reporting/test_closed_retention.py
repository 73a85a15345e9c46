"""The drawer of a closed month's retention has the customers as the close kept them, beside the contracts of now."""

import datetime as dt
from decimal import Decimal

import pytest
from django.test import Client as Browser

from metrics.models import ContractLine
from metrics.services.books import books_rebuild_all
from metrics.services.closes import month_close, month_restate
from portal.accounts.models import User
from portal.lib.periods import month_format
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.reporting.breaks import ARR, MARCH, MAY_COMES, finns
from tests.reporting.numbers import line, numbers_load

__all__ = ["finns"]

DRAWER = f"{ARR}?scale=full&why=retention:2026-03"
OLD = [
    line("K1/1", "acme", "Platform", 12_000, dt.date(2025, 1, 10), segment="SMB"),
    line("K1/2", "acme", "Support", 3_000, dt.date(2025, 9, 1), segment="SMB"),
    line("K2/1", "bolt", "Platform", 24_000, dt.date(2025, 2, 1), ends_on=dt.date(2026, 3, 14), segment="Enterprise"),
    line("K3/1", "cole", "Platform", 6_000, dt.date(2025, 8, 1), segment="SMB"),
]


def shown(finns: Browser, more: str = "") -> dict[str, tuple[Decimal, ...] | None]:
    """By customer what they had, have, and kept of it as the month was closed."""
    rows = [row["customer"] for row in finns.get(DRAWER + more).context["rows"]]
    return {each.customer: each.closed and (each.closed.base, each.closed.now, each.closed.kept) for each in rows}


@pytest.fixture
def closed(northwind: Client, finn: User) -> Client:
    """Twelve months up to March are closed; then Acme's price is corrected, Bolt went on, and Dyne was there all the time."""
    with tenant_context(northwind):
        numbers_load(northwind, OLD)
        books_rebuild_all(client=northwind, now=MAY_COMES)
        for month in range(MARCH - 12, MARCH + 1):
            month_close(client=northwind, month=month, user=finn)
        ContractLine.objects.filter(line_id="K1/1").update(amount=10_000)
        ContractLine.objects.filter(line_id="K2/1").update(ends_on=None)
        numbers_load(northwind, [line("K4/1", "dyne", "Platform", 7_000, dt.date(2025, 1, 1), segment="SMB")])
        books_rebuild_all(client=northwind, now=MAY_COMES)
    return northwind


def test_the_customers_are_those_of_the_close_and_make_the_rate_of_the_page(closed: Client, finns: Browser) -> None:
    was = (Decimal(12_000), Decimal(15_000), Decimal(12_000))
    assert shown(finns) == {"bolt": (Decimal(24_000), 0, 0), "acme": was, "dyne": None}
    response = finns.get(f"{DRAWER}&from=2026-03&to=2026-03")
    found = response.context["found"]
    assert (found.base, found.now, found.kept) == (36_000, 15_000, 12_000)
    tiles = {tile["name"]: tile["figure"].value for tile in response.context["tiles"]}
    assert (found.nrr, found.grr) == (tiles["nrr"], tiles["grr"]) == (Decimal("0.4167"), Decimal("0.3333"))
    text = " ".join(response.text.split())
    assert "As Mar 2026 was closed. The contracts say something else now. Whoever differs stands first." in text
    assert "Nothing twelve months before when the month was closed" in text
    assert [(fact.label, str(fact.value)) for fact in response.context["told"].facts] == [
        ("NRR, as reported", "0.4167"), ("NRR, as it stands now", "1.0732"),
        ("GRR, as reported", "0.3333"), ("GRR, as it stands now", "1.0000"),
    ]  # fmt: skip


def test_what_a_customer_changed_is_as_the_closes_have_it(closed: Client, finns: Browser) -> None:
    """Between the two balances of the drawer lies what its customers moved, month by month as these were closed."""
    rows = finns.get(DRAWER).context["rows"]
    for row in rows[:2]:
        each = row["customer"]
        if each.closed is not None:
            found = finns.get(row["url"]).context["found"]
            assert found.amount == each.closed.now - each.closed.base and len(found.closed) == 12
    live = finns.get(f"{DRAWER}&view=current").context["rows"]
    for row in live:
        assert finns.get(row["url"]).context["found"].amount == row["customer"].now - row["customer"].base


def test_filters_leave_their_customers_and_a_product_leaves_all(closed: Client, finns: Browser) -> None:
    assert set(shown(finns, "&segment=SMB")) == {"acme", "dyne"}
    assert shown(finns, "&segment=SMB&product=Support") == shown(finns, "&segment=SMB")


def test_a_restated_month_is_shown_as_restated(closed: Client, finn: User, finns: Browser) -> None:
    with tenant_context(closed):
        month_restate(client=closed, month=MARCH, reason="Late papers", user=finn)
    response = finns.get(DRAWER)
    assert "As Mar 2026 was restated." in " ".join(response.text.split())
    assert shown(finns)["dyne"] == (Decimal(7_000), Decimal(7_000), Decimal(7_000))
    assert [(fact.label, str(fact.value)) for fact in response.context["told"].facts][:2] == [
        ("NRR, as reported", "0.4167"), ("NRR, as restated", "1.0732"),
    ]  # fmt: skip


def test_open_months_and_those_of_which_nothing_was_kept_say_that_they_are_of_now(
    northwind: Client, finn: User, finns: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenant_context(northwind):
        numbers_load(northwind, OLD)
        books_rebuild_all(client=northwind, now=MAY_COMES)
        monkeypatch.setattr("metrics.services.closes.detail_store", lambda close, detail: None)
        month_close(client=northwind, month=MARCH, user=finn)
    text = " ".join(finns.get(DRAWER).text.split())
    assert "Mar 2026 was closed before closes kept customers: these are by the contracts of now." in text
    text = " ".join(finns.get(f"{ARR}?why=retention:{month_format(MARCH + 1)}").text.split())
    text = text.split('<div class="drawer-body">')[1]
    assert "closes kept customers" not in text and "From the contract lines as they stand now" in text
