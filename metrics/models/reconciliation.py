"""What people say about the reconciliation of two sources: which ids belong together, what is tolerated, what was found out."""

from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.db import models

from metrics.models.intake import Source
from metrics.models.lines import id_field
from portal.tenancy.wall import TenantForeignKey, TenantModel


class ReconciliationSetting(TenantModel):
    """Which two sources of a client have to agree, and how closely; one row, made when somebody first decides.

    A source that is empty is chosen by kind: the billing system (else the authoritative source) against the CRM (else another).
    """

    tolerance = models.DecimalField(max_digits=6, decimal_places=4, default=Decimal("0.0200"))
    red_flag = models.DecimalField(max_digits=6, decimal_places=4, default=Decimal("0.0500"))
    base = TenantForeignKey(Source, on_delete=models.PROTECT, null=True, related_name="+")
    other = TenantForeignKey(Source, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [models.UniqueConstraint(fields=["client"], name="reconciliation_setting_once")]


class AccountMapping(TenantModel):
    """A customer of a source that is, for reconciliation, the account of another id; several customers may be one account."""

    source = TenantForeignKey(Source, on_delete=models.PROTECT, related_name="+")
    customer_id = id_field()
    account_id = id_field()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["source_id", "customer_id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "source", "customer_id"], name="account_mapping_once")
        ]


class AccountExplanation(TenantModel):
    """Why an account differs between two sources at a month end, in somebody's words; `difference` is what they explained.

    It stands as long as the difference is that amount: a later change of the lines is not explained by it.
    """

    base = TenantForeignKey(Source, on_delete=models.PROTECT, related_name="+")
    other = TenantForeignKey(Source, on_delete=models.PROTECT, related_name="+")
    month = models.IntegerField(help_text="Month ordinal: year * 12 + month - 1")
    account_id = id_field()
    difference = models.DecimalField(max_digits=20, decimal_places=2)
    text = models.TextField()
    explained_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    explained_at = models.DateTimeField(auto_now=True)

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["client", "base", "other", "month", "account_id"], name="account_explanation_once"
            )
        ]
