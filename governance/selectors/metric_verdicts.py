"""Metrics held against their own thresholds, month by month. Runs in the client's scope.

`verdict_at(values, key, month, content=None) -> Verdict` — by the version in force in the month, or by a content that is tried
`bands_at(values, key, month, content) -> {level: (below, above) or Missing}` — where the thresholds of a content lie then
"""

from collections.abc import Mapping
from fractions import Fraction

from governance.selectors.metric_values import MetricValues
from governance.selectors.registry import Entry
from governance.thresholds import LIMITS, Read, Verdict, bands_of, verdict_of
from metrics.formula.faults import Missing
from metrics.formula.units import unit_read
from portal.lib.dates import month_text


def verdict_at(values: MetricValues, key: str, month: int, content: Mapping[str, str] | None = None) -> Verdict:
    """A metric in a month against its thresholds; what was kept of closed months is what it is held against as well."""
    entry = values.registry.entries[key]
    version = entry.at(month)
    said = content or (version.content if version is not None else None)
    if said is None or not any(said[name] for name in LIMITS.values()):
        return Verdict()
    return verdict_of(said, values.point(key, month).value, reader_of(values, entry, month))


def bands_at(
    values: MetricValues, key: str, month: int, content: Mapping[str, str]
) -> dict[str, tuple[Fraction | None, Fraction | None] | Missing]:
    """Below and above what a metric rings in a month under the thresholds of a content, by level."""
    return bands_of(content, reader_of(values, values.registry.entries[key], month))


def reader_of(values: MetricValues, entry: Entry, month: int) -> Read:
    """What a threshold reads: the metric in months before by the same formula, or its target in the month."""

    def read(name: str, back: int) -> Fraction | Missing:
        other, at = values.registry.entries.get(name or entry.key), month - back
        if other is None:
            return Missing(f"its target “{name}” is no metric any more")
        point = values.point(other.key, at)
        if point.value is None:
            return Missing(f"{other.name} has no value in {month_text(at)}: {point.reason}")
        if other is entry and computed_by(entry, month) != computed_by(entry, at):
            return Missing(f"another formula held in {month_text(at)}")
        if unit_of(values, other, at) != unit_of(values, entry, month):
            return Missing(f"its target {other.name} is in another unit")
        return Fraction(point.value)

    return read


def computed_by(entry: Entry, month: int) -> tuple[str, str]:
    """By which formula and in which unit a metric is computed in a month."""
    content = (entry.at(month) or entry.current).content
    return content["formula"], content["unit"]


def unit_of(values: MetricValues, entry: Entry, month: int) -> object:
    """In what a metric is in a month."""
    return unit_read((entry.at(month) or entry.current).content["unit"], values.client.currency)
