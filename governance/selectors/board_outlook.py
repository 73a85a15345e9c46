"""Why a board could not decide a change, told while it is written and until it comes before the board.

`lacks_for(user, kind, board=None) -> tuple[str, ...]` · `lacks_of(request) -> tuple[str, ...]`. Run in the client's scope.

What is told is sure: rows of the table count that are about such a change whatever becomes of it, and by the size of its effect
once that is known. Each reason is in words that follow "because".
"""

from collections.abc import Sequence
from typing import Any

from governance.board_rules import Need, Outcome, Seat, needs_joined, weigh
from governance.models import ChangeRequest, DecisionRight
from governance.selectors.board import BoardNow, board_now
from governance.selectors.pay import pay_rules
from governance.selectors.voting import LABELS, NO_BOARD, NO_ROW, authors_of, fits, need_of
from portal.accounts.same_person import mailbox_of, mailboxes_of


def lacks_for(user: Any, kind: str, board: BoardNow | None = None) -> tuple[str, ...]:
    """Why nobody could decide a change of a kind that a person would ask for; empty where somebody could."""
    board = board or board_now()
    if board is None:
        return (NO_BOARD,)
    rights = [
        right for right in board.rights
        if right.kind in ("", kind) and not (right.from_cents or right.is_restating or right.feeds_pay)
    ]  # fmt: skip
    return lacks(board, {mailbox_of(user.email)}, rights)


def lacks_of(request: ChangeRequest) -> tuple[str, ...]:
    """Why nobody could decide a request that is written; empty where somebody could.

    An effect that is not computed yet counts as none: a row that it may come under asks for nothing so far.
    """
    board = board_now()
    if board is None:
        return (NO_BOARD,)
    pay = pay_rules([request], board.board.pay_period)[request.pk]
    is_known = request.preview is not None and request.preview.effect_cents is not None
    rights = [
        right for right in board.rights if fits(right, request, pay) and (is_known or not right.from_cents)
    ]  # fmt: skip
    more = Need(functions=pay.functions) if pay is not None and pay.is_now else None
    return lacks(board, authors_of([request])[request.pk], rights, more)


def lacks(
    board: BoardNow, authors: set[str], rights: Sequence[DecisionRight], more: Need | None = None
) -> tuple[str, ...]:
    """What these rows ask for and the seats that are not the authors' own cannot give."""
    if not board.seats:
        return ("nobody sits on the board",)
    boxes = mailboxes_of(seat.user_id for seat in board.seats)
    own = [seat for seat in board.seats if boxes.get(seat.user_id) in authors]
    seats = [seat for seat in board.seats if seat not in own]
    if not seats:
        return (f"nobody but {own[0].name}, who asks for it, sits on the board",)
    if not rights:
        return (NO_ROW,)
    needs = [need_of(right) for right in rights]
    weighed = weigh(needs_joined([*needs, more] if more else needs), seats, {}, LABELS)
    return tuple(told(reason, own) for reason in weighed.blocked) if weighed.outcome is Outcome.STUCK else ()


def told(reason: str, own: Sequence[Seat]) -> str:
    """A reason, with whose voice is missing: whoever asks for a change does not vote on it."""
    names = [seat.name for seat in own if reason.endswith(f"may say yes for {LABELS[seat.function]}")]
    return f"{reason} but {names[0]}, who asks for it" if names else reason
