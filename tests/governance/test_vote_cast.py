"""Votes: bound to what was shown, kept for ever, void when it changes, and deciding by themselves."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client as Browser

from governance.models import ChangeRequest, ChangeState, ChangeVote, Metric
from governance.selectors.board import seats_void
from governance.selectors.voting import decision_of, to_vote, votes_of
from governance.services.board import RightRow, seat_end
from governance.services.change_states import change_move
from governance.services.problems import DefinitionError, OutdatedError
from governance.services.registry import registry_start
from governance.services.vote_voids import votes_outdate
from metrics.selectors.policies import policy_in_force
from metrics.services.policies import policy_publish
from portal.accounts.models import User
from portal.notices.models import Notice
from portal.notices.services.raising import notice_add
from portal.tenancy.models import AuditEntry, Client, ClientRole, Membership
from portal.tenancy.scope import tenant_context
from tests.governance.boards import BASE, a_board, in_review, now_of, previewed, shown_to, version, vote

BOTH = RightRow(functions=("finance", "executive"), yes_count=2, quorum=2)


def test_the_last_vote_that_is_needed_approves_by_itself(northwind: Client, finn: User, rita: User, eve: User) -> None:
    with tenant_context(northwind):
        a_board(northwind, BOTH, finance=finn, revops=rita, executive=eve)
        request = in_review(northwind, by=rita)
        assert decision_of(request).sentence == "Still needed: Finance (Finn) and Executive (Eve)."
        assert {row.number for row in to_vote(finn)} == {request.number} and to_vote(rita) == []
        vote(request, finn)
        assert decision_of(now_of(request)).sentence == "Still needed: Executive (Eve)."
        assert to_vote(finn) == []
        vote(request, eve, comment="Right")
        decided = now_of(request)
        assert decided.state == ChangeState.APPROVED and decided.decided_at is not None
        last = AuditEntry.objects.filter(object_id=str(request)).order_by("-sequence")[:2]
        assert [entry.action for entry in last] == ["change.approve", "change.voted"]
        assert last[0].details["reason"] == "Yes of Finn (Finance), Eve (Executive)"


def test_a_no_says_why_and_rejects_with_it(northwind: Client, finn: User, rita: User, eve: User) -> None:
    with tenant_context(northwind):
        a_board(northwind, BOTH, finance=finn, revops=rita, executive=eve)
        request = in_review(northwind, by=rita)
        with pytest.raises(DefinitionError, match="say why not"):
            vote(request, finn, "no", comment="  ")
        vote(request, eve)
        vote(request, finn, "no", comment="It hides churn")
        assert now_of(request).state == ChangeState.REJECTED
        told = Notice.objects.filter(user=rita).order_by("-pk")[0].text
        assert "rejected" in told and "Finance said no. Finn (Finance): It hides churn" in told
        ChangeRequest.objects.filter(pk=request.pk).update(owner=rita)
        others: list[dict[str, Any]] = [{"content": {}}, {"title": "Other"}, {"requested_by": finn}]
        for column in others:
            with pytest.raises(DatabaseError, match="only what is still open"), transaction.atomic():
                ChangeRequest.objects.update(**column)


def test_what_is_no_longer_what_was_shown_is_refused_and_nothing_is_stored(
    northwind: Client, finn: User, rita: User
) -> None:
    with tenant_context(northwind):
        a_board(northwind, BASE, finance=finn, revops=rita)
        request = in_review(northwind, by=rita)
        shown = shown_to(request, finn)
        for wrong in (
            replace(shown, content_sha256="0" * 64), replace(shown, preview_sha256="0" * 64),
            replace(shown, statement="I vote for nothing"), replace(shown, content_sha256="", preview_sha256=""),
        ):  # fmt: skip
            with pytest.raises(OutdatedError):
                vote(request, finn, shown=wrong)
        previewed(request, sha256="a" * 64)
        with pytest.raises(OutdatedError, match="computed anew"):
            vote(request, finn, shown=shown)
        assert not ChangeVote.objects.exists()
        assert not AuditEntry.objects.filter(action="change.voted").exists()


def test_figures_that_moved_since_are_computed_anew_before_anybody_votes(
    northwind: Client, finn: User, rita: User
) -> None:
    with tenant_context(northwind):
        a_board(northwind, BASE, finance=finn, revops=rita)
        request = in_review(northwind, by=rita)
        policy_publish(client=northwind, parameters=policy_in_force(northwind).to_dict(), note="Meanwhile")
        with pytest.raises(OutdatedError, match="figures moved"):
            vote(request, finn)
        assert not ChangeVote.objects.exists()
        previewed(request)
        vote(request, finn)
        assert now_of(request).state == ChangeState.APPROVED


def test_only_what_is_before_the_board_is_voted_on(northwind: Client, finn: User, rita: User) -> None:
    with tenant_context(northwind):
        a_board(northwind, BASE, finance=finn, revops=rita)
        request = in_review(northwind, by=rita)
        vote(request, finn)
        for decision in ("yes", "no"):
            with pytest.raises(OutdatedError, match="not before the board"):
                vote(request, finn, decision)
        assert ChangeVote.objects.count() == 1


def test_a_vote_says_who_proved_what_from_where_on_exactly_what(northwind: Client, finn: User, rita: User) -> None:
    with tenant_context(northwind):
        a_board(northwind, BOTH, finance=finn, revops=rita)
        request = in_review(northwind, by=rita)
        cast = vote(request, finn, "abstain", comment="I was away")
        assert (cast.function, cast.decision, cast.comment, cast.auth_method) == (
            "finance",
            "abstain",
            "I was away",
            "password",
        )
        assert (cast.address, cast.user_agent) == ("203.0.113.9", "a test")
        assert cast.content_sha256 == request.content_sha256 and cast.preview_sha256 == "e" * 64
        assert cast.statement.startswith(f"I, Finn, vote for Finance on {request} “Thirty days")
        assert "Jan 2030" in cast.statement and request.content_sha256[:16] in cast.statement


def test_a_vote_may_be_changed_until_the_decision_and_the_former_one_is_kept(
    northwind: Client, finn: User, rita: User, eve: User
) -> None:
    with tenant_context(northwind):
        a_board(northwind, BOTH, finance=finn, revops=rita, executive=eve)
        request = in_review(northwind, by=rita)
        vote(request, finn, "no", comment="Not yet")
        vote(request, finn)
        former, standing = votes_of(request)
        assert (former.decision, former.void_reason) == ("no", "Changed by the person who gave it")
        assert former.voided_at is not None and standing.voided_at is None
        vote(request, eve)
        assert now_of(request).state == ChangeState.APPROVED


def test_the_same_vote_once_more_changes_nothing_and_says_so(
    northwind: Client, finn: User, rita: User, eve: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(northwind):
        a_board(northwind, BOTH, finance=finn, revops=rita, executive=eve)
        request = in_review(northwind, by=rita)
        first = vote(request, finn, comment="As we book it")
        assert not first.is_again
        entries = AuditEntry.objects.count()
        for comment in ("", "As we book it"):
            again = vote(request, finn, comment=comment)
            assert (again.pk, again.is_again) == (first.pk, True)
        assert AuditEntry.objects.count() == entries and [each.voided_at for each in votes_of(request)] == [None]
        shown = shown_to(now_of(request), finn)
    given = {"decision": "yes", "content_sha256": shown.content_sha256, "preview_sha256": shown.preview_sha256}
    answer = signed_in(finn).post(
        f"/c/northwind/changes/{request.number}/vote/", given | {"statement": shown.statement}, follow=True
    )
    assert "That is your vote already" in answer.text
    with tenant_context(northwind):
        vote(request, finn, comment="Another reason")
        assert [each.comment for each in votes_of(request)] == ["As we book it", "Another reason"]


def test_votes_are_void_when_a_request_goes_back_and_their_people_are_told(
    northwind: Client, finn: User, rita: User, eve: User
) -> None:
    with tenant_context(northwind):
        a_board(northwind, BOTH, finance=finn, revops=rita, executive=eve)
        request = in_review(northwind, by=rita)
        about = f"change {request.number}"
        for person in (finn, eve):
            notice_add(client=northwind, users=[person], kind="change", text="Vote on it", path="/", about=about)
        vote(request, finn)
        assert {row.user for row in Notice.objects.filter(about=about, text="Vote on it", read_at=None)} == {eve}
        change_move(request=request, step="send_back", user=eve, reason="Say from when")
        (void,) = votes_of(request)
        assert void.void_reason == "It was sent back" and void.decision == "yes", "kept, with the reason"
        assert "The votes of Finn are void" in Notice.objects.filter(user=finn).order_by("-pk")[0].text
        assert AuditEntry.objects.filter(action="change.votes_void").count() == 1


def test_votes_are_void_when_another_effect_is_computed(northwind: Client, finn: User, rita: User, eve: User) -> None:
    with tenant_context(northwind):
        a_board(northwind, BOTH, finance=finn, revops=rita, executive=eve)
        request = in_review(northwind, by=rita)
        vote(request, finn)
        assert votes_outdate(now_of(request), "e" * 64) == 0, "the same effect, computed once more"
        previewed(request, sha256="b" * 64)
        assert not decision_of(now_of(request)).votes, "it counts no more, marked or not"
        vote(request, eve)
        assert now_of(request).state == ChangeState.REVIEW, "one of two, and not the one before with it"
        assert votes_outdate(now_of(request), "b" * 64) == 2


def test_no_author_takes_their_request_away_from_the_votes_on_it(
    northwind: Client, finn: User, rita: User, eve: User
) -> None:
    """A no would be gone, and whoever gave it asked again and again. Where figures have moved it is computed anew, and votes on
    the same effect stand.
    """
    with tenant_context(northwind):
        registry_start(client=northwind)
        a_board(northwind, replace(BOTH, quorum=3), finance=finn, revops=rita, executive=eve)
        request = in_review(northwind, by=rita)
        change_move(request=change_move(request=request, step="ask_impact", user=rita), step="to_review", user=rita)
        cast = vote(request, finn, "no")
        for step in ("ask_impact", "send_back"):
            with pytest.raises(DefinitionError, match="has begun to vote on your own request"):
                change_move(request=request, step=step, user=rita, reason="Once more")
        Metric.objects.filter(key="nrr").update(sunset_on=dt.date(2030, 1, 31))
        request = change_move(request=request, step="ask_impact", user=rita)
        previewed(request)
        request = change_move(request=request, step="to_review", user=rita)
        assert decision_of(request).votes == (cast,), "the same effect: it stands"
        Metric.objects.filter(key="nrr").update(sunset_on=dt.date(2030, 2, 28))
        request = change_move(request=request, step="ask_impact", user=rita)
        previewed(request, sha256="b" * 64)
        change_move(request=request, step="to_review", user=rita)
        (void,) = votes_of(request)
        assert void.void_reason == "Its effect was computed anew, and is another"


def test_whoever_has_a_role_that_does_not_vote_any_more_has_no_seat(
    northwind: Client, finn: User, rita: User, eve: User
) -> None:
    with tenant_context(northwind):
        a_board(northwind, BOTH, finance=finn, revops=rita, executive=eve)
        request = in_review(northwind, by=rita)
        vote(request, finn)
        Membership.objects.filter(user=finn).update(role=ClientRole.SALES_REP)
        (said,) = seats_void()
        assert said == "Finn has the role of Sales representative, in which nobody votes: the seat for Finance is void"
        with pytest.raises(DefinitionError, match="only members"):
            vote(request, finn, "no")
        vote(request, eve)
        assert now_of(request).state == ChangeState.REVIEW and not decision_of(now_of(request)).may_vote(finn)


def test_the_database_keeps_votes_as_they_are(northwind: Client, finn: User, rita: User) -> None:
    with tenant_context(northwind):
        a_board(northwind, BOTH, finance=finn, revops=rita)
        cast = vote(in_review(northwind, by=rita), finn, "no")
        for change in (
            lambda: ChangeVote.objects.update(decision="yes"),
            lambda: ChangeVote.objects.update(comment="Other", voided_at=cast.at),
            lambda: ChangeVote.objects.all().delete(),
        ):
            with pytest.raises(DatabaseError, match="never removed"), transaction.atomic():
                change()
        ChangeVote.objects.update(voided_at=cast.at, void_reason="So")
        with pytest.raises(DatabaseError, match="never removed"), transaction.atomic():
            ChangeVote.objects.update(voided_at=None, void_reason="")


def test_a_vote_of_somebody_who_left_the_board_counts_no_more(
    northwind: Client, finn: User, rita: User, eve: User
) -> None:

    with tenant_context(northwind):
        a_board(northwind, BOTH, finance=finn, revops=rita, executive=eve)
        request = in_review(northwind, by=rita)
        vote(request, finn)
        seat_end(client=northwind, version=version(), person=finn, user=eve)
        assert decision_of(now_of(request)).sentence.startswith(
            "It cannot be approved as it stands: nobody on the board"
        )
        assert [(each.decision, each.voided_at is None) for each in votes_of(request)] == [("yes", False)]
