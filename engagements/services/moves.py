"""Steps from state to state. Each is in a table (engagements.states); whatever is not is refused and changes nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from engagements import states
from engagements.models import (
    Component,
    Document,
    Engagement,
    Meeting,
    ProjectTest,
    Risk,
    SpecSection,
    Task,
    TaskNeed,
)
from engagements.selectors.closing import closing_now
from engagements.services.changes import record_change
from engagements.services.problems import EngagementError, IllegalMove
from engagements.services.telling import meeting_tell
from portal.tenancy.clock import day_now

Guard = Callable[[Any, str, Mapping[str, Any]], None]


@dataclass(frozen=True)
class Movable:
    """A kind of row that has states: its table of steps, what must hold, and where its page is."""

    model: type[Any]
    machine: states.Machine
    path: str = ""
    guard: Guard | None = None
    internal: str = ""


def _may_move_task(task: Task, step: str, given: Mapping[str, Any]) -> None:
    if step in {"start", "finish"} and task.state == "todo":
        waits = TaskNeed.objects.filter(task=task).exclude(needs__state__in=["done", "dropped"])
        if names := [str(need.needs) for need in waits.select_related("needs")]:
            raise IllegalMove(f"it waits for {', '.join(names)}")
    if step == "block" and not given.get("reason"):
        raise EngagementError("say what it waits for")


def _may_move_document(document: Document, step: str, given: Mapping[str, Any]) -> None:
    if step in {"submit", "approve"} and not document.versions.exists():
        raise IllegalMove("there is no version of it yet")


def _may_move_meeting(meeting: Meeting, step: str, given: Mapping[str, Any]) -> None:
    if step == "schedule" and given.get("starts_at") is None:
        raise EngagementError("say when it takes place")


def _may_move_engagement(engagement: Engagement, step: str, given: Mapping[str, Any]) -> None:
    if step == "close" and (missing := closing_now(engagement, day_now(engagement.client)).missing):
        sentences = [f"{each.text.lower()} ({each.answer.sentence.rstrip('.')})" for each in missing]
        raise IllegalMove(f"this has to hold before the close: {'; '.join(sentences)}")
    if step == "reopen" and not given.get("reason"):
        raise EngagementError("say why it is opened again")


def _may_move_component(component: Component, step: str, given: Mapping[str, Any]) -> None:
    rows = Component.objects.filter(engagement=component.engagement, number__in=component.needs)
    if step == "finish":
        if names := [str(row) for row in rows.exclude(state__in=["built", "verified"]).order_by("number")]:
            raise IllegalMove(f"these come first: {', '.join(names)}")
        blockers = Risk.objects.filter(engagement=component.engagement, about="component", about_id=component.pk)
        if names := [str(row) for row in blockers.exclude(state="closed")]:
            raise IllegalMove(f"this stands in the way: {', '.join(names)}")
    if step == "verify" and given.get("user") is not None and given["user"] == component.built_by:
        raise IllegalMove("somebody else than its builder verifies it")


def _may_move_risk(risk: Risk, step: str, given: Mapping[str, Any]) -> None:
    if (
        step == "close"
        and risk.about == "test"
        and ProjectTest.objects.filter(pk=risk.about_id or 0, state="failed").exists()
    ):
        raise IllegalMove("its test has not passed: test again first")


MOVABLE: dict[str, Movable] = {
    "engagement": Movable(Engagement, states.ENGAGEMENT, "", _may_move_engagement),
    "task": Movable(Task, states.TASK, "tasks/{}/", _may_move_task, internal="is_client_visible"),
    "document": Movable(Document, states.DOCUMENT, "documents/{}/", _may_move_document, internal="is_client_visible"),
    "meeting": Movable(Meeting, states.MEETING, "meetings/{}/", _may_move_meeting),
    "risk": Movable(Risk, states.RISK, "risks/", _may_move_risk, internal="is_internal"),
    "component": Movable(Component, states.COMPONENT, "build/{}/", _may_move_component),
    "spec": Movable(SpecSection, states.SPEC, "build/spec/{}/"),
}


def row_move(*, about: str, row: Any, step: str, user: Any = None, now: datetime | None = None, **given: Any) -> Any:
    """Take a step. IllegalMove where the row's state has no such step or something has to come first."""
    kind = MOVABLE[about]
    row = kind.model.objects.select_for_update().get(pk=row.pk)
    engagement = row if about == "engagement" else row.engagement
    if about != "engagement":
        require_open(engagement)
    after = next_state(kind.machine, row, step)
    if kind.guard is not None:
        kind.guard(row, step, {"user": user, **given})
    before = row.state
    row.state = after
    _take_along(row, after, user, now or timezone.now(), given)
    row.save()
    record_change(
        engagement, f"{about}.moved", about=about, about_id=row.pk, before=before, after=after,
        text=f"moved {row} from {said(before)} to {said(after)}", path=kind.path.format(row.pk),
        is_internal=is_internal(row, kind.internal), details={"step": step, "reason": given.get("reason", "")},
    )  # fmt: skip
    if about == "meeting" and step == "schedule":
        meeting_tell(meeting=row)
    return row


def next_state(machine: states.Machine, row: Any, step: str) -> str:
    """The state that a step leads to; IllegalMove where the row's state has no such step."""
    after = states.target(machine, row.state, step)
    if after is None:
        raise IllegalMove(f"{row}: {said(row.state)} has no step '{said(step)}'")
    return after


def _take_along(row: Any, after: str, user: Any, now: datetime, given: Mapping[str, Any]) -> None:
    """What a step writes beside the state."""
    if isinstance(row, Task):
        row.moved_at = now
        row.waiting_reason = given.get("reason", "")[:300] if after == "blocked" else ""
    elif isinstance(row, Meeting) and given.get("starts_at") is not None:
        row.starts_at = given["starts_at"]
    elif isinstance(row, Component):
        row.built_at, row.built_by = (
            (now, user) if after == "built" else (None, None) if after == "building" else (row.built_at, row.built_by)
        )
        row.verified_at, row.verified_by = (now, user) if after == "verified" else (None, None)
    elif isinstance(row, Engagement):
        row.closed_at = now if after in {"closed", "archived"} else None


def is_internal(row: Any, field: str) -> bool:
    """Whether the client may not see the row: by the field that says so, whichever way round it says it."""
    if not field:
        return False
    return bool(getattr(row, field)) == (field == "is_internal")


def require_open(engagement: Engagement) -> None:
    """IllegalMove where the engagement is closed: it stays readable, nothing in it changes."""
    if not engagement.is_open:
        raise IllegalMove(closed_sentence(engagement))


def closed_sentence(engagement: Engagement) -> str:
    """Why nothing in the engagement changes."""
    return f"{engagement} is {engagement.state}: nothing in it changes any more, unless a partner opens it again"


def said(word: str) -> str:
    """A state or a step as people read it."""
    return word.replace("_", " ")
