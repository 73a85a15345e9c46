"""Why a number is what it is."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from metrics.api.fields import AmountField, ExactField, MonthField, OutField
from metrics.api.serializers.numbers import BookSerializer
from metrics.api.serializers.policies import ClauseSerializer
from metrics.figures import from_cents


@extend_schema_field(AmountField)
class CentsField(OutField):
    """An amount that the engine holds in cents."""

    def to_representation(self, value: int) -> str:
        return f"{from_cents(value):.2f}"


class RateUsedSerializer(serializers.Serializer[Any]):
    """The rate that values an amount; `day` is null for an average."""

    currency = serializers.CharField()
    rate = ExactField()
    day = serializers.CharField(allow_null=True)
    rule = serializers.CharField()


class AnnualValueSerializer(serializers.Serializer[Any]):
    """(amount − discount, if it is subtracted) × times ÷ divided_by, rounded once to cents: `value`."""

    amount = ExactField()
    discount = ExactField()
    discount_subtracted = serializers.BooleanField()
    basis = serializers.CharField()
    times = serializers.IntegerField()
    divided_by = serializers.IntegerField()
    value = CentsField(source="cents")


class WhyLineSerializer(serializers.Serializer[Any]):
    """One contract line: what it adds, from when until when it counts, what decided that, and where it came from."""

    line_id = serializers.CharField(source="explained.line_id")
    contract_id = serializers.CharField(source="explained.contract_id")
    product = serializers.CharField(source="explained.product", allow_null=True, allow_blank=True)
    charge_type = serializers.CharField(source="explained.charge_type")
    currency = serializers.CharField(source="explained.currency")
    annual_value = AnnualValueSerializer(source="explained.annual_value")
    recognised_on = serializers.CharField(source="explained.recognised_on", allow_null=True)
    counts_from = serializers.CharField(source="explained.counts_from", allow_null=True)
    from_rule = serializers.CharField(source="explained.from_rule", allow_null=True)
    counts_until = serializers.CharField(source="explained.counts_until", allow_null=True)
    until_rule = serializers.CharField(source="explained.until_rule", allow_null=True)
    why_not = serializers.CharField(
        source="explained.why_not",
        allow_null=True,
        help_text="Why it does not count at the month end; null where it does.",
    )
    continues = serializers.CharField(source="explained.continues", allow_null=True)
    continued_by = serializers.CharField(source="explained.continued_by", allow_null=True)
    contributed = AmountField(help_text="What it added at the month end before.")
    contributes = AmountField(help_text="What it adds at the month end.")
    rate_before = RateUsedSerializer(source="explained.rate_before", allow_null=True)
    rate_now = RateUsedSerializer(source="explained.rate_now", allow_null=True)
    clauses = serializers.ListField(
        child=serializers.CharField(), help_text="The parameters of the policy that decided; see `clauses` below."
    )
    source = serializers.CharField(source="source_name", allow_blank=True)  # type: ignore[assignment]
    file_name = serializers.CharField(allow_blank=True)
    source_row = serializers.IntegerField(allow_null=True)

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """The clauses by their parameters alone: their text stands once, under `clauses` of the whole."""
        shown = super().to_representation(instance)
        return shown | {"clauses": [clause.parameter for clause in instance.clauses]}


class ProductPartSerializer(serializers.Serializer[Any]):
    """One product's part of the figure."""

    product = serializers.CharField(allow_null=True, allow_blank=True)
    beginning = CentsField()
    organic = CentsField()
    fx = CentsField()
    ending = CentsField()


class WhySerializer(serializers.Serializer[Any]):
    """Lines, values, rates, rules and clauses behind one customer's figure; the lines' `contributes` add up to `ending`."""

    book = BookSerializer(source="head")
    customer = serializers.CharField()
    name = serializers.CharField()
    month = MonthField()
    policy_number = serializers.IntegerField(allow_null=True)
    kind = serializers.CharField(source="explanation.kind", allow_null=True, help_text="What the movement is, if any.")
    beginning = AmountField()
    organic = AmountField(help_text="The change at this month's rates.")
    fx = AmountField(help_text="The effect of exchange rates.")
    ending = AmountField()
    products = ProductPartSerializer(source="explanation.products", many=True)
    lines = WhyLineSerializer(many=True)
    clauses = ClauseSerializer(many=True)
