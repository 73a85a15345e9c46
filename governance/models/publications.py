"""A signed document that became the engine's policy."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from governance.models.signoff import Signoff
from metrics.models import PolicyVersion
from portal.tenancy.wall import TenantForeignKey, TenantModel


class PublicationMode(models.TextChoices):
    PROSPECTIVE = "prospective", "From that month on; closed months keep their numbers"
    RESTATING = "restating", "Closed months from that month on are restated"


class PublicationState(models.TextChoices):
    WORKING = "working", "Being carried out"
    DONE = "done", "Done"
    FAILED = "failed", "Not carried out in full"


class Publication(TenantModel):
    """When a signed document was made the policy, from which month, and how far its restatements are."""

    signoff = TenantForeignKey(Signoff, on_delete=models.PROTECT, related_name="publications")
    policy_version = TenantForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="+")
    mode = models.CharField(max_length=12, choices=PublicationMode.choices)
    from_month = models.IntegerField(help_text="Month ordinal")
    reason = models.TextField(blank=True, default="")
    state = models.CharField(max_length=10, choices=PublicationState.choices)
    message = models.TextField(blank=True, default="")
    restated_months = models.JSONField(default=list)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "signoff"], name="publication_once")]
        indexes: ClassVar = [models.Index(fields=["client", "policy_version"], name="publication_version")]

    def __str__(self) -> str:
        return f"{self.signoff} as {self.policy_version}"
