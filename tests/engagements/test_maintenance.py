"""The maintenance schedule: made from the playbook on the client's calendar, done by its owners, told to them once a day."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.core.management import call_command

from engagements.models import Activity, Engagement, EngagementSummary, MaintenanceCheck, Phase
from engagements.playbook.terms import MAINTENANCE_CHECKS, TRIGGER_CHECKS
from engagements.selectors.health import AMBER, RED, upkeep_reasons
from engagements.selectors.maintenance import owner_of
from engagements.selectors.maintenance_checks import CHECKS
from engagements.selectors.triggers import WATCHERS
from engagements.selectors.waiting import needed_of
from engagements.services.maintenance import check_step, maintenance_begin, maintenance_end, phase_brings
from engagements.services.people import participant_add
from engagements.services.problems import EngagementError, IllegalMove
from engagements.services.upkeep import maintenance_due
from engagements.shipped import shipped_playbooks
from governance.selectors.change_impact_touched import Touching, touched_by
from governance.selectors.registry import registry_get
from portal.accounts.models import User
from portal.notices.kinds import KINDS
from portal.notices.models import Notice
from portal.tenancy.models import AuditEntry, Client, ClientRole
from portal.tenancy.scope import tenant_context
from tests.conftest import member
from tests.engagements.conftest import started
from tests.engagements.upkeep import at

D = dt.date
BEGAN = D(2026, 11, 10)


@pytest.fixture
def kept(project: Engagement) -> Engagement:
    """Northwind's project in handoff since 10 Nov 2026, launched on 12 Oct; its fiscal year begins in February."""
    Client.objects.filter(pk=project.client_id).update(fiscal_year_start=2, close_day=4, time_zone="America/New_York")
    project.client.refresh_from_db()
    Engagement.objects.filter(pk=project.pk).update(hypercare_from=D(2026, 10, 12))
    return maintenance_begin(engagement=project, begins_on=BEGAN, now=at("2026-11-10"))


def check_of(key: str, period: str = "2026-11") -> MaintenanceCheck:
    found: MaintenanceCheck = MaintenanceCheck.objects.get(task_key=key, period=period)
    return found


def look(client: Client, day: str) -> None:
    maintenance_due(client=client, now=at(day))


def test_the_registries_answer_exactly_what_playbooks_may_ask() -> None:
    assert set(CHECKS) == set(MAINTENANCE_CHECKS) and set(WATCHERS) == set(TRIGGER_CHECKS)
    for playbook in shipped_playbooks().values():
        assert {task.check for task in playbook.maintenance} <= {"", *CHECKS}
        assert all(task.red_flag and task.how and task.action for task in playbook.maintenance)
        assert {owner.side for owner in playbook.maintenance_owners if owner.kind == "single"} == {"client"}
        assert all(task.threshold for task in playbook.maintenance if task.check)


def test_every_task_of_the_playbook_is_due_on_the_clients_calendar(kept: Engagement) -> None:
    # Closed on the 4th, so months are due on the 9th; fiscal Q4 is Nov to Jan; three months ahead of 10 Nov is 10 Feb.
    rows = MaintenanceCheck.objects.filter(task_key__in=["reconcile", "rates", "board", "benchmark"])
    assert [(row.task_key, row.period, row.opens_on, row.due_on) for row in rows.order_by("task_key", "due_on")] == [
        ("benchmark", "Review 1", D(2027, 4, 12), D(2027, 10, 12)),
        ("board", "First cycle", D(2026, 12, 11), D(2027, 1, 10)),
        ("rates", "FY2027-Q4", D(2027, 2, 1), D(2027, 2, 28)),
        ("reconcile", "2026-11", D(2026, 12, 1), D(2026, 12, 9)),
        ("reconcile", "2026-12", D(2027, 1, 1), D(2027, 1, 9)),
        ("reconcile", "2027-01", D(2027, 2, 1), D(2027, 2, 9)),
    ]
    row = check_of("reconcile")
    assert (row.check_key, row.threshold, row.red_flag) == (
        "variance_within_tolerance",
        Decimal(2),
        "More than 2% apart",
    )
    assert MaintenanceCheck.objects.count() == 4 * 3 + 4 + 4 + 4


