"""Starting an engagement: the playbook becomes its rows, cut to the answers, and stays what it was."""

from dataclasses import replace
from typing import Any

import pytest

from engagements.forms_maintenance import ResultForm
from engagements.forms_project import EngagementForm
from engagements.models import (
    ChecklistPoint,
    Component,
    Document,
    Engagement,
    Gate,
    GateCriterion,
    Meeting,
    Milestone,
    Phase,
    ProjectTest,
    ProjectTraining,
    SubPhase,
    Task,
    TaskNeed,
)
from engagements.playbook.adapt import adapted
from engagements.playbook.schema import Milestone as PlannedMilestone
from engagements.playbook.schema import Playbook, TaskList
from engagements.playbook.schema import Task as PlannedTask
from engagements.playbook.schema_rows import Condition
from engagements.selectors.projects import name_suggested
from engagements.services.problems import EngagementError
from engagements.services.start import Chosen, engagement_start
from engagements.shipped import shipped_playbooks
from portal.accounts.models import User
from portal.tenancy.models import AuditEntry, Client
from tests.engagements.conftest import START, started

ARR = shipped_playbooks()["arr-reporting"]


def test_everything_of_the_playbook_becomes_a_row(project: Engagement) -> None:
    assert list(Phase.objects.order_by("position").values_list("key", "state")) == [
        ("1", "open"), ("2", "shut"), ("3", "shut"), ("4", "shut"),
    ]  # fmt: skip
    counts = {model.__name__: model.objects.count() for model in (
        SubPhase, Gate, Meeting, Document, Component, ProjectTest, ProjectTraining,
    )}  # fmt: skip
    assert counts == {
        "SubPhase": 16, "Gate": 4, "Meeting": 10, "Document": 28, "Component": 13, "ProjectTest": 18, "ProjectTraining": 4,
    }  # fmt: skip
    assert GateCriterion.objects.count() == sum(len(gate.criteria) for gate in ARR.gates)
    points = ChecklistPoint.objects.filter(subphase__key="1a")
    assert points.count() == 13 and points.filter(is_clients=True).count() == 5
    kickoff = Meeting.objects.get(key="kickoff")
    last = kickoff.plan["agenda"][-1]
    assert (last["start"], last["end"], last["topic"]) == ("75", "90", "Next steps")


def test_tasks_keep_hours_points_needs_and_milestones(scope: Client, ana: User) -> None:
    started(scope, ana, "executive-reporting-suite")
    assert list(Milestone.objects.values_list("budget", flat=True)) == [44, 16]
    task = Task.objects.get(number=8)
    assert task.hours_low == task.hours_high == 4 and len(task.points) == 7 and task.subphase.key == "2b"
    assert sorted(TaskNeed.objects.filter(task=task).values_list("needs__number", flat=True)) == [3, 7]


def test_answers_leave_out_what_they_rule_out(scope: Client, ana: User) -> None:
    started(scope, ana, answers={"multi_currency": False, "billing_integration": False})
    assert not Component.objects.filter(name="Billing integration").exists() and Component.objects.count() == 12
    assert not ProjectTest.objects.filter(text__contains="other currencies").exists()
    said = ChecklistPoint.objects.filter(subphase__key="1d")
    assert said.count() == 8 and not said.filter(text__contains="only if").exists()


def test_the_start_is_in_the_log_with_the_playbook_it_came_from(project: Engagement) -> None:
    entry = AuditEntry.objects.get(action="engagement.started")
    assert entry.details["sha256"] == project.playbook_sha256 and entry.details["answers"]["multi_currency"] is True


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"answers": {"weather": True}}, "asks nothing about weather"),
        ({"ends_on": START.replace(day=1)}, "end lies before the beginning"),
    ],
)
def test_a_start_that_makes_no_sense_is_refused(scope: Client, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(EngagementError, match=said):
        started(scope, None, **changes)
    assert not Engagement.objects.exists()


def test_a_playbook_without_phases_has_its_milestones_as_phases(scope: Client) -> None:
    tasks = (PlannedTask("A", 1), PlannedTask("B", 2, needs=(1,)))
    plan = Playbook("P", "p", milestones=(PlannedMilestone("M", lists=(TaskList("L", tasks=tasks),)),))
    engagement_start(client=scope, chosen=Chosen(plan), name="P", kind="single", starts_on=START)
    assert str(Phase.objects.get()) == "1. M" and str(SubPhase.objects.get()) == "1a L"
    assert {task.subphase.key for task in Task.objects.all()} == {"1a"}


def test_a_task_that_is_left_out_is_waited_for_by_nobody() -> None:
    tasks = (PlannedTask("A", 1, only_if="x"), PlannedTask("B", 2, needs=(1,)))
    plan = Playbook("P", "p", milestones=(PlannedMilestone("M", lists=(TaskList("L", tasks=tasks),)),))
    plan = replace(plan, conditions=(Condition("x", "X?"),))
    cut = adapted(plan, {"x": False})
    assert [(task.name, task.needs) for task in cut.milestones[0].lists[0].tasks] == [("B", ())]
    kept = adapted(plan, {"x": True}).milestones[0].lists[0].tasks
    assert [(task.name, task.needs) for task in kept] == [("A", ()), ("B", (1,))]


def test_a_condition_has_no_answer_until_somebody_gives_it() -> None:
    given = {"name": "ARR", "kind": "single", "starts_on": START}
    form = EngagementForm(ARR, given)
    asked = {f"if_{each.key}" for each in ARR.conditions}
    assert form.errors.keys() == asked and all(EngagementForm(ARR)[name].value() is None for name in asked)
    fields: dict[str, Any] = {**EngagementForm(ARR).fields, **ResultForm().fields}
    first = {fields[name].choices[0][0] for name in {*asked, "step"}}
    assert first == {""}, "nor is a check of maintenance in order by itself"
    assert EngagementForm(ARR, given | dict.fromkeys(asked, "no")).is_valid()


def test_the_suggested_name_is_one_that_no_engagement_of_the_client_has(project: Engagement) -> None:
    assert name_suggested("Sales dashboards", START) == "Sales dashboards"
    assert name_suggested(project.name, START) == f"{project.name}, Q4 2026"
    Engagement.objects.filter(pk=project.pk).update(name=f"{ARR.name}, Q4 2026")
    assert name_suggested(ARR.name, START) == ARR.name
