"""A file of metrics applied to a registry, once somebody has seen what it would change.

`registry_compare(client=, text=, revision=) -> Drift` — what a file in the client's own repository would change, noted in
the log.

`barred_of(registry, drift) -> dict[str, str]` — by metric, why somebody may not apply what the file says of it.

`registry_apply(client=, text=, seen=, reason=, user=) -> Drift` — each change by the rules that hold on the pages: versions
from an open month on, steps of the table of states, owners among the client's people, and where a board decides about a metric
in use, by request alone. All of it or nothing; where it is wished, all of it but what may not be applied. Runs in the
client's scope.
"""

from typing import Any

from django.db import transaction

from governance.engine_formulas import filed_faults
from governance.library.metric_reader import FiledMetric, MetricFileError, metrics_read
from governance.models import Metric, MetricHappening, MetricStatus
from governance.selectors.board import has_board
from governance.selectors.registry import Entry, Registry, registry_get
from governance.selectors.registry_drift import Drift, MetricDrift, drift_get
from governance.services.matrix import matrix_digest, matrix_save
from governance.services.metric_direct import governed_fault
from governance.services.metric_states import STEPS
from governance.services.problems import DefinitionError, OutdatedError
from governance.services.registry import (
    metric_owner_set,
    metric_status_set,
    metrics_store,
    name_check,
    newest_closed,
    proposed_where_decided,
    registry_lock,
    require_room,
    required,
    standing_check,
    together_check,
    version_keep,
)
from metrics.formula.check import order_of
from portal.tenancy import audit
from portal.tenancy.models import Client, Membership


@transaction.atomic  # a page that says why it was refused shows the registry as it is, not half of the file
def registry_apply(
    *, client: Client, text: str, seen: str | None, reason: str, user: Any = None, leaves_barred: bool = False
) -> Drift:
    """Apply a file; `seen` is the `Drift.seen` that the person was shown, or None where nobody was to look. `leaves_barred`
    leaves the metrics out that `barred_of` names; without it they stop the whole file.

    DefinitionError for a file that cannot be used or asks for what is not allowed, OutdatedError when the registry has
    changed since.
    """
    registry_lock(client)
    registry, reason = registry_get(client), required(reason)
    try:
        drift = drift_get(registry, metrics_read(text, client.currency))
    except MetricFileError as error:
        raise DefinitionError(str(error)) from error
    if seen is not None and seen != drift.seen:
        raise OutdatedError
    if leaves_barred:
        drift = drift.without(barred_of(registry, drift))
    if drift.is_empty:
        raise DefinitionError("the file says what the registry says: nothing was changed")
    if faults := [fault for each in drift.changed if (fault := governed_of(registry, each))]:
        raise OutdatedError("; ".join(faults))
    if faults := filed_faults(registry, drift.filed):
        raise DefinitionError(". ".join(faults))
    require_proposed(drift.added)
    require_room(len(drift.added))
    audit.record(
        "metrics.imported", object_type="metrics", object_id=client.slug, after=text,
        details={
            "added": [each.key for each in drift.added], "changed": [each.key for each in drift.changed], "reason": reason,
        },
    )  # fmt: skip
    stored = proposed_where_decided(drift.added)
    metrics_store(stored, client=client, user=user, kind=MetricHappening.PROPOSED, reason=reason)
    names_check(client, stored)
    contents_apply(registry, drift.changed, reason, user)
    changes = {change.key: change for change in (*drift.changed, *added_as_changes(drift))}
    nodes = {key: formula.node for key, formula in registry_get(client).formulas_at(registry.month).items()}
    for key in dict.fromkeys([*order_of(nodes), *changes]):  # what others are built on goes first
        if key in changes:
            entry_apply(changes[key], reason, user)
    ground_check(registry_get(client), drift)
    priorities = {
        change.key: dict(change.filed.priorities) for change in drift.changed if "priorities" in change.fields
    }
    if priorities:
        matrix_save(client=client, cells=priorities, seen=matrix_digest(registry_get(client)), user=user)
    return drift


def barred_of(registry: Registry, drift: Drift) -> dict[str, str]:
    """Why somebody may not apply what a file says, by metric: the board decides about it, or it names no owner there is."""
    people = set(Membership.objects.values_list("user__email", flat=True))
    found = {change.key: governed_of(registry, change) for change in drift.changed}
    found |= {filed.key: unproposed_of(filed) for filed in drift.added}
    owners = [change.filed for change in drift.changed if "owner" in change.fields] + list(drift.added)
    for filed in owners:
        if filed.owner and filed.owner not in people:
            found[filed.key] = found[filed.key] or owner_fault(filed)
    return {key: fault for key, fault in found.items() if fault}


def governed_of(registry: Registry, change: MetricDrift) -> str:
    """What of a change the board decides, and how it is asked; empty where it is nothing."""
    return governed_fault(registry.entries[change.key].metric, change.fields, status=change.filed.status)


def owner_fault(filed: FiledMetric) -> str:
    """That a file names an owner who is none of the client's people."""
    return (
        f"“{filed.key}” cannot belong to {filed.owner}: {filed.owner} is none of the client's people. "
        "Invite them first, or name somebody else"
    )


