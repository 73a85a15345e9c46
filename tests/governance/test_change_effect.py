"""An approved change takes effect in its month, whole or not at all."""

import datetime as dt
import io
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, transaction

from governance.change_content import ContentFault
from governance.change_page import obstacle_words
from governance.models import (
    ChangeEffect,
    ChangeEvent,
    ChangePreview,
    ChangeReceipt,
    ChangeRequest,
    ChangeState,
    Metric,
)
from governance.selectors import change_effects
from governance.selectors.board import board_now
from governance.selectors.change_effects import approval_fault, approved_figure
from governance.selectors.restatements import ledger_get
from governance.services import change_effect, changes
from governance.services.board import RightRow
from governance.services.change_apply import apply_change
from governance.services.change_effect import change_schedule, changes_take_effect, effect_accept, effect_retry
from governance.services.problems import DefinitionError
from governance.services.registry import registry_start
from governance.services.signoff_states import TransitionError
from governance.services.voting import Shown, vote_keep
from metrics.models import ContractLine, MonthClose, PolicyVersion
from metrics.selectors.books import book_head
from metrics.selectors.breaks import breaks_get
from metrics.selectors.policies import policy_in_force
from metrics.services.books import books_rebuild_all
from metrics.services.closes import CloseError, month_close
from portal.accounts.models import User
from portal.lib.periods import month_parse
from portal.notices.models import Notice
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.governance.boards import BASE, PLACE, PROOF, a_board
from tests.governance.effects import (
    APRIL,
    FEBRUARY,
    IN_MAY,
    JANUARY,
    MARCH,
    MAY,
    approved,
    client,
    effect,
    impact_asked,
    scheduled,
)
from tests.reporting.numbers import NOW

__all__ = ["client"]


def traces() -> tuple[Any, ...]:
    """Everything that taking effect writes."""
    return (
        PolicyVersion.objects.count(),
        list(ChangeRequest.objects.values_list("state", flat=True)),
        MonthClose.objects.count(),
        Notice.objects.filter(kind="changed").count(),
        ChangeReceipt.objects.count(),
    )


def applied() -> str:
    """What `manage.py changes_apply` prints."""
    said = io.StringIO()
    call_command("changes_apply", client="northwind", now=NOW, stdout=said)
    return said.getvalue()


def test_the_command_says_a_line_for_what_it_did_and_that_there_was_nothing_to_do(
    client: Client, rita: User, finn: User
) -> None:
    assert applied() == "Nothing is scheduled, and no metric is past its last day: nothing was changed.\n"
    with tenant_context(client):
        registry_start(client=client, user=rita)
        month_close(client=client, month=MARCH, user=finn)
        Metric.objects.filter(key="arr_growth_year").update(
            sunset_on=NOW.date() - dt.timedelta(days=1), status="deprecated"
        )
    request = scheduled(client, rita, finn)
    assert applied() == f"{request}: In effect.\nThe metric arr_growth_year is past its last day: retired.\n"


def test_it_waits_for_its_month_and_for_the_months_before_it(client: Client, rita: User, finn: User) -> None:
    request = scheduled(client, rita, finn, MAY)
    changes_take_effect(client=client, now=NOW)
    with tenant_context(client):
        assert effect(request).state == "waiting" and Client.objects.get().next_change_at is not None
    changes_take_effect(client=client, now=IN_MAY)
    changes_take_effect(client=client, now=IN_MAY)
    with tenant_context(client):
        found = effect(request)
        assert found.state == "blocked" and "still open, close them first: 2026-03" in found.message
        assert obstacle_words(found.request).startswith("Approved. Something has to be done before it takes effect")
        assert policy_in_force(client).discounts == "net" and found.request.state == ChangeState.SCHEDULED
        assert Notice.objects.filter(kind="change_waits", user=finn, text__contains="close them first").count() == 1
        month_close(client=client, month=MARCH, user=finn)
        books_rebuild_all(client=client, now=IN_MAY)
        month_close(client=client, month=APRIL, user=finn)
    changes_take_effect(client=client, now=IN_MAY)
    with tenant_context(client):
        assert effect(request).state == "done" and policy_in_force(client).discounts == "list"


