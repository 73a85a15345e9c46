"""Two sources of a client: which are meant, what they differ in, what people decide about it, and what gates read."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from metrics.models import AccountExplanation, AccountMapping, ReconciliationSetting, Source
from metrics.models.intake import SourceKind
from metrics.selectors.month_ends import NO_MONTH
from metrics.selectors.reconciliation import ONE_SOURCE, account_lines_get, reconciliation_get, source_pair
from metrics.selectors.reconciliation_checks import month_closed_and_reconciled, variance_within_tolerance
from metrics.selectors.reconciliation_figures import AccountRow
from metrics.services.books import books_rebuild_all
from metrics.services.closes import month_close
from metrics.services.policies import policy_publish
from metrics.services.reconciliation import (
    ReconciliationProblem,
    account_explain,
    account_explanation_withdraw,
    account_map,
    account_unmap,
    reconciliation_setting_update,
    store,
)
from portal.accounts.models import User
from portal.lib.periods import month_parse
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.scope import tenant_context
from tests.engine.frames import frame, line, plain_policy, rates
from tests.metrics.loading import load_lines, load_rates, replace_lines

DECEMBER = month_parse("2024-12")
YEAR: dict[str, Any] = {"starts_on": "2024-01-01", "ends_on": "2025-12-31"}


@pytest.fixture
def scope(northwind: Client) -> Iterator[Client]:
    with tenant_context(northwind):
        yield northwind


def lines_of(*amounts: str, prefix: str = "L", **cells: Any) -> Any:
    """A line of each amount for the customers A, B, C …"""
    rows = [
        line(f"{prefix}{letter}", amount, customer_id=letter, customer_name=f"{letter} Inc", **YEAR, **cells)
        for letter, amount in zip("ABCDEFGH", amounts, strict=False)
    ]
    return frame(*rows)


def two_sources(billing: Any, crm: Any) -> tuple[Source, Source]:
    """Billing, which is authoritative, and the CRM."""
    pair = load_lines(billing, "Billing"), load_lines(crm, "CRM")
    for source, kind in zip(pair, (SourceKind.BILLING, SourceKind.CRM), strict=True):
        source.kind = kind
        source.save(update_fields=["kind"])
    return pair


def row_of(client: Client, account: str) -> AccountRow:
    found = reconciliation_get(client, DECEMBER).account(account)
    assert found is not None
    return found


def last_entry() -> AuditEntry:
    entry: AuditEntry = AuditEntry.objects.order_by("-sequence")[0]
    return entry


# --- figures ----------------------------------------------------------------------------------------------------------


def test_totals_variance_and_states(scope: Client) -> None:
    two_sources(lines_of("1000", "500", "300", "200"), lines_of("1000", "550", "300"))
    found = reconciliation_get(scope, DECEMBER)
    assert (found.base_arr, found.other_arr, found.difference) == (
        Decimal("2000.00"),
        Decimal("1850.00"),
        Decimal("-150.00"),
    )
    assert (found.variance, found.level) == (Decimal("-0.0750"), "red")
    assert found.sentence == "CRM is 7.50% below Billing at the end of 2024-12: above the red flag of 5.00%."
    assert [(row.account, row.state_words, row.base, row.other, row.ratio) for row in found.rows] == [
        ("D", "Missing in CRM", Decimal("200.00"), None, None),
        ("B", "Different", Decimal("500.00"), Decimal("550.00"), Decimal("0.1000")),
        ("A", "Matched", Decimal("1000.00"), Decimal("1000.00"), Decimal("0.0000")),
        ("C", "Matched", Decimal("300.00"), Decimal("300.00"), Decimal("0.0000")),
    ]
    assert [(each.state, each.count, each.difference) for each in found.sums] == [
        ("different", 1, Decimal("50.00")),
        ("missing_in_base", 0, Decimal("0.00")),
        ("missing_in_other", 1, Decimal("-200.00")),
        ("explained", 0, Decimal("0.00")),
        ("matched", 2, Decimal("0.00")),
    ]
    assert sum((row.difference for row in found.rows), Decimal(0)) == found.difference


@pytest.mark.parametrize(
    ("crm", "variance", "level"),
    [
        ("1000.00", "0.0000", "within"),
        ("1020.00", "0.0200", "within"),
        ("1020.01", "0.0200", "above"),
        ("980.00", "-0.0200", "within"),
        ("1050.00", "0.0500", "above"),
        ("949.99", "-0.0500", "red"),
    ],
)
def test_the_levels_are_compared_exactly_and_belong_to_the_better_side(
    scope: Client, crm: str, variance: str, level: str
) -> None:
    two_sources(lines_of("1000"), lines_of(crm))
    found = reconciliation_get(scope, DECEMBER)
    assert (found.variance, found.level) == (Decimal(variance), level)


def test_reasons_are_told_with_the_names_of_the_sources(scope: Client) -> None:
    billing = lines_of("1000", "500", "300")
    crm = frame(
        *(
            row | changes
            for row, changes in zip(
                billing.to_dicts(),
                ({"currency": "EUR"}, {"amount_e6": 550_000_000}, {"cancelled_on": dt.date(2024, 11, 1)}),
                strict=True,
            )
        )
    )
    two_sources(billing, crm)
    load_rates(rates(("EUR", "2024-12-31", "1.1")))
    told = {
        row.account: [reason.sentence for reason in row.reasons] for row in reconciliation_get(scope, DECEMBER).rows
    }
    assert told == {
        "A": ["Platform (LA) is in USD in Billing, in EUR in CRM."],
        "B": ["Platform (LB) is 500.00 USD a year in Billing, 550.00 USD in CRM."],
        "C": ["Platform (LC) was cancelled 2024-11-01 in CRM; Billing does not know of it."],
    }


def test_the_policy_in_force_decides_both_sides(scope: Client) -> None:
    two_sources(lines_of("1000", discount="100"), lines_of("1000", discount="50"))
    assert reconciliation_get(scope, DECEMBER).difference == Decimal("50.00")
    policy_publish(client=scope, parameters=plain_policy(discounts="list").to_dict())
    found = reconciliation_get(scope, DECEMBER)
    assert (found.difference, found.policy_number) == (Decimal("0.00"), 1)


def test_changed_lines_are_seen_at_once(scope: Client) -> None:
    _, crm = two_sources(lines_of("1000"), before := lines_of("1000"))
    assert reconciliation_get(scope, DECEMBER).level == "within"
    replace_lines(crm, before, lines_of("1500"))
    assert reconciliation_get(scope, DECEMBER).difference == Decimal("500.00")


# --- no figure --------------------------------------------------------------------------------------------------------


def test_without_a_second_source_or_numbers_there_is_a_reason(scope: Client) -> None:
    assert reconciliation_get(scope, DECEMBER).reason == ONE_SOURCE
    billing, crm = two_sources(lines_of("1000"), lines_of())
    found = reconciliation_get(scope, DECEMBER)
    assert (found.base_arr, found.variance, found.rows, found.level) == (None, None, (), "none")
    assert found.reason is not None and found.reason.sentence.startswith("CRM: There are no contract lines")
    assert reconciliation_get(scope).reason == NO_MONTH
    assert reconciliation_get(scope, DECEMBER, billing, billing).reason == ONE_SOURCE
    assert crm.name == "CRM"


def test_a_missing_rate_names_its_source_and_no_figure_is_made_up(scope: Client) -> None:
    two_sources(lines_of("1000"), lines_of("1000", currency="EUR"))
    load_rates(rates(("EUR", "2020-12-31", "1.1")))
    found = reconciliation_get(scope, DECEMBER)
    assert found.reason is not None and found.reason.code == "missing_rates"
    assert found.reason.sentence.startswith("CRM: It cannot be valued: there is no EUR exchange rate for 2024-12-31")
    assert (found.base_arr, found.other_arr, found.difference) == (None, None, None)


def test_a_base_without_arr_has_no_variance(scope: Client) -> None:
    two_sources(lines_of("1000", charge_type="services"), lines_of("1000"))
    found = reconciliation_get(scope, DECEMBER)
    assert (found.base_arr, found.other_arr, found.variance) == (Decimal("0.00"), Decimal("1000.00"), None)
    assert (found.level, found.level_words) == ("none", "No variance")
    assert found.rows[0].ratio is None and found.rows[0].base == Decimal("0.00")
    assert not variance_within_tolerance(scope, DECEMBER).holds


# --- which sources, and how closely -----------------------------------------------------------------------------------


def test_the_sources_are_those_given_then_those_decided_then_by_kind(scope: Client) -> None:
    sheet = load_lines(lines_of("1"), "Sheet")
    billing, crm = two_sources(lines_of("1"), lines_of("1"))
    assert sheet.is_authoritative and source_pair() == (billing, crm)
    assert source_pair(base=crm) == (crm, sheet)
    assert source_pair(other=billing) == (sheet, billing)
    reconciliation_setting_update(
        client=scope, tolerance=Decimal("0.01"), red_flag=Decimal("0.03"), base=sheet, other=billing
    )
    assert source_pair() == (sheet, billing)
    assert source_pair(other=crm) == (sheet, crm)


def test_levels_are_decided_once_audited_and_used(scope: Client) -> None:
    two_sources(lines_of("1000"), lines_of("1015"))
    assert reconciliation_get(scope, DECEMBER).level == "within"
    reconciliation_setting_update(client=scope, tolerance=Decimal("0.01"), red_flag=Decimal("0.05"))
    assert reconciliation_get(scope, DECEMBER).level == "above"
    entry = last_entry()
    assert entry.action == "reconciliation.settings_changed"
    assert entry.details == {"tolerance": "0.0100", "red_flag": "0.0500", "base": "", "other": ""}
    reconciliation_setting_update(client=scope, tolerance=Decimal("0.01"), red_flag=Decimal("0.05"))
    assert last_entry() == entry and ReconciliationSetting.objects.count() == 1


@pytest.mark.parametrize(
    ("tolerance", "red_flag", "word"),
    [
        ("-0.01", "0.05", "between"),
        ("0.02", "1.01", "between"),
        ("0.05", "0.02", "below"),
        ("0.00001", "0.05", "decimals"),
    ],
)
def test_levels_that_make_no_sense_are_refused(scope: Client, tolerance: str, red_flag: str, word: str) -> None:
    with pytest.raises(ReconciliationProblem, match=word):
        reconciliation_setting_update(client=scope, tolerance=Decimal(tolerance), red_flag=Decimal(red_flag))
    source = load_lines(lines_of("1"))
    with pytest.raises(ReconciliationProblem, match="itself"):
        reconciliation_setting_update(
            client=scope, tolerance=Decimal("0.02"), red_flag=Decimal("0.05"), base=source, other=source
        )
    assert not ReconciliationSetting.objects.exists()


# --- mappings and explanations ----------------------------------------------------------------------------------------


def test_a_mapping_joins_accounts_and_is_audited(finn: User, scope: Client) -> None:
    crm_lines = frame(line("X1", "1000", customer_id="0061", customer_name="a inc.", **YEAR))
    _, crm = two_sources(lines_of("1000"), crm_lines)
    assert {row.account: row.namesake for row in reconciliation_get(scope, DECEMBER).rows} == {"A": "0061", "0061": "A"}
    account_map(client=scope, source=crm, customer_id=" 0061 ", account_id="A", user=finn)
    assert [(row.account, row.state) for row in reconciliation_get(scope, DECEMBER).rows] == [("A", "matched")]
    entry = last_entry()
    assert (entry.action, entry.details["source"], entry.details["account"]) == ("account.mapped", "CRM", [None, "A"])
    mapping = AccountMapping.objects.get()
    account_map(client=scope, source=crm, customer_id="0061", account_id="B", user=finn)
    assert AccountMapping.objects.get().pk == mapping.pk and last_entry().details["account"] == ["A", "B"]
    account_unmap(client=scope, mapping=AccountMapping.objects.get())
    assert len(reconciliation_get(scope, DECEMBER).rows) == 2 and last_entry().action == "account.unmapped"


@pytest.mark.parametrize(("own", "account"), [("", "A"), ("0061", " "), ("A", "A"), ("x" * 201, "A"), ("a\nb", "A")])
def test_ids_that_map_nothing_are_refused(scope: Client, own: str, account: str) -> None:
    source = load_lines(lines_of("1"))
    with pytest.raises(ReconciliationProblem):
        account_map(client=scope, source=source, customer_id=own, account_id=account)
    assert not AccountMapping.objects.exists()


def test_an_explanation_holds_for_the_difference_it_explains_and_no_other(finn: User, scope: Client) -> None:
    billing, crm = two_sources(lines_of("1000", "400"), before := lines_of("1100", "400"))
    given: dict[str, Any] = {"base": billing, "other": crm, "month": DECEMBER, "account_id": "A"}
    account_explain(client=scope, **given, difference=Decimal("100.00"), text="Uplift from May", user=finn)
    row = row_of(scope, "A")
    assert (row.state, row.state_words, row.is_outdated) == ("explained", "Explained", False)
    assert row.explanation is not None and row.explanation.text == "Uplift from May"
    assert reconciliation_get(scope, DECEMBER).unexplained == Decimal("0.00")
    assert last_entry().action == "account.explained" and last_entry().details["difference"] == "100.00"
    assert reconciliation_get(scope, DECEMBER - 1).rows[0].state == "different"
    replace_lines(crm, before, lines_of("1150", "400"))
    row = row_of(scope, "A")
    assert (row.state, row.is_outdated, row.difference) == ("different", True, Decimal("150.00"))
    account_explain(client=scope, **given, difference=Decimal("150.00"), text="Uplift, corrected", user=finn)
    assert row_of(scope, "A").state == "explained" and AccountExplanation.objects.count() == 1
    account_explanation_withdraw(client=scope, explanation=AccountExplanation.objects.get())
    assert row_of(scope, "A").state == "different" and last_entry().action == "account.explanation_withdrawn"


@pytest.mark.parametrize(("text", "difference"), [("  ", "1"), ("x" * 2001, "1"), ("Fine", "0")])
def test_an_explanation_of_nothing_is_refused(scope: Client, text: str, difference: str) -> None:
    billing, crm = two_sources(lines_of("1000"), lines_of("1000"))
    with pytest.raises(ReconciliationProblem):
        account_explain(
            client=scope,
            base=billing,
            other=crm,
            month=DECEMBER,
            account_id="A",
            difference=Decimal(difference),
            text=text,
        )


def test_the_lines_of_both_sides_are_there_counted_or_not(scope: Client) -> None:
    _, crm = two_sources(
        frame(line("L1", "900", customer_id="A", ends_on="2024-06-30"), line("L2", "1000", customer_id="A", **YEAR)),
        frame(line("X1", "1000", customer_id="0061", **YEAR)),
    )
    account_map(client=scope, source=crm, customer_id="0061", account_id="A")
    mine, theirs = account_lines_get(scope, reconciliation_get(scope, DECEMBER), "A")
    assert [(each.facts.line_id, each.annual_value, each.arr) for each in mine] == [
        ("L1", Decimal("900.00"), Decimal("0.00")),
        ("L2", Decimal("1000.00"), Decimal("1000.00")),
    ]
    assert [(each.facts.line_id, each.arr, each.pk is not None) for each in theirs] == [
        ("X1", Decimal("1000.00"), True)
    ]


# --- gates ------------------------------------------------------------------------------------------------------------


def close_through(client: Client, last: str, *months: str) -> None:
    """Build the books up to a month and close some."""
    year, month = (int(part) for part in last.split("-"))
    books_rebuild_all(client=client, now=dt.datetime(year, month, 28, tzinfo=dt.UTC))
    for text in months:
        month_close(client=client, month=month_parse(text))


def test_a_gate_reads_a_closed_month_only(scope: Client) -> None:
    two_sources(lines_of("1000"), lines_of("1010"))
    assert (
        not variance_within_tolerance(scope).holds and "No month is closed" in variance_within_tolerance(scope).sentence
    )
    close_through(scope, "2025-02", "2024-12")
    check = variance_within_tolerance(scope)
    assert (check.holds, check.month, check.variance, check.tolerance) == (
        True,
        DECEMBER,
        Decimal("0.0100"),
        Decimal("0.0200"),
    )
    still_open = variance_within_tolerance(scope, month_parse("2025-01"))
    assert not still_open.holds and still_open.sentence == "2025-01 is not closed yet, so its numbers may still move."
    assert reconciliation_get(scope, DECEMBER).reported == Decimal("1000.00")
    assert reconciliation_get(scope, DECEMBER - 1).reported is None


def test_one_reconciled_month_end_is_enough_and_the_newest_is_asked_first(scope: Client) -> None:
    crm = lines_of("1100")
    _, source = two_sources(lines_of("1000"), crm)
    assert not month_closed_and_reconciled(scope).holds
    close_through(scope, "2025-03", "2024-12", "2025-01")
    check = month_closed_and_reconciled(scope)
    assert (check.holds, check.month) == (False, month_parse("2025-01")) and "red flag" in check.sentence
    ended = frame(
        line("LA", "1000", customer_id="A", starts_on="2024-01-01", ends_on="2024-12-31"),
        line("LB", "1100", customer_id="A", starts_on="2025-01-01", ends_on="2025-12-31"),
    )
    replace_lines(source, crm, ended)
    check = month_closed_and_reconciled(scope)
    assert (check.holds, check.month, check.variance) == (True, DECEMBER, Decimal("0.0000"))


def test_what_two_people_decide_at_the_same_moment_is_decided_once(scope: Client) -> None:
    source = load_lines(lines_of("1"))
    account_map(client=scope, source=source, customer_id="0061", account_id="A")
    with pytest.raises(ReconciliationProblem, match="same moment"):
        store(AccountMapping(client=scope, source=source, customer_id="0061", account_id="B"))
    assert AccountMapping.objects.get().account_id == "A"
