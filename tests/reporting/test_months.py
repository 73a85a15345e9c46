"""Closed months through the pages: asked before it is closed, said what was recorded, restated with a reason and a link."""

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client as Browser

from metrics.models import ContractLine, MonthClose
from metrics.selectors.policies import policy_in_force
from metrics.services.books import books_rebuild_all
from metrics.services.policies import policy_publish
from portal.accounts.models import User
from portal.notices.models import Notice
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.scope import tenant_context
from tests.reporting.numbers import LINES, NOW, line, numbers_load

MONTHS = "/c/northwind/months/"
CLOSE = f"{MONTHS}2026-03/close/"
SignIn = Callable[[User], Browser]


@pytest.fixture
def browser(northwind: Client, finn: User, signed_in: SignIn) -> Browser:
    """Finance, of a client with numbers."""
    with tenant_context(northwind):
        numbers_load(northwind)
    return signed_in(finn)


def seen_on(browser: Browser, address: str = CLOSE) -> str:
    """The state of the numbers that the page showed and sends back."""
    found = re.search(r'name="seen" value="([^"]+)"', browser.get(address).content.decode())
    assert found
    return found[1]


def correct_acme(client: Client, amount: int = 15_000) -> None:
    with tenant_context(client):
        ContractLine.objects.filter(line_id=LINES[0]["line_id"]).update(amount=amount)
        books_rebuild_all(client=client, now=NOW)


def test_before_it_is_closed_the_page_shows_what_is_kept_and_asks(northwind: Client, browser: Browser) -> None:
    text = browser.get(CLOSE).content.decode()
    for said in (
        "Close Mar 2026",
        "for 31 Mar 2026",
        "42,000.00",
        "36,000.00",
        "+6,000.00",
        "the default policy",
        "CARR",
        "LARR",
    ):
        assert said in text, said
    assert "Lines without a region" in text and "Nothing is open" not in text
    with tenant_context(northwind):
        assert not MonthClose.objects.exists()


def test_a_close_is_asked_for_first_then_recorded_and_said(northwind: Client, finn: User, browser: Browser) -> None:
    assert browser.post(CLOSE).status_code == 200
    with tenant_context(northwind):
        assert not MonthClose.objects.exists(), "nothing is closed that was not shown"
    response = browser.post(CLOSE, {"seen": seen_on(browser)}, follow=True)
    text = response.content.decode()
    assert response.redirect_chain[0][0] == "/c/northwind/months/2026-03/1/"
    assert "Mar 2026 is closed: ARR 42,000.00, CARR 42,000.00, LARR 0.00 USD under the default policy." in text
    with tenant_context(northwind):
        closed = MonthClose.objects.get(recognition="start")
        assert (closed.closed_by_id, closed.revision) == (finn.pk, 1)
        assert AuditEntry.objects.filter(action="month.closed", actor=finn.email).exists()
    assert "is closed already" in browser.get(CLOSE).content.decode()


def test_figures_that_changed_after_they_were_shown_are_not_closed(northwind: Client, browser: Browser) -> None:
    seen = seen_on(browser)
    correct_acme(northwind)
    text = browser.post(CLOSE, {"seen": seen}).content.decode()
    assert "The numbers have changed since they were shown" in text and "45,000.00" in text
    with tenant_context(northwind):
        assert not MonthClose.objects.exists()


def test_what_is_open_is_named_before_a_month_is_closed(northwind: Client, finn: User, signed_in: SignIn) -> None:
    twice = line("K9/1", "acme", "Platform", 1_000, dt.date(2026, 1, 20))
    foreign = line("K8/1", "zeta", "Platform", 1_000, dt.date(2026, 1, 1), currency="XDR")
    with tenant_context(northwind):
        numbers_load(northwind, [*LINES, twice])
    text = signed_in(finn).get(CLOSE).content.decode()
    assert "Lines that count at the same time" in text
    with tenant_context(northwind):
        numbers_load(northwind, [foreign])
    blocked = signed_in(finn).get(CLOSE).content.decode()
    assert (
        "This month is not closed" in blocked
        and "there is no XDR exchange rate for 3 months, the first Jan 2026, the last Mar 2026" in blocked
    )
    assert "2026-0" not in re.sub(r"<[^>]+>", "", blocked), "days and months stand in the reader's form"


