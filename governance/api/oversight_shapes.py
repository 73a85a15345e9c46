"""What the API says of audits of contracts."""

from typing import Any

from rest_framework import serializers

from governance.models import AuditState, ContractResult, ReasonClass
from metrics.api.fields import AmountField, MonthField
from portal.tenancy.api_input import StrictSerializer

LONGEST = 4000


class AuditSerializer(serializers.Serializer[Any]):
    """The audit of a quarter, with how far it is."""

    quarter = serializers.CharField(source="audit.quarter")
    first_month = MonthField(source="audit.first_month")
    last_month = MonthField(source="audit.last_month")
    state = serializers.ChoiceField(AuditState.choices, source="audit.state")
    size = serializers.IntegerField(source="audit.size")
    checked = serializers.IntegerField()
    off = serializers.IntegerField(help_text="Contracts that differ from their source, or were not found.")
    open_follow_ups = serializers.IntegerField()
    due_on = serializers.DateField(source="audit.due_on")
    auditor = serializers.EmailField(source="audit.auditor.email")


class AuditsSerializer(serializers.Serializer[Any]):
    """Every audit, the newest quarter first."""

    audits = AuditSerializer(many=True)


class AuditDetailSerializer(serializers.Serializer[Any]):
    """The whole audit, as it was signed or as it stands: `sha256` is that of `content` as canonical JSON."""

    quarter = serializers.CharField()
    is_signed = serializers.BooleanField()
    sha256 = serializers.CharField()
    content = serializers.DictField(
        help_text="Schema tieout.quarter_audit/1: drawing, sheets, results, patterns, follow-ups."
    )


class ResultGiveSerializer(StrictSerializer):
    """What was found about one contract. `difference` is what the source says less the ARR of the sheet."""

    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    result = serializers.ChoiceField(ContractResult.choices[1:])
    difference = serializers.DecimalField(
        max_digits=18, decimal_places=2, required=False, default=None, allow_null=True
    )
    reason = serializers.ChoiceField(ReasonClass.choices, required=False, default="", allow_blank=True)
    note = serializers.CharField(required=False, default="", allow_blank=True, max_length=LONGEST)
    reference = serializers.CharField(required=False, default="", allow_blank=True, max_length=400)


class ResultSerializer(serializers.Serializer[Any]):
    """A contract of the sample with what was found."""

    position = serializers.IntegerField()
    contract = serializers.CharField(source="contract_id")
    arr = AmountField()
    result = serializers.ChoiceField(ContractResult.choices)
    difference = AmountField(allow_null=True)
    reason = serializers.ChoiceField(ReasonClass.choices, allow_blank=True)
    note = serializers.CharField(allow_blank=True)
    reference = serializers.CharField(allow_blank=True)
    version = serializers.IntegerField(help_text="Send it with the next result: 409 where somebody was faster.")
