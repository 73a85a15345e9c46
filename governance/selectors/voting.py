"""Who voted on a change, what it takes to decide it, and who is still needed. Runs in the client's scope.

`decision_of(request) -> Decision` · `decisions_of(requests) -> dict[int, Decision]` · `votes_of(request) -> list[ChangeVote]` ·
`to_vote(user) -> list[ChangeRequest]` · `to_compute_anew(client, user) -> list[ChangeRequest]`

Only a vote on exactly the present content and preview counts, of somebody who sits on the board and neither asked for the
change nor ever wrote what is voted on.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from governance.board_rules import Need, Outcome, Seat, Weighed, needs_joined, weigh
from governance.board_words import joined
from governance.models import (
    ChangeEvent,
    ChangeKind,
    ChangeRequest,
    ChangeState,
    ChangeVote,
    DecisionRight,
    EmergencyReview,
    Function,
    ReviewState,
)
from governance.selectors.board import BoardNow, board_now
from governance.selectors.change_previews import outdated_of
from governance.selectors.pay import PayRule, pay_rules
from portal.accounts.same_person import mailboxes_of
from portal.tenancy.models import Client

LABELS = {str(name): str(Function(name).label) for name in Function.values}
NO_BOARD = "this client has no review board yet: its admin starts one"
AT_THE_NEXT = "It is decided with the next vote, also with one that says the same again."
NO_ROW = "no row of the decision rights is about such a change: the client's admin adds one"


@dataclass(frozen=True)
class Decision:
    """How a request stands before the board."""

    weighed: Weighed
    need: Need
    rights: tuple[DecisionRight, ...]
    seats: tuple[Seat, ...]  # who may vote on it
    excluded: tuple[Seat, ...]  # who sits on the board and may not, having asked for it or written it
    votes: tuple[ChangeVote, ...]  # those that count
    pay: PayRule | None = None

    @property
    def outcome(self) -> Outcome:
        return self.weighed.outcome

    @property
    def needed(self) -> tuple[str, ...]:
        return self.weighed.needed

    @property
    def blocked(self) -> tuple[str, ...]:
        return self.weighed.blocked

    @property
    def sentence(self) -> str:
        """Who is still needed, or why it cannot be decided, in one sentence."""
        if self.outcome is Outcome.APPROVED:
            return "Everybody who is needed has said yes."
        if self.outcome is Outcome.REJECTED:
            return f"The board says no: {joined(self.blocked)}."
        if self.outcome is Outcome.STUCK:
            return f"It cannot be approved as it stands: {joined(self.blocked)}."
        if not self.needed:
            return f"It cannot be approved any more: {joined(self.blocked)}. The quorum has not voted yet."
        return f"Still needed: {joined(self.needed)}."

    def vote_of(self, user: Any) -> ChangeVote | None:
        """A person's own vote that counts."""
        return next((vote for vote in self.votes if vote.user_id == user.pk), None)

    def may_vote(self, user: Any) -> bool:
        return any(seat.user_id == user.pk for seat in self.seats)

    def may_not(self, user: Any) -> bool:
        """Whether a member is kept from voting because it is their own request."""
        return any(seat.user_id == user.pk for seat in self.excluded)


def sentence_of(request: ChangeRequest, decision: Decision) -> str:
    """How a request stands, in words. Where a seat was given up or the table changed, what is left may be enough at once: only
    a vote decides, so that nobody decides by taking somebody else's seat away.
    """
    is_enough = decision.outcome in (Outcome.APPROVED, Outcome.REJECTED)
    if request.state != ChangeState.REVIEW or not is_enough:
        return decision.sentence
    return f"{decision.sentence} {AT_THE_NEXT}"


def decision_of(request: ChangeRequest, board: BoardNow | None = None) -> Decision:
    """How one request stands, and who is still needed."""
    return decisions_of([request], board)[request.pk]


