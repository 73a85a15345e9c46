"""Voting on a change, and what follows by itself.

`vote_cast(client=, request=, user=, decision=, comment=, shown=, proof=, place=) -> ChangeVote` ·
`statement_of(request, user, function) -> str` · `decision_of(request)`

A vote is bound to the sha256 of the request and of its consequence as they were shown; where one of them is no longer what is
there, nothing is stored (409). Nobody votes on what they asked for or ever wrote, and nobody of the client's firm votes. When
what the decision rights ask for is there, the request is approved or rejected in the transaction of the vote that decided it.
"""

import hashlib
from dataclasses import dataclass
from typing import Any, Final

from governance.board_rules import Outcome
from governance.board_words import joined
from governance.effect_words import ends_text
from governance.models import (
    BoardMember,
    ChangeKind,
    ChangeRequest,
    ChangeState,
    ChangeVote,
    EmergencyReview,
    Function,
    ReviewState,
    VoteDecision,
)
from governance.selectors.board import BoardNow, board_now
from governance.selectors.change_previews import preview_standing
from governance.selectors.voting import NO_BOARD, Decision, authors_of, decision_of, preview_sha256, review_of
from governance.services.change_states import change_lock, change_move
from governance.services.problems import DefinitionError, OutdatedError, require_legible
from governance.services.reviews import review_close
from governance.services.signoff_states import TransitionError
from portal.accounts.proofs import Place, Proof
from portal.accounts.same_person import is_staff_person, mailbox_of
from portal.lib.dates import month_text
from portal.lib.legible import quoted
from portal.notices.services.reading import notices_read
from portal.tenancy import audit
from portal.tenancy.clock import database_time
from portal.tenancy.models import Client, Membership

__all__ = ["Shown", "decision_of", "statement_of", "vote_cast"]
BY_VOTER: Final = "Changed by the person who gave it"
LONGEST: Final = 4000


@dataclass(frozen=True)
class Shown:
    """What a page showed to whoever votes, as its form sends it back."""

    content_sha256: str
    preview_sha256: str
    statement: str


def statement_of(request: ChangeRequest, user: Any, function: str) -> str:
    """What somebody says who votes, in full."""
    begins = f" from {month_text(request.from_month)} on" if request.from_month is not None else ""
    if request.kind == ChangeKind.METRIC_RETIRE:
        begins = f", which ends on {ends_text(request)}"
    how = "restating closed months" if request.is_restating else "leaving closed months as they were reported"
    what = f"vote for {Function(function).label}" if function else "decide as an admin"
    return (
        f"I, {user.get_full_name()}, {what} on {request} {quoted(request.title)}{begins}, {how}. "
        f"I have read what it asks for (sha256 {request.content_sha256[:16]}) and what it does to our figures "
        f"(sha256 {preview_sha256(request)[:16]})."
    )


def vote_cast(
    *, client: Client, request: ChangeRequest, user: Any, decision: str, shown: Shown, proof: Proof, place: Place,
    comment: str = "",
) -> ChangeVote:  # fmt: skip
    """Vote on exactly what was shown; an earlier vote of the same person is kept and void, unless it says the same: that one
    stands, and is given back with `is_again`.

    OutdatedError (409) when it is no longer that or no longer voted on; DefinitionError for whoever may not vote, and for a no
    without a reason. Nothing is stored then.
    """
    locked = change_lock(request)
    review = require_votable(locked)
    if review is not None and mailbox_of(review.vote.user.email) == mailbox_of(user.email):
        raise DefinitionError("you decided it alone: the others look at it, and your own vote stands as it is")
    board, member = require_member(client, locked, user)
    require_reason(decision, comment)
    require_shown(locked, member, shown)
    said = comment.strip()[:LONGEST]
    vote = vote_again(locked, member, decision, said, shown) or vote_keep(
        locked, member, decision, said, shown, proof, place
    )
    if review is not None:
        settle_review(client, locked, review, vote, decision_of(locked, board))
    else:
        settle(locked, user, decision_of(locked, board))
    return vote


def require_reason(decision: str, comment: str) -> None:
    """DefinitionError for what is no vote, and for a no without a reason; asked before anybody proves who they are."""
    if decision not in VoteDecision.values:
        raise DefinitionError("vote yes or no, or abstain")
    if decision == VoteDecision.NO and not comment.strip():
        raise DefinitionError("say why not: whoever asked has to know what to do")
    require_legible(comment)


def require_votable(request: ChangeRequest) -> EmergencyReview | None:
    """TransitionError (409) unless the request is before the board; gives its review where it was decided alone before."""
    if request.state == ChangeState.REVIEW:
        return None
    review = review_of(request)
    if review is None or review.state != ReviewState.OPEN:
        raise TransitionError(
            f"{request} is not before the board (now: {request.get_state_display()}): nothing was stored"
        )
    return review


def require_member(client: Client, request: ChangeRequest, user: Any) -> tuple[BoardNow, BoardMember]:
    """The board and the person's seat. DefinitionError for whoever has none, and for whoever must not vote on this request."""
    board = board_now()
    if board is None:
        raise DefinitionError(NO_BOARD)
    require_apart(client, request, user)
    member = board.member(user)
    if member is None:
        raise DefinitionError("only members of the review board vote")
    return board, member


