"""What the operations on the questionnaire of definitions take and answer."""

from typing import Any

from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers

from governance.models import Function
from metrics.api.fields import PersonField
from portal.tenancy.api_input import StrictSerializer


class QuestionnaireStartedSerializer(serializers.Serializer[Any]):
    """How many questions and terms were proposed."""

    definitions = serializers.IntegerField()


class RespondentSerializer(serializers.Serializer[Any]):
    """Somebody who answers, for one function or several."""

    id = serializers.IntegerField(source="pk")
    person = PersonField(source="user")
    name = serializers.CharField()
    functions = serializers.ListField(child=serializers.ChoiceField(Function.choices))
    questions = serializers.IntegerField(source="total", help_text="How many are theirs.")
    answered = serializers.IntegerField()
    objections = serializers.IntegerField(help_text="Of the answers, those that are a no or a proposal.")
    sees_figures = serializers.BooleanField(help_text="Whether a question shows them its worth in ARR.")
    asked_by = PersonField(source="asking.asked_by", default=None)
    asked_at = serializers.DateTimeField(source="asking.asked_at", default=None, allow_null=True)
    reminders = serializers.IntegerField(source="asking.reminders", default=0)


class RespondentsSerializer(serializers.Serializer[Any]):
    """Everybody who answers, by name."""

    respondents = RespondentSerializer(many=True)


class RespondentBody(StrictSerializer):
    """Who answers for which function."""

    email = serializers.EmailField(max_length=254, help_text="One of the client's people.")
    function = serializers.ChoiceField(Function.choices)
    sees_figures = serializers.BooleanField(
        required=False, default=None, allow_null=True,
        help_text="Whether questions show them their worth in ARR. Null: as it is, or as is usual for the function.",
    )  # fmt: skip


class RespondentRemovedSerializer(serializers.Serializer[Any]):
    """Who answers for nothing any more; the audit log keeps for what they did."""

    id = serializers.IntegerField()


SAM = OpenApiExample(
    "Sam answers for Sales",
    request_only=True,
    value={"email": "sam@example.com", "function": "sales", "sees_figures": False},
)
