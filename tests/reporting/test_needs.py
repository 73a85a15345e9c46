"""A client's home lists what waits for the reader, counted as the pages count it, without a query for each row."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from governance.models import ChangeRequest, ChangeState, FigureDispute
from governance.selectors.published_figures import Subject
from governance.services.board import RightRow
from governance.services.change_effect import change_schedule
from governance.services.change_states import change_move
from governance.services.changes import Wish, change_draft, change_submit
from governance.services.figure_disputes import dispute_raise, dispute_take
from governance.services.quarter_audits import follow_up_raise
from metrics.models import QualityFinding, QualityMonitor
from metrics.services.quality import monitors_ensure
from portal.accounts.models import User
from portal.notices.models import Notice
from portal.tenancy.actor import Actor, acting_as
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.governance.audits import NOW, an_audit
from tests.governance.boards import a_board, in_review, now_of, vote
from tests.reporting.numbers import numbers_load

MARCH = 2026 * 12 + 2
LATE = dt.date(2026, 1, 5)


def needs(browser: Browser) -> dict[str, str]:
    return {each.title: each.url for each in browser.get("/c/northwind/").context["needs"]}


def request_of(client: Client, user: User, days: int) -> ChangeRequest:
    wish = Wish(f"Grace {days}", {"parameters": {"renewal_grace_days": days}}, "Because", from_month=24_360)
    request = change_draft(client=client, kind="policy", wish=wish, user=user)
    return change_submit(request=request, version=request.version, user=user, is_not_same=True)


def dispute_of(client: Client, month: int, eve: User, owner: User) -> FigureDispute:
    row = dispute_raise(client=client, subject=Subject("ending", month), believed=None, reason="Too high", user=eve)
    return dispute_take(client=client, dispute=row, owner=owner, user=owner)


def late(monitor: QualityMonitor, subject: str, **more: Any) -> None:
    days = {"first_seen_on": LATE, "opened_on": LATE, "due_on": LATE} | more
    QualityFinding.objects.create(monitor=monitor, subject=subject, title="Odd", lines=1, arr=1, state="open", **days)


def test_it_has_what_belongs_to_the_reader(
    northwind: Client, rita: User, finn: User, eve: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(northwind):
        found = an_audit(northwind, rita)
        first = request_of(northwind, finn, 31)
        dispute_of(northwind, MARCH, eve, rita)
        due = NOW.date() + dt.timedelta(days=9)
        follow_up_raise(
            client=northwind, found=found, text="Ask billing", owner=rita, due_on=due, user=rita, today=NOW.date()
        )
        monitor, other, *_ = monitors_ensure(client=northwind)
        QualityMonitor.objects.filter(pk=monitor.pk).update(owner=rita)
        QualityMonitor.objects.filter(pk=other.pk).update(owner=finn)
        late(monitor, "K1")
        late(monitor, "K2", due_on=dt.date(2199, 1, 1))
        late(other, "K3")
    ritas, finns = needs(signed_in(rita)), needs(signed_in(finn))
    assert ritas["CR-1 Grace 31"] == "/c/northwind/changes/1/"
    assert ritas["D-1"] == "/c/northwind/oversight/disputes/1/"
    assert ritas["Audit of Q1 2026"] == "/c/northwind/oversight/audits/2026-Q1/"
    assert ritas[str(monitor)] == f"/c/northwind/data/monitors/{monitor.code}/" and str(other) not in ritas
    assert not {"D-1", "Audit of Q1 2026", str(monitor)} & finns.keys()
    with tenant_context(northwind):
        request_of(northwind, eve, 32)
    browser = signed_in(rita)
    url = needs(browser)["2 change requests wait for triage"]
    listed = browser.get(url).content.decode()
    assert "Grace 31" in listed and "Grace 32" in listed
    with tenant_context(northwind):
        ChangeRequest.objects.filter(pk=first.pk).update(owner=rita)
        change_move(request=ChangeRequest.objects.get(pk=first.pk), step="triage", user=rita)
    assert "CR-2 Grace 32" in needs(browser) and "CR-1 Grace 31" not in needs(browser)


def test_what_is_approved_waits_for_whoever_takes_care_of_it_until_it_is_scheduled(
    northwind: Client, rita: User, finn: User, adam: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(northwind):
        a_board(northwind, RightRow(functions=("revops",)), chair_finance=finn, revops=rita, user=adam)
        request = in_review(northwind, finn)
        ChangeRequest.objects.update(owner=rita)
    with acting_as(Actor(rita.email, rita.pk)), tenant_context(northwind):
        vote(request, rita)
        assert now_of(request).state == ChangeState.APPROVED
        asked = [each.user for each in Notice.objects.filter(text__contains="is approved: schedule it")]
        assert asked == [rita], "her own vote decided it, and she has to schedule it all the same"
        assert Notice.objects.filter(user=finn, text__contains="is approved: Yes of Rita").exists()
    title, ritas, adams = f"{request} {request.title}", signed_in(rita), signed_in(adam)
    assert needs(ritas)[title] == "/c/northwind/changes/1/#effect" and title not in needs(adams)
    with tenant_context(northwind):
        ChangeRequest.objects.update(owner=None)
    assert needs(adams)[title] == needs(ritas)[title] == "/c/northwind/changes/1/#effect"
    assert "Nobody takes care of it." in adams.get("/c/northwind/").content.decode()
    with tenant_context(northwind):
        change_schedule(client=northwind, request=now_of(request), user=adam, now=NOW)
        ChangeRequest.objects.update(owner=rita)
    assert title not in needs(ritas)


def test_many_things_that_wait_cost_no_more_queries_than_few(
    northwind: Client, rita: User, eve: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(northwind):
        numbers_load(northwind)
    browser, asked = signed_in(rita), []
    for month in (MARCH, MARCH - 1, MARCH - 2):
        with tenant_context(northwind):
            dispute_of(northwind, month, eve, rita)
            request_of(northwind, eve, 40 + month % 12)
        browser.get("/c/northwind/")
        with CaptureQueriesContext(connection) as made:
            browser.get("/c/northwind/")
        asked.append(len(made))
    assert len(set(asked)) == 1 and asked[0] <= 35
