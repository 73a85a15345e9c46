"""What a firm sees across its clients, what one person is needed for, and health with its reasons."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from engagements.models import Engagement, EngagementSummary, GateCriterion, Meeting, Milestone, Participant, Task
from engagements.selectors.health import AMBER, GREEN, RED, HoursSpent, health_get, hours_spent
from engagements.selectors.waiting import needed_of, waiting_list
from engagements.services.conversation import homework_set, meeting_item_add, risk_add
from engagements.services.moves import row_move
from engagements.services.summaries import summaries_due, summary_refresh
from engagements.services.tasks import task_create, task_update, time_add
from portal.accounts.models import User
from portal.tenancy.models import Client, FirmRole
from portal.tenancy.scope import firm_context, scope_settle, tenant_context
from portal.tenancy.services import client_create, firm_create
from tests.conftest import consultant
from tests.engagements.conftest import START, started

SignedIn = Callable[[User], Browser]
TODAY = dt.date(2026, 11, 20)
SUMMARY_WRITTEN = 2  # queries: the row that there is, locked, and its new figures


def levels(engagement: Engagement, today: dt.date = TODAY, hours: HoursSpent | None = None) -> list[tuple[str, str]]:
    health = health_get(engagement, today, hours or hours_spent(engagement))
    return [(reason.level, reason.sentence) for reason in health.reasons]


def signed_here(engagement: Engagement) -> None:
    """As in a playbook whose policy is signed at the gate, not among the definitions."""
    GateCriterion.objects.filter(engagement=engagement, key="policy_signed").update(check_key="")


def test_health_is_green_without_a_reason(project: Engagement) -> None:
    assert health_get(project, TODAY, hours_spent(project)).level == GREEN and levels(project) == []


def test_late_tasks_make_it_amber_then_red(project: Engagement) -> None:
    task = task_create(engagement=project, name="A", due_on=TODAY - dt.timedelta(days=1))
    assert levels(project) == [(AMBER, "1 task is late, the oldest by 1 day.")]
    task_update(task=task, changes={"due_on": TODAY - dt.timedelta(days=15)})
    assert levels(project)[0][0] == RED
    row_move(about="task", row=task, step="finish")
    assert levels(project) == []


def test_a_passed_end_blockers_and_issues_make_it_red(project: Engagement) -> None:
    assert levels(project, TODAY) == []
    Engagement.objects.filter(pk=project.pk).update(ends_on=TODAY - dt.timedelta(days=1))
    project.refresh_from_db()
    risk_add(engagement=project, kind="blocker", severity="low", title="No access")
    risk_add(engagement=project, kind="risk", severity="critical", title="A move of systems")
    assert {level for level, _ in levels(project)} == {RED, AMBER}
    assert (RED, "Blocker: No access.") in levels(project) and (RED, "The planned end has passed.") in levels(project)


def test_a_week_after_the_beginning_what_nobody_planned_is_not_on_track(project: Engagement, ana: User) -> None:
    tasks = [task_create(engagement=project, name=name) for name in ("A", "B")]
    hidden = task_create(engagement=project, name="C", is_client_visible=False)
    soon, later = START + dt.timedelta(days=6), START + dt.timedelta(days=7)
    assert levels(project, soon) == []
    assert [summary_refresh(engagement=project, today=day).health for day in (soon, later)] == ["unplanned", "amber"]
    assert levels(project, later) == [(AMBER, "Nothing is planned yet: 2 tasks have no owner and no date.")]
    need = needed_of(project, ana, is_firm_staff=True, today=START)[0]
    assert (need.title, need.text) == ("Give tasks owners and dates", "3 tasks have no owner and no date.")
    for task in tasks:
        row_move(about="task", row=task, step="drop")
    found = health_get(project, later, hours_spent(project))
    assert found.level == AMBER and found.for_client().level == GREEN, "what is left is the firm's alone"
    task_update(task=hidden, changes={"due_on": later})
    assert levels(project, later) == [] and needed_of(project, ana, is_firm_staff=True, today=START) == []


def test_what_is_archived_has_no_health_and_waits_for_nobody(northwind: Client, ana: User, signed_in: SignedIn) -> None:
    with tenant_context(northwind):
        project = started(northwind, ana)
        task = row_move(about="task", row=task_create(engagement=project, name="Map", due_on=START), step="start")
        row_move(about="task", row=task, step="block", reason="access to billing")
        Engagement.objects.update(state="archived", ends_on=START, closed_at=dt.datetime(2026, 11, 20, tzinfo=dt.UTC))
        project.refresh_from_db()
        assert levels(project) == [] and waiting_list(project) == []
    page = signed_in(ana).get(f"/c/northwind/engagements/{project.pk}/").content.decode()
    assert "How it ended" in page and "0 of 1 tasks done" in page
    assert "In trouble" not in page and "On track" not in page and "Waiting on" not in page


@pytest.mark.parametrize(("logged", "expected"), [("40", []), ("52", [AMBER]), ("60.01", [RED])])
def test_hours_count_against_the_budget(project: Engagement, logged: str, expected: list[str]) -> None:
    task_create(engagement=project, name="A", due_on=TODAY)
    hours = HoursSpent(Decimal(60), Decimal(logged))
    assert [level for level, _ in levels(project, hours=hours)] == expected
    health = health_get(project, TODAY, hours)
    assert health.for_client().reasons == ()  # hours are the firm's alone


def test_the_longest_wait_comes_first_with_whom_and_since_when(project: Engagement, analyst: Participant) -> None:
    meeting = Meeting.objects.get(key="kickoff")
    item = meeting_item_add(meeting=meeting, kind="homework", text="Confirm several years", owner=analyst)
    task = row_move(about="task", row=task_create(engagement=project, name="Map"), step="start")
    row_move(about="task", row=task, step="block", reason="access to billing")
    assert [(each.whom, each.what) for each in waiting_list(project)] == [
        ("Finn", "Confirm several years"),
        ("Nobody yet", "1. Map: access to billing"),
    ]
    scope_settle()
    summary = EngagementSummary.objects.get()
    assert (summary.waiting_on, summary.waiting_for) == ("Finn", "Confirm several years")
    assert summary.waiting_since == item.created_at
    homework_set(item=item, is_done=True)
    scope_settle()
    assert EngagementSummary.objects.get().waiting_for == "1. Map: access to billing"


def test_a_person_is_needed_for_homework_tasks_and_signatures(
    project: Engagement, analyst: Participant, finn: User, ana: User
) -> None:
    meeting = Meeting.objects.get(key="kickoff")
    meeting_item_add(
        meeting=meeting, kind="homework", text="Confirm", owner=analyst, due_on=TODAY - dt.timedelta(days=2)
    )
    task_create(engagement=project, name="Hidden", owner=analyst, due_on=TODAY, is_client_visible=False)
    task_create(engagement=project, name="Shown", owner=analyst, due_on=TODAY)
    signed_here(project)
    found = needed_of(project, finn, is_firm_staff=False, today=TODAY)
    assert [(each.title, each.level) for each in found] == [
        ("Confirm", "refused"),
        ("2. Shown", "waiting"),
        ("Your signature", "waiting"),
        ("5 points of your homework are open", "waiting"),
    ]
    assert needed_of(project, ana, is_firm_staff=True, today=TODAY) == []


def test_the_summary_follows_every_transaction_that_changes_something(project: Engagement, ana: User) -> None:
    scope_settle()
    summary = EngagementSummary.objects.get()
    assert (summary.phase, summary.gate, summary.health) == ("1. Strategy", "Definition signed", "green")
    assert summary.shut_by.startswith("Shut until this holds: Finance and RevOps have signed")
    task = task_create(engagement=project, name="A", hours_low=2, hours_high=3)
    time_add(task=task, user=ana, minutes=45, day=START)
    scope_settle()
    summary.refresh_from_db()
    assert str(summary.logged) == "0.75" and summary.budget == 3
    Milestone.objects.create(engagement=project, position=1, name="M", budget=40)
    row_move(about="task", row=task, step="start")
    scope_settle()
    assert EngagementSummary.objects.get().budget == 40


def test_the_firms_page_shows_phase_health_gate_hours_and_waiting(
    northwind: Client, ana: User, finn: User, signed_in: SignedIn
) -> None:
    with tenant_context(northwind):
        engagement = started(northwind, ana)
        task = row_move(about="task", row=task_create(engagement=engagement, name="Map"), step="start")
        row_move(about="task", row=task, step="block", reason="access to billing")
    page = signed_in(ana).get("/f/ridge/engagements/").content.decode()
    for expected in (
        "Northwind",
        "1. Strategy",
        "Needs attention",
        "1 blocked task.",
        "Definition signed",
        "access to billing",
    ):
        assert expected in page


def test_a_consultant_sees_the_engagements_of_their_clients_and_of_no_other(
    northwind: Client, contoso: Client, ana: User, otto: User, person: Callable[..., User], signed_in: SignedIn
) -> None:
    rival = client_create(firm=firm_create(slug="mesa", name="Mesa"), slug="mesa-one", name="Rival", currency="USD")
    for client, name in ((northwind, "Ours"), (contoso, "Colleagues'"), (rival, "Rival's")):
        with tenant_context(client):
            engagement = started(client)
            Engagement.objects.update(name=name)
            engagement.refresh_from_db()
            task_create(engagement=engagement, name="A")
    page = signed_in(ana).get("/f/ridge/engagements/").content.decode()
    assert "Ours" in page and "Colleagues" not in page and "Rival" not in page
    assert signed_in(otto).get("/f/ridge/engagements/").status_code == 404
    other = consultant(person, "rival", FirmRole.ADMIN, rival)
    assert signed_in(other).get("/f/ridge/engagements/").status_code == 404
    with firm_context(northwind.firm_id):
        assert {row.name for row in EngagementSummary.of_firm.all()} == {"Ours", "Colleagues'"}


def test_the_clients_home_says_first_what_needs_the_reader(
    northwind: Client, ana: User, finn: User, signed_in: SignedIn
) -> None:
    with tenant_context(northwind):
        signed_here(started(northwind, ana))
    page = signed_in(finn).get("/c/northwind/").content.decode()
    assert page.index("Needs you now") < page.index("5 points of your homework are open")
    assert "Your signature" in page and "Finance and RevOps have signed the one-page policy" in page


def test_a_single_engagement_opens_by_itself_for_the_clients_people(
    northwind: Client, ana: User, finn: User, signed_in: SignedIn
) -> None:
    with tenant_context(northwind):
        engagement = started(northwind, ana)
        assert Task.objects.count() == 0
    assert signed_in(finn).get("/c/northwind/engagements/")["Location"] == f"/c/northwind/engagements/{engagement.pk}/"
    assert signed_in(ana).get("/c/northwind/engagements/").status_code == 200


def test_the_summary_is_written_once_however_much_a_transaction_changes(
    northwind: Client, ana: User, finn: User
) -> None:
    with tenant_context(northwind):
        engagement = started(northwind, ana)
        with CaptureQueriesContext(connection) as seen:
            for name in "ABC":
                task_create(engagement=engagement, name=name)
            scope_settle()
    assert sum("engagementsummary" in query["sql"].lower() for query in seen.captured_queries) == SUMMARY_WRITTEN


def test_a_look_of_another_day_is_not_written_over_at_the_end(northwind: Client, ana: User) -> None:
    with tenant_context(northwind):
        engagement = started(northwind, ana)
        task_create(engagement=engagement, name="A", due_on=TODAY)
        summary_refresh(engagement=engagement, today=TODAY + dt.timedelta(days=1))
    with tenant_context(northwind):
        assert EngagementSummary.objects.get().health == "amber"


def test_a_task_that_becomes_late_overnight_shows_next_morning(project: Engagement, northwind: Client) -> None:
    task_create(engagement=project, name="A", due_on=TODAY + dt.timedelta(days=1))
    summary_refresh(engagement=project, today=TODAY)
    assert EngagementSummary.objects.get().health == "green"
    morning = dt.datetime(2026, 11, 22, 5, tzinfo=dt.UTC)
    assert summaries_due(client=northwind, now=morning) == 1
    assert EngagementSummary.objects.get().health == "amber"
    assert Client.objects.get(pk=northwind.pk).next_engagement_at == morning + dt.timedelta(days=1)
    Engagement.objects.update(state="archived")
    assert summaries_due(client=northwind, now=morning) == 0
    assert Client.objects.get(pk=northwind.pk).next_engagement_at is None
