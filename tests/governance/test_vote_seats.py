"""Votes go with the seat from which they were given: whoever comes back votes anew."""

from collections.abc import Callable

import pytest
from django.test import Client as Browser

from governance.board_rules import Outcome
from governance.models import ChangeRequest, ChangeState, ChangeVote
from governance.selectors.voting import decision_of, sentence_of, to_vote
from governance.services.board import RightRow, seat_end, seat_give
from governance.services.change_states import change_move
from portal.accounts.models import User
from portal.accounts.services.people import person_disable, person_remove, person_role_change
from portal.notices.models import Notice
from portal.tenancy.models import AuditEntry, Client, ClientRole, Membership
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import member_add
from tests.governance.boards import BASE, a_board, alone, in_review, now_of, version, vote

BOTH = RightRow(functions=("finance", "executive"), yes_count=2, quorum=2)
Leave = Callable[[Client, User], None]


def taken_off_the_board(client: Client, person: User) -> None:
    seat_end(client=client, version=version(), person=person, user=None)


def removed_from_the_client(client: Client, person: User) -> None:
    person_remove(client=client, member=Membership.objects.get(user=person), user=None)


def back_in_the_seat(client: Client, person: User) -> None:
    """One of the client's people, in their old role and in the same seat."""
    member_add(client=client, user=person, role=ClientRole.FINANCE)
    seat_give(client=client, version=version(), person=person, function="finance", user=None)


def finns_vote_on(request: ChangeRequest) -> ChangeVote:
    found: ChangeVote = ChangeVote.objects.get(request=request, user__email__startswith="finn")
    return found


@pytest.mark.parametrize("leave", [taken_off_the_board, removed_from_the_client])
def test_whoever_comes_back_to_the_same_seat_votes_anew(
    northwind: Client, finn: User, rita: User, eve: User, leave: Leave
) -> None:
    with tenant_context(northwind):
        a_board(northwind, BOTH, finance=finn, revops=rita, executive=eve)
        request = in_review(northwind, by=rita)
        vote(request, finn)
        leave(northwind, finn)
        back_in_the_seat(northwind, finn)
        assert decision_of(now_of(request)).sentence == "Still needed: Finance (Finn) and Executive (Eve)."
        assert to_vote(finn) == [request]
        vote(request, eve)
        assert now_of(request).state == ChangeState.REVIEW  # Finance has not said yes in this seat
        vote(request, finn)
        assert now_of(request).state == ChangeState.APPROVED


def test_the_vote_is_kept_as_void_audited_and_the_others_are_told(
    northwind: Client, finn: User, rita: User, eve: User
) -> None:
    with tenant_context(northwind):
        a_board(northwind, BOTH, finance=finn, revops=rita, executive=eve)
        request = in_review(northwind, by=rita)
        vote(request, finn)
        removed_from_the_client(northwind, finn)
        found = finns_vote_on(request)
        assert (found.decision, found.void_reason) == ("yes", "Whoever gave it sits on the board no more")
        entry = AuditEntry.objects.get(action="change.votes_void")
        assert entry.details["votes"] == [[finn.email, "finance", "yes"]]
        said = Notice.objects.filter(user=eve).order_by("-pk")[0].text
        assert said.startswith(f"{request} “{request.title}”: Finn sits on the board no more, and their vote is void.")
        assert said.endswith("nobody on the board may say yes for Finance.")


def test_a_role_that_does_not_vote_or_a_closed_account_takes_the_votes_away(
    northwind: Client, finn: User, rita: User, eve: User
) -> None:
    with tenant_context(northwind):
        a_board(northwind, BOTH, finance=finn, revops=rita, executive=eve)
        request = in_review(northwind, by=rita)
        vote(request, finn)
        member = Membership.objects.get(user=finn)
        person_role_change(client=northwind, member=member, role=ClientRole.SALES, user=None)
        assert finns_vote_on(request).voided_at is None  # still in the seat, and in a role that votes
        person_role_change(client=northwind, member=member, role=ClientRole.ANALYST, user=None)
        assert finns_vote_on(request).voided_at is not None
        person_role_change(client=northwind, member=member, role=ClientRole.FINANCE, user=None)
        assert to_vote(finn) == [request]
        vote(request, eve)
    person_disable(user=eve)
    with tenant_context(northwind):
        assert not ChangeVote.objects.filter(user=eve, voided_at=None).exists()


def test_votes_that_wait_for_a_new_effect_go_with_the_seat_too(
    northwind: Client, finn: User, rita: User, eve: User
) -> None:
    with tenant_context(northwind):
        a_board(northwind, BOTH, finance=finn, revops=rita, executive=eve)
        request = in_review(northwind, by=rita)
        vote(request, finn)
        change_move(request=request, step="ask_impact", user=None)
        taken_off_the_board(northwind, finn)
        assert finns_vote_on(request).voided_at is not None


def test_what_was_decided_stays_decided(northwind: Client, finn: User, rita: User, eve: User) -> None:
    with tenant_context(northwind):
        a_board(northwind, BASE, RightRow(kind="quota_rule", quorum=2), finance=finn, revops=rita, chair_executive=eve)
        by_votes, by_one = in_review(northwind, by=rita), in_review(northwind, by=rita)
        vote(by_votes, finn)
        alone(by_one, eve)
        for person in (finn, eve):
            taken_off_the_board(northwind, person)
        assert not ChangeVote.objects.exclude(voided_at=None).exists()
        assert {now_of(each).state for each in (by_votes, by_one)} == {ChangeState.APPROVED}


def test_nobody_decides_by_taking_the_seat_of_whoever_said_no(
    northwind: Client, finn: User, rita: User, eve: User, adam: User, signed_in: Callable[[User], Browser]
) -> None:
    """More yes than no is asked for. Finn's no falls with the seat, and Eve's yes would do: she says so once more."""
    with tenant_context(northwind):
        a_board(northwind, RightRow(), finance=finn, sales=adam, executive=eve)
        request = in_review(northwind, by=rita)
        vote(request, finn, "no")
        vote(request, eve)
        assert now_of(request).state == ChangeState.REVIEW
        taken_off_the_board(northwind, finn)
        left = now_of(request)
        decision = decision_of(left)
        assert (left.state, decision.outcome) == (ChangeState.REVIEW, Outcome.APPROVED)
        assert "It is decided with the next vote, also with one that says the same again." in sentence_of(
            left, decision
        )
    page = signed_in(eve).get(f"/c/northwind/changes/{request.number}/").content.decode()
    assert "It is decided with the next vote" in page
    with tenant_context(northwind):
        vote(request, eve)
        assert now_of(request).state == ChangeState.APPROVED
