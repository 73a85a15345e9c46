"""The metric registry: started from the library, changed by versions, moved from state to state.

- `registry_start(client=, user=)` — every shipped metric as the client's own
- `metric_add(client=, key=, content=, reason=, user=)` — a proposed one of the client's own
- `metric_version_add(metric=, version=, content=, effective_month=, reason=, user=)` — the only way to change what one means;
  change requests call it with what was approved
- `metric_status_set(metric=, version=, step=, successor=, reason=, user=)`
- `metric_owner_set(metric=, version=, owner=, user=)`

Whoever changes a metric says which `version` of it they saw. Changes of one client's registry come one after the other, because
formulas need each other. All run in the client's scope.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from governance.engine_formulas import formula_fault, retire_fault
from governance.library.metric_reader import FiledMetric, key_fault, library_metrics
from governance.metric_content import LABELS, Content, ContentError, content_clean
from governance.models import (
    Metric,
    MetricEvent,
    MetricHappening,
    MetricPriority,
    MetricStatus,
    MetricVersion,
)
from governance.selectors.board import has_board
from governance.selectors.registry import Registry, VersionShown, name_fault, registry_get
from governance.services.metric_states import next_status
from governance.services.problems import DefinitionError, OutdatedError, require_legible
from governance.thresholds import target_fault
from metrics.formula.check import formulas_check
from metrics.formula.nodes import names_of
from metrics.formula.parse import formula_parse
from metrics.measures import MEASURES
from metrics.selectors.closes import latest_closes
from metrics.selectors.measure_values import terms_of
from portal.lib.dates import month_text
from portal.lib.periods import month_format
from portal.tenancy import audit
from portal.tenancy.clock import database_time
from portal.tenancy.models import Client, Membership
from portal.webhooks.services.emitting import webhook_emit

MOST_METRICS = 300


def registry_lock(client: Client) -> None:
    """Let changes of this client's registry come one after the other."""
    Client.objects.select_for_update(no_key=True).get(pk=client.pk)


def metric_lock(metric: Metric, version: int) -> Metric:
    """The metric as it is now, locked with its registry; OutdatedError unless it is at the version that the person saw."""
    registry_lock(metric.client)
    locked: Metric = Metric.objects.select_for_update(of=("self",)).get(pk=metric.pk)
    if locked.version != version:
        raise OutdatedError
    return locked


# --- starting ---------------------------------------------------------------------------------------------------------


def registry_start(*, client: Client, user: Any = None) -> list[Metric]:
    """Copy every shipped metric into the client's registry; DefinitionError where that was done before.

    What can be computed from contract lines is active, what needs another source is proposed. Where a board decides what comes
    into use, all of them are proposed.
    """
    registry_lock(client)
    if Metric.objects.exists():
        raise DefinitionError("the registry of this client was started before")
    shipped = proposed_where_decided(library_metrics())
    metrics = metrics_store(shipped, client=client, user=user, kind=MetricHappening.STARTED)
    audit.record(
        "metrics.started", object_type="metrics", object_id=client.slug,
        after=[metric.content for metric in library_metrics()], details={"metrics": len(metrics)},
    )  # fmt: skip
    return metrics


def proposed_where_decided(added: tuple[FiledMetric, ...]) -> tuple[FiledMetric, ...]:
    """New metrics as they are stored: proposed, where a board decides what comes into use."""
    return tuple(replace(each, status=MetricStatus.PROPOSED) for each in added) if has_board() else added


def metrics_store(
    filed: tuple[FiledMetric, ...], *, client: Client, user: Any, kind: MetricHappening, reason: str = ""
) -> list[Metric]:
    """New metrics with their first versions, which hold from the beginning; the caller locked the registry and records it."""
    now = database_time()
    place = Metric.objects.count()
    formulas = {metric.key: metric for metric in filed}
    metrics = Metric.objects.bulk_create(
        Metric(client=client, key=each.key, position=place + number, status=each.status or first_status(each, formulas))
        for number, each in enumerate(filed, 1)
    )
    pairs = list(zip(metrics, filed, strict=True))
    MetricVersion.objects.bulk_create(
        MetricVersion(
            client=client, metric=metric, number=1, effective_month=None, content=each.content,
            sha256=audit.digest(each.content), reason=reason, by=user, at=now,
        )
        for metric, each in pairs
    )  # fmt: skip
    MetricPriority.objects.bulk_create(
        MetricPriority(client=client, metric=metric, role=role, priority=priority)
        for metric, each in pairs
        for role, priority in each.priorities.items()
    )
    MetricEvent.objects.bulk_create(
        MetricEvent(
            client=client,
            metric=metric,
            kind=kind,
            text=begun_text(kind, metric),
            reason=reason,
            by=user,
            at=now,
        )
        for metric in metrics
    )
    return metrics


