"""Votes and drafts at the same moment, on a real server: decided once, drafted once, and never on what nobody saw (A02)."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Event

import pytest
from django.db import connections

from governance.models import ChangeEvent, ChangeRequest, ChangeState, ChangeVote
from governance.selectors.changes import change_get
from governance.services.board import RightRow
from governance.services.changes import Wish, change_draft, change_edit
from governance.services.problems import OutdatedError
from governance.services.vote_voids import votes_outdate
from portal.accounts.models import User
from portal.accounts.services.people import person_remove
from portal.tenancy import audit
from portal.tenancy.models import Client, ClientRole, Membership
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import client_create, firm_create, member_add
from tests.governance.boards import a_board, in_review, now_of, previewed, shown_to, vote

VOTERS = 6


@pytest.fixture
def board(committed_db: object) -> tuple[Client, list[User]]:
    """A client whose board has six members of Finance, really committed; one yes of Finance, and three in all, decide."""
    client = client_create(firm=firm_create(slug="ridge", name="Ridge"), slug="north", name="North", currency="USD")
    people = [User.objects.create_user(f"p{number}@example.com", "x") for number in range(VOTERS)]
    with tenant_context(client):
        for person in people:
            member_add(client=client, user=person, role=ClientRole.FINANCE)
        a_board(client, RightRow(functions=("finance",), yes_count=3, quorum=3), user=people[0])
    return client, people


def at_once(acts: list[Callable[[], str]], client: Client) -> list[str]:
    """Each in a thread and a transaction of its own, all let go at the same moment; what each of them came to."""
    start = Barrier(len(acts))

    def run(act: Callable[[], str]) -> str:
        try:
            with tenant_context(client):
                start.wait()
                return act()
        except OutdatedError:
            return "refused"
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


def test_parallel_last_votes_decide_once_and_two_requests_do_not_mix(board: tuple[Client, list[User]]) -> None:
    client, people = board
    asker = User.objects.create_user("asker@example.com", "x")
    with tenant_context(client):
        requests = [in_review(client, by=asker), in_review(client, by=asker)]
        shown = {(row.pk, user.pk): shown_to(row, user) for row in requests for user in people}

    def voting(row: ChangeRequest, user: User) -> Callable[[], str]:
        return lambda: vote(row, user, shown=shown[row.pk, user.pk]).decision

    acts = [voting(row, user) for row in requests for user in people[: VOTERS - 1]]
    ends = at_once(acts, client)
    with tenant_context(client):
        for place, row in enumerate(requests):
            cast = ends[place * (VOTERS - 1) : (place + 1) * (VOTERS - 1)]
            assert now_of(row).state == ChangeState.APPROVED
            assert ChangeEvent.objects.filter(request=row, step="approve").count() == 1
            assert cast.count("yes") == ChangeVote.objects.filter(request=row).count() == 3, "those after it were told"
            assert cast.count("refused") == VOTERS - 1 - 3
        with pytest.raises(OutdatedError):
            vote(in_review(client, by=asker), people[0], shown=shown[requests[0].pk, people[0].pk])


def test_an_effect_that_is_computed_amid_the_votes_leaves_none_on_the_one_before(
    board: tuple[Client, list[User]],
) -> None:
    client, people = board
    asker = User.objects.create_user("asker@example.com", "x")
    with tenant_context(client):
        request = in_review(client, by=asker)
        shown = {user.pk: shown_to(request, user) for user in people}

    def compute() -> str:
        ChangeRequest.objects.select_for_update().get(pk=request.pk)
        found = change_get(request.number)
        assert found is not None
        previewed(found, sha256="c" * 64)
        votes_outdate(found if found.state == ChangeState.REVIEW else None, "c" * 64)
        return "computed"

    def voting(user: User) -> Callable[[], str]:
        return lambda: vote(request, user, shown=shown[user.pk]).decision

    ends = at_once([*(voting(user) for user in people[:2]), compute], client)
    with tenant_context(client):
        assert ends[-1] == "computed" and now_of(request).state == ChangeState.REVIEW
        assert not ChangeVote.objects.filter(request=request, voided_at=None).exists()
        assert ChangeVote.objects.filter(request=request).count() == ends.count("yes")


def test_a_voter_who_is_taken_off_and_a_vote_in_the_same_moment_do_not_wait_for_each_other(
    board: tuple[Client, list[User]],
) -> None:
    client, people = board
    asker = User.objects.create_user("asker@example.com", "x")
    with tenant_context(client):
        request = in_review(client, by=asker)
        vote(request, people[1], shown=shown_to(request, people[1]))
        leaver = Membership.objects.get(user=people[1])
    is_held, is_asked = Event(), Event()

    def voting() -> str:
        ChangeRequest.objects.select_for_update().get(pk=request.pk)
        is_held.set()
        is_asked.wait(timeout=10)
        time.sleep(0.3)  # the other one is at its locks by now
        audit.record("change.voted", object_type="change request", object_id=request)
        return "voted"

    def leaving() -> str:
        is_held.wait(timeout=10)
        is_asked.set()
        person_remove(client=client, member=leaver, user=people[0])
        return "left"

    assert at_once([voting, leaving], client) == ["voted", "left"]
    with tenant_context(client):
        assert not ChangeVote.objects.filter(user=people[1], voided_at=None).exists()


def test_the_same_draft_sent_several_times_at_once_is_one_draft(board: tuple[Client, list[User]]) -> None:
    client, (asker, other, *_) = board
    wish = Wish(title="Count late renewals", content={"parameters": {"renewal_grace_days": 30}}, rationale="They stay.")

    def draft(user: User, said: Wish = wish) -> str:
        return str(change_draft(client=client, kind="policy", wish=said, user=user))

    assert set(at_once([lambda: draft(asker)] * 5, client)) == {"CR-1"}
    with tenant_context(client):
        assert draft(other) == "CR-2" and draft(asker, replace(wish, title="Another")) == "CR-3"
        assert ChangeEvent.objects.filter(step="draft").count() == 3
        edited = ChangeRequest.objects.get(number=1)
        change_edit(request=edited, version=edited.version, wish=wish, user=asker)
        assert draft(asker) == "CR-4", "the first one was written since"
        ChangeRequest.objects.filter(number=4).update(created_at=edited.created_at - timedelta(minutes=2))
        assert draft(asker) == "CR-5", "a while ago it was meant for itself"
