"""Control figures: what somebody knows a metric must be, kept beside what the registry computes.

`control_save(client=, metric=, month=, expected=, tolerance=, side=, source=, user=)` · `control_remove(control=, user=)`.
Both run in the client's scope.
"""

from decimal import Decimal
from typing import Any

from governance.models import ControlFigure, ControlSide, Metric
from governance.services.problems import DefinitionError
from portal.lib.periods import month_format
from portal.tenancy import audit
from portal.tenancy.clock import database_time
from portal.tenancy.models import Client

LARGEST = Decimal(10) ** 17
MOST = 2000


def control_save(
    *, client: Client, metric: Metric, month: int, expected: Decimal, tolerance: Decimal, side: str, source: str,
    user: Any = None,
) -> ControlFigure:  # fmt: skip
    """Keep a control figure of a metric and month, in the place of an earlier one. DefinitionError names what is wrong."""
    if not (expected.is_finite() and tolerance.is_finite() and abs(expected) < LARGEST and 0 <= tolerance < LARGEST):
        raise DefinitionError("the figure and its tolerance are plain numbers, and a tolerance is not negative")
    if side not in ControlSide.values or not source.strip():
        raise DefinitionError("say where the figure comes from, and in which direction it may differ")
    Client.objects.select_for_update(no_key=True).get(pk=client.pk)
    earlier = ControlFigure.objects.filter(metric=metric, month=month).first()
    if earlier is None and ControlFigure.objects.count() >= MOST:
        raise DefinitionError(f"there are {MOST} control figures already: remove some first")
    row = earlier or ControlFigure(client=client, metric=metric, month=month)
    before = said(row) if earlier else None
    row.expected, row.tolerance, row.side, row.source = expected, tolerance, side, source.strip()[:200]
    row.by, row.at = user, database_time()
    row.save()
    audit.record(
        "metric.control_kept",
        object_type="metric",
        object_id=metric.key,
        before=before,
        after=said(row),
        details=said(row),
    )
    return row


def control_remove(*, control: ControlFigure, user: Any = None) -> None:
    """Take a control figure away; the audit log keeps what it was. Nothing happens where somebody was faster."""
    row = ControlFigure.objects.select_for_update(of=("self",)).select_related("metric").filter(pk=control.pk).first()
    if row is None:
        return
    before, key = said(row), row.metric.key
    row.delete()
    audit.record("metric.control_removed", object_type="metric", object_id=key, before=before, details=before)


def said(control: ControlFigure) -> dict[str, str]:
    """A control figure as text."""
    return {
        "month": month_format(control.month), "expected": f"{control.expected:f}", "tolerance": f"{control.tolerance:f}",
        "side": control.side, "source": control.source,
    }  # fmt: skip
