"""The prior-period adjustment leads to the customers who make it, adding up to the cell to the cent."""

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client as Browser
from django.utils import timezone

from metrics.models import ContractImport, ContractLine
from metrics.selectors.adjustments import adjustment_customers
from metrics.selectors.figures import Filters
from metrics.selectors.periods import Grain
from metrics.selectors.policies import policy_in_force
from metrics.selectors.reported import bridge_reported
from metrics.services.books import books_rebuild_all
from metrics.services.closes import month_close, month_restate
from metrics.services.policies import policy_publish
from portal.accounts.models import User
from portal.lib.dates import date_text
from portal.lib.periods import month_parse
from portal.tenancy.clock import day_at
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.reporting.breaks import DISCOUNTED, MAY_COMES
from tests.reporting.numbers import LINES, numbers_load

FEBRUARY, MARCH, APRIL = (month_parse(f"2026-0{month}") for month in (2, 3, 4))
CELL = "/c/northwind/arr/?why=cell:2026-04:2026-04:adjustment"


def correct(client: Client, place: int, amount: int) -> None:
    ContractLine.objects.filter(line_id=LINES[place]["line_id"]).update(amount=amount)
    books_rebuild_all(client=client, now=MAY_COMES)


@pytest.fixture
def corrected(northwind: Client) -> Client:
    """March was closed; Acme is 3,000 more and Bolt 1,000.55 less by now, and list prices count, which is 1,000 for Cargo."""
    with tenant_context(northwind):
        numbers_load(northwind, [*LINES, DISCOUNTED])
        books_rebuild_all(client=northwind, now=MAY_COMES)
        month_close(client=northwind, month=FEBRUARY)
        month_close(client=northwind, month=MARCH)
        correct(northwind, 0, 15_000)
        ContractLine.objects.filter(line_id=LINES[2]["line_id"]).update(amount=Decimal("4999.45"))
        policy_publish(client=northwind, parameters=policy_in_force(northwind).with_(discounts="list").to_dict())
        books_rebuild_all(client=northwind, now=MAY_COMES)
    return northwind


def test_the_customers_of_an_adjustment_add_up_to_the_cell(corrected: Client) -> None:
    with tenant_context(corrected):
        cell = bridge_reported(corrected, first=APRIL, last=APRIL).totals[0].adjustment
        found = adjustment_customers(corrected, None, APRIL, APRIL)
    assert [str(each.amount) for each in found.customers] == ["3000.00", "-1000.55", "1000.00"]
    assert found.amount == cell and found.rest == 0 and found.months == (APRIL,)
    assert sum(each.amount for each in found.customers) == cell == Decimal("2999.45")
    acme = found.customers[0]
    assert (acme.customer, acme.month) == ("acme", MARCH) and acme.closed == 12_000 and acme.begins == 15_000


def test_the_cell_leads_to_them_and_each_to_its_lines(
    corrected: Client, finn: User, signed_in: Callable[[User], Browser]
) -> None:
    browser = signed_in(finn)
    page = browser.get("/c/northwind/arr/?scale=full").content.decode().replace("&amp;", "&")
    assert "why=cell%3A2026-04%3A2026-04%3Aadjustment" in page or "why=cell:2026-04:2026-04:adjustment" in page
    drawer = browser.get(CELL).content.decode()
    assert 'id="adjustment-customers"' in drawer
    for said in ("12,000.00", "15,000.00", "+3,000.00", "+2,999.45", "customer%3A2026-03%3Aacme"):
        assert said in drawer, said
    cut = browser.get(f"{CELL}&of=segment&group=SMB")
    assert [each.customer for each in cut.context["found"].customers] == ["acme", "dora"]
    assert "+4,000.00" in cut.text and not cut.context["found"].rest


def causes_of(browser: Browser, more: str = "") -> list[str]:
    """What the drawer of April's adjustment says of its causes."""
    text = " ".join(browser.get(f"{CELL}{more}").text.split())
    return re.findall(r"<li>(.*?)</li>", text.split('id="adjustment-causes"')[1].split("</ul>")[0])


def test_the_drawer_names_what_made_it(corrected: Client, finn: User, signed_in: Callable[[User], Browser]) -> None:
    """1,000 of 2,999.45 are Cargo's discount, which counts no more; the rest are corrected contracts, of no import at first."""
    finns = signed_in(finn)
    made = "Apr 2026: another definition holds (policy v1) and makes +1,000.00 USD, and contracts were corrected"
    assert causes_of(finns) == [f"{made} after Mar 2026 was closed."]
    assert causes_of(finns, "&of=segment&group=SMB")[0].startswith(
        "Apr 2026: another definition holds (policy v1), and contracts"
    )
    january = finns.get(CELL.replace("2026-04", "2026-01")).text
    assert "Jan 2026: another definition holds (policy v1)" in january or "Jan 2026: contracts" in january
    with tenant_context(corrected):
        source = ContractLine.objects.filter(line_id=LINES[0]["line_id"]).values_list("source", flat=True)[0]
        at = timezone.now()
        for name, changed in (("same.csv", 0), ("acme.csv", 2)):
            ContractImport.objects.create(
                source_id=source, state="done", file_name=name, file_path="x", file_sha256="0" * 64, file_bytes=1,
                added_count=0, changed_count=changed, vanished_count=0, finished_at=at,
            )  # fmt: skip
    day = date_text(day_at(corrected, at), corrected.locale)
    assert causes_of(finns) == [f"{made} by the import acme.csv of {day}."]
    with tenant_context(corrected):
        month_close(client=corrected, month=APRIL)
        month_restate(client=corrected, month=MARCH, reason="Acme pays more.")
        correct(corrected, 0, 15_500)
        month_restate(client=corrected, month=MARCH, reason="Acme pays even more.")
    (told,) = causes_of(finns)
    assert "Mar 2026 was restated after that (Acme pays even more)" in told


