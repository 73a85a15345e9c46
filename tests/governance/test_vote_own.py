"""Nobody decides about their own change: whatever way they try (A01)."""

from collections.abc import Callable

import pytest
from django.test import Client as Browser

from governance.models import Board, BoardMember, ChangeRequest, ChangeState, ChangeVote
from governance.services.board import RightRow, chair_name, rights_save, seat_end, seat_give
from governance.services.change_states import change_move
from governance.services.changes import change_edit, change_submit
from governance.services.emergency import emergency_approve
from governance.services.problems import DefinitionError
from portal.accounts.models import User
from portal.accounts.services.people import person_remove, person_role_change
from portal.tenancy.models import AuditEntry, Client, ClientRole, Membership
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import TenancyError, member_add
from tests.conftest import person_named
from tests.governance.boards import (
    BASE,
    PLACE,
    PROOF,
    WISH,
    a_board,
    alone,
    in_review,
    now_of,
    previewed,
    shown_to,
    version,
    vote,
)

OWN = "asked for a change, or wrote any of it"


def traces() -> tuple[int, ...]:
    """Everything that a vote leaves."""
    return ChangeVote.objects.count(), AuditEntry.objects.count(), ChangeRequest.objects.filter(state="review").count()


def refused(request: ChangeRequest, user: User, match: str = OWN) -> None:
    """Somebody's vote is refused, whatever they say, and leaves no trace."""
    before = traces()
    for decision in ("yes", "no", "abstain"):
        with pytest.raises(DefinitionError, match=match):
            vote(request, user, decision)
    assert traces() == before


def test_whoever_asked_does_not_vote_and_others_do(northwind: Client, finn: User, rita: User) -> None:
    with tenant_context(northwind):
        a_board(northwind, BASE, finance=finn, revops=rita)
        request = in_review(northwind, by=finn)
        refused(request, finn)
        request = in_review(northwind, by=rita)
        vote(request, finn)
        assert now_of(request).state == ChangeState.APPROVED


def test_whoever_ever_wrote_what_is_voted_on_does_not_vote(
    northwind: Client, finn: User, rita: User, adam: User
) -> None:
    """Finn wrote in it, and Rita after him, so that he is neither its requester nor its last editor."""
    with tenant_context(northwind):
        a_board(northwind, BASE, finance=finn, revops=rita, executive=adam)
        request = in_review(northwind, by=adam)
        request = change_move(request=request, step="send_back", user=rita, reason="Say more")
        for by, why in ((finn, "Paperwork is late."), (rita, "Paperwork is late, and looks like churn.")):
            request = change_edit(
                request=request,
                version=request.version,
                wish=WISH.__class__(**WISH.__dict__ | {"rationale": why}),
                user=by,
            )
        request = change_submit(request=request, version=request.version, user=adam)
        for step in ("triage", "ask_impact"):
            request = change_move(request=request, step=step, user=rita)
        request = change_move(request=previewed(request), step="to_review", user=rita)
        assert request.requested_by != finn and request.edited_by != finn
        for author in (finn, rita, adam):
            refused(request, author)


def test_naming_another_requester_or_editor_frees_nobody(northwind: Client, finn: User, rita: User) -> None:
    with tenant_context(northwind):
        a_board(northwind, BASE, finance=finn, revops=rita)
        request = in_review(northwind, by=finn)
        ChangeRequest.objects.filter(pk=request.pk).update(requested_by=rita, edited_by=rita)
        refused(request, finn)


def test_a_second_account_of_the_same_person_is_the_same_person(northwind: Client, finn: User, rita: User) -> None:
    """`Finn+board@example.com` reads the mail of `finn@example.com`."""
    with tenant_context(northwind):
        again = User.objects.create_user("finn+board@example.com", "x", name="F. Again")
        member_add(client=northwind, user=again, role=ClientRole.ADMIN)
        a_board(northwind, RightRow(functions=("revops",)), revops=rita)
        with pytest.raises(DefinitionError, match="one seat"):
            seat_give(client=northwind, version=version(), person=again, function="finance", user=rita)
        request = in_review(northwind, by=finn)
        # and where somebody had put the account on the board before Finn was one of the client's people
        BoardMember.objects.filter(user=finn).update(until="2026-01-01")
        BoardMember.objects.create(board=Board.objects.get(), user=again, function="finance", since="2026-01-01")
        refused(request, again)


