"""Comments with mentions, risks and blockers, and what a meeting leaves behind."""

from datetime import date, datetime
from typing import Any

from django.utils import timezone

from engagements.models import (
    Comment,
    Engagement,
    Meeting,
    MeetingItem,
    MeetingItemKind,
    Mention,
    Participant,
    Risk,
    RiskKind,
    Severity,
)
from engagements.services.changes import record_change
from engagements.services.mentions import is_firms_alone, named_in
from engagements.services.moves import require_open
from engagements.services.problems import EngagementError
from engagements.services.telling import mention_tell, owner_tell
from portal.notices.services.reading import notices_read

ABOUT = {"engagement", "task", "document", "meeting", "risk", "gate"}
LONGEST = 8000


def comment_add(
    *, engagement: Engagement, about: str, about_id: int, text: str, author: Any, is_internal: bool, path: str = ""
) -> Comment:
    """Say something about a thing. `@name` or `@address` of someone on the engagement tells them.

    An internal comment is the firm's alone. EngagementError where there is nothing said, or somebody is named who may not
    read it.
    """
    require_open(engagement)
    if about not in ABOUT:
        raise EngagementError("there is no such thing to talk about")
    if not text.strip() or len(text) > LONGEST:
        raise EngagementError("write something, up to 8,000 characters")
    people = list(Participant.objects.select_related("user").filter(engagement=engagement))
    is_shut = is_internal or is_firms_alone(about, about_id)  # what is said of a thing is no more open than the thing
    named = named_in(text, people, is_shut=is_shut)
    comment: Comment = Comment.objects.create(
        engagement=engagement, about=about, about_id=about_id, text=text.strip(), author=author, is_internal=is_internal
    )
    for person in named:
        Mention.objects.create(engagement=engagement, comment=comment, user=person.user)
    record_change(
        engagement, "comment.added", about=about, about_id=about_id, path=path, is_internal=is_shut,
        text=f"commented: {text.strip()[:120]}", after=text, details={"mentions": [row.user.email for row in named]},
    )  # fmt: skip
    mention_tell(comment=comment, people=named, page=path)
    return comment


def mentions_seen(*, user: Any, about: str, about_id: int, now: datetime | None = None) -> int:
    """Mark what names the reader, and what they were told of the thing, as seen: they have the page open."""
    notices_read(user=user, about=f"{about} {about_id}")
    waiting = Mention.objects.filter(user=user, seen_at=None, comment__about=about, comment__about_id=about_id)
    return waiting.update(seen_at=now or timezone.now())


def risk_add(
    *, engagement: Engagement, kind: str, severity: str, title: str, remedy: str = "", is_internal: bool = False,
    owner: Participant | None = None, about: str = "", about_id: int | None = None,
) -> Risk:  # fmt: skip
    """Name a risk, a blocker or an issue; `about` and `about_id` name the test or component behind it."""
    require_open(engagement)
    if kind not in RiskKind.values or severity not in Severity.values or not title.strip():
        raise EngagementError("say what it is and how grave")
    risk: Risk = Risk.objects.create(
        engagement=engagement,
        kind=kind,
        severity=severity,
        title=title,
        remedy=remedy,
        is_internal=is_internal,
        owner=owner,
        about=about,
        about_id=about_id,
    )
    noun = RiskKind(kind).label.lower()
    raised = f"raised {'an' if noun[0] in 'aeiou' else 'a'} {noun}"
    record_change(
        engagement, "risk.raised", about="risk", about_id=risk.pk, path="risks/", is_internal=is_internal,
        text=f"{raised}: {title}", after={"kind": kind, "severity": severity, "title": title},
    )  # fmt: skip
    return risk


def meeting_note(*, meeting: Meeting, attendees: str, notes: str, internal_notes: str) -> Meeting:
    """Keep what was said; the internal notes are the firm's alone."""
    require_open(meeting.engagement)
    before = [meeting.attendees, meeting.notes, meeting.internal_notes]
    if before == [attendees, notes, internal_notes]:
        return meeting
    is_internal = before[:2] == [attendees, notes]
    meeting.attendees, meeting.notes, meeting.internal_notes = attendees, notes, internal_notes
    meeting.save(update_fields=["attendees", "notes", "internal_notes"])
    record_change(
        meeting.engagement, "meeting.noted", about="meeting", about_id=meeting.pk, path=f"meetings/{meeting.pk}/",
        text=f"wrote notes of {meeting}", before=before, after=[attendees, notes, internal_notes], is_internal=is_internal,
    )  # fmt: skip
    return meeting


def meeting_item_add(
    *, meeting: Meeting, kind: str, text: str, owner: Participant | None = None, due_on: date | None = None
) -> MeetingItem:
    """A decision of the meeting, or homework for somebody until a day."""
    require_open(meeting.engagement)
    if kind not in MeetingItemKind.values or not text.strip():
        raise EngagementError("say what was decided, or what is to be done")
    if kind == MeetingItemKind.HOMEWORK and owner is None:
        raise EngagementError("homework is somebody's: say whose")
    item: MeetingItem = MeetingItem.objects.create(
        engagement=meeting.engagement, meeting=meeting, kind=kind, text=text, owner=owner, due_on=due_on
    )
    whose = f" for {owner}" if owner else ""
    record_change(
        meeting.engagement, f"meeting.{kind}_added", about="meeting", about_id=meeting.pk,
        path=f"meetings/{meeting.pk}/", text=f"noted {MeetingItemKind(kind).label.lower()}{whose}: {text[:200]}",
        after={"text": text, "due_on": due_on},
    )  # fmt: skip
    if kind == MeetingItemKind.HOMEWORK:
        owner_tell(
            engagement=meeting.engagement, owner=owner, text=f"Homework: “{text.rstrip('.')[:300]}”",
            page=f"meetings/{meeting.pk}/", about=f"meeting {meeting.pk}", due_on=due_on,
        )  # fmt: skip
    return item


def homework_set(*, item: MeetingItem, is_done: bool, now: datetime | None = None) -> MeetingItem:
    """Homework is done, or is open again."""
    require_open(item.engagement)
    if item.kind != MeetingItemKind.HOMEWORK:
        raise EngagementError("a decision is not done: it holds")
    if (item.done_at is not None) == is_done:
        return item
    item.done_at = (now or timezone.now()) if is_done else None
    item.save(update_fields=["done_at"])
    record_change(
        item.engagement, "meeting.homework_set", about="meeting", about_id=item.meeting_id,
        path=f"meetings/{item.meeting_id}/", text=f"{'did' if is_done else 'opened again'} homework: {item.text[:200]}",
        before=not is_done, after=is_done,
    )  # fmt: skip
    return item
