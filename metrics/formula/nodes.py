"""A formula as a tree. Every node knows its place in the text; how deep it is was bounded when it was read."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Final

LAGS: Final = {"previous": 1, "last_quarter": 3, "last_year": 12}
"""The functions that read an earlier month, with how many months earlier."""

OF_EACH: Final = ("mean", "median")
WEIGHT: Final = "weight"
"""The function that reads the weight of a metric instead of its value."""

ARGUMENTS: Final = {
    "abs": (1, 1), "min": (2, 20), "max": (2, 20),
    "previous": (1, 1), "last_quarter": (1, 1), "last_year": (1, 1), "mean": (1, 1), "median": (1, 1),
    WEIGHT: (1, 1),
}  # fmt: skip
"""Every function, with how many values it takes at least and at most."""


@dataclass(frozen=True)
class Node:
    """A part of a formula, from `start` to `end` in its text."""

    start: int
    end: int
    depth: int

    @cached_property
    def reads(self) -> tuple[tuple[str, int], ...]:
        """What it needs, each with how many months earlier, in order; found once, as a formula is computed in many months."""
        return tuple(sorted({(each.name, lag) for each, lag in walk(self) if isinstance(each, Name)}))


@dataclass(frozen=True)
class Number(Node):
    """A number as written; `unit` is empty, `percent`, `months` or `days` (then `value` is of these)."""

    value: Fraction
    text: str
    unit: str = ""


@dataclass(frozen=True)
class Name(Node):
    """A measure or a metric."""

    name: str


@dataclass(frozen=True)
class Negative(Node):
    inner: Node


@dataclass(frozen=True)
class Binary(Node):
    """`operator` is one of + - * /."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Call(Node):
    """A function of `ARGUMENTS`."""

    function: str
    arguments: tuple[Node, ...]


def inside(node: Node) -> tuple[Node, ...]:
    """The nodes directly below."""
    if isinstance(node, Binary):
        return node.left, node.right
    if isinstance(node, Negative):
        return (node.inner,)
    return node.arguments if isinstance(node, Call) else ()


def walk(node: Node) -> Iterator[tuple[Node, int]]:
    """Every node below and itself, each with how many months earlier it is read."""
    waiting = [(node, 0)]
    while waiting:
        at, lag = waiting.pop()
        yield at, lag
        below = lag + LAGS.get(at.function, 0) if isinstance(at, Call) else lag
        waiting.extend((each, below) for each in reversed(inside(at)))


def names_of(node: Node) -> tuple[str, ...]:
    """The measures and metrics that a formula needs, in the order in which it names them."""
    return tuple(dict.fromkeys(each.name for each, _ in walk(node) if isinstance(each, Name)))
