"""The board of a client: who sits on it, and the table of decision rights. Runs in the client's scope.

`board_start(client=, user=)` · `seat_give(client=, version=, person=, function=, is_chair=, user=)` ·
`seat_end(client=, version=, person=, user=)` · `chair_name(client=, version=, person=, user=)` ·
`rights_save(client=, version=, rows=, pay_period=, user=)` · `board_leave(client, person)` ·
`require_seats_kept(client, member, role, user)`

Every change raises the board's version, is audited, and stays in its history. Nobody changes seats, chair or table while a
request of their own is open, in whichever state, nor makes a seat void or good again by its holder's role or membership: the
board would be made to decide about them.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from django.db.models import Q

from governance.board_words import row_sentence
from governance.models import (
    Board,
    BoardChange,
    BoardMember,
    ChangeKind,
    ChangeRequest,
    DecisionRight,
    EmergencyReview,
    Function,
    PayPeriod,
    ReviewState,
)
from governance.selectors.board import BoardNow, board_now, may_sit
from governance.selectors.change_pay import pay_waits
from governance.selectors.changes import OPEN
from governance.selectors.voting import authors_of
from governance.services.problems import DefinitionError, OutdatedError
from governance.services.respondents import BY_ROLE
from governance.services.vote_voids import votes_leave
from metrics.selectors.reported import headline_reported
from portal.accounts.same_person import is_staff_person, mailbox_of
from portal.tenancy import audit
from portal.tenancy.clock import database_time, day_now
from portal.tenancy.models import Client, ClientRole, Membership
from portal.tenancy.services import TenancyError

MOST_ROWS: Final = 40
LARGEST: Final = 10**17
SHARE_OF_ARR: Final = 100  # a change that moves ARR by a hundredth of it takes the chair


@dataclass(frozen=True)
class RightRow:
    """One row of the table as somebody wants it."""

    kind: str = ""
    from_cents: int = 0
    is_restating: bool = False
    feeds_pay: bool = False
    functions: tuple[str, ...] = ()
    needs_chair: bool = False
    yes_count: int = 1
    quorum: int = 1


def board_start(*, client: Client, user: Any) -> Board:
    """The client's board: a seat for whoever has a function's role, the first executive in the chair, and a usual table.

    Two accounts with one mailbox are one person, who has the seat of the older membership.
    """
    Client.objects.select_for_update(no_key=True).get(pk=client.pk)
    if Board.objects.exists():
        raise OutdatedError("the board is there already")
    board: Board = Board.objects.create(client=client, started_by=user, started_at=database_time())
    today, has_chair = day_now(client), False
    people: dict[str, Membership] = {}
    for row in Membership.objects.filter(role__in=list(BY_ROLE)).select_related("user").order_by("pk"):
        people.setdefault(mailbox_of(row.user.email), row)
    for row in people.values():
        function = BY_ROLE[ClientRole(row.role)]
        is_chair = function == Function.EXECUTIVE and not has_chair
        has_chair = has_chair or is_chair
        BoardMember.objects.create(
            client=client, board=board, user=row.user, function=function, is_chair=is_chair, since=today
        )
    rows_write(board, usual_rows(client))
    now = board_now()
    assert now is not None
    kept(board, "The board was started with the usual table", None, said(now), user, "board.started")
    return board


def usual_rows(client: Client) -> list[RightRow]:
    """The table that is proposed; what takes the chair by size is left out while there is no ARR to take a share of."""
    rows = [
        RightRow(functions=("finance",), quorum=2),
        RightRow(kind=ChangeKind.POLICY, functions=("finance", "revops"), yes_count=2, quorum=2),
        RightRow(kind=ChangeKind.METRIC_NEW, functions=("revops",), quorum=2),
        RightRow(is_restating=True, functions=("finance", "revops"), needs_chair=True, yes_count=3, quorum=3),
        RightRow(feeds_pay=True, functions=("sales", "finance"), yes_count=2, quorum=2),
    ]
    arr = headline_reported(client).arr.value
    if arr:
        cents = leading(int(arr.scaleb(2)) // SHARE_OF_ARR)
        rows.insert(3, RightRow(from_cents=cents, needs_chair=True, yes_count=2, quorum=3))
    return rows


def leading(cents: int) -> int:
    """An amount cut to its first two figures: what people agree on is a round number."""
    unit: int = 10 ** max(len(str(cents)) - 2, 0)
    return cents // unit * unit


def seat_give(
    *, client: Client, version: int, person: Any, function: str, is_chair: bool = False, user: Any
) -> BoardMember:
    """Let one of the client's people speak for a function. DefinitionError for whoever may not sit on a board.

    Nobody of the client's firm sits on it, nobody has two seats, and two accounts with one mailbox are one person.
    """
    board = board_lock(version)
    require_nothing_own(user)
    member = Membership.objects.filter(user=person).first()
    if function not in Function.values:
        raise DefinitionError(f"'{function}' is no function")
    if member is None or is_staff_person(client, person):
        raise DefinitionError("the board is made of the client's own people, not of those of its consultants")
    if not may_sit(member.role):
        raise DefinitionError(f"in the role of {member.get_role_display()} nobody votes: change the role first")
    now = board_now()
    assert now is not None
    if any(mailbox_of(each.user.email) == mailbox_of(person.email) for each in now.members):
        raise DefinitionError(f"{person.get_full_name()} sits on the board already: a person has one seat")
    before = said(now)
    BoardMember.objects.filter(user=person, until=None).update(
        until=day_now(client)
    )  # a seat left over from another time
    if is_chair:
        BoardMember.objects.filter(until=None, is_chair=True).update(is_chair=False)
    seat: BoardMember = BoardMember.objects.create(
        client=client, board=board, user=person, function=function, is_chair=is_chair, since=day_now(client)
    )
    text = f"{person.get_full_name()} speaks for {Function(function).label}{' and takes the chair' if is_chair else ''}"
    changed(board, text, before, user, "board.seat_given")
    return seat


def seat_end(*, client: Client, version: int, person: Any, user: Any) -> None:
    """Take a seat away from today on. What its holder voted stays on record, void where it is not decided yet."""
    board, before = board_lock(version), said_now()
    require_nothing_own(user)
    ended = BoardMember.objects.filter(user=person, until=None).update(until=day_now(client), is_chair=False)
    if not ended:
        raise OutdatedError("this person has no seat on the board: look at it once more")
    changed(board, f"{person.get_full_name()} gives up the seat", before, user, "board.seat_ended")
    votes_leave(client, person)


def chair_name(*, client: Client, version: int, person: Any, user: Any) -> None:
    """Give the chair to a member; None leaves it empty."""
    board, before = board_lock(version), said_now()
    require_nothing_own(user)
    BoardMember.objects.filter(until=None, is_chair=True).update(is_chair=False)
    if person is not None and not BoardMember.objects.filter(user=person, until=None).update(is_chair=True):
        raise DefinitionError("only somebody who sits on the board takes the chair")
    text = f"{person.get_full_name()} takes the chair" if person is not None else "Nobody has the chair"
    changed(board, text, before, user, "board.chair_named")


def rights_save(*, client: Client, version: int, rows: Sequence[RightRow], pay_period: int, user: Any) -> Board:
    """The table of decision rights as a whole, in the place of the one before. DefinitionError names what is wrong in it.

    The period of quotas and pay, by which is counted whether a change takes Sales and Finance, stays while one is open.
    """
    board, before = board_lock(version), said_now()
    require_nothing_own(user)
    require_rows(rows)
    if pay_period not in PayPeriod.values:
        raise DefinitionError("quotas and pay are set for a month, a quarter, half a year or a year")
    if pay_period != board.pay_period and (fault := pay_waits("the period for which they are set stays as it is")):
        raise DefinitionError(fault)
    board.pay_period = pay_period
    rows_write(board, rows)
    after = said_now()
    if after["rights"] == before["rights"] and before["pay_period"] == pay_period:
        raise DefinitionError("this is what the table says already")
    changed(board, "The decision rights were changed", before, user, "board.rights_changed")
    return board


def require_rows(rows: Sequence[RightRow]) -> None:
    """DefinitionError unless every row can be meant, and every kind of change is decided by some row."""
    if not 0 < len(rows) <= MOST_ROWS:
        raise DefinitionError(f"the table has one to {MOST_ROWS} rows")
    for place, row in enumerate(rows, 1):
        if row.kind not in ("", *ChangeKind.values) or any(name not in Function.values for name in row.functions):
            raise DefinitionError(f"row {place} names a kind or a function that there is not")
        if not 0 <= row.from_cents < LARGEST:
            raise DefinitionError(f"row {place}: the size of the effect is an amount from 0 on")
        if not 1 <= row.yes_count <= row.quorum <= MOST_ROWS:
            raise DefinitionError(
                f"row {place}: at least one must say yes, and as many have to take part as must say yes"
            )
    plain = {row.kind for row in rows if not (row.from_cents or row.is_restating or row.feeds_pay)}
    if "" not in plain and (open_kinds := [kind.label for kind in ChangeKind if kind not in plain]):
        raise DefinitionError(
            f"nothing decides about {', '.join(open_kinds)} of a small effect: keep a row for any change, from 0 on"
        )


def require_nothing_own(user: Any) -> None:
    """DefinitionError for whoever asked for, or wrote, what is open: not yet in force, or decided alone and not looked at.

    A step back out of the review frees nobody: it comes to the board again.
    """
    if user is None:
        return
    later = EmergencyReview.objects.filter(state=ReviewState.OPEN).values("request")
    waiting = list(ChangeRequest.objects.filter(Q(state__in=OPEN) | Q(pk__in=later)).order_by("number"))
    box, authors = mailbox_of(user.email), authors_of(waiting)
    if own := [row for row in waiting if box in authors[row.pk]]:
        raise DefinitionError(
            f"your own request {own[0]} is open: another admin changes the board, or you do once it is in force or withdrawn"
        )


def rows_write(board: Board, rows: Sequence[RightRow]) -> None:
    """Put rows in the place of those that are there."""
    DecisionRight.objects.filter(board=board).delete()
    made = [
        DecisionRight(
            client=board.client, board=board, position=place, **asdict(row) | {"functions": list(row.functions)}
        )
        for place, row in enumerate(rows, 1)
    ]
    DecisionRight.objects.bulk_create(made)


def require_seats_kept(client: Client, member: Membership, role: str, user: Any) -> None:
    """TenancyError where whoever has an open request would make another's seat void, or good again, by a role or its end."""
    if (
        user is None
        or user.pk == member.user_id
        or not BoardMember.objects.filter(user=member.user, until=None).exists()
    ):
        return
    if may_sit(member.role) == (role in ClientRole.values and may_sit(role)):
        return
    try:
        require_nothing_own(user)
    except DefinitionError as error:
        raise TenancyError(f"{member.user.get_full_name()} sits on the review board, and {error}") from error


