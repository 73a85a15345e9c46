"""Gates between phases: what must hold, who said so, and every decision about them."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from engagements.models.projects import EngagementRow, Phase
from portal.tenancy.wall import TenantForeignKey


class Gate(EngagementRow):
    """What must hold at the end of a phase."""

    phase = TenantForeignKey(Phase, on_delete=models.PROTECT, related_name="gates")
    name = models.CharField(max_length=200)
    output = models.TextField(blank=True, default="")
    go = models.TextField(blank=True, default="")
    back = models.TextField(blank=True, default="")
    early_needs = models.JSONField(default=list, help_text="Criteria that allow a start of the next phase in part")
    early_start = models.JSONField(default=list, help_text="What may begin before the gate opens")
    state = models.CharField(max_length=10, default="shut")
    planned_on = models.DateField(null=True, blank=True)

    class Meta(EngagementRow.Meta):
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "phase"], name="gate_of_phase_once")]

    def __str__(self) -> str:
        return self.name


class GateCriterion(EngagementRow):
    """One thing that must hold. A computed one is read from the system each time; the others are said by people."""

    gate = TenantForeignKey(Gate, on_delete=models.PROTECT, related_name="criteria")
    position = models.PositiveIntegerField()
    key = models.CharField(max_length=60)
    kind = models.CharField(max_length=10)
    text = models.CharField(max_length=600)
    check_key = models.CharField(max_length=60, blank=True, default="")
    said_at = models.DateTimeField(null=True)
    said_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    note = models.CharField(max_length=300, blank=True, default="")

    class Meta(EngagementRow.Meta):
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "gate", "key"], name="criterion_key_once")]


class DecisionKind(models.TextChoices):
    OPENED = "opened", "Opened"
    EARLY = "early", "Next phase begun in part"
    BACK = "back", "Looped back"
    OVERRIDDEN = "overridden", "Opened against its criteria"


class GateDecision(EngagementRow):
    """A decision about a gate with what was known then. It never changes."""

    gate = TenantForeignKey(Gate, on_delete=models.PROTECT, related_name="decisions")
    kind = models.CharField(max_length=10, choices=DecisionKind.choices)
    reason = models.TextField(blank=True, default="")
    seen = models.JSONField(default=list, help_text="Each criterion with its answer at that moment")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta(EngagementRow.Meta):
        ordering: ClassVar = ["-pk"]
