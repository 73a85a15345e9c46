"""Boards, requests before them, and votes, for tests that need one: no test of its own."""

import datetime as dt
from typing import Any

from governance.change_impact import SHAPE
from governance.models import ChangePreview, ChangeRequest, ChangeVote, EmergencyReview
from governance.selectors.board import board_now
from governance.selectors.change_previews import figures_stamp
from governance.selectors.changes import change_get
from governance.selectors.voting import preview_sha256
from governance.services.board import RightRow, board_start, rights_save, seat_give
from governance.services.change_states import change_move
from governance.services.changes import Wish, change_draft, change_submit
from governance.services.emergency import emergency_approve
from governance.services.voting import Shown, statement_of, vote_cast
from portal.accounts.proofs import Place, Proof
from portal.lib.periods import month_parse
from portal.tenancy.clock import database_time
from portal.tenancy.models import Client

NOW = dt.datetime(2026, 11, 20, 9, tzinfo=dt.UTC)
PROOF, PLACE = Proof("password", NOW), Place("203.0.113.9", "a test")
BASE = RightRow(functions=("finance",))
WISH = Wish(
    title="Thirty days of grace for late renewals", content={"parameters": {"renewal_grace_days": 30}},
    rationale="Paperwork comes late and looks like churn.", from_month=month_parse("2030-01"),
)  # fmt: skip


def a_board(client: Client, *rows: RightRow, user: Any = None, **seats: Any) -> None:
    """A board of the people who are named by their function (`chair_finance=` takes the chair), with these rows."""
    board_start(client=client, user=user)
    for function, person in seats.items():
        name = function.removeprefix("chair_")
        if version_member(person) is None:
            seat_give(
                client=client, version=version(), person=person, function=name, is_chair=function != name, user=user
            )
    if rows:
        rights_save(client=client, version=version(), rows=rows, pay_period=3, user=user or next(iter(seats.values())))


def version() -> int:
    """Which version of the board there is."""
    now = board_now()
    assert now is not None
    return now.board.version


def version_member(person: Any) -> Any:
    now = board_now()
    assert now is not None
    return now.member(person)


def in_review(
    client: Client, by: Any, wish: Wish = WISH, *, effect: int | None = 0, kind: str = "policy"
) -> ChangeRequest:
    """A request of somebody that is before the board, with a preview of that effect in cents."""
    request = change_draft(client=client, kind=kind, wish=wish, user=by)
    request = change_submit(request=request, version=request.version, user=by, is_not_same=True)
    for step in ("triage", "ask_impact"):
        request = change_move(request=request, step=step, user=by)
    previewed(request, effect)
    return change_move(request=request, step="to_review", user=by)


def previewed(request: ChangeRequest, effect: int | None = 0, sha256: str = "e" * 64) -> ChangeRequest:
    """Give a request a preview that is done, of its content and of the figures as they are."""
    request.preview = ChangePreview.objects.create(
        client=request.client, request=request, content_sha256=request.content_sha256, at=database_time(), state="done",
        stamp=figures_stamp(request.client), result=told_of(request), sha256=sha256, effect_cents=effect,
    )  # fmt: skip
    request.save(update_fields=["preview"])
    return request


def told_of(request: ChangeRequest) -> dict[str, Any]:
    """A result that tells of no figures at all, in the shape of `governance.change_impact`."""
    return {
        "shape": SHAPE, "kind": request.kind, "currency": "USD",
        "is_restating": request.is_restating, "from_month": request.from_month,
        "headline": {"month": None, "before": None, "after": None, "customers": 0, "reason": "There are no numbers yet"},
        "book": None, "customers": {"count": 0, "moved_at_end": 0, "at_end": [], "in_window": []},
        "closed": {"count": 0, "months": [], "prior_period_adjustment": None}, "metrics": [], "touched": [], "notes": [],
    }  # fmt: skip


def now_of(request: ChangeRequest) -> ChangeRequest:
    """The request as it is now."""
    found = change_get(request.number)
    assert found is not None
    return found


def shown_to(request: ChangeRequest, user: Any) -> Shown:
    """What the page shows to somebody who may vote."""
    now = board_now()
    member = now.member(user) if now else None
    function = member.function if member else ""
    return Shown(request.content_sha256, preview_sha256(request), statement_of(request, user, function))


def vote(request: ChangeRequest, user: Any, decision: str = "yes", comment: str = "", **other: Any) -> ChangeVote:
    """A vote on what is there now, unless a test says otherwise."""
    found = now_of(request)
    given: dict[str, Any] = {"shown": shown_to(found, user), "proof": PROOF, "place": PLACE} | other
    return vote_cast(
        client=found.client, request=found, user=user, decision=decision,
        comment=comment or ("Because" if decision == "no" else ""), **given,
    )  # fmt: skip


def alone(request: ChangeRequest, user: Any, reason: str = "The board pack goes out tonight") -> EmergencyReview:
    """An emergency decision on what is there now."""
    found = now_of(request)
    return emergency_approve(
        client=found.client,
        request=found,
        user=user,
        reason=reason,
        shown=shown_to(found, user),
        proof=PROOF,
        place=PLACE,
    )