def test_a_change_of_the_policy_names_the_checks_that_are_computed_of_arr(kept: Engagement, scope: Client) -> None:
    look(scope, "2026-12-20")
    touching = Touching(scope, "policy", parameters=("renewal_grace_days",))
    rows = [row for row in touched_by(touching, registry_get(scope)) if row["kind"] == "check"]
    assert {row["label"] for row in rows} == {
        "ARR reconciliation", "Unusual movements", "Expired contracts", "Full reconciliation",
    }  # fmt: skip
    first = check_of("anomalies")
    movements = next(row for row in rows if row["label"] == "Unusual movements")
    assert movements["url_args"] == {"engagement_id": kept.pk, "check_id": first.pk}
    others = touched_by(Touching(scope, "metric_change", metrics=("nrr",)), registry_get(scope))
    assert "check" not in {row["kind"] for row in others}, "no check reads the registry"


def test_looking_again_makes_nothing_twice_and_every_month_adds_one(kept: Engagement, scope: Client) -> None:
    count = MaintenanceCheck.objects.count()
    look(scope, "2026-11-11")
    look(scope, "2026-11-11")
    assert MaintenanceCheck.objects.count() == count
    look(scope, "2026-12-02")
    assert MaintenanceCheck.objects.count() == count + 4  # February 2027 opens within three months
    assert Client.objects.get().next_maintenance_at == dt.datetime(2026, 12, 3, 10, tzinfo=dt.UTC)  # five in New York


def test_what_is_not_done_moves_with_the_clients_calendar(kept: Engagement, scope: Client) -> None:
    MaintenanceCheck.objects.filter(pk=check_of("reconcile").pk).update(state="ok")
    Client.objects.update(fiscal_year_start=1, close_day=None)
    look(Client.objects.get(), "2026-11-11")
    assert check_of("reconcile").due_on == D(2026, 12, 9)  # done: it stays as it was
    assert check_of("reconcile", "2026-12").due_on == D(2027, 1, 15)
    quarters = MaintenanceCheck.objects.filter(task_key="governance").values_list("period", "due_on")
    assert list(quarters) == [("2026-Q4", D(2027, 1, 31))]


def test_the_schedule_begins_with_the_phase_of_its_handoff_and_runs_on_when_the_project_is_closed(
    project: Engagement, scope: Client
) -> None:
    phase_brings(phase=Phase.objects.get(key="3"), now=at("2026-11-10"))
    assert not MaintenanceCheck.objects.exists()
    phase_brings(phase=Phase.objects.get(key="4"), now=at("2026-11-10"))
    assert MaintenanceCheck.objects.filter(period="2026-11").count() == 4
    Engagement.objects.update(state="closed")
    look(scope, "2026-12-12")
    check = check_step(
        check=check_of("anomalies"), step="pass", user=None, note="Read the movers", now=at("2026-12-12")
    )
    assert check.state == "ok"
    ended = maintenance_end(engagement=project, reason="Their own BI team took over", now=at("2026-12-13"))
    assert not ended.is_maintained and list(MaintenanceCheck.objects.values_list("state", flat=True)) == ["ok"]
    look(scope, "2026-12-14")
    assert Client.objects.get().next_maintenance_at is None


def test_the_owner_follows_the_type_of_the_engagement(
    kept: Engagement, ana: User, person: Callable[..., User], scope: Client
) -> None:
    assert owner_of(kept).people == () and not owner_of(kept).is_firm  # nobody of RevOps yet
    rita = User.objects.create_user("rita@example.com", name="Rita")
    participant_add(engagement=kept, user=rita, is_firm_staff=False, project_role="RevOps", function="revops")
    assert owner_of(kept).people == (rita,) and owner_of(kept).handed_at == "4c"
    Engagement.objects.update(kind="dedicated")
    kept.refresh_from_db()
    assert owner_of(kept).people == (ana,) and owner_of(kept).handed_at == "4b"


def test_without_somebody_on_the_engagement_the_clients_revops_owns_it(
    northwind: Client, ana: User, person: Callable[..., User]
) -> None:
    rita = member(person, "rita", ClientRole.REVOPS, northwind)
    with tenant_context(northwind):
        assert owner_of(started(northwind, ana)).people == (rita,)


def test_a_result_needs_its_words_and_its_time(kept: Engagement, finn: User) -> None:
    row = check_of("spot_check", "FY2027-Q4")
    with pytest.raises(IllegalMove, match="from 2027-02-01 on"):
        check_step(check=row, step="pass", user=finn, note="x", now=at("2027-01-31"))
    now = at("2027-02-03")
    for step, missing in (("pass", "how you looked"), ("flag", "what you found"), ("skip", "why it does not apply")):
        with pytest.raises(EngagementError, match=missing):
            check_step(check=row, step=step, user=finn, now=now)
    row = check_step(check=row, step="flag", user=finn, note="2 of 15 wrong", link="https://x.example/sheet", now=now)
    assert (row.state, row.note, row.link, row.decided_by) == (
        "red_flag",
        "2 of 15 wrong",
        "https://x.example/sheet",
        finn,
    )
    with pytest.raises(EngagementError, match="how it was solved"):
        check_step(check=row, step="solve", user=finn, now=now)
    row = check_step(check=row, step="solve", user=finn, note="Both corrected", now=now)
    assert (row.state, row.solution, row.note) == ("solved", "Both corrected", "2 of 15 wrong")
    with pytest.raises(IllegalMove, match="no step 'pass'"):
        check_step(check=row, step="pass", user=finn, note="x", now=now)
    actions = list(AuditEntry.objects.filter(action="maintenance.said").values_list("details__step", flat=True))
    assert actions == ["flag", "solve"]
    assert Activity.objects.first().text == "found Contract spot check, FY2027-Q4: solved"  # type: ignore[union-attr]


