"""Keeping what metrics are when a month is closed, in the transaction of the close.

`values_keep(client=, closes=) -> int` — told by `metrics.services.closes` of each month that was closed or restated

Kept is every metric in use, for the month and for the quarter and year until its end. A restatement keeps what it moves beside
what was kept before: of its own month, and of later closed months that read it. Everything else stays as it was told.
"""

from collections.abc import Iterable, Sequence
from typing import cast

from governance.models import KeptValue
from governance.selectors.kept_values import At, Kept, KeptValues
from governance.selectors.metric_values import MetricValues, Point
from governance.selectors.registry import Registry, registry_get
from metrics.formula.evaluate import MOST_BACK
from metrics.formula.faults import Missing
from metrics.measures import MEASURES
from metrics.models import MonthClose
from metrics.selectors.measure_values import MeasureReader
from metrics.selectors.periods import MONTHS, Grain
from portal.lib.periods import month_format
from portal.tenancy import audit
from portal.tenancy.models import Client


def values_keep(*, client: Client, closes: Sequence[MonthClose]) -> int:
    """Keep the values of all metrics in use that the closes of a month give; gives how many."""
    registry = registry_get(client)
    if not any(entry.is_in_use for entry in registry.entries.values()):
        return 0
    close = own_of(closes)
    reader = MeasureReader(client, close.policy_then)
    made = [row for grain in MONTHS for row in rows_of(client, registry, reader, close, cast(Grain, grain))]
    KeptValue.objects.bulk_create(made)
    audit.record(
        "metrics.kept",
        object_type="month",
        object_id=f"{month_format(close.month)} r{close.revision}",
        after=[[row.grain, row.metric_id, row.month, row.version, row.exact, row.reason] for row in made],
        details={"month": month_format(close.month), "revision": close.revision, "values": len(made)},
    )
    return len(made)


def own_of(closes: Sequence[MonthClose]) -> MonthClose:
    """Of the closes of a month, that of the recognition which its policy reports by."""
    return next((each for each in closes if each.recognition == each.policy_parameters["recognition"]), closes[0])


def rows_of(
    client: Client, registry: Registry, reader: MeasureReader, close: MonthClose, grain: Grain
) -> list[KeptValue]:
    """What is to be kept of one grain: whatever is not kept already as it is."""
    kept = KeptValues(grain)
    before = MetricValues(client, registry, reader, grain, kept=kept)
    keys = [key for key, entry in registry.entries.items() if entry.is_in_use]
    moved = {(key, close.month) for key in keys}
    if close.restates_id is not None:
        moved |= later_of(before, keys, close.month)
    after = MetricValues(client, registry, reader, grain, kept=kept.without(moved))
    points = {at: as_kept(after.point(*at)) for at in sorted(moved)}
    return [
        KeptValue(
            client=client, close=close, metric=registry.entries[key].metric, grain=grain, month=month,
            version=point.version, exact=point.exact, reason=point.reason,
        )
        for (key, month), point in points.items()
        if point != kept.at(key, month)
    ]  # fmt: skip


def as_kept(point: Point) -> Kept:
    """A point as it is kept."""
    return Kept(point.version, "" if point.exact is None else str(point.exact), point.reason)


def later_of(values: MetricValues, keys: Iterable[str], month: int) -> set[At]:
    """The kept values of later closed months that read a month, through all metrics between."""
    later = [each for each in values.kept.closed if each > month]
    return {
        (key, at) for key in keys for at in later
        if values.kept.at(key, at) is not None and month in months_read(values, key, at)
    }  # fmt: skip


def months_read(values: MetricValues, key: str, month: int) -> set[int]:
    """The months of whose measures a metric is made in a period."""
    found, seen, waiting = set[int](), set[At](), [(key, month)]
    while waiting:
        name, at = waiting.pop()
        if (name, at) in seen or month - at > MOST_BACK:  # then it has no value, whatever it reads
            continue
        seen.add((name, at))
        formula = values.registry.formula_at(name, at)
        if formula is not None:
            reads = () if isinstance(formula, Missing) else formula.reads
            waiting.extend((each, at - lag) for each, lag in reads)
        elif name in MEASURES:
            months = values.spans.months_of(MEASURES[name], at)
            found.update(months)
            if MEASURES[name].reader.endswith(":adjustment"):  # from where the month before ended
                found.add(months[0] - 1)
    return found
