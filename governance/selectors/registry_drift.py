"""What lies between a registry and a file of metrics, before anything is applied. Runs in the client's scope.

`registry_yaml(registry) -> str` · `drift_get(registry, filed) -> Drift`. A registry that is written and read back has no drift.
"""

from collections.abc import Container, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Self

from governance.library.metric_reader import FiledMetric, metrics_write
from governance.metric_content import LABELS
from governance.models import MetricRole
from governance.selectors.registry import Registry
from portal.tenancy import audit
from portal.tenancy.models import AuditEntry

OF_ENTRY: Final = {"status": "Status", "owner": "Owner", "successor": "Replaced by"}


@dataclass(frozen=True)
class MetricDrift:
    """A metric that differs: `edits` are (label, in the registry, in the file), `fields` the names of what differs."""

    key: str
    name: str
    filed: FiledMetric
    fields: tuple[str, ...]
    edits: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Drift:
    """What applying a file would do. Metrics that the file lacks are left as they are: nothing is ever removed by a file."""

    added: tuple[FiledMetric, ...]
    changed: tuple[MetricDrift, ...]
    lacking: tuple[str, ...]
    seen: str

    @property
    def filed(self) -> tuple[FiledMetric, ...]:
        """What the file says of every metric that it adds or changes."""
        return (*self.added, *(change.filed for change in self.changed))

    @property
    def is_empty(self) -> bool:
        """Whether applying it would change nothing."""
        return not self.added and not self.changed

    def without(self, keys: Container[str]) -> Self:
        """The same without some metrics."""
        added = tuple(each for each in self.added if each.key not in keys)
        return replace(self, added=added, changed=tuple(each for each in self.changed if each.key not in keys))


@dataclass(frozen=True)
class Compared:
    """When a file of the client's own repository was last held against the registry, and what differed."""

    at: datetime
    by: str
    revision: str
    added: tuple[str, ...]
    changed: dict[str, tuple[str, ...]]  # the labels of the fields; none where the comparison did not keep them

    @property
    def agrees(self) -> bool:
        """Whether the two said the same."""
        return not self.added and not self.changed


def last_compared() -> Compared | None:
    """The newest comparison by a program; None where there was none."""
    entry = AuditEntry.objects.filter(action="metrics.compared").order_by("-sequence").first()
    if entry is None:
        return None
    said = entry.details
    changed = {key: tuple(said.get("fields", {}).get(key, ())) for key in said["changed"]}
    return Compared(entry.at, entry.actor, str(said["revision"]), tuple(said["added"]), changed)


def registry_yaml(registry: Registry) -> str:
    """The registry as a file: its order, every field in its place."""
    return metrics_write(registry.filed())


def drift_get(registry: Registry, filed: Iterable[FiledMetric]) -> Drift:
    """The differences, in the order of the file; `seen` is the sha256 of both sides."""
    present = {metric.key: metric for metric in registry.filed()}
    given = list(filed)
    added = tuple(metric for metric in given if metric.key not in present)
    pairs = [(present[metric.key], metric) for metric in given if metric.key in present]
    changed = tuple(found for before, after in pairs if (found := metric_drift(before, after)).edits)
    keys = {metric.key for metric in given}
    lacking = tuple(metric.content["name"] for metric in present.values() if metric.key not in keys)
    return Drift(added, changed, lacking, audit.digest([registry_yaml(registry), metrics_write(given)]))


def metric_drift(before: FiledMetric, after: FiledMetric) -> MetricDrift:
    """One metric on both sides. What a file leaves out of status, owner and replacement stays as it is."""
    edits = [
        (name, LABELS[name], before.content[name], after.content[name])
        for name in LABELS
        if before.content[name] != after.content[name]
    ]
    edits += [
        (name, label, getattr(before, name), getattr(after, name))
        for name, label in OF_ENTRY.items()
        if getattr(after, name) and getattr(before, name) != getattr(after, name)
    ]
    if dict(before.priorities) != dict(after.priorities):
        edits.append(("priorities", "Priorities", priorities_text(before), priorities_text(after)))
    shown = tuple((label, old or "nothing", new or "nothing") for _, label, old, new in edits)
    return MetricDrift(after.key, before.content["name"], after, tuple(edit[0] for edit in edits), shown)


def priorities_text(metric: FiledMetric) -> str:
    """Priorities as words."""
    cells = [f"{MetricRole(role).label} {priority}" for role, priority in metric.priorities.items()]
    return ", ".join(cells)
