"""Changing a metric at once, on a page or by a program: where a board decides about it, by a request alone.

`metric_change(metric=, …)` · `metric_step(metric=, …)` · `require_ungoverned(metric, fields, status=)`. What a request puts
into force goes past them, to `governance.services.registry`. All run in the client's scope.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from governance.metric_content import LENGTHS
from governance.models import Metric, MetricStatus, MetricVersion
from governance.selectors.board import is_governed
from governance.services.problems import OutdatedError
from governance.services.registry import metric_status_set, metric_version_add


def require_ungoverned(metric: Metric, fields: Iterable[str], *, status: str = "") -> None:
    """OutdatedError where the board decides: on another content of a metric in use, and on the end of an active one."""
    if not is_governed(metric):
        return
    if set(fields) & set(LENGTHS):
        raise OutdatedError(f"“{metric.key}” is in use and the board decides about it: ask for its change")
    if "status" in fields and metric.status == MetricStatus.ACTIVE and status != MetricStatus.ACTIVE:
        raise OutdatedError("a metric that is in use ends by a request: ask for its retirement")


def metric_change(*, metric: Metric, content: Mapping[str, Any], **given: Any) -> MetricVersion:
    """A new version, as `metric_version_add` has it, where no board decides about the metric."""
    require_ungoverned(metric, LENGTHS)
    return metric_version_add(metric=metric, content=content, **given)


def metric_step(*, metric: Metric, **given: Any) -> Metric:
    """One step in a metric's life, as `metric_status_set` has it, where no board decides about the metric."""
    require_ungoverned(metric, ["status"])
    return metric_status_set(metric=metric, **given)
