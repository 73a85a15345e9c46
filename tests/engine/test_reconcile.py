"""Two sources against each other: every account against the oracle, every difference explained by lines to the cent."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from metrics.engine.lines import code_lines
from metrics.engine.month_end import MonthEnd, month_end
from metrics.engine.policy import Policy
from metrics.engine.reconcile import AccountResult, reconcile
from metrics.engine.settlement import settle_lines
from portal.lib.periods import month_parse
from tests.engine.frames import day, frame, line, plain_policy, rates
from tests.engine.oracle_input import oracle_arr
from tests.engine.test_drill import random_case

DECEMBER = month_parse("2024-12")
NO_IDS: dict[str, str] = {}


def end_of(lines: pl.DataFrame, given: pl.DataFrame, policy: Policy, month: int) -> MonthEnd:
    coded = code_lines(lines, policy.customer_unit)
    return month_end(coded, settle_lines(coded, policy), given, policy, month)


def compared(base: pl.DataFrame, other: pl.DataFrame, policy: Policy | None = None, **ids: Any) -> list[AccountResult]:
    """The accounts in December 2024, at 2 dollars for a euro."""
    used, given = policy or plain_policy(), rates(("EUR", "2024-12-31", "2"), ("EUR", "2023-12-31", "3"))
    mine, theirs = (end_of(each, given, used, DECEMBER) for each in (base, other))
    return reconcile(mine, theirs, ids.get("base_ids", NO_IDS), ids.get("other_ids", NO_IDS), used)


def reasons(base: pl.DataFrame, other: pl.DataFrame, policy: Policy | None = None) -> list[tuple[str, int]]:
    """Code and cents of the reasons of the one account."""
    (account,) = compared(base, other, policy)
    return [(reason.code, reason.cents) for reason in account.reasons]


# --- against the oracle -----------------------------------------------------------------------------------------------


def told_otherwise(lines: pl.DataFrame, seed: int) -> pl.DataFrame:
    """The lines as another system might have them: some missing, some twice, some with another date, amount or currency."""
    random = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    for row in lines.to_dicts():
        kind = int(random.integers(0, 14))
        if kind == 0:
            continue
        if kind == 1:
            row["amount_e6"] += 1_000_000
        if kind == 2:
            row["currency"] = "EUR" if row["currency"] == "USD" else "USD"
        if kind == 3:
            row["cancelled_on"] = row["starts_on"]
        if kind == 4:
            row["charge_type"] = "services"
        if kind == 5 and row["ends_on"]:
            row["ends_on"] = row["starts_on"]
        if kind == 6:
            rows.append(row | {"line_id": f"{row['line_id']}-copy", "replaces_line_id": None})
        if kind == 7:
            row["line_id"] = f"opportunity-{row['line_id']}"
        rows.append(row)
    kept = [row for row in rows if row["customer_id"] != "C7"]
    return frame(*(row | {"customer_id": f"crm-{row['customer_id']}"} for row in kept))


@pytest.mark.parametrize("seed", range(12))
def test_every_account_has_what_the_oracle_says_and_reasons_that_add_up(seed: int) -> None:
    lines, given, policy, _ = random_case(seed)
    crm = told_otherwise(lines, seed)
    ids = {f"crm-C{number}": f"C{number}" for number in range(14)}
    for month in (month_parse("2021-08"), month_parse("2023-02"), month_parse("2024-10")):
        mine, theirs = (end_of(each, given, policy, month) for each in (lines, crm))
        found = reconcile(mine, theirs, NO_IDS, ids, policy)
        expected = [oracle_arr(each, given, policy, month) for each in (lines, crm)]
        expected[1] = joined(expected[1], ids)
        assert {each.account for each in found} == expected[0].keys() | expected[1].keys()
        for account in found:
            assert account.base == (expected[0].get(account.account, 0) if account.base is not None else None)
            assert account.other == (expected[1].get(account.account, 0) if account.other is not None else None)
            assert sum(reason.cents for reason in account.reasons) == account.difference
            assert (account.reasons == ()) == (account.state == "matched")
        assert sum(each.difference for each in found) == sum(expected[1].values()) - sum(expected[0].values())
        assert [abs(each.difference) for each in found] == sorted(
            (abs(each.difference) for each in found), reverse=True
        )


def joined(arr: dict[str, int], ids: dict[str, str]) -> dict[str, int]:
    """ARR by account, under the ids of the other side."""
    by_account: dict[str, int] = {}
    for customer, cents in arr.items():
        account = ids.get(customer, customer)
        by_account[account] = by_account.get(account, 0) + cents
    return by_account


@pytest.mark.parametrize("seed", range(4))
def test_a_source_against_itself_matches_in_every_account(seed: int) -> None:
    lines, given, policy, _ = random_case(seed)
    end = end_of(lines, given, policy, month_parse("2023-06"))
    found = reconcile(end, end, NO_IDS, NO_IDS, policy)
    assert found and {(each.state, each.difference, each.reasons) for each in found} == {("matched", 0, ())}


# --- states -----------------------------------------------------------------------------------------------------------


def test_an_account_that_a_source_lacks_has_no_amount_there() -> None:
    here = frame(line("L1", customer_id="A"), line("L2", customer_id="B"))
    (missing, matched) = compared(here, frame(line("L1", customer_id="A")))
    assert (missing.account, missing.base, missing.other, missing.state) == ("B", 120_000, None, "missing_in_other")
    assert (missing.difference, [reason.code for reason in missing.reasons]) == (-120_000, ["missing_account"])
    assert (matched.account, matched.state) == ("A", "matched")
    (unknown, _) = compared(frame(line("L1", customer_id="A")), here)
    assert (unknown.base, unknown.other, unknown.state) == (None, 120_000, "missing_in_base")


def test_an_account_whose_lines_have_ended_has_zero_and_is_not_missing() -> None:
    ended = line("L1", ends_on="2024-06-30")
    (account,) = compared(frame(ended), frame(line("L1")))
    assert (account.base, account.other, account.state) == (0, 120_000, "different")
    assert compared(frame(ended), frame(ended)) == []


def test_accounts_are_joined_by_their_mapping_and_several_may_be_one() -> None:
    crm = frame(line("X1", "700", customer_id="0061", product="P"), line("X2", "500", customer_id="0062", product="Q"))
    base = frame(line("L1", customer_id="A"))
    (account,) = compared(base, crm, other_ids={"0061": "A", "0062": "A"})
    assert (account.account, account.base, account.other, account.state) == ("A", 120_000, 120_000, "matched")
    assert len(compared(base, crm)) == 3


def test_the_same_name_under_another_id_is_pointed_at() -> None:
    base = frame(line("L1", customer_id="A", customer_name="Acme, Inc."))
    crm = frame(line("X1", customer_id="0061", customer_name="ACME Inc"), line("X2", customer_id="0062"))
    found = {each.account: each.namesake for each in compared(base, crm)}
    assert found == {"A": "0061", "0061": "A", "0062": ""}
    both = [line("L1", customer_id="A", customer_name="Acme"), line("L2", customer_id="B", customer_name="acme")]
    assert {each.namesake for each in compared(frame(both[0]), frame(*both))} == {""}  # A is in both already


# --- reasons ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("theirs", "code", "cents"),
    [
        ({"currency": "EUR"}, "currency", 120_000),
        ({"discount": "100"}, "amount", -10_000),
        ({"charge_type": "services"}, "charge_type", -120_000),
        ({"cancelled_on": "2024-11-01"}, "cancellation", -120_000),
        ({"ends_on": "2024-12-15"}, "dates", -120_000),
        ({"starts_on": "2025-01-01", "ends_on": "2025-12-31"}, "dates", -120_000),
        ({"signed_on": "2025-02-01"}, None, 0),
    ],
)
def test_a_line_that_differs_in_one_thing_says_which(theirs: dict[str, Any], code: str | None, cents: int) -> None:
    (account,) = compared(frame(line("L1")), frame(line("L1", **theirs)))
    assert [(reason.code, reason.cents) for reason in account.reasons] == ([(code, cents)] if code else [])
    (back,) = compared(frame(line("L1", **theirs)), frame(line("L1")))
    assert [(reason.code, reason.cents) for reason in back.reasons] == ([(code, -cents)] if code else [])


def test_which_date_differs_is_named_and_signatures_matter_where_the_policy_counts_from_them() -> None:
    mine, theirs = line("L1", signed_on="2023-12-01"), line("L1", signed_on="2025-02-01", ends_on="2025-12-31")
    policy = plain_policy(recognition="signed")
    (account,) = compared(frame(mine | {"ends_on": day("2025-12-31")}), frame(theirs), policy)
    assert [(reason.code, reason.field) for reason in account.reasons] == [("dates", "signed_on")]


def test_a_rate_of_another_day_is_a_matter_of_dates_under_contract_rates() -> None:
    mine = line("L1", currency="EUR", signed_on="2023-12-31")
    theirs = line("L1", currency="EUR", signed_on="2024-12-31")
    (account,) = compared(frame(mine), frame(theirs), plain_policy(fx="contract_date"))
    assert [(r.code, r.field, r.cents) for r in account.reasons] == [("dates", "signed_on", -120_000)]


def test_a_copy_is_a_duplicate_whatever_its_id() -> None:
    assert reasons(frame(line("L1")), frame(line("L1"), line("L2"))) == [("duplicate", 120_000)]
    twice = frame(line("X1", contract_id="O1"), line("X2", contract_id="O2"))
    addon = line("L2", "90", starts_on="2024-03-01")
    assert reasons(frame(line("L1"), addon), twice) == [("duplicate", 120_000), ("missing_line", -9_000)]


def test_lines_find_each_other_under_other_ids_and_other_products() -> None:
    mine = [line("L1", "100", ends_on="2023-12-31", starts_on="2023-01-01"), line("L2", "200")]
    theirs = [line("X1", "200", contract_id="O", starts_on="2024-02-01", ends_on="2025-01-31")]
    assert reasons(frame(*mine), frame(*theirs)) == []
    assert reasons(frame(*mine), frame(theirs[0] | {"amount_e6": 250_000_000})) == [("amount", 5_000)]
    assert reasons(frame(*mine), frame(theirs[0] | {"product": "P", "amount_e6": 10**8})) == [("amount", -10_000)]


def test_a_line_that_counts_finds_the_nearest_of_its_product_that_does_not() -> None:
    mine = frame(line("L1"))
    theirs = [
        line("X0", starts_on="2021-01-01", ends_on="2021-12-31"),
        line("X1", starts_on="2024-02-01", cancelled_on="2024-06-01"),
    ]
    assert reasons(mine, frame(*theirs)) == [("cancellation", -120_000)]
    assert reasons(frame(*theirs), mine) == [("cancellation", 120_000)]


def test_a_line_that_only_one_source_has_is_missing_in_the_other() -> None:
    old, new = line("L1", starts_on="2023-01-01", ends_on="2023-12-31"), line("L2")
    assert reasons(frame(old, new), frame(replaced(old, "X1"))) == [("missing_line", -120_000)]
    assert reasons(frame(new), frame(line("L9", product="Other", currency="EUR"))) == [
        ("missing_line", 240_000),
        ("missing_line", -120_000),
    ]


def replaced(row: dict[str, Any], line_id: str) -> dict[str, Any]:
    return row | {"line_id": line_id, "contract_id": f"K-{line_id}"}


def test_lines_that_say_the_same_and_count_differently_are_a_matter_of_the_lines_around_them() -> None:
    mine = [line("L1"), line("L2", "900", starts_on="2024-12-01", ends_on="2024-12-30", replaces_contract_id="K-L1")]
    assert reasons(frame(*mine), frame(line("L1"))) == [("around", 120_000)]


def test_a_cent_of_rounding_is_named_as_that() -> None:
    halves = [line("L1", "0.27", currency="EUR"), line("L2", "0.27", currency="EUR", product="Q")]
    thirds = [halves[0], halves[1] | {"product": "Platform"}]
    given, policy = rates(("EUR", "2024-12-31", "1.02")), plain_policy()
    mine, theirs = (end_of(frame(*each), given, policy, DECEMBER) for each in (halves, thirds))
    (account,) = reconcile(mine, theirs, NO_IDS, NO_IDS, policy)
    assert (account.base, account.other) == (56, 55)
    assert [(reason.code, reason.cents) for reason in account.reasons] == [("rounding", -1)]
