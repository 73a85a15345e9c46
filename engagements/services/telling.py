"""Whom a change of an engagement is told, and in which words.

`gate_tell(gate=, text=)` · `meeting_tell(meeting=)` · `office_hours_tell(meetings=)` ·
`owner_tell(engagement=, owner=, text=, page=, about=)` · `left_tell(engagement=, users=, who=, named=)` ·
`mention_tell(comment=, people=, page=)` ·
`maintenance_tell(engagement=, people=, text=, page=, key=)` · `after_tell(engagement=, people=, text=, page=, key=)` ·
`survey_tell(engagement=, user=, survey_id=, by_mail=)` · `handoff_tell(engagement=, receiver=, text=)`
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.urls import reverse

from engagements.models import Comment, Engagement, Gate, Meeting, MeetingItem, Participant
from engagements.services.changes import actor_name
from portal.lib.dates import date_text, instant_text, own_locale
from portal.notices.audience import people_who
from portal.notices.kinds import Kind
from portal.notices.services.days import zone_of
from portal.notices.services.raising import notice_add
from portal.tenancy.permissions import VIEW_ARR


def page_of(engagement: Engagement, page: str) -> str:
    """The address of a page of the engagement."""
    home = reverse("engagement", kwargs={"client_slug": engagement.client.slug, "engagement_id": engagement.pk})
    return f"{home}{page}"


def gate_tell(*, gate: Gate, text: str) -> None:
    """Everybody on the engagement hears what was decided about a gate."""
    engagement = gate.engagement
    rows = Participant.objects.filter(engagement=engagement).select_related("user")
    notice_add(
        client=engagement.client, users=[row.user for row in rows], kind=Kind.GATE,
        text=f"{actor_name()} {text} ({engagement})", path=page_of(engagement, f"gates/{gate.pk}/"),
        about=f"gate {gate.pk}",
    )  # fmt: skip


def meeting_tell(*, meeting: Meeting) -> None:
    """Everybody on the engagement hears when a meeting is, in their own time, with what is theirs to do before it."""
    engagement = meeting.engagement
    assert meeting.starts_at is not None
    homework: dict[int, list[str]] = {}
    open_ones = MeetingItem.objects.filter(engagement=engagement, kind="homework", done_at=None).order_by("pk")
    for item in open_ones:
        homework.setdefault(item.owner_id or 0, []).append(item.text.rstrip("."))
    for row in Participant.objects.filter(engagement=engagement).select_related("user"):
        zone, locale = zone_of(engagement.client, row.user), own_locale(row.user.locale) or engagement.client.locale
        text = f"{meeting} ({engagement}) is on {instant_text(meeting.starts_at, locale, zone)}."
        if mine := homework.get(row.pk):
            text += f" Yours before it: {'; '.join(mine)}."
        notice_add(
            client=engagement.client, users=[row.user], kind=Kind.MEETING, text=text,
            path=page_of(engagement, f"meetings/{meeting.pk}/"), about=f"meeting {meeting.pk}",
        )  # fmt: skip


def office_hours_tell(*, meetings: Sequence[Meeting]) -> None:
    """Everybody on the engagement hears once of a series of office hours, in their own time."""
    first = meetings[0]
    engagement = first.engagement
    assert first.starts_at is not None
    for row in Participant.objects.filter(engagement=engagement).select_related("user"):
        zone, locale = zone_of(engagement.client, row.user), own_locale(row.user.locale) or engagement.client.locale
        count = "one" if len(meetings) == 1 else f"{len(meetings)}, one a week"
        text = f"Office hours of {engagement}: {count}, the first on {instant_text(first.starts_at, locale, zone)}."
        notice_add(
            client=engagement.client, users=[row.user], kind=Kind.MEETING, text=text,
            path=page_of(engagement, "maintenance/"), about=f"office hours {engagement.pk}",
        )  # fmt: skip


def owner_tell(
    *, engagement: Engagement, owner: Participant | None, text: str, page: str, about: str, due_on: date | None = None
) -> None:
    """Whoever something is given to hears of it."""
    if owner is None:
        return
    locale = own_locale(owner.user.locale) or engagement.client.locale
    due = f", due {date_text(due_on, locale)}" if due_on else ""
    notice_add(
        client=engagement.client, users=[owner.user], kind=Kind.TASK, text=f"{text} is yours{due} ({engagement})",
        path=page_of(engagement, page), about=about,
    )  # fmt: skip


def left_tell(*, engagement: Engagement, users: Iterable[Any], who: str, named: str) -> None:
    """Whoever can hand it on hears of work that is nobody's, since its owner is gone."""
    notice_add(
        client=engagement.client, users=users, kind=Kind.TASK, path=page_of(engagement, "tasks/"),
        text=f"{who} left, and nobody takes care any more of {named}: hand it on ({engagement})",
        about=f"engagement {engagement.pk}",
    )  # fmt: skip


