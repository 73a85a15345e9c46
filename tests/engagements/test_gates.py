"""Gates: they say what shuts them, open when everything holds, go back, and yield to a partner on the record."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client as Browser

from engagements.models import (
    ChecklistPoint,
    Component,
    Engagement,
    Gate,
    GateCriterion,
    GateDecision,
    Phase,
    ProjectTest,
    ProjectTraining,
)
from engagements.playbook.terms import COMPUTED_CHECKS
from engagements.selectors.criteria import CHECKS
from engagements.selectors.gates import gate_now
from engagements.services.conversation import risk_add
from engagements.services.gates import criterion_say, gate_loop_back, gate_open, gate_override, gate_start_early
from engagements.services.moves import row_move
from engagements.services.problems import EngagementError, IllegalMove
from portal.accounts.models import User
from portal.tenancy.models import AuditEntry, Client, FirmRole
from portal.tenancy.scope import tenant_context
from tests.conftest import consultant
from tests.engagements.conftest import sign, started

TODAY = dt.date(2026, 11, 20)


def gate_of(phase: str) -> Gate:
    found: Gate = Gate.objects.select_related("phase", "engagement__client").get(phase__key=phase)
    return found


def states() -> list[str]:
    return list(Phase.objects.order_by("position").values_list("state", flat=True))


def say_all(gate: Gate, ana: User, finn: User) -> None:
    """Everything that people can say about a gate."""
    for criterion in gate.criteria.filter(check_key="", kind="confirmed"):
        criterion_say(criterion=criterion, holds=True, user=ana)
    for criterion in gate.criteria.filter(check_key="", kind="signed").select_related("gate__engagement", "document"):
        sign(criterion, finn)


@pytest.fixture
def sales(scope: Client, ana: User) -> Engagement:
    """An engagement whose first gate asks for one confirmation and a checklist."""
    return started(scope, ana, "sales-dashboards")


def open_first(sales: Engagement, ana: User, finn: User) -> Gate:
    gate = gate_of("1")
    say_all(gate, ana, finn)
    ChecklistPoint.objects.filter(subphase__phase=gate.phase).update(done_at=sales.created_at, done_by=ana)
    return gate_open(gate=gate, user=ana)


def test_ticks_that_the_system_sees_otherwise_are_marked_on_the_checklist(
    northwind: Client, ana: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(northwind):
        project = started(northwind, ana)
        ChecklistPoint.objects.update(done_at=project.created_at, done_by=ana)
        gate = gate_of("1")
    page = signed_in(ana).get(f"/c/northwind/engagements/{project.pk}/checklists/").content.decode()
    assert "Whatever is ticked here" in page and "<li>Every term is approved</li>" in page
    assert f"gates/{gate.pk}/" in page


def test_the_registry_answers_exactly_what_playbooks_may_ask() -> None:
    assert set(CHECKS) == set(COMPUTED_CHECKS)


def test_every_check_answers_in_a_sentence_on_an_empty_client(project: Engagement) -> None:
    for key, check in CHECKS.items():
        answer = check(gate_of("1"), TODAY)
        assert answer.sentence.endswith("."), key
        if key not in {"no_critical_issue", "maintenance_planned"}:
            assert not answer.holds, key


def test_a_gate_says_what_shuts_it_and_then_opens_the_next_phase(sales: Engagement, ana: User, finn: User) -> None:
    gate = gate_of("1")
    assert (
        gate_now(gate, TODAY).sentence
        == "Shut until this holds: The sales manager has agreed to the requirements (and 1 more)."
    )
    with pytest.raises(IllegalMove, match="The sales manager has agreed"):
        gate_open(gate=gate, user=ana)
    say_all(gate, ana, finn)
    assert gate_now(gate, TODAY).sentence == "Shut until this holds: The checklists of the phase are done."
    open_first(sales, ana, finn)
    assert states() == ["done", "open", "shut", "shut"]
    decision = GateDecision.objects.get()
    assert (decision.kind, decision.by, len(decision.seen)) == ("opened", ana, 2)
    assert AuditEntry.objects.filter(action="gate.opened").exists()


def test_computed_criteria_read_the_system(project: Engagement, ana: User) -> None:
    gate = gate_of("2")

    def holds(key: str) -> bool:
        return CHECKS[key](gate, TODAY).holds

    assert CHECKS["components_built"](gate, TODAY).sentence == "13 of 13 components not built."
    Component.objects.update(state="built")
    ProjectTest.objects.exclude(pk=ProjectTest.objects.all()[0].pk).update(state="passed")
    ProjectTraining.objects.update(held_on=TODAY + dt.timedelta(days=1))
    assert holds("components_built") and not holds("tests_passed") and not holds("trainings_held")
    ProjectTest.objects.update(state="passed")
    ProjectTraining.objects.update(held_on=TODAY)
    assert holds("tests_passed") and holds("trainings_held") and holds("no_critical_issue")
    issue = risk_add(engagement=project, kind="issue", severity="critical", title="Sync fails")
    assert not holds("no_critical_issue")
    row_move(about="risk", row=issue, step="close")
    assert holds("no_critical_issue")


def test_only_the_client_signs_and_only_people_say(project: Engagement, ana: User) -> None:
    with pytest.raises(EngagementError, match="only the client's people sign"):
        criterion_say(criterion=GateCriterion.objects.get(key="accepted"), holds=True, user=ana)
    with pytest.raises(EngagementError, match="nobody can say it"):
        criterion_say(criterion=GateCriterion.objects.get(key="terms"), holds=True, user=ana)


def test_the_second_phase_may_begin_in_part_where_the_playbook_allows_it(
    project: Engagement, ana: User, finn: User
) -> None:
    gate = gate_of("1")
    gate.criteria.filter(key="policy_signed").update(check_key="")  # as in a playbook that lets people sign here
    with pytest.raises(IllegalMove, match="first: Finance and RevOps have signed"):
        gate_start_early(gate=gate, user=ana)
    sign(gate.criteria.get(key="policy_signed"), finn)
    gate_start_early(gate=gate, user=ana)
    assert states() == ["open", "early", "shut", "shut"] and gate_of("1").state == "shut"
    with pytest.raises(IllegalMove, match="has begun already"):
        gate_start_early(gate=gate_of("1"), user=ana)
    with pytest.raises(IllegalMove, match="lets nothing begin before"):
        gate_start_early(gate=gate_of("2"), user=ana)


def test_looping_back_needs_a_reason_and_lays_later_phases_to_rest(sales: Engagement, ana: User, finn: User) -> None:
    open_first(sales, ana, finn)
    with pytest.raises(EngagementError, match="say why"):
        gate_loop_back(gate=gate_of("1"), reason=" ", user=ana)
    gate_loop_back(gate=gate_of("1"), reason="Marketing was not asked", user=ana)
    assert states() == ["open", "shut", "shut", "shut"]
    assert not gate_of("1").criteria.filter(kind="confirmed").exclude(said_at=None).exists()
    assert AuditEntry.objects.get(action="gate.back").details["reason"] == "Marketing was not asked"
    with pytest.raises(IllegalMove, match="shut already"):
        gate_loop_back(gate=gate_of("1"), reason="again", user=ana)


def test_a_partner_opens_against_the_criteria_and_what_did_not_hold_is_kept(sales: Engagement, ana: User) -> None:
    with pytest.raises(EngagementError, match="say why"):
        gate_override(gate=gate_of("1"), reason="", user=ana)
    gate_override(gate=gate_of("1"), reason="The client starts in December", user=ana)
    assert gate_of("1").state == "overridden" and states() == ["done", "open", "shut", "shut"]
    entry = AuditEntry.objects.get(action="gate.overridden")
    assert entry.details["reason"] == "The client starts in December" and len(entry.details["not_held"]) == 2


def test_an_override_is_refused_where_nothing_is_in_the_way(sales: Engagement, ana: User, finn: User) -> None:
    gate = gate_of("1")
    say_all(gate, ana, finn)
    ChecklistPoint.objects.update(done_at=sales.created_at, done_by=ana)
    with pytest.raises(EngagementError, match="simply open it"):
        gate_override(gate=gate, reason="x", user=ana)


def test_gates_open_in_their_order(sales: Engagement, ana: User) -> None:
    with pytest.raises(IllegalMove, match="Requirements agreed comes first"):
        gate_override(gate=gate_of("2"), reason="hurry", user=ana)


def test_an_engagement_closes_when_all_gates_are_open_and_then_only_reads(
    sales: Engagement, ana: User, finn: User
) -> None:
    with pytest.raises(IllegalMove, match=r"every gate is open \(Shut: Requirements agreed"):
        row_move(about="engagement", row=sales, step="close")
    for phase in "1234":
        gate_override(gate=gate_of(phase), reason="as agreed", user=ana)
    assert states() == ["done"] * 4
    assert row_move(about="engagement", row=sales, step="close").closed_at is not None
    with pytest.raises(IllegalMove, match="is closed"):
        gate_loop_back(gate=gate_of("4"), reason="x", user=ana)
    assert row_move(about="engagement", row=sales, step="archive").state == "archived"


def test_over_http_an_architect_does_not_override_and_a_partner_does(
    ana: User, finn: User, northwind: Client, person: Callable[..., User], signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(northwind):
        engagement = started(northwind, ana)
        gate, signature = gate_of("1"), GateCriterion.objects.select_related("gate").get(key="accepted")
    home = f"/c/northwind/engagements/{engagement.pk}/"
    url, data = f"{home}gates/{gate.pk}/override/", {"reason": "The board decided"}
    assert signed_in(ana).post(url, data).status_code == 403
    assert signed_in(ana).post(f"{home}criteria/{signature.pk}/signing/sign/", {"holds": "1"}).status_code == 403
    with tenant_context(northwind):
        sign(signature, finn)
    fay: Any = consultant(person, "fay", FirmRole.ADMIN, northwind)
    assert "Signed by Finn" in signed_in(fay).get(f"{home}gates/{signature.gate_id}/").content.decode()
    assert "Open against its criteria" in signed_in(fay).get(f"{home}gates/{gate.pk}/").content.decode()
    assert "Open against its criteria" not in signed_in(ana).get(f"{home}gates/{gate.pk}/").content.decode()
    assert signed_in(fay).post(url, data).status_code == 302
    page = signed_in(finn).get(f"{home}gates/{gate.pk}/").content.decode()
    assert "Opened against its criteria" in page and "The board decided" in page
