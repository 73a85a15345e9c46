"""Whether the table asks more of the board where a change would do another effect than the approved one.

`more_needed(request, cents, user) -> str`. Runs in the client's scope.
"""

from typing import Any

from governance.board_rules import YES, Outcome, needs_joined, weigh
from governance.board_words import joined
from governance.models import ChangeRequest, ChangeVote
from governance.selectors.board import board_now
from governance.selectors.pay import pay_rules
from governance.selectors.voting import LABELS, authors_of, effect_of, fits, need_of
from portal.accounts.same_person import mailboxes_of


def more_needed(request: ChangeRequest, cents: int, user: Any) -> str:
    """Whose yes is missing for an effect of `cents`, once `user` has said yes to it; empty where nobody's is.

    Only rows of the table that begin above the approved effect ask again: what was decided below them stays decided.
    """
    board = board_now()
    if board is None:
        return ""
    pay = pay_rules([request], board.board.pay_period)[request.pk]
    rows = [row for row in board.rights if fits(row, request, pay, max(abs(cents), effect_of(request) or 0))]
    if all(fits(row, request, pay) for row in rows):
        return ""
    boxes, authors = mailboxes_of(seat.user_id for seat in board.seats), authors_of([request])[request.pk]
    seats = [seat for seat in board.seats if boxes.get(seat.user_id) not in authors]
    votes = ChangeVote.objects.filter(request=request, voided_at=None, content_sha256=request.content_sha256)
    ballots = dict(votes.values_list("user_id", "decision")) | {user.pk: YES}
    found = weigh(needs_joined([need_of(row) for row in rows]), seats, ballots, LABELS)
    return "" if found.outcome is Outcome.APPROVED else joined([*found.needed, *found.blocked])
