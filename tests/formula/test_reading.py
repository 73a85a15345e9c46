"""What is a formula, what is none, and what a person is told about it."""

import pytest

from metrics.formula.faults import FormulaError
from metrics.formula.nodes import Binary, names_of
from metrics.formula.parse import formula_parse
from metrics.formula.words import in_words

LABELS = {"arr": "ARR", "new": "New ARR", "b": "B"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("new / arr", "New ARR ÷ ARR"),
        ("new ÷ arr", "New ARR ÷ ARR"),
        ("(new + b) * arr", "(New ARR + B) × ARR"),
        ("new + b × arr", "New ARR + B × ARR"),
        ("new − (b − arr)", "New ARR − (B − ARR)"),
        ("(new - b) - arr", "New ARR − B − ARR"),
        ("new / (b / arr)", "New ARR ÷ (B ÷ ARR)"),
        ("-(new + b)", "−(New ARR + B)"),
        ("abs(new) / previous(arr)", "[size of New ARR] ÷ [month before: ARR]"),
        ("arr / 12 months × 30%", "ARR ÷ 12 months × 30%"),
    ],
)
def test_a_formula_is_read_and_told_in_words(text: str, words: str) -> None:
    assert in_words(formula_parse(text), LABELS) == words


def test_division_and_subtraction_go_from_left_to_right() -> None:
    node = formula_parse("a / b / c")
    assert isinstance(node, Binary) and isinstance(node.left, Binary)


def test_a_formula_says_what_it_needs_and_how_far_back() -> None:
    node = formula_parse("a + previous(last_year(b)) + previous(a)")
    assert names_of(node) == ("a", "b")
    assert node.reads == (("a", 0), ("a", 1), ("b", 13))


@pytest.mark.parametrize(
    ("text", "told", "at"),
    [
        ("", "there is no formula yet", "…"),
        ("arr +", "a value is missing at the end", "…"),
        ("(arr + new", "a bracket is not closed", "…"),
        ("arr + new)", "this bracket closes none", ")"),
        ("arr new", "an operator is missing before “new”", "new"),
        ("arr / / new", "two operators stand side by side", "/"),
        ("arr ** 2", "two operators stand side by side", "*"),
        ("arr ^ 2", "there is no power", "^"),
        ("coalesce(arr, 0)", "hide a missing value", "coalesce(arr, 0)"),
        ("IFNULL(arr, 0)", "hide a missing value", "IFNULL(arr, 0)"),
        ("sum(arr)", "there is no function “sum”", "sum(arr)"),
        ("min(arr)", "min() takes 2 to 20 values", "min(arr)"),
        ("2 arr", "an operator is missing", "2 arr"),
        ("arr.real", "“.” is not part of a formula", "."),
        ("__import__('os')", "is not part of a formula", "'"),
        ("1234567890123456 × arr", "more than 15 digits", "1234567890123456"),
        ("last_year(last_year(last_year(previous(arr))))", "looks back 36 months at most", "arr"),
        ("-" * 61 + "arr", "more than 60 operations", "-" * 60 + "arr"),
        ("a" * 61, "a name has at most 60 characters", "a" * 61),
    ],
)
def test_what_is_no_formula_is_refused_with_the_place(text: str, told: str, at: str) -> None:
    with pytest.raises(FormulaError) as refused:
        formula_parse(text)
    assert told in refused.value.message
    assert refused.value.split(text)[1] == at


def test_a_formula_that_is_too_long_is_refused_unread() -> None:
    with pytest.raises(FormulaError, match="at most 1000 characters"):
        formula_parse("arr + " * 200)
