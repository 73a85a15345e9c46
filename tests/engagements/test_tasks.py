"""Tasks: dates and owners, what they wait for, their points, and the time on them."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client as Browser

from engagements.models import ChecklistPoint, Engagement, Participant, Task, TimeEntry
from engagements.playbook.order import cycle_in
from engagements.selectors.health import hours_spent
from engagements.services.moves import row_move
from engagements.services.people import participant_remove
from engagements.services.problems import EngagementError
from engagements.services.tasks import (
    point_set,
    task_create,
    task_need_add,
    task_need_remove,
    task_point_set,
    task_update,
    time_add,
)
from portal.accounts.models import User
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.scope import tenant_context
from tests.engagements.conftest import START, started


def test_circles_of_waiting_are_refused_however_long(project: Engagement) -> None:
    a, b, c = (task_create(engagement=project, name=name) for name in "ABC")
    task_need_add(task=b, needs=a)
    task_need_add(task=c, needs=b)
    with pytest.raises(EngagementError, match="2 → 1 → 3 → 2"):
        task_need_add(task=a, needs=c)
    with pytest.raises(EngagementError, match="1 → 1"):
        task_need_add(task=a, needs=a)
    assert a.needs.count() == 0
    task_need_remove(need=b.needs.get())
    task_need_add(task=a, needs=c)  # no circle any more


@pytest.mark.parametrize(
    ("needs", "circle"),
    [
        ({}, []),
        ({1: [2], 2: [3], 3: []}, []),
        ({1: [2, 3], 2: [4], 3: [4], 4: []}, []),
        ({1: [1]}, [1, 1]),
        ({0: [1], 1: [2], 2: [1]}, [1, 2, 1]),
    ],
)
def test_finding_circles(needs: dict[int, list[int]], circle: list[int]) -> None:
    assert cycle_in(needs) == circle


def test_a_long_chain_is_no_matter() -> None:
    assert cycle_in({at: [at + 1] for at in range(5000)}) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"starts_on": START, "due_on": START - dt.timedelta(days=1)}, "due before it begins"),
        ({"hours_low": 4, "hours_high": 2}, "ends below its beginning"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(project: Engagement, changes: dict[str, Any], said: str) -> None:
    task = task_create(engagement=project, name="A")
    with pytest.raises(EngagementError, match=said):
        task_update(task=task, changes=changes)


def test_a_change_names_its_fields_and_an_internal_one_is_the_firms(project: Engagement) -> None:
    task = task_create(engagement=project, name="A")
    task_update(task=task, changes={"name": "B", "due_on": START})
    assert AuditEntry.objects.filter(action="task.updated").latest("sequence").details["fields"] == ["due_on", "name"]
    task_update(task=task, changes={"internal_note": "They are slow to answer"})
    entry = AuditEntry.objects.filter(action="task.updated").latest("sequence")
    assert "slow" not in str(entry.details)
    count = AuditEntry.objects.count()
    task_update(task=task, changes={"name": "B"})
    assert AuditEntry.objects.count() == count  # nothing changed, nothing is said


def test_points_are_ticked_and_opened(project: Engagement, ana: User) -> None:
    task = task_create(engagement=project, name="A", points=["One", "Two"])
    assert task_point_set(task=task, position=1, is_done=True).points_done == [1]
    assert task_point_set(task=task, position=1, is_done=False).points_done == []
    with pytest.raises(EngagementError, match="no such point"):
        task_point_set(task=task, position=2, is_done=True)
    point = ChecklistPoint.objects.all()[0]
    assert point_set(point=point, is_done=True, user=ana).done_by == ana
    assert point_set(point=point, is_done=False, user=ana).done_at is None


def test_time_is_logged_by_consultants_on_the_engagement_alone(project: Engagement, ana: User, finn: User) -> None:
    task = task_create(engagement=project, name="A")
    time_add(task=task, user=ana, minutes=90, day=START)
    time_add(task=task, user=ana, minutes=15, day=START, note="call")
    assert hours_spent(project).logged == dt.timedelta(minutes=105) / dt.timedelta(hours=1)
    for user, minutes in ((finn, 60), (ana, 0), (ana, 1441)):
        with pytest.raises(EngagementError):
            time_add(task=task, user=user, minutes=minutes, day=START)
    assert TimeEntry.objects.count() == 2


def test_nobody_leaves_with_open_work(project: Engagement, analyst: Participant) -> None:
    task = task_create(engagement=project, name="A", owner=analyst)
    with pytest.raises(EngagementError, match="1 tasks"):
        participant_remove(participant=analyst)
    task_update(task=task, changes={"owner": None})
    participant_remove(participant=analyst)
    assert not Participant.objects.filter(pk=analyst.pk).exists()


def test_a_plan_that_is_kept_late_takes_no_step_back(project: Engagement, ana: User) -> None:
    task = task_create(engagement=project, name="Map the fields")
    late = Task.objects.select_related("engagement__client").get(pk=task.pk)
    row_move(about="task", row=task, step="start", user=ana)
    task_update(task=late, changes={"name": "Map all fields"})
    task.refresh_from_db()
    assert (task.state, task.name) == ("doing", "Map all fields")


def test_a_task_that_waits_for_another_is_not_offered_to_be_begun_or_done(
    northwind: Client, ana: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(northwind):
        engagement = started(northwind, ana)
        first, second = (task_create(engagement=engagement, name=name) for name in ("Map", "Load"))
        task_need_add(task=second, needs=first)
    home, browser = f"/c/northwind/engagements/{engagement.pk}/", signed_in(ana)

    def offered() -> tuple[bool, bool]:
        board, own = (browser.get(f"{home}{page}").content.decode() for page in ("plan/", f"tasks/{second.pk}/"))
        assert "Done: 1. Map" in board
        return "Done: 2. Load" in board, 'value="finish"' in own

    assert offered() == (False, False)
    own = browser.get(f"{home}tasks/{second.pk}/").content.decode()
    assert "It waits for" in own and "<title>2. Load · Plan · " in own
    new = browser.get(f"{home}tasks/new/").content.decode()
    assert "Nobody yet" in new and "---------" not in new
    with tenant_context(northwind):
        task_need_remove(need=second.needs.get())
    assert offered() == (True, True)
