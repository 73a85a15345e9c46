"""Policy documents: all items of a client as they stood at a moment, numbered, immutable."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from portal.tenancy.wall import TenantModel


class PolicyDocument(TenantModel):
    """v0, v1, … and the final one. `content` is what is read, compared and signed; `sha256` is that of its canonical JSON."""

    number = models.PositiveIntegerField()
    is_final = models.BooleanField(default=False)
    content = models.JSONField()
    sha256 = models.CharField(max_length=64)
    note = models.CharField(max_length=400, blank=True, default="")
    meeting = models.CharField(max_length=200, blank=True, default="")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "number"], name="policy_document_once")]

    def __str__(self) -> str:
        return f"v{self.number}{' (final)' if self.is_final else ''}"