def begun_text(kind: MetricHappening, metric: Metric) -> str:
    """The first line of a metric's log."""
    if kind == MetricHappening.PROPOSED and metric.status == MetricStatus.PROPOSED:
        return "Proposed."
    return f"{kind.label} as {metric.get_status_display().lower()}."


def first_status(metric: FiledMetric, others: Mapping[str, FiledMetric]) -> str:
    """Active where every measure below it is computed already, else proposed."""
    waiting, seen = [metric.key], set()
    while waiting:
        key = waiting.pop()
        for name in names_of(formula_parse(others[key].content["formula"])):
            if name in MEASURES and not MEASURES[name].reader:
                return MetricStatus.PROPOSED
            if name in others and name not in seen:
                seen.add(name)
                waiting.append(name)
    return MetricStatus.ACTIVE


def metric_add(*, client: Client, key: str, content: Mapping[str, Any], reason: str, user: Any = None) -> Metric:
    """Propose a metric of the client's own. DefinitionError names what is wrong with it."""
    registry_lock(client)
    if fault := key_fault(key):
        raise DefinitionError(f"the key {fault}")
    if not Metric.objects.exists():
        raise DefinitionError("start the registry first: what is shipped may say it already")
    if Metric.objects.filter(key=key).exists():
        raise DefinitionError(f"there is a metric “{key}” already; a key is never used twice")
    require_room(1)
    filed = FiledMetric(key, cleaned(content, client), {}, MetricStatus.PROPOSED)
    name_check(registry_get(client), key, filed.content)
    formula_check(key, filed.content)
    (metric,) = metrics_store(
        (filed,), client=client, user=user, kind=MetricHappening.PROPOSED, reason=required(reason)
    )
    together_check(registry_get(client), key, None)
    record(metric, "metric.proposed", None, filed.content, {"reason": reason})
    return metric


def require_room(more: int) -> None:
    """DefinitionError where so many more metrics are too many; what is retired counts, for its key is never used again."""
    if more and Metric.objects.count() + more > MOST_METRICS:
        raise DefinitionError(f"a registry has at most {MOST_METRICS} metrics, retired ones too: say it with fewer")


# --- changing ---------------------------------------------------------------------------------------------------------


def metric_version_add(
    *,
    metric: Metric,
    version: int,
    content: Mapping[str, Any],
    effective_month: int | None,
    reason: str,
    user: Any = None,
) -> MetricVersion:
    """What a metric means from a month on (None: from the beginning). Earlier versions stay in force before it.

    An active or deprecated metric is changed from an open month on, and never before an earlier change: months that were
    shown keep the version that computed them. DefinitionError for a bad content, a month that is closed, another formula of
    what the engine computes, and where nothing would change.
    """
    metric = metric_lock(metric, version)
    client = metric.client
    if metric.status == MetricStatus.RETIRED:
        raise DefinitionError("this metric is retired: it is not changed any more")
    registry = registry_get(client)
    entry = registry.entries[metric.key]
    settled, newest = cleaned(content, client), entry.versions[-1]
    if settled == newest.content:
        raise DefinitionError("nothing was changed")
    if settled["name"] != newest.content["name"]:
        name_check(registry, metric.key, settled)
    formula_check(metric.key, settled, newest.content["formula"])
    if metric.status != MetricStatus.PROPOSED:
        month_check(effective_month, newest.month, newest_closed())
    changed = registry.having(metric.key, settled, effective_month)
    together_check(changed, metric.key, effective_month, registry)
    if settled["formula"] != newest.content["formula"]:
        standing_check(changed, metric.key, metric.status)
    return version_keep(metric, newest, settled, effective_month, reason=required(reason), user=user)


