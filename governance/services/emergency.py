"""Approving alone, where it cannot wait for the board.

`emergency_approve(client=, request=, user=, reason=, shown=, proof=, place=) -> EmergencyReview` ·
`deciding_alone(client, request, user) -> BoardMember`
"""

from typing import Any

from governance.board_words import joined
from governance.models import (
    BoardChange,
    BoardMember,
    ChangeEvent,
    ChangeRequest,
    ChangeVote,
    EmergencyReview,
    VoteDecision,
)
from governance.selectors.board import BoardNow, board_now
from governance.selectors.voting import LABELS, NO_BOARD, Decision, decision_of, preview_sha256
from governance.services.change_states import change_lock, change_move
from governance.services.problems import DefinitionError, require_legible
from governance.services.reviews import review_open
from governance.services.signoff_states import TransitionError
from governance.services.voting import LONGEST, Shown, require_apart, require_shown, require_votable, vote_keep
from portal.accounts.proofs import Place, Proof
from portal.tenancy.clock import day_now
from portal.tenancy.models import Client, ClientRole, Membership


def emergency_approve(
    *, client: Client, request: ChangeRequest, user: Any, reason: str, shown: Shown, proof: Proof, place: Place
) -> EmergencyReview:
    """Approve a request alone, with a reason. Finance, RevOps and the board are mailed at once; the board looks at it later.

    The chair does, or an admin where no chair may vote on it. What holds for any vote holds here: it is bound to what was
    shown, and nobody approves what they asked for or wrote.
    """
    locked = change_lock(request)
    if require_votable(locked) is not None:
        raise TransitionError(f"{locked} is decided already: nothing was changed")
    member = deciding_alone(client, locked, user)
    text = reason.strip()[:LONGEST]
    if not text:
        raise DefinitionError("say why it cannot wait for the board")
    require_legible(text)
    require_shown(locked, member, shown)
    vote = vote_keep(locked, member, VoteDecision.YES, text, shown, proof, place, is_emergency=True)
    locked.is_emergency = True
    locked.save(update_fields=["is_emergency"])
    moved = change_move(request=locked, step="approve", user=user, reason=f"Emergency: {text}"[:1000])
    return review_open(client=client, request=moved, vote=vote, reason=text)


def deciding_alone(
    client: Client, request: ChangeRequest, user: Any, board: BoardNow | None = None, decision: Decision | None = None
) -> BoardMember:
    """The seat from which a person decides alone. DefinitionError for all but the chair, or an admin where there is none.

    `board` and `decision` are how both stand, where the caller has just read them.
    """
    board = board or board_now()
    if board is None:
        raise DefinitionError(NO_BOARD)
    require_apart(client, request, user)
    decision = decision or decision_of(request, board)
    require_no_no(request, decision)
    require_same_chair(request, board)
    seat = seat_alone(client, user, board, decision)
    require_pay_signed(decision, seat)
    return seat


def seat_alone(client: Client, user: Any, board: BoardNow, decision: Decision) -> BoardMember:
    """The chair's seat, or an admin's where no chair may vote on it. DefinitionError for everybody else."""
    chair = board.chair
    if chair is not None and decision.may_vote(chair.user):
        if chair.user_id != user.pk:
            raise DefinitionError(f"in an emergency the chair decides: {chair.user.get_full_name()}")
        return chair
    if not Membership.objects.filter(user=user, role=ClientRole.ADMIN).exists():
        raise DefinitionError(
            "in an emergency the chair decides, or an admin of the client where no chair may vote on it"
        )
    seat = board.member(user)
    return seat or BoardMember(client=client, board=board.board, user=user, function="", since=day_now(client))


def require_pay_signed(decision: Decision, seat: BoardMember) -> None:
    """DefinitionError where quotas or pay would move within a period without the yes of both functions that sign for that.

    What people are paid by is never so urgent that one person decides it; whoever decides may be one of the two.
    """
    if decision.pay is None or not decision.pay.is_now:
        return
    said = {vote.function for vote in decision.votes if vote.decision == VoteDecision.YES} | {seat.function}
    if lacking := [LABELS[name] for name in decision.pay.functions if name not in said]:
        raise DefinitionError(f"{decision.pay.sentence} Nobody approves it alone without the yes of {joined(lacking)}")


def require_no_no(request: ChangeRequest, decision: Decision) -> None:
    """DefinitionError where a function that must say yes has said no, whether or not its seat is still there."""
    standing = ChangeVote.objects.filter(request=request, voided_at=None, decision=VoteDecision.NO)
    against = [
        vote.get_function_display()
        for vote in standing.filter(function__in=decision.need.functions).order_by("id")
        if vote.content_sha256 == request.content_sha256 and vote.preview_sha256 == preview_sha256(request)
    ]
    if against:
        raise DefinitionError(
            f"{joined(dict.fromkeys(against))} voted no: to approve it alone would be no emergency but a decision against "
            "the board"
        )


def require_same_chair(request: ChangeRequest, board: BoardNow) -> None:
    """DefinitionError where the chair changed hands, or was left, since the request was handed in: the board votes then."""
    opened = ChangeEvent.objects.filter(request=request, step="submit").order_by("id").first()
    kept = BoardChange.objects.order_by("id")
    before = kept.filter(at__lte=opened.at).last() if opened is not None else None
    began = before or kept.first()
    members = (began.after or {}).get("members", []) if began is not None else []
    then = {email for email, _, is_chair in members if is_chair}
    if then != ({board.chair.user.email} if board.chair is not None else set()):
        raise DefinitionError(f"the chair changed hands while {request} was open: the board decides it by its votes")
