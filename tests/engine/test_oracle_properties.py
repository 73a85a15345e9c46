"""The engine against the oracle in every cell, and the identities of every bridge, on small nasty clients."""

import csv
import io
from collections import defaultdict
from dataclasses import astuple, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given

from metrics.engine.book import Book
from metrics.engine.csv_format import bridge_csv, retention_csv
from metrics.engine.valuation import MissingRates
from tests.engine.engine_case import SPLITS, Cells, cells_of, engine_book, oracle_of, retained_of, tried
from tests.engine.oracle import COUNTS, MOVEMENTS, Oracle
from tests.engine.oracle_lines import Line, Policy, customer_of, last_day, moved
from tests.engine.strategies import Case, cases
from tests.engine.test_oracle_golden import golden_files


@tried(300, 10_000)
@given(cases())
def test_engine_agrees_with_the_oracle_in_every_cell(case: Case) -> None:
    oracle, book = oracle_of(case), engine_book(case)
    tables = cells_of(book)
    assert oracle.missing_rates() == []
    check_bridges(oracle, tables)
    check_retention(oracle, book)
    check_cohorts(oracle, book)
    check_texts(oracle, book)
    check_identities(tables, case)
    check_movements(book, tables)
    check_displayed(book)


def check_bridges(oracle: Oracle, tables: dict[str, Cells]) -> None:
    for dimension, table in oracle.bridges().items():
        expected = {key: row.cells() for key, row in table.items()}
        assert tables[dimension] == expected, dimension


def check_retention(oracle: Oracle, book: Book) -> None:
    tables = retained_of(book)
    for dimension in tables:
        groups: dict[str, list[str]] = defaultdict(list)
        for customer in oracle.customers:
            groups["" if dimension == "total" else oracle.value_of(customer, dimension)].append(customer)
        expected = {
            (month, group): astuple(oracle.retained(month, customers))
            for month in oracle.months
            for group, customers in groups.items()
        }
        assert tables[dimension] == {key: sums for key, sums in expected.items() if any(sums)}, dimension


def check_cohorts(oracle: Oracle, book: Book) -> None:
    rows = book.cohorts.select("cohort", "month", "arr", "customers").iter_rows()
    assert {(row[0], row[1]): row[2:] for row in rows if any(row[2:])} == oracle.cohorts()


def check_texts(oracle: Oracle, book: Book) -> None:
    for name, text in golden_files(oracle).items():
        dimension = name.removeprefix("bridge_by_").removesuffix(".csv").replace("bridge", "total")
        written = retention_csv(book.retention) if name == "retention.csv" else bridge_csv(book.bridge, dimension)
        assert written == text, name


# --- M02: every bridge closes, and every split is disjoint and complete


def check_identities(tables: dict[str, Cells], case: Case) -> None:
    for dimension, table in tables.items():
        check_rows_close(table, count_closes=dimension != "product")
        check_months_join(table, case)
    for split in SPLITS:
        check_split(tables["total"], tables[split], by_product=split == "product")


def check_rows_close(table: Cells, *, count_closes: bool) -> None:
    for figures in table.values():
        row = dict(zip((*MOVEMENTS, *COUNTS), figures, strict=True))
        change = sum(row[name] for name in ("new", "expansion", "contraction", "churn", "reactivation", "fx"))
        assert row["beginning"] + change == row["ending"]
        assert min(row["new"], row["expansion"], -row["contraction"], -row["churn"], row["reactivation"]) >= 0
        gained = row["customers_new"] + row["customers_reactivated"] - row["customers_churned"]
        assert not count_closes or row["customers_beginning"] + gained == row["customers_ending"]


def check_months_join(table: Cells, case: Case) -> None:
    """A month begins where the one before ended; a row that is left out is all zeros."""
    nothing = (0,) * len(MOVEMENTS + COUNTS)
    for group in {group for _, group in table}:
        for month in range(case.first + 1, case.last + 1):
            before, now = table.get((month - 1, group), nothing), table.get((month, group), nothing)
            assert (before[MOVEMENTS.index("ending")], before[-1]) == (now[0], now[len(MOVEMENTS)])


