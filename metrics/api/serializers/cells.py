"""The customers behind a cell of the bridge, and a customer's moves."""

from typing import Any

from rest_framework import serializers

from metrics.api.fields import AmountField, MonthField
from metrics.api.serializers.numbers import BookSerializer, PeriodSerializer


class PartSerializer(serializers.Serializer[Any]):
    """A part of a figure another way: an `amount` in a column of money, a `count` in a column of customers."""

    amount = AmountField(allow_null=True)
    count = serializers.IntegerField(allow_null=True)


class CellCustomerSerializer(serializers.Serializer[Any]):
    """A customer behind a cell: an `amount` in a column of money, a `count` in a column of customers; 0 of who has a part in
    the cell only as it was reported first, or by the contracts of now.
    """

    customer = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.CharField(
        allow_null=True, allow_blank=True, help_text="What the customer's movement is, if any."
    )
    amount = AmountField(allow_null=True)
    count = serializers.IntegerField(allow_null=True)
    as_reported = PartSerializer(allow_null=True, help_text="As it was reported first; null where the cell has none.")
    now = PartSerializer(allow_null=True, help_text="By the contracts of now; null where the cell has none.")


class CloseOfSerializer(serializers.Serializer[Any]):
    """One close that a figure is made of."""

    month = MonthField()
    revision = serializers.IntegerField()
    policy_number = serializers.IntegerField(source="policy")


class CellSerializer(serializers.Serializer[Any]):
    """The customers behind a cell of the bridge, the largest first; together they are the cell exactly.

    As `view=reported` they are those of the `closes` of its months, and in `open_months` those of the contracts of now.
    """

    book = BookSerializer()
    period = PeriodSerializer()
    by = serializers.CharField()
    group = serializers.CharField(allow_blank=True)
    column = serializers.CharField()
    amount = AmountField(allow_null=True)
    count = serializers.IntegerField(allow_null=True)
    customer_count = serializers.IntegerField(
        help_text="How many customers there are, of whom `customers` has the first."
    )
    customers = CellCustomerSerializer(many=True)
    as_reported = PartSerializer(
        allow_null=True, help_text="The cell as it was reported first, where one of its months was restated, and kept."
    )
    now = PartSerializer(allow_null=True, help_text="The cell by the contracts of now, where a close has a part in it.")
    closes = CloseOfSerializer(many=True, help_text="The closes that it is made of.")
    open_months = serializers.ListField(child=MonthField(), help_text="Its months that are as the contracts stand now.")
    note = serializers.CharField(
        allow_blank=True,
        help_text="Why a cell of closed months has the customers of now and may not be the reported figure; else empty.",
    )


class MoveSerializer(serializers.Serializer[Any]):
    """What moved in one month; `kind` is the column of the bridge, and of amount and count the other one is null."""

    month = MonthField()
    kind = serializers.CharField()
    state = serializers.ChoiceField(
        ["closed", "live"], help_text="As the month was closed, or as the contracts stand now."
    )
    amount = AmountField(allow_null=True)
    count = serializers.IntegerField(allow_null=True)


class MovesSerializer(serializers.Serializer[Any]):
    """A customer's part of a figure over several months, month by month; the moves add up to it exactly."""

    book = BookSerializer(source="head")
    customer = serializers.CharField()
    name = serializers.CharField()
    by = serializers.CharField(source="dimension")
    group = serializers.CharField(allow_blank=True)
    column = serializers.CharField()
    amount = AmountField(allow_null=True)
    count = serializers.IntegerField(allow_null=True)
    moves = MoveSerializer(many=True)
    as_reported = PartSerializer(
        allow_null=True, help_text="The sum as it was reported first, where a month was restated."
    )
    now = PartSerializer(
        allow_null=True, help_text="The sum by the contracts of now, where a month is as it was closed."
    )
    note = serializers.CharField(
        allow_blank=True, help_text="Which closed months are as the contracts stand now, and why; else empty."
    )
