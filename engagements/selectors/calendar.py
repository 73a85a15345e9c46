"""What a person's calendar holds at one client: meetings, trainings, planned days of gates, tasks, maintenance. In its scope.

The same selectors as on the pages cut away what is not for the reader. Days are the client's; meetings are instants.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from engagements.models import Engagement, Gate, Participant, ProjectTraining
from engagements.selectors.maintenance import checks_of, owner_of
from engagements.selectors.projects import Reader, engagement_list, meeting_list, task_list

PAST, AHEAD = timedelta(days=60), timedelta(days=400)
MOST = 1000  # of one client
MINUTES = 60
LONGEST_MEETING = 24 * 60
NUMBER = re.compile(r"\d{1,4}")


@dataclass(frozen=True)
class Event:
    """One entry: a day, or from an instant to another; `page` is its address here. `uid` stays the same for ever."""

    uid: str
    summary: str
    text: str
    page: str
    starts: datetime | date
    ends: datetime | date
    is_cancelled: bool = False


@dataclass(frozen=True)
class Asked:
    """Whose calendar is made, and how much of it: what the person is on, or all that they may see."""

    reader: Reader
    is_everything: bool
    now: datetime

    def holds(self, day: date) -> bool:
        """Whether a day is near enough to be shown."""
        return self.now.date() - PAST <= day <= self.now.date() + AHEAD


def events_of(asked: Asked, home: str) -> list[Event]:
    """The entries of the client in scope, by day and then by name; `home` is the address of its engagements."""
    found: list[Event] = []
    for engagement in engagement_list(asked.reader):
        me = Participant.objects.filter(engagement=engagement, user=asked.reader.user).first()
        if me is None and not asked.is_everything and not is_owner(engagement, asked):
            continue
        at = Place(engagement, f"{engagement.client.slug}.tieout", f"{home}{engagement.pk}/")
        if engagement.is_open and (me is not None or asked.is_everything):
            found += [*meetings(at, asked), *trainings(at, asked), *gates(at, asked), *tasks(at, asked, me)]
        found += maintenance(at, asked)
    return sorted(found, key=lambda event: (day_of(event.starts), event.summary, event.uid))[:MOST]


@dataclass(frozen=True)
class Place:
    """An engagement, the domain of its entries' names, and the address of its pages."""

    engagement: Engagement
    domain: str
    home: str

    def named(self, what: str) -> str:
        """What an entry is called: of which client it is comes first."""
        return f"{self.engagement.client.name}: {what}"

    def day(self, kind: str, pk: int, what: str, text: str, page: str, day: date) -> Event:
        """An entry of a whole day."""
        uid = f"{kind}-{pk}@{self.domain}"
        return Event(uid, self.named(what), text, f"{self.home}{page}", day, day + timedelta(days=1))


def meetings(at: Place, asked: Asked) -> list[Event]:
    """Meetings that have a time; one that was called off says so, so that it goes from the calendar too."""
    found = []
    for row in meeting_list(at.engagement, asked.reader):
        if row.starts_at is None or not asked.holds(row.starts_at.date()):
            continue
        ends = row.starts_at + timedelta(minutes=minutes_of(row.length))
        text = "\n".join(part for part in (row.purpose, row.people, str(at.engagement)) if part)
        found.append(
            Event(
                f"meeting-{row.pk}@{at.domain}", at.named(row.name), text, f"{at.home}meetings/{row.pk}/", row.starts_at,
                ends, row.state == "cancelled",
            )
        )  # fmt: skip
    return found


def trainings(at: Place, asked: Asked) -> list[Event]:
    """Trainings that have a time and were not held yet."""
    rows = ProjectTraining.objects.filter(engagement=at.engagement, held_on=None).exclude(planned_at=None)
    return [
        Event(
            f"training-{row.pk}@{at.domain}", at.named(f"Training: {row.name}"), f"{row.audience}\n{at.engagement}",
            f"{at.home}build/trainings/{row.pk}/", row.planned_at, row.planned_at + timedelta(minutes=row.minutes),
        )
        for row in rows
        if row.planned_at is not None and asked.holds(row.planned_at.date())
    ]  # fmt: skip


def minutes_of(length: str) -> int:
    """The longer end of a length such as `30-45`; an hour where none is given."""
    numbers = [int(number) for number in NUMBER.findall(length)]
    return min(max(numbers, default=MINUTES) or MINUTES, LONGEST_MEETING)


def gates(at: Place, asked: Asked) -> list[Event]:
    """The days by which shut gates are meant to open."""
    rows = Gate.objects.filter(engagement=at.engagement, state="shut").exclude(planned_on=None).select_related("phase")
    return [
        at.day(
            "gate",
            row.pk,
            f"Gate “{row.name}” planned",
            f"After {row.phase} of {at.engagement}",
            f"gates/{row.pk}/",
            day,
        )
        for row in rows
        if (day := row.planned_on) and asked.holds(day)
    ]


def tasks(at: Place, asked: Asked, me: Participant | None) -> list[Event]:
    """The days on which open tasks are due: one's own, or all."""
    return [
        at.day(
            "task",
            row.pk,
            f"Due: {row.name}",
            f"{row.owner or 'Nobody yet'} · {at.engagement}",
            f"tasks/{row.pk}/",
            day,
        )
        for row in task_list(at.engagement, asked.reader)
        if (day := row.due_on)
        and asked.holds(day)
        and row.state not in {"done", "dropped"}
        and (asked.is_everything or (me is not None and row.owner_id == me.pk))
    ]


def maintenance(at: Place, asked: Asked) -> list[Event]:
    """The days on which checks are due that have no result yet: where one runs the maintenance, or all."""
    if not (asked.is_everything or is_owner(at.engagement, asked)):
        return []
    return [
        at.day(
            "maintenance", row.pk, f"Check: {row}", "\n".join(part for part in (row.look_at, row.red_flag) if part),
            f"maintenance/{row.pk}/", row.due_on,
        )
        for row in checks_of(at.engagement).filter(state="open")
        if asked.holds(row.due_on)
    ]  # fmt: skip


def is_owner(engagement: Engagement, asked: Asked) -> bool:
    """Whether the reader is one of those who run the maintenance."""
    people: tuple[Any, ...] = owner_of(engagement).people if engagement.is_maintained else ()
    return any(person.pk == asked.reader.user.pk for person in people)


def day_of(when: datetime | date) -> date:
    """The day of an instant, or the day itself."""
    return when.date() if isinstance(when, datetime) else when
