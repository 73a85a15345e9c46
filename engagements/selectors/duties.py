"""What people take care of in engagements: what is nobody's once they left. Runs in the client's scope.

`duties_held() -> list[Held]` · `WORK` — the kinds of open work that has an owner
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import QuerySet

from engagements.models import CheckIn, Component, MeetingItem, Risk, Task
from portal.accounts.duties import Held, owned

OPEN: Final = ("active", "paused")  # of engagements: in others no work is done any more


@dataclass(frozen=True)
class OfPeople:
    """A kind of work: its rows that are open, how one is called, where it is, and whether it is the firm's alone."""

    about: str
    one: str
    many: str
    rows: Callable[[], "QuerySet[Any]"]
    path: Callable[[Any], str]
    title: Callable[[Any], str] = lambda row: f"“{row}”"
    is_internal: Callable[[Any], bool] = lambda row: False

    def counted(self, count: int) -> str:
        """So many of them."""
        return f"{count} {self.one if count == 1 else self.many}"


def tasks() -> "QuerySet[Task]":
    """Those that are not done."""
    return Task.objects.filter(engagement__state__in=OPEN).exclude(state__in=("done", "dropped"))


def homework() -> "QuerySet[MeetingItem]":
    """That is not done."""
    return MeetingItem.objects.filter(engagement__state__in=OPEN, kind="homework", done_at=None)


def risks() -> "QuerySet[Risk]":
    """Those that are not closed."""
    return Risk.objects.filter(engagement__state__in=OPEN).exclude(state="closed")


def components() -> "QuerySet[Component]":
    """Those that are still to be built."""
    return Component.objects.filter(engagement__state__in=OPEN).exclude(state__in=("built", "verified"))


def check_ins() -> "QuerySet[CheckIn]":
    """Those that are still to be held, after the end of their engagement."""
    return CheckIn.objects.filter(held_on=None)


WORK: Final = (
    OfPeople("task", "task", "tasks", tasks, lambda row: f"tasks/{row.pk}/", is_internal=lambda row: not row.is_client_visible),
    OfPeople(
        "meeting", "piece of homework", "pieces of homework", homework, lambda row: f"meetings/{row.meeting_id}/",
        title=lambda row: f"“{row.text[:80]}”",
    ),
    OfPeople("risk", "risk", "risks", risks, lambda row: "risks/", is_internal=lambda row: row.is_internal),
    OfPeople("component", "component", "components", components, lambda row: f"build/{row.pk}/"),
    OfPeople("check_in", "check-in", "check-ins", check_ins, lambda row: ""),
)  # fmt: skip


def duties_held() -> list[Held]:
    """How much open work of engagements each person has, in one query for each kind."""
    return [Held(each.one, each.many, owned(each.rows(), "owner__user")) for each in WORK]
