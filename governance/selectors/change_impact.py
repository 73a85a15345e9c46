"""What a change request would do: everything that its preview keeps. Reads only; runs in the client's scope.

`impact_of(client, request, tell=…) -> Impact` · `policy_asked(client, request) -> Policy` ·
`impact_moved(client, request) -> PolicyImpact`

`tell(step, percent)` hears how far it is. ImpactFault says what is missing where nothing can be computed at all; a single
figure that is missing is no fault: it stands in the result without a value, with the reason.
"""

import datetime as dt
from collections.abc import Callable
from typing import Any, Final

from governance.change_content import metric_drifted, metric_moved
from governance.change_impact import SHAPE, Impact, ImpactFault
from governance.change_impact_customers import customers_csv
from governance.metric_uses import read_get
from governance.models import ChangeKind, ChangeRequest
from governance.selectors.change_impact_metrics import (
    metric_change_rows,
    policy_metrics,
    read_rows,
    retire_rows,
    threshold_rows,
    unheld_reason,
)
from governance.selectors.change_impact_policy import (
    NO_CLOSED,
    NO_CUSTOMERS,
    book_part,
    closed_part,
    customers_part,
    headline_part,
)
from governance.selectors.change_impact_touched import Touching, touched_by, touched_row
from governance.selectors.registry import Registry, registry_get
from metrics.engine.policy import Policy, PolicyError
from metrics.selectors.month_ends import NoValue
from metrics.selectors.policies import policy_in_force
from metrics.selectors.policy_impact import PolicyImpact, Tell, policy_impact
from metrics.selectors.policy_impact_closed import closed_effect
from metrics.selectors.policy_impact_why import impact_customers
from portal.lib.dates import date_text
from portal.tenancy.clock import day_now
from portal.tenancy.models import Client

NOTHING: Final[dict[str, Any]] = {"month": None, "before": None, "after": None, "customers": 0, "reason": ""}


def impact_of(client: Client, request: ChangeRequest, tell: Tell | None = None) -> Impact:
    """What a request would do, of its content and the figures as they are now. ImpactFault."""
    say = tell or (lambda step, percent: None)
    part = KINDS[ChangeKind(request.kind)](client, request, say)
    file = part.pop("file", "")
    whole = {
        "shape": SHAPE,
        "kind": request.kind,
        "currency": client.currency,
        "is_restating": request.is_restating,
        "from_month": request.from_month,
        "headline": NOTHING,
        "book": None,
        "customers": NO_CUSTOMERS,
        "closed": NO_CLOSED,
        "metrics": [],
        "touched": [],
        "notes": [],
    }
    return Impact(whole | part, file)


def policy_asked(client: Client, request: ChangeRequest) -> Policy:
    """The policy in force with what a request asks for. ImpactFault where the engine refuses it."""
    try:
        return policy_in_force(client).with_(**request.content["parameters"])
    except PolicyError as error:
        raise ImpactFault(f"The policy that is asked for cannot be used: {error}. Change the request first.") from error


def impact_moved(client: Client, request: ChangeRequest, tell: Tell | None = None) -> PolicyImpact:
    """The numbers under both policies, with every customer. ImpactFault where there is nothing to compute from."""
    found = policy_impact(client, policy_asked(client, request), since=request.from_month, tell=tell)
    if isinstance(found, NoValue):
        raise ImpactFault(found.sentence)
    return found


def policy_part(client: Client, request: ChangeRequest, say: Tell) -> dict[str, Any]:
    """Changed parameters: the book, the customers, closed months, every metric that the books feed, and what shows them."""
    found = impact_moved(client, request, say)
    say("Explaining the customers that move most", 70)
    customers, file = impact_customers(found), customers_csv(found)
    say("Holding closed months against it", 80)
    closed = closed_effect(found, request.from_month, is_restating=request.is_restating)
    say("Computing the metrics", 85)
    registry = registry_get(client)
    metrics, before, after = policy_metrics(found, registry)
    say("Looking for what it touches", 95)
    touching = Touching(
        client,
        request.kind,
        parameters=found.changed,
        moved=tuple(each["key"] for each in metrics if each["moved"]),
        policies=(found.before.policy, found.after.policy),
        figures=tuple(metrics),
    )
    return {
        "headline": headline_part(found, customers.moved_at_end),
        "book": book_part(found),
        "customers": customers_part(customers, found.compared, file),
        "file": file,
        "closed": closed_part(closed),
        "metrics": metrics,
        "touched": touched_by(touching, registry, (before, after)),
    }


