"""Asking for votes, and votes that no longer stand because what they were about has changed.

`votes_ask(request=) -> int` · `votes_void(request=, reason=) -> int`

A void vote is kept for ever with its reason, and whoever gave it is told. Whether or not a vote has been marked, it counts only
while its two hashes are those of the request and of its consequence.
"""

from typing import Any

from governance.board_words import joined
from governance.models import ChangeRequest, ChangeVote, EmergencyReview, ReviewState
from governance.selectors.board import board_now
from governance.selectors.voting import decision_of
from governance.services.change_news import change_path
from portal.notices.kinds import Kind
from portal.notices.services.raising import notice_add
from portal.tenancy import audit
from portal.tenancy.clock import database_time


def votes_ask(*, request: ChangeRequest) -> int:
    """Tell everybody on the board who may vote that a request waits for them; gives how many."""
    board = board_now()
    if board is None:
        return 0
    may = {seat.user_id for seat in decision_of(request, board).seats}
    people = [member.user for member in board.members if member.user_id in may]
    text = f"{request} “{request.title}” waits for your vote"
    return tell(request, people, text, Kind.VOTE)


def votes_outdate(request: ChangeRequest | None, sha256: str) -> int:
    """Let votes on another consequence than the one of `sha256` be void, where a request is before the board."""
    if (
        request is None
        or not ChangeVote.objects.filter(request=request, voided_at=None).exclude(preview_sha256=sha256).exists()
    ):
        return 0
    return votes_void(request=request, reason="Its effect was computed anew, and is another")


def votes_void(*, request: ChangeRequest, reason: str) -> int:
    """Let every standing vote on a request be void, and tell whoever gave it; gives how many.

    A review after the fact that nobody made has nothing to look at any more, and ends with them.
    """
    now = database_time()
    standing = ChangeVote.objects.filter(request=request, voided_at=None)
    votes = list(standing.select_related("user"))
    if not votes:
        return 0
    standing.update(voided_at=now, void_reason=reason[:200])
    EmergencyReview.objects.filter(request=request, state=ReviewState.OPEN).update(
        state=ReviewState.MOOT, closed_at=now, closed_text=reason, next_reminder_at=None
    )
    audit.record(
        "change.votes_void", object_type="change request", object_id=request, before=len(votes), after=0,
        details={"number": request.number, "reason": reason,
                 "votes": [[vote.user.email, vote.function, vote.decision] for vote in votes]},
    )  # fmt: skip
    people = [vote.user for vote in votes]
    names = joined(person.get_full_name() for person in people)
    text = f"{request} “{request.title}”: {reason}. The votes of {names} are void; a new vote is asked for where it comes back"
    tell(request, people, text, Kind.CHANGE_WAITS)
    return len(votes)


def tell(request: ChangeRequest, people: list[Any], text: str, kind: Kind) -> int:
    """A notice that leads to the request."""
    return notice_add(
        client=request.client, users=people, kind=kind, text=text,
        path=f"{change_path(request.client, request.number)}#votes", about=f"change {request.number}",
    )  # fmt: skip