def test_what_waits_for_a_month_looks_again_as_soon_as_it_is_closed(
    client: Client, rita: User, finn: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    request = scheduled(client, rita, finn, APRIL)
    changes_take_effect(client=client, now=IN_MAY)
    with tenant_context(client):
        assert effect(request).state == "blocked"
        monkeypatch.setattr("governance.services.change_effect.enqueue", lambda job, client: sent.append(job))
        month_close(client=client, month=MARCH, user=finn)
    assert sent == ["governance.tasks.changes"]


def test_a_month_that_is_over_and_not_in_the_book_yet_has_to_be_closed_too(
    client: Client, rita: User, finn: User
) -> None:
    """The book gets its new month in the night after it began: what holds from May on computes no April until then."""
    request = scheduled(client, rita, finn, MAY)
    with tenant_context(client):
        month_close(client=client, month=MARCH, user=finn)
        assert book_head(client).last_month == MARCH
    changes_take_effect(client=client, now=IN_MAY)
    with tenant_context(client):
        found = effect(request)
        assert found.state == "blocked" and found.message.endswith("close them first: 2026-04")
        assert policy_in_force(client).discounts == "net"


def test_a_prospective_change_leaves_what_was_reported_and_breaks_at_its_month(
    client: Client, rita: User, finn: User
) -> None:
    with tenant_context(client):
        month_close(client=client, month=MARCH, user=finn)
    request = scheduled(client, rita, finn)
    with tenant_context(client):
        before = list(MonthClose.objects.values_list("month", "recognition", "content_hash"))
    changes_take_effect(client=client, now=NOW)
    with tenant_context(client):
        found = effect(request)
        assert (found.at_month, found.before_cents, found.after_cents) == (MARCH, 51_000_00, 52_000_00)
        assert found.approved_cents == found.effect_cents == 1_000_00
        books_rebuild_all(client=client, now=NOW)
        assert list(MonthClose.objects.values_list("month", "recognition", "content_hash")) == before
        (broken,) = breaks_get(client)
        assert broken.month == APRIL and broken.definition == Decimal("1000.00")
        assert broken.cause is not None and broken.cause.label == "CR-1"
        text = Notice.objects.filter(kind="changed").first().text  # type: ignore[union-attr]
        assert (
            "Apr 2026 begins with ARR of 52,000.00 USD instead of 51,000.00 (+1,000.00); Mar 2026 stays as it is"
            in text
        )


def test_a_restating_change_restates_in_the_background_and_stands_in_the_ledger(
    client: Client, rita: User, finn: User
) -> None:
    with tenant_context(client):
        month_close(client=client, month=MARCH, user=finn)
    request = scheduled(client, rita, finn, JANUARY, is_restating=True)
    changes_take_effect(client=client, now=NOW)
    with tenant_context(client):
        found = effect(request)
        assert (found.state, found.restated_months) == ("done", [MARCH]), "only March has a discount"
        ledger = ledger_get(client)
        (entry,) = ledger.entries
        assert (entry.month, entry.effect, entry.definition, entry.data) == (
            MARCH, Decimal("1000.00"), Decimal("1000.00"), Decimal("0.00"),
        )  # fmt: skip
        assert entry.cause is not None and entry.cause.label == "CR-1"
        assert ledger.by_month == {MARCH: Decimal("1000.00")} and ledger.flows["new"] == Decimal("1000.00")
        assert found.request.state == ChangeState.COMMUNICATED


@pytest.mark.parametrize("where", ["apply_change", "change_communicate", "month_restate"])
def test_what_is_killed_in_the_middle_comes_to_the_same_end(
    client: Client, rita: User, finn: User, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenant_context(client):
        month_close(client=client, month=MARCH, user=finn)
    request = scheduled(client, rita, finn, JANUARY, is_restating=True)
    real = getattr(change_effect, where)

    def killed(**given: Any) -> Any:
        real(**given)
        raise KeyboardInterrupt

    with monkeypatch.context() as broken, pytest.raises(KeyboardInterrupt):
        broken.setattr(change_effect, where, killed)
        changes_take_effect(client=client, now=NOW)
    for _ in range(2):
        changes_take_effect(client=client, now=NOW)
    with tenant_context(client):
        found = effect(request)
        assert (found.state, found.restated_months, found.request.state) == ("done", [MARCH], "communicated")
        assert PolicyVersion.objects.count() == 2 and MonthClose.objects.filter(month=MARCH, revision=3).count() == 0
        assert Notice.objects.filter(kind="changed", user=rita).count() == 1
        assert ChangeEvent.objects.filter(request=request, step="take_effect").count() == 1


def test_an_error_of_ours_says_so_and_stops_no_other_change(
    client: Client, rita: User, finn: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else everything that was approved later would wait for ever, and no page would say for what."""
    broken = scheduled(client, rita, finn, JANUARY, is_restating=True)
    grace = {"parameters": {"renewal_grace_days": 30}}
    sound = scheduled(client, rita, finn, FEBRUARY, is_restating=True, content=grace)

    def breaks(*, request: ChangeRequest, **given: Any) -> Any:
        if request.pk == broken.pk:
            raise KeyError("discounts")
        return apply_change(request=request, **given)

    monkeypatch.setattr(change_effect, "apply_change", breaks)
    changes_take_effect(client=client, now=NOW)
    with tenant_context(client):
        assert (effect(broken).state, effect(sound).state) == ("blocked", "done")
        assert "an error in Tieout" in effect(broken).message and PolicyVersion.objects.count() == 2
        assert Notice.objects.filter(text__contains="an error in Tieout").exists()


def test_a_restatement_that_fails_is_kept_with_its_reason_and_tried_again(
    client: Client, rita: User, finn: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenant_context(client):
        month_close(client=client, month=MARCH, user=finn)
    request = scheduled(client, rita, finn, JANUARY, is_restating=True)

    def refused(**given: Any) -> Any:
        raise CloseError("the numbers are being recomputed")

    with monkeypatch.context() as broken:
        broken.setattr(change_effect, "month_restate", refused)
        changes_take_effect(client=client, now=NOW)
    with tenant_context(client):
        found = effect(request)
        assert (found.state, found.message) == ("failed", "the numbers are being recomputed")
        assert not MonthClose.objects.filter(revision=2).exists()
        effect_retry(client=client, request=request, user=finn, now=NOW)
    changes_take_effect(client=client, now=NOW)
    with tenant_context(client):
        assert effect(request).state == "done"
        with pytest.raises(TransitionError):
            effect_retry(client=client, request=request, user=finn, now=NOW)


def grown(client: Client, rita: User, finn: User) -> ChangeRequest:
    """A change that was approved at 1,000 and would do 1,250 by now, since a line was corrected."""
    with tenant_context(client):
        month_close(client=client, month=MARCH, user=finn)
    request = scheduled(client, rita, finn)
    with tenant_context(client):
        ContractLine.objects.filter(line_id="K5/1").update(discount=1_250)
        books_rebuild_all(client=client, now=NOW)
    return request


def test_lines_that_changed_since_the_preview_stop_it_until_a_member_of_the_board_lets_it_pass(
    client: Client, rita: User, finn: User, adam: User
) -> None:
    request = grown(client, rita, finn)
    with tenant_context(client):
        before = traces()
    changes_take_effect(client=client, now=NOW)
    with tenant_context(client):
        found = effect(request)
        assert (found.state, found.found_cents) == ("blocked", 1_250_00) and traces() == before
        assert "it was approved at +1,000.00 USD and would do +1,250.00 USD now" in found.message
        with pytest.raises(TransitionError):
            effect_accept(client=client, request=request, cents=1_000_00, user=finn, now=NOW)
        with pytest.raises(DefinitionError, match="whoever asked for a change"):
            effect_accept(client=client, request=request, cents=1_250_00, user=rita, now=NOW)
        a_board(client, BASE, finance=finn, revops=rita)
        for other, why in ((rita, "whoever asked for a change"), (adam, "only members of the review board")):
            with pytest.raises(DefinitionError, match=why):
                effect_accept(client=client, request=request, cents=1_250_00, user=other, now=NOW)
        effect_accept(client=client, request=request, cents=1_250_00, user=finn, now=NOW)
    changes_take_effect(client=client, now=NOW)
    with tenant_context(client):
        found = effect(request)
        assert (found.state, found.approved_cents, found.effect_cents) == ("done", 1_000_00, 1_250_00)
        text = Notice.objects.filter(kind="changed").first().text  # type: ignore[union-attr]
        assert "Approved at +1,000.00 USD; took effect at +1,250.00" in text


def test_an_effect_that_has_grown_into_the_chairs_hands_is_let_pass_by_no_other_member(
    client: Client, rita: User, finn: User, eve: User
) -> None:
    """Approved at 1,000 by Finance, it would do 1,250, and from 1,100 on the table takes the chair."""
    request = grown(client, rita, finn)
    changes_take_effect(client=client, now=NOW)
    with tenant_context(client):
        large = RightRow(from_cents=1_100_00, needs_chair=True, yes_count=2, quorum=2)
        a_board(client, BASE, large, finance=finn, revops=rita, chair_executive=eve)
        seat = board_now().member(finn)  # type: ignore[union-attr]
        said = Shown(request.content_sha256, effect(request).request.preview.sha256, "Yes")
        vote_keep(effect(request).request, seat, "yes", "", said, PROOF, PLACE)  # type: ignore[arg-type]
        with pytest.raises(DefinitionError, match=r"still needed: the chair \(Eve\)\. Send it back"):
            effect_accept(client=client, request=request, cents=1_250_00, user=finn, now=NOW)
        assert effect(request).accepted_cents is None
        effect_accept(client=client, request=request, cents=1_250_00, user=eve, now=NOW)
        assert effect(request).accepted_by == eve, "she is the chair, and Finance has said yes"


def test_a_restating_change_is_measured_in_a_month_that_it_restates(monkeypatch: pytest.MonkeyPatch) -> None:
    side = {"valued": [JANUARY, MARCH], "retention_from": None, "message": ""}
    total = {"before": [[10_00, 20_00, 30_00]], "after": [[90_00, 25_00, 31_00]]}
    book = {
        "first": JANUARY,
        "last": MARCH,
        "figures": ["ending"],
        "sides": {"before": side, "after": side},
        "total": total,
    }

    def preview(request: ChangeRequest) -> ChangePreview:
        return ChangePreview(result={"book": book, "from_month": request.from_month})

    monkeypatch.setattr(change_effects, "approved_preview", preview)
    for since, told in ((JANUARY, (JANUARY, 80_00)), (FEBRUARY, (FEBRUARY, 5_00)), (MARCH, (MARCH, 1_00))):
        found = approved_figure(ChangeRequest(is_restating=True, from_month=since))
        assert (found.month, found.cents) == told


def test_nothing_is_scheduled_that_was_not_approved_as_it_stands(client: Client, rita: User, finn: User) -> None:
    with tenant_context(client):
        request = impact_asked(client, rita, finn)
        with pytest.raises(TransitionError):
            change_schedule(client=client, request=request, user=finn, now=NOW)
    request = approved(client, request, finn)
    with tenant_context(client):
        request.content = {"parameters": {"renewal_grace_days": 90}}
        assert "not what is there" in approval_fault(request)


def test_what_restates_begins_with_a_closed_month_wherever_it_stands(
    client: Client, rita: User, finn: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From any other there is nothing to restate: it would change the policy at once."""
    with tenant_context(client):
        month_close(client=client, month=MARCH, user=finn)
        for month in (APRIL, month_parse("2031-01")):
            with pytest.raises(ContentFault, match="is not closed, and only what was reported can be restated"):
                impact_asked(client, rita, finn, month, is_restating=True)
    with monkeypatch.context() as blind:  # as if it had been let through before
        blind.setattr(changes, "restating_check", lambda month: None)
        with tenant_context(client):
            request = impact_asked(client, rita, finn, MAY, is_restating=True)
        request = approved(client, request, finn)
        with pytest.raises(DefinitionError, match="May 2026 is not closed"), tenant_context(client):
            change_schedule(client=client, request=request, user=finn, now=NOW)
        blind.setattr(change_effect, "restating_check", lambda month: None)
        with tenant_context(client):
            change_schedule(client=client, request=request, user=finn, now=NOW)
    changes_take_effect(client=client, now=NOW)
    with tenant_context(client):
        found = effect(request)
        assert found.state == "blocked" and "May 2026 is not closed" in found.message
        assert policy_in_force(client).discounts == "net"


def test_content_that_was_approved_is_not_changed_past_the_services(client: Client, rita: User, finn: User) -> None:
    with tenant_context(client):
        month_close(client=client, month=MARCH, user=finn)
    request = scheduled(client, rita, finn)
    with tenant_context(client):
        rows = ChangeRequest.objects.filter(pk=request.pk)
        others: list[dict[str, Any]] = [
            {"content": {}}, {"title": "Other"}, {"requested_by": None}, {"content_sha256": "0" * 64},
        ]  # fmt: skip
        for other in others:
            with pytest.raises(DatabaseError, match="only what is still open"), transaction.atomic():
                rows.update(**other)
    changes_take_effect(client=client, now=IN_MAY)
    with tenant_context(client):
        assert effect(request).state == "done"
        for write in (
            lambda: ChangeEffect.objects.update(approved_cents=1),
            lambda: ChangeEffect.objects.all().delete(),
            lambda: ChangeReceipt.objects.update(told_at=NOW),
            lambda: ChangeReceipt.objects.all().delete(),
            lambda: rows.update(rationale="forged"),
        ):
            with pytest.raises(DatabaseError, match="never"), transaction.atomic():
                write()
