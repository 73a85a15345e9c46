"""Closed months."""

import datetime as dt
from typing import Any

from rest_framework import serializers

from metrics.api.fields import EARLIEST, LATEST, AmountField, MonthField, PersonField
from metrics.api.serializers.numbers import BridgeRowSerializer
from metrics.api.serializers.questions import BasisParameters, split_field
from metrics.engine.lines import DIMENSIONS
from metrics.models import Recognition
from portal.lib.periods import month_of
from portal.tenancy.api_input import StrictSerializer


class CloseSerializer(serializers.Serializer[Any]):
    """One closing of a month; a later revision restates it and says why."""

    month = MonthField()
    basis = serializers.ChoiceField(Recognition.values, source="recognition")
    revision = serializers.IntegerField()
    reason = serializers.CharField(
        allow_blank=True, help_text="Why the month was restated; empty for the first revision."
    )
    policy_number = serializers.IntegerField(source="policy.number")
    input_hash = serializers.CharField(help_text="sha256 of lines, rates and policy.")
    content_hash = serializers.CharField(help_text="sha256 of the stored figures.")
    closed_at = serializers.DateTimeField()
    closed_by = PersonField()


class ClosedMonthSerializer(serializers.Serializer[Any]):
    """A closed month; `drift` is what the contracts say now, less what counts as reported."""

    month = MonthField()
    ending = AmountField(help_text="What counts as reported: the newest revision.")
    first_ending = AmountField(help_text="As it was reported first.")
    live_ending = AmountField(
        allow_null=True, help_text="As the contracts stand now, under the policy that the month was closed under."
    )
    drift = AmountField(allow_null=True)
    revisions = CloseSerializer(many=True)


class MonthsSerializer(serializers.Serializer[Any]):
    """Every closed month, the newest first, and the one that can be closed next."""

    next_month_to_close = MonthField(allow_null=True)
    results = ClosedMonthSerializer(many=True)


class ClosesSerializer(serializers.Serializer[Any]):
    """What a close or a restatement stored: ARR, CARR and LARR."""

    results = CloseSerializer(many=True)


class ReopenSerializer(StrictSerializer):
    """Why a closed month is restated."""

    reason = serializers.CharField(max_length=1000, help_text="It stands beside the restated figures for ever.")


class AsOfParameters(BasisParameters):
    """As of which day."""

    on = serializers.DateField(help_text="What was reported at the end of this day, where the client is.")
    by = split_field(DIMENSIONS)

    def validate_on(self, day: dt.date) -> dt.date:
        """No day outside the months that there are."""
        if not EARLIEST <= month_of(day) <= LATEST:
            raise serializers.ValidationError("Name a day between 1900 and 2199.")
        return day


class AsOfSerializer(serializers.Serializer[Any]):
    """What was reported for a month: the revision that stood then, and its rows."""

    close = CloseSerializer()
    by = serializers.CharField()
    rows = BridgeRowSerializer(many=True)
