"""A formula while it is being written: what is wrong with it and where, what it gives, and its values on the client’s figures.

`formula_try(client, key, formula, unit, with_values=) -> Tried`. Nothing is stored. Bounded by the length of a
formula and twelve months.
"""

from dataclasses import dataclass, replace
from typing import Final

from governance.metric_content import times_hundred
from governance.selectors.metric_values import MetricValues, Point
from governance.selectors.registry import Registry, registry_get
from metrics.formula.check import Formula, formulas_check, unit_of
from metrics.formula.faults import CycleError, FormulaError
from metrics.formula.nodes import Node, names_of
from metrics.formula.parse import formula_parse
from metrics.formula.units import unit_read
from metrics.formula.words import in_words
from metrics.selectors.measure_values import MeasureReader, terms_of
from portal.tenancy.models import Client

MONTHS: Final = 12


@dataclass(frozen=True)
class Tried:
    """What came of a formula: a fault with the text before, at and behind it; or words, what it gives, and its points."""

    fault: str = ""
    place: tuple[str, str, str] = ("", "", "")
    words: str = ""
    gives: str = ""
    unit: str = ""
    points: tuple[tuple[Point, Point | None], ...] = ()
    reason: str = ""


def formula_try(client: Client, key: str, formula: str, unit: str, *, with_values: bool = True) -> Tried:
    """The formula as the metric `key` (empty: one that is not there yet) would have it, from the beginning on."""
    registry = registry_get(client)
    try:
        node = formula_parse(formula)
        if key in names_of(node):
            raise CycleError((key, key))
        gives = unit_of(node, registry.terms)
        declared = unit_read(unit, client.currency)
        if doubled := times_hundred(node) if unit == "percent" else "":
            raise FormulaError(f"the formula {doubled}", node.start, node.end)
        if key in registry.entries:
            content = registry.entries[key].content | {"formula": formula, "unit": unit}
            changed = registry.having(key, content, None)
            faults = formulas_check(changed.formulas_at(registry.month), terms_of(client.currency))
            if key in faults:
                raise faults[key]
        else:
            changed = registry
            fault = formulas_check({"": Formula("", node, declared)}, registry.terms).get("")
            if fault:
                raise fault
    except FormulaError as error:
        return Tried(error.message, error.split(formula))
    told = Tried(words=in_words(node, registry.labels), gives=gives.told, unit=unit)
    return values_of(client, key, node, told, (registry, changed)) if with_values else told


def values_of(client: Client, key: str, node: Node, told: Tried, registries: tuple[Registry, Registry]) -> Tried:
    """The newest twelve months by the new formula, beside those by the present one where there is one."""
    before, changed = registries
    reader = MeasureReader(client)
    if reader.months is None:
        return replace(told, reason="There are no numbers yet: import contracts, and it is tried on them.")
    first, last = reader.months
    months = range(max(first, last - MONTHS + 1), last + 1)
    trial, present = (MetricValues(client, each, reader, is_trial=True) for each in (changed, before))
    if key in before.entries:
        new = [trial.point(key, month) for month in months]
        old: list[Point | None] = [present.point(key, month) for month in months]
    else:
        new, old = trial.of_formula(node, told.unit, months), [None] * len(months)
    pairs = tuple(zip(new, old, strict=True))[::-1]
    return replace(told, points=pairs)
