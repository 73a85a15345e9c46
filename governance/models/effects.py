"""What becomes of an approved request: when it takes effect, what it changed, and who was told and has read it."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from governance.models.changes import ChangeRequest
from governance.models.registry import MetricVersion
from metrics.models import PolicyVersion, Recognition
from portal.tenancy.wall import TenantForeignKey, TenantModel


class EffectState(models.TextChoices):
    WAITING = "waiting", "Waits for its month"
    BLOCKED = "blocked", "Something stands in the way"
    WORKING = "working", "Closed months are being restated"
    DONE = "done", "In effect"
    FAILED = "failed", "Not carried out in full"


class ChangeEffect(TenantModel):
    """One approved request on its way into force. `message` says what it waits for, or where it failed.

    `approved_cents` is what the board was shown that it does to ARR at `at_month`, `effect_cents` what it did on that day;
    where they differed, `accepted_cents` is what somebody had looked at and let pass. `before_cents` and `after_cents` are
    ARR at `at_month` under the old and the new definition, on the contracts of the day on which it took effect; where a
    restatement was decided by what it moves of a closed month, `before_cents` is what was reported of it, of the book
    `reported_of`.
    """

    request = TenantForeignKey(ChangeRequest, on_delete=models.PROTECT, related_name="effects")
    state = models.CharField(max_length=8, choices=EffectState.choices, default=EffectState.WAITING)
    content_sha256 = models.CharField(max_length=64, help_text="Of the request as it was approved")
    message = models.CharField(max_length=600, blank=True, default="")
    at_month = models.IntegerField(null=True, help_text="The month end at which the effect is measured")
    reported_of = models.CharField(max_length=10, blank=True, default="", choices=Recognition.choices)
    approved_cents = models.BigIntegerField(null=True)
    found_cents = models.BigIntegerField(null=True, help_text="What it would do, where that is not what was approved")
    accepted_cents = models.BigIntegerField(null=True)
    accepted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    before_cents = models.BigIntegerField(null=True)
    after_cents = models.BigIntegerField(null=True)
    lines_changed = models.PositiveIntegerField(default=0, help_text="Contract lines that changed since the preview")
    policy_version = TenantForeignKey(PolicyVersion, on_delete=models.PROTECT, null=True, related_name="+")
    metric_version = TenantForeignKey(MetricVersion, on_delete=models.PROTECT, null=True, related_name="+")
    restated_months = models.JSONField(default=list)
    lapsed = models.JSONField(default=list, help_text="[{item, people}]: signatures that lapsed with it")
    scheduled_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    scheduled_at = models.DateTimeField()
    begun_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "request"], name="change_effect_once")]
        indexes: ClassVar = [
            models.Index(fields=["client", "policy_version"], name="change_effect_version"),
            models.Index(fields=["client", "state"], name="change_effect_by_state"),
        ]

    def __str__(self) -> str:
        return f"effect of {self.request}"

    @property
    def effect_cents(self) -> int | None:
        """What it did to ARR at `at_month`; None before it took effect, and where it moves no money."""
        if self.before_cents is None or self.after_cents is None:
            return None
        return int(self.after_cents - self.before_cents)


class ChangeReceipt(TenantModel):
    """One person who has to know of a change that took effect: when they were told, and when they opened it."""

    request = TenantForeignKey(ChangeRequest, on_delete=models.PROTECT, related_name="receipts")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=200, help_text="Why they have to know")
    told_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "request", "user"], name="change_receipt_once")
        ]

    def __str__(self) -> str:
        return f"{self.user} of {self.request}"
