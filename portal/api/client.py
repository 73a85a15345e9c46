"""The client itself and its audit log."""

from typing import Any

from rest_framework import serializers

from portal.tenancy.api import Call, ClientAPIView, Operation
from portal.tenancy.api_paging import PageParameters
from portal.tenancy.audit import FIRMS_ALONE, is_withheld
from portal.tenancy.models import AuditEntry
from portal.tenancy.permissions import VIEW_AUDIT, VIEW_CLIENT


class ClientSerializer(serializers.Serializer[Any]):
    """A client, and what this token may do with it."""

    slug = serializers.CharField()
    name = serializers.CharField()
    firm = serializers.CharField(source="firm.name")
    currency = serializers.CharField(help_text="The reporting currency: every amount is in it.")
    fiscal_year_start = serializers.IntegerField(help_text="The month in which the fiscal year begins.")
    time_zone = serializers.CharField()
    locale = serializers.CharField()
    close_day = serializers.IntegerField(
        allow_null=True, help_text="The day on which the previous month is closed by itself; null: by hand."
    )
    scopes = serializers.SerializerMethodField(
        help_text="What the token was made for and its owner's role includes today."
    )

    def get_scopes(self, client: Any) -> list[str]:
        call: Call = self.context["call"]
        return sorted(call.scopes & call.standing.permissions)


class ClientDetail(ClientAPIView):
    tag = "Client"
    operations = {"GET": Operation("client_get", VIEW_CLIENT, ClientSerializer)}

    def get(self, call: Call) -> Any:
        """The client: its currency, fiscal year and time zone, and what this token may do."""
        return call.client


class AuditEntrySerializer(serializers.Serializer[Any]):
    """One link of the audit chain. `hash` covers all of the entry and the hash before it."""

    sequence = serializers.IntegerField()
    at = serializers.DateTimeField()
    actor = serializers.CharField()
    action = serializers.CharField()
    object_type = serializers.CharField()
    object_id = serializers.CharField(allow_blank=True)
    details = serializers.DictField()
    before_hash = serializers.CharField(allow_blank=True)
    after_hash = serializers.CharField(allow_blank=True)
    request_id = serializers.CharField(allow_blank=True)
    previous_hash = serializers.CharField()
    hash = serializers.CharField()

    def to_representation(self, instance: Any) -> Any:
        """An entry as this reader may see it: of what is internal to the firm, the client's people see that it was done."""
        call: Call = self.context["call"]
        shown = super().to_representation(instance)
        if is_withheld(instance, is_firm_staff=call.standing.is_firm_staff):
            shown |= {"details": {**FIRMS_ALONE}, "before_hash": "", "after_hash": ""}
        return shown


class AuditParameters(PageParameters):
    """Which entries."""

    action = serializers.CharField(required=False, max_length=80, help_text="Exactly this action, `import.loaded` say.")
    object_type = serializers.CharField(required=False, max_length=60)
    object_id = serializers.CharField(required=False, max_length=200)


class AuditList(ClientAPIView):
    tag = "Client"
    operations = {
        "GET": Operation(
            "audit_list", VIEW_AUDIT, AuditEntrySerializer, parameters=AuditParameters, paged_by="-sequence"
        )
    }

    def get(self, call: Call) -> Any:
        """The audit log, the newest first: who did what, when, with the hashes that chain it."""
        names = ("action", "object_type", "object_id")
        return AuditEntry.objects.filter(**{name: call.query[name] for name in names if name in call.query})
