"""The operations of the API on the metric registry."""

from typing import Any

from governance.library.metric_reader import library_metrics, metrics_write
from governance.metric_content import LENGTHS
from governance.models import Metric, MetricHappening
from governance.selectors.registry import month_now
from governance.services.registry import metrics_store
from portal.lib.periods import month_format
from portal.tenancy.models import Client
from portal.tenancy.permissions import MANAGE_METRICS, RECONCILE, REQUEST_CHANGES, VIEW_ARR, VIEW_POLICY
from portal.tenancy.scope import tenant_context
from tests.tenancy.api_matrix import ApiRoute
from tests.tenancy.routes_oversight import rupert
from tests.tenancy.routes_registry import (
    KEY,
    NEW,
    a_cell,
    a_control,
    a_drift,
    a_metric,
    a_registry,
    content,
    with_a_control,
)

FORMULA = {"formula": "new_arr / previous(new_arr)", "unit": "ratio"}
CONTROL = {"metric": "arr", "month": "2026-03", "expected": "1", "source": "Board pack"}


def northwind() -> Client:
    return Client.objects.get(slug="northwind")


def a_metrics_file() -> dict[str, Any]:
    return {"yaml": metrics_write(library_metrics()[:3]), "revision": "4f1c2ab"}


def a_seen_file() -> dict[str, Any]:
    """The registry with another name for one metric, and what its drift gave."""
    found = a_drift(northwind())
    return {"yaml": found["text"], "seen": found["seen"], "reason": found["reason"]}


def parts(given: dict[str, Any]) -> dict[str, Any]:
    """A metric's content among the fields of a form."""
    return {name: given[name] for name in LENGTHS if name in given}


def a_version() -> dict[str, Any]:
    client = northwind()
    with tenant_context(client):
        month = month_format(month_now(client))
    return {"revision": 1, "content": parts(content(client)), "effective_month": month, "reason": "Agreed"}


def some_cells() -> dict[str, Any]:
    return {"seen": a_cell(northwind())["seen"], "cells": {KEY: {"rep": "P2"}}}


def with_an_owner(client: Client) -> dict[str, Any]:
    """A metric for which Rupert answers."""
    made = a_metric(client)
    Metric.objects.filter(key=KEY).update(owner=rupert(client))
    return made


def an_early_registry(client: Client) -> dict[str, Any]:
    """The registry as a library with three metrics began it."""
    if not Metric.objects.exists():
        metrics_store(library_metrics()[:3], client=client, user=None, kind=MetricHappening.STARTED)
    return {}


REGISTRY_API_ROUTES = [
    ApiRoute("api_metrics", VIEW_POLICY, "get", a_registry),
    ApiRoute(
        "api_metrics", MANAGE_METRICS, "post", a_registry, status=201,
        data=lambda: {"key": NEW["key"], "content": parts(NEW), "reason": NEW["reason"]},
    ),
    ApiRoute("api_metrics_yaml", MANAGE_METRICS, "get", a_registry),
    ApiRoute("api_metrics_yaml", MANAGE_METRICS, "post", a_registry, data=a_seen_file),
    ApiRoute("api_metrics_drift", MANAGE_METRICS, "post", a_registry, data=a_metrics_file),
    ApiRoute("api_metric", VIEW_POLICY, "get", a_metric, names_object=True),
    ApiRoute("api_metric_versions", VIEW_POLICY, "get", a_metric, names_object=True),
    ApiRoute(
        "api_metric_versions", MANAGE_METRICS, "post", a_metric, names_object=True, data=a_version, status=201
    ),
    ApiRoute("api_metric_values", VIEW_ARR, "get", a_metric, names_object=True),
    ApiRoute(
        "api_metric_step", MANAGE_METRICS, "post", a_metric, names_object=True,
        data=lambda: {"revision": 1, "step": "deprecate", "successor": "arr", "reason": "No use"},
    ),
    ApiRoute(
        "api_metric_owner", MANAGE_METRICS, "put", with_an_owner, names_object=True,
        data=lambda: {"revision": 1, "person": None},
    ),
    ApiRoute(
        "api_metric_pay", MANAGE_METRICS, "put", a_metric, names_object=True,
        data=lambda: {"revision": 1, "feeds_pay": True},
    ),
    ApiRoute("api_registry_start", MANAGE_METRICS, "post", status=201),
    ApiRoute("api_library", MANAGE_METRICS, "get", an_early_registry),
    ApiRoute(
        "api_library", MANAGE_METRICS, "post", an_early_registry, status=201,
        data=lambda: {"keys": [library_metrics()[3].key]},
    ),
    ApiRoute("api_matrix", VIEW_POLICY, "get", a_registry),
    ApiRoute("api_matrix", MANAGE_METRICS, "patch", a_registry, data=some_cells),
    ApiRoute("api_availability", VIEW_POLICY, "get", a_registry),
    ApiRoute("api_lineage", VIEW_POLICY, "get", a_registry),
    ApiRoute("api_glossary", VIEW_POLICY, "get", a_registry),
    ApiRoute("api_glossary_file", VIEW_POLICY, "get", a_registry, query={"paper": "letter"}),
    ApiRoute("api_formula", REQUEST_CHANGES, "get", a_registry, query=FORMULA),
    ApiRoute("api_controls", VIEW_ARR, "get", with_a_control),
    ApiRoute("api_controls", RECONCILE, "post", a_registry, data=lambda: CONTROL, status=201),
    ApiRoute("api_control", RECONCILE, "delete", a_control, names_object=True),
]  # fmt: skip
