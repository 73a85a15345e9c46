"""The review after the fact of what one person decided alone: opened, reminded of, closed.

`review_open(client=, request=, vote=, reason=) -> EmergencyReview` · `review_close(client=, review=, state=, text=, user=)` ·
`reviews_remind(client=, now=) -> int` · `reviews_due() -> datetime | None`
"""

import datetime as dt
from typing import Any, Final

from django.db.models import Min

from governance.models import ChangeRequest, ChangeVote, EmergencyReview, ReviewState
from governance.selectors.board import board_now
from governance.services.change_news import change_path
from governance.services.news import DUE, EVERY, FIRST_AFTER
from portal.lib.dates import date_text
from portal.notices.audience import members_in
from portal.notices.kinds import Kind
from portal.notices.services.raising import notice_add
from portal.tenancy import audit
from portal.tenancy.clock import database_time, day_now
from portal.tenancy.dispatch import earlier_run
from portal.tenancy.models import Client, ClientRole

WITHIN: Final = dt.timedelta(days=7)


def review_open(*, client: Client, request: ChangeRequest, vote: ChangeVote, reason: str) -> EmergencyReview:
    """Owe the board a look at what was decided alone, and tell it, Finance and RevOps at once."""
    now = database_time()
    review: EmergencyReview = EmergencyReview.objects.create(
        client=client, request=request, vote=vote, reason=reason, due_on=day_now(client) + WITHIN,
        next_reminder_at=now + FIRST_AFTER,
    )  # fmt: skip
    earlier_run(client=client, column=DUE, at=now + FIRST_AFTER)
    audit.record(
        "change.emergency", object_type="change request", object_id=request, after=reason,
        details={"number": request.number, "title": request.title, "reason": reason, "review_due": review.due_on},
    )  # fmt: skip
    text = (
        f"{vote.user.get_full_name()} approved {request} “{request.title}” alone, as an emergency: {reason.rstrip('.')}. "
        f"The board looks at it by {date_text(review.due_on)}"
    )
    people = [*members_in(ClientRole.FINANCE, ClientRole.REVOPS), *board_people()]
    tell(client, review, people, text, Kind.EMERGENCY)
    return review


def review_close(*, client: Client, review: EmergencyReview, state: str, text: str, user: Any) -> EmergencyReview:
    """The end of a review: confirmed, or objected to. An objection undoes nothing; it is kept, and those concerned hear."""
    review.state, review.closed_at, review.closed_text, review.next_reminder_at = state, database_time(), text, None
    review.save(update_fields=["state", "closed_at", "closed_text", "next_reminder_at"])
    request = review.request
    audit.record(
        "change.emergency_reviewed", object_type="change request", object_id=request, before=ReviewState.OPEN, after=state,
        details={"number": request.number, "outcome": state, "text": text},
    )  # fmt: skip
    how = "objected to by the board" if state == ReviewState.OBJECTED else "confirmed by the board"
    tail = " To undo it, ask for another change" if state == ReviewState.OBJECTED else ""
    said = f"The emergency decision on {request} “{request.title}” is {how}. {text.rstrip('.')}.{tail}"
    people = [review.vote.user, *([request.requested_by] if request.requested_by else []), *board_people()]
    tell(client, review, people, said, Kind.EMERGENCY if state == ReviewState.OBJECTED else Kind.CHANGE)
    return review


def reviews_due() -> dt.datetime | None:
    """When the board is next to be reminded."""
    rows = EmergencyReview.objects.filter(state=ReviewState.OPEN)
    at: dt.datetime | None = rows.aggregate(at=Min("next_reminder_at"))["at"]
    return at


def reviews_remind(*, client: Client, now: dt.datetime) -> int:
    """Remind the board of the reviews that are due at `now`; gives how many."""
    rows = EmergencyReview.objects.select_for_update(of=("self",)).filter(
        state=ReviewState.OPEN, next_reminder_at__lte=now
    )
    due = list(rows.select_related("request", "vote__user"))
    for review in due:
        late = "was due" if review.due_on < day_now(client) else "is due"
        name = f"{review.request} “{review.request.title}”"
        text = f"The review of {name} {late} on {date_text(review.due_on)}: vote on it, or object"
        review.next_reminder_at = now + EVERY
        review.save(update_fields=["next_reminder_at"])
        tell(client, review, board_people(), text, Kind.EMERGENCY)
        audit.record(
            "change.review_reminded", object_type="change request", object_id=review.request,
            details={"number": review.request.number, "due": review.due_on},
        )  # fmt: skip
    return len(due)


def board_people() -> list[Any]:
    """Everybody who sits on the board."""
    board = board_now()
    return [member.user for member in board.members] if board else []


def tell(client: Client, review: EmergencyReview, people: list[Any], text: str, kind: str) -> None:
    """A notice that leads to the request."""
    number = review.request.number
    notice_add(
        client=client, users=people, kind=kind, text=text, path=change_path(client, number), about=f"change {number}"
    )
