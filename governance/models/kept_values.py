"""What metrics were when a month was closed, and when somebody was told of them. These rows never change."""

from typing import ClassVar

from django.db import models

from governance.models.registry import Metric
from metrics.models import MonthClose
from portal.tenancy.wall import TenantForeignKey, TenantModel


class KeptValue(TenantModel):
    """A metric in a closed month, or in the quarter or year until its end, as it was computed when `close` was made.

    A restatement adds rows for the values that it moves, of its own month and of later ones that read it: the first row of a
    month is as reported, the newest as restated.
    """

    close = TenantForeignKey(MonthClose, on_delete=models.PROTECT, related_name="+")
    metric = TenantForeignKey(Metric, on_delete=models.PROTECT, related_name="+")
    grain = models.CharField(max_length=7, choices=[(grain, grain) for grain in ("month", "quarter", "year")])
    month = models.IntegerField(help_text="The last month of the period")
    version = models.PositiveIntegerField(null=True, help_text="The version of the metric that computed it")
    exact = models.TextField(blank=True, help_text="The value as a fraction, such as 3/7; empty where there was none")
    reason = models.TextField(blank=True, help_text="Why there was none")

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["client", "grain", "metric", "month", "close"], name="metric_value_kept_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.metric_id} {self.grain} {self.month}"


class AlertTold(TenantModel):
    """A metric of which somebody was told that it is beyond its alert threshold in a month, as it was then."""

    metric = TenantForeignKey(Metric, on_delete=models.PROTECT, related_name="+")
    month = models.IntegerField()
    version = models.PositiveIntegerField(help_text="The version of the metric, which has the threshold in words")
    exact = models.TextField(help_text="The value as a fraction, such as 3/7")
    threshold = models.CharField(max_length=40)  # a figure: where the threshold lay in the month
    told_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "metric", "month"], name="alert_told_once")]

    def __str__(self) -> str:
        return f"{self.metric_id} {self.month}"
