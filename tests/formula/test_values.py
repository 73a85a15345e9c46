"""Values: exact, and absent with a reason where something is missing."""

from fractions import Fraction

import pytest

from metrics.formula import evaluate
from metrics.formula.evaluate import TOO_FAR
from metrics.formula.faults import CycleError, Missing
from metrics.formula.parse import formula_parse
from tests.formula.cases import MARCH, evaluator, value_of


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("arr / customers", Fraction(1200, 7)),
        ("arr / 3 / 3 × 9", Fraction(1200)),
        ("(arr − previous(arr)) / previous(arr)", Fraction(1, 5)),
        ("new × 30%", Fraction("30.003")),
        ("abs(new − arr)", Fraction("1099.99")),
        ("min(arr, new, 500)", Fraction("100.01")),
        ("mean(cycle)", Fraction(91, 3)),
        ("median(cycle)", Fraction(20)),
        ("-margin + 1", Fraction(1, 5)),
    ],
)
def test_a_value_is_exact(text: str, value: Fraction) -> None:
    assert value_of(text) == value


@pytest.mark.parametrize(
    ("text", "reason", "code"),
    [
        ("arr / won", "“Won deals” is 0 in 2026-03", "zero_divisor"),
        ("arr / (won × 2)", "what it is divided by is 0 in 2026-03", "zero_divisor"),
        ("arr / (arr − arr)", "what it is divided by is 0 in 2026-03", "zero_divisor"),
        ("leads × 0", "there is no data for this month", "missing"),
        ("max(arr, leads)", "there is no data for this month", "missing"),
        ("previous(mean(cycle))", "“Days to win” has nothing in 2026-02", "zero_divisor"),
    ],
)
def test_no_value_is_said_with_its_reason_and_never_is_0(text: str, reason: str, code: str) -> None:
    value = value_of(text)
    assert isinstance(value, Missing) and value.code == code
    assert value.reason == reason


def test_metrics_are_computed_from_metrics_and_earlier_months_of_them() -> None:
    found = evaluator({"growth": "change / previous(arr)", "change": "arr − previous(arr)"})
    assert found.value("growth", MARCH) == Fraction(1, 5)
    assert found.value("change", MARCH - 5) == Missing("there is no data for this month")


def test_a_month_is_computed_by_the_formula_of_that_month() -> None:
    found = evaluator()
    found.formula_at = lambda name, month: (
        formula_parse("arr" if month < MARCH else "arr × 2") if name == "twice" else None
    )
    assert found.value("twice", MARCH) == 2400
    assert found.of(formula_parse("previous(twice)"), MARCH) == 1000


def test_a_figure_without_end_is_no_value() -> None:
    grows = {"m0": "arr + 1234567.1234567", **{f"m{n}": f"m{n - 1} × m{n - 1}" for n in range(1, 40)}}
    assert evaluator(grows).value("m39", MARCH) == Missing("the figure has more than a thousand digits", "too_large")


def test_a_cycle_that_nobody_refused_is_an_error_and_no_loop() -> None:
    with pytest.raises(CycleError, match="a → b → a"):
        evaluator({"a": "b", "b": "a"}).value("a", MARCH)


@pytest.mark.parametrize("backwards", [False, True])
def test_a_long_chain_of_earlier_months_fails_where_it_reads_too_far_back_and_nothing_else_does(
    backwards: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each metric reads the one before it a month earlier."""
    monkeypatch.setattr(evaluate, "MOST_BACK", 40)
    chain = {"m0": "arr", **{f"m{n}": f"previous(m{n - 1}) + m0" for n in range(1, 60)}}
    found = evaluator({**chain, "far": "m59 + arr", "apart": "arr × 2"})
    asked = list[tuple[str, int]]()

    def ask(name: str, month: int) -> Fraction:
        asked.append((name, month))
        return Fraction(1)

    found.measure_at = ask
    for name in reversed(chain) if backwards else chain:
        for month in (MARCH - 1, MARCH):
            value, number = found.value(name, month), int(name[1:])
            assert value == (number + 1 if number <= 40 else TOO_FAR), (name, month)
    assert found.value("far", MARCH) == TOO_FAR and found.value("apart", MARCH) == 2
    assert len(asked) == len(set(asked)) <= 2 + 40, "each month of a measure is read once"


def test_a_chain_that_reads_years_back_at_every_step_ends_at_the_first_too_early_month() -> None:
    years = {"m0": "arr", **{f"m{n}": f"last_year(last_year(last_year(m{n - 1})))" for n in range(1, 240)}}
    found = evaluator(years)
    assert found.value("m239", MARCH) == TOO_FAR and len(found.found) == 1
    assert found.value("m6", MARCH) == Missing("there is no data for this month")
