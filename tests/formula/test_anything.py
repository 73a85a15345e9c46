"""Whatever is typed: only a value, a missing value or the language's own error comes out, soon; and values are right."""

import time
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.formula.check import unit_of
from metrics.formula.faults import FormulaError, Missing
from metrics.formula.parse import formula_parse
from metrics.formula.words import in_words
from tests.formula.cases import FIGURES, MARCH, MEASURES, evaluator

PIECES = [
    "arr", "new", "customers", "won", "cycle", "margin", "(", ")", "+", "-", "*", "/", "−", "×", "÷", ",", "%", " ", "\n", "0",
    "1", "12 months", "9" * 15, "0.1", "abs(", "min(", "max(", "previous(", "last_year(", "mean(", "median(", "coalesce(",
    "eval(", "__import__", "lambda", "'", '"', "{", "}", "[", "]", ".", ":", ";", "=", "^",
    "**", "//", "\\", "\x00", "𝟙", "é", "\u202e",
]  # fmt: skip
SOON = 2.0  # seconds of the processor, whatever else the machine does; a formula takes a few milliseconds
TYPED = st.one_of(
    st.text(max_size=300),
    st.lists(st.sampled_from(PIECES), max_size=150).map("".join),
    st.tuples(st.sampled_from(PIECES), st.integers(1, 1200)).map(lambda given: given[0] * given[1]),
)


@given(TYPED)
@settings(max_examples=600, deadline=None)
def test_whatever_is_typed_nothing_but_its_own_error_comes_out(text: str) -> None:
    start = time.thread_time()
    try:
        node = formula_parse(text)
        in_words(node, {})
        unit_of(node, MEASURES)
        value = evaluator().of(node, MARCH)
    except FormulaError as fault:
        value, said = None, fault.message + "".join(fault.split(text))
    else:
        said = text
    assert value is None or isinstance(value, Fraction | Missing)
    assert text.replace("…", "") in said.replace("…", "")
    assert time.thread_time() - start < SOON


# --- an oracle: expressions as nested tuples, computed by a few lines of plain Python -----------------------------------

LEAVES = st.one_of(
    st.sampled_from(["arr", "new", "customers", "won", "margin", "leads"]),
    st.decimals(0, 1000, places=3).map(str),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from("+-*/"), inner, inner),
        st.tuples(st.just("neg"), inner),
        st.tuples(st.sampled_from(["abs", "previous"]), inner),
        st.tuples(st.sampled_from(["min", "max"]), inner, inner),
    ),
    max_leaves=12,
)


def written(tree: Any) -> str:
    """The tree as text, in brackets everywhere."""
    if isinstance(tree, str):
        return tree
    head, *rest = tree
    inner = [written(each) for each in rest]
    if head == "neg":
        return f"(-{inner[0]})"
    return f"({inner[0]} {head} {inner[1]})" if head in "+-*/" else f"{head}({', '.join(inner)})"


def plainly(tree: Any, month: int) -> Any:
    """The value of the tree, or None."""
    if isinstance(tree, str):
        return FIGURES.get((tree, month)) if tree[0].isalpha() else Fraction(tree)
    head, *rest = tree
    values = [plainly(each, month - 1 if head == "previous" else month) for each in rest]
    if None in values:
        return None
    if head in ("min", "max"):
        return min(values) if head == "min" else max(values)
    if head == "/":
        return values[0] / values[1] if values[1] else None
    one, *two = values
    return {
        "+": lambda: one + two[0], "-": lambda: one - two[0], "*": lambda: one * two[0],
        "neg": lambda: -one, "abs": lambda: abs(one), "previous": lambda: one,
    }[head]()  # fmt: skip


@given(TREES)
@settings(max_examples=300, deadline=None)
def test_a_value_is_what_plain_arithmetic_gives(tree: Any) -> None:
    expected = plainly(tree, MARCH)
    value = evaluator().of(formula_parse(written(tree)), MARCH)
    assert value == expected if expected is not None else isinstance(value, Missing)


@given(TREES)
@settings(max_examples=200, deadline=None)
def test_the_words_of_a_formula_read_as_the_same_formula(tree: Any) -> None:
    """Brackets that the words leave out change nothing."""
    node = formula_parse(written(tree))
    spoken = in_words(node, {})
    for words, name in {
        "[size of ": "abs(", "[month before: ": "previous(", "[least of ": "min(", "[greatest of ": "max(", "]": ")",
    }.items():  # fmt: skip
        spoken = spoken.replace(words, name)
    assert evaluator().of(formula_parse(spoken), MARCH) == evaluator().of(node, MARCH)
