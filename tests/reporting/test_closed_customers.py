"""Movers, cohorts and cuts by several properties are as closes had their customers, with what was reported beside it."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import polars as pl
import pytest
from django.test import Client as Browser

from metrics.models import ContractLine, MonthClose
from metrics.selectors import close_cohorts
from metrics.selectors.books import book_head
from metrics.selectors.close_details import kept_get
from metrics.selectors.cohorts import cohorts_get
from metrics.selectors.figures import CohortCell
from metrics.selectors.movers import movers_get
from metrics.selectors.periods import Grain
from metrics.selectors.policies import policy_in_force
from metrics.services.books import books_rebuild_all
from metrics.services.closes import month_close, month_restate
from metrics.services.policies import policy_publish
from portal.accounts.models import User
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.metrics.loading import load_rates
from tests.reporting.breaks import APRIL, ARR, DISCOUNTED, MARCH, MAY_COMES, broken, finns, restated, rows_of
from tests.reporting.numbers import LINES, line, numbers_load

__all__ = ["broken", "finns", "restated"]


def test_a_cut_by_two_properties_has_both_figures(restated: Client, finns: Browser) -> None:
    response = finns.get(f"{ARR}?segment=SMB&region=(none)&to=2026-03&scale=full")
    tiles = {tile["name"]: str(tile["reported"]) for tile in response.context["tiles"]}
    assert (tiles["arr"], tiles["net_new"]) == ("21000.00", "9000.00")
    assert response.context["bases"][0]["reported"] == Decimal("21000.00")
    assert response.context["view_note"] == ""
    text = " ".join(response.text.split())
    assert "Of a selection a closed month is a share of the first period as that one was closed" in text
    assert (
        "No close before that of Mar 2026 kept customers: of cohorts that began earlier the first period is as" in text
    )
    march = rows_of(finns, "?segment=SMB&region=(none)&to=2026-03")[-1]
    told = [march[name] for name in ("ending", "ending_as_reported", "restatement_amount")]
    assert told == ["25000.00", "21000.00", "4000.00"]
    drawer = finns.get(f"{ARR}?segment=SMB&region=(none)&why=cell:2026-03:2026-03:ending").context["told"]
    assert [str(fact.value) for fact in drawer.facts] == ["21000.00", "25000.00"]


def test_movers_and_cohorts_have_both_figures(restated: Client, finns: Browser) -> None:
    response = finns.get(f"{ARR}?from=2026-03&to=2026-03&scale=full")
    gains = [(row["cells"][0]["value"], row["cells"][1]) for row in response.context["mover_tables"][0]["rows"]]
    assert [(name, str(cell["value"]), str(cell["reported"])) for name, cell in gains] == [
        ("Dora", "10000.00", "9000.00"), ("Bolt", "6000.00", "None"), ("Acme", "3000.00", "0.00"),
    ], "Acme's correction of earlier months is the adjustment of the restated one"  # fmt: skip
    assert response.context["view_note"] == ""
    with tenant_context(restated):
        kept = kept_get(book_head(restated), MARCH, APRIL)
        cohorts = {each.period.key: each.cells for each in cohorts_get(restated, kept=kept).cohorts}
    march, april = cohorts["2026-01"][2:]
    assert march.as_reported is not None and april.as_reported is None
    assert (march.arr, march.as_reported.arr, april.arr) == (Decimal(15_000), Decimal(12_000), Decimal(15_000))
    assert [cell.arr_share for cell in cohorts["2026-03"]] == [Decimal(1), Decimal(1)]
    assert cohorts["2026-03"][0].as_reported == replace(cohorts["2026-03"][0], arr=Decimal(9000), as_reported=None)


def told_of_march(client: Client, *, quarters: bool = False) -> tuple[object, ...]:
    """Who moved ARR in March 2026, and the cohorts at its end."""
    kept = kept_get(book_head(client), MARCH, MARCH)
    movers = movers_get(client, None, MARCH, MARCH, kept=kept)
    cohorts = cohorts_get(client, None, "quarter" if quarters else "month", MARCH, kept=kept).cohorts
    left = [(each.period, each.cells[-1]) for each in cohorts if each.cells[-1].customers]
    return movers.first, movers.last, movers.gains, movers.losses, left


def test_movers_and_cohorts_of_closed_months_stay_where_a_rate_is_missing_by_now(northwind: Client, finn: User) -> None:
    euro = line("K6/1", "fee", "Platform", 9_000, dt.date(2026, 3, 5), currency="EUR")
    with tenant_context(northwind):
        numbers_load(northwind, [*LINES, euro])
        month_close(client=northwind, month=MARCH, user=finn)
        told = told_of_march(northwind)
        day, rate = dt.date(2026, 1, 31), 11_000_000_000
        load_rates(pl.DataFrame({"currency": ["EUR"], "day": [day], "rate_e10": [rate]}))
        books_rebuild_all(client=northwind, now=MAY_COMES)
        assert (book_head(northwind).last_month or 0) < MARCH
        assert told_of_march(northwind) == told and len(told[4]) == 3  # type: ignore[arg-type]


def test_a_cohort_that_the_contracts_lost_stays_in_the_quarter_that_was_closed(northwind: Client, finn: User) -> None:
    with tenant_context(northwind):
        numbers_load(northwind)
        month_close(client=northwind, month=MARCH, user=finn)
        told = told_of_march(northwind, quarters=True)
        ContractLine.objects.filter(line_id=LINES[0]["line_id"]).update(starts_on=dt.date(2026, 2, 10))
        books_rebuild_all(client=northwind, now=MAY_COMES)
        assert told_of_march(northwind, quarters=True) == told


def test_a_month_closed_before_closes_kept_customers_says_so(
    northwind: Client, finn: User, finns: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenant_context(northwind):
        with monkeypatch.context() as before:
            before.setattr("metrics.services.closes.detail_store", lambda close, detail: None)
            numbers_load(northwind, [*LINES, DISCOUNTED])
            books_rebuild_all(client=northwind, now=MAY_COMES)
            month_close(client=northwind, month=MARCH, user=finn)
        policy_publish(client=northwind, parameters=policy_in_force(northwind).with_(discounts="list").to_dict())
        ContractLine.objects.filter(line_id=LINES[0]["line_id"]).update(amount=15_000)
        books_rebuild_all(client=northwind, now=MAY_COMES)
        month_restate(client=northwind, month=MARCH, reason="=Agreed anew", user=finn, redefines=True)
    movers = finns.get(f"{ARR}?to=2026-03&scale=full").context
    assert movers["view_note"] == (
        "Mar 2026 closed before closes kept customers: movers and cohorts are there as the contracts stand now."
    )
    assert {row["cells"][1]["reported"] for row in movers["mover_tables"][0]["rows"]} == {None}
    said = "Mar 2026 was closed before closes kept customers"
    assert movers["movers_note"] == f"{said}: what moved in them is as the contracts stand now."
    assert movers["cohorts"]["unkept"] == said
    for why in ("cell:2026-03:2026-03:new", "cohort:2026-03:2026-03:2026-03", "moves:2026-02:2026-03:net_change:bolt"):
        drawer = " ".join(finns.get(f"{ARR}?why={why}").text.split())
        assert said in drawer, why
        assert said not in finns.get(f"{ARR}?why={why}&view=current").text, "what was asked for is the contracts of now"
    response = finns.get(f"{ARR}?segment=SMB&region=(none)&scale=full")
    text = " ".join(response.content.decode().split())
    assert (
        "All customers: Mar 2026 restated: =Agreed anew. As restated 55,000.00 USD; as reported 51,000.00 USD" in text
    )
    assert response.context["chart"]["note"] == "Mar 2026 restated; what was reported of these customers was not kept"
    assert response.context["view_note"].startswith(
        "Mar 2026 closed before closes kept customers: figures of several properties at once are there as"
    )
    march = next(row for row in rows_of(finns, "?segment=SMB&region=(none)") if row["month"] == "2026-03")
    assert march["restated_why"] and not march["ending_as_reported"]


@pytest.fixture
def closed(northwind: Client, finn: User) -> Client:
    """January, February and March were closed with 12,000, 36,000 and 42,000."""
    with tenant_context(northwind):
        numbers_load(northwind)
        for month in (MARCH - 2, MARCH - 1, MARCH):
            month_close(client=northwind, month=month, user=finn)
    return northwind


def corrected(client: Client, **more: object) -> None:
    """Acme's contract is corrected after the months were closed."""
    ContractLine.objects.filter(line_id=LINES[0]["line_id"]).update(**more)
    books_rebuild_all(client=client, now=MAY_COMES)


