"""What operations on teams and territories take and give."""

from typing import Any

from rest_framework import serializers

from metrics.api.fields import AmountField, MonthField, PersonField
from metrics.api.serializers.numbers import BookSerializer, MarkedSerializer, PeriodSerializer
from metrics.api.serializers.questions import BasisParameters, RangeParameters, grain_field
from metrics.engine.teams import NOT_ASSIGNED
from metrics.models import AssignmentKind
from metrics.services.assignments import LONGEST_GROUP, LONGEST_REASON, LONGEST_REP
from portal.tenancy.api_input import StrictSerializer
from portal.tenancy.api_paging import PageParameters

UNTIL_TEXT = "The first month without it; null: it goes on."


class AssignmentSerializer(serializers.Serializer[Any]):
    """That a representative belongs to a team or territory; `withdrawn_at` is set where it was wrong and does not count."""

    id = serializers.IntegerField()
    rep = serializers.CharField(help_text="As the contract lines write it.")
    kind = serializers.ChoiceField(choices=AssignmentKind.choices)
    group = serializers.CharField(help_text="The name of the team or territory.")

    def get_fields(self) -> dict[str, Any]:
        return {
            **super().get_fields(),
            "from": MonthField(source="first_month"),
            "until": MonthField(source="until_month", allow_null=True, help_text=UNTIL_TEXT),
            "created_by": PersonField(),
            "created_at": serializers.DateTimeField(),
            "withdrawn_at": serializers.DateTimeField(allow_null=True),
            "withdrawn_because": serializers.CharField(allow_blank=True),
        }


class AssignmentParameters(PageParameters):
    """Which assignments."""

    kind = serializers.ChoiceField(choices=AssignmentKind.choices, required=False)
    withdrawn = serializers.BooleanField(
        required=False, default=False, help_text="What was set aside as wrong, instead of what stands."
    )


class AssignmentBody(StrictSerializer):
    """Who belongs to what, from when on."""

    rep = serializers.CharField(max_length=LONGEST_REP, help_text="As the contract lines write it.")
    kind = serializers.ChoiceField(choices=AssignmentKind.choices)
    group = serializers.CharField(max_length=LONGEST_GROUP, help_text="The name of the team or territory.")
    until = MonthField(required=False, default=None, allow_null=True, help_text=UNTIL_TEXT)
    moves = serializers.BooleanField(
        required=False, default=False, help_text="What goes on in that month ends there first."
    )

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "from": MonthField(source="first", help_text="The first month of it.")}


class AssignmentEndBody(StrictSerializer):
    """When an assignment ends."""

    until = MonthField(help_text="The first month without it.")


class AssignmentWithdrawBody(StrictSerializer):
    """Why an assignment was wrong; the reason stays with it."""

    reason = serializers.CharField(max_length=LONGEST_REASON)


class AssignmentCorrectBody(AssignmentWithdrawBody):
    """What should have been said, whole, and why it was not."""

    group = serializers.CharField(max_length=LONGEST_GROUP, help_text="The name of the team or territory.")
    until = MonthField(required=False, default=None, allow_null=True, help_text=UNTIL_TEXT)

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "from": MonthField(source="first", help_text="The first month of it.")}


class TeamBridgeParameters(RangeParameters, BasisParameters):
    """Which bridge."""

    kind = serializers.ChoiceField(choices=AssignmentKind.choices)
    grain = grain_field()


class TeamRowSerializer(serializers.Serializer[Any]):
    """A period of a team: beginning + transfer_in + transfer_out + movements + fx + prior_period_adjustment = ending.

    Transfers are what moved with people, out negative. `group` is blank in totals.
    """

    period = serializers.CharField(source="period.key")
    group = serializers.CharField(allow_blank=True, help_text=f"Whoever has none stands under “{NOT_ASSIGNED}”.")
    beginning = AmountField()
    transfer_in = AmountField()
    transfer_out = AmountField()
    new = AmountField()
    expansion = AmountField()
    contraction = AmountField()
    churn = AmountField()
    reactivation = AmountField()
    fx = AmountField()
    prior_period_adjustment = AmountField(source="adjustment")
    ending = AmountField()
    customers_ending = serializers.IntegerField()
    state = serializers.ChoiceField(["live", "closed", "mixed"])


class TeamRowBesideSerializer(TeamRowSerializer):
    """A period of a team, and beside it what was first reported where a month of the period was restated."""

    as_reported = TeamRowSerializer(allow_null=True)


class TeamBridgeSerializer(MarkedSerializer):
    """The bridge by team or territory; `totals` has one row for each period, in which transfers cancel out."""

    book = BookSerializer(source="head")
    kind = serializers.ChoiceField(choices=AssignmentKind.choices)
    grain = serializers.CharField()
    periods = PeriodSerializer(many=True)
    groups = serializers.ListField(child=serializers.CharField())
    rows = TeamRowBesideSerializer(many=True)
    totals = TeamRowBesideSerializer(many=True)
