"""What the API takes and gives about the review board and its votes."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from governance.models import ChangeKind, Function, PayPeriod, ReviewState, VoteDecision
from metrics.api.fields import AmountField
from portal.tenancy.api_input import StrictSerializer

FUNCTION = {"choices": Function.choices}


class SeatSerializer(serializers.Serializer[Any]):
    """Somebody who sits on the board."""

    person = serializers.EmailField(source="user.email")
    name = serializers.CharField(source="user.get_full_name")
    function = serializers.ChoiceField(Function.choices)
    is_chair = serializers.BooleanField()
    since = serializers.DateField()


class RightSerializer(serializers.Serializer[Any]):
    """One row of the decision rights. `from_amount` is null for whoever sees no numbers of the whole company."""

    kind = serializers.CharField(help_text="A kind of change; empty: any.")
    from_amount = AmountField(allow_null=True)
    is_restating = serializers.BooleanField(help_text="Only where closed months are restated.")
    feeds_pay = serializers.BooleanField(help_text="Only where it touches what feeds quotas or pay.")
    functions = serializers.ListField(child=serializers.CharField(), help_text="Must say yes.")
    needs_chair = serializers.BooleanField()
    yes_count = serializers.IntegerField(help_text="How many must say yes in all.")
    quorum = serializers.IntegerField(help_text="How many must take part, abstentions counted.")
    sentence = serializers.CharField()
    warnings = serializers.ListField(child=serializers.CharField(), help_text="Why it can never be met.")


class OwedSerializer(serializers.Serializer[Any]):
    """A decision that one person took alone and the board has still to look at."""

    number = serializers.IntegerField(source="request.number")
    by = serializers.EmailField(source="vote.user.email")
    reason = serializers.CharField()
    due_on = serializers.DateField()
    state = serializers.ChoiceField(ReviewState.choices)


class BoardSerializer(serializers.Serializer[Any]):
    """The board as it is."""

    version = serializers.IntegerField(help_text="Send it back with a change; who comes second is told (409).")
    pay_period = serializers.ChoiceField(PayPeriod.choices, help_text="Months for which quotas and pay are set.")
    members = SeatSerializer(many=True)
    rights = RightSerializer(many=True)
    reviews = OwedSerializer(many=True)


class RightNewSerializer(StrictSerializer):
    """One row as it shall be."""

    kind = serializers.ChoiceField(["", *ChangeKind.values], default="", allow_blank=True)
    from_amount = serializers.DecimalField(max_digits=17, decimal_places=2, min_value=0, default=Decimal)
    is_restating = serializers.BooleanField(default=False)
    feeds_pay = serializers.BooleanField(default=False)
    functions = serializers.ListField(child=serializers.ChoiceField(Function.choices), default=list, max_length=6)
    needs_chair = serializers.BooleanField(default=False)
    yes_count = serializers.IntegerField(min_value=1, max_value=40, default=1)
    quorum = serializers.IntegerField(min_value=1, max_value=40, default=1)


class BoardNewSerializer(StrictSerializer):
    """The table of decision rights as a whole, in the place of the one before."""

    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    pay_period = serializers.ChoiceField(PayPeriod.choices)
    rights = RightNewSerializer(many=True, max_length=40)  # type: ignore[call-arg]


class VoteSerializer(serializers.Serializer[Any]):
    """A vote. One that is void is kept with its reason."""

    person = serializers.EmailField(source="user.email")
    function = serializers.CharField()
    is_chair = serializers.BooleanField()
    decision = serializers.ChoiceField(VoteDecision.choices)
    comment = serializers.CharField()
    is_emergency = serializers.BooleanField()
    content_sha256 = serializers.CharField()
    preview_sha256 = serializers.CharField()
    statement = serializers.CharField()
    auth_method = serializers.CharField()
    at = serializers.DateTimeField()
    voided_at = serializers.DateTimeField(allow_null=True)
    void_reason = serializers.CharField()


class VotesSerializer(serializers.Serializer[Any]):
    """Every vote on a request, in order."""

    number = serializers.IntegerField()
    votes = VoteSerializer(many=True)


class VoteNewSerializer(StrictSerializer):
    """A vote on exactly what `decision` gave: its two hashes and its statement."""

    decision = serializers.ChoiceField(VoteDecision.choices)
    comment = serializers.CharField(max_length=4000, default="", allow_blank=True, help_text="A no says why.")
    content_sha256 = serializers.CharField(max_length=64)
    preview_sha256 = serializers.CharField(max_length=64)
    statement = serializers.CharField(max_length=2000)


class DecisionSerializer(serializers.Serializer[Any]):
    """How a request stands before the board, and what the caller says with a vote on it (null where they may not vote)."""

    number = serializers.IntegerField()
    state = serializers.CharField()
    outcome = serializers.ChoiceField(
        ["open", "approved", "rejected", "stuck", "none"], help_text="None: not before the board (any more)."
    )
    sentence = serializers.CharField()
    needed = serializers.ListField(child=serializers.CharField())
    blocked = serializers.ListField(child=serializers.CharField())
    content_sha256 = serializers.CharField()
    preview_sha256 = serializers.CharField()
    statement = serializers.CharField(allow_null=True)
