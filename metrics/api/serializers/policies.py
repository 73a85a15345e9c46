"""Versions of the ARR policy."""

from typing import Any

from rest_framework import serializers

from metrics.api.fields import PersonField
from metrics.engine.lines import CHARGE_TYPES
from metrics.engine.policy import CHOICES, OVERAGE_CHARGE_TYPE
from metrics.selectors.clauses import WHY
from portal.lib.currencies import current_codes
from portal.tenancy.api_input import StrictSerializer

MOST_MONTHS, MOST_DAYS, MOST_NUMBER = 120, 366, 2**31 - 1
COUNTABLE = [name for name in CHARGE_TYPES if name != OVERAGE_CHARGE_TYPE]


def choice(name: str) -> serializers.ChoiceField:
    return serializers.ChoiceField(CHOICES[name], help_text=WHY[name])


class WholeField(serializers.IntegerField):
    """A whole number that is written as one: 3, not "3"."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return super().to_internal_value(data)


class PolicyParametersSerializer(StrictSerializer):
    """Every rule of ARR that the client decides. All of them are needed."""

    reporting_currency = serializers.ChoiceField(sorted(current_codes()), help_text=WHY["reporting_currency"])
    recognition = choice("recognition")
    included_charge_types = serializers.ListField(
        child=serializers.ChoiceField(COUNTABLE), max_length=len(COUNTABLE), help_text=WHY["included_charge_types"]
    )
    minimum_term_months = WholeField(min_value=0, max_value=MOST_MONTHS, help_text=WHY["minimum_term_months"])
    overage = choice("overage")
    discounts = choice("discounts")
    fx = choice("fx")
    renewal_grace_days = WholeField(min_value=0, max_value=MOST_DAYS, help_text=WHY["renewal_grace_days"])
    reactivation_window_months = WholeField(
        min_value=0, max_value=MOST_MONTHS, allow_null=True, help_text=WHY["reactivation_window_months"]
    )
    customer_unit = choice("customer_unit")
    retention_fx = choice("retention_fx")


class ClauseSerializer(serializers.Serializer[Any]):
    """One parameter in plain language."""

    parameter = serializers.CharField()
    title = serializers.CharField()
    sentence = serializers.CharField()
    why_it_matters = serializers.CharField()


class PolicySerializer(serializers.Serializer[Any]):
    """A version of the policy; it never changes, and the newest one is in force."""

    number = serializers.IntegerField()
    parameters = PolicyParametersSerializer()
    note = serializers.CharField(allow_blank=True)
    sha256 = serializers.CharField()
    created_by = PersonField()
    created_at = serializers.DateTimeField()


class PolicyDetailSerializer(PolicySerializer):
    """A version with its clauses."""

    clauses = ClauseSerializer(many=True)


class PolicyPublishSerializer(StrictSerializer):
    """A new version."""

    parameters = PolicyParametersSerializer()
    note = serializers.CharField(required=False, default="", allow_blank=True, max_length=400)
    based_on = serializers.IntegerField(
        required=False, min_value=0, max_value=MOST_NUMBER,
        help_text="The version that was looked at: refused with 409 where a newer one is in force.",
    )  # fmt: skip
