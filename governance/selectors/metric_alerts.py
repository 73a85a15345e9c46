"""Which metrics were beyond their own thresholds, month by month: by the version that held in the month, as it was reported.

`beyond_list(values, first, last) -> list[Beyond]`

Nothing is stored: the history follows from thresholds and figures, so that anybody can compute it again. Runs in the client's
scope.
"""

from dataclasses import dataclass
from decimal import Decimal

from governance.metric_figures import LIMITS, level_at
from governance.models import MetricStatus
from governance.selectors.metric_values import MetricValues, Point
from governance.selectors.registry import Entry, VersionShown


@dataclass(frozen=True)
class Beyond:
    """A metric beyond a threshold in a month. `level` is `alert` or `warn`."""

    entry: Entry
    version: VersionShown
    point: Point
    level: str

    @property
    def limit(self) -> Decimal:
        """The threshold."""
        return Decimal(self.version.content[LIMITS[self.level]])


def beyond_list(values: MetricValues, first: int, last: int) -> list[Beyond]:
    """Every metric in use, and month from `first` to `last`, beyond a threshold: in the registry's order, then by month."""
    found = []
    for entry in values.registry.entries.values():
        if entry.metric.status != MetricStatus.ACTIVE:
            continue
        for month in range(first, last + 1):
            version = entry.at(month)
            if version is None or not any(version.content[name] for name in LIMITS.values()):
                continue
            point = values.point(entry.key, month)
            if level := level_at(point.value, version.content):
                found.append(Beyond(entry, version, point, level))
    return found
