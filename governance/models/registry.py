"""The metric registry: what is measured, by which formula, since when, for whom, and everything that happened to it."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from portal.tenancy.wall import TenantForeignKey, TenantModel


class MetricStatus(models.TextChoices):
    PROPOSED = "proposed", "Proposed"
    ACTIVE = "active", "Active"
    DEPRECATED = "deprecated", "Deprecated"
    RETIRED = "retired", "Retired"


class MetricRole(models.TextChoices):
    """Whose eyes a metric is for: the columns of the KPI matrix."""

    CEO = "ceo", "CEO"
    CFO = "cfo", "CFO"
    CRO = "cro", "CRO"
    VP_SALES = "vp_sales", "VP Sales"
    VP_MARKETING = "vp_marketing", "VP Marketing"
    VP_SUCCESS = "vp_success", "VP CS"
    SALES_MANAGER = "sales_manager", "Sales manager"
    REP = "rep", "Representative"
    REVOPS = "revops", "RevOps"


class Priority(models.TextChoices):
    P0 = "P0", "P0, must be there"
    P1 = "P1", "P1, for the full launch"
    P2 = "P2", "P2, nice to have"


class Metric(TenantModel):
    """One entry of the registry: who answers for it, and its state. What it means and how it is computed is in its versions.

    `version` rises with every change, for writers who meet.
    """

    key = models.SlugField(max_length=60, help_text="Its name in formulas")
    position = models.PositiveIntegerField()
    status = models.CharField(max_length=10, choices=MetricStatus.choices, default=MetricStatus.PROPOSED)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    successor = TenantForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    sunset_on = models.DateField(null=True, help_text="The last day on which a deprecated metric is shown")
    feeds_pay = models.BooleanField(default=False, help_text="Whether quotas or pay are set by it")
    version = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["position", "id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "key"], name="metric_key_once")]

    def __str__(self) -> str:
        return str(self.key)


class MetricVersion(TenantModel):
    """What a metric means and how it is computed, from a month on. Rows are never changed or removed."""

    metric = TenantForeignKey(Metric, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    effective_month = models.IntegerField(null=True, help_text="Month ordinal; empty: from the beginning")
    content = models.JSONField(help_text="The fields of governance.metric_content")
    sha256 = models.CharField(max_length=64)
    reason = models.CharField(max_length=1000, blank=True, default="")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["metric_id", "number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "metric", "number"], name="metric_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.metric_id} v{self.number}"


class MetricHappening(models.TextChoices):
    STARTED = "started", "Copied from the library"
    PROPOSED = "proposed", "Proposed"
    VERSION = "version", "New version"
    STATUS = "status", "Status"
    OWNER = "owner", "Owner"
    PRIORITY = "priority", "Priorities"


class MetricEvent(TenantModel):
    """One line of a metric's update log. Rows are never changed or removed."""

    metric = TenantForeignKey(Metric, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=10, choices=MetricHappening.choices)
    text = models.CharField(max_length=400, help_text="What happened, as a sentence")
    reason = models.CharField(max_length=1000, blank=True, default="")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [models.Index(fields=["client", "metric"], name="metric_event_by_metric")]

    def __str__(self) -> str:
        return str(self.text)


class MetricPriority(TenantModel):
    """How much a metric matters to a role: one cell of the KPI matrix. An empty cell has no row."""

    metric = TenantForeignKey(Metric, on_delete=models.CASCADE, related_name="priorities")
    role = models.CharField(max_length=20, choices=MetricRole.choices)
    priority = models.CharField(max_length=2, choices=Priority.choices)

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "metric", "role"], name="metric_priority_once")
        ]

    def __str__(self) -> str:
        return f"{self.role}: {self.priority}"


class ControlSide(models.TextChoices):
    EITHER = "either", "May be higher or lower"
    HIGHER = "higher", "May only be higher"
    LOWER = "lower", "May only be lower"


class ControlFigure(TenantModel):
    """What somebody knows a metric must be in a month, from a source of their own: the registry is held against it."""

    metric = TenantForeignKey(Metric, on_delete=models.CASCADE, related_name="controls")
    month = models.IntegerField()
    expected = models.DecimalField(max_digits=24, decimal_places=6)
    tolerance = models.DecimalField(max_digits=24, decimal_places=6, default=0)
    side = models.CharField(max_length=6, choices=ControlSide.choices, default=ControlSide.EITHER)
    source = models.CharField(max_length=200, help_text="Where the figure comes from, as text")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["-month", "metric_id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "metric", "month"], name="control_once")]

    def __str__(self) -> str:
        return f"{self.metric_id} {self.month}"
