"""What the system computes of a check: the figures of two real sources, never ok where something is missing."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from engagements.models import Engagement, MaintenanceCheck
from engagements.selectors.maintenance_checks import JUDGE, MISSING, OK, RED, Asked, Found, compute
from engagements.services.maintenance import check_compute, check_step, maintenance_begin
from engagements.services.problems import EngagementError, IllegalMove
from engagements.services.upkeep import maintenance_due
from governance.models import DefinitionItem
from governance.services.items import definitions_start, item_confirm, item_edit
from governance.services.problems import DefinitionError
from metrics.models import ContractImport, Source
from metrics.models.intake import ImportState
from metrics.selectors.limits import limit_of
from metrics.services.policies import policy_publish
from metrics.services.quality import monitors_ensure
from metrics.services.quality_people import QualityProblem, monitor_set
from portal.accounts.models import PageUse, User
from portal.lib.periods import month_parse
from portal.notices.models import Notice
from portal.tenancy.models import AuditEntry, Client, ClientRole, Membership
from tests.engagements.upkeep import at, close, numbers
from tests.engine.frames import frame, line, plain_policy, rates
from tests.metrics.loading import load_lines, load_rates

OCTOBER = month_parse("2026-10")


def found(
    client: Client, key: str, threshold: str | None, month: int | None = OCTOBER, on: str = "2026-11-10"
) -> Found:
    number = None if threshold is None else Decimal(threshold)
    return compute(key, Asked(client, month, 1, number, at(on)))


@pytest.mark.parametrize(
    "key",
    [
        "variance_within_tolerance",
        "accounts_reconciled",
        "failed_imports",
        "account_changes",
        "expired_contracts",
        "contract_sample",
        "stale_rates",
        "dashboard_use",
        "something_else",
    ],
)
def test_nothing_is_ok_where_there_is_nothing(scope: Client, key: str) -> None:
    for threshold in ("0", "50", None):
        answer = found(scope, key, threshold)
        assert answer.state == MISSING and answer.sentence.endswith(".") and answer.kept()["figures"] == ()


@pytest.mark.parametrize(
    ("crm", "state", "sentence"),
    [
        ("102000", OK, "CRM is 2.00% above Billing at the end of 2026-10: within the threshold of 2%."),
        ("102000.01", RED, "CRM is 2.00% above Billing at the end of 2026-10: above the threshold of 2%."),
        ("97999.99", RED, "CRM is 2.00% below Billing at the end of 2026-10: above the threshold of 2%."),
        ("100000", OK, "Billing and CRM agree to the cent at the end of 2026-10."),
    ],
)
def test_the_variance_of_a_closed_month_is_compared_exactly(scope: Client, crm: str, state: str, sentence: str) -> None:
    numbers(scope, crm)
    assert found(scope, "variance_within_tolerance", "2").sentence == (
        "2026-10 is not closed yet, so its numbers may still move: close it first."
    )
    close(scope, "2026-10", on="2026-11-04")
    answer = found(scope, "variance_within_tolerance", "2")
    assert (answer.state, answer.sentence) == (state, sentence)
    assert [(each.label, each.value) for each in answer.figures[:2]] == [
        ("Billing", "100000.00"),
        ("CRM", f"{Decimal(crm):.2f}"),
    ]
    assert [(link.url_name, link.query) for link in answer.links] == [("reconciliation", "month=2026-10")]


def test_account_by_account_a_difference_that_balances_out_is_still_found(scope: Client) -> None:
    numbers(scope, "90000", line("B2", "10000", customer_id="bolt", customer_name="Bolt", starts_on="2025-01-01",
                                ends_on="2027-12-31"))  # fmt: skip
    close(scope, "2026-10", on="2026-11-04")
    answer = found(scope, "accounts_reconciled", "0")
    assert (answer.state, answer.sentence) == (RED, "2 accounts without an explanation at the end of 2026-10.")
    assert {(each.label, each.value) for each in answer.figures[1:]} == {("Acme", "-10000.00"), ("Bolt", "-10000.00")}


def test_a_failed_import_is_red_after_48_hours_until_a_good_one_follows(scope: Client) -> None:
    billing, _ = numbers(scope)
    made = {"file_path": "", "file_sha256": "0" * 64, "file_bytes": 0}
    row = ContractImport.objects.create(source=billing, state=ImportState.REFUSED, file_name="november.csv", **made)
    ContractImport.objects.filter(pk=row.pk).update(created_at=at("2026-11-08"))
    ContractImport.objects.exclude(pk=row.pk).update(created_at=at("2026-11-01"))
    assert found(scope, "failed_imports", "48", on="2026-11-10").state == OK
    answer = found(scope, "failed_imports", "48", on="2026-11-11")
    assert (answer.state, answer.sentence) == (RED, "1 import failed and open for more than 48 hours.")
    assert answer.figures[0].note == "refused: november.csv"
    ContractImport.objects.create(source=billing, state=ImportState.DONE, file_name="again.csv", **made)
    assert found(scope, "failed_imports", "48", on="2026-11-11").state == OK


def test_an_account_that_moves_needs_a_contract_event(scope: Client) -> None:
    # In euro: the rate alone moves Euro Ltd by 100,000 × (1.70 − 1.10); Fresh signs a contract of 80,000 in October.
    euro = line("E1", "100000", customer_id="euro", customer_name="Euro Ltd", currency="EUR", starts_on="2025-01-01",
                ends_on="2027-12-31")  # fmt: skip
    fresh = line(
        "F1", "80000", customer_id="fresh", customer_name="Fresh", starts_on="2026-10-12", ends_on="2027-10-11"
    )
    load_rates(rates(*[("EUR", f"2026-{month:02d}-28", "1.10") for month in range(1, 10)], ("EUR", "2025-01-01", "1.10"),
                     ("EUR", "2026-10-31", "1.70")))  # fmt: skip
    numbers(scope, None, euro, fresh)
    answer = found(scope, "account_changes", "50000")
    assert (answer.state, answer.sentence) == (
        RED, "1 account moved by more than the threshold in 2026-10 without a contract event.",
    )  # fmt: skip
    assert [(each.label, each.value, each.note) for each in answer.figures[1:]] == [
        ("Euro Ltd", "60000.00", "no contract event"),
        ("Fresh", "80000.00", "a contract event explains it"),
    ]
    assert found(scope, "account_changes", "60000").state == OK  # more than the threshold, not the threshold itself


def test_an_account_corrected_after_the_close_is_found(scope: Client) -> None:
    numbers(scope, None)
    close(scope, "2026-10", on="2026-11-04")
    assert found(scope, "account_changes", "50000").state == OK
    more = line("B9", "70000", customer_id="acme", customer_name="Acme", starts_on="2026-03-01", ends_on="2027-02-28")
    load_lines(frame(more), "Billing")
    answer = found(scope, "account_changes", "50000")
    assert answer.state == RED and answer.figures[1].note == "no contract event; +70000.00 since the close"


def test_check_and_monitor_go_by_the_limit_that_the_client_has_confirmed(scope: Client) -> None:
    """There were three figures for one question: 10,000 here, 50,000 there, and 25,000 in the definition."""
    definitions_start(client=scope)
    numbers(scope, None)
    more = line("B9", "70000", customer_id="acme", customer_name="Acme", starts_on="2026-03-01", ends_on="2027-02-28")
    close(scope, "2026-10", on="2026-11-04")
    load_lines(frame(more), "Billing")
    monitor = next(each for each in monitors_ensure(client=scope) if each.code == "unexplained")
    item = DefinitionItem.objects.get(key="anomaly-threshold")
    with pytest.raises(DefinitionError, match="the answer has to state the amount, 90,000"):
        item_edit(item=item, version=1, changes={"value": 90_000})
    item = item_edit(item=item, version=1, changes={"value": 90_000, "answer": "More than 90,000 is looked into."})
    answer = found(scope, "account_changes", "60000")
    assert (answer.state, answer.figures[0].value) == (RED, "50000.00"), "what is only assumed sets no limit"
    item_confirm(item=item, version=item.version, by="Finn", meeting="Review")
    answer = found(scope, "account_changes", "60000")
    assert (answer.state, answer.figures[0].value) == (OK, "90000")
    assert answer.figures[0].note.startswith("by the definition “Unusual changes”, confirmed by Finn; ")
    assert limit_of(monitor).amount == 90_000
    given: dict[str, Any] = {"days": 5, "escalate_days": 5, "owner": None, "escalate_to": None}
    with pytest.raises(QualityProblem, match=r"the limit is 90,000, by the definition .* it changes there"):
        monitor_set(monitor=monitor, threshold=Decimal(10_000), **given)


def test_lines_past_their_end_that_still_count_are_expired_contracts(scope: Client) -> None:
    over = line("X1", "12000", customer_id="late", customer_name="Late", starts_on="2025-10-11", ends_on="2026-10-10")
    numbers(scope, None, over)
    assert found(scope, "expired_contracts", "0").state == OK
    policy_publish(client=scope, parameters=plain_policy(renewal_grace_days=30).to_dict())
    answer = found(scope, "expired_contracts", "0")
    assert (answer.state, answer.sentence) == (
        RED, "1 contract line past the end still counts at the end of 2026-10, within the policy's grace of 30 days."
    )  # fmt: skip
    assert [(each.label, each.value, each.currency) for each in answer.figures] == [
        ("In all", "12000.00", "USD"),
        ("K-X1", "12000.00", "USD"),
    ]
    assert found(scope, "expired_contracts", "0", month_parse("2026-11")).state == OK  # the grace is over


def test_a_spot_check_draws_the_same_contracts_again_and_leaves_the_judgement_to_people(scope: Client) -> None:
    more = [
        line(
            f"D{n}",
            f"{n}00",
            customer_id=f"d{n}",
            customer_name=f"D{n} Ltd",
            starts_on="2026-01-01",
            ends_on="2026-12-31",
        )
        for n in range(1, 31)
    ]
    numbers(scope, None, *more)
    answer = found(scope, "contract_sample", "15")
    assert answer.state == JUDGE and answer == found(scope, "contract_sample", "15", on="2026-11-20")
    assert answer.sentence.startswith("15 contracts drawn at random from those with ARR at the end of 2026-10")
    amounts = {"K-B1": "100000.00"} | {f"K-D{n}": f"{n}00.00" for n in range(1, 31)}
    assert len({each.label for each in answer.figures}) == 15
    assert all(each.value == amounts[each.label] for each in answer.figures)
    other = found(scope, "contract_sample", "15", OCTOBER + 1)
    assert {each.label for each in other.figures} != {each.label for each in answer.figures}
    assert len(found(scope, "contract_sample", "40").figures) == 31


def test_rates_are_stale_a_week_after_the_newest(scope: Client) -> None:
    load_rates(rates(("EUR", "2026-09-30", "1.10"), ("EUR", "2026-10-31", "1.11"), ("EUR", "2026-11-05", "1.12")))
    numbers(scope, None, line("E1", "100", currency="EUR", starts_on="2026-09-05", ends_on="2026-11-15"))
    assert found(scope, "stale_rates", "7", on="2026-11-12").state == OK
    answer = found(scope, "stale_rates", "7", on="2026-11-13")
    assert (answer.state, answer.sentence) == (RED, "Stale or missing rates: EUR.")


def test_use_is_known_by_who_opened_a_dashboard_in_the_period(scope: Client, ana: User) -> None:
    for name, page, day in (
        ("eva", "arr", "2026-10-31"),
        ("emil", "arr", "2026-11-01"),
        ("ed", "engagement", "2026-10-02"),
    ):
        user = User.objects.create_user(f"{name}@example.com", name=name.title())
        Membership.objects.create(client=scope, user=user, role=ClientRole.EXECUTIVE)
        PageUse.objects.create(client=scope, user=user, page=page, day=day, role=ClientRole.EXECUTIVE, times=3)
    PageUse.objects.create(
        client=scope, user=ana, page="arr", day="2026-10-03", role="architect", is_firm_staff=True, times=9
    )
    third = found(scope, "dashboard_use", "33")
    assert (third.state, third.sentence) == (OK, "1 of 3 executives opened a dashboard from 2026-10-01 to 2026-10-31.")
    assert [(each.label, each.value) for each in third.figures] == [
        ("Ed", "0 dashboards opened"), ("Emil", "0 dashboards opened"), ("Eva", "3 dashboards opened"),
    ]  # fmt: skip
    assert found(scope, "dashboard_use", "34").state == RED
    early = found(scope, "dashboard_use", "33", OCTOBER - 1)
    assert (early.state, early.sentence) == (MISSING, "Nothing was counted up to 2026-09-30, so use is not known.")


# --- results ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def kept(project: Engagement, scope: Client) -> Engagement:
    """In maintenance since October, with a CRM that is 4 % off."""
    numbers(scope, "104000")
    return maintenance_begin(engagement=project, begins_on=dt.date(2026, 11, 2), now=at("2026-11-02"))


def row_of(key: str = "reconcile", period: str = "2026-11") -> MaintenanceCheck:
    row: MaintenanceCheck = MaintenanceCheck.objects.get(task_key=key, period=period)
    return row


def kept_of(row: MaintenanceCheck) -> dict[str, Any]:
    """What was computed of a check, as it is stored."""
    kept: dict[str, Any] = row.found or {}
    return kept


def test_a_computed_check_fills_itself_in_keeps_its_figures_and_follows_the_numbers(
    kept: Engagement, scope: Client, ana: User
) -> None:
    maintenance_due(client=scope, now=at("2026-12-02"))
    row = row_of()
    assert (row.state, kept_of(row)["state"]) == ("open", MISSING)  # the month is not closed
    close(scope, "2026-11", on="2026-12-03")
    maintenance_due(client=scope, now=at("2026-12-04"))
    row = row_of()
    assert (row.state, row.is_computed, row.decided_by) == ("red_flag", True, None)
    assert kept_of(row)["sentence"].startswith("CRM is 4.00% above Billing at the end of 2026-11")
    assert [each["value"] for each in kept_of(row)["figures"][:2]] == ["100000.00", "104000.00"]
    assert {each.user for each in Notice.objects.filter(text__contains="a red flag in ARR reconciliation")} == {ana}
    crm = Source.objects.get(name="CRM")
    crm.lines.update(amount=Decimal("100500"))
    row = check_compute(check=row, now=at("2026-12-06"))
    assert (row.state, row.solution[:16]) == ("solved", "Computed again: ")
    crm.lines.update(amount=Decimal("104000"))
    assert check_compute(check=row, now=at("2026-12-07")).state == "red_flag"


def test_what_a_person_said_stays_and_the_figures_beside_it_are_computed_again(
    kept: Engagement, scope: Client, finn: User
) -> None:
    close(scope, "2026-11", on="2026-12-03")
    row = check_step(check=row_of(), step="flag", user=finn, note="A double opportunity", now=at("2026-12-04"))
    row = check_step(check=row, step="solve", user=finn, note="Removed", now=at("2026-12-05"))
    row = check_compute(check=row, now=at("2026-12-06"))
    assert (row.state, row.is_computed, kept_of(row)["state"]) == ("solved", False, RED)


def test_a_check_is_computed_neither_before_its_time_nor_where_nothing_can_be(kept: Engagement) -> None:
    with pytest.raises(IllegalMove, match="from 2026-12-01 on"):
        check_compute(check=row_of(), now=at("2026-11-30"))
    with pytest.raises(EngagementError, match="computes nothing"):
        check_compute(check=row_of("governance", "2026-Q4"), now=at("2027-01-30"))


def test_an_unchanged_answer_is_written_down_once(kept: Engagement, scope: Client) -> None:
    for day in ("2026-12-02", "2026-12-03", "2026-12-04"):
        maintenance_due(client=scope, now=at(day))
    assert AuditEntry.objects.filter(action="maintenance.computed", object_id=str(row_of().pk)).count() == 1