@pytest.mark.parametrize(
    ("own", "other"),
    [
        ("rita@example.com", '"rita"@example.com'),
        ("rita@example.com", '"ri\\ta+board"@example.com'),
        ("rita@exämple.com", "rita@xn--exmple-cua.com"),
        ("rita.j@gmail.com", "ritaj@googlemail.com"),
    ],
)
def test_one_mailbox_written_in_two_ways_is_one_person(northwind: Client, finn: User, own: str, other: str) -> None:
    """Each of these can be invited, and the mail of both comes to her."""
    with tenant_context(northwind):
        rita, again = (User.objects.create_user(email, "x", name="Rita") for email in (own, other))
        for user in (rita, again):
            member_add(client=northwind, user=user, role=ClientRole.ADMIN)
        a_board(northwind, BASE, finance=finn)
        request = in_review(northwind, by=rita)
        BoardMember.objects.create(board=Board.objects.get(), user=again, function="sales", since="2026-01-01")
        refused(request, again)


def test_a_board_that_is_started_gives_a_person_with_two_accounts_one_seat(northwind: Client, finn: User) -> None:
    """Two would be two of the people who must say yes."""
    with tenant_context(northwind):
        again = User.objects.create_user("finn+board@example.com", "x", name="F. Again")
        member_add(client=northwind, user=again, role=ClientRole.REVOPS)
        a_board(northwind)
        assert [seat.user for seat in BoardMember.objects.filter(user__in=(finn, again))] == [finn]


def test_a_consultant_never_votes_not_even_under_another_account(
    northwind: Client, ana: User, finn: User, rita: User
) -> None:
    with tenant_context(northwind):
        a_board(northwind, BASE, finance=finn, revops=rita)
        request = in_review(northwind, by=rita)
        refused(request, ana, "own people")
        other = User.objects.create_user("ana+northwind@example.com", "x")
        member_add(client=northwind, user=other, role=ClientRole.FINANCE)
        for person in (ana, other):
            with pytest.raises(DefinitionError, match="own people"):
                seat_give(client=northwind, version=version(), person=person, function="sales", user=finn)
        BoardMember.objects.create(board=Board.objects.get(), user=other, function="sales", since="2026-01-01")
        refused(request, other, "own people")


def test_who_is_no_member_of_the_board_does_not_vote(northwind: Client, finn: User, rita: User, eve: User) -> None:
    with tenant_context(northwind):
        a_board(northwind, BASE, finance=finn, revops=rita)
        request = in_review(northwind, by=rita)
        seat_end(client=northwind, version=version(), person=eve, user=finn)
        refused(request, eve, "members of the review board")


def test_nobody_approves_their_own_in_an_emergency(northwind: Client, finn: User, rita: User, adam: User) -> None:
    """Neither the chair nor, where the chair may not, the admin who wrote it last."""
    with tenant_context(northwind):
        a_board(northwind, BASE, finance=finn, chair_executive=adam)
        request = in_review(northwind, by=adam)
        before = traces()
        with pytest.raises(DefinitionError, match=OWN):
            alone(request, adam)
        assert traces() == before
        other = person_named("olga")
        member_add(client=northwind, user=other, role=ClientRole.ADMIN)
        alone(request, other)
        assert now_of(request).state == ChangeState.APPROVED, "an admin, because no chair may vote on it"


def test_an_approval_that_no_vote_gave_is_refused(northwind: Client, finn: User, rita: User, eve: User) -> None:
    """The one step that approves asks the votes themselves, whoever calls it, one by one or in bulk."""
    with tenant_context(northwind):
        a_board(northwind, BASE, finance=finn, revops=rita)
        requests = [in_review(northwind, by=rita) for _ in range(2)]
        before = traces()
        for request in requests:
            for step in ("approve", "reject"):
                with pytest.raises(DefinitionError, match="decides by its votes"):
                    change_move(request=request, step=step, user=eve, reason="Quickly")
        assert traces() == before


def test_who_asked_does_not_change_the_table_that_decides_about_it(northwind: Client, finn: User, adam: User) -> None:
    with tenant_context(northwind):
        a_board(northwind, RightRow(functions=("finance", "revops"), yes_count=2, quorum=2), finance=finn)
        in_review(northwind, by=adam)
        with pytest.raises(DefinitionError, match="your own request"):
            rights_save(client=northwind, version=version(), rows=[BASE], pay_period=3, user=adam)
        rights_save(client=northwind, version=version(), rows=[BASE], pay_period=3, user=finn)


