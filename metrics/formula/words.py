"""A formula as people read it: labels instead of names, × and ÷, brackets only where they are needed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from metrics.formula.faults import FormulaError
from metrics.formula.nodes import Binary, Call, Name, Negative, Node, Number
from metrics.formula.parse import formula_parse

SIGNS: Final = {"+": "+", "-": "−", "*": "×", "/": "÷"}
BINDING: Final = {"+": 1, "-": 1, "*": 2, "/": 2}
FUNCTIONS: Final = {
    "abs": "size of", "min": "least of", "max": "greatest of", "mean": "mean of", "median": "median of",
    "previous": "month before:", "last_quarter": "three months before:", "last_year": "a year before:",
    "weight": "weight of",
}  # fmt: skip


@dataclass(frozen=True)
class Part:
    """A piece of a formula in words; `name` where it is a measure or a metric."""

    text: str
    name: str = ""


def parts_of(node: Node, labels: Mapping[str, str], binding: int = 0) -> list[Part]:
    """The formula as pieces in reading order."""
    if isinstance(node, Number):
        return [Part(node.text)]
    if isinstance(node, Name):
        return [Part(labels.get(node.name, node.name), node.name)]
    if isinstance(node, Negative):
        return [Part("−"), *parts_of(node.inner, labels, 3)]
    if isinstance(node, Binary):
        own = BINDING[node.operator]
        parts = [*parts_of(node.left, labels, own), Part(f" {SIGNS[node.operator]} ")]
        parts += parts_of(node.right, labels, own + 1)
        return [Part("("), *parts, Part(")")] if own < binding else parts
    assert isinstance(node, Call)
    parts = [Part(f"{FUNCTIONS[node.function]} ")]
    for place, each in enumerate(node.arguments):
        parts += [Part(", ")] if place else []
        parts += parts_of(each, labels)
    return [Part("["), *parts, Part("]")]


def in_words(node: Node, labels: Mapping[str, str]) -> str:
    """The formula as one line."""
    return "".join(part.text for part in parts_of(node, labels))


def formula_words(text: str, labels: Mapping[str, str]) -> str:
    """A formula as it is written, in words; as it is written where it cannot be read."""
    try:
        return in_words(formula_parse(text), labels)
    except FormulaError:
        return text
