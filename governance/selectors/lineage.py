"""From source field to measure to metric to page, and back.

`lineage_list(registry, measure=, metric=, page=, field=, source=) -> list[Lineage]`
"""

from collections.abc import Iterable
from dataclasses import dataclass

from governance.metric_uses import SHOWN_ON
from governance.selectors.registry import Registry
from metrics.measures import MEASURES, Measure


@dataclass(frozen=True)
class Lineage:
    """A measure with its fields before it, and the standing metrics behind it: built on it directly, or through others."""

    measure: Measure
    direct: tuple[str, ...]
    through: tuple[str, ...]


def lineage_list(
    registry: Registry, *, measure: str = "", metric: str = "", page: str = "", field: str = "", source: str = ""
) -> list[Lineage]:
    """All of it, or what hangs on a measure, metric, page, field or needed source: on each of those that are given."""
    shown = [key for key, pages in SHOWN_ON.items() if page in dict(pages)]
    of_metric, of_page = measures_of(registry, [metric]), measures_of(registry, shown)
    return [
        lineage_of(registry, name)
        for name, found in MEASURES.items()
        if (not measure or name == measure)
        and (not metric or name in of_metric)
        and (not page or name in of_page)
        and (not field or field in found.fields)
        and (not source or found.needs == source)
    ]


def measures_of(registry: Registry, keys: Iterable[str]) -> set[str]:
    """The measures that any of some metrics are made of."""
    return {name for key in keys if key in registry.entries for name in registry.measures_of(key)}


def lineage_of(registry: Registry, name: str) -> Lineage:
    """One measure."""
    direct = registry.used_by(name)
    through = tuple(
        key
        for key, entry in registry.entries.items()
        if entry.is_standing and key not in direct and name in registry.measures_of(key)
    )
    return Lineage(MEASURES[name], direct, through)
