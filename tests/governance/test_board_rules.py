"""When a change is decided: the rules alone, without a database."""

from itertools import product

import pytest

from governance.board_rules import Need, Outcome, Seat, needs_joined, weigh

LABELS = {"finance": "Finance", "revops": "RevOps", "sales": "Sales"}
FINN, RITA, RAY, SUE = (
    Seat(1, "Finn", "finance"), Seat(2, "Rita", "revops"), Seat(3, "Ray", "revops"), Seat(4, "Sue", "sales", is_chair=True),
)  # fmt: skip
BOARD = (FINN, RITA, RAY, SUE)
BOTH = Need(functions=("finance", "revops"), yes_count=2, quorum=2)


def said(need: Need, seats: tuple[Seat, ...] = BOARD, **ballots: str) -> tuple[str, tuple[str, ...]]:
    """The outcome, and who is needed or what blocks it. `finn="yes"`."""
    by_name = {seat.name.lower(): seat.user_id for seat in seats}
    found = weigh(need, seats, {by_name[name]: vote for name, vote in ballots.items()}, LABELS)
    return found.outcome.value, found.blocked or found.needed


def test_every_function_that_must_say_yes_is_waited_for_by_the_names_of_its_people() -> None:
    assert said(BOTH) == ("open", ("Finance (Finn)", "RevOps (Rita or Ray)"))
    assert said(BOTH, finn="yes") == ("open", ("RevOps (Rita or Ray)",))
    assert said(BOTH, finn="yes", ray="yes") == ("approved", ())


def test_a_yes_of_somebody_else_does_not_stand_for_a_function() -> None:
    assert said(BOTH, rita="yes", ray="yes", sue="yes") == ("open", ("Finance (Finn)",))


def test_one_no_of_a_function_rejects_once_the_quorum_took_part() -> None:
    assert said(BOTH, rita="no") == ("open", ("RevOps said no",)), "the quorum is still missing"
    assert said(BOTH, rita="no", finn="yes")[0] == "rejected"
    assert said(BOTH, ray="yes", rita="no", finn="yes")[0] == "rejected", "nobody of a function objects"


def test_an_abstention_takes_part_and_says_nothing() -> None:
    wide = Need(functions=("finance",), yes_count=1, quorum=3)
    assert said(wide, finn="yes", rita="abstain") == ("open", ("one more member to take part",))
    assert said(wide, finn="yes", rita="abstain", ray="abstain")[0] == "approved"
    assert said(BOTH, finn="abstain") == ("stuck", ("Finance abstained",)), "nobody said no: it is not rejected"


def test_whoever_is_waited_for_by_name_is_not_counted_once_more() -> None:
    two = Need(functions=("finance",), yes_count=1, quorum=2)
    assert said(two) == ("open", ("Finance (Finn)", "one more member to take part")), "two in all"
    assert said(two, rita="yes") == ("open", ("Finance (Finn)",))
    wide = Need(functions=("finance",), yes_count=2, quorum=4)
    assert said(wide) == ("open", ("Finance (Finn)", "one more yes", "two more members to take part")), "four in all"
    assert said(Need(yes_count=2, quorum=3)) == ("open", ("two yes", "one more member to take part")), "three in all"


def test_the_chair_must_say_yes_where_the_right_asks_for_it() -> None:
    need = Need(functions=("finance",), needs_chair=True, yes_count=2, quorum=2)
    assert said(need, finn="yes") == ("open", ("the chair (Sue)",))
    assert said(need, finn="yes", sue="no") == ("rejected", ("the chair said no",))
    assert said(need, BOARD[:3], finn="yes")[1][0] == "there is no chair who may say yes"


def test_more_have_to_say_yes_than_no() -> None:
    need = Need(functions=("finance",), yes_count=1, quorum=3)
    assert said(need, finn="yes", rita="no") == ("open", ("one more yes",))
    assert said(need, finn="yes", rita="no", ray="no")[0] == "rejected", "even with Sue it would be two against two"
    assert said(need, finn="yes", rita="no", ray="yes")[0] == "approved"


def test_what_nobody_can_say_yes_to_is_stuck_and_says_why() -> None:
    assert said(BOTH, (RITA, RAY)) == ("stuck", ("nobody on the board may say yes for Finance",))
    lone = said(Need(yes_count=3, quorum=3), (FINN, RITA))
    assert lone == ("stuck", ("two people on the board may vote on it, and three must say yes",))


def test_several_rows_ask_together_for_what_each_of_them_asks() -> None:
    rows = [Need(("finance",), quorum=3), Need(("sales", "finance"), needs_chair=True, yes_count=2, quorum=2)]
    assert needs_joined(rows) == Need(("finance", "sales"), needs_chair=True, yes_count=2, quorum=3)


@pytest.mark.parametrize("need", [BOTH, Need(("finance",), True, 2, 3), Need(yes_count=2, quorum=4)])
def test_no_decision_is_taken_back_by_a_vote_that_comes_later_unless_somebody_changes_theirs(need: Need) -> None:
    """Every way in which four people may vote: what is rejected could not have become approved, and the other way round."""
    for ballots in product(("", "yes", "no", "abstain"), repeat=4):
        cast = {seat.user_id: vote for seat, vote in zip(BOARD, ballots, strict=True) if vote}
        outcome = weigh(need, BOARD, cast, LABELS).outcome
        best = cast | {seat.user_id: "yes" for seat in BOARD if seat.user_id not in cast}
        if outcome in (Outcome.REJECTED, Outcome.STUCK):
            assert weigh(need, BOARD, best, LABELS).outcome is not Outcome.APPROVED, cast
        if outcome is Outcome.OPEN and "no" not in cast.values():
            assert weigh(need, BOARD, best, LABELS).outcome is Outcome.APPROVED, cast