def decisions_of(requests: Sequence[ChangeRequest], board: BoardNow | None = None) -> dict[int, Decision]:
    """How several requests stand, by id; as many queries as for one."""
    board = board or board_now()
    if board is None:
        return {request.pk: undecidable(NO_BOARD) for request in requests}
    votes: defaultdict[int, list[ChangeVote]] = defaultdict(list)
    for vote in ChangeVote.objects.filter(request__in=[row.pk for row in requests], voided_at=None).select_related(
        "user"
    ):
        votes[vote.request_id].append(vote)
    authors, pay, deciders = authors_of(requests), pay_rules(requests, board.board.pay_period), deciders_of(requests)
    boxes = mailboxes_of(member.user_id for member in board.members)
    found = {}
    for request in requests:
        own = tuple(seat for seat in board.seats if boxes.get(seat.user_id) in authors[request.pk])
        alone = deciders.get(request.pk)
        seats = tuple(seat for seat in board.seats if seat not in own and seat.user_id != alone)
        counted = tuple(vote for vote in votes[request.pk] if counts(vote, request, seats))
        found[request.pk] = decided(request, board, seats, own, counted, pay[request.pk], alone)
    return found


def deciders_of(requests: Sequence[ChangeRequest]) -> dict[int, int]:
    """By request who decided it alone, where the others are to look at it now; no query for what is simply in review."""
    later = [request.pk for request in requests if request.state != ChangeState.REVIEW]
    if not later:
        return {}
    return dict(
        EmergencyReview.objects.filter(request__in=later, state=ReviewState.OPEN).values_list("request", "vote__user")
    )


def decided(
    request: ChangeRequest,
    board: BoardNow,
    seats: tuple[Seat, ...],
    own: tuple[Seat, ...],
    votes: tuple[ChangeVote, ...],
    pay: PayRule | None,
    alone: int | None = None,
) -> Decision:
    """A request weighed by the rows that are about it, and by what holds for quotas and pay.

    `alone` decided it in an emergency and the others look at it: what only that person could say is not asked for again.
    """
    rights = tuple(right for right in board.rights if fits(right, request, pay))
    need = needs_joined([need_of(right) for right in rights])
    if pay is not None and pay.is_now:
        need = needs_joined([need, Need(functions=pay.functions)])
    if alone is not None:
        need = need_of_others(need, seats, board, alone)
    ballots = {vote.user_id: vote.decision for vote in votes}
    weighed = weigh(need, seats, ballots, LABELS) if rights else Weighed(Outcome.STUCK, blocked=(NO_ROW,))
    return Decision(weighed, need, rights, seats, own, votes, pay)


def need_of_others(need: Need, seats: Sequence[Seat], board: BoardNow, alone: int) -> Need:
    """What the others are asked for who look at a lone decision: at least one yes, none that only the decider has."""
    decider = next((seat for seat in board.seats if seat.user_id == alone), None)
    if decider is None:
        return need
    others = {seat.function for seat in seats}
    functions = tuple(name for name in need.functions if name != decider.function or name in others)
    most = max(len(seats), 1)
    return Need(functions, need.needs_chair and not decider.is_chair, min(need.yes_count, most), min(need.quorum, most))


def undecidable(reason: str) -> Decision:
    """How a request stands that nothing can decide."""
    return Decision(Weighed(Outcome.STUCK, blocked=(reason,)), Need(), (), (), (), ())


def counts(vote: ChangeVote, request: ChangeRequest, seats: Iterable[Seat]) -> bool:
    """Whether a vote is on what is there now, by somebody who may vote and still speaks for the same function."""
    if vote.content_sha256 != request.content_sha256 or vote.preview_sha256 != preview_sha256(request):
        return False
    return any(seat.user_id == vote.user_id and seat.function == vote.function for seat in seats)


def preview_sha256(request: ChangeRequest) -> str:
    """The sha256 of the consequence that is voted on; empty while there is none."""
    return str(request.preview.sha256) if request.preview is not None else ""


def need_of(right: DecisionRight) -> Need:
    """What one row asks for."""
    return Need(tuple(right.functions), right.needs_chair, right.yes_count, right.quorum)


def fits(right: DecisionRight, request: ChangeRequest, pay: PayRule | None, size: int | None = None) -> bool:
    """Whether a row is about a request, with its own effect or with one of another size."""
    effect = effect_of(request) if size is None else size
    if right.kind not in ("", request.kind) or (effect is not None and effect < right.from_cents):
        return False
    if right.is_restating and not request.is_restating:
        return False
    return not right.feeds_pay or pay is not None


