"""A customer's net change has its share of the prior-period adjustment: all of them are the bridge's way to its ending."""

import datetime as dt
from decimal import Decimal
from itertools import combinations_with_replacement, product
from pathlib import Path

import pytest
from django.test import Client as Browser

from metrics.engine.csv_format import ADJUSTMENT
from metrics.models import ContractLine, Recognition
from metrics.selectors.books import book_head, bridge_get
from metrics.selectors.close_details import kept_get
from metrics.selectors.figures import BridgeRow, Filters, Mover
from metrics.selectors.movers import movers_get
from metrics.selectors.moves import customer_moves
from metrics.selectors.policies import policy_in_force
from metrics.selectors.reported import bridge_reported
from metrics.services.books import books_rebuild_all
from metrics.services.closes import month_close, month_restate
from metrics.services.policies import policy_publish
from portal.accounts.models import User
from portal.lib.periods import month_format, month_parse
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.metrics.golden import NOW as GOLDEN_NOW
from tests.metrics.golden import golden_client
from tests.reporting.breaks import APRIL, ARR, DISCOUNTED, MARCH, MAY_COMES, broken, finns, restated
from tests.reporting.numbers import LINES, line, numbers_load

__all__ = ["broken", "finns", "restated"]

JANUARY = MARCH - 2
SPANS = list(combinations_with_replacement(range(JANUARY, APRIL + 1), 2))
CUTS: list[Filters] = [
    {}, {"segment": "SMB"}, {"product": "Platform"}, {"segment": ("SMB", "Enterprise"), "product": ("Platform",)},
]  # fmt: skip

GOLDEN_CUTS: list[Filters] = [{}, {"product": "Connect"}, {"segment": "Enterprise"}]


def moved(client: Client, first: int, last: int, filters: Filters = None, *, now: bool = False) -> dict[str, Mover]:
    """By customer everybody who moved, as reported or as the contracts stand now."""
    kept = None if now else kept_get(book_head(client), first, last)
    found = movers_get(client, None, first, last, 10_000, filters, kept)
    return {each.customer: each for each in (*found.gains, *found.losses)}


def way(row: BridgeRow) -> Decimal:
    """From what a period begins with to what it ends with, but for exchange rates."""
    return row.ending - row.beginning - row.fx


def check_every_span(client: Client) -> None:
    """As reported, as reported first, and as it stands now: over any months and under any filter to the cent."""
    restated = kept_get(book_head(client), JANUARY, APRIL).restated
    for first, last in SPANS:
        for cut in CUTS:
            told, movers = (
                bridge_reported(client, None, first, last, filters=cut).totals,
                moved(client, first, last, cut),
            )
            at = first, last, cut
            assert sum(each.amount for each in movers.values()) == sum(map(way, told)), at
            if any(first <= month <= last for month in restated):
                once = bridge_reported(client, None, first, last, filters=cut, original=True).totals
                assert sum(each.as_reported or 0 for each in movers.values()) == sum(map(way, once)), at
            live = bridge_get(client, None, first, last, filters=cut).totals
            as_it_stands = moved(client, first, last, cut, now=True)
            assert sum(each.amount for each in as_it_stands.values()) == sum(map(way, live)), at


def check_every_mover(client: Client) -> None:
    """The months behind a mover add up to its net change: as reported, as reported first, and as it stands now."""
    for first, last in SPANS:
        kept = kept_get(book_head(client), first, last)
        for cut in CUTS:
            as_it_stands = moved(client, first, last, cut, now=True)
            for mover in moved(client, first, last, cut).values():
                of = client, None, mover.customer, first, last, "total", "", "net_change", cut
                found, now = customer_moves(*of, kept=kept), customer_moves(*of)
                at = first, last, cut, mover.customer
                assert found is not None and found.amount == sum(move.amount for move in found.moves) == mover.amount, (
                    at
                )
                assert found.reported == mover.as_reported, at
                stands = as_it_stands[mover.customer].amount if mover.customer in as_it_stands else 0
                assert now is not None and now.amount == stands and found.now in (None, stands), at


@pytest.mark.parametrize("case", ["no break", "a break", "restated", "restated from before the first close"])
def test_all_movers_are_the_way_from_the_beginning_to_the_ending(
    northwind: Client, finn: User, case: str, request: pytest.FixtureRequest
) -> None:
    if case in ("a break", "restated"):
        request.getfixturevalue("broken" if case == "a break" else "restated")
    with tenant_context(northwind):
        if case in ("no break", "restated from before the first close"):
            numbers_load(northwind, [*LINES, DISCOUNTED])
            books_rebuild_all(client=northwind, now=MAY_COMES)
            for month in (MARCH - 1, MARCH):
                month_close(client=northwind, month=month, user=finn)
        if case == "restated from before the first close":
            policy_publish(client=northwind, parameters=policy_in_force(northwind).with_(discounts="list").to_dict())
            ContractLine.objects.filter(line_id=LINES[0]["line_id"]).update(amount=15_000, discount=100)
            books_rebuild_all(client=northwind, now=MAY_COMES)
            month_restate(client=northwind, month=MARCH - 1, reason="Agreed anew", user=finn, redefines=True)
        check_every_span(northwind)
        check_every_mover(northwind)


@pytest.fixture
def graced(northwind: Client, finn: User) -> Client:
    """Gone ended in March and was closed as lost; with 30 days of grace, decided then, it is lost in April."""
    gone = line("K9/1", "gone", "Platform", 18_565, dt.date(2026, 1, 1), ends_on=dt.date(2026, 3, 20), segment="SMB")
    with tenant_context(northwind):
        numbers_load(northwind, [*LINES, gone])
        books_rebuild_all(client=northwind, now=MAY_COMES)
        for month in (MARCH - 1, MARCH):
            month_close(client=northwind, month=month, user=finn)
        policy_publish(client=northwind, parameters=policy_in_force(northwind).with_(renewal_grace_days=30).to_dict())
        books_rebuild_all(client=northwind, now=MAY_COMES)
    return northwind


