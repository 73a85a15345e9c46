"""Monitors of data quality: what each found, what became of it, and how much it was day by day."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from metrics.models.lines import id_field
from metrics.quality_monitors import BY_CODE, MonitorSpec
from portal.tenancy.wall import TenantForeignKey, TenantModel


class QualityMonitor(TenantModel):
    """A monitor of `metrics.quality_monitors` as the client has set it, and how its last look went."""

    code = models.CharField(max_length=20)
    threshold = models.DecimalField(max_digits=14, decimal_places=2)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    days = models.PositiveSmallIntegerField(help_text="How long a finding may stay open")
    escalate_to = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    escalate_days = models.PositiveSmallIntegerField(help_text="Days after the deadline until it is told further up")
    looked_at = models.DateTimeField(null=True)
    look_asked_at = models.DateTimeField(null=True, help_text="When somebody asked for a look that is still to come")
    looked_month = models.IntegerField(null=True, help_text="The month end whose ARR is at stake")
    blind_because = models.CharField(max_length=300, blank=True, default="", help_text="Why nothing can be looked at")
    at_stake = models.DecimalField(max_digits=20, decimal_places=2, null=True)
    no_value_because = models.CharField(max_length=300, blank=True, default="")
    told_on = models.DateField(null=True, help_text="When people were last told of deadlines that had passed")

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "code"], name="quality_monitor_once")]

    def __str__(self) -> str:
        return self.spec.title

    @property
    def spec(self) -> MonitorSpec:
        """What it looks for."""
        return BY_CODE[self.code]


class FindingState(models.TextChoices):
    OPEN = "open", "Open"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"
    FIXED = "fixed", "Fixed"


class QualityFinding(TenantModel):
    """Something that a monitor found. It is fixed when the data no longer shows it, and open again when it comes back."""

    monitor = TenantForeignKey(QualityMonitor, on_delete=models.CASCADE, related_name="findings")
    subject = id_field(help_text="What it is about, the same at every look")
    title = models.CharField(max_length=200)
    detail = models.CharField(max_length=400, blank=True, default="")
    lines = models.IntegerField(help_text="How many contract lines it is about")
    line_ids = models.JSONField(default=list, help_text="The first of them")
    arr = models.DecimalField(max_digits=20, decimal_places=2, null=True, help_text="At stake, reporting currency")
    no_value_because = models.CharField(max_length=300, blank=True, default="")
    state = models.CharField(max_length=12, choices=FindingState.choices, default=FindingState.OPEN)
    first_seen_on = models.DateField()
    opened_on = models.DateField(help_text="When it was last opened")
    due_on = models.DateField()
    stage = models.PositiveSmallIntegerField(default=0, help_text="1: its deadline was told of; 2: told further up")
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    reason = models.CharField(max_length=400, blank=True, default="", help_text="Why it may stay for now")
    until = models.DateField(null=True, help_text="Until when it is acknowledged")
    fixed_on = models.DateField(null=True)

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "monitor", "subject"], name="quality_finding_once")
        ]
        indexes: ClassVar = [models.Index(fields=["client", "monitor", "state"], name="quality_finding_state")]

    def __str__(self) -> str:
        return self.title


class QualityEvent(TenantModel):
    """A line of a finding's history."""

    finding = TenantForeignKey(QualityFinding, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    kind = models.CharField(max_length=12)
    text = models.CharField(max_length=600)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [models.Index(fields=["client", "finding"], name="quality_event_of")]

    def __str__(self) -> str:
        return self.text


class QualityDay(TenantModel):
    """How much a monitor showed on a day: the last look of the day."""

    monitor = TenantForeignKey(QualityMonitor, on_delete=models.CASCADE, related_name="history")
    day = models.DateField()
    open_count = models.IntegerField()
    acknowledged_count = models.IntegerField()
    arr = models.DecimalField(max_digits=20, decimal_places=2, null=True)

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["day"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "monitor", "day"], name="quality_day_once")]

    def __str__(self) -> str:
        return f"{self.monitor} on {self.day}"