def version_keep(
    metric: Metric, newest: VersionShown, settled: Content, effective_month: int | None, *, reason: str, user: Any
) -> MetricVersion:
    """Write a version that was checked, with its line in the update log and its audit entry; the metric is locked."""
    row = MetricVersion.objects.create(
        client=metric.client, metric=metric, number=newest.number + 1, effective_month=effective_month, content=settled,
        sha256=audit.digest(settled), reason=reason, by=user, at=database_time(),
    )  # fmt: skip
    metric.version += 1
    metric.save(update_fields=["version", "updated_at"])
    since = f"from {month_text(effective_month)}" if effective_month is not None else "from the beginning"
    fields = [LABELS[name] for name in settled if settled[name] != newest.content.get(name)]
    event_keep(
        metric, MetricHappening.VERSION, f"v{row.number}, {since}: {', '.join(fields)}.", reason=reason, user=user
    )
    record(
        metric, "metric.version_added", newest.content, settled,
        {"number": row.number, "effective_month": effective_month, "changed": fields, "reason": reason, "sha256": row.sha256},
    )  # fmt: skip
    month = month_format(effective_month) if effective_month is not None else None
    told = {"key": metric.key, "name": settled["name"], "number": row.number, "effective_month": month}
    webhook_emit(client=metric.client, event="metric.version", data={**told, "reason": reason, "sha256": row.sha256})
    return row


def formula_check(key: str, content: Content, present: str = "") -> None:
    """DefinitionError for another formula of a metric that the engine computes for pages."""
    if fault := formula_fault(key, content["formula"], present):
        raise DefinitionError(f"the formula of “{key}” {fault}")


def name_check(registry: Registry, key: str, content: Content) -> None:
    """DefinitionError for the name of another metric: nobody could tell the two apart."""
    if fault := name_fault(registry, key, content["name"]):
        raise DefinitionError(f"the name {fault}")


def newest_closed() -> int | None:
    """The newest month that is closed; None where none is."""
    return max((close.month for close in latest_closes()), default=None)


def restating_check(month: int) -> None:
    """DefinitionError unless a month is closed: there is nothing to restate from any other on."""
    if month in {close.month for close in latest_closes()}:
        return
    closed = newest_closed()
    tail = f"the newest closed month is {month_text(closed)}" if closed is not None else "no month is closed yet"
    raise DefinitionError(f"{month_text(month)} is not closed, and only what was reported can be restated: {tail}")


def month_check(month: int | None, newest: int | None, closed: int | None) -> None:
    """DefinitionError where a change would reach back into what was reported or decided."""
    if month is None:
        raise DefinitionError("say from which month it holds: what was shown before stays as it was computed")
    if newest is not None and month <= newest:
        raise DefinitionError(f"a change holds from {month_text(newest)} already: choose a later month")
    if closed is not None and month <= closed:
        raise DefinitionError(f"{month_text(month)} is closed: choose {month_text(closed + 1)} or a later month")


def together_check(registry: Registry, key: str, month: int | None, before: Registry | None = None) -> None:
    """DefinitionError where the registry could not be computed in any month from `month` on.

    With `before`, what could not be computed then either is passed over: the change is not to blame.
    """
    months = {each.month for entry in registry.entries.values() for each in entry.versions if each.month is not None}
    terms = terms_of(registry.client.currency)
    for at in sorted({registry.month, month or 0, *(each for each in months if each >= (month or 0))}):
        faults = formulas_check(registry.formulas_at(at), terms)
        if key in faults:
            raise DefinitionError(faults[key].message)
        if unfit := target_fault(key, registry.contents_at(at), registry.client.currency):
            raise DefinitionError(unfit)
        known = formulas_check(before.formulas_at(at), terms) if before is not None and faults else {}
        for other in sorted(faults.keys() - known.keys()):
            name, fault = registry.entries[other].name, faults[other]
            raise DefinitionError(f"“{name}” is built on it and could not be computed: {fault.message}")


