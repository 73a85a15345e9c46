"""The review boards of the demonstration: one with a change that a member has voted on, and one that waits for its first.

Northwind's has four members and the usual table. Larkspur's has three and a table of its own: Finance alone decides what is
small, so that a change that RevOps asks for is decided by one vote, and not by whoever asked for it.
"""

import datetime as dt

from governance.models import ChangeRequest, PayPeriod, Urgency
from governance.selectors.board import board_now
from governance.selectors.changes import change_get
from governance.selectors.registry import month_now
from governance.selectors.voting import preview_sha256
from governance.services.board import RightRow, board_start, rights_save, seat_give
from governance.services.change_preview import preview_run, preview_start
from governance.services.change_states import change_move
from governance.services.change_triage import change_triage
from governance.services.changes import Wish, change_draft, change_submit
from governance.services.voting import Shown, statement_of, vote_cast
from portal.accounts.models import User
from portal.accounts.proofs import Place, Proof
from portal.tenancy.actor import Actor, acting_as
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context

LAPTOP = "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_6)"
WISH = {
    "title": "Average rates of the month instead of its last day",
    "content": {"parameters": {"fx": "monthly_average"}},
    "rationale": "Finance books revenue at the average rate. One volatile day at a month's end moves our ARR and nothing else, "
    "and the board asks for the reason each time.",
}
SMALL_BOARD = (
    RightRow(functions=("finance",)),
    RightRow(from_cents=500_000_00, functions=("finance",), needs_chair=True, yes_count=2, quorum=2),
    RightRow(is_restating=True, functions=("finance",), needs_chair=True, yes_count=2, quorum=2),
)
"""Of some five million of ARR: what moves a tenth of it, or a month that was reported, takes the chair too."""


def board_of_three(client: Client, people: dict[str, User]) -> None:
    """Finance, RevOps, and the executive in the chair; the admin started it, keeps its table and has no seat."""
    greta = people["greta"]
    with acting_as(Actor(greta.email, greta.pk)), tenant_context(client):
        board = board_start(client=client, user=greta)
        rights_save(client=client, version=board.version, rows=SMALL_BOARD, pay_period=PayPeriod.QUARTER, user=greta)


def board_at_work(client: Client, people: dict[str, User]) -> None:
    """A board with the usual table; Rita's request is before it with its effect, and Finn said yes."""
    rita, finn, adam = people["rita"], people["finn"], people["adam"]
    with acting_as(Actor(adam.email, adam.pk)), tenant_context(client):
        board = board_start(client=client, user=adam)
        seat_give(client=client, version=board.version, person=adam, function="revops", user=adam)
    with acting_as(Actor(rita.email, rita.pk)), tenant_context(client):
        request = change_draft(
            client=client, kind="policy", wish=Wish(**WISH, from_month=month_now(client) + 1), user=rita  # type: ignore[arg-type]
        )  # fmt: skip
        request = change_submit(request=request, version=request.version, user=rita)
    put_before_the_board(client, request, adam)
    with acting_as(Actor(finn.email, finn.pk)), tenant_context(client):
        vote_yes(client, request.number, finn)


def put_before_the_board(client: Client, request: ChangeRequest, user: User) -> None:
    """Take a request in hand, have its effect computed, and ask the board."""
    with acting_as(Actor(user.email, user.pk)):
        with tenant_context(client):
            request = change_triage(
                request=request, version=request.version, owner=user, urgency=Urgency.NORMAL, user=user
            )
            change_move(request=request, step="ask_impact", user=user)
            preview = preview_start(request=request, user=user)
        preview_run(client=client, preview_id=preview.pk)
        with tenant_context(client):
            change_move(request=request, step="to_review", user=user)


def vote_yes(client: Client, number: int, user: User) -> None:
    """A member's yes to exactly what is there."""
    request, board = change_get(number), board_now()
    assert request is not None and board is not None
    member = board.member(user)
    assert member is not None
    shown = Shown(request.content_sha256, preview_sha256(request), statement_of(request, user, member.function))
    vote_cast(
        client=client, request=request, user=user, decision="yes", shown=shown,
        comment="It is how we book revenue already.",
        proof=Proof("password", dt.datetime.now(dt.UTC)), place=Place("203.0.113.24", LAPTOP),
    )  # fmt: skip