def check_split(total: Cells, split: Cells, *, by_product: bool) -> None:
    """The groups add up to the total; by product the customers overlap and only the sum of expansion and contraction ties."""
    for month, _ in total:
        parts = [figures for (each, _), figures in split.items() if each == month]
        sums = [sum(column) for column in zip(*parts, strict=True)] or [0] * len(MOVEMENTS + COUNTS)
        whole = list(total[month, ""])
        if by_product:
            sums, whole = _tied_by_product(sums), _tied_by_product(whole)
        assert sums == whole


def _tied_by_product(figures: list[int]) -> list[int]:
    beginning, new, expansion, contraction, *rest = figures[: len(MOVEMENTS)]
    return [beginning, new, expansion + contraction, *rest]


def check_movements(book: Book, tables: dict[str, Cells]) -> None:
    """The list of movements adds up to the bridge, in total and by product."""
    sums: dict[tuple[int, str, str], int] = defaultdict(int)
    for month, product, kind, amount in book.movements.select("month", "product", "kind", "amount").iter_rows():
        sums[month, "", kind] += amount
        sums[month, product, "change" if kind in ("expansion", "contraction") else kind] += amount
    for (month, _), figures in tables["total"].items():
        row = dict(zip(MOVEMENTS, figures, strict=False))
        for kind in ("new", "expansion", "contraction", "churn", "reactivation"):
            assert sums[month, "", kind] == row[kind]
    for (month, product), figures in tables["product"].items():
        row = dict(zip(MOVEMENTS, figures, strict=False))
        for kind in ("new", "churn", "reactivation"):
            assert sums[month, product, kind] == row[kind]
        assert sums[month, product, "change"] == row["expansion"] + row["contraction"]


# --- M04: what is displayed adds up, in currencies of 0, 2 and 3 decimals alike


def check_displayed(book: Book) -> None:
    """Read back from the text, every row closes and every split has the total's sums."""
    total = _displayed(book, "total")
    for dimension in ("total", *SPLITS):
        shown = _displayed(book, dimension)
        for figures in shown.values():
            assert figures[0] + sum(figures[1:-1]) == figures[-1]
        for month, _ in total:
            column = [figures for (each, _), figures in shown.items() if each == month]
            for place in (0, 1, 4, 5, 6, 7):
                assert sum((figures[place] for figures in column), Decimal(0)) == total[month, ""][place]


def _displayed(book: Book, dimension: str) -> dict[tuple[str, str], list[Decimal]]:
    rows = csv.DictReader(io.StringIO(bridge_csv(book.bridge, dimension)))
    return {(row["month"], row.get("group", "")): [Decimal(row[name]) for name in MOVEMENTS] for row in rows}


@pytest.mark.parametrize("reporting", ["USD", "JPY", "KWD"])
@pytest.mark.parametrize(
    ("amount", "rate", "cents"),
    [
        ("0.004999", "1", 0),
        ("0.005", "1", 1),
        ("0.015", "1", 2),
        ("0.025", "1", 3),
        ("0.01", "0.5", 1),
        ("0.05", "0.5", 3),
        ("0.05", "0.4999999999", 2),
        ("4999999999.999999", "150.0000000001", 75_000_000_000_050),
        ("4999999999.99", "150.0000000001", 74_999_999_999_900),
    ],
)
def test_halves_are_rounded_away_from_zero_first_the_line_then_its_conversion(
    reporting: str, amount: str, rate: str, cents: int
) -> None:
    case = plain_case([plain_line(amount=Fraction(amount), currency="EUR")], reporting, Fraction(rate))
    assert cells_of(engine_book(case))["total"][case.first, ""][7] == cents


def test_a_fall_is_rounded_away_from_zero_too() -> None:
    before = plain_line(amount=Fraction("0.10"), currency="EUR", end_date=date(2024, 1, 30))
    after = plain_line(line_id="2", amount=Fraction("0.05"), currency="EUR", start_date=date(2024, 1, 31))
    case = plain_case([before, after], "USD", Fraction("0.5"))
    row = dict(zip(MOVEMENTS, cells_of(engine_book(case))["total"][case.first, ""], strict=False))
    assert (row["beginning"], row["contraction"], row["fx"], row["ending"]) == (5, -3, 1, 3)