def metric_part(client: Client, request: ChangeRequest, say: Tell) -> dict[str, Any]:
    """A new or changed metric with everything downstream."""
    say("Computing the metric before and after", 30)
    registry, key = registry_get(client), request.content["key"]
    content = request.content["metric"]
    if request.kind == ChangeKind.METRIC_CHANGE:
        newest = known(registry, key).entries[key].versions[-1].content
        if drifted := metric_drifted(request, newest):
            raise ImpactFault(f"{drifted}: send it back, and write it anew on what is there now.")
        content = {**newest, **metric_moved(request)}  # as it is written when it takes effect
    metrics, before, after = metric_change_rows(client, registry, key, content)
    notes = (
        [] if metrics and metrics[0]["points"] else ["There are no numbers yet: import contracts to see its figures."]
    )
    say("Looking for what it touches", 80)
    touching = touching_of(client, request, key, metrics)
    return {"metrics": metrics, "touched": touched_by(touching, after.registry, (before, after)), "notes": notes}


def touching_of(client: Client, request: ChangeRequest, key: str, metrics: list[dict[str, Any]]) -> Touching:
    """What others have to know of a changed metric."""
    moved = tuple(each["key"] for each in metrics if each["moved"])
    return Touching(client, request.kind, moved=moved, metrics=(key,), figures=tuple(metrics))


def retire_part(client: Client, request: ChangeRequest, say: Tell) -> dict[str, Any]:
    """A metric that goes, beside its successor, with all that names it."""
    say("Computing the metric and what replaces it", 30)
    registry, content = registry_get(client), request.content
    key, successor = content["key"], content.get("successor") or ""
    metrics = retire_rows(client, known(registry, key), key, successor, content["sunset_on"])
    say("Looking for what names it", 70)
    users = [
        touched_row(
            "metric", registry.entries[name].name, "Its formula names the metric that goes.", "metric", key=name
        )
        for name in registry.named_from_now_on(key)
    ]
    touching = Touching(client, request.kind, metrics=(key,))
    day = date_text(dt.date.fromisoformat(content["sunset_on"]))
    notes = [
        f"Until {day} it is shown as it is, with a banner, and no figure of it changes. From the day after it is in no list."
    ]
    read = touched_row("use", registry.labels.get(key, key), read_get(key, day_now(client)).words, "metric", key=key)
    count = "1 metric names it: change it" if len(users) == 1 else f"{len(users)} metrics name it: change them"
    notes += [f"{count} first, to name what replaces it."] if users else []
    return {"metrics": metrics, "touched": [*touched_by(touching, registry), *users, read], "notes": notes}


def threshold_part(client: Client, request: ChangeRequest, say: Tell) -> dict[str, Any]:
    """Other thresholds: the figures stay, the months in which they ring differ."""
    say("Holding the months against the thresholds", 30)
    registry, key = registry_get(client), request.content["key"]
    metrics = threshold_rows(client, known(registry, key), key, request.content["thresholds"])
    touching = touching_of(client, request, key, metrics)
    notes = ["No figure moves: thresholds decide when one is worth a look or an alert."]
    if reason := unheld_reason(client, registry, key, request.content["thresholds"]):
        notes.append(f"In the newest month it could not be held against all of them: {reason}.")
    return {"metrics": metrics, "touched": touched_by(touching, registry), "notes": notes}


def rule_part(client: Client, request: ChangeRequest, say: Tell) -> dict[str, Any]:
    """A rule about quotas: the metrics that it reads, as they are."""
    say("Reading the metrics of the rule", 30)
    registry, keys = registry_get(client), request.content["metrics"]
    metrics = read_rows(client, registry, keys)
    touching = Touching(client, request.kind, metrics=tuple(keys))
    note = "No figure moves: the rule says how these figures are used for quotas or pay."
    return {"metrics": metrics, "touched": touched_by(touching, registry), "notes": [note]}


def known(registry: Registry, key: str) -> Registry:
    """The registry, if it has the metric. ImpactFault."""
    if key not in registry.entries:
        raise ImpactFault(f"There is no metric “{key}” any more: withdraw the request, or name another one.")
    return registry


KINDS: Final[dict[ChangeKind, Callable[[Client, ChangeRequest, Tell], dict[str, Any]]]] = {
    ChangeKind.POLICY: policy_part,
    ChangeKind.METRIC_NEW: metric_part,
    ChangeKind.METRIC_CHANGE: metric_part,
    ChangeKind.METRIC_RETIRE: retire_part,
    ChangeKind.THRESHOLD: threshold_part,
    ChangeKind.QUOTA_RULE: rule_part,
}