def board_leave(client: Client, person: Any) -> None:
    """Whoever leaves the client sits on its board no more."""
    board = Board.objects.select_for_update().first()
    if board is None or not BoardMember.objects.filter(user=person, until=None).exists():
        return
    before = said_now()
    BoardMember.objects.filter(user=person, until=None).update(until=day_now(client), is_chair=False)
    changed(board, f"{person.get_full_name()} left the client, and the board", before, None, "board.seat_ended")


def board_lock(version: int) -> Board:
    """The board, locked. OutdatedError when somebody changed it since `version` was shown."""
    board = Board.objects.select_for_update(of=("self",)).select_related("client").first()
    if board is None:
        raise DefinitionError("there is no board yet: start it first")
    if board.version != version:
        raise OutdatedError()
    return board


def said_now() -> dict[str, Any]:
    """The board as its history keeps it."""
    now = board_now()
    assert now is not None
    return said(now)


def said(now: BoardNow) -> dict[str, Any]:
    """A board in words, for history and hash."""
    return {
        "members": [[each.user.email, each.function, each.is_chair] for each in now.members],
        "rights": [row_sentence(right, now.board.client) for right in now.rights],
        "pay_period": now.board.pay_period,
    }


def changed(board: Board, text: str, before: dict[str, Any], user: Any, action: str) -> None:
    """Raise the version and keep what changed."""
    board.version += 1
    board.save(update_fields=["version", "pay_period"])
    kept(board, text, before, said_now(), user, action)


def kept(board: Board, text: str, before: Any, after: Any, user: Any, action: str) -> None:
    """Write the line of the history and the audit entry."""
    BoardChange.objects.create(
        client=board.client, board=board, text=text, before=before, after=after, by=user, at=database_time()
    )
    audit.record(
        action, object_type="review board", object_id=board.client.slug, before=before, after=after,
        details={"text": text, **{name: after[name] for name in ("members", "rights", "pay_period")
                                  if before is None or before[name] != after[name]}},
    )  # fmt: skip
