"""The monitors of data quality, what they found, and letting a finding stay."""

from typing import Any

from django.http import Http404
from rest_framework.exceptions import ValidationError

from metrics.api.serializers import quality as shapes
from metrics.models import QualityFinding
from metrics.selectors.quality import finding_get, monitor_get, monitor_list
from metrics.services.quality_people import QualityProblem, finding_acknowledge
from portal.tenancy.api import Call, ClientAPIView, Operation
from portal.tenancy.clock import day_now
from portal.tenancy.permissions import RECONCILE, VIEW_DATA


class QualityView(ClientAPIView):
    """An operation on data quality."""

    tag = "Data quality"


class MonitorList(QualityView):
    operations = {"GET": Operation("monitors_list", VIEW_DATA, shapes.MonitorsSerializer)}

    def get(self, call: Call) -> Any:
        """Every monitor with its threshold, its deadline, how many findings are open, and the ARR at stake."""
        return {"currency": call.client.currency, "results": monitor_list(day_now(call.client))}


class MonitorHistory(QualityView):
    operations = {"GET": Operation("monitor_history", VIEW_DATA, shapes.MonitorHistorySerializer)}

    def get(self, call: Call, key: str) -> Any:
        """How much a monitor showed day by day, the last year of it."""
        found = monitor_get(key)
        if found is None:
            raise Http404
        return {"code": found.code, "results": list(found.history.order_by("-day")[:366])[::-1]}


class FindingList(QualityView):
    operations = {
        "GET": Operation(
            "findings_list", VIEW_DATA, shapes.FindingSerializer, parameters=shapes.FindingParameters, paged_by="-id"
        )
    }

    def get(self, call: Call) -> Any:
        """What the monitors found, the newest first, fixed findings included unless `state` says otherwise."""
        rows = QualityFinding.objects.select_related("monitor")
        asked = {"monitor__code": call.query.get("monitor"), "state": call.query.get("state")}
        return rows.filter(**{name: value for name, value in asked.items() if value})


class FindingAcknowledge(QualityView):
    operations = {
        "POST": Operation(
            "finding_acknowledge", RECONCILE, shapes.FindingSerializer, takes=shapes.AcknowledgeBody
        )
    }  # fmt: skip

    def post(self, call: Call, finding_id: int) -> Any:
        """Let a finding stay until a day, for a reason; then it is open again, unless the data has fixed it."""
        row = finding_get(finding_id)
        if row is None:
            raise Http404
        today = day_now(call.client)
        try:
            return finding_acknowledge(finding=row, today=today, user=call.user, **call.body)
        except QualityProblem as error:
            raise ValidationError(str(error)) from error
