"""Money, counts and time: what may be added, and what comes out of a division."""

import pytest

from metrics.formula.check import formulas_check, order_of, unit_of
from metrics.formula.faults import CycleError, FormulaError
from metrics.formula.parse import formula_parse
from metrics.formula.units import unit_read
from tests.formula.cases import MEASURES, metrics_of


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("arr + new", "money"),
        ("arr / 12", "money"),
        ("arr / 12 months", "money per month"),
        ("new / arr", "percent"),
        ("arr / customers", "money per customer"),
        ("won / leads", "percent"),
        ("arr / customers / (new / customers / 12 months × margin)", "months"),
        ("won × (arr / won) × margin / mean(cycle)", "money per day"),
        ("1 − margin", "percent"),
        ("max(arr − new, 0)", "money"),
        ("median(cycle)", "days"),
        ("previous(arr) − last_year(arr)", "money"),
        ("arr × arr / arr", "money"),
    ],
)
def test_a_formula_has_the_unit_that_its_parts_make(text: str, unit: str) -> None:
    assert unit_of(formula_parse(text), MEASURES) == unit_read(unit, "USD")


@pytest.mark.parametrize(
    ("text", "told", "at"),
    [
        ("arr + customers", "“arr”, which is money (USD), and “customers”, which is a count (customers), cannot be", None),
        ("arr − euros", "money (USD), and “euros”, which is money (EUR), cannot be subtracted", None),
        ("customers + won", "a count (customers), and “won”, which is a count (deals), cannot be added", None),
        ("arr + 5", "“5”, a share or a bare number, cannot be added", None),
        ("new / (arr + margin)", "cannot be added", "arr + margin"),
        ("max(arr, customers)", "cannot be compared", "max(arr, customers)"),
        ("12 months + 30 days", "a length of time (months), and “30 days”", "12 months + 30 days"),
        ("arr / 0", "nothing can be divided by 0", "0"),
        ("arrr × 2", "there is no measure or metric “arrr”. Perhaps “arr” is meant", "arrr"),
        ("cycle / 2", "say mean(cycle) or median(cycle)", "cycle"),
        ("mean(arr)", "“arr” is one figure a month", "arr"),
        ("mean(cycle + cycle)", "mean() takes the name of a measure", "cycle + cycle"),
        ("arr × arr × arr × arr", "means nothing to anybody", "arr × arr × arr × arr"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_in_words_and_with_the_place(text: str, told: str, at: str | None) -> None:
    with pytest.raises(FormulaError) as refused:
        unit_of(formula_parse(text), MEASURES)
    assert told in refused.value.message
    assert at is None or refused.value.split(text)[1] == at


def test_money_by_months_is_no_percentage() -> None:
    faults = formulas_check(metrics_of({"burn": ("arr / 12 months", "percent")}), MEASURES)
    assert faults["burn"].message == (
        "the formula gives USD per month, and the metric is declared as a share or a bare number; "
        "a length of time is left in it. Correct the unit or the formula"
    )


def test_metrics_that_need_each_other_are_named_in_their_order() -> None:
    formulas = metrics_of(
        {"a": ("b + arr", "money"), "b": ("previous(c)", "money"), "c": ("a", "money"), "d": ("a", "money")}
    )
    faults = formulas_check(formulas, MEASURES)
    assert set(faults) == {"a", "b", "c"}
    assert faults["a"].message == "these metrics need each other: a → b → c → a. Take one out of the formula of another"


def test_a_metric_may_not_need_itself_even_a_month_before() -> None:
    with pytest.raises(CycleError, match="“a” would be computed from itself"):
        order_of({"a": formula_parse("previous(a)")})


def test_each_metric_comes_after_those_that_it_needs() -> None:
    assert order_of({"a": formula_parse("b + c"), "b": formula_parse("c"), "c": formula_parse("arr")}) == [
        "c",
        "b",
        "a",
    ]


def test_a_metric_cannot_take_the_name_of_a_measure() -> None:
    assert "is the name of a measure" in formulas_check(metrics_of({"arr": ("new", "money")}), MEASURES)["arr"].message


@pytest.mark.parametrize(
    "text",
    [
        "apples",
        "money per",
        "per customer",
        "money per money",
        "customers per customer per customer",
        "percent per day",
    ],
)
def test_what_is_no_unit_is_refused(text: str) -> None:
    with pytest.raises(FormulaError, match="is no unit"):
        unit_read(text, "USD")
