"""From source field to measure to metric to page, and back.

`lineage_list(registry, measure=, metric=, field=, source=) -> list[Lineage]`
"""

from dataclasses import dataclass

from governance.selectors.registry import Registry
from metrics.measures import MEASURES, Measure


@dataclass(frozen=True)
class Lineage:
    """A measure with its fields before it, and the standing metrics behind it: built on it directly, or through others."""

    measure: Measure
    direct: tuple[str, ...]
    through: tuple[str, ...]


def lineage_list(
    registry: Registry, *, measure: str = "", metric: str = "", field: str = "", source: str = ""
) -> list[Lineage]:
    """All of it, or what hangs on one measure, metric, field or needed source: the first of these that is given."""
    names = MEASURES
    if measure:
        wanted = [name for name in names if name == measure]
    elif metric:
        below = registry.measures_of(metric) if metric in registry.entries else ()
        wanted = [name for name in names if name in below]
    elif field:
        wanted = [name for name in names if field in names[name].fields]
    else:
        wanted = [name for name in names if not source or names[name].needs == source]
    return [lineage_of(registry, name) for name in wanted]


def lineage_of(registry: Registry, name: str) -> Lineage:
    """One measure."""
    direct = registry.used_by(name)
    through = tuple(
        key
        for key, entry in registry.entries.items()
        if entry.is_standing and key not in direct and name in registry.measures_of(key)
    )
    return Lineage(MEASURES[name], direct, through)
