"""The board as it is now. Runs in the client's scope.

`board_now() -> BoardNow | None` · `board_history() -> list[BoardChange]` · `reviews_open() -> list[EmergencyReview]` ·
`seats_void() -> list[str]` · `seat_candidates(board) -> list[Membership]`
"""

from dataclasses import dataclass
from typing import Any

from governance.board_rules import Seat
from governance.models import (
    Board,
    BoardChange,
    BoardMember,
    DecisionRight,
    EmergencyReview,
    Metric,
    MetricStatus,
    ReviewState,
)
from portal.tenancy.models import Membership
from portal.tenancy.permissions import CLIENT_ROLE_PERMISSIONS, VOTE_CHANGES

HISTORY = 50
VOTING = tuple(str(role) for role, may in CLIENT_ROLE_PERMISSIONS.items() if VOTE_CHANGES in may)


@dataclass(frozen=True)
class BoardNow:
    """The board with everybody who sits on it and the table of decision rights: three queries."""

    board: Board
    members: tuple[BoardMember, ...]
    rights: tuple[DecisionRight, ...]

    @property
    def chair(self) -> BoardMember | None:
        return next((member for member in self.members if member.is_chair), None)

    @property
    def seats(self) -> tuple[Seat, ...]:
        """Every seat, as the rules read it."""
        return tuple(seat_of(member) for member in self.members)

    def member(self, user: Any) -> BoardMember | None:
        """A person's own seat."""
        return next((member for member in self.members if member.user_id == user.pk), None)


def seat_of(member: BoardMember) -> Seat:
    """A seat as the rules read it."""
    return Seat(member.user_id, member.user.get_full_name(), member.function, member.is_chair)


def board_now() -> BoardNow | None:
    """The board; None for a client that has none yet.

    Whoever is no longer one of the client's people sits on it no more, nor does whoever has a role in which nobody votes.
    """
    board = Board.objects.first()
    if board is None:
        return None
    people = Membership.objects.filter(role__in=VOTING).values("user")
    members = BoardMember.objects.filter(board=board, until=None, user__in=people, user__is_active=True)
    return BoardNow(
        board, tuple(members.select_related("user").order_by("id")), tuple(board.rights.order_by("position"))
    )


def seats_void() -> list[str]:
    """Seats that their holders' roles have made void, each in a sentence."""
    roles = {row.user_id: row for row in Membership.objects.exclude(role__in=VOTING)}
    seats = BoardMember.objects.filter(until=None, user__in=list(roles)).select_related("user").order_by("id")
    return [
        f"{seat.user.get_full_name()} has the role of {roles[seat.user_id].get_role_display()}, in which nobody votes: "
        f"the seat for {seat.get_function_display()} is void"
        for seat in seats
    ]


def has_board() -> bool:
    """Whether the client in scope has a review board."""
    return Board.objects.exists()


def is_governed(metric: Metric) -> bool:
    """Whether a metric changes by requests alone: it is in use, and the client has a board that decides about them."""
    return metric.status in (MetricStatus.ACTIVE, MetricStatus.DEPRECATED) and has_board()


def sits(user: Any) -> bool:
    """Whether a person sits on the board: who plans its meetings and keeps their minutes."""
    board = board_now()
    return board is not None and board.member(user) is not None


def board_history() -> list[BoardChange]:
    """What was changed of the board, the newest first."""
    return list(BoardChange.objects.select_related("by")[:HISTORY])


def reviews_open() -> list[EmergencyReview]:
    """Decisions that one person took alone and the board has not looked at, the first due first."""
    rows = EmergencyReview.objects.filter(state=ReviewState.OPEN)
    return list(rows.select_related("request", "vote__user").order_by("due_on", "id"))


def may_sit(role: str) -> bool:
    """Whether somebody in this role may vote at all."""
    return VOTE_CHANGES in CLIENT_ROLE_PERMISSIONS[role]


def seat_candidates(board: BoardNow | None) -> list[Membership]:
    """The client's people who may be given a seat, by name."""
    seated = {member.user_id for member in board.members} if board else set()
    rows = Membership.objects.select_related("user").exclude(user__in=seated)
    return sorted((row for row in rows if may_sit(row.role)), key=lambda row: row.user.get_full_name().casefold())
