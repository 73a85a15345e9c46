"""Deciding alone in an emergency, and the debt that it leaves."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from governance.models import BoardMember, ChangeRequest, ChangeState, EmergencyReview, ReviewState
from governance.selectors.board import reviews_open
from governance.selectors.registry import month_now
from governance.selectors.voting import to_vote
from governance.services.asking import reminders_due
from governance.services.board import RightRow, chair_name, rights_save, seat_give
from governance.services.change_states import change_move
from governance.services.problems import DefinitionError, OutdatedError
from governance.services.registry import registry_start
from portal.accounts.models import User
from portal.notices.kinds import Kind
from portal.notices.models import Notice
from portal.tenancy.models import AuditEntry, Client, ClientRole
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import member_add
from reporting.home_page import vote_needs
from tests.conftest import person_named
from tests.governance.boards import WISH, a_board, alone, in_review, now_of, shown_to, version, vote

BOTH = RightRow(functions=("finance", "sales"), yes_count=2, quorum=2)


@pytest.fixture
def board(northwind: Client, finn: User, rita: User, eve: User) -> Client:
    """Eve has the chair; Finn speaks for Finance, Rita for RevOps, Sue for Sales."""
    sue = person_named("sue")
    with tenant_context(northwind):
        member_add(client=northwind, user=sue, role=ClientRole.SALES)
        a_board(northwind, BOTH, finance=finn, revops=rita, executive=eve, sales=sue)
    return northwind


def told(user: User) -> list[str]:
    return list(Notice.objects.filter(user=user, kind=Kind.EMERGENCY).order_by("pk").values_list("text", flat=True))


def test_the_chair_approves_alone_and_everybody_it_concerns_is_mailed_at_once(
    board: Client, finn: User, rita: User, eve: User
) -> None:
    with tenant_context(board):
        request = in_review(board, by=rita)
        review = alone(request, eve)
        found = now_of(request)
        assert found.state == ChangeState.APPROVED and found.is_emergency
        assert review.vote.is_emergency and review.vote.user == eve
        for person in (finn, rita, person_named("sue")):
            (text,) = told(person)
            assert "Eve approved" in text and "The board pack goes out tonight" in text
            assert Notice.objects.get(user=person, kind=Kind.EMERGENCY).mail_at is not None
        assert AuditEntry.objects.filter(action="change.emergency").count() == 1
        assert (review.due_on - review.vote.at.date()).days in (6, 7)
        assert [each.pk for each in reviews_open()] == [review.pk]
        assert [row.number for row in to_vote(finn)] == [request.number], "it waits for the board"
        assert "approved by one person alone" in vote_needs(board, finn)[0].text


def test_what_people_are_paid_by_moves_within_a_period_by_no_emergency_without_sales_and_finance(
    board: Client, finn: User, rita: User, eve: User
) -> None:
    """The chair decided a rule of quotas alone in the middle of a quarter, where Sales had no seat to say a word from."""
    rule = {"rule": "Quotas go up by a tenth.", "metrics": ["nrr"]}

    def asked(key: str, begins: int) -> ChangeRequest:
        wish = replace(WISH, title=f"Quotas {key}", content={"key": key, **rule}, from_month=begins)
        return in_review(board, by=rita, wish=wish, kind="quota_rule")

    with tenant_context(board):
        registry_start(client=board)
        quarter = month_now(board) // 3 * 3 + 3
        request = asked("q", quarter + 1)
        with pytest.raises(DefinitionError, match="Nobody approves it alone without the yes of Sales and Finance"):
            alone(request, eve)
        assert now_of(request).state == ChangeState.REVIEW and not EmergencyReview.objects.exists()
        vote(request, finn)
        with pytest.raises(DefinitionError, match=r"without the yes of Sales$"):
            alone(request, eve)
        alone(asked("r", quarter), eve)  # begins with a coming quarter: nobody is paid by it yet


def test_an_emergency_without_a_reason_or_on_what_was_not_shown_is_refused(
    board: Client, finn: User, rita: User, eve: User
) -> None:
    with tenant_context(board):
        request = in_review(board, by=rita)
        with pytest.raises(DefinitionError, match="cannot wait"):
            alone(request, eve, reason=" ")
        shown = shown_to(request, eve)
        change_move(request=request, step="ask_impact", user=rita)
        with pytest.raises(OutdatedError):
            alone(request, eve)
        assert shown.content_sha256 and not EmergencyReview.objects.exists()
        assert now_of(request).state == ChangeState.IMPACT


def test_the_board_confirms_it_afterwards_by_the_votes_that_it_would_have_taken(
    board: Client, finn: User, rita: User, eve: User
) -> None:
    with tenant_context(board):
        request = in_review(board, by=rita)
        alone(request, eve)
        vote(request, finn)
        assert EmergencyReview.objects.get().state == ReviewState.OPEN
        vote(request, person_named("sue"))
        review = EmergencyReview.objects.get()
        assert review.state == ReviewState.CONFIRMED and "Finn" in review.closed_text and review.closed_at is not None
        assert now_of(request).state == ChangeState.APPROVED and reviews_open() == []
        with pytest.raises(OutdatedError, match="not before the board"):
            vote(request, finn, "no")


def test_an_objection_closes_it_and_stays_on_record(board: Client, finn: User, rita: User, eve: User) -> None:
    with tenant_context(board):
        request = in_review(board, by=rita)
        alone(request, eve)
        with pytest.raises(DefinitionError, match="say why not"):
            vote(request, finn, "no", comment=" ")
        vote(request, finn, "no", comment="It could have waited")
        review = EmergencyReview.objects.get()
        assert review.state == ReviewState.OBJECTED
        assert review.closed_text == "Finn (Finance) objects: It could have waited"
        assert now_of(request).state == ChangeState.APPROVED, "an objection undoes nothing"
        assert "ask for another change" in told(eve)[-1]
        reviews, seats = EmergencyReview.objects.all(), BoardMember.objects.all()
        for write in (
            lambda: reviews.update(state=ReviewState.CONFIRMED),
            reviews.delete,
            lambda: seats.update(function="sales"),
            seats.delete,
        ):
            with pytest.raises(DatabaseError, match="never"), transaction.atomic():
                write()


def test_whoever_asked_does_not_look_at_it_afterwards_either(board: Client, rita: User, eve: User) -> None:
    with tenant_context(board):
        request = in_review(board, by=rita)
        alone(request, eve)
        with pytest.raises(DefinitionError, match="does not vote"):
            vote(request, rita)


def test_the_board_is_reminded_until_somebody_has_looked(board: Client, finn: User, rita: User, eve: User) -> None:
    with tenant_context(board):
        review = alone(in_review(board, by=rita), eve)
    days: Any = dt.timedelta

    def look(after: int) -> int:
        with tenant_context(board):
            reminders_due(client=board, now=review.vote.at + days(days=after, minutes=5))
            return len(told(finn))

    assert [look(1), look(3), look(3), look(4), look(8)] == [1, 2, 2, 2, 3]
    with tenant_context(board):
        assert "is due on" in told(finn)[1]
        assert board.next_reminder_at is not None
        vote(review.request, finn, "no", comment="No")
    assert look(20) == 4, "the objection, and no reminder after it"


def test_what_is_sent_back_leaves_nothing_to_look_at(board: Client, rita: User, eve: User, finn: User) -> None:
    with tenant_context(board):
        request = in_review(board, by=rita)
        alone(request, eve)
        change_move(request=now_of(request), step="send_back", user=finn, reason="It cannot be carried out")
        review = EmergencyReview.objects.get()
        assert review.state == ReviewState.MOOT and reviews_open() == []


def test_what_a_needed_function_said_no_to_is_no_emergency(board: Client, finn: User, rita: User, eve: User) -> None:
    """Not even where whoever said so lost the seat since."""
    with tenant_context(board):
        request = in_review(board, by=rita)
        vote(request, finn, "no")
        refused = "Finance voted no: to approve it alone would be no emergency"
        with pytest.raises(DefinitionError, match=refused):
            alone(request, eve)
        BoardMember.objects.filter(user=finn).update(until="2026-01-01")
        with pytest.raises(DefinitionError, match=refused):
            alone(request, eve)
        assert now_of(request).state == ChangeState.REVIEW and not EmergencyReview.objects.exists()


def test_who_took_the_chair_while_it_was_open_does_not_decide_alone(
    board: Client, rita: User, eve: User, adam: User
) -> None:
    """Nor does an admin once the chair is empty."""
    with tenant_context(board):
        request = in_review(board, by=rita)
        seat_give(client=board, version=version(), person=adam, function="sales", is_chair=True, user=adam)
        with pytest.raises(DefinitionError, match="the chair changed hands while CR-1 was open"):
            alone(request, adam)
        chair_name(client=board, version=version(), person=None, user=adam)
        with pytest.raises(DefinitionError, match="the chair changed hands"):
            alone(request, adam)
        chair_name(client=board, version=version(), person=eve, user=adam)
        alone(request, eve)


def test_whoever_decided_alone_has_no_part_in_the_review(board: Client, finn: User, rita: User, eve: User) -> None:
    """Their yes confirms nothing, and to abstain would have left the request without a vote to stand on."""
    with tenant_context(board):
        rows = [RightRow(functions=("executive",), needs_chair=True, quorum=2)]
        rights_save(client=board, version=version(), rows=rows, pay_period=3, user=finn)
        request = in_review(board, by=rita)
        review = alone(request, eve)
        with pytest.raises(DefinitionError, match="you decided it alone"):
            vote(request, eve, "abstain")
        review.vote.refresh_from_db()
        assert review.vote.voided_at is None and [row.number for row in to_vote(eve)] == []
        vote(request, finn, "abstain")
        assert EmergencyReview.objects.get().state == ReviewState.OPEN, "nobody else has said yes"
        vote(request, person_named("sue"))
        review = EmergencyReview.objects.get()
        assert (review.state, review.closed_text) == (ReviewState.CONFIRMED, "Yes of Sue")
