"""Whether formulas can be computed: every name known, every unit right, no metric in need of itself.

- `unit_of(node, terms) -> Unit` — FormulaError at the place where something does not fit
- `formulas_check(formulas, terms) -> dict[str, FormulaError]` — the faults of a whole set, by metric; empty: all are right
- `order_of(formulas) -> list[str]` — every metric after those that it needs; CycleError names a way round
"""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from metrics.formula.faults import CycleError, FormulaError
from metrics.formula.nodes import OF_EACH, WEIGHT, Binary, Call, Name, Negative, Node, Number, names_of
from metrics.formula.units import SHARE, Unit

MOST_METRICS: Final = 500
VERBS: Final = {"+": "added", "-": "subtracted"}
SPAN_UNITS: Final = {"months": Unit((("month", 1),)), "days": Unit((("day", 1),))}


@dataclass(frozen=True)
class Term:
    """What a name stands for: its unit, whether it has a value for each deal or customer instead of one, and a weight."""

    label: str
    unit: Unit
    is_each: bool = False
    has_weight: bool = False


@dataclass(frozen=True)
class Formula:
    """A metric's formula with the unit that the metric declares, and whether it has a weight in composite scores."""

    label: str
    node: Node
    unit: Unit
    has_weight: bool = False

    @property
    def term(self) -> Term:
        """What the metric's name stands for in other formulas."""
        return Term(self.label, self.unit, has_weight=self.has_weight)


def unit_of(node: Node, terms: Mapping[str, Term]) -> Unit:
    """What a formula gives. FormulaError names the place where a name is unknown or units do not fit."""
    unit = unit_below(node, terms)
    if not unit.is_readable:
        raise FormulaError(
            f"this gives {unit}, which means nothing to anybody. Divide by one of its parts, or multiply by fewer",
            node.start,
            node.end,
        )
    return unit


def unit_below(node: Node, terms: Mapping[str, Term]) -> Unit:
    """The unit of a node of each kind."""
    if isinstance(node, Number):
        return SPAN_UNITS.get(node.unit, SHARE)
    if isinstance(node, Name):
        return term_of(node, terms).unit
    if isinstance(node, Negative):
        return unit_of(node.inner, terms)
    if isinstance(node, Binary):
        return unit_of_two(node, terms)
    assert isinstance(node, Call)
    return unit_of_call(node, terms)


def term_of(node: Name, terms: Mapping[str, Term], *, each: bool = False) -> Term:
    """What a name stands for. FormulaError for one that is unknown, or has many values where one is needed."""
    term = terms.get(node.name)
    if term is None:
        raise FormulaError(
            f"there is no measure or metric “{node.name}”{meant(node.name, terms)}", node.start, node.end
        )
    if term.is_each and not each:
        raise FormulaError(
            f"“{node.name}” has a value for each deal or customer: say mean({node.name}) or median({node.name})",
            node.start, node.end,
        )  # fmt: skip
    return term


def meant(name: str, terms: Mapping[str, Term]) -> str:
    """The nearest name that there is, as a guess; else where names are listed."""
    near = get_close_matches(name.lower(), list(terms), n=1, cutoff=0.7)
    return f". Perhaps “{near[0]}” is meant" if near else ". Name one that the lineage of metrics lists"


def unit_of_two(node: Binary, terms: Mapping[str, Term]) -> Unit:
    """Sums need the same unit; products and quotients make a new one."""
    left, right = unit_of(node.left, terms), unit_of(node.right, terms)
    if node.operator in VERBS:
        return same_unit([(node.left, left), (node.right, right)], VERBS[node.operator], node)
    if node.operator == "/" and is_zero(node.right):
        raise FormulaError("nothing can be divided by 0. Name what it is divided by", node.right.start, node.right.end)
    return left.times(right, 1 if node.operator == "*" else -1)


def is_zero(node: Node) -> bool:
    """Whether a 0 is written here, which has any unit."""
    return isinstance(node, Number) and node.value == 0


def same_unit(parts: list[tuple[Node, Unit]], verb: str, node: Node) -> Unit:
    """The one unit of all parts. FormulaError names the first two that differ, in words."""
    real = [part for part in parts if not is_zero(part[0])] or parts[:1]
    (first, unit), *rest = real
    for other, its in rest:
        if its != unit:
            raise FormulaError(
                f"{told(first, unit)} and {told(other, its)} cannot be {verb}. Both need one unit", node.start, node.end
            )
    return unit


