"""Closed months: what was reported, under which policy, from which input. These rows never change."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from metrics.engine.policy import Policy
from metrics.models.books import BridgeRow, Recognition, amount_field
from metrics.models.policies import PolicyVersion
from portal.tenancy.wall import TenantForeignKey, TenantModel


class MonthClose(TenantModel):
    """One closing of one month; a later one of the same month restates it and says why.

    Where the policy is another than that of the month before, or of the revision that is restated, `opening_before` and
    `ending_before` hold what that policy makes of the same contracts: the rest of the difference is corrected contracts.
    `ending_in_force` tells what the decision that restates moves from what earlier ones had moved and left alone.
    """

    recognition = models.CharField(max_length=10, choices=Recognition.choices)
    month = models.IntegerField()
    revision = models.PositiveIntegerField(default=1)
    restates = TenantForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    reason = models.TextField(blank=True, default="")
    policy = TenantForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="+")
    policy_parameters = models.JSONField()
    input_hash = models.CharField(max_length=64)
    content_hash = models.CharField(max_length=64, help_text="sha256 of the figures as they were stored")
    retention = models.JSONField(default=dict)
    opening_before = models.DecimalField(
        max_digits=20, decimal_places=2, null=True,
        help_text="What the month before ends with under the policy that it was closed under, on these contracts",
    )  # fmt: skip
    ending_before = models.DecimalField(
        max_digits=20, decimal_places=2, null=True,
        help_text="What this month ends with under the policy of the revision it restates, on these contracts",
    )  # fmt: skip
    ending_in_force = models.DecimalField(
        max_digits=20, decimal_places=2, null=True,
        help_text="What this month, restated, ends with under the version of the policy before its own, on these contracts",
    )  # fmt: skip
    closed_at = models.DateTimeField()
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["-month", "-revision"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "recognition", "month", "revision"], name="close_revision_once")
        ]

    @property
    def policy_then(self) -> Policy:
        """The policy that the month was closed under, for the basis of this close."""
        return Policy.from_dict(self.policy_parameters).with_(recognition=self.recognition)


class CloseBridge(BridgeRow):
    """The bridge of the month as it was closed, in total and by every dimension."""

    close = TenantForeignKey(MonthClose, on_delete=models.PROTECT, related_name="bridge")

    class Meta(BridgeRow.Meta):
        abstract = False
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "close", "dimension", "group"], name="close_bridge_once")
        ]


class CloseBalance(TenantModel):
    """Who had how much ARR when the month was closed."""

    close = TenantForeignKey(MonthClose, on_delete=models.PROTECT, related_name="balances")
    customer = models.CharField(max_length=200)
    product = models.CharField(max_length=200)
    currency = models.CharField(max_length=3)
    local_amount = amount_field()
    amount = amount_field()

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["client", "close", "customer", "product", "currency"], name="close_balance_once"
            )
        ]


class CloseDetail(TenantModel):
    """The month as it was closed, customer by customer: what its figures are of any customers and products.

    `cohorts` is the table of `metrics.services.close_details.cohort_table`, `movements` who moved, `customers` everything
    (`metrics.engine.detail`), packed. A close of before there was this table has none.
    """

    close = TenantForeignKey(MonthClose, on_delete=models.PROTECT, related_name="details")
    cohorts = models.BinaryField()
    movements = models.BinaryField()
    customers = models.BinaryField()

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "close"], name="close_detail_once")]
