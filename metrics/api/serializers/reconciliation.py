"""Reconciliation, exposure and sample contracts."""

from typing import Any

from rest_framework import serializers

from metrics.api.fields import AmountField, MonthField, RatioField
from metrics.engine.reconcile import STATES
from metrics.engine.reconcile_lines import REASONS
from metrics.selectors.clauses import TITLES
from metrics.selectors.reconciliation_figures import ABOVE, EXPLAINED, NONE, RED, WITHIN
from metrics.selectors.roll_up import PROPERTIES
from portal.tenancy.api_input import StrictSerializer

MOST_ACCOUNTS = 5000
MONTH_HELP = "Default: the newest of the book."


class NoValueSerializer(serializers.Serializer[Any]):
    """Why there is no figure."""

    code = serializers.CharField()
    sentence = serializers.CharField()


class ReconciliationParameters(StrictSerializer):
    """Which two sources at which month end."""

    month = MonthField(required=False, default=None, allow_null=True, help_text=MONTH_HELP)
    base = serializers.CharField(
        required=False, default="", max_length=80, help_text="Name of the source measured against. Default: as decided."
    )
    other = serializers.CharField(
        required=False, default="", max_length=80, help_text="Name of the source compared with it. Default: as decided."
    )
    state = serializers.ChoiceField([*STATES, EXPLAINED], required=False, default="", allow_blank=True)
    limit = serializers.IntegerField(required=False, default=500, min_value=1, max_value=MOST_ACCOUNTS)


class RollUpParameters(StrictSerializer):
    """At which month end."""

    month = MonthField(required=False, default=None, allow_null=True, help_text=MONTH_HELP)


class WaySerializer(serializers.Serializer[Any]):
    """One way to add ARR up, of so many parts. `difference` is what its total has more than ARR."""

    kind = serializers.ChoiceField(("lines", *PROPERTIES, "year", "months"))
    parts = serializers.IntegerField()
    total = AmountField(allow_null=True)
    difference = AmountField(allow_null=True)
    ties = serializers.BooleanField()
    reason = serializers.CharField(allow_blank=True)


class RollUpSerializer(serializers.Serializer[Any]):
    """ARR of a month end and every way to add it up; without ARR `reason` says why."""

    month = MonthField(allow_null=True)
    ending = AmountField(allow_null=True)
    ties = serializers.BooleanField()
    ways = WaySerializer(many=True)
    reason = serializers.CharField(allow_blank=True)


class ReasonSerializer(serializers.Serializer[Any]):
    """One cause of a difference; `amount` is what the other source has more because of it."""

    code = serializers.ChoiceField(REASONS)
    amount = AmountField()
    sentence = serializers.CharField()


class AccountSerializer(serializers.Serializer[Any]):
    """One account; an amount is null where the source has no line of it, and its reasons add up to the difference."""

    account = serializers.CharField()
    name = serializers.CharField()
    base = AmountField(allow_null=True)
    other = AmountField(allow_null=True)
    difference = AmountField()
    ratio = RatioField(allow_null=True, help_text="The difference as a share of the base.")
    state = serializers.ChoiceField([*STATES, EXPLAINED])
    reasons = ReasonSerializer(many=True)
    explanation = serializers.CharField(
        source="explanation.text",
        default=None,
        allow_null=True,
        help_text="What somebody wrote; it counts where the state is explained.",
    )
    explanation_id = serializers.IntegerField(
        source="explanation.pk", default=None, allow_null=True, help_text="To withdraw it by."
    )


class ReconciliationSerializer(serializers.Serializer[Any]):
    """Two sources at a month end; all figures are null where one has no value, with the reason."""

    month = MonthField(allow_null=True)
    base_source = serializers.CharField(source="base.name", default=None, allow_null=True)
    other_source = serializers.CharField(source="other.name", default=None, allow_null=True)
    currency = serializers.CharField()
    policy_number = serializers.IntegerField(allow_null=True)
    base_arr = AmountField(allow_null=True)
    other_arr = AmountField(allow_null=True)
    difference = AmountField(allow_null=True)
    variance = RatioField(allow_null=True, help_text="(other - base) / base.")
    level = serializers.ChoiceField([WITHIN, ABOVE, RED, NONE])
    tolerance = RatioField(source="levels.tolerance")
    red_flag = RatioField(source="levels.red_flag")
    sentence = serializers.CharField()
    reason = NoValueSerializer(allow_null=True)
    account_count = serializers.IntegerField(help_text="Of the asked state, also where the limit cuts the list.")
    accounts = AccountSerializer(many=True, help_text="The largest differences first.")


class ExposureParameters(StrictSerializer):
    """Which question at which month end."""

    parameter = serializers.ChoiceField(list(TITLES))
    month = MonthField(required=False, default=None, allow_null=True, help_text=MONTH_HELP)
    limit = serializers.IntegerField(required=False, default=10, min_value=1, max_value=1000)


class ChoiceSerializer(serializers.Serializer[Any]):
    """One choice of a parameter, and ARR under it."""

    value = serializers.JSONField()
    sentence = serializers.CharField()
    arr = AmountField(allow_null=True)
    reason = NoValueSerializer(allow_null=True)
    is_in_force = serializers.BooleanField()


class MovedSerializer(serializers.Serializer[Any]):
    """A customer whose ARR differs between the two choices that lie furthest apart."""

    customer = serializers.CharField()
    name = serializers.CharField()
    before = AmountField()
    after = AmountField()
    change = AmountField()


class ExposureSerializer(serializers.Serializer[Any]):
    """What a policy question is worth; `amount` is null with a reason where a choice cannot be valued."""

    parameter = serializers.CharField()
    title = serializers.CharField()
    month = MonthField(allow_null=True)
    currency = serializers.CharField()
    amount = AmountField(allow_null=True)
    reason = NoValueSerializer(allow_null=True)
    sentence = serializers.CharField()
    moves_arr = serializers.BooleanField()
    choices = ChoiceSerializer(many=True)
    first = ChoiceSerializer(allow_null=True)
    second = ChoiceSerializer(allow_null=True)
    moved_count = serializers.IntegerField()
    moved = MovedSerializer(many=True)


class SampleSerializer(serializers.Serializer[Any]):
    """One sample contract; `answer` is null with a reason where the engine has none."""

    contract = serializers.CharField(source="sample.contract_id")
    customer = serializers.CharField(allow_blank=True)
    name = serializers.CharField()
    month = MonthField(source="sample.month")
    expected = AmountField(source="sample.expected")
    answer = AmountField(allow_null=True)
    difference = AmountField(allow_null=True)
    agrees = serializers.BooleanField()
    reason = NoValueSerializer(allow_null=True)
    note = serializers.CharField(source="sample.note", allow_blank=True)
    clauses = serializers.ListField(child=serializers.CharField(), help_text="Parameters of the policy that decided.")


class SamplesSerializer(serializers.Serializer[Any]):
    """The sample contracts under the policy in force, and whether they agree."""

    agree = serializers.BooleanField(help_text="At least ten, and each to the cent.")
    sentence = serializers.CharField()
    currency = serializers.CharField()
    results = SampleSerializer(many=True)
