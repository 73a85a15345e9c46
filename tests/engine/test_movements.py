"""Movements, customer counts, retention and cohorts (ARR semantics, sections 5 to 7), with figures worked out by
hand.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from metrics.engine.book import Book, build_book
from metrics.engine.bridge import AMOUNTS, COUNTS
from metrics.engine.policy import Policy
from metrics.engine.retention import ratio4
from portal.lib.periods import month_format, month_parse
from tests.engine.frames import frame, line, plain_policy, rates

NO_RATES = rates()


def book_of(
    *rows: dict[str, Any], policy: Policy | None = None, first: str = "2024-01", last: str = "2025-12", **given: Any
) -> Book:
    fx = given.pop("rates", NO_RATES)
    return build_book(frame(*rows), fx, policy or plain_policy(), month_parse(first), month_parse(last), **given)


def moves(book: Book, dimension: str = "total", group: str = "") -> dict[str, dict[str, Decimal]]:
    """The movements of a bridge other than 0, by month, in units."""
    rows = book.bridge.filter((pl.col("dimension") == dimension) & (pl.col("group") == group)).to_dicts()
    kinds = [name for name in AMOUNTS if name not in ("beginning", "ending")]
    found = {month_format(row["month"]): {k: Decimal(row[k]) / 100 for k in kinds if row[k]} for row in rows}
    return {month: kinds for month, kinds in found.items() if kinds}


def cell(book: Book, month: str, name: str, dimension: str = "total", group: str = "") -> int:
    where = (pl.col("dimension") == dimension) & (pl.col("group") == group) & (pl.col("month") == month_parse(month))
    return int(book.bridge.filter(where)[name].sum())


def test_a_customer_comes_grows_shrinks_and_goes() -> None:
    book = book_of(
        line("A", "1200", starts_on="2024-02-10", ends_on="2024-05-14"),
        line("B", "1800", starts_on="2024-05-15", ends_on="2024-08-31"),
        line("C", "1000", starts_on="2024-09-01", ends_on="2024-11-29"),
    )
    assert moves(book) == {
        "2024-02": {"new": 1200},
        "2024-05": {"expansion": 600},
        "2024-09": {"contraction": -800},
        "2024-11": {"churn": -1000},
    }


def test_every_month_is_in_the_total_and_rows_of_zeros_are_left_out_of_groups() -> None:
    book = book_of(line(ends_on="2024-03-31", segment="SMB"))
    assert book.bridge.filter(pl.col("dimension") == "total").height == 24
    months = book.bridge.filter(pl.col("dimension") == "segment")["month"].to_list()
    assert [month_format(month) for month in months] == ["2024-01", "2024-02", "2024-03", "2024-04"]


def test_the_state_at_month_end_is_that_of_its_last_day() -> None:
    book = book_of(
        line(starts_on="2024-01-31", ends_on="2024-02-28"), line("B", starts_on="2024-03-05", ends_on="2024-03-30")
    )
    assert moves(book) == {"2024-01": {"new": 1200}, "2024-02": {"churn": -1200}}


@pytest.mark.parametrize(("window", "kind"), [(None, "reactivation"), (4, "reactivation"), (3, "new"), (0, "new")])
def test_a_return_is_a_reactivation_within_the_window(window: int | None, kind: str) -> None:
    # ARR last at the end of March, again at the end of July: four months.
    book = book_of(
        line("A", ends_on="2024-04-29"),
        line("B", starts_on="2024-07-03"),
        policy=plain_policy(reactivation_window_months=window),
    )
    assert moves(book)["2024-07"] == {kind: 1200}
    assert cell(book, "2024-07", f"customers_{'reactivated' if kind == 'reactivation' else 'new'}") == 1


def test_history_before_the_first_month_decides_what_a_return_is() -> None:
    rows = line("A", starts_on="2015-01-01", ends_on="2015-12-31"), line("B", starts_on="2024-03-01")
    assert moves(book_of(*rows))["2024-03"] == {"reactivation": 1200}
    assert moves(book_of(*rows, policy=plain_policy(reactivation_window_months=99)))["2024-03"] == {
        "reactivation": 1200
    }
    assert moves(book_of(*rows, policy=plain_policy(reactivation_window_months=98)))["2024-03"] == {"new": 1200}


def test_the_first_month_begins_with_what_the_history_left() -> None:
    book = book_of(line(starts_on="2020-01-01", ends_on=None))
    assert (cell(book, "2024-01", "beginning"), cell(book, "2024-01", "customers_beginning"), moves(book)) == (
        120000,
        1,
        {},
    )


def test_a_line_of_no_value_gives_nobody_arr_but_takes_over() -> None:
    book = book_of(
        line("A", ends_on="2024-06-29"),
        line("B", "0", starts_on="2024-06-30"),
        line("C", starts_on="2025-01-01", ends_on=None),
    )
    assert moves(book)["2024-06"] == {"churn": -1200}
    assert moves(book)["2025-01"] == {"reactivation": 1200}


def test_a_negligible_balance_is_still_arr() -> None:
    fx = rates(*(("JPY", f"2024-{month:02d}-28", "0.001") for month in range(1, 13)))
    book = book_of(line("A", "0.04", currency="JPY", ends_on="2024-03-30"), rates=fx, last="2024-06")
    assert cell(book, "2024-01", "ending") == 0
    assert [cell(book, "2024-01", "customers_new"), cell(book, "2024-03", "customers_churned")] == [1, 1]


def test_attributes_come_from_the_latest_line_even_one_that_does_not_count() -> None:
    book = book_of(
        line("A", segment="Old", region="EMEA"),
        line("B", "0", starts_on="2026-05-01", charge_type="services", segment="Late"),
        line("C", "0", starts_on="2026-05-01", charge_type="services", segment="Later"),
    )
    assert cell(book, "2024-01", "new", "segment", "Later") == 120000
    assert cell(book, "2024-01", "new", "region", "(none)") == 120000


def test_by_product_a_retained_customer_adds_and_drops_products() -> None:
    book = book_of(
        line("A", "1000", product="P", ends_on="2024-05-30"),
        line("B", "3000", product="Q", starts_on="2024-05-31"),
        line("C", "500", product="R", starts_on="2024-01-01", ends_on="2025-12-31"),
    )
    assert moves(book)["2024-05"] == {"expansion": 2000}
    assert moves(book, "product", "P")["2024-05"] == {"contraction": -1000}
    assert moves(book, "product", "Q")["2024-05"] == {"expansion": 3000}
    assert cell(book, "2024-05", "customers_churned", "product", "P") == 0
    assert [cell(book, "2024-05", f"customers_{name}", "product", "Q") for name in ("beginning", "new", "ending")] == [
        0,
        0,
        1,
    ]
    assert [cell(book, "2024-01", "customers_new", "product", name) for name in "PQR"] == [1, 0, 1]


def test_spot_revalues_and_shows_the_rest_as_fx() -> None:
    fx = rates(
        ("EUR", "2024-01-31", "1.1"),
        ("EUR", "2024-02-25", "1.2"),
        ("EUR", "2024-03-29", "1.3"),
        ("EUR", "2024-04-30", "1"),
    )
    book = book_of(
        line("A", "1000", currency="EUR", ends_on="2024-04-15"),
        line("B", "500", currency="EUR", product="Q", starts_on="2024-03-01", ends_on="2024-04-15"),
        rates=fx,
        last="2024-04",
    )
    # February: 1,000 × (1.2 − 1.1); March: 500 × 1.3 organic, 1,000 × 0.1 FX; April goes at March's rate.
    assert moves(book) == {
        "2024-01": {"new": 1100},
        "2024-02": {"fx": 100},
        "2024-03": {"expansion": 650, "fx": 100},
        "2024-04": {"churn": -1950},
    }
    assert moves(book, "product", "Platform")["2024-03"] == {"fx": 100}


def test_amounts_are_rounded_at_customer_product_and_currency() -> None:
    fx = rates(("EUR", "2024-01-31", "0.5"), ("EUR", "2024-02-29", "0.5"))
    odd = {"currency": "EUR", "starts_on": "2024-01-05"}
    # Two lines of 0.01 in one grain are 0.01; in two products they are 0.005 + 0.005, each rounded to 0.01.
    same = book_of(line("A", "0.01", **odd), line("B", "0.01", **odd), rates=fx, last="2024-02")
    split = book_of(line("A", "0.01", **odd), line("B", "0.01", product="Q", **odd), rates=fx, last="2024-02")
    assert (cell(same, "2024-01", "ending"), cell(split, "2024-01", "ending")) == (1, 2)


def test_a_loss_is_rounded_away_from_zero() -> None:
    fx = rates(("EUR", "2024-01-31", "1"), ("EUR", "2024-02-29", "0.5"))
    book = book_of(
        line("A", "0.03", currency="EUR", ends_on=None),
        line("B", "0.01", currency="EUR", ends_on="2024-02-15"),
        rates=fx,
        last="2024-02",
    )
    # Organic −0.01 × 0.5 = −0.005 → −0.01; ending 0.03 × 0.5 = 0.015 → 0.02; fx is the rest of −0.02.
    assert moves(book)["2024-02"] == {"contraction": Decimal("-0.01"), "fx": Decimal("-0.01")}


def test_monthly_average_is_rounded_to_eight_decimals() -> None:
    fx = rates(("EUR", "2024-01-10", "1"), ("EUR", "2024-01-20", "1"), ("EUR", "2024-01-25", "1.0000001"))
    large = line("A", "1000000000", currency="EUR", starts_on="2024-01-01", ends_on="2024-01-31")
    book = book_of(large, policy=plain_policy(fx="monthly_average"), rates=fx, last="2024-01")
    # The mean is 1.0000000333…, rounded 1.00000003.
    assert cell(book, "2024-01", "ending") == 1_000_000_030_00


def test_contract_date_fixes_the_rate_of_each_line_and_has_no_fx() -> None:
    fx = rates(("EUR", "2023-12-08", "1.5"), ("EUR", "2024-07-01", "2"))
    book = book_of(
        line("A", "1000", currency="EUR", signed_on="2023-12-15", ends_on="2024-06-30"),
        line("B", "1000", currency="EUR", starts_on="2024-07-01", ends_on="2025-12-31"),
        policy=plain_policy(fx="contract_date"),
        rates=fx,
    )
    assert moves(book) == {"2024-01": {"new": 1500}, "2024-07": {"expansion": 500}}


def test_large_amounts_and_rates_stay_exact() -> None:
    fx = rates(("KWD", "2024-01-31", "16234.5678901234"))
    huge = line("A", "98765432109.87", currency="KWD", ends_on="2024-02-15")
    book = book_of(huge, policy=plain_policy(reporting_currency="IDR"), rates=fx, last="2024-01", with_retention=False)
    assert cell(book, "2024-01", "ending") == int(
        (Decimal("98765432109.87") * Decimal("16234.5678901234") * 100).quantize(Decimal(1), "ROUND_HALF_UP")
    )


def test_overage_adds_four_times_the_last_three_months() -> None:
    metered = {"charge_type": "usage_overage", "amount_basis": "total"}
    book = book_of(
        line("A", "1200"),
        line("O", "100", starts_on="2024-02-10", ends_on="2024-02-20", **metered),
        line("U", "50", starts_on="2024-03-01", ends_on="2024-03-31", **metered),
        policy=plain_policy(overage="trailing_3_months"),
        last="2024-12",
    )
    assert [cell(book, f"2024-{month:02d}", "ending") // 100 for month in range(1, 8)] == [
        1200,
        1600,
        1800,
        1800,
        1400,
        1200,
        1200,
    ]


def test_parents_are_one_customer() -> None:
    rows = [line("A", customer_id="C1", parent_customer_id="P"), line("B", customer_id="C2", parent_customer_id="P")]
    policy = plain_policy(customer_unit="parent")
    assert cell(book_of(*rows, policy=policy), "2024-01", "customers_new") == 1
    assert cell(book_of(*rows), "2024-01", "customers_new") == 2


def retention_of(book: Book, month: str) -> dict[str, int]:
    where = (pl.col("dimension") == "total") & (pl.col("month") == month_parse(month))
    return book.retention.filter(where).row(0, named=True)


def test_retention_compares_each_customer_with_itself_a_year_ago() -> None:
    def customer(name: str, before: str, after: str | None) -> list[dict[str, Any]]:
        first = line(f"{name}1", before, customer_id=name, starts_on="2024-01-01", ends_on="2024-12-31")
        then = (
            [line(f"{name}2", after, customer_id=name, starts_on="2025-01-01", ends_on="2025-12-31")] if after else []
        )
        return [first, *then]

    late = line("N", "9999", customer_id="N", starts_on="2025-03-01", ends_on="2026-02-28")
    book = book_of(*customer("G", "1000", "1500"), *customer("S", "1000", "400"), *customer("L", "1000", None), late)
    row = retention_of(book, "2025-06")
    assert (row["base_cents"], row["now_cents"], row["kept_cents"]) == (3000_00, 1900_00, 1400_00)
    assert (row["customers_base"], row["customers_kept"]) == (3, 2)
    assert (ratio4(row["now_cents"], row["base_cents"]), ratio4(row["kept_cents"], row["base_cents"])) == (
        Decimal("0.6333"),
        Decimal("0.4667"),
    )
    assert retention_of(book, "2024-12")["customers_base"] == 0


@pytest.mark.parametrize(("retention_fx", "ratio"), [("constant", "1.0000"), ("reported", "2.0000")])
def test_retention_at_constant_or_reported_rates(retention_fx: str, ratio: str) -> None:
    fx = rates(
        *(("EUR", f"{year}-{month:02d}-28", str(year - 2023)) for year in (2024, 2025) for month in range(1, 13))
    )
    book = book_of(
        line("A", "1000", currency="EUR", ends_on=None), policy=plain_policy(retention_fx=retention_fx), rates=fx
    )
    row = retention_of(book, "2025-06")
    assert ratio4(row["now_cents"], row["base_cents"]) == Decimal(ratio)


def test_cohorts_follow_customers_from_their_first_arr() -> None:
    book = book_of(
        line("A", "1000", starts_on="2023-05-01", ends_on="2024-06-29"),
        line("B", "2000", starts_on="2024-09-01", ends_on=None),
        line("C", "500", customer_id="C2", starts_on="2024-09-01", ends_on=None),
    )
    cohorts = {
        (month_format(r["cohort"]), month_format(r["month"])): (r["arr"], r["customers"])
        for r in book.cohorts.to_dicts()
    }
    assert cohorts["2023-05", "2024-01"] == (1000_00, 1)
    assert ("2023-05", "2024-07") not in cohorts
    assert cohorts["2023-05", "2024-09"] == (2000_00, 1)
    assert cohorts["2024-09", "2025-12"] == (500_00, 1)


def test_movements_sum_to_the_bridge() -> None:
    book = book_of(line("A"), line("B", "300", product="Q", starts_on="2024-03-01"), line("C", customer_id="C2"))
    kinds = book.movements.with_columns(pl.col("kind").cast(pl.String)).group_by("kind").agg(pl.col("amount").sum())
    total = book.bridge.filter(pl.col("dimension") == "total")
    for kind, amount in kinds.iter_rows():
        assert total[kind].sum() == amount
    assert set(kinds["kind"]) == {"new", "expansion", "churn"}


def test_no_lines_are_an_empty_book() -> None:
    book = book_of()
    assert book.bridge.height == 24
    assert book.bridge.select(pl.sum_horizontal(*AMOUNTS, *COUNTS)).to_series().sum() == 0
    assert (book.movements.height, book.cohorts.height) == (0, 0)


@pytest.mark.parametrize(
    ("numerator", "denominator", "expected"),
    [(1, 3, "0.3333"), (2, 3, "0.6667"), (1, 20000, "0.0001"), (0, 5, "0.0000"), (5, 0, None), (-1, 20000, "-0.0001")],
)
def test_ratios_have_four_decimals(numerator: int, denominator: int, expected: str | None) -> None:
    assert ratio4(numerator, denominator) == (None if expected is None else Decimal(expected))


# Published flows (shared/golden/published_examples.json names each source): one customer per flow reproduces them.
@pytest.mark.parametrize(
    ("beginning", "new", "expansion", "contraction", "churn", "ending", "nrr", "grr"),
    [
        (10_000_000, 600_000, 400_000, 150_000, 350_000, 10_500_000, "0.9900", "0.9500"),  # bridge-ls-q1
        (6_000_000, 1_800_000, 720_000, 180_000, 420_000, 7_920_000, "1.0200", "0.9000"),  # bridge-ls-annual
        (10_000_000, 1_500_000, 800_000, 200_000, 600_000, 11_500_000, "1.0000", "0.9200"),  # bridge-ls-concept
        (12_000_000, 2_100_000, 840_000, 360_000, 780_000, 13_800_000, "0.9750", "0.9050"),  # bridge-ryan-TRAP
        (1_000_000, 0, 200_000, 50_000, 30_000, 1_120_000, "1.1200", "0.9200"),  # ret-ls-exec
        (900_000, 0, 75_000, 20_000, 90_000, 865_000, "0.9611", "0.8778"),  # ret-cohort-ls
    ],
)
def test_published_bridges(
    beginning: int, new: int, expansion: int, contraction: int, churn: int, ending: int, nrr: str, grr: str
) -> None:
    def customer(name: str, before: int, after: int) -> list[dict[str, Any]]:
        first = line(f"{name}1", str(before), customer_id=name) if before else None
        then = line(f"{name}2", str(after), customer_id=name, starts_on="2025-01-01", ends_on=None) if after else None
        return [row for row in (first, then) if row]

    rest = beginning - 2 * contraction - churn
    book = book_of(
        *customer("grows", rest // 2, rest // 2 + expansion),
        *customer("stays", rest - rest // 2, rest - rest // 2),
        *customer("shrinks", 2 * contraction, contraction),
        *customer("goes", churn, 0),
        *customer("comes", 0, new),
    )
    january = {name: cell(book, "2025-01", name) // 100 for name in AMOUNTS}
    assert january["ending"] == ending
    row = retention_of(book, "2025-01")
    assert str(ratio4(row["now_cents"], row["base_cents"])) == nrr
    assert str(ratio4(row["kept_cents"], row["base_cents"])) == grr
    assert january["new"] == new
    assert january["expansion"] == expansion


def test_published_deferred_start() -> None:
    # carr-curts0-deferred: booked 2023-06-30, live for 2024.
    deal = line("A", "10000", signed_on="2023-06-30", starts_on="2024-01-01", ends_on="2024-12-31")
    live = book_of(deal, first="2023-01")
    committed = book_of(deal, policy=plain_policy(recognition="signed"), first="2023-01")
    assert [cell(live, month, "ending") for month in ("2023-12", "2024-01", "2025-01")] == [0, 10000_00, 0]
    assert cell(committed, "2023-06", "ending") == 10000_00


def test_published_setup_fee_and_usage() -> None:
    # arr-ls-setupfee: the fee is no ARR, so the second year does not shrink; arr-ls-usage: only the commitment
    # counts.
    fee = line("F", "10000", charge_type="one_time", amount_basis="total")
    years = [line("A", "90000"), line("B", "90000", starts_on="2025-01-01", ends_on="2025-12-30")]
    assert moves(book_of(fee, *years, last="2025-11")) == {"2024-01": {"new": 90000}}
    usage = line("U", "60000", charge_type="usage_minimum", ends_on=None)
    assert moves(book_of(usage)) == {"2024-01": {"new": 60000}}