def names_check(client: Client, added: tuple[FiledMetric, ...]) -> None:
    """DefinitionError where a new metric has the name of another one."""
    registry = registry_get(client)
    for filed in added:
        name_check(registry, filed.key, filed.content)


def require_proposed(added: tuple[FiledMetric, ...]) -> None:
    """OutdatedError for a new metric that a file would put into use where a board decides about that."""
    for filed in added:
        if fault := unproposed_of(filed):
            raise OutdatedError(fault)


def unproposed_of(filed: FiledMetric) -> str:
    """That a board decides whether a new metric comes into use, where a file would put it there; else empty."""
    if not has_board() or filed.status in ("", MetricStatus.PROPOSED):
        return ""
    return f"the board decides whether “{filed.key}” comes into use: let the file propose it, then ask for it"


def registry_compare(*, client: Client, text: str, revision: str = "") -> Drift:
    """Hold a file against the registry without changing it. That it was done, of which revision, and what differs is in the
    log, from which the page of the file says when the two last agreed. DefinitionError for a file that cannot be used.
    """
    try:
        drift = drift_get(registry_get(client), metrics_read(text, client.currency))
    except MetricFileError as error:
        raise DefinitionError(str(error)) from error
    details = {
        "revision": revision, "added": [each.key for each in drift.added],
        "changed": [each.key for each in drift.changed], "lacking": len(drift.lacking),
        "fields": {each.key: [label for label, *_ in each.edits] for each in drift.changed},
    }  # fmt: skip
    audit.record("metrics.compared", object_type="metrics", object_id=client.slug, after=text, details=details)
    return drift


def added_as_changes(drift: Drift) -> list[MetricDrift]:
    """What new metrics have beside their content: owner and replacement."""
    return [
        MetricDrift(each.key, each.key, each, tuple(name for name in ("owner", "successor") if getattr(each, name)), ())
        for each in drift.added
    ]


def contents_apply(registry: Registry, changes: tuple[MetricDrift, ...], reason: str, user: Any) -> None:
    """New versions, checked together once all of them are there: several may only fit each other."""
    closed = newest_closed()
    months: dict[str, int | None] = {}
    for change in changes:
        entry = registry.entries[change.key]
        if not set(change.fields) & set(change.filed.content):
            continue
        if entry.metric.status == MetricStatus.RETIRED:
            raise DefinitionError(f"“{entry.name}” is retired: it is not changed any more")
        months[change.key] = month = first_month(registry, entry, closed)
        metric = Metric.objects.select_for_update(of=("self",)).get(pk=entry.metric.pk)
        version_keep(metric, entry.versions[-1], change.filed.content, month, reason=reason, user=user)
    after = registry_get(registry.client)
    for key, month in months.items():
        if after.entries[key].newest["name"] != registry.entries[key].newest["name"]:
            name_check(after, key, after.entries[key].newest)
        together_check(after, key, month)


def ground_check(registry: Registry, drift: Drift) -> None:
    """DefinitionError where what the file adds or changes is active, and built on what is not, once all of it is applied."""
    built = [change.key for change in drift.changed if {"formula", "status"} & set(change.fields)]
    for key in (*(each.key for each in drift.added), *built):
        if registry.entries[key].metric.status != MetricStatus.ACTIVE:
            continue
        try:
            standing_check(registry, key, MetricStatus.ACTIVE)
        except DefinitionError as error:
            raise DefinitionError(f"“{key}” cannot be active: {error}") from error


def first_month(registry: Registry, entry: Entry, closed: int | None) -> int | None:
    """From when a change may hold: the beginning for what is proposed, else the first month that is open and unchanged."""
    if entry.metric.status == MetricStatus.PROPOSED:
        return None
    newest = entry.versions[-1].month
    return max(registry.month, (closed or 0) + 1, (newest or 0) + 1)


def entry_apply(change: MetricDrift, reason: str, user: Any) -> None:
    """Status, replacement and owner of one metric."""
    metric = Metric.objects.get(key=change.key)
    if "status" in change.fields:
        wanted = (metric.status, change.filed.status)
        step = next((step for (before, step), after in STEPS.items() if (before, after) == wanted), "")
        if not step:
            able = " or ".join(after for (before, _), after in STEPS.items() if before == metric.status)
            then = f"Write {able}" if able else "It stays what it is"
            raise DefinitionError(
                f"“{change.key}” is {metric.status}, and cannot become {change.filed.status} at once. {then}"
            )
        successor = Metric.objects.filter(key=change.filed.successor).first() if change.filed.successor else None
        metric = metric_status_set(
            metric=metric, version=metric.version, step=step, reason=reason, successor=successor, user=user
        )
    elif "successor" in change.fields:
        raise DefinitionError(
            f"the replacement of “{change.key}” is named when it is deprecated. Take “successor:” away, or deprecate it with it"
        )
    if "owner" in change.fields:
        people = Membership.objects.filter(user__email=change.filed.owner).select_related("user")
        owner = next((row.user for row in people), None)
        if owner is None:
            raise DefinitionError(owner_fault(change.filed))
        metric_owner_set(metric=metric, version=metric.version, owner=owner, user=user)
