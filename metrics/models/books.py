"""The computed numbers that pages read: one book per client and recognition (ARR, CARR, LARR).

A book is derived: it can always be rebuilt from lines, rates and policy. It is patched when few customers change. Amounts
are in the reporting currency.
"""

from typing import Any, ClassVar

from django.db import models

from metrics.models.policies import PolicyVersion
from portal.tenancy.wall import TenantForeignKey, TenantModel


def amount_field() -> "models.DecimalField[Any, Any]":
    return models.DecimalField(max_digits=20, decimal_places=2, default=0)


class Recognition(models.TextChoices):
    START = "start", "ARR"
    SIGNED = "signed", "CARR"
    LIVE = "live", "LARR"


class BookState(models.TextChoices):
    EMPTY = "empty", "No contract lines yet"
    STALE = "stale", "Being recomputed"
    READY = "ready", "Ready"
    BLOCKED = "blocked", "Cannot be computed"


class ArrBook(TenantModel):
    """The state of one book: for which months, under which policy, from which input."""

    recognition = models.CharField(max_length=10, choices=Recognition.choices)
    state = models.CharField(max_length=10, choices=BookState.choices, default=BookState.EMPTY)
    policy = TenantForeignKey(PolicyVersion, on_delete=models.PROTECT, null=True, related_name="+")
    first_month = models.IntegerField(null=True, help_text="Month ordinal: year * 12 + month - 1")
    last_month = models.IntegerField(null=True)
    version = models.BigIntegerField(default=0, help_text="Grows with every rebuild and patch: the key of every cache")
    input_hash = models.CharField(max_length=64, blank=True, default="")
    gaps = models.JSONField(default=list, help_text="Missing rates: currency, day or month, lines that need it")
    message = models.TextField(blank=True, default="")
    built_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "recognition"], name="book_once")]


class BridgeRow(TenantModel):
    """One month of one group: the amounts tie, beginning + movements = ending."""

    dimension = models.CharField(max_length=10, help_text="total, segment, region, rep or product")
    group = models.CharField(max_length=200, blank=True, default="")
    month = models.IntegerField()
    beginning = amount_field()
    new = amount_field()
    expansion = amount_field()
    contraction = amount_field()
    churn = amount_field()
    reactivation = amount_field()
    fx = amount_field()
    ending = amount_field()
    customers_beginning = models.IntegerField(default=0)
    customers_new = models.IntegerField(default=0)
    customers_churned = models.IntegerField(default=0)
    customers_reactivated = models.IntegerField(default=0)
    customers_ending = models.IntegerField(default=0)

    class Meta(TenantModel.Meta):
        abstract = True


class BookBridge(BridgeRow):
    """The bridge of a book."""

    book = TenantForeignKey(ArrBook, on_delete=models.CASCADE, related_name="bridge")

    class Meta(BridgeRow.Meta):
        abstract = False
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "book", "dimension", "group", "month"], name="book_bridge_once")
        ]


class BookRetention(TenantModel):
    """Twelve-month retention at a month: over the customers with ARR twelve months before."""

    book = TenantForeignKey(ArrBook, on_delete=models.CASCADE, related_name="retention")
    dimension = models.CharField(max_length=10)
    group = models.CharField(max_length=200, blank=True, default="")
    month = models.IntegerField()
    base = amount_field()
    now = amount_field()
    kept = amount_field()
    customers_base = models.IntegerField(default=0)
    customers_kept = models.IntegerField(default=0)

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "book", "dimension", "group", "month"], name="book_retention_once")
        ]


class BookCohort(TenantModel):
    """What the customers whose first ARR fell in `cohort` have at `month`."""

    book = TenantForeignKey(ArrBook, on_delete=models.CASCADE, related_name="cohorts")
    cohort = models.IntegerField()
    month = models.IntegerField()
    arr = amount_field()
    customers = models.IntegerField(default=0)

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "book", "cohort", "month"], name="book_cohort_once")
        ]


class BookMovement(TenantModel):
    """One customer's movement in one month and product, exchange rates left out: what top movers and drills read."""

    book = TenantForeignKey(ArrBook, on_delete=models.CASCADE, related_name="movements")
    month = models.IntegerField()
    customer = models.CharField(max_length=200)
    product = models.CharField(max_length=200)
    kind = models.CharField(max_length=12)
    amount = amount_field()

    class Meta(TenantModel.Meta):
        indexes: ClassVar = [
            models.Index(fields=["client", "book", "month"], name="movement_by_month"),
            models.Index(fields=["client", "book", "customer"], name="movement_by_customer"),
        ]