def authors_of(requests: Sequence[ChangeRequest]) -> dict[int, set[str]]:
    """By request the mailboxes of everybody who ever asked for it or wrote its content; two queries.

    The log of a request keeps what became of its content and by whom, so that naming another requester, or another last
    editor, makes nobody free to vote.
    """
    people: dict[int, set[int]] = {
        request.pk: {pk for pk in (request.requested_by_id, request.edited_by_id) if pk} for request in requests
    }
    before: dict[int, str] = {}
    rows = ChangeEvent.objects.filter(request__in=list(people)).order_by("id")
    for request_id, by, sha256 in rows.values_list("request_id", "by_id", "content_sha256"):
        if by and before.get(request_id) != sha256:
            people[request_id].add(by)
        before[request_id] = sha256
    boxes = mailboxes_of(pk for found in people.values() for pk in found)
    return {request_id: {boxes[pk] for pk in found if pk in boxes} for request_id, found in people.items()}


def votes_of(request: ChangeRequest) -> list[ChangeVote]:
    """Every vote that was ever given on a request, in order; those that are void too."""
    return list(ChangeVote.objects.filter(request=request).select_related("user").order_by("id"))


def is_voted(request: ChangeRequest, step: str) -> bool:
    """Whether the board has decided what a step says: by its votes, or by one person's in an emergency.

    A client without a board has no vote to hold a step to; no page and no operation of the API approves there.
    """
    board = board_now()
    if board is None:
        return True
    decision = decision_of(request, board)
    if step == "reject":
        return decision.outcome is Outcome.REJECTED
    alone = ChangeVote.objects.filter(
        request=request, voided_at=None, is_emergency=True, content_sha256=request.content_sha256,
        preview_sha256=preview_sha256(request),
    )  # fmt: skip
    return decision.outcome is Outcome.APPROVED or alone.exists()


def review_of(request: ChangeRequest) -> EmergencyReview | None:
    """The review after the fact of a request that one person decided alone."""
    rows = EmergencyReview.objects.filter(request=request).select_related("request", "vote__user")
    return rows.order_by("-id").first()


def is_votable(request: ChangeRequest) -> bool:
    """Whether a request is before the board: in review, or decided alone and not looked at yet."""
    if request.state == ChangeState.REVIEW:
        return True
    review = review_of(request)
    return review is not None and review.state == ReviewState.OPEN


def votable() -> list[ChangeRequest]:
    """The requests that wait for votes: in review, or decided alone and not looked at yet; the largest effect first."""
    later = EmergencyReview.objects.filter(state=ReviewState.OPEN).values("request")
    rows = ChangeRequest.objects.select_related("preview", "metric", "requested_by").defer("preview__result")
    found = list(rows.filter(state=ChangeState.REVIEW)) + list(
        rows.filter(pk__in=later).exclude(state=ChangeState.REVIEW)
    )
    return sorted(found, key=lambda row: (*largest_first(effect_of(row)), row.number))


def effect_of(request: ChangeRequest) -> int | None:
    """The size of the largest change of ARR in a month that a request changes, in cents, by which it is decided.

    None where it is not known, which counts as the largest: a policy whose effect is not computed, or could be in no month.
    """
    cents = signed_effect_of(request)
    return None if cents is None else abs(cents)


def signed_effect_of(request: ChangeRequest) -> int | None:
    """The same with its sign, to be shown. Nothing but the policy moves ARR, so that the effect of anything else is 0."""
    cents = request.preview.effect_cents if request.preview is not None else None
    return cents if cents is not None or request.kind == ChangeKind.POLICY else 0


def largest_first(cents: int | None) -> tuple[bool, int]:
    """A key that sorts effects by size, what is not known before everything."""
    return (cents is not None, -(cents or 0))


def to_vote(user: Any) -> list[ChangeRequest]:
    """The requests that wait for a person's vote."""
    board = board_now()
    if board is None or board.member(user) is None:
        return []
    waiting = votable()
    found = decisions_of(waiting, board) if waiting else {}
    return [row for row in waiting if waits_for(found[row.pk], user)]


def to_compute_anew(client: Client, user: Any) -> list[ChangeRequest]:
    """The requests before the board on which nobody can vote until their effect is computed anew, for whoever takes care of
    them. Four queries where there are any, and four for each that may be one.
    """
    waiting = ChangeRequest.objects.filter(state=ChangeState.REVIEW, owner=user)
    return outdated_of(client, waiting.select_related("preview").defer("preview__result").order_by("number"))


def waits_for(decision: Decision, user: Any) -> bool:
    """Whether a request waits for a person's vote."""
    return decision.may_vote(user) and decision.vote_of(user) is None