def test_whoever_is_lost_before_and_after_another_definition_is_lost_once(graced: Client, finns: Browser) -> None:
    with tenant_context(graced):
        gone = moved(graced, MARCH - 1, APRIL)["gone"]
        assert gone.amount == -18_565, "it began with that and ended with nothing"
        assert dict(gone.parts) == {"churn": Decimal(-37_130), ADJUSTMENT: Decimal(18_565)}
        assert "gone" not in moved(graced, APRIL, APRIL), "April begins without it as closed, and ends without it"
        check_every_span(graced)
    page = finns.get(f"{ARR}?from=2026-02&to=2026-04&scale=full")
    losses = page.context["mover_tables"][1]["rows"]
    assert [(row["id"], row["cells"][1]["value"]) for row in losses] == [("gone", Decimal(-18_565))]
    assert losses[0]["cells"][0]["note"] == "churn, prior-period adjustment"
    drawer = finns.get(losses[0]["cells"][1]["href"])
    moves = [
        (month_format(each.month), each.kind, each.amount, each.is_closed) for each in drawer.context["found"].moves
    ]
    assert moves == [
        ("2026-03", "churn", Decimal(-18_565), True),
        ("2026-04", ADJUSTMENT, Decimal(18_565), False),
        ("2026-04", "churn", Decimal(-18_565), False),
    ]
    text = " ".join(drawer.text.split())
    assert "as Feb 2026 to Mar 2026 were closed, and as the contracts stand now in Apr 2026." in text


def test_a_mover_of_a_closed_month_leads_to_what_it_moved_as_that_was_closed(
    northwind: Client, finn: User, finns: Browser
) -> None:
    """Bolt came in February as that was closed, and is gone from the contracts by now."""
    with tenant_context(northwind):
        numbers_load(northwind)
        for month in (MARCH - 1, MARCH):
            month_close(client=northwind, month=month, user=finn)
        ContractLine.objects.filter(customer_id="bolt").delete()
        books_rebuild_all(client=northwind, now=MAY_COMES)
    page = finns.get(f"{ARR}?from=2026-02&to=2026-02&scale=full")
    (row,) = page.context["mover_tables"][0]["rows"]
    drawer = finns.get(row["cells"][1]["href"])
    found = drawer.context["found"]
    assert (row["id"], row["cells"][1]["value"], found.amount, found.now) == ("bolt", 24_000, 24_000, 0)
    text = " ".join(drawer.text.split())
    assert "as Feb 2026 was closed." in text and "The contracts say something else now." in text
    assert [(fact.label, fact.value) for fact in drawer.context["told"].facts] == [
        ("as reported", Decimal(24_000)), ("as it stands now", Decimal(0)),
    ]  # fmt: skip


def test_swapped_customers_move_though_the_bridge_does_not(northwind: Client, finn: User) -> None:
    """Corrections that add up to nothing adjust no total, but both customers."""
    with tenant_context(northwind):
        numbers_load(northwind)
        books_rebuild_all(client=northwind, now=MAY_COMES)
        month_close(client=northwind, month=MARCH, user=finn)
        ContractLine.objects.filter(line_id=LINES[0]["line_id"]).update(amount=13_000)
        ContractLine.objects.filter(line_id=LINES[1]["line_id"]).update(amount=23_000)
        books_rebuild_all(client=northwind, now=MAY_COMES)
        found = moved(northwind, APRIL, APRIL)
        assert {name: each.amount for name, each in found.items()} == {"acme": Decimal(1000), "bolt": Decimal(-1000)}
        check_every_span(northwind)


@pytest.mark.parametrize("folder", ["live-average-parent", "signed-contract-rate", "contract-start"])
def test_it_holds_to_the_cent_with_currencies_parents_and_every_basis(
    shared: Path, northwind: Client, folder: str
) -> None:
    golden_client(northwind, shared / "golden" / folder)
    june = month_parse("2025-06")
    with tenant_context(northwind):
        for month in (june, june + 1, june + 2):
            month_close(client=northwind, month=month)
        policy = policy_in_force(northwind)
        changed = policy.with_(renewal_grace_days=policy.renewal_grace_days + 60)
        policy_publish(client=northwind, parameters=changed.to_dict())
        for each in ContractLine.objects.filter(charge_type="recurring").order_by("line_id")[:40]:
            ContractLine.objects.filter(pk=each.pk).update(amount=each.amount * 3)
        books_rebuild_all(client=northwind, now=GOLDEN_NOW)
        month_restate(client=northwind, month=june + 1, reason="Late", redefines=True)
        assert any(row.adjustment for row in bridge_reported(northwind).totals)
        spans = [
            (june - 3, june + 4),
            (june - 3, june - 1),
            (june, june + 1),
            (june + 1, june + 2),
            (june + 3, june + 4),
        ]
        for basis, (first, last) in product(Recognition.values, spans):
            for cut in GOLDEN_CUTS:
                kept = kept_get(book_head(northwind, basis), first, last)
                found = movers_get(northwind, basis, first, last, 10_000, cut, kept)
                told = bridge_reported(northwind, basis, first, last, filters=cut).totals
                moves = sum(each.amount for each in (*found.gains, *found.losses))
                assert moves == sum(map(way, told)), (basis, first, last, cut)
