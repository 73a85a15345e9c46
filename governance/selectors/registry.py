"""Reading the metric registry. Runs in the client's scope.

`registry_get(client) -> Registry` · `metric_get(key) -> Metric | None` · `metric_names(client) -> dict[key, name]` ·
`metric_events(metric)` · `month_now(client)`

Lineage, both ways, is `Registry.needs(key)` (measures and metrics that a formula names) and `Registry.used_by(name)`; through
all between, `Registry.measures_of(key)` and `Registry.built_on(key)`. A change request shows its consequence with
`Registry.having(key, content, month)`: the same registry with one version more, for
`governance.selectors.metric_values.MetricValues`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction
from functools import cached_property
from typing import Final

from governance.library.metric_reader import FiledMetric
from governance.metric_content import Content
from governance.models import Metric, MetricEvent, MetricPriority, MetricRole, MetricStatus, MetricVersion
from governance.thresholds import targets_of
from metrics.formula.check import Formula, Term
from metrics.formula.faults import FormulaError, Missing
from metrics.formula.nodes import Node, names_of
from metrics.formula.parse import formula_parse
from metrics.formula.units import unit_read
from metrics.measures import MEASURES
from metrics.selectors.measure_values import terms_of
from portal.lib.dates import month_text
from portal.lib.legible import visible
from portal.lib.periods import month_of
from portal.tenancy.clock import day_now
from portal.tenancy.models import Client

STANDING: Final = (MetricStatus.PROPOSED, MetricStatus.ACTIVE, MetricStatus.DEPRECATED)


@dataclass(frozen=True)
class VersionShown:
    """A version of a metric: `month` is from when it holds (None: from the beginning)."""

    number: int
    month: int | None
    content: Content
    sha256: str = ""
    reason: str = ""
    by: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class Entry:
    """A metric with all its versions, the oldest first; `content` is that of the month that was asked."""

    metric: Metric
    versions: tuple[VersionShown, ...]
    month: int
    priorities: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return str(self.metric.key)

    def at(self, month: int) -> VersionShown | None:
        """The version in force in a month; None before its first."""
        held = [each for each in self.versions if each.month is None or each.month <= month]
        return max(held, key=lambda each: each.number, default=None)

    @cached_property
    def current(self) -> VersionShown:
        """The version in force now; the first, where none is yet."""
        return self.at(self.month) or self.versions[0]

    @property
    def content(self) -> Content:
        return self.current.content

    @property
    def name(self) -> str:
        return self.content["name"]

    @property
    def newest(self) -> Content:
        """What its newest version says, which may hold from a later month on."""
        return self.versions[-1].content

    @property
    def upcoming(self) -> tuple[VersionShown, ...]:
        """Versions that hold from a later month on."""
        return tuple(each for each in self.versions if each.month is not None and each.month > self.month)

    @property
    def is_standing(self) -> bool:
        """Whether others may build on it."""
        return self.metric.status in STANDING

    @property
    def is_in_use(self) -> bool:
        """Whether it is part of anything: what is only proposed is not, and what is in use is built on nothing proposed."""
        return self.metric.status in (MetricStatus.ACTIVE, MetricStatus.DEPRECATED)


def name_folded(name: str) -> str:
    """A name without what no reader could tell it by, for comparing."""
    return visible(name)


def name_fault(registry: "Registry", key: str, name: str) -> str:
    """Why a metric cannot be called so, after “the name”; empty where it can."""
    other = registry.namesake(key, name)
    return f"is that of another metric already, “{other.name}” ({other.key})" if other else ""


@dataclass(frozen=True)
class Registry:
    """All metrics of a client by key, in their order."""

    client: Client
    month: int
    entries: Mapping[str, Entry]

    def formula_at(self, name: str, month: int) -> Node | Missing | None:
        """The formula of a metric in a month; None for a name that is no metric's; Missing before its first version."""
        entry = self.entries.get(name)
        if entry is None:
            return None
        version = entry.at(month)
        if version is None:
            first = min(each.month or 0 for each in entry.versions)
            return Missing(f"“{entry.name}” is defined from {month_text(first)} on")
        try:
            return formula_parse(version.content["formula"])
        except FormulaError as error:
            return Missing(f"the formula of “{entry.name}” cannot be read: {error.message}")

    def weight_at(self, name: str, month: int) -> Fraction | None:
        """The weight of a metric in composite scores, as its version of a month has it; None where it has none."""
        entry = self.entries.get(name)
        version = entry.at(month) if entry is not None else None
        return Fraction(version.content["weight"]) if version is not None and version.content["weight"] else None

    @cached_property
    def labels(self) -> dict[str, str]:
        """What people call each measure and metric."""
        labels = {name: measure.label for name, measure in MEASURES.items()}
        return labels | {key: entry.name for key, entry in self.entries.items()}

    def namesake(self, key: str, name: str) -> "Entry | None":
        """Another metric that is in use, proposed or on its way out and has this name, whatever its case and blanks."""
        wanted = name_folded(name)
        others = (entry for entry in self.entries.values() if entry.key != key and entry.is_standing)
        return next((each for each in others if wanted in map(name_folded, (each.name, each.newest["name"]))), None)

    def node(self, key: str) -> Node | None:
        """The formula of a metric now; None where it cannot be read."""
        found = self.formula_at(key, self.month)
        if isinstance(found, Missing):
            found = formula_parse(self.entries[key].content["formula"])
        return found

    def contents_at(self, month: int) -> dict[str, Content]:
        """Every standing metric's content in a month; those without a version then are left out."""
        standing = [(key, entry.at(month)) for key, entry in self.entries.items() if entry.is_standing]
        return {key: version.content for key, version in standing if version is not None}

    def formulas_at(self, month: int) -> dict[str, Formula]:
        """Every standing metric's formula and unit in a month; those without a version then are left out."""
        made = {}
        for key, entry in self.entries.items():
            version = entry.at(month)
            if version is not None and entry.is_standing:
                made[key] = Formula(
                    version.content["name"], formula_parse(version.content["formula"]),
                    unit_read(version.content["unit"], self.client.currency), bool(version.content["weight"]),
                )  # fmt: skip
        return made

    @cached_property
    def terms(self) -> dict[str, Term]:
        """Everything that a formula may name now."""
        made = {key: formula.term for key, formula in self.formulas_at(self.month).items()}
        return dict(terms_of(self.client.currency)) | made

    def needs(self, key: str) -> tuple[str, ...]:
        """The measures and metrics that a metric's formula names."""
        node = self.node(key) if key in self.entries else None
        return names_of(node) if node is not None else ()

    @cached_property
    def below(self) -> dict[str, tuple[str, ...]]:
        """What `measures_of` has found so far: a page of the whole lineage asks for every metric once for each measure."""
        return {}

    def measures_of(self, key: str) -> tuple[str, ...]:
        """The measures below a metric, through all metrics between."""
        if key not in self.below:
            self.below[key] = self.measures_below(key)
        return self.below[key]

    def measures_below(self, key: str) -> tuple[str, ...]:
        """The measures below a metric, found by following its formula down."""
        found: dict[str, None] = {}
        seen, waiting = {key}, [key]
        while waiting:
            for name in self.needs(waiting.pop(0)):
                if name in MEASURES:
                    found[name] = None
                elif name not in seen:
                    seen.add(name)
                    waiting.append(name)
        return tuple(found)

    @cached_property
    def users(self) -> dict[str, tuple[str, ...]]:
        """By measure or metric, the standing metrics whose formulas name it."""
        users: dict[str, list[str]] = {}
        for key, entry in self.entries.items():
            if entry.is_standing:
                for name in self.needs(key):
                    users.setdefault(name, []).append(key)
        return {name: tuple(keys) for name, keys in users.items()}

    def used_by(self, name: str) -> tuple[str, ...]:
        """The standing metrics that are built on a measure or metric directly."""
        return self.users.get(name, ())

    def built_on(self, key: str) -> tuple[str, ...]:
        """The standing metrics that are built on a metric, directly or through others, the nearest first."""
        found: dict[str, None] = {}
        waiting = [key]
        while waiting:
            for user in self.used_by(waiting.pop(0)):
                if user not in found and user != key:
                    found[user] = None
                    waiting.append(user)
        return tuple(found)

    def is_of_lines(self, key: str) -> bool:
        """Whether a metric is computed from contract lines, which the policy values."""
        return any(MEASURES[name].reader for name in self.measures_of(key))

    def targets_for(self, key: str) -> list[tuple[str, str]]:
        """The metrics that thresholds of a metric may be held against, as (key, name): in use and of its unit, where it is
        there; and those that it is held against already.
        """
        newest = self.entries[key].newest if key in self.entries else {}
        unit, present = newest.get("unit", ""), targets_of(newest)
        return [
            (each.key, each.name) for each in self.entries.values()
            if (each.is_in_use or each.key in present) and each.key != key and unit in ("", each.newest["unit"])
        ]  # fmt: skip

    def named_from_now_on(self, name: str) -> tuple[str, ...]:
        """The standing metrics that name a measure or metric in the version in force or in one that is to come."""
        return tuple(
            key for key, entry in self.entries.items() if entry.is_standing and name in self.names_from_now_on(key)
        )

    def names_from_now_on(self, key: str) -> tuple[str, ...]:
        """The measures and metrics that a metric names in the version in force or in one that is to come, targets of its
        thresholds too.
        """
        entry = self.entries[key]
        contents = [each.content for each in (entry.current, *entry.upcoming)]
        return tuple(dict.fromkeys(name for each in contents for name in (*names_in(each), *targets_of(each))))

    def having(self, key: str, content: Content, month: int | None) -> "Registry":
        """This registry with one version of a metric more, from a month on (None: from the beginning). Nothing is stored."""
        entry = self.entries[key]
        added = VersionShown(entry.versions[-1].number + 1, month, content)
        changed = replace(entry, versions=(*entry.versions, added))
        return replace(self, entries={**self.entries, key: changed})

    def adding(self, key: str, content: Content, month: int | None) -> "Registry":
        """This registry with a metric more, defined from a month on (None: from the beginning). Nothing is stored."""
        metric = Metric(client=self.client, key=key, position=len(self.entries) + 1, status=MetricStatus.PROPOSED)
        entry = Entry(metric, (VersionShown(1, month, content),), self.month)
        return replace(self, entries={**self.entries, key: entry})

    def filed(self) -> tuple[FiledMetric, ...]:
        """The registry as a file has it, in its order; metrics that are retired are part of it."""
        return tuple(
            FiledMetric(
                key, dict(entry.content), dict(entry.priorities), entry.metric.status,
                entry.metric.owner.email if entry.metric.owner else "",
                entry.metric.successor.key if entry.metric.successor else "",
            )
            for key, entry in self.entries.items()
        )  # fmt: skip


