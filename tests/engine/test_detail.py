"""What a close keeps of a month gives every figure of it: the bridge by any cut, retention, cohorts and movements."""

from __future__ import annotations

import polars as pl
import pytest

from metrics.engine.book import build_book
from metrics.engine.bridge import AMOUNTS, COUNTS
from metrics.engine.detail import customer_cells, cut_cohorts, cut_figures, detail_movements, month_detail
from metrics.engine.drill import settle_month
from metrics.engine.series import FIGURES, series_of_book
from metrics.engine.tally import KINDS
from metrics.selectors.filtered import SEPARATOR, folded_lines, only_valued
from tests.engine.test_drill import FIRST, LAST, Case, case

__all__ = ["case"]
MONTHS = (FIRST + 1, FIRST + 17, FIRST + 30, LAST)
DIMENSIONS = ("segment", "region", "rep", "product")


def detail(case: Case, month: int) -> pl.DataFrame:
    lines, fx, policy, _ = case
    return month_detail(settle_month(lines, fx, policy, month, with_retention=True), with_retention=True)


@pytest.mark.parametrize("month", MONTHS)
def test_every_figure_of_the_month_is_a_sum_of_it(case: Case, month: int) -> None:
    book, own, at = series_of_book(case[3], FIRST, LAST), detail(case, month), month - FIRST
    for dimension in DIMENSIONS:
        found = cut_figures(own, dimension, {})
        for key, figures in found.items():
            assert dict(zip(FIGURES, book.groups[key][:, at].tolist(), strict=True)) == figures, key
        known = {key for key, values in book.groups.items() if key[0] == dimension and values[:, at].any()}
        assert known == found.keys() - {("total", "")}
    assert {
        cohort: tuple(values[:, at].tolist()) for cohort, values in book.cohorts.items() if values[1, at]
    } == cut_cohorts(own, {})
    moved = case[3].movements.filter(pl.col("month") == month).drop("month").cast({"kind": pl.String})
    columns = ["customer", "product", "kind", "amount"]
    assert detail_movements(own).select(columns).sort(columns).equals(moved.select(columns).sort(columns))


@pytest.mark.parametrize("names", [("product", "segment"), ("segment", "region")])
def test_a_cut_by_two_filters_is_that_of_the_book(case: Case, names: tuple[str, str]) -> None:
    lines, fx, policy, _ = case
    month = FIRST + 17
    own = detail(case, month)
    folded, target = folded_lines(lines, policy.customer_unit, names)
    book = series_of_book(build_book(folded, fx, policy, FIRST, LAST, (target,)), FIRST, LAST)
    for (kind, text), values in book.groups.items():
        if kind != target:
            continue
        filters: dict[str, tuple[str, ...]] = {
            name: (value,) for name, value in zip(names, text.split(SEPARATOR), strict=True)
        }
        figures = cut_figures(own, "total", filters)["total", ""]
        wanted = dict(zip(FIGURES, values[:, month - FIRST].tolist(), strict=True))
        told = FIGURES if "product" not in names else (*AMOUNTS, *COUNTS)
        assert {name: figures[name] for name in told} == {name: wanted[name] for name in told}, filters
        cohorts = build_book(only_valued(lines, policy.customer_unit, filters), fx, policy, month, month).cohorts
        expected = {row["cohort"]: (row["arr"], row["customers"]) for row in cohorts.to_dicts() if row["customers"]}
        assert cut_cohorts(own, filters) == expected


def test_a_customer_has_a_part_in_a_movement_by_that_movement_whatever_its_other_products_did(case: Case) -> None:
    seen = set()
    for month in MONTHS:
        own = detail(case, month)
        products = tuple(own["product"].unique())
        for kind in KINDS:
            found = customer_cells(own, "total", "", {"product": products}, kind)
            assert set(found["kind"]) <= {kind}, (month, kind)
            seen |= set(found["kind"])
    assert seen
