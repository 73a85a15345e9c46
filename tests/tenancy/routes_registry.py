"""The access matrix of the metric registry."""

from decimal import Decimal
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from governance.library.metric_reader import library_metrics, metrics_read, metrics_write
from governance.models import ControlFigure, Metric, MetricHappening
from governance.selectors.registry import month_now, registry_get
from governance.selectors.registry_drift import drift_get, registry_yaml
from governance.services.controls import control_save
from governance.services.matrix import matrix_digest
from governance.services.registry import metrics_store, registry_start
from portal.accounts.models import User
from portal.lib.periods import month_format
from portal.tenancy.models import Client, ClientRole
from portal.tenancy.permissions import MANAGE_METRICS, RECONCILE, REQUEST_CHANGES, VIEW_ARR, VIEW_POLICY
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import member_add
from tests.tenancy.matrix import Route

KEY = "quick_ratio"


def a_registry(client: Client) -> dict[str, Any]:
    """For pages that are about all metrics."""
    if not Metric.objects.exists():
        registry_start(client=client)
    return {}


def a_metric(client: Client) -> dict[str, Any]:
    a_registry(client)
    return {"key": KEY}


def a_control(client: Client) -> dict[str, Any]:
    a_registry(client)
    if not ControlFigure.objects.exists():
        control_save(
            client=client, metric=Metric.objects.get(key="arr"), month=month_now(client), expected=Decimal(1),
            tolerance=Decimal(0), side="either", source="Board pack",
        )  # fmt: skip
    return {"control_id": ControlFigure.objects.get().pk}


def with_a_control(client: Client) -> dict[str, Any]:
    """For the page that shows it."""
    a_control(client)
    return {}


def content(client: Client) -> dict[str, Any]:
    """A version that says something else, from the first month that may be chosen."""
    shipped = next(metric.content for metric in library_metrics() if metric.key == KEY)
    return {**shipped, "name": "Speed", "effective": month_format(month_now(client)), "reason": "Agreed", "version": 1}


def a_cell(client: Client) -> dict[str, Any]:
    with tenant_context(client):
        a_registry(client)
        return {f"{KEY}:rep": "P2", "seen": matrix_digest(registry_get(client))}


def a_control_form(client: Client) -> dict[str, Any]:
    with tenant_context(client):
        a_registry(client)
        month = month_format(month_now(client))
    return {
        "metric": "arr",
        "month": month,
        "expected": "1",
        "tolerance": "0",
        "side": "either",
        "source": "Board pack",
    }


def a_file(client: Client) -> dict[str, Any]:
    """The registry with another name for one metric."""
    with tenant_context(client):
        a_registry(client)
        text = registry_yaml(registry_get(client)).replace("name: Quick ratio", "name: Speed")
    return {"file": SimpleUploadedFile("metrics.yaml", text.encode())}


def a_drift(client: Client) -> dict[str, Any]:
    """The same as text, with what was seen."""
    with tenant_context(client):
        a_registry(client)
        registry = registry_get(client)
        filed = metrics_read(registry_yaml(registry).replace("name: Quick ratio", "name: Speed"), client.currency)
        return {"text": metrics_write(filed), "seen": drift_get(registry, filed).seen, "reason": "From the repository"}


def a_lack(client: Client) -> dict[str, Any]:
    """A metric of the library that a registry started from an earlier one lacks."""
    early = library_metrics()[:3]
    with tenant_context(client):
        if not Metric.objects.exists():
            metrics_store(early, client=client, user=None, kind=MetricHappening.STARTED)
    return {"key": library_metrics()[3].key}


def an_owner(client: Client) -> dict[str, Any]:
    """The form that makes one of the client's people the owner."""
    user, _ = User.objects.get_or_create(email="owner@example.com")
    with tenant_context(client):
        member_add(client=client, user=user, role=ClientRole.REVOPS)
    return {"owner-version": 1, "owner-owner": user.pk}


NEW = {
    "key": "own_growth", "name": "Growth", "definition": "Of new", "formula": "new_arr / previous(new_arr)", "unit": "ratio",
    "better": "up", "timing": "lagging", "function": "sales", "refresh": "daily", "reason": "Sales asked",
}  # fmt: skip

REGISTRY_ROUTES = [
    Route("metrics", VIEW_POLICY, status=(200,)),
    Route("metrics_start", MANAGE_METRICS, "post", status=(302,)),
    Route("metric", VIEW_POLICY, "get", a_metric, status=(200,)),
    Route("metric_new", MANAGE_METRICS, status=(200,)),
    Route("metric_new", MANAGE_METRICS, "post", a_registry, NEW, (302,), names_object=False),
    Route("figure_understood", VIEW_POLICY, status=(200,)),
    Route("metric_preview", REQUEST_CHANGES, status=(200,)),
    Route("metric_edit", MANAGE_METRICS, "get", a_metric, status=(200,)),
    Route("metric_edit", MANAGE_METRICS, "post", a_metric, content, (302,)),
    Route(
        "metric_status", MANAGE_METRICS, "post", a_metric,
        {"status-version": 1, "status-step": "deprecate", "status-successor": "arr", "status-reason": "No use"}, (302,),
    ),
    Route(
        "metric_owner", MANAGE_METRICS, "post", a_metric, an_owner, (302,)
    ),
    Route("metric_pay", MANAGE_METRICS, "post", a_metric, {"pay-version": 1, "pay-feeds_pay": "on"}, (302,)),
    Route("metric_matrix", VIEW_POLICY, "get", a_registry, status=(200,), names_object=False),
    Route("metric_matrix_save", MANAGE_METRICS, "post", data=a_cell, status=(302,)),
    Route("metric_lineage", VIEW_POLICY, "get", a_registry, status=(200,), names_object=False),
    Route("metric_availability", VIEW_POLICY, "get", a_registry, status=(200,), names_object=False),
    Route("metric_glossary", VIEW_POLICY, "get", a_registry, status=(200,), names_object=False),
    Route("metric_glossary_pdf", VIEW_POLICY, status=(200,)),
    Route("metric_validation", VIEW_ARR, "get", with_a_control, status=(200,), names_object=False),
    Route("metric_control_add", RECONCILE, "post", data=a_control_form, status=(302,)),
    Route("metric_control_end", RECONCILE, "post", a_control, status=(302,)),
    Route("metrics_yaml", MANAGE_METRICS, status=(200,)),
    Route("metrics_import", MANAGE_METRICS, status=(200,)),
    Route("metrics_import", MANAGE_METRICS, "post", data=a_file, status=(200,)),
    Route("metrics_library", MANAGE_METRICS, "post", data=a_lack, status=(302,)),
    Route("metrics_import_apply", MANAGE_METRICS, "post", data=a_drift, status=(302,)),
]  # fmt: skip
