"""Whether each metric that must be there can be built now, and what has to be done where it cannot. Runs in the client's scope.

`availability_list(client, now) -> list[Available]` — the metrics with P0 for any role
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from governance.selectors.metric_values import MetricValues
from governance.selectors.registry import Entry
from metrics.measures import MEASURES, SOURCES
from metrics.selectors.field_fill import MAY_BE_EMPTY, LineFill, line_fill
from portal.lib.dates import month_text
from portal.tenancy.models import Client

ENOUGH_MONTHS: Final = 12
ENOUGH_FILLED: Final = Decimal("0.9")


@dataclass(frozen=True)
class Available:
    """A metric with what its fields, history and freshness allow; `tasks` say what to do first: none, and it can be built.

    `months` have a value; `lacking` are those since the first of them that have none, the newest of them for `reason`.
    """

    entry: Entry
    fields: tuple[str, ...]
    missing: tuple[str, ...]
    missing_of: tuple[str, ...]
    filled: Decimal | None
    least_filled: str
    months: int
    lacking: tuple[int, ...]
    reason: str
    fresh_at: datetime | None
    tasks: tuple[str, ...]

    @property
    def is_buildable(self) -> bool:
        return not self.tasks

    @property
    def lacking_text(self) -> str:
        """Which months have no value, and why the newest has none; empty where none is lacking, or a task says it already."""
        if not self.lacking or f"{self.reason}." in self.tasks:
            return ""
        *others, newest = self.lacking
        count = "1 other month" if len(others) == 1 else f"{len(others)} other months"
        more = f", nor {'has' if len(others) == 1 else 'have'} {count} before" if others else ""
        return f"{month_text(newest)} has no value: {self.reason}{more}"


def availability_list(client: Client, now: datetime, values: MetricValues | None = None) -> list[Available]:
    """Every standing metric that is P0 for somebody, in the order of the registry."""
    values = values or MetricValues(client)
    fill = line_fill(now)
    return [
        available(values, entry, fill)
        for entry in values.registry.entries.values()
        if entry.is_standing and "P0" in entry.priorities.values()
    ]


def available(values: MetricValues, entry: Entry, fill: LineFill) -> Available:
    """One metric."""
    measures = [MEASURES[name] for name in values.registry.measures_of(entry.key)]
    present = [measure for measure in measures if measure.reader]
    fields = tuple(dict.fromkeys(field for measure in present for field in measure.fields))
    missing = tuple(dict.fromkeys(field for measure in measures if not measure.reader for field in measure.fields))
    needed = {field: fill.filled[field] for field in fields if field in fill.filled and field not in MAY_BE_EMPTY}
    least = min(needed, key=lambda field: needed[field], default="")
    months, lacking, reason = history(values, entry.key) if present and not missing else (0, (), "")
    needs = tuple(dict.fromkeys(measure.needs for measure in measures if measure.needs))
    tasks = [SOURCES[name].task for name in needs]
    tasks += line_tasks(values, entry, needed, fill) if present else []
    filled = needed[least] if least else None
    return Available(
        entry,
        fields,
        missing,
        tuple(SOURCES[name].label for name in needs),
        filled,
        least,
        months,
        lacking,
        reason,
        fill.fresh_at if present else None,
        tuple(tasks),
    )


def history(values: MetricValues, key: str) -> tuple[int, tuple[int, ...], str]:
    """How many months have a value, which since the first have none, and why the newest of these has none.

    What reads two sources is looked at in the newest twelve months, which a trend needs: each is a reconciliation of its own.
    """
    if values.months is None:
        return 0, (), ""
    first, last = values.months
    if reads_sources(values, key):
        first = max(first, last - ENOUGH_MONTHS + 1)
    points = values.series(key, first, last)
    begins = next((place for place, point in enumerate(points) if point.exact is not None), len(points) - 1)
    lacking = [point for point in points[begins:] if point.exact is None]
    count = sum(point.exact is not None for point in points)
    return count, tuple(point.month for point in lacking), lacking[-1].reason if lacking else ""


def reads_sources(values: MetricValues, key: str) -> bool:
    """Whether a metric holds two sources against each other."""
    return any(MEASURES[name].reader.startswith("sources") for name in values.registry.measures_of(key))


def line_tasks(values: MetricValues, entry: Entry, filled: Mapping[str, Decimal], fill: LineFill) -> list[str]:
    """What has to be done about contract lines before a metric can be built on them."""
    if not fill.lines:
        return ["Import the contracts of the billing system: there are no lines yet."]
    tasks = [
        f"Fill “{field}” in the source of the contracts: it is there on {share:.0%} of the lines."
        for field, share in filled.items()
        if share < ENOUGH_FILLED
    ]
    if fill.is_stale:
        tasks.append("Import the contracts anew: the last file came more than a month ago.")
    months = values.months
    if months is None:
        return [*tasks, "Look at the ARR page: the numbers cannot be computed yet."]
    if months[1] - months[0] + 1 < ENOUGH_MONTHS:
        tasks.append(
            f"Load older contracts: there are {months[1] - months[0] + 1} months of history, and a trend needs twelve."
        )
    if reads_sources(values, entry.key) and (reason := values.point(entry.key, months[1]).reason):
        tasks.append(f"{reason}.")
    return tasks
