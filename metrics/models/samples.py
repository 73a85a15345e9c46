"""Contracts of which Finance said what they are worth, so that a policy can be held against them."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from metrics.models.lines import id_field
from portal.tenancy.wall import TenantModel


class SampleContract(TenantModel):
    """A contract of the authoritative source, and the ARR that Finance expects of it at a month end.

    `expected` is in the client's reporting currency.
    """

    contract_id = id_field()
    month = models.IntegerField(help_text="Month ordinal: year * 12 + month - 1")
    expected = models.DecimalField(max_digits=20, decimal_places=2)
    note = models.CharField(max_length=400, blank=True, default="")
    updated_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["contract_id", "month"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "contract_id", "month"], name="sample_contract_once")
        ]
