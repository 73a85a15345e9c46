"""The state machines: every legal step works, every other one is refused with 409 and changes nothing."""

from typing import Any

import pytest
from django.utils import timezone

from engagements import states
from engagements.models import Component, Document, Engagement, Meeting, Risk, Task
from engagements.services.conversation import risk_add
from engagements.services.documents import document_version_add
from engagements.services.moves import MOVABLE, row_move
from engagements.services.problems import EngagementError, IllegalMove
from engagements.services.tasks import task_create, task_need_add
from portal.accounts.models import User
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.scope import tenant_context
from tests.engagements.conftest import started

GIVEN: dict[str, Any] = {"reason": "for Finance", "evidence": "seen", "starts_at": timezone.now()}
ALL_STEPS = {
    about: sorted({step for each in kind.machine.values() for step in each}) for about, kind in MOVABLE.items()
}


def row_of(about: str, engagement: Engagement, state: str) -> Any:
    """A row of a kind in a state."""
    if about == "engagement":
        row: Any = engagement
    elif about == "task":
        row = task_create(engagement=engagement, name="T")
    elif about == "risk":
        row = risk_add(engagement=engagement, kind="risk", severity="low", title="R")
    else:
        row = MOVABLE[about].model.objects.filter(engagement=engagement)[0]
        if about == "document" and not row.versions.exists():
            document_version_add(document=row, text="x")
            row.refresh_from_db()
    type(row).objects.filter(pk=row.pk).update(state=state)
    row.refresh_from_db()
    return row


PAIRS = [(about, state, step) for about, kind in MOVABLE.items() for state in kind.machine for step in ALL_STEPS[about]]
GUARDED = {("engagement", "active", "close")}  # tests/engagements/test_gates.py closes one


def test_every_pair_of_state_and_step_does_what_its_table_says(project: Engagement) -> None:
    for about, state, step in PAIRS:
        if (about, state, step) in GUARDED:
            continue
        kind = MOVABLE[about]
        row = row_of(about, project, state)
        expected = states.target(kind.machine, state, step)
        is_closed = about == "engagement" and state in {"closed", "archived"}
        if expected is None:
            with pytest.raises(IllegalMove):
                row_move(about=about, row=row, step=step, **GIVEN)
            row.refresh_from_db()
            assert row.state == state, (about, state, step)
        else:
            assert row_move(about=about, row=row, step=step, **GIVEN).state == expected, (about, state, step)
        if is_closed or about == "engagement":
            Engagement.objects.filter(pk=project.pk).update(state="active")
            project.refresh_from_db()


@pytest.mark.parametrize("machine", [kind.machine for kind in MOVABLE.values()] + [states.PHASE, states.GATE])
def test_every_step_leads_to_a_state_of_its_table(machine: states.Machine) -> None:
    assert {after for each in machine.values() for after in each.values()} <= set(machine)


def test_every_step_has_its_words() -> None:
    assert {step for steps in ALL_STEPS.values() for step in steps} <= set(states.STEP_LABELS)


def test_a_task_waits_for_what_it_needs(project: Engagement) -> None:
    first, second = (task_create(engagement=project, name=name) for name in "AB")
    task_need_add(task=second, needs=first)
    for step in ("start", "finish"):
        with pytest.raises(IllegalMove, match=r"it waits for 1\. A"):
            row_move(about="task", row=second, step=step)
    row_move(about="task", row=first, step="finish")
    assert row_move(about="task", row=second, step="start").state == "doing"


def test_steps_ask_for_what_they_need(project: Engagement) -> None:
    task = row_move(about="task", row=task_create(engagement=project, name="A"), step="start")
    with pytest.raises(EngagementError, match="say what it waits for"):
        row_move(about="task", row=task, step="block")
    with pytest.raises(EngagementError, match="say when"):
        row_move(about="meeting", row=Meeting.objects.all()[0], step="schedule")
    document = Document.objects.all()[0]
    row_move(about="document", row=document, step="draft")
    with pytest.raises(IllegalMove, match="no version of it yet"):
        row_move(about="document", row=document, step="submit")


def test_a_step_is_in_the_log_and_keeps_what_came_along(project: Engagement, ana: User) -> None:
    task = row_move(about="task", row=task_create(engagement=project, name="A"), step="start")
    blocked = row_move(about="task", row=task, step="block", reason="the export of Finance")
    assert blocked.waiting_reason == "the export of Finance" and blocked.moved_at is not None
    entry = AuditEntry.objects.filter(action="task.moved").latest("sequence")
    assert entry.details["step"] == "block" and entry.details["reason"] == "the export of Finance"


def test_nothing_changes_in_a_closed_engagement(project: Engagement) -> None:
    component = Component.objects.all()[0]
    risk = risk_add(engagement=project, kind="risk", severity="low", title="R")
    Engagement.objects.filter(pk=project.pk).update(state="archived")
    project.refresh_from_db()
    for about, row, step in (("component", component, "start"), ("risk", Risk.objects.get(pk=risk.pk), "close")):
        with pytest.raises(IllegalMove, match="is archived: nothing in it changes"):
            row_move(about=about, row=row, step=step)
    with pytest.raises(IllegalMove):
        task_create(engagement=project, name="Late")


def test_an_illegal_step_over_http_is_a_409_and_changes_nothing(ana: User, northwind: Client, signed_in: Any) -> None:
    with tenant_context(northwind):
        engagement = started(northwind, ana)
        task = task_create(engagement=engagement, name="A")
    browser = signed_in(ana)
    url = f"/c/northwind/engagements/{engagement.pk}/step/task/{task.pk}/"
    answer = browser.post(url, {"step": "reopen"})
    assert answer.status_code == 409 and "has no step" in answer.content.decode()
    assert browser.post(url, {"step": "start"}).status_code == 302
    with tenant_context(northwind):
        assert Task.objects.get(pk=task.pk).state == "doing"
        assert AuditEntry.objects.filter(action="task.moved").count() == 1