def mention_tell(*, comment: Comment, people: Iterable[Participant], page: str) -> None:
    """Whoever is named in a comment hears of it, with its beginning."""
    engagement = comment.engagement
    notice_add(
        client=engagement.client, users=[row.user for row in people], kind=Kind.MENTIONED,
        text=f"{comment.author.get_full_name()} mentions you: {comment.text[:300]}",
        path=page_of(engagement, page), about=f"{comment.about} {comment.about_id}",
    )  # fmt: skip


def maintenance_tell(
    *, engagement: Engagement, people: Iterable[Any], text: str, page: str, key: str, plain: str = ""
) -> None:
    """People hear of what goes on after the launch; with the same `key` once, and by one mail a day at most. Where it holds
    figures, whoever may not see these is told `plain`.
    """
    sees_figures = set(people_who(engagement.client, VIEW_ARR)) if plain else set()
    told = [(text, [each for each in people if each in sees_figures or not plain])]
    told += [(plain, [each for each in people if each not in sees_figures])] if plain else []
    for words, users in told:
        notice_add(
            client=engagement.client, users=users, kind=Kind.MAINTENANCE, text=f"{engagement}: {words}",
            path=page_of(engagement, page), about=f"maintenance {engagement.pk}", key=f"{key} {engagement.pk}",
        )  # fmt: skip


def after_tell(*, engagement: Engagement, people: Iterable[Any], text: str, page: str, key: str) -> None:
    """People hear of what comes after the end of an engagement; with the same `key` once."""
    keys = {"client_slug": engagement.client.slug, "engagement_id": engagement.pk}
    notice_add(
        client=engagement.client, users=people, kind=Kind.MAINTENANCE, text=f"{engagement}: {text}",
        path=f"{reverse('after', kwargs=keys)}{page}", about=f"after {engagement.pk}", key=key,
    )  # fmt: skip


def survey_tell(*, engagement: Engagement, user: Any, survey_id: int, by_mail: bool) -> None:
    """One of the client's people is asked how the project was; `by_mail` where no link of their own goes out."""
    keys = {"client_slug": engagement.client.slug, "engagement_id": engagement.pk, "survey_id": survey_id}
    notice_add(
        client=engagement.client, users=[user], kind=Kind.ANSWERS, path=reverse("survey", kwargs=keys), by_mail=by_mail,
        text=f"How was {engagement}? A few questions, each with a number from 1 to 5", key=f"survey {survey_id}",
    )  # fmt: skip


def handoff_tell(*, engagement: Engagement, receiver: Participant, text: str) -> None:
    """Whoever receives a handoff hears that it waits for them."""
    notice_add(
        client=engagement.client, users=[receiver.user], kind=Kind.TASK, text=f"{text} ({engagement})",
        path=page_of(engagement, "handoff/"), about=f"handoff {engagement.pk}",
    )  # fmt: skip
