"""The review board: who sits on it and by which rights it decides, the votes on a request, and how it stands."""

from typing import Any

from django.http import Http404

from governance.api import board_shapes as shapes
from governance.api.changes import change_or_404
from governance.api.definitions import told
from governance.api.token_proof import token_proof
from governance.board_words import lone_warnings, row_sentence, row_warnings
from governance.models import BoardMember, ChangeRequest, ChangeState
from governance.selectors.board import BoardNow, board_now, reviews_open
from governance.selectors.voting import (
    Decision,
    decision_of,
    is_votable,
    preview_sha256,
    sentence_of,
    undecidable,
    votes_of,
)
from governance.services.board import RightRow, rights_save
from governance.services.emergency import deciding_alone
from governance.services.problems import DefinitionError
from governance.services.voting import Shown, statement_of, vote_cast
from metrics.figures import from_cents
from portal.accounts.proofs import Place, place_of
from portal.tenancy.api import Call, ClientAPIView, Operation
from portal.tenancy.permissions import MANAGE_BOARD, VIEW_ARR, VIEW_CHANGES, VOTE_CHANGES

CENTS = 100


class BoardView(ClientAPIView):
    """An operation on the review board."""

    tag = "Review board"

    @property
    def place(self) -> Place:
        """Where the program that votes is."""
        return place_of(self.request._request)


def board_or_404() -> BoardNow:
    """The client's board."""
    now = board_now()
    if now is None:
        raise Http404
    return now


def shown(call: Call) -> dict[str, Any]:
    """The board as the API gives it, amounts for whoever sees numbers."""
    now = board_or_404()
    may_see = call.may(VIEW_ARR)
    names = ("kind", "is_restating", "feeds_pay", "functions", "needs_chair", "yes_count", "quorum")
    rights = [
        {name: getattr(right, name) for name in names}
        | {
            "from_amount": from_cents(right.from_cents) if may_see else None,
            "sentence": row_sentence(right, call.client, with_amount=may_see),
            "warnings": [*row_warnings(right, now.seats), *lone_warnings([right], now.seats)],
        }
        for right in now.rights
    ]
    return {
        "version": now.board.version, "pay_period": now.board.pay_period, "members": now.members, "rights": rights,
        "reviews": reviews_open(),
    }  # fmt: skip


class BoardDetail(BoardView):
    operations = {
        "GET": Operation("board_get", VIEW_CHANGES, shapes.BoardSerializer),
        "PUT": Operation(
            "board_put", MANAGE_BOARD, shapes.BoardSerializer, takes=shapes.BoardNewSerializer, may_fail=(409,)
        ),
    }

    def get(self, call: Call) -> Any:
        """Members, decision rights and what is owed after emergencies; 404 before the board is started."""
        return shown(call)

    def put(self, call: Call) -> Any:
        """The table of decision rights anew, by a token that is less than an hour old.

        Seats are given on the page, where who gives them proves who they are.
        """
        board_or_404()
        token_proof(self.token)
        rows = [RightRow(**{**row, "functions": tuple(row["functions"])}) for row in map(in_cents, call.body["rights"])]
        with told():
            rights_save(
                client=call.client,
                version=call.body["version"],
                rows=rows,
                pay_period=call.body["pay_period"],
                user=call.user,
            )
        return shown(call)


def in_cents(row: dict[str, Any]) -> dict[str, Any]:
    """A row with its amount in cents."""
    return {name: value for name, value in row.items() if name != "from_amount"} | {
        "from_cents": int(row["from_amount"] * CENTS)
    }


class VoteList(BoardView):
    operations = {
        "GET": Operation("votes_list", VIEW_CHANGES, shapes.VotesSerializer),
        "POST": Operation(
            "vote_cast",
            VOTE_CHANGES,
            shapes.DecisionSerializer,
            takes=shapes.VoteNewSerializer,
            status=201,
            may_fail=(409,),
        ),
    }

    def get(self, call: Call, number: int) -> Any:
        """Every vote on a request, void ones too."""
        return {"number": number, "votes": votes_of(change_or_404(call, number))}

    def post(self, call: Call, number: int) -> Any:
        """Vote as the token's owner, who sits on the board, on exactly what `decision` gave; else 409 and nothing is stored.

        What proves who votes is the token, which was made after a sign-in of the last minutes and is less than an hour old; the
        vote says so, with the time at which it was made.
        """
        sent, change, proof = call.body, change_or_404(call, number), token_proof(self.token)
        with told():
            vote_cast(
                client=call.client, request=change, user=call.user, decision=sent["decision"], comment=sent["comment"],
                shown=Shown(sent["content_sha256"], sent["preview_sha256"], sent["statement"]),
                proof=proof, place=self.place,
            )  # fmt: skip
        return decision_shown(call, change_or_404(call, number))


class DecisionDetail(BoardView):
    operations = {"GET": Operation("decision_get", VIEW_CHANGES, shapes.DecisionSerializer)}

    def get(self, call: Call, number: int) -> Any:
        """Who is still needed for a request, and what a vote of the caller would say."""
        return decision_shown(call, change_or_404(call, number))


def decision_shown(call: Call, change: ChangeRequest) -> dict[str, Any]:
    """How a request stands."""
    now, is_open = board_now(), is_votable(change)
    decision = decision_of(change, now) if is_open else undecidable(f"{change} is not before the board")
    member = seat_of(call, change, now, decision) if now is not None and is_open else None
    return {
        "number": change.number, "state": change.state,
        "outcome": decision.outcome.value if is_open else "none", "sentence": sentence_of(change, decision),
        "needed": decision.needed, "blocked": decision.blocked, "content_sha256": change.content_sha256,
        "preview_sha256": preview_sha256(change),
        "statement": statement_of(change, call.user, member.function) if member is not None else None,
    }  # fmt: skip


def seat_of(call: Call, change: ChangeRequest, now: BoardNow, decision: Decision) -> BoardMember | None:
    """The seat from which the caller votes, or decides alone as an admin without one; None where they may do neither."""
    member = now.member(call.user)
    if member is not None and decision.may_vote(call.user):
        return member
    if change.state != ChangeState.REVIEW:
        return None
    try:
        return deciding_alone(call.client, change, call.user, now, decision)
    except DefinitionError:
        return None
