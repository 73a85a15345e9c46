"""Hypercare begins with enablement, has an office hour a week, and lasts as long as the first reconciliation says."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from engagements.models import Activity, Engagement, Gate, Meeting, Phase
from engagements.selectors.criteria import CHECKS
from engagements.selectors.hypercare import hypercare_of, office_hours
from engagements.services.hypercare import hypercare_decide, office_hours_set, phase_brings_hypercare
from engagements.services.moves import row_move
from engagements.services.problems import EngagementError
from engagements.services.upkeep import maintenance_due
from portal.notices.models import Notice
from portal.tenancy.models import AuditEntry, Client
from tests.engagements.upkeep import at, close, numbers

D = dt.date


@pytest.fixture
def live(project: Engagement) -> Engagement:
    """Enablement, and with it hypercare, began on Monday 9 Nov 2026."""
    phase_brings_hypercare(phase=Phase.objects.get(key="2"), now=at("2026-11-02"))
    assert Engagement.objects.get().hypercare_from is None
    phase_brings_hypercare(phase=Phase.objects.get(key="3"), now=at("2026-11-09"))
    return Engagement.objects.select_related("client").get()


def over(day: str) -> bool:
    gate = Gate.objects.select_related("phase", "engagement__client").get(phase__key="3")
    return CHECKS["hypercare_over"](gate, D.fromisoformat(day)).holds


def sentence(day: str) -> str:
    gate = Gate.objects.select_related("phase", "engagement__client").get(phase__key="3")
    return CHECKS["hypercare_over"](gate, D.fromisoformat(day)).sentence


def test_it_begins_with_its_phase_and_lasts_at_least_to_the_month_end(live: Engagement) -> None:
    assert (live.hypercare_from, live.hypercare_until) == (D(2026, 11, 9), D(2026, 11, 30))
    assert AuditEntry.objects.filter(action="hypercare.begun").count() == 1
    assert not over("2027-05-01") and "until a month end since 2026-11-09 is closed" in sentence("2027-05-01")


def test_a_good_first_reconciliation_ends_it_after_the_close(live: Engagement, scope: Client) -> None:
    numbers(scope, "104900")
    close(scope, "2026-10", "2026-11", on="2026-12-04")
    assert not over("2026-12-04") and over("2026-12-05")  # October ended before hypercare began: November decides
    maintenance_due(client=scope, now=at("2026-12-05"))
    assert Engagement.objects.get().hypercare_until == D(2026, 12, 4)
    assert over("2026-12-05") and "2026-11 is closed and was 4.90% off" in sentence("2026-12-05")


def test_above_five_per_cent_the_system_extends_it_by_two_weeks_and_both_sides_hear_why_once(
    live: Engagement, scope: Client
) -> None:
    numbers(scope, "106000")
    close(scope, "2026-11", on="2026-12-04")
    maintenance_due(client=scope, now=at("2026-12-05"))
    live.refresh_from_db()
    why = "The first reconciliation, of 2026-11, was 6.00% off, above 5%: hypercare lasts two weeks longer, until 2026-12-18."
    assert (live.hypercare_until, sentence("2026-12-05")) == (D(2026, 12, 18), why)
    plain = why.replace("was 6.00% off, above 5%", "was above 5%")  # everybody reads the feed
    assert Activity.objects.filter(text=f"extended hypercare. {plain}").count() == 1
    told = Notice.objects.filter(text__contains="hypercare lasts two weeks longer")
    assert sorted(each.user.name for each in told) == ["Ana", "Finn"]
    assert not hypercare_decide(engagement=live, now=at("2026-12-06"))  # decided once


def test_mending_the_numbers_later_does_not_take_the_extension_back(live: Engagement, scope: Client) -> None:
    _, crm = numbers(scope, "106000")
    assert crm is not None
    close(scope, "2026-11", on="2026-12-04")
    hypercare_decide(engagement=live, now=at("2026-12-05"))
    crm.lines.update(amount="100000")
    now = hypercare_of(live, D(2026, 12, 10))
    assert now is not None and now.is_extended and now.until == D(2026, 12, 18)


def test_there_is_an_office_hour_a_week_and_more_when_it_lasts_longer(live: Engagement, scope: Client) -> None:
    assert [str(meeting) for meeting in office_hours(live)] == [
        "Office hour", "Office hour, week 2", "Office hour, week 3", "Office hour, week 4",
    ]  # fmt: skip
    assert {meeting.state for meeting in office_hours(live)} == {"planned"}
    Client.objects.update(time_zone="America/New_York")
    live.client.refresh_from_db()
    assert office_hours_set(engagement=live, weekday=2, at=dt.time(9, 30)) == 4
    assert (
        Notice.objects.filter(kind="meeting", text__startswith="Office hours of ARR reporting: 4, one a week").count()
        == 2
    )
    first = office_hours(live)[0]
    assert first.starts_at == dt.datetime(2026, 11, 11, 9, 30, tzinfo=ZoneInfo("America/New_York"))
    assert first.starts_at.astimezone(dt.UTC).hour == 14  # half past nine in winter's New York
    row_move(about="meeting", row=first, step="hold")
    assert office_hours_set(engagement=live, weekday=3, at=dt.time(9, 30)) == 3  # what was held stays
    with pytest.raises(EngagementError, match="Monday to Friday"):
        office_hours_set(engagement=live, weekday=5, at=dt.time(9))
    numbers(scope, "106000")
    close(scope, "2026-11", on="2026-12-04")
    hypercare_decide(engagement=live, now=at("2026-12-05"))
    extra = Meeting.objects.get(name="Office hour, week 6")
    assert extra.state == "scheduled"
    assert extra.starts_at is not None and extra.starts_at.astimezone(dt.UTC).date() == D(2026, 12, 17)


def test_a_playbook_without_hypercare_has_none(project: Engagement) -> None:
    Engagement.objects.update(content={**project.content, "hypercare": None})
    phase_brings_hypercare(phase=Phase.objects.get(key="3"), now=at("2026-11-09"))
    assert Engagement.objects.get().hypercare_from is None and not over("2026-12-05")
