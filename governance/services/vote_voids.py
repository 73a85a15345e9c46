"""Asking for votes, and votes that no longer stand because what they were about has changed.

`votes_ask(request=) -> int` · `votes_void(request=, reason=) -> int` · `votes_leave(client, person)` · `requests_hold(client)`

A void vote is kept for ever with its reason, and whoever gave it is told. Whether or not a vote has been marked, it counts only
while its two hashes are those of the request and of its consequence. Whoever has lost their seat has lost the votes from
it too: back in the same seat, for the same function, they vote anew.
"""

from typing import Any, Final

from django.db.models import Q, QuerySet

from governance.board_words import joined
from governance.models import ChangeRequest, ChangeState, ChangeVote, EmergencyReview, ReviewState
from governance.selectors.board import board_now
from governance.selectors.voting import decision_of, sentence_of
from governance.services.change_news import change_path
from portal.notices.kinds import Kind
from portal.notices.services.raising import notice_add
from portal.tenancy import audit
from portal.tenancy.clock import database_time
from portal.tenancy.models import Client

UNDECIDED: Final = (ChangeState.REVIEW, ChangeState.IMPACT)  # votes on the same effect outlive its being computed anew
WITHOUT_SEAT: Final = "Whoever gave it sits on the board no more"


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
    votes = void(request, ChangeVote.objects.filter(request=request, voided_at=None), reason)
    if not votes:
        return 0
    EmergencyReview.objects.filter(request=request, state=ReviewState.OPEN).update(
        state=ReviewState.MOOT, closed_at=database_time(), closed_text=reason, next_reminder_at=None
    )
    people = [vote.user for vote in votes]
    names = joined(person.get_full_name() for person in people)
    text = f"{request} “{request.title}”: {reason}. The votes of {names} are void; a new vote is asked for where it comes back"
    tell(request, people, text, Kind.CHANGE_WAITS)
    return len(votes)


def requests_hold(client: Client, *changed: Any) -> None:
    """Lock what is voted on before anything of somebody's leaving is audited: a vote holds its request, and then asks for the
    log. The other way round they would wait for each other.
    """
    list(undecided().select_for_update(of=("self",)).order_by("pk").values_list("pk"))


def undecided() -> "QuerySet[ChangeRequest]":
    """The requests on which votes count that may still be void."""
    looked_at = EmergencyReview.objects.filter(state=ReviewState.OPEN).values("request")
    return ChangeRequest.objects.filter(Q(state__in=UNDECIDED) | Q(pk__in=looked_at))


def votes_leave(client: Client, person: Any) -> None:
    """Let the votes of somebody without a seat be void wherever the board has still to decide; its other members are told how
    it stands. What was decided stays decided, also by one person alone.
    """
    board = board_now()
    if board is None or board.member(person) is not None:
        return
    # Locked first: a vote that is being given has its request locked, and is seen once that is over.
    held = undecided().select_related("client", "preview").select_for_update(of=("self",))
    for request in held.order_by("pk"):
        standing = ChangeVote.objects.filter(request=request, user=person, voided_at=None, is_emergency=False)
        if void(request, standing, WITHOUT_SEAT):
            others = [member.user for member in board.members]
            name = person.get_full_name()
            text = f"{request} “{request.title}”: {name} sits on the board no more, and their vote is void."
            tell(request, others, f"{text} {sentence_of(request, decision_of(request, board))}", Kind.VOTE)


def void(request: ChangeRequest, standing: "QuerySet[ChangeVote]", reason: str) -> list[ChangeVote]:
    """Let these votes on a request be void, with their audit entry; gives them."""
    votes = list(standing.select_related("user"))
    if not votes:
        return []
    all_before = ChangeVote.objects.filter(request=request, voided_at=None).count()
    standing.update(voided_at=database_time(), void_reason=reason[:200])
    audit.record(
        "change.votes_void", object_type="change request", object_id=request, before=all_before,
        after=all_before - len(votes),
        details={"number": request.number, "reason": reason,
                 "votes": [[vote.user.email, vote.function, vote.decision] for vote in votes]},
    )  # fmt: skip
    return votes


def tell(request: ChangeRequest, people: list[Any], text: str, kind: Kind) -> int:
    """A notice that leads to the request."""
    return notice_add(
        client=request.client, users=people, kind=kind, text=text,
        path=f"{change_path(request.client, request.number)}#votes", about=f"change {request.number}",
    )  # fmt: skip
