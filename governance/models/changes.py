"""Requests to change what the numbers mean: what is asked for, what it would do, and everything that happened to it."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from governance.models.registry import Metric
from metrics.models import Recognition
from portal.tenancy.wall import TenantForeignKey, TenantModel


class ChangeKind(models.TextChoices):
    POLICY = "policy", "Policy"
    METRIC_NEW = "metric_new", "New metric"
    METRIC_CHANGE = "metric_change", "Changed metric"
    METRIC_RETIRE = "metric_retire", "Retirement of a metric"
    THRESHOLD = "threshold", "Thresholds of a metric"
    QUOTA_RULE = "quota_rule", "Quota rule"


class ChangeState(models.TextChoices):
    DRAFT = "draft", "Draft"
    SUBMITTED = "submitted", "Submitted"
    TRIAGE = "triage", "In triage"
    IMPACT = "impact", "Impact is computed"
    REVIEW = "review", "In review"
    NEEDS_CHANGES = "needs_changes", "Needs changes"
    APPROVED = "approved", "Approved"
    REJECTED = "rejected", "Rejected"
    SCHEDULED = "scheduled", "Scheduled"
    EFFECTIVE = "effective", "Effective"
    COMMUNICATED = "communicated", "Communicated"
    CLOSED = "closed", "Closed"
    WITHDRAWN = "withdrawn", "Withdrawn"


class Urgency(models.TextChoices):
    NORMAL = "normal", "In its turn"
    SOON = "soon", "Before the next close"
    NOW = "now", "At once"


class PreviewState(models.TextChoices):
    WORKING = "working", "Being computed"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


def person() -> models.ForeignKey:  # type: ignore[type-arg]
    """A person who is named by a request, if any."""
    return models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")


class ChangeRequest(TenantModel):
    """One thing that somebody wants changed. `content` has the shape of its kind (`governance.change_content`).

    `version` rises with every change, for writers who meet. `content_sha256` covers what people say yes or no to.
    `present` is what held when it was last written: shown beside what is asked for, and no part of it.
    """

    number = models.PositiveIntegerField(help_text="Shown as CR-7")
    kind = models.CharField(max_length=14, choices=ChangeKind.choices)
    state = models.CharField(max_length=14, choices=ChangeState.choices, default=ChangeState.DRAFT)
    title = models.CharField(max_length=120)
    rationale = models.TextField(blank=True, default="")
    content = models.JSONField()
    present = models.JSONField(default=dict)
    content_sha256 = models.CharField(max_length=64)
    is_restating = models.BooleanField(default=False)
    from_month = models.IntegerField(null=True, help_text="Month ordinal; empty in a draft")
    metric = TenantForeignKey(Metric, on_delete=models.PROTECT, null=True, related_name="+")
    is_emergency = models.BooleanField(default=False)
    urgency = models.CharField(max_length=6, choices=Urgency.choices, default=Urgency.NORMAL)
    requested_by = person()
    edited_by = person()
    owner = person()
    version = models.PositiveIntegerField(default=1)
    preview = TenantForeignKey("ChangePreview", on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField(auto_now=True)
    submitted_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    effective_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "number"], name="change_number_once")]
        indexes: ClassVar = [models.Index(fields=["client", "state"], name="change_by_state")]

    def __str__(self) -> str:
        return f"CR-{self.number}"


class ChangePreview(TenantModel):
    """What a request would do to the numbers, computed once. A row that is done is never changed.

    `content_sha256` and `stamp` say of which content and of which figures; `sha256` covers the result as it is shown.
    """

    request = TenantForeignKey(ChangeRequest, on_delete=models.CASCADE, related_name="previews")
    content_sha256 = models.CharField(max_length=64)
    stamp = models.CharField(max_length=64, help_text="Of the figures it was computed from")
    state = models.CharField(max_length=8, choices=PreviewState.choices, default=PreviewState.WORKING)
    progress = models.PositiveSmallIntegerField(default=0)
    step = models.CharField(max_length=120, blank=True, default="")
    result = models.JSONField(null=True)
    sha256 = models.CharField(max_length=64, blank=True, default="")
    effect_cents = models.BigIntegerField(
        null=True,
        help_text="The largest change of ARR in a month that the request changes, or the step with which the first begins",
    )
    effect_is_restated = models.BooleanField(
        default=False, help_text="Whether that is against what was reported of a closed month, which is restated"
    )
    effect_book = models.CharField(
        max_length=10, blank=True, default="", choices=Recognition.choices,
        help_text="Of which book, where what is restated is of another one than the own",
    )  # fmt: skip
    effect_is_step = models.BooleanField(default=False, help_text="Whether that is the step, a prior-period adjustment")
    effect_month = models.IntegerField(null=True, help_text="The month of that change; empty in previews made before")
    message = models.CharField(max_length=400, blank=True, default="", help_text="Why it failed, or what is missing")
    at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [models.Index(fields=["client", "request"], name="preview_by_change")]

    def __str__(self) -> str:
        return f"preview {self.pk} of {self.request_id}"


class PreviewCustomers(TenantModel):
    """Every customer that moves in a preview, as a file to take away: kept with the preview, and never changed.

    Apart from the preview, which is read by every page of its request.
    """

    preview = TenantForeignKey(ChangePreview, on_delete=models.PROTECT, related_name="+")
    rows = models.BinaryField(help_text="The CSV, deflated; the preview's result has the sha256 of it")

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "preview"], name="preview_customers_once")]

    def __str__(self) -> str:
        return f"customers of {self.preview_id}"


class ChangeEvent(TenantModel):
    """One line of a request's log: a step, or something said without one (both states the same). Never changed or removed."""

    request = TenantForeignKey(ChangeRequest, on_delete=models.PROTECT, related_name="events")
    step = models.CharField(max_length=14, help_text="A step of governance.services.change_states, or what was done")
    from_state = models.CharField(max_length=14, choices=ChangeState.choices)
    to_state = models.CharField(max_length=14, choices=ChangeState.choices)
    text = models.CharField(max_length=1000, blank=True, default="", help_text="What was said with it")
    content_sha256 = models.CharField(max_length=64, help_text="Of the request, afterwards")
    by = person()
    at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["id"]
        indexes: ClassVar = [models.Index(fields=["client", "request"], name="change_event_by_change")]

    def __str__(self) -> str:
        return f"{self.step}: {self.from_state} → {self.to_state}"
