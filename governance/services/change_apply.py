"""Putting the content of an approved request into force, kind by kind, through the services that everybody uses.

`apply_change(client=, request=, user=) -> Applied`. The caller has locked the books and the request, and has made sure that it
is approved exactly as it stands. Raises what those services raise where it cannot be done; then nothing is.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from governance.change_content import metric_drifted, metric_moved, policy_drifted, rule_drifted, rule_name
from governance.effect_words import source_of
from governance.engine_formulas import retire_fault
from governance.models import (
    ChangeKind,
    ChangeRequest,
    DefinitionItem,
    Metric,
    MetricHappening,
    MetricStatus,
    MetricVersion,
    SignedItem,
)
from governance.selectors.changes import quota_rules
from governance.selectors.registry import registry_get
from governance.services.items import item_settle
from governance.services.problems import DefinitionError
from governance.services.registry import (
    event_keep,
    metric_add,
    metric_lock,
    metric_status_set,
    metric_version_add,
    record,
    registry_lock,
)
from metrics.models import PolicyVersion
from metrics.selectors.policies import policy_in_force, policy_latest
from metrics.services.policies import policy_publish
from portal.lib.dates import date_text, month_text
from portal.tenancy.models import Client


@dataclass(frozen=True)
class Applied:
    """What a request put into force; `lapsed` names items with the people whose signatures under them lapsed."""

    policy_version: PolicyVersion | None = None
    metric_version: MetricVersion | None = None
    lapsed: tuple[dict[str, Any], ...] = ()


def apply_change(*, client: Client, request: ChangeRequest, user: Any) -> Applied:
    """Put it into force."""
    return KINDS[request.kind](client, request, user)


def apply_policy(client: Client, request: ChangeRequest, user: Any) -> Applied:
    """The parameters become a version of the policy, and the definitions that carry them say so, confirmed by the request.

    DefinitionError where one of them is no longer what the board was shown in its place.
    """
    wanted, newest, present = request.content["parameters"], policy_latest(), policy_in_force(client)
    require_undrifted(policy_drifted(request, present.to_dict()))
    how = "restating" if request.is_restating else "prospective"
    version = policy_publish(
        client=client, parameters=present.with_(**wanted).to_dict(), user=user, is_signed=True,
        note=f"{source_of(request)}; {how} from {month_text(request.from_month or 0)}"[:400],
        based_on=newest.number if newest else 0,
    )  # fmt: skip
    lapsed = []
    for item in DefinitionItem.objects.select_for_update().filter(parameter__in=wanted).order_by("position"):
        people = signers_of(item)
        item_settle(
            item=item, value=wanted[item.parameter], why=f"{request}: {request.rationale}", by=str(request),
            meeting="Review board", note=source_of(request), user=request.edited_by,
        )  # fmt: skip
        if people and item.value != wanted[item.parameter]:
            lapsed.append({"item": item.title, "key": item.key, "people": people})
    return Applied(policy_version=version, lapsed=tuple(lapsed))


def signers_of(item: DefinitionItem) -> list[str]:
    """Whose signatures stand under an item."""
    rows = SignedItem.objects.filter(item=item, lapsed_at=None).select_related("signature__signer__user")
    return sorted({row.signature.signer.user.get_full_name() for row in rows})


def apply_metric_new(client: Client, request: ChangeRequest, user: Any) -> Applied:
    """A metric of the client's own, active at once; one that was proposed already gets the content that was decided."""
    key, content, reason = request.content["key"], request.content["metric"], source_of(request)
    registry_lock(client)
    metric = Metric.objects.filter(key=key).first()
    if metric is None:
        metric = metric_add(client=client, key=key, content=content, reason=reason, user=user)
    elif registry_get(client).entries[key].newest != content:
        if metric.status != MetricStatus.PROPOSED:
            raise DefinitionError(f"the metric is {metric.get_status_display().lower()} now and says something else")
        metric_version_add(
            metric=metric, version=metric.version, content=content, effective_month=None, reason=reason, user=user
        )
        metric = Metric.objects.get(pk=metric.pk)
    metric_status_set(metric=metric, version=metric.version, step="activate", reason=reason, user=user)
    return Applied(metric_version=MetricVersion.objects.filter(metric=metric).order_by("number").last())


