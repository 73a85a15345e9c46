"""Versions of a client's ARR policy."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from portal.tenancy.wall import TenantModel


class PolicyVersion(TenantModel):
    """The parameters that decide what counts. A version never changes; the newest one is in force."""

    number = models.PositiveIntegerField()
    parameters = models.JSONField()
    note = models.CharField(max_length=400, blank=True, default="")
    sha256 = models.CharField(max_length=64)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "number"], name="policy_number_once")]

    def __str__(self) -> str:
        return f"Policy v{self.number}"
