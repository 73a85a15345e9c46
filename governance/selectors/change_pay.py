"""Whether a change would move what people are paid by.

`pay_touched(request, registry=None) -> tuple[str, ...]` · `touches_pay(request) -> bool` ·
`open_on(metric) -> list[ChangeRequest]` · `emergency_fault(client) -> str` · `pay_waits(what) -> str`

Such a change holds from the next period at the earliest, unless both Sales and Finance say yes to it.
"""

from governance.board_words import joined
from governance.change_content import rule_name
from governance.models import ChangeKind, ChangeRequest, Metric, MetricStatus
from governance.selectors.changes import OPEN, quota_rules
from governance.selectors.registry import Entry, Registry, registry_get
from portal.tenancy.models import Client


def pay_named() -> set[str]:
    """The metrics that a quota rule in force reads."""
    return {key for rule in quota_rules().values() for key in rule["metrics"]}


def pay_touched(
    request: ChangeRequest, registry: Registry | None = None, named: set[str] | None = None
) -> tuple[str, ...]:
    """Names of the metrics that quotas or pay are set by and that a request would move; a quota rule's own name."""
    if request.kind == ChangeKind.QUOTA_RULE:
        return (rule_name(request.content["key"]),)
    registry = registry or registry_get(request.client)
    paying = paying_in(registry, pay_named() if named is None else named)
    if not paying:
        return ()
    if request.kind == ChangeKind.POLICY:
        return tuple(entry.name for entry in paying if registry.is_of_lines(entry.key))
    if request.kind == ChangeKind.METRIC_NEW or request.metric is None:
        return ()
    moved = {request.metric.key, *registry.built_on(request.metric.key)}
    return tuple(entry.name for entry in paying if entry.key in moved)


def paying_in(registry: Registry, named: set[str]) -> list[Entry]:
    """The metrics that quotas or pay are set by."""
    return [
        entry
        for key, entry in registry.entries.items()
        if (entry.metric.feeds_pay or key in named) and entry.metric.status != MetricStatus.RETIRED
    ]


def policy_pays(client: Client) -> tuple[str, ...]:
    """Names of the metrics that quotas or pay are set by and that another policy would move."""
    registry = registry_get(client)
    return tuple(entry.name for entry in paying_in(registry, pay_named()) if registry.is_of_lines(entry.key))


def emergency_fault(client: Client) -> str:
    """Why nobody publishes another policy alone, in force at once; empty where no quotas or pay are set by what it moves."""
    names = policy_pays(client)
    if not names:
        return ""
    feeds = "feeds" if len(names) == 1 else "feed"
    return (
        f"{', '.join(names)} {feeds} quotas or pay: ask for a change, which holds from the next period on, or at once with the "
        "yes of Sales and Finance; no emergency takes the place of these two"
    )


def open_on(metric: Metric) -> list[ChangeRequest]:
    """The open requests that would move a metric, whether or not quotas or pay are set by it; a new metric moves none."""
    registry = registry_get(metric.client)
    rows = ChangeRequest.objects.filter(state__in=OPEN).select_related("metric").order_by("number")
    return [row for row in rows if moves(row, metric.key, registry)]


def moves(request: ChangeRequest, key: str, registry: Registry) -> bool:
    """Whether a request would move the figures of a metric."""
    if request.kind == ChangeKind.POLICY:
        return registry.is_of_lines(key)
    if request.kind == ChangeKind.QUOTA_RULE:
        return key in request.content["metrics"]
    if request.kind == ChangeKind.METRIC_NEW or request.metric is None:
        return False
    return key == request.metric.key or key in registry.built_on(request.metric.key)


def pay_waits(what: str) -> str:
    """Why `what`, by which the periods of quotas and pay are counted, stays as it is: requests that touch these are open. Empty
    where none is.
    """
    rows = ChangeRequest.objects.filter(state__in=OPEN).select_related("client", "metric").order_by("number")
    waiting = [str(row) for row in rows if touches_pay(row)]
    if not waiting:
        return ""
    touch, are = ("touches", "is") if len(waiting) == 1 else ("touch", "are")
    return f"{joined(waiting)} {touch} quotas or pay and {are} open: {what} until that is in force, or withdrawn"


def touches_pay(request: ChangeRequest) -> bool:
    """Whether quotas or pay are set by something that a request would move."""
    return bool(pay_touched(request))
