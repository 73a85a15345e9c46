"""Reading the maintenance of an engagement: its schedule by month, who owns it, and what is late. In the client's scope."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import QuerySet

from engagements.models import Engagement, MaintenanceCheck, Participant
from engagements.playbook.terms import Cadence
from portal.lib.periods import first_day, month_of
from portal.tenancy.clock import day_at
from portal.tenancy.models import FirmMembership, FirmRole, Membership

CADENCE_WORDS = {
    Cadence.MONTHLY: "Every month",
    Cadence.QUARTERLY: "Every quarter of the fiscal year",
    Cadence.FIRST_CYCLE: "Once, 60 to 90 days after the launch",
    Cadence.HALF_YEARLY: "Every 6 to 12 months",
}
SETTLED = ("ok", "solved", "not_applicable")


@dataclass(frozen=True)
class Owner:
    """Who runs the maintenance: the playbook's words, of whose side, and the people."""

    words: str
    handed_at: str
    is_firm: bool
    people: tuple[Any, ...]

    @property
    def names(self) -> str:
        return ", ".join(person.get_full_name() for person in self.people)


@dataclass(frozen=True)
class CheckMonth:
    """The checks that are due in a month."""

    first: date
    checks: tuple[MaintenanceCheck, ...]
    open_count: int


def local_day(engagement: Engagement, now: datetime) -> date:
    """The day it is where the client is."""
    return day_at(engagement.client, now)


def owner_of(engagement: Engagement) -> Owner:
    """Who owns the maintenance, by the type of the engagement, and which people that is now.

    At the client: those on the engagement for the owning function, else those whose role it is. At the firm: its architects on
    the engagement, else all of its people there.
    """
    rules = engagement.content.get("maintenance_owners", [])
    rule: dict[str, Any] = next((each for each in rules if each["kind"] == engagement.kind), {})
    is_firm = rule.get("side", "firm") == "firm"
    people = firm_people(engagement) if is_firm else client_people(engagement, rule.get("function", ""))
    return Owner(rule.get("owner", ""), rule.get("handed_at", ""), is_firm, tuple(people))


def firm_people(engagement: Engagement) -> list[Any]:
    """The architects of the firm on the engagement; without one, all of the firm's people on it."""
    rows = Participant.objects.filter(engagement=engagement, is_firm_staff=True).select_related("user").order_by("pk")
    people = [row.user for row in rows if row.user.is_active]
    architects = FirmMembership.objects.filter(
        firm_id=engagement.client.firm_id, role=FirmRole.ARCHITECT, user__in=people
    )
    chosen = set(architects.values_list("user_id", flat=True))
    return [person for person in people if person.pk in chosen] or people


def client_people(engagement: Engagement, function: str) -> list[Any]:
    """The client's people on the engagement for a function; without one, those whose role it is."""
    rows = Participant.objects.filter(engagement=engagement, is_firm_staff=False, function=function)
    found = [row.user for row in rows.select_related("user").order_by("pk") if row.user.is_active]
    if found:
        return found
    members = Membership.objects.filter(role=function).values_list("user_id", flat=True)
    return list(get_user_model().objects.filter(pk__in=list(members), is_active=True).order_by("name", "pk"))


def both_sides(engagement: Engagement) -> list[Any]:
    """The people of firm and client on the engagement, each once."""
    rows = Participant.objects.filter(engagement=engagement).select_related("user").order_by("-is_firm_staff", "pk")
    return [row.user for row in rows if row.user.is_active]


def checks_of(engagement: Engagement) -> "QuerySet[MaintenanceCheck]":
    """All checks of an engagement."""
    return MaintenanceCheck.objects.filter(engagement=engagement).order_by("due_on", "pk")


def late_checks(engagement: Engagement, today: date) -> "QuerySet[MaintenanceCheck]":
    """Open checks whose day has passed, the oldest first."""
    return checks_of(engagement).filter(state="open", due_on__lt=today)


def due_checks(engagement: Engagement, today: date) -> "QuerySet[MaintenanceCheck]":
    """Open checks that can be done: their period is over."""
    return checks_of(engagement).filter(state="open", opens_on__lte=today)


def by_month(checks: Iterable[MaintenanceCheck]) -> list[CheckMonth]:
    """Checks by the month in which they are due, in the order they come in."""
    months: dict[int, list[MaintenanceCheck]] = {}
    for check in checks:
        months.setdefault(month_of(check.due_on), []).append(check)
    return [
        CheckMonth(first_day(month), tuple(rows), sum(row.state in {"open", "red_flag"} for row in rows))
        for month, rows in months.items()
    ]


def task_rhythm(engagement: Engagement) -> list[dict[str, Any]]:
    """The playbook's maintenance by rhythm: the words of each, and its tasks."""
    tasks = engagement.content.get("maintenance", [])
    return [
        {"words": words, "tasks": mine}
        for cadence, words in CADENCE_WORDS.items()
        if (mine := [task for task in tasks if task["cadence"] == cadence])
    ]
