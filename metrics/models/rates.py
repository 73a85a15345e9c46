"""A client's own exchange rates. A currency that has none here is valued by the European Central Bank's reference rates."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from portal.tenancy.wall import TenantForeignKey, TenantModel


class RateImport(TenantModel):
    """One file of rates that was loaded; or that all rates of `removed_currency` were taken away, then with their sha256."""

    file_name = models.CharField(max_length=255)
    file_sha256 = models.CharField(max_length=64)
    added_count = models.IntegerField(default=0)
    changed_count = models.IntegerField(default=0)
    unchanged_count = models.IntegerField(default=0)
    removed_currency = models.CharField(max_length=3, blank=True, default="")
    removed_count = models.IntegerField(default=0)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["-id"]


class FxRate(TenantModel):
    """Units of the reporting currency for one unit of `currency` on a day."""

    currency = models.CharField(max_length=3)
    day = models.DateField()
    rate = models.DecimalField(max_digits=22, decimal_places=10)
    rate_import = TenantForeignKey(RateImport, on_delete=models.PROTECT, related_name="rates")

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "currency", "day"], name="rate_once"),
            models.CheckConstraint(condition=models.Q(rate__gt=0), name="rate_positive"),
        ]


class RateChange(TenantModel):
    """A rate that a later file changed: what it was and what it became."""

    rate_import = TenantForeignKey(RateImport, on_delete=models.PROTECT, related_name="changes")
    currency = models.CharField(max_length=3)
    day = models.DateField()
    old = models.DecimalField(max_digits=22, decimal_places=10)
    new = models.DecimalField(max_digits=22, decimal_places=10)
    at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [models.Index(fields=["client", "currency", "day"], name="rate_change_by_day")]
