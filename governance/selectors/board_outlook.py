"""Why a board could not decide a change, told while it is written and until it comes before the board.

`lacks_for(user, kind, board=None) -> tuple[str, ...]` · `lacks_of(request) -> tuple[str, ...]` ·
`may_need(kind, board=None) -> MayNeed | None`. Run in the client's scope.

What is told is sure: rows of the table count that are about such a change whatever becomes of it, and by the size of its effect
once that is known. Each reason is in words that follow "because". What else may be needed follows from the rows under which it
may come: by the size of its effect, by what it restates, by what it pays.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from governance.board_rules import Need, Outcome, Seat, needs_joined, weigh
from governance.models import ChangeKind, ChangeRequest, DecisionRight
from governance.selectors.board import BoardNow, board_now
from governance.selectors.pay import pay_rules
from governance.selectors.voting import LABELS, NO_BOARD, NO_ROW, authors_of, fits, need_of
from portal.accounts.same_person import mailbox_of, mailboxes_of

NOTHING: Final = Need(yes_count=0, quorum=0)


@dataclass(frozen=True)
class MayNeed:
    """What every change of a kind takes, and what more it takes under which rows."""

    always: Need
    more: tuple[tuple[Need, tuple[DecisionRight, ...]], ...]


def lacks_for(user: Any, kind: str, board: BoardNow | None = None) -> tuple[str, ...]:
    """Why nobody could decide a change of a kind that a person would ask for; empty where somebody could."""
    board = board or board_now()
    if board is None:
        return (NO_BOARD,)
    rights = [right for right in board.rights if right.kind in ("", kind) and not is_conditional(right)]
    return lacks(board, {mailbox_of(user.email)}, rights)


def is_conditional(right: DecisionRight) -> bool:
    """Whether a row is about some changes of its kind alone."""
    return bool(right.from_cents or right.is_restating or right.feeds_pay)


def may_need(kind: str, board: BoardNow | None = None) -> MayNeed | None:
    """What a change of a kind takes, and what more where it comes under a row that is not about every one; None without a
    board.
    """
    board = board or board_now()
    if board is None:
        return None
    rights = [right for right in board.rights if right.kind in ("", kind) and may_fit(right, kind)]
    always = needs_joined(need_of(right) for right in rights if not is_conditional(right))
    more: dict[Need, list[DecisionRight]] = {}
    for right in rights:
        if is_conditional(right) and (beyond := need_beyond(always, need_of(right))) != NOTHING:
            more.setdefault(beyond, []).append(right)
    return MayNeed(always, tuple((need, tuple(rows)) for need, rows in more.items()))


def may_fit(right: DecisionRight, kind: str) -> bool:
    """Whether a change of a kind can come under a row: only one of the policy moves ARR, and may restate closed months."""
    return kind == ChangeKind.POLICY or not (right.from_cents or right.is_restating)


def need_beyond(base: Need, need: Need) -> Need:
    """What one need asks for besides another: nobody twice, and a number only where it is more than all who must say yes."""
    functions = tuple(name for name in need.functions if name not in base.functions)
    needs_chair = need.needs_chair and not base.needs_chair
    people = len(base.functions) + len(functions) + (need.needs_chair or base.needs_chair)
    yes_count = need.yes_count if need.yes_count > max(base.yes_count, people) else 0
    quorum = need.quorum if need.quorum > max(base.quorum, people, yes_count) else 0
    return Need(functions, needs_chair, yes_count, quorum)


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
