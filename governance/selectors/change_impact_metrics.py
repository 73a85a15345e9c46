"""Metrics before and after a change, month by month, with every metric that is built on them. Runs in the client's scope.

A request's own metric and those downstream are computed by two registries over one reading of the measures; under another
policy by one registry over the measures of both sides (`metrics.selectors.impact_measures`). The new formula is shown in every
month, as if it had always held: from when it holds is part of the request.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

from governance.change_impact import ImpactFault
from governance.selectors.metric_preview import formula_try
from governance.selectors.metric_values import SHARE_PLACES, MetricValues, Point, places_of, rounded
from governance.selectors.metric_verdicts import bands_at, verdict_at
from governance.selectors.registry import Entry, Registry
from governance.thresholds import LIMITS, threshold_read
from metrics.formula.faults import Missing
from metrics.selectors.impact_measures import ImpactMeasures
from metrics.selectors.policy_impact import PolicyImpact
from portal.lib.dates import dated_text
from portal.tenancy.models import Client

MONTHS_TOLD: Final = 24
FINEST: Final = 8  # digits to which two figures are told apart: beyond these they are the same to whoever reads them
UNDEFINED: Final = "it is not defined yet"


def policy_metrics(impact: PolicyImpact, registry: Registry) -> tuple[list[dict[str, Any]], MetricValues, MetricValues]:
    """Every metric in use that the books feed, under both policies."""
    fed = [
        key for key, entry in registry.entries.items()
        if entry.is_in_use and registry.is_of_lines(key)
    ]  # fmt: skip
    before, after = (MetricValues(impact.client, registry, ImpactMeasures(impact, side), is_trial=True)
                     for side in (impact.before, impact.after))  # fmt: skip
    last = impact.last if impact.end is None else impact.end
    months = range(max(impact.first, last - MONTHS_TOLD + 1), last + 1)
    return metric_rows(fed, before, after, months, dict.fromkeys(fed, "downstream")), before, after


def metric_change_rows(
    client: Client, registry: Registry, key: str, content: dict[str, str]
) -> tuple[list[dict[str, Any]], MetricValues, MetricValues]:
    """A new or changed metric and everything downstream, before and after. ImpactFault where its formula cannot be used."""
    tried = formula_try(client, key, content["formula"], content["unit"], with_values=False)
    if tried.fault:
        raise ImpactFault(
            f"The formula cannot be used: {tried.fault}. Change the request, then compute its impact again."
        )
    changed = registry.having if key in registry.entries else registry.adding
    after = MetricValues(client, changed(key, content, None), is_trial=True)
    before = MetricValues(client, registry, after.reader, is_trial=True)
    built = dict.fromkeys([*registry.built_on(key), *after.registry.built_on(key)])
    keys = [key, *(each for each in built if registry.entries[each].is_in_use)]
    roles = {key: "changed"} | dict.fromkeys(keys[1:], "downstream")
    return metric_rows(keys, before, after, months_of(after), roles), before, after


def retire_rows(client: Client, registry: Registry, key: str, successor: str, ends_on: str) -> list[dict[str, Any]]:
    """A metric that is to be retired, which stays what it is as long as it is shown.

    Where something replaces it, before is the metric, after its successor in its own unit: two metrics side by side, of which
    none moves.
    """
    values = MetricValues(client, registry)
    pairs = [(values.point(key, month), values.point(successor or key, month)) for month in months_of(values)]
    row = row_of(registry.entries[key], "changed", [point_row(*pair) for pair in pairs])
    row |= {"moved": False, "ends_on": ends_on}
    if (other := registry.entries.get(successor)) is not None:
        row["successor"] = {"name": other.name, "unit": other.content["unit"]}
    return [row]


def read_rows(client: Client, registry: Registry, keys: Iterable[str]) -> list[dict[str, Any]]:
    """Metrics that a rule reads: they stay what they are."""
    values = MetricValues(client, registry)
    known = [key for key in keys if key in registry.entries]
    return metric_rows(known, values, values, months_of(values), dict.fromkeys(known, "read"))


def threshold_rows(client: Client, registry: Registry, key: str, thresholds: dict[str, str]) -> list[dict[str, Any]]:
    """A metric month by month, with the level that its value has under the thresholds as they are and as they would be, and the
    figures below or above which it rings under both.
    """
    values = MetricValues(client, registry)
    content = registry.entries[key].versions[-1].content
    rows = []
    for month in months_of(values):
        point = values.point(key, month)
        row = point_row(point, point)
        for side, said in (("before", content), ("after", {**content, **thresholds})):
            row[f"level_{side}"] = verdict_at(values, key, month, said).level
            row[f"limits_{side}"] = limits_row(values, key, month, said)
        rows.append(row)
    made = row_of(registry.entries[key], "changed", rows)
    return [{**made, "moved": any(row["level_before"] != row["level_after"] for row in rows)}]


def limits_row(values: MetricValues, key: str, month: int, content: dict[str, str]) -> dict[str, dict[str, str | None]]:
    """By level the figures below and above which a metric rings in a month, as decimal text, or why it cannot be said."""
    places = places_of(content["unit"], values.client.currency)
    made: dict[str, dict[str, str | None]] = {}
    for level, band in bands_at(values, key, month, content).items():
        if isinstance(band, Missing):
            made[level] = {"below": None, "above": None, "reason": band.reason}
            continue
        threshold = threshold_read(content[LIMITS[level]])
        fixed = -int(threshold.number.as_tuple().exponent) if threshold.kind == "figure" else 0
        below, above = (None if end is None else f"{rounded(end, max(places, fixed)):f}" for end in band)
        made[level] = {"below": below, "above": above, "reason": ""}
    return made


def unheld_reason(client: Client, registry: Registry, key: str, thresholds: dict[str, str]) -> str:
    """Why a metric cannot be held against thresholds in its newest month; empty where it can, or there are no numbers."""
    values = MetricValues(client, registry)
    if values.months is None:
        return ""
    content = {**registry.entries[key].newest, **thresholds}
    return dated_text(verdict_at(values, key, values.months[1], content).reason)


def months_of(values: MetricValues) -> range:
    """The newest months that have numbers."""
    if values.months is None:
        return range(0)
    return range(max(values.months[0], values.months[1] - MONTHS_TOLD + 1), values.months[1] + 1)


def metric_rows(
    keys: Iterable[str], before: MetricValues, after: MetricValues, months: range, roles: dict[str, str]
) -> list[dict[str, Any]]:
    """Metrics under two readings, all of them. Of one that stays what it is the newest month is told."""
    rows = []
    for key in keys:
        pairs = [(point_at(before, key, month), point_at(after, key, month)) for month in months]
        entry = after.registry.entries.get(key) or before.registry.entries[key]
        rows.append(row_of(entry, roles[key], [point_row(*pair) for pair in pairs]))
    return rows


def point_at(values: MetricValues, key: str, month: int) -> Point:
    """A metric in a month; no value where the registry does not have it."""
    return values.point(key, month) if key in values.registry.entries else Point(month, None, None, UNDEFINED)


def point_row(before: Point, after: Point) -> dict[str, Any]:
    """A month of a metric, figures as decimal text."""
    old, new = told_apart(before, after)
    return {
        "month": before.month,
        "before": None if old is None else f"{old:f}",
        "after": None if new is None else f"{new:f}",
        "why_before": before.reason,
        "why_after": after.reason,
    }


def told_apart(before: Point, after: Point) -> tuple[Decimal | None, Decimal | None]:
    """Two values, with as many more digits as show that they differ; money is told to its smallest unit and no further."""
    old, new = before.value, after.value
    if before.exact is None or after.exact is None or before.exact == after.exact or old != new or old is None:
        return old, new
    places = -int(old.as_tuple().exponent)
    for more in range(places + 1, FINEST + 1) if places >= SHARE_PLACES else ():
        old, new = rounded(before.exact, more), rounded(after.exact, more)
        if old != new:
            return old, new
    return before.value, after.value


def row_of(entry: Entry, role: str, points: list[dict[str, Any]]) -> dict[str, Any]:
    """A metric with its months; where none differs, only the newest."""
    moved = any(point["before"] != point["after"] for point in points)
    content = entry.versions[-1].content
    kept = points if moved or role == "changed" else points[-1:]
    return {
        "key": entry.key, "name": content["name"], "unit": content["unit"], "better": content["better"], "role": role,
        "moved": moved, "points": kept,
    }  # fmt: skip
