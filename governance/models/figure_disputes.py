"""Disputes: somebody says that a published figure is wrong, somebody looks into it, and what came of it is kept.

Not to be confused with definitions that are in question again after they were signed (`governance.selectors.disputes`).
"""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models

from governance.models.changes import ChangeRequest
from governance.models.registry import Metric
from metrics.figures import LOGO_CHURN as LOGO_CHURN_LABEL
from metrics.figures import RATE_LABELS
from metrics.models import ContractImport, MonthClose
from portal.tenancy.wall import TenantForeignKey, TenantModel


class DisputeState(models.TextChoices):
    RAISED = "raised", "Raised"
    INVESTIGATING = "looking", "Being looked into"
    STANDS = "stands", "The figure stands"
    CORRECTED = "corrected", "Corrected"
    WITHDRAWN = "withdrawn", "Withdrawn"


class DisputedFigure(models.TextChoices):
    """The figures of the ARR page; a metric is disputed by its key."""

    ENDING = "ending", "ARR"
    NET_NEW = "net_new", "Net new ARR"
    NEW = "new", "New"
    EXPANSION = "expansion", "Expansion"
    CONTRACTION = "contraction", "Contraction"
    CHURN = "churn", "Churn"
    REACTIVATION = "reactivation", "Reactivation"
    FX = "fx", "Exchange rates"
    NRR = "nrr", RATE_LABELS["nrr"]
    GRR = "grr", RATE_LABELS["grr"]
    LOGO_CHURN = "logo_churn", LOGO_CHURN_LABEL
    METRIC = "metric", "A metric"


def person(*, null: bool = False) -> "models.ForeignKey[Any, Any]":
    """Somebody who is named by a dispute."""
    return models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=null, related_name="+")


class FigureDispute(TenantModel):
    """One disputed figure. What may follow what is the table `governance.services.dispute_states`.

    `published` is what the page showed when it was raised (null: it had no value), `believed` what somebody holds against it.
    """

    number = models.PositiveIntegerField(help_text="Shown as D-3")
    figure = models.CharField(max_length=12, choices=DisputedFigure.choices)
    metric = TenantForeignKey(Metric, on_delete=models.PROTECT, null=True, related_name="+")
    recognition = models.CharField(max_length=10, help_text="Of which book")
    month = models.IntegerField()
    dimension = models.CharField(max_length=10, blank=True, default="", help_text="Empty: of all customers")
    group = models.CharField(max_length=200, blank=True, default="")
    customer = models.CharField(max_length=200, blank=True, default="", help_text="Of one customer alone")
    published = models.DecimalField(max_digits=24, decimal_places=6, null=True)
    published_text = models.CharField(max_length=60)
    believed = models.DecimalField(max_digits=24, decimal_places=6, null=True)
    reason = models.TextField()
    state = models.CharField(max_length=10, choices=DisputeState.choices, default=DisputeState.RAISED)
    raised_by = person()
    raised_at = models.DateTimeField()
    owner = person(null=True)
    outcome = models.TextField(blank=True, default="")
    correction_close = TenantForeignKey(MonthClose, on_delete=models.PROTECT, null=True, related_name="+")
    correction_import = TenantForeignKey(ContractImport, on_delete=models.PROTECT, null=True, related_name="+")
    correction_request = TenantForeignKey(ChangeRequest, on_delete=models.PROTECT, null=True, related_name="+")
    settled_by = person(null=True)
    settled_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "number"], name="dispute_number_once"),
            models.CheckConstraint(
                condition=models.Q(figure="metric", metric__isnull=False) | ~models.Q(figure="metric"),
                name="dispute_names_its_metric",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["client", "state"], name="dispute_by_state")]

    def __str__(self) -> str:
        return f"D-{self.number}"

    @property
    def is_open(self) -> bool:
        """Whether the figure is marked as disputed."""
        return self.state in (DisputeState.RAISED, DisputeState.INVESTIGATING)


class DisputeEvent(TenantModel):
    """One thing that happened to a dispute, or was said about it. Rows are never changed or removed."""

    dispute = TenantForeignKey(FigureDispute, on_delete=models.PROTECT, related_name="events")
    step = models.CharField(max_length=10, help_text="A step of the table, or comment, or attach")
    from_state = models.CharField(max_length=10, choices=DisputeState.choices)
    to_state = models.CharField(max_length=10, choices=DisputeState.choices)
    text = models.TextField(blank=True, default="")
    by = person()
    at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["id"]
        indexes: ClassVar = [models.Index(fields=["client", "dispute"], name="dispute_event_by_dispute")]

    def __str__(self) -> str:
        return f"{self.step}: {self.text}"


class DisputeEvidence(TenantModel):
    """What the engine said of the figure at that moment. Rows are never changed or removed."""

    dispute = TenantForeignKey(FigureDispute, on_delete=models.PROTECT, related_name="evidence")
    title = models.CharField(max_length=300)
    content = models.JSONField(help_text="governance.selectors.published_figures")
    sha256 = models.CharField(max_length=64)
    by = person()
    at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["id"]
        indexes: ClassVar = [models.Index(fields=["client", "dispute"], name="evidence_by_dispute")]

    def __str__(self) -> str:
        return self.title