def plain_line(**changes: Any) -> Line:
    line = Line(
        contract_id="K",
        line_id="1",
        customer_id="C",
        parent_customer_id="",
        product="P",
        charge_type="recurring",
        amount=Fraction(100),
        amount_basis="year",
        discount=Fraction(0),
        currency="USD",
        signed_date=None,
        start_date=date(2023, 6, 1),
        end_date=None,
        live_date=None,
        cancelled_date=None,
        replaces_contract_id="",
        replaces_line_id="",
        segment="",
        region="",
        rep="",
    )
    return replace(line, **changes)


def plain_case(lines: list[Line], reporting: str, rate: Fraction) -> Case:
    policy = Policy(reporting, "start", ("recurring",), 0, "exclude", "net", "spot", 0, None, "customer", "constant")
    month = 2024 * 12
    rates = {"EUR": {last_day(each): rate for each in range(month - 13, month + 1)}}
    return Case(tuple(lines), rates, policy, month, month)


# --- section 5: a rate that is needed and missing is named; one that is not needed is not asked for


@tried(150, 3_000)
@given(cases(oldest_rate=12))
def test_exactly_the_missing_rates_are_named(case: Case) -> None:
    oracle = oracle_of(case)
    missing = oracle.missing_rates()
    if missing:
        with pytest.raises(MissingRates) as raised:
            engine_book(case)
        assert _named(raised.value) == missing
    else:
        check_bridges(oracle, cells_of(engine_book(case)))


def _named(error: MissingRates) -> list[tuple[str, date]]:
    rows = error.gaps.select("currency", "month", "day").iter_rows()
    return sorted((currency, day or last_day(month)) for currency, month, day in rows)


def test_a_rate_of_seven_days_ago_serves_and_one_of_eight_does_not() -> None:
    case = plain_case([plain_line(currency="EUR")], "USD", Fraction(2))
    for age, missing in ((7, False), (8, True)):
        rates = {"EUR": {day - timedelta(days=age): rate for day, rate in case.rates["EUR"].items()}}
        if missing:
            with pytest.raises(MissingRates, match="EUR"):
                engine_book(replace(case, rates=rates))
        else:
            assert cells_of(engine_book(replace(case, rates=rates)))["total"][case.first, ""][7] == 20_000


@pytest.mark.parametrize("window", [None, 0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize("months_without", [0, 1, 2, 3, 4])
def test_every_window_meets_every_gap(window: int | None, months_without: int) -> None:
    first = plain_line(end_date=date(2023, 12, 31))
    back = plain_line(line_id="2", contract_id="K2", product="Q", start_date=moved(date(2024, 1, 31), months_without))
    case = plain_case([first, back], "USD", Fraction(1))
    case = replace(case, last=case.first + 6, policy=replace(case.policy, reactivation_window_months=window))
    check_bridges(oracle_of(case), cells_of(engine_book(case)))


def test_a_client_without_lines_has_every_month() -> None:
    case = replace(plain_case([], "USD", Fraction(1)), last=2024 * 12 + 2)
    book = engine_book(case)
    check_bridges(oracle_of(case), cells_of(book))
    assert [book.movements.height, book.cohorts.height] == [0, 0]


# --- M02 per customer: with its own segment, every customer has a bridge


@tried(100, 2_000)
@given(cases())
def test_the_bridge_of_every_customer_closes(case: Case) -> None:
    named = [replace(line, segment=customer_of(line, case.policy)) for line in case.lines]
    tables = cells_of(engine_book(case.with_lines(named)))
    check_rows_close(tables["segment"], count_closes=True)
    check_split(tables["total"], tables["segment"], by_product=False)
    customers = oracle_of(case).by_customer
    assert tables["segment"] == {key: row.cells() for key, row in customers.items() if any(row.cells())}
