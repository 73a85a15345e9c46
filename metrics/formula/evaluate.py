"""The value of metrics by month, exactly: fractions in, fractions out, nothing rounded.

`Evaluator(formula_at, measure_at, labels).value(name, month)` is the value, or `Missing` with the reason. Each metric and month
is computed once, whoever asks for it: how much is computed is bounded by how far back a metric may read, and what reads further
has no value itself, at whatever others it is looked. A metric may have another formula in another month; a month is always
computed by the formula of that month.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from statistics import median
from typing import Final

from metrics.formula.faults import CycleError, Missing
from metrics.formula.nodes import LAGS, OF_EACH, WEIGHT, Binary, Call, Name, Negative, Node, Number
from portal.lib.periods import month_format

Values = tuple[Fraction, ...]
Outcome = Fraction | Missing
At = tuple[str, int]  # a metric or measure and a month
MOST_BITS: Final = 4096  # of a numerator or denominator: some 1,200 digits, far beyond any amount
MOST_BACK: Final = 240  # months that a metric may read back, through all that it is built on: no book begins earlier
TOO_LARGE: Final = Missing("the figure has more than a thousand digits", "too_large")
TOO_FAR: Final = Missing("through what it is built on it reads more than twenty years back", "too_far")


@dataclass
class Evaluator:
    """Computes metrics from what `measure_at` gives: a fraction, the values of each deal or customer, or why there is none.

    `formula_at(name, month)` is the formula of a metric in a month; None says that the name is a measure. `weight_at` is the
    weight that a metric has in a month, in composite scores.
    """

    formula_at: Callable[[str, int], Node | Missing | None]
    measure_at: Callable[[str, int], Fraction | Values | Missing]
    labels: Mapping[str, str] = field(default_factory=dict)
    found: dict[At, Fraction | Values | Missing] = field(default_factory=dict)
    weight_at: Callable[[str, int], Fraction | None] = lambda name, month: None
    reached: dict[At, int] = field(default_factory=dict)  # the earliest month that a metric of a month reads

    def value(self, name: str, month: int) -> Outcome:
        """The value of a metric or measure in a month."""
        value = self.looked_up(name, month)
        return Missing("it has many values") if isinstance(value, tuple) else value

    def of(self, node: Node, month: int) -> Outcome:
        """The value of a formula that is no metric's."""
        for each in needed(node, month):
            self.looked_up(*each)
        return self.computed(node, month)

    def looked_up(self, name: str, month: int) -> Fraction | Values | Missing:
        """What a name stands for in a month, computing first what it needs; CycleError where it needs itself."""
        way: dict[At, Node] = {}
        waiting = [(name, month)]
        while waiting:
            at = waiting[-1]
            formula = way.get(at) or (None if at in self.found else self.formula_at(*at))
            if at in self.found:
                waiting.pop()
            elif month - at[1] > MOST_BACK:
                self.found[name, month], self.reached[name, month] = TOO_FAR, at[1]
                break
            elif formula is None or isinstance(formula, Missing):
                self.found[at] = self.measure_at(*at) if formula is None else formula
            elif missing := self.first_missing(formula, at[1]):
                way[at] = formula
                if missing in way:
                    raise CycleError((*(each for each, _ in waiting[waiting.index(missing) :]), missing[0]))
                waiting.append(missing)
            else:
                self.reached[at] = min(
                    (self.reached.get(each, each[1]) for each in needed(formula, at[1])), default=at[1]
                )
                is_far = at[1] - self.reached[at] > MOST_BACK
                self.found[at] = TOO_FAR if is_far else self.computed(formula, at[1])
        return self.found[name, month]

    def first_missing(self, formula: Node, month: int) -> At | None:
        """What a formula of a month needs next."""
        return next((each for each in needed(formula, month) if each not in self.found), None)

    def computed(self, node: Node, month: int) -> Outcome:
        """A formula in a month, all that it reads having been found."""
        if isinstance(node, Number):
            return node.value
        if isinstance(node, Name):
            value = self.found[node.name, month]
            return Missing(f"“{self.label(node)}” has many values") if isinstance(value, tuple) else value
        if isinstance(node, Negative):
            inner = self.computed(node.inner, month)
            return inner if isinstance(inner, Missing) else -inner
        if isinstance(node, Binary):
            return self.of_two(node, month)
        assert isinstance(node, Call)
        return self.called(node, month)

    def of_two(self, node: Binary, month: int) -> Outcome:
        """A sum, difference, product or quotient; a divisor of 0 gives no value."""
        left, right = self.computed(node.left, month), self.computed(node.right, month)
        if isinstance(left, Missing):
            return left
        if isinstance(right, Missing):
            return right
        if node.operator == "/" and not right:
            what = f"“{self.label(node.right)}”" if isinstance(node.right, Name) else "what it is divided by"
            return Missing(f"{what} is 0 in {month_format(month)}", "zero_divisor")
        if size_of(left) + size_of(right) > MOST_BITS:
            return TOO_LARGE
        if node.operator == "+":
            return left + right
        if node.operator == "-":
            return left - right
        return left * right if node.operator == "*" else left / right

    def called(self, node: Call, month: int) -> Outcome:
        """A function's value."""
        if node.function in OF_EACH:
            return self.of_each(node, month)
        if node.function == WEIGHT:
            return self.weighed(node, month)
        at = month - LAGS.get(node.function, 0)
        values: list[Fraction] = []
        for each in node.arguments:
            value = self.computed(each, at)
            if isinstance(value, Missing):
                return value
            values.append(value)
        if node.function == "abs":
            return abs(values[0])
        return values[0] if node.function in LAGS else {"min": min, "max": max}[node.function](values)

    def weighed(self, node: Call, month: int) -> Outcome:
        """The weight of a metric, as its version in force has it."""
        inner = node.arguments[0]
        assert isinstance(inner, Name)
        weight = self.weight_at(inner.name, month)
        return (
            weight if weight is not None else Missing(f"“{self.label(inner)}” has no weight in {month_format(month)}")
        )

    def of_each(self, node: Call, month: int) -> Outcome:
        """Mean or median over deals or customers; of none of them there is no value."""
        inner = node.arguments[0]
        assert isinstance(inner, Name)
        values = self.found[inner.name, month]
        if isinstance(values, Missing):
            return values
        if not isinstance(values, tuple):
            return Missing(f"“{self.label(inner)}” is one figure, and no {node.function} can be made of it")
        if not values:
            return Missing(f"“{self.label(inner)}” has nothing in {month_format(month)}", "zero_divisor")
        return sum(values, Fraction()) / len(values) if node.function == "mean" else Fraction(median(values))

    def label(self, node: Name) -> str:
        """What people call a name."""
        return self.labels.get(node.name, node.name)


def needed(node: Node, month: int) -> list[At]:
    """What a formula of a month reads."""
    return [(name, month - lag) for name, lag in node.reads]


def size_of(value: Fraction) -> int:
    """How many bits an exact number takes."""
    return value.numerator.bit_length() + value.denominator.bit_length()
