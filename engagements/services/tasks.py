"""Tasks: their plan, what they wait for, their points and the time spent on them; and the points of checklists."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db.models import Max
from django.utils import timezone

from engagements.models import ChecklistPoint, Engagement, Participant, Task, TaskNeed, TimeEntry
from engagements.playbook.order import cycle_in
from engagements.services.changes import record_change
from engagements.services.moves import require_open
from engagements.services.problems import EngagementError, IllegalMove
from engagements.services.telling import owner_tell

PLANNED = ("name", "description", "end_state", "owner", "starts_on", "due_on", "hours_low", "hours_high",
           "is_client_visible", "internal_note")  # fmt: skip
FIRMS_ALONE = {"internal_note", "hours_low", "hours_high", "is_client_visible"}
LONGEST_ENTRY = 24 * 60


def task_create(*, engagement: Engagement, name: str, **plan: Any) -> Task:
    """A task of the engagement's own, behind all others."""
    require_open(engagement)
    number = (Task.objects.filter(engagement=engagement).aggregate(Max("number"))["number__max"] or 0) + 1
    task: Task = Task(engagement=engagement, number=number, name=name, list_name="Added", **plan)
    _check_plan(task)
    task.save()
    record_change(
        engagement, "task.created", about="task", about_id=task.pk, text=f"added task {task}", path=f"tasks/{task.pk}/",
        after={"name": name}, is_internal=not task.is_client_visible,
    )  # fmt: skip
    _tell_owner(task)
    return task


def task_update(*, task: Task, changes: dict[str, Any]) -> Task:
    """Change the plan of a task. EngagementError where its dates or hours run backwards, or the owner is of elsewhere."""
    require_open(task.engagement)
    # As it stands now, and nothing but its plan: a step that somebody else took meanwhile stays taken.
    rows = Task.objects.select_for_update(of=("self",)).select_related("engagement__client", "owner__user")
    task = rows.get(pk=task.pk)
    before = {name: getattr(task, name) for name in PLANNED}
    changed = {name: value for name, value in changes.items() if name in PLANNED and before[name] != value}
    if not changed:
        return task
    for name, value in changed.items():
        setattr(task, name, value)
    _check_plan(task)
    task.save(update_fields=sorted(changed))
    open_part = sorted(set(changed) - FIRMS_ALONE)
    record_change(
        task.engagement, "task.updated", about="task", about_id=task.pk,
        text=f"changed {', '.join(each.replace('_', ' ') for each in open_part) or 'the plan'} of {task}",
        path=f"tasks/{task.pk}/", before={name: str(before[name]) for name in changed},
        after={name: str(value) for name, value in changed.items()},
        is_internal=not task.is_client_visible or not open_part, details={"fields": sorted(changed)},
    )  # fmt: skip
    if "owner" in changed:
        _tell_owner(task)
    return task


def _tell_owner(task: Task) -> None:
    """Whoever a task is given to hears of it, unless it is hidden from them."""
    if task.owner is not None and (task.is_client_visible or task.owner.is_firm_staff):
        owner_tell(
            engagement=task.engagement, owner=task.owner, text=f"Task {task}", page=f"tasks/{task.pk}/",
            about=f"task {task.pk}", due_on=task.due_on,
        )  # fmt: skip


def _check_plan(task: Task) -> None:
    if task.starts_on and task.due_on and task.due_on < task.starts_on:
        raise EngagementError("it is due before it begins")
    if task.hours_low is not None and task.hours_high is not None and task.hours_high < task.hours_low:
        raise EngagementError("the estimate ends below its beginning")
    if task.owner is not None and task.owner.engagement_id != task.engagement_id:
        raise EngagementError("the owner is not on this engagement")


def task_need_add(*, task: Task, needs: Task) -> TaskNeed:
    """Let a task wait for another. EngagementError where the two would wait for each other in a circle."""
    require_open(task.engagement)
    if needs.engagement_id != task.engagement_id:
        raise EngagementError("the two tasks are of different engagements")
    graph: dict[int, set[int]] = {}
    # Two people adding one need each must not close a circle together: the engagement is locked while it is looked at.
    Engagement.objects.select_for_update().get(pk=task.engagement_id)
    for waiting, needed in TaskNeed.objects.filter(engagement=task.engagement).values_list("task_id", "needs_id"):
        graph.setdefault(waiting, set()).add(needed)
    graph.setdefault(task.pk, set()).add(needs.pk)
    if circle := cycle_in(graph):
        names = dict(Task.objects.filter(pk__in=circle).values_list("pk", "number"))
        raise EngagementError(f"they would wait for each other: {' → '.join(str(names[pk]) for pk in circle)}")
    need, is_new = TaskNeed.objects.get_or_create(
        client_id=task.client_id, task=task, needs=needs, defaults={"engagement": task.engagement}
    )
    if is_new:
        record_change(
            task.engagement, "task.need_added", about="task", about_id=task.pk, path=f"tasks/{task.pk}/",
            text=f"let {task} wait for {needs}", after=needs.number, is_internal=not _both_seen(task, needs),
        )  # fmt: skip
    found: TaskNeed = need
    return found


