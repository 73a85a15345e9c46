"""How much the client's people really use the portal: sums over the counts of days. Runs in the client's scope.

`adoption_get(first, last) -> Adoption` · `pages_opened(names, first, last)`. The firm's own people are never counted.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Sum

from portal.accounts.counted_pages import SIGN_IN, counted_pages
from portal.accounts.models import PageUse
from portal.tenancy.models import ClientRole, Membership

WEEK = dt.timedelta(days=7)


@dataclass(frozen=True)
class Used:
    """Figures of some rows: sign-ins, people who signed in or opened a page, pages opened, dashboards among them."""

    sign_ins: int
    people: int
    pages: int
    dashboards: int


@dataclass(frozen=True)
class WeekUse:
    """A week that begins on a Monday, in total and by role."""

    first: dt.date
    total: Used
    by_role: tuple[tuple[str, Used], ...]


@dataclass(frozen=True)
class RoleUse:
    """A role of the client: how many people have it now, and what was used in it."""

    role: str
    label: str
    members: int
    used: Used


@dataclass(frozen=True)
class PageFigures:
    """A page: how often it was opened, and by how many people."""

    label: str
    is_dashboard: bool
    times: int
    people: int


@dataclass(frozen=True)
class Adoption:
    """What was used from the first to the last day."""

    first: dt.date
    last: dt.date
    total: Used
    members: int
    weeks: tuple[WeekUse, ...]
    roles: tuple[RoleUse, ...]
    pages: tuple[PageFigures, ...]

    def kept(self) -> dict[str, Any]:
        """The figures as they are kept with a check-in."""
        return {
            "from": self.first.isoformat(), "to": self.last.isoformat(), "members": self.members,
            "sign_ins": self.total.sign_ins, "people": self.total.people, "dashboards": self.total.dashboards,
        }  # fmt: skip


def adoption_get(first: dt.date, last: dt.date) -> Adoption:
    """The use of the portal by the client's people between two days, both included."""
    used = PageUse.objects.filter(is_firm_staff=False, day__gte=first, day__lte=last)
    rows = list(used.exclude(page__contains=":"))  # what a page was about is counted beside the page itself
    members = Counter(Membership.objects.values_list("role", flat=True))
    weeks: defaultdict[dt.date, list[PageUse]] = defaultdict(list)
    for row in rows:
        weeks[monday(row.day)].append(row)
    every = [monday(first) + WEEK * n for n in range((monday(last) - monday(first)).days // 7 + 1)]
    return Adoption(
        first=first,
        last=last,
        total=used_of(rows),
        members=members.total(),
        weeks=tuple(WeekUse(day, used_of(weeks[day]), by_role(weeks[day])) for day in reversed(every)),
        roles=tuple(
            RoleUse(role, label, members[role], used_of([row for row in rows if row.role == role]))
            for role, label in ClientRole.choices
            if members[role] or any(row.role == role for row in rows)
        ),
        pages=pages_of(rows),
    )


def pages_opened(names: Iterable[str], first: dt.date, last: dt.date) -> dict[str, tuple[int, int]]:
    """By the name of its route, or by what it is about: how often the client's people opened a page between two days, and how
    many of them.
    """
    rows = PageUse.objects.filter(is_firm_staff=False, page__in=list(names), day__gte=first, day__lte=last)
    found = rows.order_by("page").values_list("page").annotate(Sum("times"), Count("user", distinct=True))
    return {page: (times, people) for page, times, people in found}


def monday(day: dt.date) -> dt.date:
    """The Monday of a day's week."""
    return day - dt.timedelta(days=day.weekday())


def used_of(rows: list[PageUse]) -> Used:
    """The figures of some rows."""
    known = counted_pages()
    return Used(
        sign_ins=sum(row.times for row in rows if row.page == SIGN_IN),
        people=len({row.user_id for row in rows}),
        pages=sum(row.times for row in rows if row.page != SIGN_IN),
        dashboards=sum(row.times for row in rows if row.page in known and known[row.page].is_dashboard),
    )


def by_role(rows: list[PageUse]) -> tuple[tuple[str, Used], ...]:
    """The figures by role, for the roles that used anything."""
    return tuple(
        (label, used_of(mine))
        for role, label in ClientRole.choices
        if (mine := [row for row in rows if row.role == role])
    )


def pages_of(rows: list[PageUse]) -> tuple[PageFigures, ...]:
    """Each counted page, the most opened first; those that nobody opened are there too."""
    found = []
    for page in counted_pages().values():
        mine = [row for row in rows if row.page == page.name]
        times, people = sum(row.times for row in mine), len({row.user_id for row in mine})
        found.append(PageFigures(page.label, page.is_dashboard, times, people))
    return tuple(sorted(found, key=lambda each: (-each.times, each.label)))