def names_in(content: Content) -> tuple[str, ...]:
    """The measures and metrics that a formula names."""
    return names_of(formula_parse(content["formula"]))


def month_now(client: Client) -> int:
    """The month that it is where the client is."""
    return month_of(day_now(client))


def registry_get(client: Client, month: int | None = None) -> Registry:
    """The whole registry, its contents as of a month (now).

    Metrics come with their versions, in one statement: between two, another transaction may add a metric to only one of them.
    """
    at = month_now(client) if month is None else month
    metrics: dict[int, Metric] = {}
    versions: dict[int, list[VersionShown]] = {}
    rows = MetricVersion.objects.select_related("by", "metric__owner", "metric__successor")
    for row in rows.order_by("metric__position", "metric_id", "number"):
        by = row.by.get_full_name() if row.by else ""
        shown = VersionShown(row.number, row.effective_month, row.content, row.sha256, row.reason, by, row.at)
        metrics.setdefault(row.metric_id, row.metric)
        versions.setdefault(row.metric_id, []).append(shown)
    priorities: dict[int, dict[str, str]] = {}
    for cell in MetricPriority.objects.all():
        priorities.setdefault(cell.metric_id, {})[cell.role] = cell.priority
    entries = {}
    for pk, metric in metrics.items():
        own = priorities.get(pk, {})
        ordered = {role: own[role] for role in MetricRole.values if role in own}
        entries[str(metric.key)] = Entry(metric, tuple(versions[pk]), at, ordered)
    return Registry(client, at, entries)


def metric_names(client: Client) -> dict[str, str]:
    """By key what each metric is called now. One query."""
    now, found = month_now(client), dict[str, str]()
    rows = MetricVersion.objects.order_by("number").values_list("metric__key", "effective_month", "content__name")
    for key, month, name in rows:
        if key not in found or month is None or month <= now:
            found[key] = name
    return found


def metric_get(key: str) -> Metric | None:
    """The metric of that key."""
    found: Metric | None = Metric.objects.select_related("owner", "successor").filter(key=key).first()
    return found


def metric_events(metric: Metric) -> list[MetricEvent]:
    """Everything that happened to a metric, the newest first."""
    return list(MetricEvent.objects.filter(metric=metric).select_related("by"))
