"""Tests of what was built: each run is kept, failures raise issues, the client runs its own, the system runs what it can."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client as Browser

from engagements.models import Engagement, Gate, ProjectTest, Risk, TestRun
from engagements.playbook.terms import TEST_CHECKS
from engagements.selectors import computed_tests
from engagements.selectors.computed_tests import TEST_CHECKED, Computed
from engagements.selectors.criteria import CHECKS
from engagements.services.moves import row_move
from engagements.services.problems import EngagementError, IllegalMove
from engagements.services.testing import run_compute, run_record, runs_recompute
from metrics.selectors.books import bridge_get
from portal.accounts.models import User
from portal.tenancy.models import AuditEntry, Client, ClientRole
from portal.tenancy.scope import tenant_context
from tests.conftest import member
from tests.engagements.conftest import started
from tests.engagements.files import png, sent
from tests.tenancy.routes_api import numbers

NOW = dt.datetime(2026, 11, 20, 9, tzinfo=dt.UTC)
TODAY = NOW.date()


def a_test(kind: str, **which: Any) -> ProjectTest:
    rows = ProjectTest.objects.select_related("engagement__client").filter(kind=kind, **which)
    found: ProjectTest = rows.order_by("position")[0]
    return found


def record(
    test: ProjectTest, result: str, user: User, *, is_firm: bool = True, evidence: str = "seen", **more: Any
) -> TestRun:
    return run_record(test=test, result=result, evidence=evidence, user=user, is_firm_staff=is_firm, **more)


def test_a_failed_test_raises_an_issue_that_stays_until_the_test_has_passed(project: Engagement, ana: User) -> None:
    test = a_test("technical", check_key="")
    record(test, "failed", ana, evidence="3 % off", upload=sent("screen.png", png()))
    record(test, "failed", ana, evidence="2.5 % off")
    issue = Risk.objects.get()
    assert issue.title == f"Test failed: {test.text}" and issue.remedy == "3 % off" and issue.kind == "issue"
    with pytest.raises(IllegalMove, match="test again first"):
        row_move(about="risk", row=issue, step="close")
    record(test, "passed", ana, evidence="0.4 % off")
    assert Risk.objects.get().state == "open", "people close it: a pass alone says nothing about what was done"
    row_move(about="risk", row=issue, step="close")
    runs = [(run.result, run.evidence, run.file is not None) for run in test.runs.order_by("pk")]
    assert runs == [("failed", "3 % off", True), ("failed", "2.5 % off", False), ("passed", "0.4 % off", False)]
    test.refresh_from_db()
    assert (test.state, test.evidence, test.tested_by) == ("passed", "0.4 % off", ana)
    assert AuditEntry.objects.filter(action="test.run").count() == 3


def test_a_run_never_changes(project: Engagement, ana: User) -> None:
    run = record(a_test("technical", check_key=""), "passed", ana)
    with pytest.raises(DatabaseError), transaction.atomic():
        TestRun.objects.filter(pk=run.pk).update(result="failed")


def test_whose_a_test_is_runs_it_and_nobody_else(project: Engagement, ana: User, finn: User) -> None:
    with pytest.raises(EngagementError, match="the client's own people run this"):
        record(a_test("customer"), "passed", ana)
    with pytest.raises(EngagementError, match="the firm runs this"):
        record(a_test("technical", check_key=""), "passed", finn, is_firm=False)
    with pytest.raises(EngagementError, match="the system runs this"):
        record(a_test("technical", check_key="bridge_ties"), "passed", ana)
    assert record(a_test("customer"), "passed", finn, is_firm=False).by == finn


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"evidence": " "}, "say how it was tested"),
        ({"result": "not_applicable", "evidence": ""}, "say why it does not apply"),
        ({"result": "excellent"}, "has passed, has failed"),
        ({"link": "javascript:alert(1)"}, "begins with https"),
        ({"upload": sent("a.exe", b"MZ")}, "not accepted"),
    ],
)
def test_a_result_needs_its_evidence(given: dict[str, Any], reason: str, project: Engagement, ana: User) -> None:
    test = a_test("technical", check_key="")
    with pytest.raises(EngagementError, match=reason):
        record(test, **{"result": "passed", "user": ana, **given})
    assert not TestRun.objects.exists()


def test_what_does_not_apply_is_set_aside_with_its_reason_unless_it_is_critical(
    project: Engagement, ana: User, finn: User
) -> None:
    record(a_test("technical", check_key=""), "not_applicable", ana, evidence="There is no pipeline")
    with pytest.raises(EngagementError, match="always applies"):
        record(a_test("customer", is_critical=True), "not_applicable", finn, is_firm=False)


def test_the_gate_waits_for_every_test_and_every_issue_of_one(project: Engagement, ana: User) -> None:
    gate = Gate.objects.select_related("phase", "engagement__client").get(phase__key="2")
    test = a_test("technical", check_key="")
    record(test, "failed", ana)
    ProjectTest.objects.exclude(pk=test.pk).update(state="passed")
    assert CHECKS["tests_passed"](gate, TODAY).sentence == "1 of 18 tests not passed."
    record(test, "not_applicable", ana, evidence="Set aside with Finance")
    answer = CHECKS["tests_passed"](gate, TODAY)
    assert not answer.holds and answer.sentence == "1 issue of failed tests still open."
    row_move(about="risk", row=Risk.objects.get(), step="close")
    assert CHECKS["tests_passed"](gate, TODAY).holds


def test_the_registry_runs_exactly_what_playbooks_may_ask() -> None:
    assert set(TEST_CHECKED) == set(TEST_CHECKS)


def test_what_the_system_cannot_tell_yet_is_no_failure(project: Engagement, ana: User) -> None:
    for test in ProjectTest.objects.exclude(check_key="").select_related("engagement__client"):
        with pytest.raises(EngagementError, match="cannot be tested yet"):
            run_compute(test=test, now=NOW, user=ana)
    assert not TestRun.objects.exists() and not Risk.objects.exists()


def test_the_bridge_is_tested_by_the_system_with_its_figures(
    project: Engagement, scope: Client, ana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers(scope)
    test = a_test("technical", check_key="bridge_ties")
    run = run_compute(test=test, now=NOW, user=ana)
    assert run is not None and run.result == "passed" and "the difference is 0.00 USD" in run.evidence
    total = bridge_get(scope).totals[-1]
    assert ["Ending", str(total.ending), "USD"] in run.figures and total.ending > 0
    assert run_compute(test=test, now=NOW, user=ana) is None, "nothing has changed"

    def off(*args: Any, **more: Any) -> Any:
        bridge = bridge_get(*args, **more)
        rows = (*bridge.totals[:-1], replace(bridge.totals[-1], churn=bridge.totals[-1].churn - 1))
        return replace(bridge, totals=rows)

    monkeypatch.setattr(computed_tests, "bridge_get", off)
    assert runs_recompute(engagement=project, now=NOW) == 1
    test.refresh_from_db()
    assert test.state == "failed" and "does not tie" in test.evidence and "1.00" not in test.evidence
    assert ["Off by", "1.00", "USD"] in test.runs.order_by("-pk")[0].figures
    assert Risk.objects.get().about_id == test.pk


def test_the_morning_runs_again_only_what_was_run_before(
    project: Engagement, ana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {"holds": True}
    monkeypatch.setitem(
        TEST_CHECKED, "snapshot_kept", lambda client, now: Computed(found["holds"], f"{found['holds']}.")
    )
    assert runs_recompute(engagement=project, now=NOW) == 0
    run_compute(test=a_test("technical", check_key="snapshot_kept"), now=NOW, user=ana)
    assert runs_recompute(engagement=project, now=NOW) == 0
    found["holds"] = False
    assert runs_recompute(engagement=project, now=NOW) == 1 and Risk.objects.count() == 1


def test_finance_passes_the_clients_tests_over_http_and_a_stakeholder_only_reads(
    northwind: Client, ana: User, finn: User, person: Callable[..., User], signed_in: Callable[[User], Browser]
) -> None:
    stan = member(person, "stan", ClientRole.STAKEHOLDER, northwind)
    with tenant_context(northwind):
        project, test = started(northwind, ana), a_test("customer")
        technical = a_test("technical", check_key="")
    home = f"/c/northwind/engagements/{project.pk}/build/tests/"
    data = {"result": "passed", "evidence": "The same as our list"}
    assert "Keep the result" in signed_in(finn).get(f"{home}{test.pk}/").content.decode()
    for who, page in ((finn, technical.pk), (ana, test.pk), (stan, test.pk)):
        assert "Keep the result" not in signed_in(who).get(f"{home}{page}/").content.decode()
    assert signed_in(stan).post(f"{home}{test.pk}/try/", data).status_code == 403
    assert signed_in(ana).post(f"{home}{test.pk}/try/", data).status_code == 403
    assert signed_in(finn).post(f"{home}{technical.pk}/try/", data).status_code == 404
    assert signed_in(finn).post(f"{home}{test.pk}/try/", data | {"file": sent("list.csv")}).status_code == 302
    shown = signed_in(stan).get(f"{home}{test.pk}/").content.decode()
    assert "The same as our list" in shown and "list.csv" in shown and "Finn" in shown


def test_a_refused_file_leaves_what_was_written_in_the_form(
    northwind: Client, ana: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(northwind):
        project, test = started(northwind, ana), a_test("technical", check_key="")
    home = f"/c/northwind/engagements/{project.pk}/build/tests/{test.pk}/"
    data = {"result": "passed", "evidence": "Twelve of twelve contracts", "file": sent("tool.exe", b"MZ")}
    answer = signed_in(ana).post(f"{home}run/", data)
    page = answer.content.decode()
    assert answer.status_code == 422 and "Twelve of twelve contracts" in page and "“tool.exe” is not kept" in page
    assert answer.context["form"].errors.keys() == {"file"} and "Keep the result" in page
    with tenant_context(northwind):
        assert not TestRun.objects.exists()


def test_the_figures_of_a_test_are_for_those_who_see_the_clients_numbers(
    northwind: Client, ana: User, finn: User, stan: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(northwind):
        engagement = started(northwind, ana)
        numbers(northwind)
        test = a_test("technical", check_key="bridge_ties")
        run_compute(test=test, now=NOW, user=ana)
    page = f"/c/northwind/engagements/{engagement.pk}/build/tests/{test.pk}/"
    theirs, others = (signed_in(user).get(page).content.decode() for user in (finn, stan))
    assert "<dt>Ending</dt>" in theirs
    assert "<dt>Ending</dt>" not in others and "for those who see the client" in others, "a stakeholder sees no ARR"
