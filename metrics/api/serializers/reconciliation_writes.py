"""What people decide about two sources: explanations, mapped accounts, levels, and the sample contracts."""

from typing import Any

from rest_framework import serializers

from metrics.api.fields import AmountField, MonthField, PersonField, RatioField
from metrics.api.serializers.reconciliation import MONTH_HELP
from metrics.services.reconciliation import LARGEST, LONGEST_ID, LONGEST_TEXT
from metrics.services.samples import LONGEST_NOTE, MOST_SAMPLES
from portal.tenancy.api_input import StrictSerializer

LONGEST_SOURCE = 80
DECIDED = "Default: as decided."
BY_KIND = "Null: chosen by its kind."


def source_field(text: str, **kwargs: Any) -> serializers.CharField:
    """A source by its name."""
    return serializers.CharField(max_length=LONGEST_SOURCE, help_text=f"Name of the source {text}", **kwargs)


class ExplainBody(StrictSerializer):
    """Why an account differs. `difference` is what was shown: the explanation is of that amount and no other."""

    account = serializers.CharField(max_length=LONGEST_ID)
    difference = serializers.DecimalField(max_digits=20, decimal_places=2)
    text = serializers.CharField(max_length=LONGEST_TEXT)
    month = MonthField(required=False, default=None, allow_null=True, help_text=MONTH_HELP)
    base = source_field(f"measured against. {DECIDED}", required=False, default="", allow_blank=True)
    other = source_field(f"compared with it. {DECIDED}", required=False, default="", allow_blank=True)


class ExplanationSerializer(serializers.Serializer[Any]):
    """Why an account differs between two sources at a month end; it stands as long as `difference` is that."""

    id = serializers.IntegerField()
    account = serializers.CharField(source="account_id")
    month = MonthField()
    base_source = serializers.CharField(source="base.name")
    other_source = serializers.CharField(source="other.name")
    difference = AmountField()
    text = serializers.CharField()
    explained_by = PersonField()
    explained_at = serializers.DateTimeField()


class DecisionRemovedSerializer(serializers.Serializer[Any]):
    """What was taken away; the audit log keeps it."""

    id = serializers.IntegerField()


class AccountMappingBody(StrictSerializer):
    """Which customer of which source is which account. One that is mapped already is mapped anew."""

    source = source_field("that has the customer.")  # type: ignore[assignment]
    customer = serializers.CharField(max_length=LONGEST_ID, help_text="The id that this source uses.")
    account = serializers.CharField(max_length=LONGEST_ID, help_text="The id that the other source uses.")


class AccountMappingSerializer(serializers.Serializer[Any]):
    """A customer of a source that is, for reconciliation, the account of another id."""

    id = serializers.IntegerField()
    source = serializers.CharField(source="source.name")  # type: ignore[assignment]
    customer = serializers.CharField(source="customer_id")
    account = serializers.CharField(source="account_id")
    created_by = PersonField()
    created_at = serializers.DateTimeField()


class LevelsBody(StrictSerializer):
    """How closely which two sources have to agree, as ratios: 0.02 is 2 %."""

    tolerance = serializers.DecimalField(max_digits=5, decimal_places=4, min_value=0, max_value=LARGEST)
    red_flag = serializers.DecimalField(
        max_digits=5, decimal_places=4, min_value=0, max_value=LARGEST, help_text="Not below the tolerance."
    )
    base = source_field(f"measured against. {BY_KIND}", required=False, default=None, allow_null=True)
    other = source_field(f"compared with it. {BY_KIND}", required=False, default=None, allow_null=True)


class LevelsSerializer(serializers.Serializer[Any]):
    """How closely which two sources have to agree; a source is null where it is chosen by its kind."""

    tolerance = RatioField()
    red_flag = RatioField()
    base = serializers.CharField(source="base.name", default=None, allow_null=True)
    other = serializers.CharField(source="other.name", default=None, allow_null=True)


class SampleBody(StrictSerializer):
    """One sample contract: what Finance expects of it, in the reporting currency."""

    contract = serializers.CharField(max_length=LONGEST_ID)
    month = MonthField(help_text="The month end.")
    expected = serializers.DecimalField(max_digits=17, decimal_places=2, min_value=0)
    note = serializers.CharField(required=False, default="", allow_blank=True, max_length=LONGEST_NOTE)


class SamplesBody(StrictSerializer):
    """All sample contracts as they have to be: what is not named is removed."""

    samples = serializers.ListField(child=SampleBody(), max_length=MOST_SAMPLES)
