"""Rates: which one values an amount, and what happens where there is none (ARR semantics, section 5)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import polars as pl
import pytest

from metrics.engine.book import build_book
from metrics.engine.fx import RATE_ONE, convert_change, convert_in_parts, convert_wide, converter
from metrics.engine.policy import Policy
from metrics.engine.valuation import MissingRates, missing_rates, months_that_can_be_valued
from portal.lib.periods import last_day, month_format, month_parse
from tests.engine.frames import frame, line, plain_policy, rates

EURO: dict[str, Any] = {"currency": "EUR", "starts_on": "2022-01-01", "ends_on": None}


def monthly(first: str, last: str, currency: str = "EUR", rate: str = "1.1") -> pl.DataFrame:
    months = range(month_parse(first), month_parse(last) + 1)
    return rates(*((currency, last_day(month).isoformat(), rate) for month in months))


def gaps(
    lines: pl.DataFrame, fx: pl.DataFrame, policy: Policy, first: str, last: str, **given: Any
) -> list[dict[str, Any]]:
    return missing_rates(lines, fx, policy, month_parse(first), month_parse(last), **given).to_dicts()


def test_a_rate_may_be_seven_days_old_and_no_older() -> None:
    lines, policy = frame(line(**EURO)), plain_policy()
    fx = rates(("EUR", "2023-12-24", "1.1"), ("EUR", "2024-01-23", "1.2"))
    found = gaps(lines, fx, policy, "2024-01", "2024-01")
    assert [(gap["currency"], gap["day"]) for gap in found] == [("EUR", dt.date(2024, 1, 31))]
    fx = rates(("EUR", "2023-12-24", "1.1"), ("EUR", "2024-01-24", "1.2"))
    assert gaps(lines, fx, policy, "2024-01", "2024-01") == []


def test_a_later_rate_is_never_taken() -> None:
    fx = rates(("EUR", "2023-12-31", "1.1"), ("EUR", "2024-02-01", "1.2"))
    assert len(gaps(frame(line(**EURO)), fx, plain_policy(), "2024-01", "2024-01")) == 1


def test_building_without_a_rate_names_currency_day_and_lines() -> None:
    lines = frame(line("B", **EURO), line("A", **EURO), line("C", currency="GBP"), line("U"))
    with pytest.raises(MissingRates) as caught:
        build_book(lines, monthly("2023-01", "2023-12"), plain_policy(), month_parse("2024-01"), month_parse("2024-01"))
    assert caught.value.gaps.to_dicts() == [
        {
            "currency": "EUR",
            "month": month_parse("2024-01"),
            "day": dt.date(2024, 1, 31),
            "lines": 2,
            "line_ids": ["A", "B"],
        },
        {
            "currency": "GBP",
            "month": month_parse("2024-01"),
            "day": dt.date(2024, 1, 31),
            "lines": 1,
            "line_ids": ["C"],
        },
    ]
    assert "EUR 2024-01-31" in str(caught.value)


def test_a_month_average_needs_any_rate_of_the_month() -> None:
    policy = plain_policy(fx="monthly_average")
    fx = rates(("EUR", "2023-12-01", "1.1"), ("EUR", "2024-02-01", "1.2"))
    found = gaps(frame(line(**EURO)), fx, policy, "2024-01", "2024-02")
    assert [(month_format(gap["month"]), gap["day"]) for gap in found] == [("2024-01", None)]


def test_history_needs_no_rates_but_retention_reaches_back_a_year_under_reported() -> None:
    lines, fx = frame(line(**EURO)), monthly("2023-12", "2024-03")
    assert gaps(lines, fx, plain_policy(), "2024-01", "2024-03") == []
    reported = plain_policy(retention_fx="reported")
    found = gaps(lines, fx, reported, "2024-01", "2024-03")
    assert [month_format(gap["month"]) for gap in found] == ["2023-01", "2023-02", "2023-03"]
    assert gaps(lines, fx, reported, "2024-01", "2024-03", retention=False) == []


def test_under_constant_retention_a_balance_of_last_year_is_valued_now() -> None:
    gone = frame(line(**(EURO | {"ends_on": "2023-06-29"})))
    assert [month_format(gap["month"]) for gap in gaps(gone, rates(), plain_policy(), "2024-04", "2024-07")] == [
        "2024-04",
        "2024-05",
    ]
    assert gaps(gone, rates(), plain_policy(), "2024-04", "2024-07", retention=False) == []


def test_a_currency_that_a_customer_drops_is_valued_once_more() -> None:
    dropped = line("A", **(EURO | {"ends_on": "2024-02-20"}))
    fx = monthly("2023-12", "2024-01")
    stays, goes = frame(dropped, line("B", product="Q", ends_on=None)), frame(dropped)
    found = gaps(stays, fx, plain_policy(), "2024-01", "2024-03", retention=False)
    assert [month_format(gap["month"]) for gap in found] == ["2024-02"]
    assert gaps(goes, fx, plain_policy(), "2024-01", "2024-03", retention=False) == []


def test_contract_dates_need_the_rate_of_each_line_that_counts_in_a_valued_month() -> None:
    policy = plain_policy(fx="contract_date")
    lines = frame(
        line("old", currency="EUR", starts_on="2019-01-01", ends_on="2020-01-01"),
        line("now", currency="EUR", signed_on="2023-11-03"),
        line("year", currency="EUR", customer_id="C2", starts_on="2023-01-01", ends_on="2023-02-15"),
    )
    found = gaps(lines, rates(), policy, "2024-01", "2024-03")
    assert [(gap["day"], gap["line_ids"]) for gap in found] == [
        (dt.date(2023, 1, 1), ["year"]),
        (dt.date(2023, 11, 3), ["now"]),
    ]


@pytest.mark.parametrize("fx_rule", ["spot", "monthly_average", "contract_date"])
@pytest.mark.parametrize("retention_fx", ["constant", "reported"])
def test_a_run_of_months_that_can_be_valued_builds_and_a_longer_one_does_not(fx_rule: str, retention_fx: str) -> None:
    policy = plain_policy(fx=fx_rule, retention_fx=retention_fx)
    lines = frame(line("A", **EURO), line("B", currency="GBP", starts_on="2024-03-10", ends_on="2024-09-09"), line("C"))
    fx = pl.concat([monthly("2021-12", "2024-05"), monthly("2024-07", "2025-12"), monthly("2024-06", "2025-12", "GBP")])
    first, last = month_parse("2023-01"), month_parse("2025-12")
    valued = months_that_can_be_valued(lines, fx, policy, first, last)
    can = dict(valued.iter_rows())
    for start in range(first, last + 1):
        for end in (start, min(start + 2, last), last):
            expected = all(can[month] for month in range(start, end + 1))
            assert missing_rates(lines, fx, policy, start, end).is_empty() == expected
    assert not all(can.values())
    assert any(can.values())


def test_conversion_is_exact_and_rounds_half_away_from_zero() -> None:
    random = np.random.default_rng(3)
    cents, rate = random.integers(0, 10**11, 1000), random.integers(1, 10**12, 1000)
    exact = [(2 * one * by + RATE_ONE) // (2 * RATE_ONE) for one, by in zip(cents.tolist(), rate.tolist(), strict=True)]
    assert convert_in_parts(cents, rate).tolist() == exact
    assert convert_wide(cents, rate).tolist() == exact
    assert convert_change(convert_wide, np.array([-1, 1, -3]), RATE_ONE // 2).tolist() == [-1, 1, -2]


def test_the_wide_conversion_is_taken_before_anything_overflows() -> None:
    for largest, rate in ((9 * 10**13, 10**10), (10**12, 10**12), (10**15, 10**10), (10**9, 10**16)):
        cents = np.array([largest, largest - 1, largest // 3])
        exact = [(2 * one * rate + RATE_ONE) // (2 * RATE_ONE) for one in cents.tolist()]
        assert converter(largest, rate)(cents, rate).tolist() == exact
