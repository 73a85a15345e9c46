"""What may follow what in the life of a change request: one table, and the one function that takes a step.

`change_move(request=, step=, user=, reason="") -> ChangeRequest`

Whatever is not in the table is refused (TransitionError, 409) and leaves no row, no event and no audit entry. What must hold
besides: a step of `REASONED` says why; nobody approves what they asked for or ever wrote; to the board goes only a request
whose preview is of this content and of the figures as they are; no author takes their own away from votes that stand.
"""

from typing import Any, Final

from governance.models import ChangeEvent, ChangeRequest, ChangeState, ChangeVote
from governance.selectors.change_previews import preview_standing
from governance.selectors.voting import authors_of, is_voted, preview_sha256
from governance.services.change_hooks import change_emit
from governance.services.change_news import change_tell
from governance.services.problems import DefinitionError, require_legible
from governance.services.signoff_states import TransitionError
from governance.services.vote_voids import votes_ask, votes_outdate, votes_void
from portal.accounts.same_person import mailbox_of
from portal.tenancy import audit
from portal.tenancy.clock import database_time

STEPS: Final[dict[tuple[str, str], str]] = {
    (ChangeState.DRAFT, "submit"): ChangeState.SUBMITTED,
    (ChangeState.DRAFT, "withdraw"): ChangeState.WITHDRAWN,
    (ChangeState.SUBMITTED, "triage"): ChangeState.TRIAGE,
    (ChangeState.SUBMITTED, "withdraw"): ChangeState.WITHDRAWN,
    (ChangeState.TRIAGE, "ask_impact"): ChangeState.IMPACT,
    (ChangeState.TRIAGE, "send_back"): ChangeState.NEEDS_CHANGES,
    (ChangeState.TRIAGE, "withdraw"): ChangeState.WITHDRAWN,
    (ChangeState.IMPACT, "to_review"): ChangeState.REVIEW,
    (ChangeState.IMPACT, "send_back"): ChangeState.NEEDS_CHANGES,
    (ChangeState.IMPACT, "withdraw"): ChangeState.WITHDRAWN,
    (ChangeState.REVIEW, "ask_impact"): ChangeState.IMPACT,  # the figures have moved since, and are asked anew
    (ChangeState.REVIEW, "approve"): ChangeState.APPROVED,
    (ChangeState.REVIEW, "reject"): ChangeState.REJECTED,
    (ChangeState.REVIEW, "send_back"): ChangeState.NEEDS_CHANGES,
    (ChangeState.REVIEW, "withdraw"): ChangeState.WITHDRAWN,
    (ChangeState.NEEDS_CHANGES, "resubmit"): ChangeState.SUBMITTED,
    (ChangeState.NEEDS_CHANGES, "withdraw"): ChangeState.WITHDRAWN,
    (ChangeState.APPROVED, "schedule"): ChangeState.SCHEDULED,
    (ChangeState.APPROVED, "send_back"): ChangeState.NEEDS_CHANGES,  # it cannot be carried out as it was approved
    (ChangeState.SCHEDULED, "take_effect"): ChangeState.EFFECTIVE,
    (ChangeState.SCHEDULED, "send_back"): ChangeState.NEEDS_CHANGES,
    (ChangeState.EFFECTIVE, "communicate"): ChangeState.COMMUNICATED,
    (ChangeState.COMMUNICATED, "close"): ChangeState.CLOSED,
}
REASONED: Final = ("send_back", "reject")
UNVOTING: Final = ("ask_impact", "send_back")
DECIDED: Final = ("approve", "reject")
UNSAID: Final[dict[str, str]] = {  # steps after which what people voted on is no longer what there is
    "send_back": "It was sent back",
}
WRITABLE: Final = (ChangeState.DRAFT, ChangeState.NEEDS_CHANGES)
OVER: Final = (ChangeState.CLOSED, ChangeState.REJECTED, ChangeState.WITHDRAWN)
STAMPS: Final[dict[str, tuple[str, ...]]] = {
    "submit": ("submitted_at",),
    "resubmit": ("submitted_at",),
    "approve": ("decided_at",),
    "reject": ("decided_at", "closed_at"),
    "take_effect": ("effective_at",),
    "close": ("closed_at",),
    "withdraw": ("closed_at",),
}
WORDS: Final[dict[str, str]] = {
    ChangeState.DRAFT: "is a draft",
    ChangeState.SUBMITTED: "is submitted and waits for triage",
    ChangeState.TRIAGE: "is in triage",
    ChangeState.IMPACT: "waits for its impact",
    ChangeState.REVIEW: "is with the board",
    ChangeState.NEEDS_CHANGES: "was sent back and waits for its changes",
    ChangeState.APPROVED: "is approved",
    ChangeState.REJECTED: "was rejected",
    ChangeState.SCHEDULED: "is approved and scheduled",
    ChangeState.EFFECTIVE: "is effective",
    ChangeState.COMMUNICATED: "is effective and was communicated",
    ChangeState.CLOSED: "is closed",
    ChangeState.WITHDRAWN: "was withdrawn",
}