def apply_metric_fields(client: Client, request: ChangeRequest, user: Any) -> Applied:
    """One more version of the metric: the newest, with what the request moves and with nothing else.

    DefinitionError where something that it moves is no longer what the board was shown in its place: another request, or
    somebody by hand, would be undone.
    """
    metric = metric_of(request)
    newest = MetricVersion.objects.filter(metric=metric).order_by("-number").first()
    assert newest is not None
    drifted = metric_drifted(request, newest.content)
    require_undrifted(drifted and f"{drifted} (version {newest.number})")
    version = metric_version_add(
        metric=metric, version=metric.version, content=newest.content | metric_moved(request),
        effective_month=request.from_month, reason=source_of(request), user=user,
    )  # fmt: skip
    return Applied(metric_version=version)


def apply_metric_retire(client: Client, request: ChangeRequest, user: Any) -> Applied:
    """A metric is deprecated at once, and retired after its last day (`sunsets_due`); one that is deprecated gets its day.

    DefinitionError where it is neither active nor deprecated any more, what is to replace it is retired, or pages show it.
    """
    registry_lock(client)
    metric, name = metric_of(request), request.content["successor"]
    metric = metric_lock(metric, metric.version)
    if fault := retire_fault(metric.key):
        raise DefinitionError(f"“{metric.key}” {fault}: send it back")
    if metric.status not in (MetricStatus.ACTIVE, MetricStatus.DEPRECATED):
        raise DefinitionError(f"the metric is {metric.get_status_display().lower()} now: there is nothing to retire")
    successor = Metric.objects.filter(key=name).exclude(status=MetricStatus.RETIRED).first() if name else None
    if name and successor is None:
        raise DefinitionError(f"{name}, which is to replace it, is retired itself: send it back")
    reason = source_of(request)
    if metric.status == MetricStatus.ACTIVE:
        metric = metric_status_set(
            metric=metric, version=metric.version, step="deprecate", reason=reason, successor=successor, user=user
        )
    metric.successor = successor or metric.successor
    metric.sunset_on = dt.date.fromisoformat(request.content["sunset_on"])
    metric.version += 1
    metric.save(update_fields=["sunset_on", "successor", "version", "updated_at"])
    event_keep(
        metric,
        MetricHappening.STATUS,
        f"Is last shown on {date_text(metric.sunset_on)}, then retired.",
        reason=reason,
        user=user,
    )
    record(metric, "metric.sunset_set", None, metric.sunset_on, {"sunset_on": metric.sunset_on, "reason": reason})
    return Applied()


def apply_quota_rule(client: Client, request: ChangeRequest, user: Any) -> Applied:
    """The rule is the request's own text (`quota_rules`); the metrics that it reads are flagged as feeding quotas or pay.

    DefinitionError where the rule is no longer what the board was shown in its place.
    """
    require_undrifted(rule_drifted(request, quota_rules().get(request.content["key"], {})))
    for metric in Metric.objects.select_for_update(of=("self",)).filter(
        key__in=request.content["metrics"], feeds_pay=False
    ):
        metric.feeds_pay = True
        metric.version += 1
        metric.save(update_fields=["feeds_pay", "version", "updated_at"])
        text = f"Feeds quotas or pay by the rule “{rule_name(request.content['key'])}”."
        event_keep(metric, MetricHappening.STATUS, text, reason=source_of(request), user=user)
        record(metric, "metric.feeds_pay", False, True, {"feeds_pay": True, "rule": request.content["key"]})
    return Applied()


def require_undrifted(drifted: str) -> None:
    """DefinitionError where what a request moves is no longer what it was asked for in place of: somebody would be undone."""
    if drifted:
        raise DefinitionError(f"{drifted}: send it back, to decide on what is there now")


def metric_of(request: ChangeRequest) -> Metric:
    """The request's metric as it is now."""
    metric: Metric | None = Metric.objects.filter(pk=request.metric_id or 0).first()
    if metric is None:
        raise DefinitionError("the metric that it is about is not there any more")
    return metric


KINDS: Final[dict[str, Callable[[Client, ChangeRequest, Any], Applied]]] = {
    ChangeKind.POLICY: apply_policy,
    ChangeKind.METRIC_NEW: apply_metric_new,
    ChangeKind.METRIC_CHANGE: apply_metric_fields,
    ChangeKind.METRIC_RETIRE: apply_metric_retire,
    ChangeKind.THRESHOLD: apply_metric_fields,
    ChangeKind.QUOTA_RULE: apply_quota_rule,
}
