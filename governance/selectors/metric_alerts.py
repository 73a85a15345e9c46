"""Which metrics were beyond their own thresholds, month by month: by the version that held in the month, as it was reported.

`beyond_list(values, first, last) -> list[Beyond]` · `alerts_standing(values, keys, month) -> list[Beyond]` ·
`alert_history(values, first, last) -> list[Beyond]`

The history has each alert that was told as it was told, whatever the figure has become; all else follows from thresholds and
figures, which closed months keep. Runs in the client's scope.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from governance.models import AlertTold, MetricStatus
from governance.selectors.metric_values import MetricValues, Point
from governance.selectors.metric_verdicts import verdict_at
from governance.selectors.registry import Entry, VersionShown
from governance.thresholds import LIMITS, Verdict


@dataclass(frozen=True)
class Beyond:
    """A metric beyond a threshold in a month; the level of its verdict is `alert` or `warn`.

    An alert that was told has the `point` of then and says when; `now` is what the metric is by now.
    """

    entry: Entry
    version: VersionShown
    point: Point
    verdict: Verdict
    told_at: datetime | None = None
    now: Point | None = None

    @property
    def level(self) -> str:
        """How serious it is."""
        return self.verdict.level


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
            verdict = verdict_at(values, entry.key, month)
            if verdict.level:
                found.append(Beyond(entry, version, values.point(entry.key, month), verdict))
    return found


def alerts_standing(values: MetricValues, keys: Sequence[str], month: int) -> list[Beyond]:
    """Of these metrics those that are beyond their alert threshold in a month still, in the registry's order."""
    found = []
    for key, entry in values.registry.entries.items():
        version = entry.at(month) if key in keys else None
        if version is not None and (verdict := verdict_at(values, key, month)).level == "alert":
            found.append(Beyond(entry, version, values.point(key, month), verdict))
    return found


def alert_history(values: MetricValues, first: int, last: int) -> list[Beyond]:
    """The alerts told of the months from `first` to `last`, and what else is beyond a threshold: by metric and month."""
    rows = AlertTold.objects.filter(month__gte=first, month__lte=last).select_related("metric")
    told = {(str(row.metric.key), row.month): told_then(values, row) for row in rows}
    others = [each for each in beyond_list(values, first, last) if (each.entry.key, each.point.month) not in told]
    places = {key: place for place, key in enumerate(values.registry.entries)}
    return sorted([*told.values(), *others], key=lambda each: (places[each.entry.key], each.point.month))


def told_then(values: MetricValues, row: AlertTold) -> Beyond:
    """An alert as it was told, beside what the metric is now."""
    entry = values.registry.entries[str(row.metric.key)]
    version = next(each for each in entry.versions if each.number == row.version)
    point = values.shown(Fraction(row.exact), version.content["unit"], row.month, row.version)
    limit = Fraction(row.threshold)
    verdict = Verdict("alert", limit, "below" if Fraction(row.exact) < limit else "above")
    return Beyond(entry, version, point, verdict, row.told_at, values.point(entry.key, row.month))
