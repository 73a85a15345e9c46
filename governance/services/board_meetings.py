"""Meetings of the board. Run in the client's scope.

`meeting_plan(client=, title=, at=, user=)` · `meeting_note(meeting=, version=, number=, note=, user=)` ·
`meeting_keep(meeting=, version=, attendance=, minutes=, user=)` ·
`meeting_close(meeting=, version=, attendance=, minutes=, user=)` · `meeting_cancel(meeting=, version=, user=)`

Which requests are on the agenda is what stands before the board when the meeting is planned; until its minutes are closed
each has the effect that it has now (`governance.selectors.board_meetings`), the largest first. Votes are given on the
requests themselves; a meeting notes what was said, and at its end how each request stood. Closed minutes do not change.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.urls import reverse

from governance.models import Board, BoardMeeting
from governance.selectors.board import board_now
from governance.selectors.board_meetings import agenda_entry, agenda_now
from governance.selectors.voting import votable
from governance.services.problems import DefinitionError, OutdatedError, require_legible
from portal.lib.dates import date_text, instant_text, is_near
from portal.lib.legible import name_fault
from portal.notices.kinds import Kind
from portal.notices.services.raising import notice_add
from portal.tenancy import audit
from portal.tenancy.clock import database_time, day_at
from portal.tenancy.models import Client

LONGEST = 20_000


def meeting_plan(*, client: Client, title: str, at: dt.datetime, user: Any) -> BoardMeeting:
    """A meeting with everything that is before the board now; its members are told.

    DefinitionError for a day that nobody means: more than a year ago, or more than five years ahead.
    """
    if not is_near(at.date(), database_time().date()):
        raise DefinitionError("a meeting is at most a year ago and at most five years ahead: look at its date")
    title = " ".join(title.split()) or "Review board"
    if fault := name_fault(title):
        raise DefinitionError(f"the title {fault}")
    board = Board.objects.select_for_update().first()
    if board is None:
        raise DefinitionError("there is no board yet: start it first")
    agenda = [agenda_entry(request) for request in votable()]
    if not agenda:
        raise DefinitionError("no request is before the board: there is nothing to meet about")
    meeting: BoardMeeting = BoardMeeting.objects.create(
        client=client,
        board=board,
        title=title,
        at=at,
        agenda=agenda,
        planned_by=user,
    )
    audit.record(
        "board.meeting_planned", object_type="board meeting", object_id=meeting.pk, after=agenda,
        details={"title": meeting.title, "at": at, "agenda": [entry["number"] for entry in agenda]},
    )  # fmt: skip
    count = "1 request" if len(agenda) == 1 else f"{len(agenda)} requests"
    path = reverse("board_meeting", kwargs={"client_slug": client.slug, "meeting_id": meeting.pk})
    tell(meeting, f"{named(meeting)}: {count} to decide", path)
    return meeting


def named(meeting: BoardMeeting) -> str:
    """What a meeting is called, and when it is."""
    return f"{meeting.title} on {instant_text(meeting.at, meeting.client.locale, meeting.client.time_zone)}"


def tell(meeting: BoardMeeting, text: str, path: str) -> None:
    """Tell the members of the board of a meeting."""
    now = board_now()
    people = [member.user for member in now.members] if now else []
    about = f"board meeting {meeting.pk}"
    notice_add(client=meeting.client, users=people, kind=Kind.MEETING, text=text, path=path, about=about)


def meeting_cancel(*, meeting: BoardMeeting, version: int, user: Any) -> None:
    """Take back a meeting at which nothing was noted; the log keeps that it was planned, and its members are told."""
    locked = meeting_lock(meeting, version)
    if locked.decisions or locked.minutes or locked.attendance:
        raise DefinitionError("something was noted at this meeting already: close its minutes instead")
    audit.record(
        "board.meeting_cancelled", object_type="board meeting", object_id=locked.pk, before=locked.agenda,
        details={"title": locked.title, "at": locked.at},
    )  # fmt: skip
    path = reverse("board_meetings", kwargs={"client_slug": locked.client.slug})
    tell(locked, f"{named(locked)} is cancelled", path)
    locked.delete()


def meeting_note(*, meeting: BoardMeeting, version: int, number: int, note: str, user: Any) -> BoardMeeting:
    """Keep what was said about one request of the agenda."""
    locked = meeting_lock(meeting, version)
    if number not in [entry["number"] for entry in locked.agenda]:
        raise DefinitionError("this request is not on the agenda")
    require_legible(note)
    before = locked.decisions.get(str(number))
    locked.decisions = locked.decisions | {str(number): {"note": note.strip()[:LONGEST]}}
    return kept(locked, "board.meeting_noted", {"request": number}, before, locked.decisions[str(number)])


def meeting_keep(
    *, meeting: BoardMeeting, version: int, attendance: Sequence[str], minutes: str, user: Any
) -> BoardMeeting:
    """Keep who was there, and the rest of the minutes."""
    return minutes_keep(meeting_lock(meeting, version), attendance, minutes)


def minutes_keep(locked: BoardMeeting, attendance: Sequence[str], minutes: str) -> BoardMeeting:
    """Write who was there and the rest of the minutes, with the audit entry."""
    require_legible(minutes)
    before = [locked.attendance, locked.minutes]
    locked.attendance, locked.minutes = list(attendance), minutes.strip()[:LONGEST]
    return kept(
        locked, "board.minutes_kept", {"attendance": locked.attendance}, before, [locked.attendance, locked.minutes]
    )


def meeting_close(
    *, meeting: BoardMeeting, version: int, attendance: Sequence[str], minutes: str, user: Any
) -> BoardMeeting:
    """Close the minutes with who was there and what was written last, and with how each request of the agenda stands now: its
    effect and hashes are those that were voted on, not those that the meeting was planned with.

    DefinitionError before the day of the meeting, where the client is.
    """
    locked = meeting_lock(meeting, version)
    if not has_begun(locked):
        day = date_text(day_at(locked.client, locked.at))
        raise DefinitionError(f"the meeting is on {day}: its minutes are closed on that day at the earliest")
    if (list(attendance), minutes.strip()) != (locked.attendance, locked.minutes):
        locked = minutes_keep(locked, attendance, minutes)
    locked.agenda, locked.decisions = agenda_now(locked)
    locked.closed_at = database_time()
    locked.sha256 = audit.digest(minutes_content(locked))
    return kept(locked, "board.meeting_closed", {"sha256": locked.sha256}, None, locked.sha256)


def has_begun(meeting: BoardMeeting) -> bool:
    """Whether the day of a meeting has begun where the client is."""
    return day_at(meeting.client, meeting.at) <= day_at(meeting.client, database_time())


def minutes_content(meeting: BoardMeeting) -> dict[str, Any]:
    """What the sha256 of closed minutes is of."""
    return {
        "title": meeting.title, "at": meeting.at, "agenda": meeting.agenda, "attendance": meeting.attendance,
        "minutes": meeting.minutes, "decisions": meeting.decisions, "closed_at": meeting.closed_at,
    }  # fmt: skip


def meeting_lock(meeting: BoardMeeting, version: int) -> BoardMeeting:
    """The meeting, locked. OutdatedError when its minutes are closed or somebody wrote in them since `version` was shown."""
    locked: BoardMeeting = (
        BoardMeeting.objects.select_for_update(of=("self",)).select_related("client").get(pk=meeting.pk)
    )
    if locked.closed_at is not None:
        raise OutdatedError("the minutes are closed and do not change any more")
    if locked.version != version:
        raise OutdatedError()
    return locked


def kept(meeting: BoardMeeting, action: str, details: dict[str, Any], before: Any, after: Any) -> BoardMeeting:
    """Save a meeting with its audit entry."""
    meeting.version += 1
    meeting.save()
    audit.record(
        action, object_type="board meeting", object_id=meeting.pk, before=before, after=after,
        details={"title": meeting.title, **details},
    )  # fmt: skip
    return meeting
