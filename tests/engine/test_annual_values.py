"""The annual value of a line (ARR semantics, section 3)."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np
import pytest

from metrics.engine.annualise import scaled_cents
from metrics.engine.book import settle
from tests.engine.frames import frame, line, plain_policy


def value(amount: str, discounts: str = "net", **given: Any) -> Decimal:
    cents = settle(frame(line("A", amount, **given)), plain_policy(discounts=discounts))["annual_value_cents"][0]
    return Decimal(cents) / 100


TERM = {"amount_basis": "total", "starts_on": "2024-01-01"}


@pytest.mark.parametrize(
    ("amount", "given", "expected"),
    [
        ("100", {"amount_basis": "month"}, "1200.00"),
        ("100", {"amount_basis": "quarter"}, "400.00"),
        ("100", {"amount_basis": "year"}, "100.00"),
        ("360000", TERM | {"ends_on": "2026-12-31"}, "120000.00"),
        ("1000", TERM | {"ends_on": "2024-07-31"}, "1714.29"),  # 7 months: 12000 / 7 = 1714.2857…
        ("1000", TERM | {"ends_on": "2024-07-30"}, "1721.70"),  # 212 days: 365000 / 212 = 1721.6981…
    ],
)
def test_bases(amount: str, given: dict[str, Any], expected: str) -> None:
    assert value(amount, **given) == Decimal(expected)


def test_a_term_that_ends_in_a_shorter_month_is_whole_months() -> None:
    # 2024-01-31 and one month is 2024-02-29: one whole month, 100 × 12.
    assert value("100", amount_basis="total", starts_on="2024-01-31", ends_on="2024-02-28") == 1200
    # One day more is 30 days: 100 × 365 / 30 = 1216.67.
    assert value("100", amount_basis="total", starts_on="2024-01-31", ends_on="2024-02-29") == Decimal("1216.67")


def test_the_discount_is_subtracted_before_the_one_rounding() -> None:
    # (10.01 − 3.333333) × 12 = 80.120004; rounded only then.
    assert value("10.01", amount_basis="month", discount="3.333333") == Decimal("80.12")
    assert value("10.01", "list", amount_basis="month", discount="3.333333") == Decimal("120.12")


def test_half_a_cent_goes_up() -> None:
    assert value("0.005") == Decimal("0.01")
    assert value("0.004999") == 0
    assert value("0.125", amount_basis="year") == Decimal("0.13")


def test_overage_is_four_times_its_amount_without_discount() -> None:
    given = {"charge_type": "usage_overage", "amount_basis": "month", "discount": "5"}
    assert value("10.001250", **given) == Decimal("40.01")


def test_values_are_exact_for_random_amounts_and_terms() -> None:
    random = np.random.default_rng(7)
    amount, days = random.integers(0, 9 * 10**18, 500), random.integers(1, 4000, 500)
    got = scaled_cents(amount, np.full(500, 12), np.maximum(days // 30, 12))
    for one, by, cents in zip(amount.tolist(), np.maximum(days // 30, 12).tolist(), got.tolist(), strict=True):
        assert cents == (2 * one * 12 + by * 10_000) // (2 * by * 10_000)


# Published examples; the figures are those of shared/golden/published_examples.json, which names each source.
def test_published_multi_year_and_monthly_mix() -> None:
    # arr-ls-mix: 50 × 2,000 a month, 30 × 30,000 a year, 5 × 120,000 over three years, services 200,000: 2,300,000.
    rows = [line(f"M{n}", "2000", amount_basis="month", customer_id=f"M{n}") for n in range(50)]
    rows += [line(f"Y{n}", "30000", customer_id=f"Y{n}") for n in range(30)]
    rows += [line(f"T{n}", "120000", customer_id=f"T{n}", amount_basis="total", ends_on="2026-12-31") for n in range(5)]
    rows += [line("S", "200000", charge_type="services")]
    book = settle(frame(*rows), plain_policy())
    assert book.filter(book["counts"])["annual_value_cents"].sum() == 2_300_000_00


@pytest.mark.parametrize(
    ("amount", "given", "monthly"),
    [
        ("2000", {"amount_basis": "year"}, "166.67"),  # norm-cm-lifecycle: four seats at 500 a year
        ("60", {"amount_basis": "month"}, "60"),  # norm-cm-lifecycle: two seats at 30 a month
        ("1200", {"amount_basis": "year"}, "100"),  # norm-stripe-annual
        ("10", {"amount_basis": "month", "discount": "5"}, "5"),  # norm-baremetrics-coupon: half price for life
        ("200", {"amount_basis": "month", "discount": "50"}, "150"),  # norm-chargebee-coupon: plan and add-on
        ("50", {"amount_basis": "month", "discount": "5"}, "45"),  # norm-zuora-net
        ("3600", TERM | {"ends_on": "2025-12-31"}, "150"),  # norm-pax8-terms: two years
        ("3600", TERM | {"ends_on": "2026-12-31"}, "100"),  # norm-pax8-terms: three years
    ],
)
def test_published_monthly_figures(amount: str, given: dict[str, Any], monthly: str) -> None:
    assert (value(amount, **given) / 12).quantize(Decimal("0.01"), ROUND_HALF_UP) == Decimal(monthly)


@pytest.mark.parametrize(
    ("amount", "starts_on", "ends_on", "expected"),
    [
        ("2500", "2024-01-01", "2024-03-31", "10000"),  # arr-curts0-short: four such lines are 40,000
        ("20000", "2024-01-15", "2026-01-14", "10000"),  # arr-curts0-leap2y: the leap day changes nothing
        ("25000", "2022-01-01", "2023-12-31", "12500"),  # arr-curts0-2y
        ("16000", "2024-01-01", "2025-12-31", "8000"),  # arr-curts0-tcv: the four renewable lines of five
    ],
)
def test_published_terms(amount: str, starts_on: str, ends_on: str, expected: str) -> None:
    assert value(amount, amount_basis="total", starts_on=starts_on, ends_on=ends_on) == Decimal(expected)