def task_need_remove(*, need: TaskNeed) -> None:
    """Let a task no longer wait for another."""
    task, needs = need.task, need.needs
    require_open(task.engagement)
    need.delete()
    record_change(
        task.engagement, "task.need_removed", about="task", about_id=task.pk, path=f"tasks/{task.pk}/",
        text=f"lets {task} no longer wait for {needs}", before=needs.number, is_internal=not _both_seen(task, needs),
    )  # fmt: skip


def _both_seen(task: Task, needs: Task) -> bool:
    """Whether the client sees both tasks: a line that names them is no more open than either."""
    return bool(task.is_client_visible and needs.is_client_visible)


def task_point_set(*, task: Task, position: int, is_done: bool) -> Task:
    """Tick a point of a task, or take the tick back."""
    require_open(task.engagement)
    if not 0 <= position < len(task.points):
        raise EngagementError("there is no such point")
    task = Task.objects.select_for_update().select_related("engagement").get(pk=task.pk)
    before = sorted(task.points_done)
    task.points_done = sorted({*before, position} if is_done else set(before) - {position})
    if task.points_done != before:
        task.save(update_fields=["points_done"])
        record_change(
            task.engagement, "task.point_set", about="task", about_id=task.pk, path=f"tasks/{task.pk}/",
            text=f"{'ticked' if is_done else 'opened'} “{task.points[position][:80]}” of {task}",
            before=before, after=task.points_done, is_internal=not task.is_client_visible,
        )  # fmt: skip
    return task


def time_add(*, task: Task, user: Any, minutes: int, day: date, note: str = "") -> TimeEntry:
    """Log time on a task: the firm's own, which no one of the client sees."""
    return time_entry(
        engagement=task.engagement, on={"task": task}, user=user, minutes=minutes, day=day, note=note, about="task",
        path=f"tasks/{task.pk}/",
    )  # fmt: skip


def time_entry(
    *,
    engagement: Engagement,
    on: Mapping[str, Any],
    user: Any,
    minutes: int,
    day: date,
    note: str,
    about: str,
    path: str,
) -> TimeEntry:
    """Log time on one thing of an engagement: `on` is the thing by its name. Only consultants who are on it log time."""
    require_open(engagement)
    # Locked while it is looked at: of two people, one making the time final and one logging some, the second is told.
    if Engagement.objects.select_for_update().get(pk=engagement.pk).time_final_at is not None:
        raise IllegalMove("the time of this engagement is final: open it again on the page of the close first")
    if not 1 <= minutes <= LONGEST_ENTRY:
        raise EngagementError("between a minute and 24 hours")
    if not Participant.objects.filter(engagement=engagement, user=user, is_firm_staff=True).exists():
        raise EngagementError("only consultants on the engagement log time: add yourself under People first")
    entry: TimeEntry = TimeEntry.objects.create(
        engagement=engagement, user=user, day=day, minutes=minutes, note=note[:300], **on
    )
    (thing,) = on.values()
    record_change(
        engagement, "time.logged", about=about, about_id=thing.pk, path=path, is_internal=True,
        text=f"logged {minutes} minutes on {thing}", after=minutes, details={"day": day},
    )  # fmt: skip
    return entry


def point_set(*, point: ChecklistPoint, is_done: bool, user: Any, now: datetime | None = None) -> ChecklistPoint:
    """Tick a point of a sub-phase's checklist, or take the tick back."""
    engagement = point.engagement
    require_open(engagement)
    if (point.done_at is not None) == is_done:
        return point
    point.done_at = (now or timezone.now()) if is_done else None
    point.done_by = user if is_done else None
    point.save(update_fields=["done_at", "done_by"])
    record_change(
        engagement, "checklist.point_set", about="checklist", about_id=point.pk, path="checklists/",
        text=f"{'ticked' if is_done else 'opened'} “{point.text[:100]}” ({point.subphase.key})",
        before=not is_done, after=is_done,
    )  # fmt: skip
    return point