def cohorts_of(client: Client, grain: Grain = "month", **filters: tuple[str, ...]) -> dict[str, tuple[CohortCell, ...]]:
    """By key of the first period the cohorts up to March as the page shows them, of which anybody was."""
    kept = kept_get(book_head(client), MARCH, MARCH)
    found = cohorts_get(client, None, grain, MARCH, filters, kept=kept).cohorts
    return {each.period.key: each.cells for each in found if each.cells[0].customers}


@pytest.mark.parametrize("grain", ["month", "quarter"])
def test_cohorts_of_a_selection_are_as_the_months_were_closed(closed: Client, grain: Grain) -> None:
    with tenant_context(closed):
        everybody = cohorts_of(closed, grain)
        told = cohorts_of(closed, grain, segment=("SMB",)), cohorts_of(closed, grain, product=("Platform",))
        assert cohorts_of(closed, grain, segment=("SMB", "Enterprise")) == everybody
        ContractLine.objects.filter(line_id=LINES[1]["line_id"]).update(starts_on=dt.date(2026, 3, 2))
        corrected(closed, segment="Enterprise", amount=20_000)
        assert (cohorts_of(closed, grain, segment=("SMB",)), cohorts_of(closed, grain, product=("Platform",))) == told
        assert cohorts_of(closed, grain, segment=("SMB", "Enterprise")) == everybody
        now = cohorts_get(closed, None, grain, MARCH, {"segment": ("SMB",)})
    assert not any(each.cells[0].customers for each in now.cohorts), "by the contracts of now nobody is in that segment"
    if grain == "month":
        assert [cell.arr for cell in told[0]["2026-01"]] == [Decimal(12_000)] * 3
        assert [(cell.arr, cell.customers) for cell in told[1]["2026-02"]] == [(Decimal(24_000), 1)] * 2


