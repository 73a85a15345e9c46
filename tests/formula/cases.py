"""Measures and metrics to write formulas with."""

from fractions import Fraction

from metrics.formula.check import Formula, Term
from metrics.formula.evaluate import Evaluator
from metrics.formula.faults import NO_DATA, Missing
from metrics.formula.parse import formula_parse
from metrics.formula.units import unit_read

MEASURES = {
    name: Term(label, unit_read(unit, "USD"), is_each=is_each)
    for name, label, unit, is_each in [
        ("arr", "ARR", "money", False),
        ("new", "New ARR", "money", False),
        ("euros", "ARR in euros", "money", False),
        ("customers", "Customers", "customers", False),
        ("won", "Won deals", "deals", False),
        ("leads", "Leads", "leads", False),
        ("margin", "Gross margin", "percent", False),
        ("cycle", "Days to win", "days", True),
    ]
}
MEASURES["euros"] = Term("ARR in euros", unit_read("money", "EUR"))
MARCH = 2026 * 12 + 2
FIGURES: dict[tuple[str, int], Fraction | tuple[Fraction, ...]] = {
    ("arr", MARCH): Fraction(1200),
    ("arr", MARCH - 1): Fraction(1000),
    ("arr", MARCH - 12): Fraction(0),
    ("new", MARCH): Fraction("100.01"),
    ("customers", MARCH): Fraction(7),
    ("won", MARCH): Fraction(0),
    ("margin", MARCH): Fraction(4, 5),
    ("cycle", MARCH): (Fraction(10), Fraction(20), Fraction(61)),
    ("cycle", MARCH - 1): (),
}


def metrics_of(formulas: dict[str, tuple[str, str]]) -> dict[str, Formula]:
    """Metrics by name, from (formula, unit)."""
    return {name: Formula(name, formula_parse(text), unit_read(unit, "USD")) for name, (text, unit) in formulas.items()}


def evaluator(formulas: dict[str, str] | None = None) -> Evaluator:
    """An evaluator over `FIGURES`."""
    nodes = {name: formula_parse(text) for name, text in (formulas or {}).items()}
    return Evaluator(
        lambda name, month: nodes.get(name),
        lambda name, month: FIGURES.get((name, month), NO_DATA),
        {name: term.label for name, term in MEASURES.items()},
    )


def value_of(text: str, month: int = MARCH) -> Fraction | Missing:
    """The value of a formula over `FIGURES`."""
    return evaluator().of(formula_parse(text), month)
