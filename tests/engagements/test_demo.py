"""The demonstration has an engagement in each phase, brought there by the services that people use."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.db.models import Q

from engagements.models import (
    AfterCare,
    CheckIn,
    ChecklistPoint,
    Debrief,
    Document,
    DocumentVersion,
    GateDecision,
    Handoff,
    MaintenanceCheck,
    Meeting,
    Phase,
    PlaybookDraft,
    PlaybookVersion,
    SurveyPerson,
    Task,
    TestRun,
    TimeEntry,
)
from engagements.playbook.diff import playbook_diff
from engagements.playbook.draft import draft_read
from engagements.selectors.gates import current_phase, phase_list
from engagements.selectors.playbooks import version_content
from portal.accounts.models import User
from portal.demo.engagements import STORIES, DemoEngagement, closed_play, engagement_play
from portal.demo.playbooks import playbooks_load
from portal.tenancy.models import Client, ClientRole, FirmRole
from portal.tenancy.scope import tenant_context
from tests.conftest import consultant, member


def test_there_is_a_story_for_each_phase() -> None:
    assert {story.phase for story in STORIES} == {1, 2, 3, 4}


@pytest.mark.parametrize("told", STORIES, ids=lambda told: f"{told.playbook}-phase-{told.phase}")
def test_a_story_is_played_up_to_its_phase(
    told: DemoEngagement, northwind: Client, ana: User, person: Callable[..., User]
) -> None:
    people = {name: member(person, name, ClientRole.FINANCE, northwind) for name in told.people}
    with tenant_context(northwind):
        engagement = engagement_play(northwind, told, [ana], people, dt.date(2026, 11, 25))
        now = current_phase(phase_list(engagement))
        assert now is not None and now.key == str(told.phase) and now.state == "open"
        assert Phase.objects.filter(state="done").count() == told.phase - 1
        begin = engagement.starts_on
        assert not Task.objects.filter(
            Q(starts_on__lt=begin) | Q(state="done", due_on__gt=dt.date(2026, 11, 25))
        ).exists()
        opened = list(GateDecision.objects.order_by("pk").values_list("at__date", flat=True))
        assert opened == sorted(set(opened)) and all(begin < day < dt.date(2026, 11, 25) for day in opened)
        if told.playbook == "executive-reporting-suite":
            assert sum(TimeEntry.objects.values_list("minutes", flat=True)) == (34.5 + 2) * 60  # and the training
        assert not Meeting.objects.filter(subphase_key__lt=now.key, state="planned").exists()
        assert not Document.objects.filter(subphase_key__lt=now.key).exclude(state="approved").exists()
        if told.is_maintained:
            checks = MaintenanceCheck.objects.filter(engagement=engagement)
            assert checks.filter(state="solved").count() == 1 and checks.filter(state="ok").count() >= 3
            assert checks.filter(opens_on__gt=dt.date(2026, 11, 25), state="open").count() >= 8


def test_the_firm_has_a_playbook_of_its_own_and_a_draft_that_could_be_published(northwind: Client, ana: User) -> None:
    playbooks_load(northwind.firm, [ana])
    (version, _) = PlaybookVersion.objects.order_by("-number")
    assert version.playbook.name == "Executive reporting, our way" and version.number == 2
    playbook, faults = draft_read(PlaybookDraft.objects.get().content)
    assert faults == [] and playbook is not None
    assert len(playbook_diff(version_content(version), playbook)) == 3


def test_one_engagement_is_closed_answered_about_and_has_a_check_in_due(
    northwind: Client, ana: User, person: Callable[..., User]
) -> None:
    people = {name: member(person, name, ClientRole.FINANCE, northwind) for name in ("finn", "rita", "eve", "adam")}
    engineer = consultant(person, "evan", FirmRole.ENGINEER, northwind)
    with tenant_context(northwind):
        engagement = closed_play(northwind, [ana, engineer], people, dt.datetime.now(dt.UTC).date())
        engagement.refresh_from_db()
        late = MaintenanceCheck.objects.filter(state="open", due_on__lt=dt.datetime.now(dt.UTC).date())
        assert not late.exists(), "the client has looked after its numbers since"
        assert engagement.state == "archived" and Debrief.objects.get().learnings
        assert engagement.closed_at is not None
        assert not Meeting.objects.filter(state="held", starts_at__gt=engagement.closed_at).exists()
        for rows in (GateDecision.objects.filter(at__gt=engagement.closed_at),
                     DocumentVersion.objects.filter(created_at__gt=engagement.closed_at),
                     ChecklistPoint.objects.filter(done_at__gt=engagement.closed_at),
                     Handoff.objects.filter(accepted_at__gt=engagement.closed_at),
                     TestRun.objects.filter(at__gt=engagement.closed_at)):  # fmt: skip
            assert not rows.exists(), rows.model
        assert list(CheckIn.objects.values_list("days", "state")) == [(30, "held"), (90, "preparing")]
        assert SurveyPerson.objects.exclude(answered_at=None).count() == 3
        assert AfterCare.objects.get().path == "services_offered"
        assert CheckIn.objects.get(days=30).found["adoption"]["dashboards"] > 0
