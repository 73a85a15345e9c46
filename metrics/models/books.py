"""The computed numbers that pages read: one book per client and recognition (ARR, CARR, LARR).

A book is derived: it can always be rebuilt from lines, rates and policy. It is patched when few customers change, which is
why it is stored by group and not by month: a change of one contract touches few groups but every later month. A series is an
array with one place per month of its book, in integer cents of the reporting currency or in customers.
"""

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
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
    through_month = models.IntegerField(null=True, help_text="The last completed month when it was computed")
    retention_from = models.IntegerField(null=True, help_text="The first month whose retention can be valued")
    line_count = models.IntegerField(default=0, help_text="Lines at the last rebuild: what a patch is large against")
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


class BookSeries(TenantModel):
    """Bridge and retention of one group of one dimension, month by month; the total is the dimension `total` with group ``.

    `figures` is `metrics.packing.packed_series`: integers, one row per figure, one column per month of the book. What changed
    since is in `BookStep`.
    """

    book = TenantForeignKey(ArrBook, on_delete=models.CASCADE, related_name="series")
    dimension = models.CharField(max_length=10, help_text="total, segment, region, rep or product")
    group = models.CharField(max_length=200, blank=True, default="")
    figures = models.BinaryField()

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "book", "dimension", "group"], name="book_series_once")
        ]


class BookCohort(TenantModel):
    """What the customers whose first ARR fell in the month `cohort` have at each month of the book: cents, then customers."""

    book = TenantForeignKey(ArrBook, on_delete=models.CASCADE, related_name="cohorts")
    cohort = models.IntegerField()
    figures = models.BinaryField()

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "book", "cohort"], name="book_cohort_once")]


class BookMonth(TenantModel):
    """All movements of one month as the last rebuild found them: an Arrow file of customer, product, kind and cents.

    Exchange rates move balances without a movement, so the rows stay few. A customer that was patched since is read from
    `BookPatch` or `BookStep` instead.
    """

    book = TenantForeignKey(ArrBook, on_delete=models.CASCADE, related_name="months")
    month = models.IntegerField()
    movements = models.BinaryField()

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "book", "month"], name="book_month_once")]


class BookPatch(TenantModel):
    """All movements of one customer whose lines changed since the last rebuild: rows of month, product, kind and cents.

    Written by code that knows no `BookStep`, while a roll-out lasts: newer than any step of that customer, because a step
    takes this row away.
    """

    book = TenantForeignKey(ArrBook, on_delete=models.CASCADE, related_name="patches")
    customer = models.CharField(max_length=200)
    movements = models.JSONField()

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "book", "customer"], name="book_patch_once")]


class BookStep(TenantModel):
    """What a change of lines adds to the series of a book, or several changes together, until the book is rebuilt.

    `groups` and `cohorts` are `metrics.packing.packed_steps`; `newest` is what the total's figures change by in the last month.
    `movements` are those of every customer that the change reached, as in `BookPatch`; of several steps the latest holds.
    A trigger takes the steps of a book away with the series of its total: they mean nothing beside another base.
    """

    book = TenantForeignKey(ArrBook, on_delete=models.CASCADE, related_name="steps")
    groups = models.BinaryField()
    cohorts = models.BinaryField()
    newest = ArrayField(models.BigIntegerField())
    movements = models.JSONField()

    class Meta(TenantModel.Meta):
        indexes: ClassVar = [models.Index(fields=["client", "book"], name="book_step_by_book")]
