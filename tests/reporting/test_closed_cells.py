"""The drawer of a cell of closed months has the customers of their closes, who add up to what the page shows to the cent."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.http import QueryDict
from django.test import Client as Browser

from metrics.models import ContractLine
from metrics.selectors.books import book_head
from metrics.selectors.close_cells import closed_cell
from metrics.selectors.drill import customers_of_cell
from metrics.services.books import books_rebuild_all
from metrics.services.closes import month_close, month_restate
from portal.accounts.models import User
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from reporting.arr_query import ArrQuery, Reader
from reporting.why_page import Drawer, drawer_for
from tests.reporting.breaks import ARR, MARCH, MAY_COMES, broken, finns, restated
from tests.reporting.numbers import LINES, line, numbers_load

__all__ = ["broken", "finns", "restated"]

CLOSED = "reporting/_drawer_closed.html"
MORE = [
    line("K7/1", "eve", "Platform", 5_000, dt.date(2026, 1, 3), segment="SMB", region="EU", rep="Ann"),
    line(
        "K7/2", "eve", "Support", 1_200, dt.date(2026, 1, 3), ends_on=dt.date(2026, 2, 10), segment="SMB", region="EU"
    ),
    line(
        "K8/1", "fay", "Platform", 7_000, dt.date(2026, 1, 3), ends_on=dt.date(2026, 3, 2), segment="SMB", region="US"
    ),
]
QUESTIONS = [
    "", "grain=quarter", "grain=year", "by=segment", "by=region&grain=quarter", "by=rep", "by=product", "segment=SMB",
    "product=Platform&product=Support", "by=product&segment=SMB", "by=segment&product=Platform", "by=segment&segment=SMB",
    "segment=SMB&region=US", "by=product&segment=SMB&region=EU&region=US&grain=year", "from=2026-02&to=2026-03", "to=2026-02",
]  # fmt: skip


def drifted(client: Client) -> None:
    """After the months were closed Acme is corrected and in another segment, Bolt comes later, Eve is in another region, and
    Gil was there all the time.
    """
    ContractLine.objects.filter(line_id="K1/1").update(amount=15_000, segment="Enterprise")
    ContractLine.objects.filter(line_id="K2/1").update(starts_on=dt.date(2026, 3, 2))
    ContractLine.objects.filter(contract_id="K7").update(region="US")
    ContractLine.objects.filter(line_id="K8/1").update(ends_on=None)
    books_rebuild_all(client=client, now=MAY_COMES)


def closed_from(client: Client, finn: User, first: int) -> None:
    """Months are closed up to March, and the contracts are others by now."""
    numbers_load(client, [*LINES, *MORE])
    books_rebuild_all(client=client, now=MAY_COMES)
    for month in range(first, MARCH + 1):
        month_close(client=client, month=month, user=finn)
    drifted(client)


@pytest.fixture(params=["all closed", "partly closed", "one restated", "all restated", "partly closed and restated"])
def told(request: pytest.FixtureRequest, northwind: Client, finn: User) -> Client:
    """Closed months whose contracts are others by now, in each of the states that a span of them may be in."""
    state: str = request.param
    with tenant_context(northwind):
        first = MARCH - 1 if "partly" in state else MARCH - 2
        closed_from(northwind, finn, first)
        again = {"all restated": [first, first + 1, MARCH], "partly closed and restated": [first]}
        for month in again.get(state, [MARCH - 1] if state == "one restated" else []):
            month_restate(client=northwind, month=month, reason="Late order forms", user=finn)
    return northwind


def drawer_of(client: Client, address: str) -> Drawer:
    """What an address of the page opens."""
    asked = QueryDict(urlsplit(address).query)
    drawer = drawer_for(client, ArrQuery.from_parameters(asked), Reader("en", ARR), asked)
    assert drawer is not None
    return drawer


def cells_of(browser: Browser, question: str) -> list[dict[str, Any]]:
    """Every figure of the table that leads to customers, the row of the whole span too."""
    table = browser.get(f"{ARR}?scale=full&{question}").context["table"]
    rows = [*table["rows"], table["total"]]
    found = [cell for row in rows for cell in row["cells"] if isinstance(cell, dict) and cell.get("href")]
    return [cell for cell in found if ":adjustment" not in cell["href"].replace("%3A", ":")]


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_customers_of_every_cell_add_up_to_it(told: Client, finns: Browser, question: str) -> None:
    cells = cells_of(finns, question)
    kinds = set()
    with tenant_context(told):
        for cell in cells:
            drawer = drawer_of(told, cell["href"])
            shown = drawer.context["cell"]
            assert shown.amount == cell["value"], cell
            assert sum((each.amount for each in shown.customers), Decimal(0)) == cell["value"], cell
            kinds.add(drawer.template)
            if drawer.template == CLOSED:
                adds_up(drawer, cell)
    assert CLOSED in kinds


def adds_up(drawer: Drawer, cell: dict[str, Any]) -> None:
    """The columns of a drawer add up: as it is shown, as it was reported, and as it stands now."""
    closed, facts = drawer.context["closed"], drawer.context["told"]
    for name, amount in (("closed", closed.cell.amount), ("reported", closed.reported), ("now", closed.now)):
        if amount is not None:
            assert sum((getattr(each, name) or 0 for each in closed.customers), Decimal(0)) == amount, (name, cell)
    if cell["reported"] is not None:
        assert closed.reported == cell["reported"], cell
    if facts is not None:
        words = {fact.label: fact.value for fact in facts.facts}
        assert words.get("as it stands now", closed.now) == closed.now
        assert words.get("as restated", words["as reported"]) == cell["value"]


def test_a_closed_month_shows_its_customers_with_the_difference(northwind: Client, finn: User, finns: Browser) -> None:
    with tenant_context(northwind):
        closed_from(northwind, finn, MARCH - 2)
    response = finns.get(f"{ARR}?scale=full&why=cell:2026-03:2026-03:churn")
    closed = response.context["closed"]
    told = [(each.name, each.closed, each.now, each.difference) for each in closed.customers]
    assert told == [("Fay", Decimal(-7_000), None, Decimal(7_000))]
    text = " ".join(response.text.split())
    assert "as Mar 2026 was closed." in text and "The contracts say something else now" in text
    assert "The closed figure is another one" not in text and "−7,000.00" in text and "+7,000.00" in text
    assert "As Mar 2026 was closed under the default policy, revision 1." in text
    assert "Dispute this figure" in text and "figure=churn" in text
    now = finns.get(f"{ARR}?scale=full&view=current&why=cell:2026-02:2026-02:new").context
    assert "closed" not in now, "as the contracts stand now, where the reader asked for that"


def test_a_restated_month_has_both_figures_of_each_customer(northwind: Client, finn: User, finns: Browser) -> None:
    with tenant_context(northwind):
        closed_from(northwind, finn, MARCH - 2)
        month_restate(client=northwind, month=MARCH, reason="Late order forms", user=finn)
        ContractLine.objects.filter(line_id="K1/1").update(amount=16_000)
        books_rebuild_all(client=northwind, now=MAY_COMES)
    response = finns.get(f"{ARR}?scale=full&why=cell:2026-03:2026-03:ending&of=segment&group=Enterprise")
    closed = response.context["closed"]
    told = {each.name: (each.reported, each.closed, each.now) for each in closed.customers}
    assert told["Acme"] == (None, Decimal(15_000), Decimal(16_000))
    assert told["Bolt"] == (Decimal(30_000),) * 3
    text = " ".join(response.text.split())
    assert "as Mar 2026 was restated." in text and "As restated" in text and "as reported" in text
    assert [(fact.label, fact.value) for fact in response.context["told"].facts] == [
        ("as reported", Decimal(30_000)), ("as restated", Decimal(45_000)), ("as it stands now", Decimal(46_000)),
    ]  # fmt: skip


def test_a_quarter_of_closed_and_open_months_says_which_are_which(
    northwind: Client, finn: User, finns: Browser
) -> None:
    with tenant_context(northwind):
        closed_from(northwind, finn, MARCH - 1)
    text = " ".join(finns.get(f"{ARR}?scale=full&why=cell:2026-01:2026-04:new").text.split())
    assert "as Feb 2026 to Mar 2026 were closed, and as the contracts stand now in Jan 2026, Apr 2026." in text


def test_what_an_open_month_begins_with_is_what_the_closed_one_ended_with(
    northwind: Client, finn: User, finns: Browser
) -> None:
    with tenant_context(northwind):
        closed_from(northwind, finn, MARCH - 2)
    march, april = (
        finns.get(f"{ARR}?scale=full&why=cell:{cell}").context["closed"]
        for cell in ("2026-03:2026-03:ending", "2026-04:2026-04:beginning")
    )
    assert march.cell.amount == april.cell.amount and april.is_other
    assert [(each.customer, each.closed) for each in march.customers] == [
        (each.customer, each.closed) for each in april.customers
    ]


def test_what_a_month_begins_with_is_told_as_the_month_before_was_restated(
    northwind: Client, finn: User, finns: Browser
) -> None:
    with tenant_context(northwind):
        closed_from(northwind, finn, MARCH - 2)
        month_restate(client=northwind, month=MARCH, reason="Late order forms", user=finn)
    facts = finns.get(f"{ARR}?scale=full&why=cell:2026-04:2026-04:beginning").context["told"].facts
    ends = finns.get(f"{ARR}?scale=full&why=cell:2026-03:2026-03:ending").context["told"].facts
    assert facts == ends and [fact.label for fact in facts] == ["as reported", "as restated"]


def test_a_month_closed_before_closes_kept_customers_has_those_of_now_and_says_so(
    northwind: Client, finn: User, finns: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenant_context(northwind):
        with monkeypatch.context() as before:
            before.setattr("metrics.services.closes.detail_store", lambda close, detail: None)
            closed_from(northwind, finn, MARCH)
        month_restate(client=northwind, month=MARCH, reason="Late order forms", user=finn)
    address = f"{ARR}?scale=full&why=cell:2026-03:2026-03"
    response = finns.get(f"{address}:churn")
    assert response.context["closed"].reported is None and response.context["told"] is not None
    assert "What was reported first was not kept customer by customer" in response.text
    assert finns.get(f"{address}:ending").context["closed"].reported == 47_000, "what each ended with was always kept"
    with tenant_context(northwind):
        closed_before_kept(northwind, finn, monkeypatch)
    said = "Apr 2026 was closed before closes kept customers: these are the customers by the contracts of now"
    response = finns.get(f"{ARR}?scale=full&why=cell:2026-03:2026-04:expansion")
    assert "closed" not in response.context and said in " ".join(response.text.split())
    ends = finns.get(f"{ARR}?scale=full&why=cell:2026-03:2026-04:ending")
    told = {each.customer: (each.closed, each.now) for each in ends.context["closed"].customers}
    assert told["acme"] == (15_000, 16_000) and "these are the customers by" not in ends.text
    segment = finns.get(f"{ARR}?scale=full&why=cell:2026-03:2026-04:ending&of=segment&group=Enterprise")
    assert said in " ".join(segment.text.split()), "to which segment each belonged was not kept"


def closed_before_kept(client: Client, finn: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """April is closed without its customers, and its contracts change."""
    with monkeypatch.context() as before:
        before.setattr("metrics.services.closes.detail_store", lambda close, detail: None)
        month_close(client=client, month=MARCH + 1, user=finn)
    ContractLine.objects.filter(line_id="K1/1").update(amount=16_000)
    books_rebuild_all(client=client, now=MAY_COMES)


def test_closed_customers_stay_where_a_rate_is_missing_by_now(northwind: Client, finn: User, finns: Browser) -> None:
    with tenant_context(northwind):
        closed_from(northwind, finn, MARCH)
        ContractLine.objects.filter(line_id="K1/1").update(currency="XDR")
        books_rebuild_all(client=northwind, now=MAY_COMES)
    response = finns.get(f"{ARR}?scale=full&why=cell:2026-03:2026-03:ending")
    closed = response.context["closed"]
    assert closed.now is None and not closed.is_other and closed.cell.amount == Decimal(47_000)
    assert "By the contracts of now it cannot be computed" in response.text


def test_a_drawer_reads_a_close_once_and_asks_as_often_for_a_year_as_for_a_month(
    northwind: Client, finn: User, django_assert_num_queries: Callable[..., Any]
) -> None:
    with tenant_context(northwind):
        closed_from(northwind, finn, MARCH - 2)
        month_restate(client=northwind, month=MARCH, reason="Late order forms", user=finn)
        drawer_of(northwind, f"{ARR}?why=cell:2026-03:2026-03:net_new")
        # Of several closes it also reads the versions of the policy by which they may differ, all at once.
        for span, asked in (("2026-03:2026-03", 13), ("2026-02:2026-03", 14), ("2026-01:2026-03", 14)):
            with django_assert_num_queries(asked):
                drawer_of(northwind, f"{ARR}?why=cell:{span}:net_new")


def test_a_customer_of_several_products_is_in_a_movement_by_that_movement(northwind: Client, finn: User) -> None:
    """Hal takes more of the platform in March, and support no more."""
    lines = [
        line("K9/1", "hal", "Platform", 5_000, dt.date(2026, 1, 3)),
        line("K9/2", "hal", "Support", 1_200, dt.date(2026, 1, 3), ends_on=dt.date(2026, 3, 10)),
        line("K9/3", "hal", "Platform", 2_000, dt.date(2026, 3, 3)),
    ]
    products = {"product": ("Platform", "Support")}
    with tenant_context(northwind):
        numbers_load(northwind, lines)
        for is_closed in (False, True):
            if is_closed:
                month_close(client=northwind, month=MARCH, user=finn)
            for column, amount in (("expansion", Decimal(2_000)), ("contraction", Decimal(-1_200))):
                of = MARCH, MARCH, "total", "", column, products
                closed = closed_cell(northwind, book_head(northwind), *of)
                assert (closed is not None) == is_closed
                cell = closed.cell if closed is not None else customers_of_cell(northwind, None, *of)
                assert [(each.amount, each.kind) for each in cell.customers] == [(amount, column)]


def test_a_drawer_names_the_definition_and_the_corrected_contracts_with_their_amounts(
    broken: Client, finns: Browser
) -> None:
    """March was closed with 51,000: the definition of now makes 1,000 more of it, Acme's correction 3,000."""

    def said(cell: str) -> str:
        return " ".join(finns.get(f"{ARR}?scale=full&why=cell:{cell}").text.split())

    both = "Another definition holds now (policy v1) and makes +1,000.00 USD; corrected contracts make +3,000.00 USD."
    assert both in said("2026-03:2026-03:ending") and both in said("2026-04:2026-04:beginning")
    for text in (said("2026-03:2026-03:new"), said("2026-03:2026-03:ending&of=segment&group=SMB")):
        assert "Another definition holds now (policy v1), and contracts may have been corrected since." in text
        assert "The contracts say something else now" not in text


def test_a_customer_that_a_restatement_took_out_of_a_figure_is_not_said_to_have_been_missing(
    northwind: Client, finn: User, finns: Browser
) -> None:
    """Fay churned in March as that was closed, and not as it was restated; Acme is in it by both or by the later one alone."""
    with tenant_context(northwind):
        closed_from(northwind, finn, MARCH - 2)
        month_restate(client=northwind, month=MARCH, reason="Late order forms", user=finn)
    text = " ".join(finns.get(f"{ARR}?scale=full&why=cell:2026-03:2026-03:churn").text.split())
    assert "Not in this figure as it was restated" in text and "−7,000.00" in text
    assert "Not in this figure when it was closed" not in text
    ends = finns.get(f"{ARR}?scale=full&why=cell:2026-03:2026-03:ending&of=segment&group=Enterprise").text
    assert "Not in this figure as it was reported" in ends and "Not in this figure as it was restated" not in ends
