"""The registry held against control figures, and ARR held against itself by two sources. Runs in the client's scope.

`controls_list(values) -> list[Checked]` · `controls_read()` with `checked_by(values, control)` · `control_get(pk)` ·
`two_sources(values, month) -> Reconciliation`
"""

from dataclasses import dataclass
from fractions import Fraction

from django.db.models import QuerySet

from governance.models import ControlFigure, ControlSide
from governance.selectors.metric_values import MetricValues, Point
from metrics.selectors.reconciliation import reconciliation_get
from metrics.selectors.reconciliation_figures import Reconciliation


@dataclass(frozen=True)
class Checked:
    """A control figure beside what the registry says; `agrees` is None without a value. `difference` is registry − expected."""

    control: ControlFigure
    point: Point
    agrees: bool | None
    difference: Fraction | None


def agrees(difference: Fraction, tolerance: Fraction, side: str) -> bool:
    """Whether a difference is within its tolerance, on a side where it may be."""
    if (side == ControlSide.HIGHER and difference < 0) or (side == ControlSide.LOWER and difference > 0):
        return False
    return abs(difference) <= tolerance


def checked(control: ControlFigure, point: Point) -> Checked:
    """A control figure held against a value, both exact."""
    if point.exact is None:
        return Checked(control, point, None, None)
    difference = point.exact - Fraction(control.expected)
    return Checked(control, point, agrees(difference, Fraction(control.tolerance), control.side), difference)


def controls_list(values: MetricValues) -> list[Checked]:
    """Every control figure, the newest month first, those that differ before the others of a month."""
    found = [checked_by(values, row) for row in controls_read().order_by("-month", "metric__position")]
    return sorted(found, key=lambda each: (-each.control.month, each.agrees is not False))


def controls_read() -> QuerySet[ControlFigure]:
    """Control figures with their metrics."""
    return ControlFigure.objects.select_related("metric", "by")


def checked_by(values: MetricValues, control: ControlFigure) -> Checked:
    """A control figure held against the registry."""
    return checked(control, values.point(control.metric.key, control.month))


def control_get(pk: int) -> ControlFigure | None:
    """The control figure of that id."""
    found: ControlFigure | None = ControlFigure.objects.select_related("metric").filter(pk=pk).first()
    return found


def two_sources(values: MetricValues) -> Reconciliation:
    """ARR of the newest month by the two sources that are reconciled."""
    return reconciliation_get(values.client, values.months[1] if values.months else None)
