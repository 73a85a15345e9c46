"""What the API says of audits of contracts."""

from typing import Any

from rest_framework import serializers

from governance.models import AuditState, ContractResult, ReasonClass
from governance.sampling import FEWEST, MOST
from metrics.api.fields import AmountField, MonthField, PersonField
from portal.lib.file_kinds import ALLOWED
from portal.tenancy.api_files import StoredFileSerializer
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
    can_be_drawn = serializers.ListField(
        child=serializers.CharField(), help_text="Quarters that are over and closed, and were not audited yet."
    )


class DrawSerializer(StrictSerializer):
    """Draw the sample of a quarter: once, and by chance that nobody chose."""

    quarter = serializers.SlugField(max_length=20)
    size = serializers.IntegerField(min_value=FEWEST, max_value=MOST)
    due_on = serializers.DateField()


class SampledSerializer(serializers.Serializer[Any]):
    """A contract of the sample, and how far it is; its sheet is in `content`."""

    evidence = StoredFileSerializer(allow_null=True)
    position = serializers.IntegerField()
    contract = serializers.CharField(source="contract_id")
    result = serializers.ChoiceField(ContractResult.choices)
    version = serializers.IntegerField(help_text="Send it with the result: 409 where somebody was faster.")


class FollowUpSerializer(serializers.Serializer[Any]):
    """What is done about a finding, and what came of it."""

    id = serializers.IntegerField()
    text = serializers.CharField()
    pattern = serializers.CharField(allow_blank=True)
    person = PersonField(source="owner", help_text="Who does it; null: nobody, since they left.")
    due_on = serializers.DateField()
    raised_by = PersonField()
    raised_at = serializers.DateTimeField()
    outcome = serializers.CharField(allow_blank=True)
    done_by = PersonField()
    done_at = serializers.DateTimeField(allow_null=True)


class FollowUpGiveSerializer(StrictSerializer):
    """What is to be done, by whom (one of the client's people or of those who work on it, by e-mail address), until when."""

    text = serializers.CharField(max_length=400)
    person = serializers.EmailField(max_length=254)
    due_on = serializers.DateField()
    pattern = serializers.CharField(
        max_length=220, required=False, default="", allow_blank=True, help_text="The key of a pattern that it answers."
    )


class FollowUpOwnerSerializer(StrictSerializer):
    """Who does it from now on, by e-mail address."""

    person = serializers.EmailField(max_length=254)


class OutcomeSerializer(StrictSerializer):
    """What came of a follow-up."""

    outcome = serializers.CharField(max_length=1000)


class PopulationSerializer(serializers.Serializer[Any]):
    """The ids that a sample was drawn from, in the order that `sha256` is of: each with a line end behind it."""

    quarter = serializers.CharField()
    sha256 = serializers.CharField()
    contracts = serializers.ListField(child=serializers.CharField())


class AuditDetailSerializer(serializers.Serializer[Any]):
    """The whole audit, as it was signed or as it stands: `sha256` is that of `content` as canonical JSON."""

    quarter = serializers.CharField()
    is_signed = serializers.BooleanField()
    sha256 = serializers.CharField()
    content = serializers.DictField(
        help_text="Schema tieout.quarter_audit/1: drawing, sheets, results, patterns, follow-ups."
    )
    contracts = SampledSerializer(many=True)
    follow_ups = FollowUpSerializer(many=True)


class SheetRenewSerializer(StrictSerializer):
    """Which state of the contract the asker saw."""

    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1)


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


class ResultFileSerializer(ResultGiveSerializer):
    """What was found about one contract, with the file that stands behind it."""

    file = serializers.FileField(max_length=400, help_text=f"{ALLOWED}.")


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
    evidence = StoredFileSerializer(
        allow_null=True, help_text="The newest file; `audit_evidence_file` gives its bytes."
    )
    version = serializers.IntegerField(help_text="Send it with the next result: 409 where somebody was faster.")
