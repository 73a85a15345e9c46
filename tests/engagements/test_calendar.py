"""The calendar at a secret address: what it shows, to whom, and that any program can read it."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

import icalendar
import pytest
from allauth.mfa.models import Authenticator
from django.test import Client as Browser
from hypothesis import given
from hypothesis import strategies as st

from engagements.calendar_text import calendar_text
from engagements.models import CalendarFeed, Engagement, Gate, MaintenanceCheck, Meeting, ProjectTraining
from engagements.selectors.calendar import Event, minutes_of
from engagements.services.calendar import GUESSES, READS
from engagements.services.gates import gate_plan
from engagements.services.maintenance import maintenance_begin
from engagements.services.moves import row_move
from engagements.services.people import participant_add
from engagements.services.tasks import task_create
from portal.accounts.bearer import redacted
from portal.accounts.models import User
from portal.accounts.session import SCOPE, SessionScope
from portal.tenancy.models import Client, FirmMembership
from portal.tenancy.scope import tenant_context
from tests.engagements.conftest import started
from tests.engagements.upkeep import at

SignedIn = Callable[[User], Browser]
D = dt.date
NOW = at("2026-11-26")


@pytest.fixture
def clock() -> Iterator[None]:
    with patch("engagements.views.calendar.timezone.now", return_value=NOW):
        yield


@pytest.fixture
def busy(northwind: Client, ana: User, finn: User, clock: None) -> Engagement:
    """A meeting, a gate's day, tasks of Ana and of Finn, one that the client does not see, and a check of Finn's."""
    with tenant_context(northwind):
        engagement = started(northwind, ana)
        finns = participant_add(
            engagement=engagement, user=finn, is_firm_staff=False, project_role="RevOps", function="revops"
        )
        anas = engagement_lead(engagement, ana)
        meeting = Meeting.objects.get(key="kickoff")
        row_move(about="meeting", row=meeting, step="schedule", starts_at=dt.datetime(2026, 12, 1, 15, tzinfo=dt.UTC))
        gate_plan(gate=Gate.objects.get(phase__key="1"), planned_on=D(2026, 12, 18))
        # a day beyond what a program can hold: it is too far to be shown, and spoils nothing
        ProjectTraining.objects.update(planned_at=dt.datetime(9999, 12, 31, 23, 30, tzinfo=dt.UTC), minutes=90)
        for name, owner, seen in (("Map, fields; all", anas, True), ("Export", finns, True), ("Margin", anas, False)):
            task_create(engagement=engagement, name=name, owner=owner, due_on=D(2026, 12, 3), is_client_visible=seen)
        maintenance_begin(engagement=engagement, begins_on=D(2026, 11, 5), now=NOW)
        MaintenanceCheck.objects.exclude(task_key="reconcile").delete()
    return engagement


def engagement_lead(engagement: Engagement, user: User) -> Any:
    return participant_add(engagement=engagement, user=user, is_firm_staff=True, project_role="Lead")


def address(browser: Browser, show: str = "") -> str:
    answer = browser.post("/me/calendar/", {"step": "make", "show": show})
    assert answer.status_code == 200
    found: str = answer.context["address"]
    return "/calendar/" + found.split("/calendar/")[1]


def entries(path: str) -> list[Any]:
    answer = Browser().get(path)
    assert answer.status_code == 200 and answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert "no-store" in answer["Cache-Control"] and answer["Referrer-Policy"] == "no-referrer"
    calendar = icalendar.Calendar.from_ical(answer.content)
    return list(calendar.walk("VEVENT"))


def names(path: str) -> list[str]:
    return [str(entry["summary"]).removeprefix("Northwind: ") for entry in entries(path)]


def test_it_holds_what_is_ones_own_and_no_more_than_one_may_see(
    busy: Engagement, ana: User, finn: User, signed_in: SignedIn
) -> None:
    gate = "Gate “Definition signed” planned"
    finns = ["Kickoff", "Due: Export", "Check: ARR reconciliation, 2026-11", gate, "Check: ARR reconciliation, 2026-12",
             "Check: ARR reconciliation, 2027-01"]  # fmt: skip
    assert names(address(signed_in(finn))) == finns
    assert names(address(signed_in(ana))) == ["Kickoff", "Due: Map, fields; all", "Due: Margin", gate]
    everything = names(address(signed_in(finn), "everything"))
    assert "Due: Map, fields; all" in everything and "Due: Margin" not in everything


def test_times_are_instants_days_are_days_and_names_stay_the_same(
    busy: Engagement, finn: User, signed_in: SignedIn
) -> None:
    path = address(signed_in(finn))
    by_name = {str(entry["summary"]): entry for entry in entries(path)}
    meeting, task = by_name["Northwind: Kickoff"], by_name["Northwind: Due: Export"]
    assert meeting["dtstart"].dt == dt.datetime(2026, 12, 1, 15, tzinfo=dt.UTC)
    assert meeting["dtend"].dt == dt.datetime(2026, 12, 1, 16, 30, tzinfo=dt.UTC)  # 60 to 90 minutes
    assert (task["dtstart"].dt, task["dtend"].dt) == (D(2026, 12, 3), D(2026, 12, 4))
    assert "VALUE=DATE:20261203" in Browser().get(path).content.decode()
    assert "/c/northwind/engagements/" in str(task["description"]) and task["transp"] == "TRANSPARENT"
    first = [str(entry["uid"]) for entry in entries(path)]
    with tenant_context(busy.client):
        held = Meeting.objects.get(key="kickoff")
        row_move(about="meeting", row=held, step="cancel")
    again = entries(path)
    assert [str(entry["uid"]) for entry in again] == first == sorted(set(first), key=first.index)
    assert again[0]["status"] == "CANCELLED"


def test_only_the_hash_is_kept_and_renewing_or_turning_off_ends_the_old_address(
    busy: Engagement, finn: User, signed_in: SignedIn
) -> None:
    browser = signed_in(finn)
    first = address(browser)
    secret = first.split("/")[2]
    assert secret not in str(CalendarFeed.objects.values()) and secret not in redacted(f"GET {first} HTTP/1.1")
    assert secret not in browser.get("/me/calendar/").content.decode()
    second = address(browser)
    assert (Browser().get(first).status_code, Browser().get(second).status_code) == (404, 200)
    browser.post("/me/calendar/", {"step": "end"})
    assert Browser().get(second).status_code == 404
    assert "No address yet" in browser.get("/me/calendar/").content.decode()


def test_what_it_shows_is_decided_when_it_is_read(busy: Engagement, ana: User, finn: User, signed_in: SignedIn) -> None:
    anas, finns = address(signed_in(ana)), address(signed_in(finn))
    assert names(anas) and names(finns)
    factors = Authenticator.objects.filter(user=ana)
    kept = list(factors)
    factors.delete()
    assert names(anas) == []  # no second factor, which her role requires: no page opens, and neither does this
    Authenticator.objects.bulk_create(kept)
    assert names(anas)
    FirmMembership.objects.filter(user=ana).delete()
    User.objects.filter(pk=finn.pk).update(is_active=False)
    assert names(anas) == []
    assert Browser().get(finns).status_code == 404


def test_one_made_in_a_session_of_one_client_shows_no_other_and_a_mailed_link_makes_none(
    busy: Engagement, contoso: Client, finn: User, signed_in: SignedIn, otto: User
) -> None:
    browser = signed_in(finn)
    session = browser.session
    session[SCOPE] = SessionScope("sso", busy.client_id, "northwind").to_session()
    session.save()
    path = address(browser)
    assert CalendarFeed.objects.get().only_client_key == busy.client_id and names(path)
    CalendarFeed.objects.update(only_client_key=contoso.pk)
    assert names(path) == []
    session[SCOPE] = SessionScope("link", busy.client_id, "northwind", "approve").to_session()
    session.save()
    assert browser.post("/me/calendar/", {"step": "make"}).status_code == 403


def test_it_is_read_so_often_an_hour_and_guessed_less(busy: Engagement, finn: User, signed_in: SignedIn) -> None:
    path = address(signed_in(finn))
    with patch("engagements.views.calendar.all_events", return_value=[]):
        assert {Browser().get(path).status_code for _ in range(READS)} == {200}
        assert Browser().get(path).status_code == 429
    wrong = [Browser().get(f"/calendar/{'x' * 40}{n}/tieout.ics").status_code for n in range(GUESSES + 1)]
    assert wrong == [404] * GUESSES + [429]


def test_the_length_of_a_meeting_is_its_longer_end() -> None:
    assert [minutes_of(text) for text in ("", "30", "60-90", "an hour", "9999")] == [60, 30, 90, 60, 24 * 60]


# Without backslashes: the library reads a backslash before an N as the end of a line, in both directions.
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\\"), min_size=1, max_size=300)


@given(TEXTS, TEXTS, st.integers(0, 3_000_000_000))
def test_any_text_comes_back_as_it_was_and_no_line_is_too_long(summary: str, text: str, starts: int) -> None:
    when = dt.datetime.fromtimestamp(starts, dt.timezone(dt.timedelta(hours=5, minutes=45)))
    event = Event("x-1@northwind.tieout", summary, f"{text}\nSecond; line, with \\ signs", "/c/x/", when, when)
    raw = calendar_text([event], "Name", NOW)
    found: Any
    (found,) = icalendar.Calendar.from_ical(raw).walk("VEVENT")
    assert str(found["summary"]) == summary
    assert str(found["description"]).startswith(f"{text}\nSecond; line, with \\ signs\n")
    assert found["dtstart"].dt == when.astimezone(dt.UTC)
    assert raw.endswith(b"\r\n") and max(len(line) for line in raw.split(b"\r\n")) <= 75
