"""Adoption: what the client's people opened, counted by hand beside it; nothing is written in the request."""

import datetime as dt
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from portal.accounts.adoption import adoption_get
from portal.accounts.models import PageUse, User
from portal.accounts.services import usage
from portal.accounts.services.usage import use_note, uses_write, uses_write_all
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context

SignIn = Callable[[User], Browser]
NOW = dt.datetime.now(dt.UTC)
TODAY = NOW.date()


def used(client: Client, first: dt.date = TODAY, last: dt.date = TODAY) -> Any:
    with tenant_context(client):
        return adoption_get(first, last)


def test_the_figures_are_what_was_opened(
    northwind: Client, finn: User, rita: User, ana: User, eve: User, signed_in: SignIn
) -> None:
    """Finn: two sessions, ARR three times, Home once. Rita: one session, Definitions once. Ana is of the firm."""
    uses_write_all()
    finns = signed_in(finn)
    for path in ("", "arr/", "arr/"):
        assert finns.get(f"/c/northwind/{path}").status_code == 200
    finns.get("/c/northwind/arr/?by=segment", headers={"HX-Request": "true"})  # a filter is the same visit
    assert finns.get("/c/northwind/people/").status_code == 403  # what is refused is not opened
    again = signed_in(finn)
    session = again.session
    session["session_started"] = int(time.time()) - 60  # another session than the first
    session.save()
    again.get("/c/northwind/arr/")
    signed_in(rita).get("/c/northwind/definitions/")
    signed_in(ana).get("/c/northwind/arr/")
    assert uses_write_all() > 0 and uses_write_all() == 0
    found = used(northwind)
    total = found.total
    assert (total.people, total.sign_ins, total.dashboards, total.pages) == (2, 3, 3, 5)
    assert found.members == 3
    roles = {each.role: each for each in found.roles}
    assert roles["finance"].used.dashboards == 3 and roles["finance"].members == 1
    assert (roles["executive"].members, roles["executive"].used.people) == (1, 0)
    pages = {each.label: (each.times, each.people) for each in found.pages}
    assert (
        pages["ARR"] == (3, 1)
        and pages["Home"] == (1, 1)
        and pages["Definitions"] == (1, 1)
        and pages["Data"] == (0, 0)
    )
    assert found.weeks[0].total == total and dict(found.weeks[0].by_role)["RevOps"].sign_ins == 1


def test_two_processes_add_up_and_a_session_counts_once(northwind: Client, finn: User) -> None:
    uses_write_all()
    moment = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
    about: Any = {"client": northwind, "user_id": finn.pk, "page": "arr", "role": "finance", "is_firm_staff": False}
    for _process in range(2):
        usage._held.sign_ins.clear()  # as another process would begin
        use_note(**about, session_started=int(moment.timestamp()), now=moment)
        with tenant_context(northwind):
            uses_write(client=northwind)
    with tenant_context(northwind):
        assert {(row.page, row.times) for row in PageUse.objects.all()} == {("sign_in", 1), ("arr", 2)}
    assert used(northwind, moment.date(), moment.date()).total.sign_ins == 1


def test_a_day_is_a_day_where_the_client_is(northwind: Client, finn: User) -> None:
    uses_write_all()
    Client.objects.filter(pk=northwind.pk).update(time_zone="Pacific/Auckland")
    northwind.refresh_from_db()
    moment = dt.datetime(2026, 3, 1, 20, tzinfo=dt.UTC)
    use_note(
        client=northwind,
        user_id=finn.pk,
        page="arr",
        role="finance",
        is_firm_staff=False,
        session_started=0,
        now=moment,
    )
    uses_write_all()
    assert used(northwind, dt.date(2026, 3, 2), dt.date(2026, 3, 2)).total.pages == 1


def test_opening_a_page_writes_nothing(northwind: Client, finn: User, signed_in: SignIn) -> None:
    browser = signed_in(finn)
    browser.get("/c/northwind/arr/")
    with CaptureQueriesContext(connection) as asked:
        browser.get("/c/northwind/arr/")
    assert not [each for each in asked.captured_queries if "pageuse" in each["sql"].lower()]


def test_a_fault_costs_counts_alone(northwind: Client, finn: User, monkeypatch: pytest.MonkeyPatch) -> None:
    uses_write_all()
    use_note(client=northwind, page="arr", user_id=finn.pk, role="x", is_firm_staff=False, session_started=0, now=NOW)
    with monkeypatch.context() as broken:
        broken.setattr(usage, "WRITE", "SELECT nothing")
        assert uses_write_all() == 0
    assert used(northwind).total.pages == 0


@pytest.mark.parametrize(("who", "status"), [("adam", 200), ("ana", 200), ("rita", 403), ("finn", 403), ("otto", 404)])
def test_the_firm_and_client_admins_see_it(
    who: str, status: int, northwind: Client, signed_in: SignIn, request: pytest.FixtureRequest
) -> None:
    person = request.getfixturevalue(who)
    answer = signed_in(person).get("/c/northwind/adoption/?weeks=4")
    assert answer.status_code == status
    if status == 200:
        assert "What the figures mean" in answer.content.decode()


def test_whoever_was_removed_in_between_is_not_counted_and_stops_nothing(northwind: Client, finn: User) -> None:
    for user_id in (finn.pk, 10**9):
        use_note(
            client=northwind, page="arr", user_id=user_id, role="x", is_firm_staff=False, session_started=0, now=NOW
        )
    with tenant_context(northwind):
        uses_write(client=northwind)
        connection.check_constraints()
        assert list(PageUse.objects.values_list("user_id", "times")) == [(finn.pk, 1)]
