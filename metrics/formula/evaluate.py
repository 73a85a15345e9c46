"""The value of metrics by month, exactly: fractions in, fractions out, nothing rounded.

`Evaluator(formula_at, measure_at, labels).value(name, month)` is the value, or `Missing` with the reason. Each metric and month
is computed once. A metric may have another formula in another month; a month is always computed by the formula of that month.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from statistics import median
from typing import Final

from metrics.formula.faults import CycleError, FormulaError, Missing
from metrics.formula.nodes import LAGS, OF_EACH, WEIGHT, Binary, Call, Name, Negative, Node, Number, reads_of
from portal.lib.periods import month_format

Values = tuple[Fraction, ...]
Outcome = Fraction | Missing
MOST_BITS: Final = 4096  # of a numerator or denominator: some 1,200 digits, far beyond any amount
MOST_STEPS: Final = 50_000  # metrics and months that one question may take
TOO_LARGE: Final = Missing("the figure has more than a thousand digits", "too_large")


@dataclass
class Evaluator:
    """Computes metrics from what `measure_at` gives: a fraction, the values of each deal or customer, or why there is none.

    `formula_at(name, month)` is the formula of a metric in a month; None says that the name is a measure. `weight_at` is the
    weight that a metric has in a month, in composite scores.
    """

    formula_at: Callable[[str, int], Node | Missing | None]
    measure_at: Callable[[str, int], Fraction | Values | Missing]
    labels: Mapping[str, str] = field(default_factory=dict)
    found: dict[tuple[str, int], Fraction | Values | Missing] = field(default_factory=dict)
    weight_at: Callable[[str, int], Fraction | None] = lambda name, month: None

    def value(self, name: str, month: int) -> Outcome:
        """The value of a metric or measure in a month."""
        value = self.looked_up(name, month)
        return Missing("it has many values") if isinstance(value, tuple) else value

    def of(self, node: Node, month: int) -> Outcome:
        """The value of a formula that is no metric's."""
        for name, lag in sorted(reads_of(node)):
            self.looked_up(name, month - lag)
        return self.computed(node, month)

    def looked_up(self, name: str, month: int) -> Fraction | Values | Missing:
        """What a name stands for in a month, computing first what it needs; CycleError where it needs itself."""
        way: list[tuple[str, int]] = [(name, month)]
        while way:
            at = way[-1]
            formula = None if at in self.found else self.formula_at(*at)
            if at in self.found:
                way.pop()
            elif formula is None or isinstance(formula, Missing):
                self.found[at] = self.measure_at(*at) if formula is None else formula
            else:
                needed = [(each, at[1] - lag) for each, lag in sorted(reads_of(formula))]
                missing = [each for each in needed if each not in self.found]
                if not missing:
                    self.found[at] = self.computed(formula, at[1])
                    continue
                if missing[0] in way:
                    raise CycleError((*(each for each, _ in way[way.index(missing[0]) :]), missing[0][0]))
                way.append(missing[0])
            if len(self.found) > MOST_STEPS:
                raise FormulaError("this needs too many metrics and months at once")
        return self.found[name, month]

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


def size_of(value: Fraction) -> int:
    """How many bits an exact number takes."""
    return value.numerator.bit_length() + value.denominator.bit_length()
