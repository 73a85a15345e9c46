"""The access matrix of the monitors of data quality: pages, and operations of the API."""

import datetime as dt
from typing import Any

from django.utils import timezone

from metrics.models import FindingState, QualityFinding
from metrics.services.quality import quality_look
from portal.tenancy.models import Client
from portal.tenancy.permissions import RECONCILE, VIEW_DATA
from tests.engine.frames import frame, line
from tests.metrics.loading import load_lines
from tests.tenancy.api_matrix import ApiRoute
from tests.tenancy.matrix import Route

SET = {"threshold": "2", "days": "4", "escalate_days": "3"}


def a_monitor(client: Client) -> dict[str, Any]:
    """The monitor of missing fields, which has found something."""
    a_finding(client)
    return {"code": "missing_fields"}


def a_finding(client: Client) -> dict[str, Any]:
    """One of two lines has no segment."""
    if not QualityFinding.objects.exists():
        load_lines(frame(line("L1", segment="SMB"), line("L2", customer_id="C2")))
        quality_look(client=client, now=timezone.now())
    return {"finding_id": QualityFinding.objects.get().pk}


def an_acknowledged(client: Client) -> dict[str, Any]:
    made = a_finding(client)
    QualityFinding.objects.update(state=FindingState.ACKNOWLEDGED)
    return made


def a_history(client: Client) -> dict[str, Any]:
    return {"key": a_monitor(client)["code"]}


def words() -> dict[str, Any]:
    return {"reason": "Being filled in", "until": str(timezone.localdate() + dt.timedelta(days=30))}


def page_words(client: Client) -> dict[str, Any]:
    return words()


QUALITY_ROUTES = [
    Route("data_monitors", VIEW_DATA, status=(200,)),
    Route("data_monitors_look", RECONCILE, "post", status=(302,)),
    Route("data_monitors_progress", VIEW_DATA, status=(302,)),
    Route("data_monitor", VIEW_DATA, "get", a_monitor, status=(200,), names_object=False),
    Route("data_monitor_csv", VIEW_DATA, "get", a_monitor, status=(200,), names_object=False),
    Route("data_monitor_settings", RECONCILE, "get", a_monitor, status=(200,), names_object=False),
    Route("data_monitor_settings", RECONCILE, "post", a_monitor, data=SET, status=(302,), names_object=False),
    Route("data_finding", VIEW_DATA, "get", a_finding, status=(200,)),
    Route("data_finding_acknowledge", RECONCILE, "post", a_finding, data=page_words, status=(302,)),
    Route("data_finding_reopen", RECONCILE, "post", an_acknowledged, status=(302,)),
]
QUALITY_API_ROUTES = [
    ApiRoute("api_monitors", VIEW_DATA),
    ApiRoute("api_monitors_look", RECONCILE, "post", status=202),
    ApiRoute("api_monitor_history", VIEW_DATA, "get", a_history),
    ApiRoute(
        "api_monitor_settings", RECONCILE, "put", a_history,
        data=lambda: {"threshold": "2", "days": 4, "escalate_days": 3, "person": None, "escalate_person": None},
    ),
    ApiRoute("api_findings", VIEW_DATA, "get"),
    ApiRoute("api_finding", VIEW_DATA, "get", a_finding, names_object=True),
    ApiRoute("api_finding_reopen", RECONCILE, "post", an_acknowledged, names_object=True),
    ApiRoute("api_finding_acknowledge", RECONCILE, "post", a_finding, names_object=True, data=words),
]  # fmt: skip