def told(node: Node, unit: Unit) -> str:
    """A part of a formula with what it is."""
    if isinstance(node, Name):
        return f"“{node.name}”, which is {unit.told},"
    return f"“{node.text}”, {unit.told}," if isinstance(node, Number) else f"{unit.told}"


def unit_of_call(node: Call, terms: Mapping[str, Term]) -> Unit:
    """The unit of a function: that of its values."""
    if node.function in OF_EACH:
        inner = node.arguments[0]
        if not isinstance(inner, Name):
            raise FormulaError(
                f"{node.function}() takes the name of a measure. Name one, without an operation", inner.start, inner.end
            )
        term = term_of(inner, terms, each=True)
        if not term.is_each:
            raise FormulaError(
                f"“{inner.name}” is one figure a month; a {node.function} needs a measure with one for each deal or customer",
                inner.start, inner.end,
            )  # fmt: skip
        return term.unit
    if node.function == WEIGHT:
        weight_check(node, terms)
        return SHARE
    parts = [(each, unit_of(each, terms)) for each in node.arguments]
    return same_unit(parts, "compared", node)


def weight_check(node: Call, terms: Mapping[str, Term]) -> None:
    """FormulaError unless a weight is asked of a metric that has one."""
    inner = node.arguments[0]
    if not isinstance(inner, Name):
        raise FormulaError(
            "weight() takes the name of a metric. Name one, without an operation", inner.start, inner.end
        )
    if not term_of(inner, terms).has_weight:
        raise FormulaError(
            f"“{inner.name}” has no weight. Give the metric one, as a share from 0 to 1", inner.start, inner.end
        )


# --- a whole set ------------------------------------------------------------------------------------------------------


def formulas_check(formulas: Mapping[str, Formula], measures: Mapping[str, Term]) -> dict[str, FormulaError]:
    """The faults of every metric of a set: cycles first, then names and units, then what it declares."""
    terms = dict(measures) | {name: formula.term for name, formula in formulas.items()}
    faults: dict[str, FormulaError] = {
        name: FormulaError(f"“{name}” is the name of a measure. Give the metric another key")
        for name in formulas.keys() & measures.keys()
    }
    for name, formula in formulas.items():
        try:
            declared_check(formula, unit_of(formula.node, terms))
        except FormulaError as fault:
            faults.setdefault(name, fault)
    try:
        order_of({name: formula.node for name, formula in formulas.items()})
    except CycleError as cycle:
        faults |= dict.fromkeys(cycle.names, cycle)
    return faults


def declared_check(formula: Formula, unit: Unit) -> None:
    """FormulaError where a formula gives something else than its metric says."""
    if unit == formula.unit or is_zero(formula.node):
        return
    hint = ""
    if formula.unit.is_share and any(name in ("month", "day") for name, _ in unit.powers):
        hint = "; a length of time is left in it"
    hint += ". Correct the unit or the formula"
    raise FormulaError(
        f"the formula gives {unit.told}, and the metric is declared as {formula.unit.told}{hint}",
        formula.node.start, formula.node.end,
    )  # fmt: skip


def order_of(formulas: Mapping[str, Node]) -> list[str]:
    """Every metric after those that it needs, in a stable order; CycleError with the way round."""
    if len(formulas) > MOST_METRICS:
        raise FormulaError(f"there are more than {MOST_METRICS} metrics. Say it with fewer")
    needs = {name: [each for each in names_of(node) if each in formulas] for name, node in formulas.items()}
    done: dict[str, None] = {}
    for start in formulas:
        way: list[tuple[str, list[str]]] = [(start, list(needs[start]))] if start not in done else []
        while way:
            left = way[-1][1]
            if not left:
                done[way.pop()[0]] = None
                continue
            following = left.pop(0)
            on_the_way = [each for each, _ in way]
            if following in on_the_way:
                raise CycleError((*on_the_way[on_the_way.index(following) :], following))
            if following not in done:
                way.append((following, list(needs[following])))
    return list(done)
