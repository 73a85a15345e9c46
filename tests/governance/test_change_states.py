"""The life of a change request: what is not in the table is refused, and leaves no row, no event and no audit entry."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance.models import ChangeEvent, ChangePreview, ChangeRequest, ChangeState
from governance.selectors.change_previews import figures_stamp
from governance.services.change_states import OVER, REASONED, STEPS, change_move, steps_from
from governance.services.problems import DefinitionError
from governance.services.signoff_states import TransitionError
from portal.accounts.models import User
from portal.tenancy.clock import database_time
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.scope import tenant_context
from tests.tenancy.routes_changes import a_draft

EVERY_STEP = sorted({step for _, step in STEPS})
WAY = ("submit", "triage", "ask_impact", "to_review", "approve", "schedule", "take_effect", "communicate", "close")


def begun(client: Client) -> ChangeRequest:
    """A draft of somebody who is none of the cast."""
    return ChangeRequest.objects.get(number=a_draft(client)["number"])


def at(client: Client, state: str) -> ChangeRequest:
    """A request that is put into a state by hand, with a preview that stands."""
    request = begun(client)
    previewed(request)
    ChangeRequest.objects.filter(pk=request.pk).update(state=state)
    request.refresh_from_db()
    return request


def previewed(request: ChangeRequest, **other: Any) -> None:
    """Give a request a preview that is done, of its content and of the figures as they are."""
    values = {
        "content_sha256": request.content_sha256, "stamp": figures_stamp(request.client), "state": "done", "result": {},
    } | other  # fmt: skip
    request.preview = ChangePreview.objects.create(
        client=request.client, request=request, at=database_time(), sha256="f" * 64, **values
    )
    request.save()


def traces() -> tuple[Any, ...]:
    """Everything that a step writes."""
    rows = ChangeRequest.objects.order_by("pk").values_list("pk", "state", "version", "decided_at", "closed_at")
    return (*rows, ChangeEvent.objects.count(), AuditEntry.objects.count())


def test_the_way_of_a_request_that_is_approved(northwind: Client, rita: User) -> None:
    with tenant_context(northwind):
        request = begun(northwind)
        for step in WAY:
            if step == "to_review":
                previewed(request)
            request = change_move(request=request, step=step, user=rita)
        assert request.state == ChangeState.CLOSED
        assert [event.step for event in ChangeEvent.objects.filter(request=request)] == ["draft", *WAY]
        instants = [request.submitted_at, request.decided_at, request.effective_at, request.closed_at]
        assert None not in instants
        assert instants == sorted(instant for instant in instants if instant is not None)
        actions = AuditEntry.objects.filter(object_type="change request").order_by("sequence")
        assert [entry.action for entry in actions] == ["change.drafted", *(f"change.{step}" for step in WAY)]


def test_a_step_that_is_not_in_the_table_is_refused_and_leaves_no_trace(northwind: Client, rita: User) -> None:
    """Every state with every step, one by one."""
    with tenant_context(northwind):
        request = at(northwind, ChangeState.DRAFT)
        for state in ChangeState.values:
            ChangeRequest.objects.filter(pk=request.pk).update(state=state)
            before = traces()
            for step in {*EVERY_STEP, "publish", ""} - set(steps_from(state)):
                with pytest.raises(TransitionError):
                    change_move(request=request, step=step, user=rita, reason="Because")
            assert traces() == before, state


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.sampled_from(EVERY_STEP), min_size=1, max_size=14))
def test_whatever_is_tried_in_whatever_order_a_request_goes_only_where_the_table_leads(
    northwind: Client, rita: User, steps: list[str]
) -> None:
    with tenant_context(northwind):
        request = at(northwind, ChangeState.DRAFT)
        state = str(ChangeState.DRAFT)
        for step in steps:
            before = traces()
            if (state, step) in STEPS:
                request = change_move(request=request, step=step, user=rita, reason="Because")
                state = STEPS[state, step]
                assert traces()[-2:] == (before[-2] + 1, before[-1] + 1)
            else:
                with pytest.raises(TransitionError):
                    change_move(request=request, step=step, user=rita, reason="Because")
                assert traces() == before
            assert ChangeRequest.objects.get(pk=request.pk).state == state


def test_nothing_follows_the_end_and_everything_else_leads_to_one() -> None:
    reached = {state: {STEPS[state, step] for step in steps_from(state)} for state in ChangeState.values}
    assert {state for state in ChangeState.values if not reached[state]} == set(OVER)
    for state in ChangeState.values:
        seen, waiting = {state}, [state]
        while waiting:
            waiting += [each for each in reached[waiting.pop()] if each not in seen and not seen.add(each)]  # type: ignore[func-returns-value]
        assert seen & set(OVER), state


@pytest.mark.parametrize("step", REASONED)
def test_whoever_sends_back_or_rejects_says_why(northwind: Client, rita: User, step: str) -> None:
    with tenant_context(northwind):
        request = at(northwind, ChangeState.REVIEW)
        before = traces()
        with pytest.raises(DefinitionError, match="say why"):
            change_move(request=request, step=step, user=rita, reason="  ")
        assert traces() == before


def test_nobody_approves_what_they_asked_for_or_ever_wrote(
    northwind: Client, rita: User, finn: User, eve: User
) -> None:
    with tenant_context(northwind):
        request = at(northwind, ChangeState.REVIEW)
        author = request.requested_by
        ChangeRequest.objects.filter(pk=request.pk).update(requested_by=rita, edited_by=finn)
        before = traces()
        for own in (rita, finn, author):
            with pytest.raises(DefinitionError, match="does not approve"):
                change_move(request=request, step="approve", user=own)
        assert traces() == before
        assert change_move(request=request, step="approve", user=eve).state == ChangeState.APPROVED


@pytest.mark.parametrize("stale", [{"state": "working"}, {"content_sha256": "0" * 64}, {"stamp": "before an import"}])
def test_to_the_board_goes_only_what_has_a_preview_of_this_content_and_of_these_figures(
    northwind: Client, rita: User, stale: dict[str, str]
) -> None:
    with tenant_context(northwind):
        request = begun(northwind)
        previewed(request, **stale)
        ChangeRequest.objects.filter(pk=request.pk).update(state=ChangeState.IMPACT)
        before = traces()
        with pytest.raises(DefinitionError, match="impact has to be computed"):
            change_move(request=request, step="to_review", user=rita)
        assert traces() == before
        previewed(request)
        ChangeRequest.objects.filter(pk=request.pk).update(state=ChangeState.IMPACT)
        assert change_move(request=request, step="to_review", user=rita).state == ChangeState.REVIEW
