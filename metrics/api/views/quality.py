"""The monitors of data quality, what they found, and letting a finding stay."""

from collections.abc import Iterable
from typing import Any

from django.http import Http404
from django.utils import timezone
from rest_framework.exceptions import ValidationError

from metrics.api.serializers import quality as shapes
from metrics.models import QualityFinding, QualityMonitor
from metrics.selectors.quality import finding_get, findings_holding, monitor_get, monitor_list, monitor_people
from metrics.services.quality_people import QualityProblem, finding_acknowledge, finding_reopen, look_ask, monitor_set
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


class MonitorLook(QualityView):
    operations = {"POST": Operation("monitors_look", RECONCILE, shapes.LookSerializer, status=202)}

    def post(self, call: Call) -> Any:
        """Have every monitor look at the data now, in a job: `monitors_list` says when each looked.

        While a look that was asked for is still to come, no other one is asked for.
        """
        look_ask(client=call.client, now=timezone.now())
        asked = QualityMonitor.objects.order_by("look_asked_at").values_list("look_asked_at", flat=True).first()
        return {"asked_at": asked}


class MonitorSettings(QualityView):
    operations = {
        "PUT": Operation("monitor_settings_put", RECONCILE, shapes.MonitorSerializer, takes=shapes.MonitorSetBody)
    }

    def put(self, call: Call, key: str) -> Any:
        """Threshold, deadline, owner, and who is told further up. The next look goes by it; deadlines that run stay."""
        found = monitor_get(key)
        if found is None:
            raise Http404
        given, people = dict(call.body), monitor_people(call.client)
        owner = named(people, "person", given.pop("person"))
        escalate_to = named(people, "escalate_person", given.pop("escalate_person"))
        try:
            monitor_set(monitor=found, owner=owner, escalate_to=escalate_to, **given)
        except QualityProblem as error:
            raise ValidationError(str(error)) from error
        return next(row for row in monitor_list(day_now(call.client)) if row.monitor.pk == found.pk)


def named(people: Iterable[Any], field: str, email: str | None) -> Any:
    """Whoever of these has that address; None for none. ValidationError for an address that is nobody's here."""
    if email is None:
        return None
    found = next((user for user in people if user.email.lower() == email.lower()), None)
    if found is None:
        raise ValidationError({field: ["This is nobody who may see the client's data."]})
    return found


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
        """What the monitors found, the newest first, fixed findings included unless `state` says otherwise; `q` searches."""
        rows = QualityFinding.objects.select_related("monitor")
        asked = {"monitor__code": call.query.get("monitor"), "state": call.query.get("state")}
        return findings_holding(rows.filter(**{name: value for name, value in asked.items() if value}), call.query["q"])


class FindingDetail(QualityView):
    operations = {"GET": Operation("finding_get", VIEW_DATA, shapes.FindingDetailSerializer)}

    def get(self, call: Call, finding_id: int) -> Any:
        """A finding with everything that happened to it."""
        row = finding_or_404(finding_id)
        row.log = row.events.select_related("by")  # type: ignore[attr-defined]
        return row


class FindingReopen(QualityView):
    operations = {"POST": Operation("finding_reopen", RECONCILE, shapes.FindingSerializer)}

    def post(self, call: Call, finding_id: int) -> Any:
        """Take an acknowledgement back: the finding is open, with a new deadline. 400 for one that is not acknowledged."""
        row = finding_or_404(finding_id)
        try:
            return finding_reopen(finding=row, today=day_now(call.client), user=call.user)
        except QualityProblem as error:
            raise ValidationError(str(error)) from error


def finding_or_404(finding_id: int) -> QualityFinding:
    """The client's finding."""
    found = finding_get(finding_id)
    if found is None:
        raise Http404
    return found


class FindingAcknowledge(QualityView):
    operations = {
        "POST": Operation(
            "finding_acknowledge", RECONCILE, shapes.FindingSerializer, takes=shapes.AcknowledgeBody
        )
    }  # fmt: skip

    def post(self, call: Call, finding_id: int) -> Any:
        """Let a finding stay until a day, for a reason; then it is open again, unless the data has fixed it."""
        row = finding_or_404(finding_id)
        today = day_now(call.client)
        try:
            return finding_acknowledge(finding=row, today=today, user=call.user, **call.body)
        except QualityProblem as error:
            raise ValidationError(str(error)) from error