def test_who_asked_changes_neither_seats_nor_chair_nor_table_in_whichever_state_it_is(
    northwind: Client, finn: User, rita: User, eve: User, adam: User
) -> None:
    """Not by taking it out of the review for a moment either, nor while a lone decision on it is to be looked at."""

    def shut_out() -> None:
        before = Board.objects.get().version
        for change in (
            lambda: rights_save(client=northwind, version=before, rows=[RightRow()], pay_period=3, user=adam),
            lambda: seat_give(client=northwind, version=before, person=adam, function="sales", user=adam),
            lambda: seat_end(client=northwind, version=before, person=finn, user=adam),
            lambda: chair_name(client=northwind, version=before, person=finn, user=adam),
        ):
            with pytest.raises(DefinitionError, match="your own request CR-1 is open"):
                change()
        assert Board.objects.get().version == before

    with tenant_context(northwind):
        a_board(northwind, BASE, finance=finn, revops=rita, chair_executive=eve)
        request = in_review(northwind, by=adam)
        shut_out()
        change_move(request=request, step="ask_impact", user=adam)
        shut_out()
        request = change_move(request=request, step="to_review", user=adam)
        alone(request, eve)
        ChangeRequest.objects.update(state=ChangeState.CLOSED)
        shut_out()
        seat_end(client=northwind, version=version(), person=finn, user=rita)


def test_who_asked_takes_nobody_off_the_board_by_their_role_or_membership(
    northwind: Client, finn: User, rita: User, eve: User, adam: User, signed_in: Callable[[User], Browser]
) -> None:
    """Finn says no to Adam's request. Without Finn's seat, two yes would do; so it stays until somebody else ends it."""
    with tenant_context(northwind):
        a_board(northwind, RightRow(yes_count=1, quorum=2), finance=finn, revops=rita, executive=eve)
        request = in_review(northwind, by=adam)
        vote(request, finn, "no")
        finns = Membership.objects.get(user=finn)
        for role in (ClientRole.ANALYST, ClientRole.STAKEHOLDER):
            with pytest.raises(TenancyError, match="Finn sits on the review board, and your own request CR-1 is open"):
                person_role_change(client=northwind, member=finns, role=role, user=adam)
        with pytest.raises(TenancyError, match="CR-1 is open"):
            person_remove(client=northwind, member=finns, user=adam)
    answer = signed_in(adam).post(f"/c/northwind/people/{finns.pk}/end/", follow=True)
    assert "Nothing was changed: Finn sits on the review board" in answer.content.decode()
    with tenant_context(northwind):
        person_role_change(
            client=northwind, member=finns, role=ClientRole.SALES, user=adam
        )  # a role that votes as well
        eves = Membership.objects.get(user=eve)
        person_role_change(client=northwind, member=eves, role=ClientRole.ANALYST, user=rita)
        with pytest.raises(TenancyError, match="CR-1 is open"):  # nor does Adam call an ally back
            person_role_change(
                client=northwind, member=Membership.objects.get(user=eve), role=ClientRole.SALES, user=adam
            )
        change_move(request=request, step="withdraw", user=adam)
        person_remove(client=northwind, member=finns, user=adam)


def test_the_page_refuses_too_and_shows_no_form(
    northwind: Client, finn: User, rita: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(northwind):
        a_board(northwind, BASE, finance=finn, revops=rita)
        request = in_review(northwind, by=finn)
        shown = shown_to(request, finn)
    page = f"/c/northwind/changes/{request.number}/"
    browser = signed_in(finn)
    text = browser.get(page).content.decode()
    assert "others decide" in text and "Yes, approve" not in text and "Approve it alone" not in text
    sent = {"decision": "yes", **shown.__dict__}
    answer = browser.post(f"{page}vote/", sent)
    assert answer.status_code == 422 and OWN in answer.content.decode()
    assert browser.post(f"{page}emergency/", sent | {"reason": "Now"}).status_code == 422
    with tenant_context(northwind):
        assert not ChangeVote.objects.exists() and now_of(request).state == ChangeState.REVIEW


def test_an_emergency_is_the_chairs(northwind: Client, finn: User, rita: User, eve: User, adam: User) -> None:
    with tenant_context(northwind):
        a_board(northwind, BASE, finance=finn, revops=rita)
        request = in_review(northwind, by=rita)
        for other in (finn, adam):
            with pytest.raises(DefinitionError, match="the chair decides: Eve"):
                emergency_approve(
                    client=northwind, request=request, user=other, reason="Now", shown=shown_to(request, other),
                    proof=PROOF, place=PLACE,
                )  # fmt: skip
