"""Reading engagements, for the firm's people and for the client's: each sees what is theirs to see.

What only the firm may read (`INTERNAL`) is blank on every row that a client's page gets, and rows that are the firm's alone
are not among them.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from engagements.models import (
    Activity,
    Comment,
    Document,
    Engagement,
    Meeting,
    Milestone,
    Participant,
    Risk,
    Task,
    TaskNeed,
    TimeEntry,
)

INTERNAL: dict[type[Any], dict[str, Any]] = {
    Engagement: {"internal_note": ""},
    Task: {"internal_note": "", "hours_low": None, "hours_high": None},
    Meeting: {"internal_notes": ""},
    Milestone: {"budget": None},
}
FEED = 10


@dataclass(frozen=True)
class Reader:
    """Who reads: the person, and whether of the firm."""

    user: Any
    is_firm_staff: bool


def cut(row: Any, reader: Reader) -> Any:
    """The row as this reader may see it."""
    if not reader.is_firm_staff:
        for name, blank in INTERNAL.get(type(row), {}).items():
            setattr(row, name, blank)
    return row


def cut_all(rows: Any, reader: Reader) -> list[Any]:
    """The rows as this reader may see them."""
    return [cut(row, reader) for row in rows]


def engagement_list(reader: Reader) -> list[Engagement]:
    """The client's engagements, the newest first."""
    return cut_all(Engagement.objects.select_related("client").order_by("-starts_on", "-pk"), reader)


def name_suggested(playbook: str, day: date) -> str:
    """A name that no engagement of the client has: the playbook's, with the quarter where it is taken, else none."""
    taken = set(Engagement.objects.filter(name__startswith=playbook).values_list("name", flat=True))
    names = (playbook, f"{playbook}, Q{(day.month + 2) // 3} {day.year}")
    return next((name for name in names if name not in taken), "")


def task_list(engagement: Engagement, reader: Reader) -> list[Task]:
    """The tasks in their order."""
    rows = Task.objects.filter(engagement=engagement).select_related("owner__user", "subphase", "milestone")
    rows = rows if reader.is_firm_staff else rows.filter(is_client_visible=True)
    return cut_all(rows.order_by("number"), reader)


def task_needs(engagement: Engagement, reader: Reader) -> dict[int, list[TaskNeed]]:
    """Task → what it waits for."""
    rows = TaskNeed.objects.filter(engagement=engagement).select_related("task", "needs").order_by("needs__number")
    if not reader.is_firm_staff:
        rows = rows.filter(task__is_client_visible=True, needs__is_client_visible=True)
    found: dict[int, list[TaskNeed]] = {}
    for row in rows:
        found.setdefault(row.task_id, []).append(row)
    return found


def minutes_by_task(engagement: Engagement, reader: Reader) -> dict[int, int]:
    """Task → minutes logged; the firm's alone."""
    if not reader.is_firm_staff:
        return {}
    found: dict[int, int] = {}
    for task_id, minutes in TimeEntry.objects.filter(engagement=engagement).values_list("task_id", "minutes"):
        found[task_id] = found.get(task_id, 0) + minutes
    return found


def time_list(task: Task, reader: Reader) -> list[TimeEntry]:
    """The time entries of a task; the firm's alone."""
    if not reader.is_firm_staff:
        return []
    return list(TimeEntry.objects.filter(task=task).select_related("user").order_by("-day", "-pk"))


def document_list(engagement: Engagement, reader: Reader) -> list[Document]:
    """The documents in their order."""
    rows = Document.objects.filter(engagement=engagement).order_by("position", "pk")
    return list(rows if reader.is_firm_staff else rows.filter(is_client_visible=True))


def meeting_list(engagement: Engagement, reader: Reader) -> list[Meeting]:
    """The meetings in their order."""
    return cut_all(Meeting.objects.filter(engagement=engagement).order_by("position", "pk"), reader)


def risk_list(engagement: Engagement, reader: Reader) -> list[Risk]:
    """Risks, blockers and issues: the open ones first, the gravest of them on top."""
    rows = Risk.objects.filter(engagement=engagement).select_related("owner__user")
    rows = rows if reader.is_firm_staff else rows.filter(is_internal=False)
    grave = {"critical": 0, "medium": 1, "low": 2}
    return sorted(rows, key=lambda row: (row.state == "closed", grave[row.severity], row.pk))


def comment_list(engagement: Engagement, about: str, about_id: int, reader: Reader) -> list[Comment]:
    """What was said about a thing."""
    rows = Comment.objects.filter(engagement=engagement, about=about, about_id=about_id).select_related("author")
    return list(rows.order_by("pk") if reader.is_firm_staff else rows.filter(is_internal=False).order_by("pk"))


def activity_list(engagement: Engagement, reader: Reader, most: int = FEED) -> list[Activity]:
    """The newest lines of the feed."""
    rows = Activity.objects.filter(engagement=engagement).order_by("-pk")
    return list((rows if reader.is_firm_staff else rows.filter(is_internal=False))[:most])


def participant_list(engagement: Engagement) -> list[Participant]:
    """The people on the engagement: the firm's first."""
    rows = Participant.objects.filter(engagement=engagement).select_related("user")
    return list(rows.order_by("-is_firm_staff", "user__name", "pk"))