def test_the_next_half_yearly_check_counts_from_the_day_the_last_was_settled(kept: Engagement, finn: User) -> None:
    row = check_of("policy_review", "Review 1")
    check_step(check=row, step="pass", user=finn, note="Read it with Finance", now=at("2027-05-31"))
    following = check_of("policy_review", "Review 2")
    assert (following.opens_on, following.due_on) == (D(2027, 11, 30), D(2028, 5, 31))


def test_late_checks_and_red_flags_are_reasons_of_health_and_in_what_needs_the_owner(
    kept: Engagement, finn: User, scope: Client
) -> None:
    Engagement.objects.update(kind="single")
    participant_add(engagement=kept, user=finn, is_firm_staff=False, project_role="RevOps", function="revops")
    day = D(2026, 12, 12)
    assert upkeep_reasons(kept, D(2026, 12, 9)) == []
    assert [(r.level, r.sentence) for r in upkeep_reasons(kept, day)] == [
        (AMBER, "4 maintenance checks are late, the oldest by 3 days.")
    ]
    needs = needed_of(kept, finn, is_firm_staff=False, today=day)
    assert (needs[0].title, needs[0].text, needs[0].level) == (
        "8 maintenance checks wait", "4 late, the oldest due 2026-12-09.", "refused",
    )  # fmt: skip
    check_step(check=check_of("anomalies"), step="flag", user=finn, note="A jump", now=at("2026-12-12"))
    assert "Red flag: Unusual movements, 2026-11." in [r.sentence for r in upkeep_reasons(kept, day)]
    assert upkeep_reasons(kept, D(2026, 12, 24))[0].level == RED
    look(scope, "2026-12-24")
    assert "maintenance checks are late" in EngagementSummary.objects.get().reasons[0]


def test_owners_hear_when_checks_can_be_done_when_they_are_late_and_weekly_and_never_twice_a_day(
    kept: Engagement, finn: User, scope: Client
) -> None:
    participant_add(engagement=kept, user=finn, is_firm_staff=False, project_role="RevOps", function="revops")
    MaintenanceCheck.objects.exclude(task_key="anomalies").delete()
    Engagement.objects.update(content={**kept.content, "maintenance": [
        task for task in kept.content["maintenance"] if task["key"] == "anomalies"
    ]})  # fmt: skip
    MaintenanceCheck.objects.update(check_key="")
    for day in range(1, 32):
        for hour in (7, 15):
            maintenance_due(client=scope, now=dt.datetime(2026, 12, day, hour, tzinfo=dt.UTC))
    told = Notice.objects.filter(user=finn, kind="maintenance").order_by("pk")
    assert [(each.key.split()[1], each.text) for each in told] == [
        ("2026-12-01", "ARR reporting: 1 maintenance check waits for a result, the first is due on 2026-12-09"),
        ("2026-12-10", "ARR reporting: 1 maintenance check waits for a result, 1 late"),
        ("2026-12-17", "ARR reporting: 1 maintenance check waits for a result, 1 late"),
        ("2026-12-24", "ARR reporting: 1 maintenance check waits for a result, 1 late"),
        ("2026-12-31", "ARR reporting: 1 maintenance check waits for a result, 1 late"),
    ]
    assert all(each.path.endswith("/maintenance/") for each in told) and KINDS["maintenance"].is_once_a_day


def test_the_command_looks_at_the_time_it_is_given(northwind: Client, ana: User, finn: User) -> None:
    with tenant_context(northwind):
        engagement = started(northwind, ana)
        maintenance_begin(engagement=engagement, begins_on=BEGAN, now=at("2026-11-10"))
    call_command("maintenance_look", client="northwind", now=at("2027-06-02"))
    with tenant_context(northwind):
        assert MaintenanceCheck.objects.filter(task_key="reconcile").count() == 10  # Nov 2026 to Aug 2027