def test_a_definition_that_makes_nothing_of_it_is_no_cause(
    northwind: Client, finn: User, signed_in: Callable[[User], Browser]
) -> None:
    """No line has a discount: list prices or not is the same."""
    with tenant_context(northwind):
        numbers_load(northwind, LINES)
        books_rebuild_all(client=northwind, now=MAY_COMES)
        month_close(client=northwind, month=MARCH)
        correct(northwind, 0, 15_000)
        policy_publish(client=northwind, parameters=policy_in_force(northwind).with_(discounts="list").to_dict())
        books_rebuild_all(client=northwind, now=MAY_COMES)
    assert causes_of(signed_in(finn)) == ["Apr 2026: contracts were corrected after Mar 2026 was closed."]


@pytest.mark.parametrize("is_kept", [True, False], ids=["kept", "closed before closes kept customers"])
def test_what_a_closed_month_began_with_is_told_by_customer_where_its_close_kept_it(
    corrected: Client,
    monkeypatch: pytest.MonkeyPatch,
    finn: User,
    signed_in: Callable[[User], Browser],
    *,
    is_kept: bool,
) -> None:
    with tenant_context(corrected):
        with monkeypatch.context() as before:
            if not is_kept:
                before.setattr("metrics.services.closes.detail_store", lambda close, detail: None)
            month_close(client=corrected, month=APRIL)
        correct(corrected, 0, 15_500)
        cell = bridge_reported(corrected, first=APRIL, last=APRIL).totals[0].adjustment
        found = adjustment_customers(corrected, None, APRIL, APRIL)
        acme = next(each for each in found.customers if each.customer == "acme")
        assert found.amount == cell == Decimal("2999.45")
        told = (Decimal(15_000), Decimal(0), ()) if is_kept else (Decimal(15_500), Decimal(-500), (APRIL,))
        assert (acme.begins, found.rest, found.unkept) == told
        assert sum(each.amount for each in found.customers) + found.rest == cell
        smb = adjustment_customers(corrected, None, APRIL, APRIL, dimension="segment", group="SMB")
        assert smb.amount == 4_000 and smb.rest == (0 if is_kept else 4_000)
    text = " ".join(signed_in(finn).get(f"{CELL}&of=segment&group=SMB").text.split())
    said = "Apr 2026 was closed before closes kept customers: to which selection each belonged is not known."
    assert (said in text) is not is_kept


def test_restated_months_leave_the_other_definition_alone(corrected: Client) -> None:
    with tenant_context(corrected):
        month_close(client=corrected, month=APRIL)
        correct(corrected, 0, 15_500)
        month_restate(client=corrected, month=MARCH, reason="All of it")
        month_restate(client=corrected, month=APRIL, reason="All of it")
        left = adjustment_customers(corrected, None, APRIL, APRIL)
    assert [str(each.amount) for each in left.customers] == ["1000.00"] and not left.rest


GROUPS = [("segment", "SMB"), ("segment", "Enterprise"), ("product", "Platform"), ("rep", "(none)")]
FILTERS: list[Filters] = [None, {"product": "Platform"}, {"segment": ("SMB", "Enterprise"), "product": "Support"}]


@pytest.mark.parametrize("grain", ["month", "quarter"])
def test_the_customers_of_every_cut_add_up_to_its_adjustment(corrected: Client, grain: Grain) -> None:
    """Bolt is in another segment by now, so that it leaves one and comes to the other."""
    with tenant_context(corrected):
        ContractLine.objects.filter(customer_id="bolt").update(segment="SMB")
        books_rebuild_all(client=corrected, now=MAY_COMES)
        span = (APRIL, APRIL) if grain == "month" else (APRIL, APRIL + 2)
        seen = 0
        for dimension, group in [("total", ""), *GROUPS]:
            for filters in FILTERS:
                rows = bridge_reported(corrected, None, *span, dimension, grain, filters).rows
                amount = sum((row.adjustment for row in rows if row.group == group), Decimal(0))
                found = adjustment_customers(corrected, None, *span, grain, dimension, group, filters)
                assert found.amount == sum(each.amount for each in found.customers) == amount, (
                    dimension,
                    group,
                    filters,
                )
                assert not found.rest
                seen += bool(amount)
        assert seen > 8
