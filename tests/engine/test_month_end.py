"""One month end line by line: against the oracle, and against the figures of the bridge's own drill."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given

from metrics.engine.drill import settle_month
from metrics.engine.explain import contributions
from metrics.engine.lines import code_lines
from metrics.engine.month_end import MonthEnd, month_end, settling_key
from metrics.engine.policy import Policy
from metrics.engine.settlement import settle_lines
from metrics.engine.valuation import MissingRates
from portal.lib.periods import month_parse
from tests.engine.engine_case import lines_frame, oracle_of, rates_frame, tried
from tests.engine.frames import frame, line, plain_policy, rates
from tests.engine.oracle_lines import last_day
from tests.engine.strategies import Case, cases
from tests.engine.test_drill import random_case

DECEMBER = month_parse("2024-12")


def end_of(lines: pl.DataFrame, given_rates: pl.DataFrame, policy: Policy, month: int) -> MonthEnd:
    coded = code_lines(lines, policy.customer_unit)
    return month_end(coded, settle_lines(coded, policy), given_rates, policy, month)


@tried(150, 5_000)
@given(cases(oldest_rate=9))
def test_every_customer_has_what_the_oracle_says_or_the_missing_rates_are_those_the_oracle_names(case: Case) -> None:
    oracle, policy = oracle_of(case), Policy(**asdict(case.policy))
    for month in (case.first, case.last):
        oracle.exchange.missing.clear()
        expected = {each: oracle.valued(oracle.held(each, month), month) for each in oracle.customers}
        try:
            end = end_of(lines_frame(list(case.lines)), rates_frame(case.rates), policy, month)
        except MissingRates as error:
            named = {(row["currency"], row["day"] or last_day(month)) for row in error.gaps.to_dicts()}
            assert named == oracle.exchange.missing
        else:
            assert not oracle.exchange.missing
            by_customer = end.by(end.lines.unit, len(end.lines.unit_names))
            assert dict(zip(end.lines.unit_names.to_list(), by_customer.tolist(), strict=True)) == expected
            assert end.total == sum(expected.values())
            assert (end.by_line() >= 0).all()


@pytest.mark.parametrize("seed", range(6))
def test_lines_carry_what_the_explanation_says_they_carry(seed: int) -> None:
    lines, given_rates, policy, _ = random_case(seed)
    for month in (month_parse("2022-06"), month_parse("2023-11")):
        end, book = end_of(lines, given_rates, policy, month), settle_month(lines, given_rates, policy, month)
        for unit in range(len(end.lines.unit_names)):
            rows = np.flatnonzero(end.lines.unit == unit)
            rows = rows[lines["line_id"].gather(rows).arg_sort().to_numpy()]
            assert end.by_line()[rows].tolist() == contributions(book, rows, month).tolist()


def test_a_rate_of_the_month_before_is_not_asked_for() -> None:
    lines = frame(line("L1", "1000", currency="EUR"))
    known = rates(("EUR", "2024-12-31", "1.1"))
    assert end_of(lines, known, plain_policy(), DECEMBER).total == 110_000


def test_a_missing_rate_names_currency_day_and_lines() -> None:
    lines = frame(line("L1", currency="EUR"), line("L2", currency="EUR", product="Q"), line("L3"))
    with pytest.raises(MissingRates) as caught:
        end_of(lines, rates(("EUR", "2024-12-20", "1.1")), plain_policy(), DECEMBER)
    (gap,) = caught.value.gaps.to_dicts()
    assert (gap["currency"], gap["day"], gap["lines"]) == ("EUR", date(2024, 12, 31), 2)
    assert gap["line_ids"] == ["L1", "L2"]


def test_no_lines_are_no_arr() -> None:
    assert end_of(frame(), rates(), plain_policy(), DECEMBER).total == 0


def test_policies_that_settle_alike_share_a_key_and_no_others_do() -> None:
    plain = plain_policy()
    same = [plain.with_(fx="contract_date"), plain.with_(retention_fx="reported", reactivation_window_months=3)]
    others = [
        plain.with_(recognition="signed"),
        plain.with_(included_charge_types=["recurring"]),
        plain.with_(minimum_term_months=1),
        plain.with_(overage="trailing_3_months"),
        plain.with_(discounts="list"),
        plain.with_(renewal_grace_days=1),
        plain.with_(customer_unit="parent"),
    ]
    assert {settling_key(each) for each in same} == {settling_key(plain)}
    assert len({settling_key(each) for each in [plain, *others]}) == 8