def test_a_page_that_shows_the_newest_cohorts_reads_no_close_before_them(
    closed: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenant_context(closed):
        kept, filters = kept_get(book_head(closed), MARCH, MARCH), {"product": ("Platform", "Support")}
        whole = cohorts_get(closed, None, "month", MARCH, filters, kept=kept).cohorts
        assert [each.period.key for each in whole] == ["2026-01", "2026-02"]
        read: list[int] = []
        own = close_cohorts.cut_of_close

        def noted(client: int, close: int, asked: Mapping[str, tuple[str, ...]]) -> dict[int, tuple[int, int]]:
            read.append(close)
            return own(client, close, asked)

        monkeypatch.setattr(close_cohorts, "cut_of_close", noted)
        assert cohorts_get(closed, None, "month", MARCH, filters, newest=1, kept=kept).cohorts == whole[-1:]
        later = MonthClose.objects.filter(recognition="start", month__gt=MARCH - 2)
        assert set(read) == set(later.values_list("pk", flat=True))


def test_a_restated_month_of_a_selection_has_what_was_reported_first(closed: Client, finn: User) -> None:
    """March alone is restated: its share is of January as that was closed, and of January as restated once it is."""
    with tenant_context(closed):
        corrected(closed, amount=15_000)
        month_restate(client=closed, month=MARCH, reason="A late order form", user=finn)
        january, february, march = cohorts_of(closed, segment=("SMB",))["2026-01"]
        assert (january.as_reported, february.as_reported) == (None, None)
        assert march.as_reported is not None
        shares = march.arr, march.arr_share, march.as_reported.arr, march.as_reported.arr_share
        assert shares == (Decimal(15_000), Decimal("1.25"), Decimal(12_000), Decimal(1))
        month_restate(client=closed, month=MARCH - 2, reason="January too", user=finn)
        assert cohorts_of(closed, segment=("SMB",))["2026-01"][2] == march, "nobody reported March anew"


def test_cohorts_from_before_the_first_close_begin_with_the_contracts_of_now(northwind: Client, finn: User) -> None:
    with tenant_context(northwind):
        numbers_load(northwind)
        month_close(client=northwind, month=MARCH, user=finn)
        corrected(northwind, amount=24_000)
        january, _, march = cohorts_of(northwind, segment=("SMB",))["2026-01"]
        assert (january.arr, march.arr, march.arr_share) == (Decimal(24_000), Decimal(12_000), Decimal("0.5"))


def test_the_drawer_of_a_cohort_has_the_customers_of_the_close_with_the_difference(
    closed: Client, finns: Browser
) -> None:
    address = f"{ARR}?scale=full&why=cohort:2026-01:2026-03:2026-03"
    calm = finns.get(address)
    shown = calm.context["cohort"]
    assert [(each.name, each.closed) for each in shown.customers] == [
        ("Bolt", Decimal(30_000)),
        ("Acme", Decimal(12_000)),
    ]
    assert not shown.is_other and "Difference" not in calm.text and calm.context["told"] is None
    assert "Dispute this figure" not in calm.text, "a part of a cohort is no published figure of all customers"
    with tenant_context(closed):
        corrected(closed, amount=15_000)
        ContractLine.objects.filter(line_id=LINES[2]["line_id"]).delete()
        books_rebuild_all(client=closed, now=MAY_COMES)
    response = finns.get(address)
    shown = response.context["cohort"]
    told = [(each.name, each.closed, each.now, each.difference) for each in shown.customers]
    assert told == [
        ("Bolt", Decimal(30_000), Decimal(24_000), Decimal(-6_000)),
        ("Acme", Decimal(12_000), Decimal(15_000), Decimal(3_000)),
    ]
    text = " ".join(response.text.split())
    for said in ("42,000.00 USD", "as the month was closed", "−6,000.00", "+3,000.00"):
        assert said in text, said
    facts = [(fact.label, fact.value) for fact in response.context["told"].facts]
    assert facts == [("as reported", Decimal(42_000)), ("as it stands now", Decimal(39_000))]
    now = finns.get(f"{address}&view=current").context
    assert now["cell"].amount == Decimal(39_000), "as the contracts stand now, where the reader asked for that"


def test_whoever_gained_is_no_loss_whatever_was_reported_first(northwind: Client, finn: User, finns: Browser) -> None:
    """Acme lost 3,000 in March as it was reported, and gained 1,000 as it was restated; Bolt's loss was restated away."""
    second = line("K1/2", "acme", "Platform", 9_000, dt.date(2026, 3, 1), segment="SMB", replaces_line_id="K1/1")
    ended = line("K2/1", "bolt", "Platform", 24_000, dt.date(2026, 2, 1), ends_on=dt.date(2026, 2, 28))
    first = LINES[0] | {"ends_on": dt.date(2026, 2, 28)}
    with tenant_context(northwind):
        numbers_load(northwind, [first, second, ended])
        books_rebuild_all(client=northwind, now=MAY_COMES)
        for month in (MARCH - 1, MARCH):
            month_close(client=northwind, month=month, user=finn)
        ContractLine.objects.filter(line_id="K1/2").update(amount=13_000)
        ContractLine.objects.filter(line_id="K2/1").update(ends_on=None)
        books_rebuild_all(client=northwind, now=MAY_COMES)
        month_restate(client=northwind, month=MARCH, reason="Late order forms", user=finn)
        kept = kept_get(book_head(northwind), MARCH, MARCH)
        found = movers_get(northwind, None, MARCH, MARCH, kept=kept)
    gains = [(each.customer, each.amount, each.as_reported) for each in found.gains]
    losses = [(each.customer, each.amount, each.as_reported) for each in found.losses]
    assert gains == [("acme", Decimal(1_000), Decimal(-3_000))], "under the sign of what the list is ordered by"
    assert losses == [("bolt", Decimal(0), Decimal(-24_000))], "what did not move at all is no gain"
    tables = finns.get(f"{ARR}?from=2026-03&to=2026-03&scale=full").context["mover_tables"]
    assert [[row["id"] for row in table["rows"]] for table in tables] == [["acme"], ["bolt"]]
    assert tables[0]["rows"][0]["cells"][1]["reported"] == Decimal(-3_000)


def test_whoever_ends_a_closed_month_the_same_and_moved_otherwise_in_it_is_told_so(
    closed: Client, finns: Browser
) -> None:
    """Bolt's support was there from February on, as it turned out: it ends March with 30,000 all the same."""
    address = f"{ARR}?scale=full&why=customer:2026-03:bolt"
    assert finns.get(address).context["told"] is None
    with tenant_context(closed):
        ContractLine.objects.filter(line_id=LINES[2]["line_id"]).update(starts_on=dt.date(2026, 2, 20))
        books_rebuild_all(client=closed, now=MAY_COMES)
    facts = [(fact.label, fact.value) for fact in finns.get(address).context["told"].facts]
    assert facts == [("Moved, as reported", Decimal(6_000)), ("Moved, as it stands now", Decimal(0))]
    assert finns.get(f"{address}&view=current").context["told"] is None
