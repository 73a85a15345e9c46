"""Changing a metric at once, on a page or by a program: where a board decides about it, by a request alone.

`metric_change(metric=, …)` · `metric_step(metric=, …)` · `require_ungoverned(metric, fields, status=)` ·
`governed_fault(metric, fields, status=) -> str` · `direct_steps(metric)`. What a request puts
into force goes past them, to `governance.services.registry`. All run in the client's scope.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from governance.engine_formulas import is_fixed
from governance.metric_content import LENGTHS
from governance.models import Metric, MetricStatus, MetricVersion
from governance.selectors.board import has_board, is_governed
from governance.services.metric_states import STEPS, steps_from
from governance.services.problems import OutdatedError
from governance.services.registry import metric_status_set, metric_version_add
from portal.lib.dates import date_text


def require_ungoverned(metric: Metric, fields: Iterable[str], *, status: str = "") -> None:
    """OutdatedError where the board decides: whether a metric comes into use, on another content of one that is in use, on the
    end of an active one, and on the day of an end that was asked for. `status` is the one that it would have.
    """
    if fault := governed_fault(metric, fields, status=status):
        raise OutdatedError(fault)


def governed_fault(metric: Metric, fields: Iterable[str], *, status: str = "") -> str:
    """What of these fields the board decides, and how it is asked; empty where somebody may change them at once."""
    if not has_board():
        return ""
    if "status" in fields and metric.status == MetricStatus.RETIRED:
        return f"“{metric.key}” is retired and does not come back: propose a metric with another key"
    if "status" in fields and status == MetricStatus.ACTIVE and metric.status != MetricStatus.ACTIVE:
        return f"the board decides whether “{metric.key}” comes into use: ask for it as a new metric"
    if not is_governed(metric):
        return ""
    if set(fields) & set(LENGTHS):
        return f"“{metric.key}” is in use and the board decides about it: ask for its change"
    if "status" in fields and metric.status == MetricStatus.ACTIVE and status != MetricStatus.ACTIVE:
        return "a metric that is in use ends by a request: ask for its retirement"
    if "status" in fields and metric.sunset_on is not None:
        return (
            f"it was decided that “{metric.key}” ends on {date_text(metric.sunset_on)}, and it does by itself: for an earlier "
            "day ask for its retirement"
        )
    return ""


def direct_steps(metric: Metric) -> list[str]:
    """The steps that somebody may take at once; what a board decides is asked for, and what pages show does not end."""
    steps = [step for step in steps_from(metric.status) if step != "retire" or not is_fixed(metric.key)]
    if not has_board():
        return steps
    if metric.status == MetricStatus.ACTIVE or metric.sunset_on is not None:
        return []
    return [step for step in steps if step != "activate"]


def metric_change(*, metric: Metric, content: Mapping[str, Any], **given: Any) -> MetricVersion:
    """A new version, as `metric_version_add` has it, where no board decides about the metric."""
    require_ungoverned(metric, LENGTHS)
    return metric_version_add(metric=metric, content=content, **given)


def metric_step(*, metric: Metric, step: str, **given: Any) -> Metric:
    """One step in a metric's life, as `metric_status_set` has it, where no board decides about the metric."""
    require_ungoverned(metric, ["status"], status=STEPS.get((metric.status, step), ""))
    return metric_status_set(metric=metric, step=step, **given)