def metric_status_set(
    *, metric: Metric, version: int, step: str, reason: str, successor: Metric | None = None, user: Any = None
) -> Metric:
    """Take a metric one step on (`metric_states.STEPS`); a deprecated one may name what replaces it.

    DefinitionError where others are still built on what is to be retired, and where what it is built on is not active itself.
    """
    metric = metric_lock(metric, version)
    after, before, reason = next_status(metric.status, step), metric.status, required(reason)
    registry = registry_get(metric.client)
    standing_check(registry, metric.key, after)
    if successor is not None and (successor.pk == metric.pk or successor.status == MetricStatus.RETIRED):
        raise DefinitionError("its replacement must be another metric that is not retired")
    metric.status = after
    metric.successor = successor if after in (MetricStatus.DEPRECATED, MetricStatus.RETIRED) else None
    metric.sunset_on = (
        None if after == MetricStatus.ACTIVE else metric.sunset_on
    )  # it came back: that day is called off
    metric.version += 1
    metric.save(update_fields=["status", "successor", "sunset_on", "version", "updated_at"])
    replacement = metric.successor.key if metric.successor else ""
    instead = f", replaced by {registry.entries[replacement].name}" if replacement else ""
    text = f"{MetricStatus(before).label} → {MetricStatus(after).label}{instead}."
    event_keep(metric, MetricHappening.STATUS, text, reason=reason, user=user)
    details = {"status": [before, after], "successor": replacement, "reason": reason}
    record(metric, "metric.status_changed", {"status": before}, {"status": after}, details)
    return metric


def standing_check(registry: Registry, key: str, after: str) -> None:
    """DefinitionError where a step would leave an active metric on ground that is not active, or take the ground away: that of
    another metric, or of a page.
    """
    if after == MetricStatus.RETIRED and (fault := retire_fault(key)):
        raise DefinitionError(f"“{registry.entries[key].name}” {fault}")
    if after == MetricStatus.RETIRED and (users := registry.named_from_now_on(key)):
        names = ", ".join(registry.entries[user].name for user in users)
        raise DefinitionError(f"{names} {'is' if len(users) == 1 else 'are'} built on it: change that first")
    if after != MetricStatus.ACTIVE:
        return
    below = [registry.entries[name] for name in registry.names_from_now_on(key) if name in registry.entries]
    waiting = [each.name for each in below if each.metric.status not in (MetricStatus.ACTIVE, MetricStatus.DEPRECATED)]
    if waiting:
        raise DefinitionError(
            f"it is built on {', '.join(waiting)}, which {'is' if len(waiting) == 1 else 'are'} not active"
        )


def metric_owner_set(*, metric: Metric, version: int, owner: Any, user: Any = None) -> Metric:
    """Say who of the client's people answers for a metric; None: nobody yet."""
    metric = metric_lock(metric, version)
    if owner is not None and not Membership.objects.filter(user=owner).exists():
        raise DefinitionError("the owner of a metric is one of the client's people")
    before = metric.owner
    if before == owner:
        raise DefinitionError("nothing was changed")
    metric.owner = owner
    metric.version += 1
    metric.save(update_fields=["owner", "version", "updated_at"])
    names = [each.get_full_name() if each else "nobody" for each in (before, owner)]
    event_keep(metric, MetricHappening.OWNER, f"Owner: {names[0]} → {names[1]}.", user=user)
    emails = [each.email if each else "" for each in (before, owner)]
    record(metric, "metric.owner_changed", {"owner": emails[0]}, {"owner": emails[1]}, {"owner": emails})
    return metric


# --- what all of them do ----------------------------------------------------------------------------------------------


def cleaned(content: Mapping[str, Any], client: Client) -> Content:
    """The content, settled; DefinitionError with its faults."""
    try:
        return content_clean(content, client.currency)
    except ContentError as error:
        raise DefinitionError(str(error)) from error


def required(reason: str) -> str:
    """The reason, which may not be empty."""
    if not reason.strip():
        raise DefinitionError("say why")
    require_legible(reason)
    return reason.strip()


def event_keep(metric: Metric, kind: MetricHappening, text: str, *, reason: str = "", user: Any = None) -> None:
    """Add a line to a metric's update log."""
    MetricEvent.objects.create(metric=metric, kind=kind, text=text[:400], reason=reason, by=user, at=database_time())


def record(metric: Metric, action: str, before: Any, after: Any, details: Mapping[str, Any]) -> None:
    """The audit entry of a change."""
    audit.record(action, object_type="metric", object_id=metric.key, before=before, after=after, details=details)
