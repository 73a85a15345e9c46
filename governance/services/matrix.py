"""The KPI matrix: how much each metric matters to each role.

`matrix_save(client=, cells=, seen=, user=)` changes what differs and says so in each metric's update log;
`matrix_digest(registry)` is what a page was shown, so that whoever comes second is told. Runs in the client's scope.
"""

from collections.abc import Mapping
from typing import Any

from governance.models import MetricEvent, MetricHappening, MetricPriority, MetricRole, Priority
from governance.selectors.registry import Registry, registry_get
from governance.services.problems import DefinitionError, OutdatedError
from governance.services.registry import registry_lock
from portal.tenancy import audit
from portal.tenancy.clock import database_time
from portal.tenancy.models import Client

Cells = Mapping[str, Mapping[str, str]]
"""By metric and role the priority; empty: none. Only metrics that are named are changed."""


def matrix_digest(registry: Registry) -> str:
    """The sha256 of all cells as they stand."""
    return audit.digest({key: dict(entry.priorities) for key, entry in registry.entries.items()})


def matrix_save(*, client: Client, cells: Cells, seen: str, user: Any = None) -> int:
    """Put the given rows of the matrix in the place of the present ones; gives how many metrics were changed.

    OutdatedError when the matrix is not the one that was shown; DefinitionError for an unknown metric, role or priority.
    """
    registry_lock(client)
    registry = registry_get(client)
    if seen != matrix_digest(registry):
        raise OutdatedError
    changed = {}
    for key, row in cells.items():
        if key not in registry.entries:
            raise DefinitionError(f"there is no metric “{key}”")
        if not set(row) <= set(MetricRole.values) or not {each for each in row.values() if each} <= set(
            Priority.values
        ):
            raise DefinitionError("a cell is P0, P1, P2 or empty, of one of the roles")
        wanted = {role: row[role] for role in MetricRole.values if row.get(role)}
        if wanted != registry.entries[key].priorities:
            changed[key] = wanted
    if not changed:
        raise DefinitionError("nothing was changed")
    priorities_store(registry, changed, user)
    before = {key: dict(registry.entries[key].priorities) for key in changed}
    audit.record(
        "metrics.priorities_changed", object_type="metrics", object_id=client.slug, before=before, after=changed,
        details={key: [before[key], changed[key]] for key in changed},
    )  # fmt: skip
    return len(changed)


def priorities_store(registry: Registry, changed: Cells, user: Any) -> None:
    """Write the rows, and a line in each metric's update log."""
    metrics = {key: registry.entries[key].metric for key in changed}
    MetricPriority.objects.filter(metric__in=metrics.values()).delete()
    MetricPriority.objects.bulk_create(
        MetricPriority(client=registry.client, metric=metrics[key], role=role, priority=priority)
        for key, row in changed.items()
        for role, priority in row.items()
    )
    now = database_time()
    MetricEvent.objects.bulk_create(
        MetricEvent(
            client=registry.client, metric=metrics[key], kind=MetricHappening.PRIORITY, by=user, at=now,
            text=priorities_text(registry.entries[key].priorities, row),
        )
        for key, row in changed.items()
    )  # fmt: skip


def priorities_text(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """What changed for which role, as a sentence."""
    parts = [
        f"{MetricRole(role).label} {before.get(role) or 'none'} → {after.get(role) or 'none'}"
        for role in MetricRole.values
        if before.get(role) != after.get(role)
    ]
    return f"Priorities: {', '.join(parts)}."[:400]