def test_a_correction_shows_beside_what_was_reported_until_it_is_restated(northwind: Client, browser: Browser) -> None:
    browser.post(CLOSE, {"seen": seen_on(browser)})
    correct_acme(northwind)
    text = browser.get(MONTHS).content.decode()
    assert "42,000.00" in text and "45,000.00" in text and "+3,000.00" in text
    drawer = browser.get("/c/northwind/arr/?why=cell:2026-03:2026-03:ending").content.decode()
    assert "The contracts say something else now" in drawer and "45,000.00" in drawer and "42,000.00" in drawer
    restate = f"{MONTHS}2026-03/restate/"
    assert "This field is required" in browser.post(restate, {"reason": " "}).content.decode()
    response = browser.post(restate, {"reason": "A late order form"}, follow=True)
    text = response.content.decode()
    assert response.redirect_chain[0][0] == "/c/northwind/months/2026-03/2/"
    assert "Mar 2026 is restated (revision 2): ARR 45,000.00" in text
    assert "A late order form" in text and "/c/northwind/months/2026-03/1/?basis=start" in text
    figures = response.context["figures"]
    assert [(row.amount, row.before, row.change) for row in figures if row.label == "Ending"] == [
        (Decimal("45000.00"), Decimal("42000.00"), Decimal("3000.00"))
    ]
    before = browser.get(f"{MONTHS}2026-03/1/").content.decode()
    assert "42,000.00" in before and "This was restated later" in before and "/months/2026-03/2/?basis=start" in before
    with tenant_context(northwind):
        revisions = MonthClose.objects.filter(recognition="start").order_by("revision")
        assert [(row.revision, row.reason) for row in revisions] == [(1, ""), (2, "A late order form")]


def test_a_restated_month_says_what_it_is_and_whoever_answers_for_numbers_is_told(
    northwind: Client, browser: Browser, rita: User
) -> None:
    browser.post(CLOSE, {"seen": seen_on(browser)})
    correct_acme(northwind)
    with tenant_context(northwind):
        changed = policy_in_force(northwind).with_(discounts="list")
        policy_publish(client=northwind, parameters=changed.to_dict())
        books_rebuild_all(client=northwind, now=NOW)
    asked = " ".join(browser.get(f"{MONTHS}2026-03/restate/").content.decode().split())
    assert "Closed under the default policy; v1 is in force by now" in asked and "/changes/new/policy/" in asked
    response = browser.post(f"{MONTHS}2026-03/restate/", {"reason": "A late order form"}, follow=True)
    assert "under the default policy" in response.content.decode()
    listed = " ".join(browser.get(MONTHS).content.decode().split())
    shown = re.findall(r'data-label="As re(?:ported|stated)"> <a [^>]*>([^<]*)</a>', listed)
    assert shown == ["42,000.00", "45,000.00"] and "The contracts now, same policy" in listed
    with tenant_context(northwind):
        told = Notice.objects.filter(user=rita, text="Mar 2026 is restated (revision 2): A late order form")
        assert told.count() == 1


def test_every_basis_of_a_closed_month_can_be_read(northwind: Client, finn: User, signed_in: SignIn) -> None:
    early = line("K1/1", "acme", "Platform", 12_000, dt.date(2026, 5, 1), signed_on=dt.date(2026, 2, 1))
    with tenant_context(northwind):
        numbers_load(northwind, [early, LINES[1]])
    browser = signed_in(finn)
    browser.post(CLOSE, {"seen": seen_on(browser)})
    assert "24,000.00" in browser.get(MONTHS).content.decode()
    signed = browser.get(f"{MONTHS}?basis=signed").content.decode()
    assert "CARR as reported" in signed and "36,000.00" in signed and "2026-03/1/?basis=signed" in signed
    assert browser.get(f"{MONTHS}?basis=signed").context["head"].label == "CARR"
    detail = browser.get(f"{MONTHS}2026-03/1/?basis=signed")
    assert "CARR of Mar 2026 as closed" in detail.content.decode() and detail.context["balance_count"] == 2
    assert browser.get(f"{MONTHS}?basis=nonsense").context["head"].label == "ARR"
