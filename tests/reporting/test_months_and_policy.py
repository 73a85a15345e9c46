"""Closing months and publishing policies through the pages."""

from collections.abc import Callable

from django.test import Client as Browser

from metrics.models import MonthClose, PolicyVersion
from metrics.selectors.clauses import sentence_of
from portal.accounts.models import User
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.scope import tenant_context
from tests.reporting.numbers import LINES, NOW, numbers_load
from tests.tenancy.routes_reporting import POLICY

SignIn = Callable[[User], Browser]


def test_finance_closes_a_month_and_it_is_recorded(northwind: Client, finn: User, signed_in: SignIn) -> None:
    with tenant_context(northwind):
        numbers_load(northwind)
    response = signed_in(finn).post("/c/northwind/months/2026-03/close/", follow=True)
    assert "Mar 2026 is closed" in response.content.decode()
    with tenant_context(northwind):
        closed = MonthClose.objects.get(recognition="start")
        assert (closed.closed_by_id, closed.revision) == (finn.pk, 1)
        assert AuditEntry.objects.filter(action="month.closed", actor=finn.email).exists()


def test_a_correction_shows_beside_what_was_reported_until_it_is_restated(
    northwind: Client, finn: User, signed_in: SignIn
) -> None:
    from metrics.models import ContractLine
    from metrics.services.books import books_rebuild_all

    browser = signed_in(finn)
    with tenant_context(northwind):
        numbers_load(northwind)
    browser.post("/c/northwind/months/2026-03/close/")
    with tenant_context(northwind):
        ContractLine.objects.filter(line_id=LINES[0]["line_id"]).update(amount=15_000)
        books_rebuild_all(client=northwind, now=NOW)
    text = browser.get("/c/northwind/months/").content.decode()
    assert "42,000.00" in text and "45,000.00" in text and "+3,000.00" in text
    drawer = browser.get("/c/northwind/arr/?why=cell:2026-03:2026-03:ending").content.decode()
    assert "The closed figure is another one" in drawer and "45,000.00" in drawer and "42,000.00" in drawer
    assert browser.post("/c/northwind/months/2026-03/restate/", {"reason": ""}).status_code == 200
    browser.post("/c/northwind/months/2026-03/restate/", {"reason": "A late order form"})
    with tenant_context(northwind):
        revisions = MonthClose.objects.filter(recognition="start").order_by("revision")
        assert [(row.revision, row.reason) for row in revisions] == [(1, ""), (2, "A late order form")]
    assert "42,000.00" in browser.get("/c/northwind/months/2026-03/1/").content.decode()


def test_publishing_makes_a_version_in_force_and_says_what_changed(
    northwind: Client, ana: User, signed_in: SignIn
) -> None:
    browser = signed_in(ana)
    browser.post("/c/northwind/policy/change/", POLICY | {"note": "Kickoff"})
    response = browser.post("/c/northwind/policy/change/", POLICY | {"renewal_grace_days": 0}, follow=True)
    text = response.content.decode()
    assert "Policy v2 is in force" in text
    assert "for 30 days after its term" in text and sentence_of("renewal_grace_days", 0) in text


def test_a_policy_that_makes_no_sense_is_refused_in_the_form(northwind: Client, ana: User, signed_in: SignIn) -> None:
    response = signed_in(ana).post("/c/northwind/policy/change/", POLICY | {"renewal_grace_days": -1})
    assert response.status_code == 200 and "greater than or equal to 0" in response.content.decode()
    with tenant_context(northwind):
        assert not PolicyVersion.objects.filter(number__gt=0).exists()
