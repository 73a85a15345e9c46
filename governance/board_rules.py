"""When a change is decided: pure, of seats, ballots and what the decision rights ask for.

`needs_joined(needs) -> Need` · `weigh(need, seats, ballots) -> Weighed`

A function has said yes when somebody of it did and nobody of it objects. A change is approved when every function that must say
yes has, the chair where they must, enough people say yes and more yes than no, and the quorum took part. It is rejected once
the quorum took part, somebody said no, and even the yes of everybody who has not voted yet could not approve it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

YES, NO, ABSTAIN = "yes", "no", "abstain"
NUMBERS: Final = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


class Outcome(Enum):
    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    STUCK = "stuck"  # nobody said no, and yet nothing that can still be said approves it


@dataclass(frozen=True)
class Seat:
    """Somebody who may vote on this change, and for what they speak."""

    user_id: int
    name: str
    function: str
    is_chair: bool = False


@dataclass(frozen=True)
class Need:
    """What it takes: functions that must say yes, with the reason where it is not the table's own; the chair; how many."""

    functions: tuple[str, ...] = ()
    needs_chair: bool = False
    yes_count: int = 1
    quorum: int = 1


@dataclass(frozen=True)
class Weighed:
    """How it stands: who is still needed, and why it cannot be decided as it is, each in words that follow "still needed"."""

    outcome: Outcome
    needed: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()


def needs_joined(needs: Iterable[Need]) -> Need:
    """What several rows ask for together: each function that one of them names, and the largest of their numbers."""
    rows = list(needs)
    functions = tuple(dict.fromkeys(name for row in rows for name in row.functions))
    return Need(
        functions=functions,
        needs_chair=any(row.needs_chair for row in rows),
        yes_count=max((row.yes_count for row in rows), default=1),
        quorum=max((row.quorum for row in rows), default=1),
    )


def weigh(need: Need, seats: Sequence[Seat], ballots: dict[int, str], labels: dict[str, str]) -> Weighed:
    """How a change stands. `ballots` is what each user said; whoever has no seat among `seats` is not counted."""
    counted = {seat.user_id: ballots[seat.user_id] for seat in seats if seat.user_id in ballots}
    needed: list[str] = []
    blocked: list[str] = []
    for function in need.functions:
        said = function_said(function, labels[function], seats, counted)
        needed += said.needed
        blocked += said.blocked
    if need.needs_chair:
        said = chair_said(seats, counted)
        needed += said.needed
        blocked += said.blocked
    said = counts_said(need, seats, counted, len(needed))
    needed += said.needed
    blocked = blocked or list(said.blocked)
    if not needed and not blocked:
        return Weighed(Outcome.APPROVED)
    if not blocked:
        return Weighed(Outcome.OPEN, tuple(needed))
    has_no, has_quorum = NO in counted.values(), len(counted) >= need.quorum
    if has_no and has_quorum:
        return Weighed(Outcome.REJECTED, (), tuple(blocked))
    return Weighed(Outcome.OPEN if has_no and can_fill(need, seats) else Outcome.STUCK, tuple(needed), tuple(blocked))


def can_fill(need: Need, seats: Sequence[Seat]) -> bool:
    """Whether there are people enough for the quorum."""
    return len(seats) >= need.quorum


def function_said(function: str, label: str, seats: Sequence[Seat], ballots: dict[int, str]) -> Weighed:
    """Whether a function has said yes, who of it still can, or why it cannot any more."""
    own = [seat for seat in seats if seat.function == function]
    said = [ballots.get(seat.user_id, "") for seat in own]
    silent = [seat.name for seat in own if seat.user_id not in ballots]
    if not own:
        return Weighed(Outcome.STUCK, blocked=(f"nobody on the board may say yes for {label}",))
    if NO in said:
        return Weighed(Outcome.STUCK, blocked=(f"{label} said no",))
    if YES in said:
        return Weighed(Outcome.APPROVED)
    if not silent:
        return Weighed(Outcome.STUCK, blocked=(f"{label} abstained",))
    return Weighed(Outcome.OPEN, needed=(f"{label} ({' or '.join(silent)})",))


def chair_said(seats: Sequence[Seat], ballots: dict[int, str]) -> Weighed:
    """The same for the chair."""
    chair = next((seat for seat in seats if seat.is_chair), None)
    if chair is None:
        return Weighed(Outcome.STUCK, blocked=("there is no chair who may say yes",))
    said = ballots.get(chair.user_id)
    if said is None:
        return Weighed(Outcome.OPEN, needed=(f"the chair ({chair.name})",))
    if said == YES:
        return Weighed(Outcome.APPROVED)
    return Weighed(Outcome.STUCK, blocked=("the chair said no" if said == NO else "the chair abstained",))


def counts_said(need: Need, seats: Sequence[Seat], ballots: dict[int, str], coming: int) -> Weighed:
    """Whether enough people said yes, more than said no, and enough took part; else how many more it takes.

    `coming` is how many are waited for by name already: they are not asked for once more, and whoever says yes takes part.
    """
    said = list(ballots.values())
    silent = len(seats) - len(said)
    wanted = max(need.yes_count, said.count(NO) + 1)
    lacking, absent = wanted - said.count(YES), need.quorum - len(said)
    if lacking > silent or absent > silent:
        return Weighed(Outcome.STUCK, blocked=(too_few(need, seats, lacking > silent),))
    parts = []
    if lacking > coming:
        more = "more " if coming or said.count(YES) else ""
        parts.append(f"{in_words(lacking - coming)} {more}yes")
    if (others := absent - max(lacking, coming)) > 0:
        parts.append(f"{in_words(others)} more {'member' if others == 1 else 'members'} to take part")
    return Weighed(Outcome.OPEN, needed=tuple(parts))


def too_few(need: Need, seats: Sequence[Seat], lacks_yes: bool) -> str:
    """Why numbers cannot be reached any more."""
    may = f"{in_words(len(seats))} {'person' if len(seats) == 1 else 'people'} on the board may vote on it"
    if lacks_yes and len(seats) >= need.yes_count:
        return "too many members do not say yes"
    asked = f"{in_words(need.yes_count)} must say yes" if lacks_yes else f"{in_words(need.quorum)} must take part"
    return f"{may}, and {asked}"


def in_words(number: int) -> str:
    """A small number as a word."""
    return NUMBERS[number] if 0 <= number < len(NUMBERS) else str(number)
