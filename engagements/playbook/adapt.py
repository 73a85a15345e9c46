"""A playbook cut to one engagement: what its answers leave out is gone, and there is always a phase."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engagements.playbook.checks import point_parts
from engagements.playbook.schema import Gate, Milestone, Phase, Playbook, SubPhase, Task
from engagements.playbook.shape import slots

Answers = Mapping[str, bool]


def adapted(playbook: Playbook, answers: Answers) -> Playbook:
    """The playbook without what the answers leave out; a condition without an answer holds.

    A playbook without phases has its milestones as phases, each task list a sub-phase whose point is that its tasks are done.
    """
    cut = _cut(playbook, answers)
    gone = {task.number for task in _tasks(playbook)} - {task.number for task in _tasks(cut)}
    milestones = tuple(_without_needs(milestone, gone) for milestone in cut.milestones)
    cut = replace(cut, milestones=milestones, gates=tuple(_early_less(gate) for gate in cut.gates))
    return cut if cut.phases else _staged(cut)


def _cut(part: Any, answers: Answers) -> Any:
    changes: dict[str, Any] = {}
    for slot in slots(type(part)):
        value = getattr(part, slot.name)
        if slot.is_list and slot.is_part:
            changes[slot.name] = tuple(_cut(each, answers) for each in value if _stays(each, answers))
        elif slot.is_list and slot.kind is str:
            parted = [(text, *point_parts(text)) for text in value]
            changes[slot.name] = tuple(short if on else text for text, short, on in parted if answers.get(on, True))
        elif slot.is_part and value is not None:
            changes[slot.name] = _cut(value, answers)
    return replace(part, **changes)


def _stays(part: Any, answers: Answers) -> bool:
    return answers.get(getattr(part, "only_if", ""), True)


def _tasks(playbook: Playbook) -> list[Task]:
    return [task for milestone in playbook.milestones for each in milestone.lists for task in each.tasks]


def _without_needs(milestone: Milestone, gone: set[int]) -> Milestone:
    lists = tuple(replace(each, tasks=tuple(_need_less(task, gone) for task in each.tasks)) for each in milestone.lists)
    return replace(milestone, lists=lists)


def _need_less(task: Task, gone: set[int]) -> Task:
    return replace(task, needs=tuple(number for number in task.needs if number not in gone))


def _early_less(gate: Gate) -> Gate:
    there = {criterion.key for criterion in gate.criteria}
    return replace(gate, early_needs=tuple(key for key in gate.early_needs if key in there))


def _staged(playbook: Playbook) -> Playbook:
    phases, milestones = [], []
    for at, milestone in enumerate(playbook.milestones, start=1):
        subs, lists = [], []
        for place, each in enumerate(milestone.lists, start=1):
            key = f"{at}{chr(96 + place)}" if place <= 26 else f"{at}-{place}"
            subs.append(SubPhase(name=each.name, key=key, checklist=("Every task of the list is done",)))
            lists.append(replace(each, tasks=tuple(replace(task, subphase=key) for task in each.tasks)))
        phases.append(Phase(name=milestone.name, key=str(at), subphases=tuple(subs), goal=milestone.description))
        milestones.append(replace(milestone, lists=tuple(lists)))
    if not phases:
        phases = [Phase(name="Project", key="1")]
    return replace(playbook, phases=tuple(phases), milestones=tuple(milestones))
