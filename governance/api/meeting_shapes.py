"""What the API takes and gives about meetings of the board, and about what was decided alone."""

from typing import Any

from rest_framework import serializers

from governance.models import ChangeKind, ChangeState, ReviewState
from metrics.api.fields import AmountField, MonthField, PersonField
from portal.tenancy.api_input import StrictSerializer

LONGEST_NOTE, LONGEST_MINUTES, LONGEST_REASON = 4000, 20_000, 4000
MOST_PEOPLE = 100


class VersionBody(StrictSerializer):
    """The version that was read: 409 where somebody was faster, or the minutes are closed."""

    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1)


class MeetingSerializer(serializers.Serializer[Any]):
    """A meeting of the board."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    at = serializers.DateTimeField()
    requests = serializers.SerializerMethodField(help_text="Numbers of the requests of its agenda.")
    planned_by = PersonField()
    version = serializers.IntegerField(help_text="Send it with a change.")
    closed_at = serializers.DateTimeField(allow_null=True, help_text="When its minutes were closed.")
    sha256 = serializers.CharField(allow_blank=True, help_text="Of the minutes once they are closed.")

    def get_requests(self, meeting: Any) -> list[int]:
        return [int(entry["number"]) for entry in meeting.agenda]


class AgendaEntrySerializer(serializers.Serializer[Any]):
    """A request of the agenda, as it is now or, in closed minutes, as it was decided, and what was noted."""

    number = serializers.IntegerField()
    title = serializers.CharField()
    effect = AmountField(allow_null=True, help_text="On ARR; null where it moves none, or for whoever sees no numbers.")
    told = serializers.CharField(
        allow_blank=True,
        help_text="What becomes of its metric, or in how many months it rings; empty for the policy, or without numbers.",
    )
    content_sha256 = serializers.CharField()
    preview_sha256 = serializers.CharField(allow_blank=True)
    note = serializers.CharField(allow_blank=True)
    state = serializers.CharField(allow_blank=True, help_text="How it stands; once the minutes are closed, stood.")
    sentence = serializers.CharField(allow_blank=True, help_text="How the votes stand, or why none is taken.")


class AgendaNowEntrySerializer(serializers.Serializer[Any]):
    """A request that is before the board now, and how the votes on it stand."""

    number = serializers.IntegerField()
    title = serializers.CharField()
    kind = serializers.ChoiceField(ChangeKind.choices)
    from_month = MonthField(allow_null=True)
    is_restating = serializers.BooleanField()
    state = serializers.ChoiceField(
        ChangeState.choices, help_text="In review, or decided alone and still to be looked at."
    )
    effect = AmountField(
        allow_null=True,
        help_text="The largest change of ARR by which it is decided; null where it moves none or is not known, and for whoever "
        "sees no numbers.",
    )
    told = serializers.CharField(
        allow_blank=True,
        help_text="What becomes of its metric, or in how many months it rings; empty for the policy, or without numbers.",
    )
    outcome = serializers.ChoiceField(["open", "approved", "rejected", "stuck"])
    sentence = serializers.CharField(help_text="How the votes stand, and who is still needed.")
    content_sha256 = serializers.CharField()
    preview_sha256 = serializers.CharField(allow_blank=True)


class AgendaNowSerializer(serializers.Serializer[Any]):
    """Everything before the board, the largest effect first; an effect that is not known counts as the largest."""

    results = AgendaNowEntrySerializer(many=True)


class MeetingDetailSerializer(MeetingSerializer):
    """A meeting with its agenda and its minutes."""

    agenda = AgendaEntrySerializer(many=True, source="shown_agenda")
    attendance = serializers.ListField(child=serializers.CharField())
    minutes = serializers.CharField(allow_blank=True)


class MeetingPlanSerializer(StrictSerializer):
    """When the board meets. The agenda is everything that is before the board now."""

    title = serializers.CharField(max_length=120, required=False, default="Review board")
    at = serializers.DateTimeField(help_text="With its offset, such as 2030-05-02T14:00:00+02:00.")


class NoteSerializer(VersionBody):
    """What was said about a request."""

    note = serializers.CharField(max_length=LONGEST_NOTE, allow_blank=True)


class MinutesSerializer(VersionBody):
    """Who was there, and the rest of the minutes."""

    attendance = serializers.ListField(
        child=serializers.CharField(max_length=200), max_length=MOST_PEOPLE, required=False, default=list,
        help_text="Names of members of the board.",
    )  # fmt: skip
    minutes = serializers.CharField(max_length=LONGEST_MINUTES, required=False, default="", allow_blank=True)


class CancelledSerializer(serializers.Serializer[Any]):
    """That it is cancelled; the audit log keeps that it was planned."""

    id = serializers.IntegerField()


class ReviewSerializer(serializers.Serializer[Any]):
    """What one person decided alone, and what the board said of it afterwards."""

    number = serializers.IntegerField(source="request.number")
    title = serializers.CharField(source="request.title")
    by = PersonField(source="vote.user")
    reason = serializers.CharField()
    state = serializers.ChoiceField(ReviewState.choices)
    due_on = serializers.DateField()
    closed_at = serializers.DateTimeField(allow_null=True)
    outcome = serializers.CharField(source="closed_text", allow_blank=True)


class EmergencySerializer(StrictSerializer):
    """An approval by one person of exactly what `decision` gave, and why it cannot wait for the board."""

    reason = serializers.CharField(max_length=LONGEST_REASON)
    content_sha256 = serializers.CharField(max_length=64)
    preview_sha256 = serializers.CharField(max_length=64, allow_blank=True)
    statement = serializers.CharField(max_length=2000)
