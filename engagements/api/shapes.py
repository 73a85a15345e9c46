"""What the operations on engagements take and answer."""

from typing import Any

from rest_framework import serializers

from engagements import states
from engagements.models import Kind
from engagements.selectors.projects import Reader, cut
from metrics.api.fields import PersonField
from portal.tenancy.api import Call
from portal.tenancy.api_input import StrictSerializer

STEPS = sorted({step for steps in states.TASK.values() for step in steps})
LONGEST = 8000


class EngagementSerializer(serializers.Serializer[Any]):
    """One project for the client."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(Kind.choices)
    state = serializers.ChoiceField(sorted(states.ENGAGEMENT))
    playbook = serializers.CharField(source="playbook_name")
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(allow_null=True)
    deliverable = serializers.CharField(allow_blank=True)
    success = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)


class PhaseSerializer(serializers.Serializer[Any]):
    """A phase."""

    key = serializers.CharField()
    name = serializers.CharField()
    state = serializers.ChoiceField(sorted(states.PHASE))


class ParticipantSerializer(serializers.Serializer[Any]):
    """Somebody on the engagement; the firm's people speak for no function of the client."""

    person = PersonField(source="user")
    is_firm_staff = serializers.BooleanField()
    project_role = serializers.CharField()
    function = serializers.CharField(allow_blank=True)


class EngagementDetailSerializer(EngagementSerializer):
    """An engagement with its phases and people."""

    phases = PhaseSerializer(many=True)
    people = ParticipantSerializer(many=True)


class TaskSerializer(serializers.Serializer[Any]):
    """A piece of work; hours are null for the client's people."""

    id = serializers.IntegerField()
    number = serializers.IntegerField()
    name = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    end_state = serializers.CharField(allow_blank=True)
    state = serializers.ChoiceField(sorted(states.TASK))
    waiting_reason = serializers.CharField(allow_blank=True)
    owner = PersonField(source="owner.user", default=None)
    starts_on = serializers.DateField(allow_null=True)
    due_on = serializers.DateField(allow_null=True)
    hours_low = serializers.DecimalField(max_digits=7, decimal_places=2, allow_null=True)
    hours_high = serializers.DecimalField(max_digits=7, decimal_places=2, allow_null=True)
    is_client_visible = serializers.BooleanField()

    def to_representation(self, instance: Any) -> Any:
        """A task as this reader may see it."""
        call: Call = self.context["call"]
        return super().to_representation(cut(instance, Reader(call.user, call.standing.is_firm_staff)))


class TaskPlanSerializer(StrictSerializer):
    """The plan of a task. What is left out stays as it is."""

    name = serializers.CharField(required=False, max_length=200)
    description = serializers.CharField(required=False, allow_blank=True, max_length=LONGEST)
    end_state = serializers.CharField(required=False, allow_blank=True, max_length=LONGEST)
    owner_email = serializers.EmailField(
        required=False, allow_null=True, max_length=254, help_text="Somebody on the engagement, or null for nobody."
    )
    starts_on = serializers.DateField(required=False, allow_null=True)
    due_on = serializers.DateField(required=False, allow_null=True)
    is_client_visible = serializers.BooleanField(required=False)


class TaskNewSerializer(TaskPlanSerializer):
    """A task of the engagement's own, behind all others."""

    name = serializers.CharField(max_length=200)


class TaskMoveSerializer(StrictSerializer):
    """A step from state to state; 409 where the task's state has no such step."""

    step = serializers.ChoiceField(STEPS)
    reason = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=300, help_text="Needed to block: what it waits for."
    )


class CriterionSerializer(serializers.Serializer[Any]):
    """One thing that must hold, and why it does or does not."""

    id = serializers.IntegerField(source="row.pk")
    key = serializers.CharField(source="row.key")
    kind = serializers.ChoiceField(["confirmed", "signed", "computed"], source="row.kind")
    text = serializers.CharField(source="row.text")
    holds = serializers.BooleanField()
    why = serializers.CharField(source="answer.sentence")


class GateSerializer(serializers.Serializer[Any]):
    """A gate, with what shuts it in a sentence."""

    id = serializers.IntegerField(source="gate.pk")
    name = serializers.CharField(source="gate.name")
    phase = serializers.CharField(source="gate.phase.key")
    state = serializers.ChoiceField(sorted(states.GATE), source="gate.state")
    can_open = serializers.BooleanField()
    sentence = serializers.CharField()
    criteria = CriterionSerializer(many=True)


class GatesSerializer(serializers.Serializer[Any]):
    """The gates in the order of their phases."""

    results = GateSerializer(many=True)


class CriterionSaySerializer(StrictSerializer):
    """That a criterion holds, or no longer does."""

    holds = serializers.BooleanField()
    note = serializers.CharField(required=False, default="", allow_blank=True, max_length=300)
