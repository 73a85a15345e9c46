"""What operations on the monitors of data quality take and give."""

from typing import Any

from rest_framework import serializers

from metrics.api.fields import PersonField
from metrics.models import FindingState
from metrics.quality_monitors import MONITORS
from metrics.services.quality_people import MOST_DAYS
from portal.tenancy.api_input import StrictSerializer
from portal.tenancy.api_paging import PageParameters


class MonitorDaySerializer(serializers.Serializer[Any]):
    """How much a monitor showed on a day."""

    day = serializers.DateField()
    open_count = serializers.IntegerField()
    acknowledged_count = serializers.IntegerField()
    arr = serializers.DecimalField(max_digits=20, decimal_places=2, allow_null=True)


class MonitorSerializer(serializers.Serializer[Any]):
    """A monitor as the client has set it, with how much it shows now."""

    code = serializers.CharField(source="spec.code")
    title = serializers.CharField(source="spec.title")
    looks_for = serializers.CharField(source="spec.looks_for")
    threshold = serializers.DecimalField(source="limit.amount", max_digits=14, decimal_places=2)
    threshold_source = serializers.CharField(
        source="limit.source", help_text="Who says so: the monitor, or a definition."
    )
    unit = serializers.CharField(source="spec.unit", allow_blank=True, help_text="Blank: the reporting currency.")
    days = serializers.IntegerField(source="monitor.days", help_text="How long a finding may stay open.")
    escalate_days = serializers.IntegerField(
        source="monitor.escalate_days", help_text="How much later it is told further up."
    )
    open_count = serializers.IntegerField()
    late_count = serializers.IntegerField(help_text="Open and past the deadline.")
    acknowledged_count = serializers.IntegerField()
    at_stake = serializers.DecimalField(
        source="monitor.at_stake",
        max_digits=20,
        decimal_places=2,
        allow_null=True,
        help_text="ARR of the lines of all open findings, each line once, in the reporting currency.",
    )
    no_value = serializers.CharField(
        source="monitor.no_value_because", allow_blank=True, help_text="Why nothing is at stake."
    )
    looked_at = serializers.DateTimeField(source="monitor.looked_at", allow_null=True)
    blind_because = serializers.CharField(
        source="monitor.blind_because", allow_blank=True, help_text="Why it cannot look, if it cannot."
    )
    owner = PersonField(source="monitor.owner", help_text="Hears of findings; null: whoever is RevOps.")
    escalate_to = PersonField(source="monitor.escalate_to", help_text="Told further up; null: the client's admins.")
    next_due = serializers.DateField(allow_null=True, help_text="The nearest deadline of an open finding.")
    trend = serializers.ListField(
        child=serializers.IntegerField(), help_text="Open findings day by day, the last thirty days, the oldest first."
    )


class MonitorsSerializer(serializers.Serializer[Any]):
    """Every monitor of the client; none before the first look."""

    currency = serializers.CharField()
    results = MonitorSerializer(many=True)


class LookSerializer(serializers.Serializer[Any]):
    """A look of the monitors that is under way."""

    asked_at = serializers.DateTimeField(allow_null=True, help_text="Since when it is awaited.")


class MonitorHistorySerializer(serializers.Serializer[Any]):
    """A monitor day by day, the oldest first."""

    code = serializers.CharField()
    results = MonitorDaySerializer(many=True)


class FindingSerializer(serializers.Serializer[Any]):
    """Something that a monitor found."""

    id = serializers.IntegerField()
    monitor = serializers.CharField(source="monitor.code")
    state = serializers.ChoiceField(choices=FindingState.choices)
    subject = serializers.CharField(help_text="What it is about, the same at every look.")
    title = serializers.CharField()
    detail = serializers.CharField(allow_blank=True)
    lines = serializers.IntegerField()
    line_ids = serializers.ListField(child=serializers.CharField(), help_text="The first of its lines, 50 at most.")
    arr = serializers.DecimalField(
        max_digits=20, decimal_places=2, allow_null=True, help_text="At stake, in the reporting currency."
    )
    no_value = serializers.CharField(source="no_value_because", allow_blank=True)
    first_seen_on = serializers.DateField()
    due_on = serializers.DateField()
    until = serializers.DateField(allow_null=True, help_text="Until when it is acknowledged.")
    reason = serializers.CharField(allow_blank=True)
    fixed_on = serializers.DateField(allow_null=True)


class FindingEventSerializer(serializers.Serializer[Any]):
    """One thing that happened to a finding."""

    at = serializers.DateTimeField()
    kind = serializers.CharField()
    text = serializers.CharField()
    by = PersonField()


class FindingDetailSerializer(FindingSerializer):
    """A finding with its history."""

    events = FindingEventSerializer(source="log", many=True)


class MonitorSetBody(StrictSerializer):
    """How a monitor is set. People by e-mail address: somebody who may see the client's data, or null."""

    threshold = serializers.DecimalField(max_digits=14, decimal_places=2, min_value=0)
    days = serializers.IntegerField(min_value=1, max_value=MOST_DAYS)
    escalate_days = serializers.IntegerField(min_value=1, max_value=MOST_DAYS)
    person = serializers.EmailField(max_length=254, allow_null=True, help_text="Whose it is; null: whoever is RevOps.")
    escalate_person = serializers.EmailField(max_length=254, allow_null=True, help_text="Null: the client's admins.")


class FindingParameters(PageParameters):
    """Which findings."""

    monitor = serializers.ChoiceField(choices=[spec.code for spec in MONITORS], required=False)
    state = serializers.ChoiceField(choices=FindingState.choices, required=False)
    q = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=100, help_text="Text of title, detail or subject."
    )


class AcknowledgeBody(StrictSerializer):
    """Why a finding may stay, and until when."""

    reason = serializers.CharField(max_length=400)
    until = serializers.DateField(help_text="A day after today, within a year.")
