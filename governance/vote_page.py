"""The votes on a change request: the part of its page, and of every step of a meeting."""

from typing import Any

from django.urls import reverse

from governance.board_rules import Outcome
from governance.board_words import joined, row_sentence
from governance.change_impact_words import effect_told
from governance.change_words import rows_of
from governance.effect_words import largest_words
from governance.models import BoardMember, ChangeRequest, ChangeState, ChangeVote, ReviewState, VoteDecision
from governance.selectors.board import BoardNow, board_now
from governance.selectors.change_previews import is_of_earlier_shape, preview_standing
from governance.selectors.registry import registry_get
from governance.selectors.voting import (
    Decision,
    decision_of,
    effect_of,
    preview_sha256,
    review_of,
    sentence_of,
    votes_of,
)
from governance.services.emergency import deciding_alone
from governance.services.problems import DefinitionError
from governance.services.voting import statement_of
from portal.tenancy.access import TenantRequest
from portal.tenancy.clock import day_now
from portal.tenancy.permissions import VIEW_ARR, VOTE_CHANGES
from portal.tenancy.reader import locale_of

MARKS = {VoteDecision.YES: "agreed", VoteDecision.NO: "refused", VoteDecision.ABSTAIN: "draft"}
OUTCOMES = {
    Outcome.APPROVED: "success",
    Outcome.REJECTED: "error",
    Outcome.STUCK: "warning",
    Outcome.OPEN: "info",
}


def votes_context(request: TenantRequest, change: ChangeRequest) -> dict[str, Any] | None:
    """Who voted what on what, what is missing, and the reader's own vote; None before a request comes to the board."""
    votes = votes_of(change)
    if not votes and change.state != ChangeState.REVIEW:
        return None
    board, review = board_now(), review_of(change)
    is_open = change.state == ChangeState.REVIEW
    is_looked_at = review is not None and review.state == ReviewState.OPEN
    decision = decision_of(change, board) if is_open or is_looked_at else None
    context: dict[str, Any] = {
        "change": change, "rows": [vote_row(vote) for vote in votes], "board": board, "review": review,
        "is_open": is_open, "is_late": is_looked_at and review is not None and review.due_on < day_now(request.client),
    }  # fmt: skip
    if decision is not None:
        context |= standing_context(request, change, decision)
        context |= own_context(request, change, board, decision)
    return context


def vote_row(vote: ChangeVote) -> dict[str, Any]:
    """A vote as its row shows it."""
    return {
        "vote": vote, "mark": "lapsed" if vote.voided_at else MARKS[VoteDecision(vote.decision)],
        "label": f"{vote.get_decision_display()}{', void' if vote.voided_at else ''}",
        "function": vote.get_function_display() or "Admin",
    }  # fmt: skip


def standing_context(request: TenantRequest, change: ChangeRequest, decision: Decision) -> dict[str, Any]:
    """How it stands, and by which rows of the table it is decided."""
    locale, may_see = locale_of(request), request.standing.may(VIEW_ARR)
    is_stale = change.state == ChangeState.REVIEW and preview_standing(change) is None
    return {
        "sentence": sentence_of(change, decision),
        "level": OUTCOMES[decision.outcome],
        "is_stuck": decision.outcome is Outcome.STUCK,
        "board_url": reverse("board", kwargs={"client_slug": request.client.slug}),
        "rights": [row_sentence(right, request.client, locale, with_amount=may_see) for right in decision.rights],
        "excluded": joined(seat.name for seat in decision.excluded) if decision.excluded else "",
        "pay": decision.pay,
        "is_stale": is_stale,
        "is_earlier_shape": is_stale and change.preview is not None and is_of_earlier_shape(change.preview),
    }


def own_context(
    request: TenantRequest, change: ChangeRequest, board: BoardNow | None, decision: Decision
) -> dict[str, Any]:
    """What the reader votes on, exactly as the form sends it back; nothing for whoever may not vote."""
    member = board.member(request.user) if board is not None else None
    if not request.standing.may(VOTE_CHANGES) or request.standing.is_firm_staff:
        return {}
    context: dict[str, Any] = {"is_excluded": decision.may_not(request.user)}
    if member is not None and decision.may_vote(request.user):
        context |= {"member": member, "own": decision.vote_of(request.user), "choices": VoteDecision.choices}
    alone = alone_of(request, change, board, decision) if change.state == ChangeState.REVIEW else None
    if "member" in context or alone is not None:
        context |= subject_context(request, change)
        context |= {"statement": statement_of(change, request.user, (member or alone).function)}  # type: ignore[union-attr]
    if alone is not None:
        context |= {"alone": alone, "alone_statement": statement_of(change, request.user, alone.function)}
    return context


def alone_of(
    request: TenantRequest, change: ChangeRequest, board: BoardNow | None, decision: Decision
) -> BoardMember | None:
    """The seat from which the reader may decide alone; None for nearly everybody."""
    try:
        return deciding_alone(request.client, change, request.user, board, decision)
    except DefinitionError:
        return None


def subject_context(request: TenantRequest, change: ChangeRequest) -> dict[str, Any]:
    """What is voted on: the hashes, before and after in words, and the size of the effect where the reader sees numbers."""
    effect = effect_of(change)
    may_see = request.standing.may(VIEW_ARR)
    return {
        "content_sha256": change.content_sha256,
        "preview_sha256": preview_sha256(change),
        "edits": rows_of(change, registry_get(request.client), locale_of(request)),
        "finding": finding_of(request, change) if may_see else "",
        "effect": largest_words(change, request.client.currency, locale_of(request)) if may_see else "",
        "is_unmoved": may_see and effect == 0,
        "is_unknown": may_see and effect is None,
    }


def finding_of(request: TenantRequest, change: ChangeRequest) -> str:
    """What a change of a metric comes to, in the sentences of its impact; empty for one of the policy, whose effect on ARR is
    said, and before anything was computed of this wording.
    """
    preview = change.preview
    if preview is None or preview.result is None or preview.content_sha256 != change.content_sha256:
        return ""
    return effect_told(preview.result, request.client.fiscal_year_start, locale_of(request))
