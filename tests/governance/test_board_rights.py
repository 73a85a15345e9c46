"""Decision rights: which rows hold for which change, by kind, by size of effect, by what feeds pay; and who may change them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client as Browser

from governance.board_words import lone_warnings, row_sentence, row_warnings
from governance.models import Board, BoardChange, ChangeRequest, ChangeState, DecisionRight, Metric
from governance.selectors.board import board_now
from governance.selectors.registry import month_now
from governance.selectors.voting import decision_of, votable
from governance.services.board import RightRow, board_start, chair_name, leading, rights_save, seat_end, seat_give
from governance.services.metric_pay import metric_pay_set
from governance.services.problems import DefinitionError, OutdatedError
from governance.services.registry import registry_start
from portal.accounts.models import User
from portal.accounts.services.people import person_remove
from portal.tenancy.models import AuditEntry, Client, ClientRole, Membership
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import member_add
from tests.conftest import person_named
from tests.governance.boards import BASE, WISH, a_board, in_review, now_of, previewed, version, vote

LARGE = RightRow(from_cents=100_000_00, needs_chair=True, yes_count=2, quorum=2)


def needed(request: Any) -> str:
    return decision_of(now_of(request)).sentence


def test_the_size_of_the_effect_brings_the_chair_in(northwind: Client, finn: User, rita: User, eve: User) -> None:
    with tenant_context(northwind):
        a_board(northwind, BASE, LARGE, finance=finn, revops=rita, executive=eve)
        request = in_review(northwind, by=rita, effect=99_999_99)
        assert needed(request) == "Still needed: Finance (Finn)."
        previewed(request, effect=100_000_00)
        assert needed(request) == "Still needed: Finance (Finn) and the chair (Eve)."
        previewed(request, effect=None)
        assert needed(request) == "Still needed: Finance (Finn) and the chair (Eve).", "not known: as the largest"
        smaller = in_review(northwind, by=rita, effect=99_999_99)
        assert [row.number for row in votable()] == [request.number, smaller.number], "the largest first"
        ChangeRequest.objects.filter(pk=request.pk).update(kind="threshold")
        assert needed(request) == "Still needed: Finance (Finn).", "nothing of it moves ARR"
        ChangeRequest.objects.filter(pk=request.pk).update(kind="policy")
        previewed(request, effect=100_000_00)
        vote(request, finn)
        assert now_of(request).state == ChangeState.REVIEW
        vote(request, eve)
        assert now_of(request).state == ChangeState.APPROVED


def test_the_kind_of_change_and_a_restatement_bring_in_whom_their_rows_name(
    northwind: Client, finn: User, rita: User, eve: User
) -> None:
    rows = (BASE, RightRow(kind="policy", functions=("executive",)), RightRow(is_restating=True, functions=("sales",)))
    with tenant_context(northwind):
        a_board(northwind, *rows, finance=finn, revops=rita, executive=eve)
        assert needed(in_review(northwind, by=rita)) == "Still needed: Finance (Finn) and Executive (Eve)."
        restating = in_review(northwind, by=rita)
        restating.is_restating = True
        restating.save(update_fields=["is_restating"])
        assert needed(restating) == "It cannot be approved as it stands: nobody on the board may say yes for Sales."


def test_what_feeds_pay_takes_sales_and_finance_unless_it_begins_with_a_coming_period(
    northwind: Client, finn: User, rita: User, eve: User
) -> None:
    """Whatever the table says: its one row asks for nobody in particular."""
    sue = person_named("sue")
    with tenant_context(northwind):
        member_add(client=northwind, user=sue, role=ClientRole.SALES)
        registry_start(client=northwind)
        a_board(northwind, RightRow(), finance=finn, revops=rita, executive=eve, sales=sue)
        quarter = month_now(northwind) // 3 * 3 + 3
        assert decision_of(in_review(northwind, by=rita)).pay is None
        Metric.objects.filter(key="nrr").update(feeds_pay=True)
        for begins, is_now in ((quarter, False), (quarter + 3, False), (quarter + 1, True), (quarter - 3, True)):
            request = in_review(northwind, by=rita, wish=replace(WISH, from_month=begins))
            pay = decision_of(request).pay
            assert pay is not None and pay.is_now is is_now, begins
            assert pay.next_month == quarter
        # what restates takes effect at once, whichever month it begins with
        later = in_review(northwind, by=rita, wish=replace(WISH, from_month=quarter))
        later.is_restating = True
        later.save(update_fields=["is_restating"])
        pay = decision_of(later).pay
        assert pay is not None and pay.is_now
        vote(request, eve)
        assert needed(request) == "Still needed: Sales (Sue) and Finance (Finn)."
        vote(request, finn)
        assert now_of(request).state == ChangeState.REVIEW
        vote(request, sue)
        assert now_of(request).state == ChangeState.APPROVED


def test_a_metric_feeds_pay_as_long_as_a_request_that_moves_it_is_open(
    northwind: Client, adam: User, finn: User, rita: User
) -> None:
    """Else its author would take the flag away, and Sales its say, before the next vote."""
    with tenant_context(northwind):
        registry_start(client=northwind)
        a_board(northwind, BASE, finance=finn, revops=rita)
        nrr, pipeline = Metric.objects.get(key="nrr"), Metric.objects.get(key="open_pipeline")
        for metric in (nrr, pipeline):
            metric.version = metric_pay_set(metric=metric, version=metric.version, feeds_pay=True).version
        request = in_review(northwind, by=rita)
        for state in (ChangeState.REVIEW, ChangeState.IMPACT, ChangeState.NEEDS_CHANGES, ChangeState.SCHEDULED):
            ChangeRequest.objects.update(state=state)
            with pytest.raises(DefinitionError, match=f"{request} would move it and is open"):
                metric_pay_set(metric=nrr, version=nrr.version, feeds_pay=False, user=adam)
        metric_pay_set(
            metric=pipeline, version=pipeline.version, feeds_pay=False, user=adam
        )  # the policy moves no pipeline
        ChangeRequest.objects.update(state=ChangeState.WITHDRAWN)
        assert not metric_pay_set(metric=nrr, version=nrr.version, feeds_pay=False, user=adam).feeds_pay


def test_the_fiscal_year_begins_as_it_does_while_a_change_of_what_feeds_pay_is_open(
    northwind: Client, finn: User, rita: User, adam: User, signed_in: Callable[[User], Browser]
) -> None:
    """Moved by one month, it would let a change in the middle of a quarter begin with one, past Sales and Finance."""
    with tenant_context(northwind):
        registry_start(client=northwind)
        a_board(northwind, RightRow(), finance=finn, revops=rita)
        Metric.objects.filter(key="nrr").update(feeds_pay=True)
        quarter = month_now(northwind) // 3 * 3 + 3
        request = in_review(northwind, by=rita, wish=replace(WISH, from_month=quarter + 1))
        pay = decision_of(request).pay
        assert pay is not None and pay.is_now
    sent = {
        "name": northwind.name, "fiscal_year_start": 2, "time_zone": northwind.time_zone, "locale": northwind.locale,
        "close_day": northwind.close_day or "",
    }  # fmt: skip
    browser = signed_in(adam)
    answer = browser.post("/c/northwind/settings/", sent)
    assert answer.status_code == 422 and f"{request} touches quotas or pay and is open" in answer.content.decode()
    with tenant_context(northwind):
        assert Client.objects.get().fiscal_year_start == 1
        ChangeRequest.objects.update(state=ChangeState.WITHDRAWN)
    assert browser.post("/c/northwind/settings/", sent).status_code == 302
    with tenant_context(northwind):
        assert Client.objects.get().fiscal_year_start == 2


def test_the_period_of_pay_stays_while_a_change_of_what_feeds_it_is_open(
    northwind: Client, finn: User, rita: User, adam: User
) -> None:
    """Set for a month, it would let a change in the middle of a quarter begin with a period, past Sales and Finance."""
    with tenant_context(northwind):
        registry_start(client=northwind)
        a_board(northwind, RightRow(), finance=finn, revops=rita)
        Metric.objects.filter(key="nrr").update(feeds_pay=True)
        request = in_review(northwind, by=rita, wish=WISH)
        with pytest.raises(DefinitionError, match=f"{request} touches quotas or pay and is open: the period for which"):
            rights_save(client=northwind, version=version(), rows=[BASE], pay_period=1, user=adam)
        assert Board.objects.get().pay_period == 3
        rights_save(client=northwind, version=version(), rows=[BASE, RightRow(kind="policy")], pay_period=3, user=adam)
        ChangeRequest.objects.update(state=ChangeState.WITHDRAWN)
        rights_save(client=northwind, version=version(), rows=[BASE], pay_period=1, user=adam)
        assert Board.objects.get().pay_period == 1


def test_where_a_board_decides_an_admin_says_that_a_metric_feeds_pay_no_more(
    northwind: Client, adam: User, ana: User, finn: User, rita: User
) -> None:
    """Else whoever is about to ask for a change of it would take Sales and Finance their say beforehand."""
    with tenant_context(northwind):
        registry_start(client=northwind)
        metric = metric_pay_set(metric=Metric.objects.get(key="nrr"), version=1, feeds_pay=True, user=rita)
        metric = metric_pay_set(metric=metric, version=metric.version, feeds_pay=False, user=rita)
        a_board(northwind, BASE, finance=finn, revops=rita)
        metric = metric_pay_set(metric=metric, version=metric.version, feeds_pay=True, user=rita)
        for person in (rita, ana):
            with pytest.raises(DefinitionError, match="An admin of the client takes that away"):
                metric_pay_set(metric=metric, version=metric.version, feeds_pay=False, user=person)
        assert not metric_pay_set(metric=metric, version=metric.version, feeds_pay=False, user=adam).feeds_pay


def test_a_row_says_in_a_sentence_what_it_means(northwind: Client) -> None:
    row = DecisionRight(
        kind="policy", from_cents=120_000_00, is_restating=True, functions=["finance", "revops"], needs_chair=True,
        yes_count=4, quorum=5,
    )  # fmt: skip
    assert row_sentence(row, northwind) == (
        "A change of the policy that has an effect of 120,000 USD or more on ARR and restates closed months: Finance, "
        "RevOps and the chair must say yes, at least four must say yes in all and at least five must take part."
    )
    assert "120" not in row_sentence(row, northwind, with_amount=False), "for who sees no numbers of the company"
    assert row_sentence(DecisionRight(), northwind) == "Any change: at least one must say yes."


def test_a_row_that_can_never_be_met_warns(northwind: Client, finn: User, rita: User) -> None:
    with tenant_context(northwind):
        a_board(northwind, finance=finn, revops=rita)
        now = board_now()
        assert now is not None
        row = DecisionRight(functions=["sales", "finance"], needs_chair=True, quorum=3)
        found, lone = row_warnings(row, now.seats), lone_warnings([row], now.seats)
    assert found == [
        "Nobody on the board speaks for Sales: what this row is about can never be approved.",
        "The board has no chair: what this row is about can never be approved.",
        "It takes three votes, and the board has two members: it can never be met.",
    ]
    assert len(lone) == 1 and lone[0].startswith(
        "Only Finn speaks for Finance: what Finn asks for or edits can never be"
    )


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ((), "one to 40 rows"),
        ((RightRow(kind="policy"),), "nothing decides about New metric"),
        ((replace(BASE, from_cents=1),), "nothing decides about Policy"),
        ((replace(BASE, yes_count=2),), "have to take part"),
        ((replace(BASE, functions=("janitor",)),), "that there is not"),
        ((replace(BASE, kind="budget"),), "that there is not"),
        ((replace(BASE, from_cents=-1),), "from 0 on"),
    ],
)
def test_a_table_that_cannot_be_meant_is_refused(
    northwind: Client, finn: User, adam: User, rows: tuple[RightRow, ...], fault: str
) -> None:
    with tenant_context(northwind):
        board_start(client=northwind, user=adam)
        with pytest.raises(DefinitionError, match=fault):
            rights_save(client=northwind, version=version(), rows=rows, pay_period=3, user=adam)


def test_the_usual_table_needs_nobody_to_be_typed_in(northwind: Client, finn: User, rita: User, eve: User) -> None:
    with tenant_context(northwind):
        board_start(client=northwind, user=eve)
        now = board_now()
        assert now is not None and now.chair is not None and now.chair.user == eve
        assert [(member.user, member.function) for member in now.members] == [
            (finn, "finance"), (rita, "revops"), (eve, "executive"),
        ]  # fmt: skip
        with pytest.raises(OutdatedError, match="already"):
            board_start(client=northwind, user=eve)
    assert [leading(cents) for cents in (12_176_432, 99, 7, 100)] == [12_000_000, 99, 7, 100]


def test_every_change_of_the_board_is_kept_and_audited_and_who_comes_second_is_told(
    northwind: Client, finn: User, rita: User, eve: User, adam: User
) -> None:
    with tenant_context(northwind):
        board_start(client=northwind, user=adam)
        seen = version()
        seat_give(client=northwind, version=seen, person=adam, function="revops", user=adam)
        with pytest.raises(OutdatedError):
            rights_save(client=northwind, version=seen, rows=[BASE], pay_period=1, user=adam)
        rights_save(client=northwind, version=version(), rows=[BASE], pay_period=1, user=adam)
        chair_name(client=northwind, version=version(), person=finn, user=adam)
        seat_end(client=northwind, version=version(), person=eve, user=adam)
        said = [change.text for change in BoardChange.objects.order_by("id")]
        assert said == [
            "The board was started with the usual table", "Adam speaks for RevOps", "The decision rights were changed",
            "Finn takes the chair", "Eve gives up the seat",
        ]  # fmt: skip
        actions = AuditEntry.objects.filter(object_type="review board").order_by("sequence")
        assert [entry.action.removeprefix("board.") for entry in actions] == [
            "started", "seat_given", "rights_changed", "chair_named", "seat_ended",
        ]  # fmt: skip
        assert actions[2].details["rights"] == ["Any change: Finance must say yes."]


def test_whoever_leaves_the_client_leaves_its_board(northwind: Client, finn: User, rita: User) -> None:
    with tenant_context(northwind):
        a_board(northwind, BASE, finance=finn, revops=rita)
        person_remove(client=northwind, member=Membership.objects.get(user=finn), user=None)
        now = board_now()
        assert now is not None and [member.user for member in now.members] == [rita]
        assert BoardChange.objects.first().text == "Finn left the client, and the board"  # type: ignore[union-attr]


def test_a_role_that_cannot_vote_gets_no_seat(northwind: Client, rita: User) -> None:
    with tenant_context(northwind):
        a_board(northwind, BASE, revops=rita)
        member_add(client=northwind, user=person_named("lena"), role=ClientRole.ANALYST)
        with pytest.raises(DefinitionError, match="in the role of Analyst nobody votes"):
            seat_give(client=northwind, version=version(), person=person_named("lena"), function="sales", user=rita)