def steps_from(state: str) -> list[str]:
    """The steps that may follow a state."""
    return [step for before, step in STEPS if before == state]


def next_state(state: str, step: str) -> str:
    """The state after a step; TransitionError where the step may not follow."""
    if (state, step) not in STEPS:
        raise TransitionError(f"this request {WORDS[state]}: nothing was changed")
    return STEPS[state, step]


def change_lock(request: ChangeRequest) -> ChangeRequest:
    """The request as it is now, locked."""
    found: ChangeRequest = (
        ChangeRequest.objects.select_for_update(of=("self",))
        .select_related("client", "metric", "preview", "requested_by", "edited_by", "owner")
        .get(pk=request.pk)
    )
    return found


def change_move(*, request: ChangeRequest, step: str, user: Any, reason: str = "") -> ChangeRequest:
    """Take a request one step on, with its event and audit entry, and give it as it is then. `user` is None for a job.

    TransitionError where the step may not follow; DefinitionError where a reason, a preview or another person is needed.
    """
    locked = change_lock(request)
    before, after, said = locked.state, next_state(locked.state, step), reason.strip()
    require_legible(said)
    if step in REASONED and not said:
        raise DefinitionError("say why: whoever asked has to know what to do")
    if step == "approve":
        require_other(locked, user)
    if before == ChangeState.REVIEW and step in UNVOTING:
        require_no_votes(locked, step, user)
    if step in DECIDED and not is_voted(locked, step):
        raise DefinitionError("the review board decides by its votes, and has not decided so")
    if step == "to_review" and preview_standing(locked) is None:
        raise DefinitionError("its impact has to be computed first, of this content and of the figures as they are")
    now = database_time()
    locked.state = after
    locked.version += 1
    for name in STAMPS.get(step, ()):
        setattr(locked, name, now)
    locked.save(update_fields=["state", "version", "updated_at", *STAMPS.get(step, ())])
    event_keep(locked, step, before, said, user)
    moved_record(locked, step, before, said)
    change_tell(request=locked, step=step, text=said)
    change_emit(request=locked, step=step)
    if step in UNSAID:
        votes_void(request=locked, reason=UNSAID[step])
    if step == "to_review":
        votes_outdate(locked, preview_sha256(locked))
        votes_ask(request=locked)
    return locked


def require_other(request: ChangeRequest, user: Any) -> None:
    """DefinitionError for whoever asked for it or ever wrote any of it: nobody approves their own, under no account."""
    if user is not None and mailbox_of(user.email) in authors_of([request])[request.pk]:
        raise DefinitionError("whoever asked for a change, or wrote any of it, does not approve it")


def require_no_votes(request: ChangeRequest, step: str, user: Any) -> None:
    """DefinitionError where an author would take their own request away from the votes on it.

    They do ask for its impact where the figures have moved; votes on the same effect stand then.
    """
    if user is None or not ChangeVote.objects.filter(request=request, voided_at=None).exists():
        return
    if mailbox_of(user.email) not in authors_of([request])[request.pk]:
        return
    if step == "send_back":
        raise DefinitionError(
            "the board has begun to vote on your own request: somebody else sends it back, or you withdraw it"
        )
    if preview_standing(request) is not None:
        raise DefinitionError(
            "the board has begun to vote on your own request, and its impact is of the figures as they are"
        )


def event_keep(request: ChangeRequest, step: str, before: str, text: str, user: Any) -> ChangeEvent:
    """Add a line to a request's log; with both states the same it is something that was said."""
    event: ChangeEvent = ChangeEvent.objects.create(
        client=request.client, request=request, step=step, from_state=before, to_state=request.state, text=text[:1000],
        content_sha256=request.content_sha256, by=user, at=database_time(),
    )  # fmt: skip
    return event


def moved_record(request: ChangeRequest, step: str, before: str, said: str) -> None:
    """The audit entry of a step, or of something that was said without one."""
    audit.record(
        f"change.{step}", object_type="change request", object_id=request, before=before, after=request.state,
        details={"number": request.number, "title": request.title, "state": [before, request.state], "reason": said,
                 "sha256": request.content_sha256},
    )  # fmt: skip
