"""Approving alone, where it cannot wait for the board.

`emergency_approve(client=, request=, user=, reason=, shown=, proof=, place=) -> EmergencyReview` ·
`deciding_alone(client, request, user) -> BoardMember`
"""

from typing import Any

from governance.models import BoardMember, ChangeRequest, EmergencyReview, VoteDecision
from governance.selectors.board import board_now
from governance.selectors.registry import day_now
from governance.selectors.voting import NO_BOARD, decision_of
from governance.services.change_states import change_lock, change_move
from governance.services.problems import DefinitionError
from governance.services.reviews import review_open
from governance.services.signoff_states import TransitionError
from governance.services.voting import LONGEST, Shown, require_apart, require_shown, require_votable, vote_keep
from portal.accounts.proofs import Place, Proof
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
    require_shown(locked, member, shown)
    vote = vote_keep(locked, member, VoteDecision.YES, text, shown, proof, place, is_emergency=True)
    locked.is_emergency = True
    locked.save(update_fields=["is_emergency"])
    moved = change_move(request=locked, step="approve", user=user, reason=f"Emergency: {text}"[:1000])
    return review_open(client=client, request=moved, vote=vote, reason=text)


def deciding_alone(client: Client, request: ChangeRequest, user: Any) -> BoardMember:
    """The seat from which a person decides alone. DefinitionError for all but the chair, or an admin where there is none."""
    board = board_now()
    if board is None:
        raise DefinitionError(NO_BOARD)
    require_apart(client, request, user)
    chair = board.chair
    if chair is not None and decision_of(request, board).may_vote(chair.user):
        if chair.user_id != user.pk:
            raise DefinitionError(f"in an emergency the chair decides: {chair.user.get_full_name()}")
        return chair
    if not Membership.objects.filter(user=user, role=ClientRole.ADMIN).exists():
        raise DefinitionError(
            "in an emergency the chair decides, or an admin of the client where no chair may vote on it"
        )
    seat = board.member(user)
    return seat or BoardMember(client=client, board=board.board, user=user, function="", since=day_now(client))
