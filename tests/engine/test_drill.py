"""Drilling down: every cell of the bridge is the sum of its customers, and every customer the sum of its lines."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import numpy as np
import polars as pl
import pytest

from metrics.engine.book import Book, build_book
from metrics.engine.bridge import AMOUNTS, COUNTS
from metrics.engine.drill import customer_balances, customer_bridge
from metrics.engine.explain import explain
from metrics.engine.links import affected_customers
from metrics.engine.policy import Policy
from portal.lib.periods import month_parse
from tests.engine.frames import frame, line, plain_policy, rates, read_lines, read_policy, read_rates
from tests.engine.test_golden import CASES, GOLDEN

FIRST, LAST = month_parse("2022-01"), month_parse("2025-12")
Case = tuple[pl.DataFrame, pl.DataFrame, Policy, Book]


def random_case(seed: int) -> Case:
    """A small book with renewals, gaps, two currencies, parents and links, under a policy drawn at random."""
    random = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    for number in range(80):
        start = dt.date(2020, 1, 1) + dt.timedelta(days=int(random.integers(0, 2000)))
        end = start + dt.timedelta(days=int(random.integers(20, 700)))
        customer = int(random.integers(0, 14))
        row = line(
            f"L{number:03d}",
            str(random.integers(0, 90_000) / 100),
            customer_id=f"C{customer}",
            contract_id=f"K{number // 2}",
            parent_customer_id="P" if customer % 5 == 0 else None,
            product=str(random.choice(["P", "Q"])),
            currency=str(random.choice(["USD", "EUR"])),
            starts_on=start.isoformat(),
            ends_on=end.isoformat(),
            amount_basis=str(random.choice(["month", "total", "year"])),
            segment=str(random.choice(["A", "B"])),
            charge_type=str(random.choice(["recurring", "recurring", "usage_overage", "services"])),
            signed_on=(start - dt.timedelta(days=int(random.integers(0, 300)))).isoformat()
            if random.random() < 0.7
            else None,
            live_on=(start + dt.timedelta(days=int(random.integers(0, 60)))).isoformat()
            if random.random() < 0.6
            else None,
            replaces_line_id=f"L{int(random.integers(0, number)):03d}" if number and random.random() < 0.15 else None,
        )
        rows.append(row)
    policy = plain_policy(
        recognition=str(random.choice(["start", "signed", "live"])),
        fx=str(random.choice(["spot", "monthly_average", "contract_date"])),
        overage=str(random.choice(["exclude", "trailing_3_months"])),
        renewal_grace_days=int(random.integers(0, 60)),
        customer_unit=str(random.choice(["customer", "parent"])),
        retention_fx=str(random.choice(["constant", "reported"])),
        reactivation_window_months=int(random.integers(0, 9)),
    )
    days = [dt.date(2018, 1, 1) + dt.timedelta(days=6 * step) for step in range(600)]
    fx = rates(*(("EUR", day.isoformat(), f"1.{int(random.integers(0, 9999)):04d}") for day in days))
    lines = frame(*rows)
    return lines, fx, policy, build_book(lines, fx, policy, FIRST, LAST)


def golden_case(name: str) -> Case:
    folder = GOLDEN / name
    lines, fx = read_lines(folder / "contracts.csv"), read_rates(folder / "fx_rates.csv")
    policy = read_policy(folder / "policy.json")
    return lines, fx, policy, build_book(lines, fx, policy, FIRST, LAST)


@pytest.fixture(scope="module", params=[*range(6), *CASES], ids=str)
def case(request: pytest.FixtureRequest) -> Case:
    return random_case(request.param) if isinstance(request.param, int) else golden_case(request.param)


def test_the_customers_of_a_cell_sum_to_it(case: Case) -> None:
    lines, fx, policy, book = case
    for cell in book.bridge.sample(40, seed=5).to_dicts():
        rows = customer_bridge(lines, fx, policy, cell["month"], cell["dimension"], cell["group"])
        assert {name: rows[name].sum() for name in (*AMOUNTS, *COUNTS)} == {
            name: cell[name] for name in (*AMOUNTS, *COUNTS)
        }


def test_balances_sum_to_the_ending(case: Case) -> None:
    lines, fx, policy, book = case
    for month in (FIRST, FIRST + 17, LAST):
        ending = book.bridge.filter((pl.col("dimension") == "total") & (pl.col("month") == month))["ending"][0]
        assert customer_balances(lines, fx, policy, month)["reporting_cents"].sum() == ending


def test_the_lines_of_a_customer_sum_to_its_arr(case: Case) -> None:
    lines, fx, policy, _ = case
    month = FIRST + 23
    for row in customer_bridge(lines, fx, policy, month).head(12).to_dicts():
        told = explain(lines, fx, policy, row["customer"], month)
        assert (told.beginning, told.fx, told.ending) == (row["beginning"], row["fx"], row["ending"])
        assert sum(one.contributes for one in told.lines) == told.ending
        assert sum(one.contributed for one in told.lines) == told.beginning
        assert told.beginning + told.organic + told.fx == told.ending
        assert all((one.why_not is None) == (one.rate_now is not None) for one in told.lines if one.annual_value.cents)
        json.dumps(told.to_dict())


def test_the_bridge_ties_in_every_row(case: Case) -> None:
    bridge = case[3].bridge
    moved = bridge.select(pl.sum_horizontal(*(name for name in AMOUNTS if name != "ending"))).to_series()
    assert (moved == bridge["ending"]).all()


def test_books_of_separate_customers_add_up(case: Case) -> None:
    lines, fx, policy, book = case
    some = affected_customers(lines, policy.customer_unit, line_ids=[lines["line_id"][3], lines["line_id"][40]])
    unit = (
        pl.coalesce("parent_customer_id", "customer_id") if policy.customer_unit == "parent" else pl.col("customer_id")
    )
    inside = unit.is_in(list(some))
    parts = [build_book(lines.filter(where), fx, policy, FIRST, LAST) for where in (inside, ~inside)]
    for name in ("bridge", "retention", "cohorts"):
        whole = getattr(book, name)
        keys = [column for column in ("dimension", "group", "month", "cohort") if column in whole.columns]
        added = pl.concat([getattr(part, name) for part in parts]).group_by(keys).sum()
        figures = [column for column in whole.columns if column not in keys]
        assert whole.height > 0
        kept = added.filter(pl.any_horizontal(pl.col(figures) != 0)).sort(keys).select(whole.columns)
        assert kept.equals(whole.filter(pl.any_horizontal(pl.col(figures) != 0)).sort(keys))


def test_links_reach_across_customers_however_long_the_chain() -> None:
    lines = frame(
        line("A", customer_id="C1"),
        line("B", customer_id="C2", replaces_line_id="A"),
        line("C", customer_id="C3", replaces_contract_id="K-B"),
        line("D", customer_id="C4", replaces_line_id="gone", replaces_contract_id="K-C"),
        line("E", customer_id="C5"),
    )
    assert affected_customers(lines, "customer", customers=["C3"]) == {"C1", "C2", "C3"}
    assert affected_customers(lines, "customer", line_ids=["D"]) == {"C4"}
    assert affected_customers(lines, "customer", customers=["C5", "new"]) == {"C5", "new"}


def test_an_explanation_names_rules_rates_and_parameters() -> None:
    lines = frame(
        line("A", "1000", currency="EUR", ends_on="2024-12-31"),
        line(
            "B", "300", product="Q", amount_basis="total", starts_on="2025-01-20", ends_on="2025-04-19", discount="30"
        ),
        line("C", "50", charge_type="services"),
    )
    fx = rates(("EUR", "2024-12-30", "1.25"), ("EUR", "2025-01-31", "1.5"))
    told = explain(lines, fx, plain_policy(renewal_grace_days=31), "C1", month_parse("2025-01"))
    assert (told.kind, told.beginning, told.organic, told.fx, told.ending) == (
        "expansion",
        1250_00,
        1080_00,
        250_00,
        2580_00,
    )
    a, b, c = told.lines
    assert (a.until_rule, a.until_parameters, a.counts_until) == ("grace", ("renewal_grace_days",), "2025-02-01")
    assert a.rate_before is not None
    assert a.rate_now is not None
    assert (a.rate_before.rate, a.rate_before.day, a.rate_now.rate) == ("1.25", "2024-12-30", "1.5")
    assert (b.annual_value.times, b.annual_value.divided_by, b.annual_value.cents) == (12, 3, 1080_00)
    assert (c.why_not, c.why_not_parameters, c.contributes) == ("charge_type_excluded", ("included_charge_types",), 0)
    with pytest.raises(KeyError):
        explain(lines, fx, plain_policy(), "nobody", month_parse("2025-01"))