def require_apart(client: Client, request: ChangeRequest, user: Any) -> None:
    """DefinitionError for the client's consultants, and for whoever asked for it or ever wrote it, under whichever account."""
    box = mailbox_of(user.email)
    if is_staff_person(client, user) or not Membership.objects.filter(user=user).exists():
        raise DefinitionError("the client's own people vote, not those of its consultants")
    if box in authors_of([request])[request.pk]:
        raise DefinitionError("whoever asked for a change, or wrote any of it, does not vote on it")


def require_shown(request: ChangeRequest, member: BoardMember, shown: Shown) -> None:
    """OutdatedError unless what was shown is what is there now, in every bit, and a consequence was shown at all."""
    present = preview_sha256(request)
    if request.preview is None or request.preview.content_sha256 != request.content_sha256 or not present:
        raise OutdatedError("its consequence is not computed: there is nothing to vote on yet")
    if shown.content_sha256 != request.content_sha256:
        raise OutdatedError("the request changed since you read it: read it once more")
    if shown.preview_sha256 != present:
        raise OutdatedError("its consequence was computed anew since you read it: look at it once more")
    # A review after the fact looks at what was decided; what is still to be decided is decided on the figures as they are.
    if request.state == ChangeState.REVIEW and preview_standing(request) is None:
        raise OutdatedError(
            "the figures moved since its consequence was computed, or an earlier version of Tieout computed it: have it "
            "computed anew, then vote"
        )
    if shown.statement != statement_of(request, member.user, member.function):
        raise OutdatedError("what you were shown is not what is voted on: read it once more")


def vote_again(
    request: ChangeRequest, member: BoardMember, decision: str, comment: str, shown: Shown
) -> ChangeVote | None:
    """The person's standing vote, where this one would say nothing else: nobody changed their mind. None where it would."""
    found: ChangeVote | None = ChangeVote.objects.filter(
        request=request, user=member.user, voided_at=None, decision=decision, function=member.function,
        is_chair=member.is_chair, is_emergency=False, content_sha256=shown.content_sha256,
        preview_sha256=shown.preview_sha256,
    ).first()  # fmt: skip
    if found is None or comment not in ("", found.comment):
        return None
    found.is_again = True
    return found


def vote_keep(
    request: ChangeRequest, member: BoardMember, decision: str, comment: str, shown: Shown, proof: Proof, place: Place,
    *, is_emergency: bool = False,
) -> ChangeVote:  # fmt: skip
    """Write a vote and its audit entry; the person's vote before it becomes void."""
    now = database_time()
    former = ChangeVote.objects.filter(request=request, user=member.user, voided_at=None)
    before = former.values_list("decision", flat=True).first()
    former.update(voided_at=now, void_reason=BY_VOTER)
    vote: ChangeVote = ChangeVote.objects.create(
        client=request.client, request=request, user=member.user, function=member.function, is_chair=member.is_chair,
        decision=decision, comment=comment, is_emergency=is_emergency, content_sha256=shown.content_sha256,
        preview_sha256=shown.preview_sha256, statement=shown.statement,
        statement_sha256=hashlib.sha256(shown.statement.encode()).hexdigest(), auth_method=proof.method, auth_at=proof.at,
        at=now, address=place.address[:64], user_agent=place.user_agent[:400],
    )  # fmt: skip
    audit.record(
        "change.voted", object_type="change request", object_id=request, before=before, after=decision,
        details={"number": request.number, "function": member.function, "decision": decision, "comment": comment,
                 "content_sha256": vote.content_sha256, "preview_sha256": vote.preview_sha256,
                 "statement_sha256": vote.statement_sha256, "auth_method": proof.method, "auth_at": proof.at,
                 "address": vote.address, "is_emergency": is_emergency},
    )  # fmt: skip
    notices_read(user=member.user, about=f"change {request.number}")  # whoever votes has done what they were asked for
    return vote


def settle(request: ChangeRequest, user: Any, decision: Decision) -> None:
    """Approve or reject a request whose decision is there."""
    if decision.outcome is Outcome.APPROVED:
        said = ", ".join(f"{vote.user.get_full_name()} ({vote.get_function_display()})" for vote in yes_votes(decision))
        change_move(request=request, step="approve", user=user, reason=f"Yes of {said}")
    elif decision.outcome is Outcome.REJECTED:
        change_move(request=request, step="reject", user=user, reason=no_reasons(decision))


def settle_review(
    client: Client, request: ChangeRequest, review: EmergencyReview, vote: ChangeVote, decision: Decision
) -> None:
    """Close the review after the fact: by what the decision rights ask for, or by an objection."""
    name = vote.user.get_full_name()
    if vote.decision == VoteDecision.NO:
        text = f"{name} ({vote.get_function_display()}) objects: {vote.comment}"
        review_close(client=client, review=review, state=ReviewState.OBJECTED, text=text, user=vote.user)
    elif decision.outcome is Outcome.APPROVED:
        said = ", ".join(each.user.get_full_name() for each in yes_votes(decision))
        review_close(client=client, review=review, state=ReviewState.CONFIRMED, text=f"Yes of {said}", user=vote.user)


def yes_votes(decision: Decision) -> list[ChangeVote]:
    """Who said yes, in order."""
    return [vote for vote in decision.votes if vote.decision == VoteDecision.YES]


def no_reasons(decision: Decision) -> str:
    """Why the board said no."""
    said = [
        f"{vote.user.get_full_name()} ({vote.get_function_display()}): {vote.comment}"
        for vote in decision.votes
        if vote.decision == VoteDecision.NO
    ]
    return f"{joined(decision.blocked)[:1].upper()}{joined(decision.blocked)[1:]}. {' '.join(said)}"[:LONGEST]
