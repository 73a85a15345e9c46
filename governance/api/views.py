"""The metric registry: list, detail, versions, values, and the whole of it as a file."""

import hashlib
from dataclasses import dataclass
from typing import Any

from django.http import Http404
from rest_framework.exceptions import ValidationError

from governance.api import serializers as shapes
from governance.selectors.metric_values import MetricValues
from governance.selectors.registry import Entry, Registry, registry_get
from governance.selectors.registry_drift import registry_yaml
from governance.services.problems import DefinitionError
from governance.services.registry_file import registry_compare
from metrics.measures import MEASURES
from portal.tenancy.api import Call, ClientAPIView, Operation
from portal.tenancy.permissions import MANAGE_METRICS, VIEW_ARR, VIEW_POLICY

USUAL = 12


class MetricView(ClientAPIView):
    """An operation on the metric registry."""

    tag = "Metrics"


@dataclass(frozen=True)
class Detail:
    """A metric with its lineage."""

    registry: Registry
    entry: Entry

    def __getattr__(self, name: str) -> Any:
        return getattr(self.entry, name)

    @property
    def needs(self) -> tuple[str, ...]:
        return self.registry.needs(self.entry.key)

    @property
    def used_by(self) -> tuple[str, ...]:
        return self.registry.used_by(self.entry.key)

    @property
    def measures(self) -> tuple[str, ...]:
        return self.registry.measures_of(self.entry.key)

    @property
    def fields_of_source(self) -> list[str]:
        return sorted({field for name in self.measures for field in MEASURES[name].fields})


def entry_or_404(call: Call, key: str) -> tuple[Registry, Entry]:
    """The registry and the metric of that key."""
    registry = registry_get(call.client)
    if key not in registry.entries:
        raise Http404
    return registry, registry.entries[key]


class MetricList(MetricView):
    operations = {
        "GET": Operation("metrics_list", VIEW_POLICY, shapes.MetricsSerializer, parameters=shapes.MetricsParameters)
    }

    def get(self, call: Call) -> Any:
        """Every metric of the registry with its version in force, in the order of the registry."""
        asked = call.query
        entries = registry_get(call.client).entries.values()
        return {"metrics": [entry for entry in entries if is_asked(entry, asked)]}


def is_asked(entry: Entry, asked: dict[str, Any]) -> bool:
    """Whether the parameters leave a metric."""
    role = asked.get("role")
    cells = [entry.priorities.get(role, "")] if role else list(entry.priorities.values())
    if asked.get("priority") and asked["priority"] not in cells:
        return False
    if role and not any(cells):
        return False
    return asked.get("status") in (None, entry.metric.status)


class MetricDetail(MetricView):
    operations = {"GET": Operation("metric_get", VIEW_POLICY, shapes.MetricDetailSerializer)}

    def get(self, call: Call, key: str) -> Any:
        """A metric, what it is built on, and what is built on it."""
        return Detail(*entry_or_404(call, key))


class MetricVersions(MetricView):
    operations = {"GET": Operation("metric_versions", VIEW_POLICY, shapes.VersionsSerializer)}

    def get(self, call: Call, key: str) -> Any:
        """Every version of a metric, the newest first. Nothing ever changes one."""
        _, entry = entry_or_404(call, key)
        return {"key": key, "versions": entry.versions[::-1]}


class MetricValuesList(MetricView):
    operations = {
        "GET": Operation("metric_values", VIEW_ARR, shapes.ValuesSerializer, parameters=shapes.ValuesParameters)
    }

    def get(self, call: Call, key: str) -> Any:
        """A metric month by month, each computed by the version that holds in it: the newest twelve, or at most 120 asked for.

        Closed months are as they were reported. A month without a value says why. By `grain` the same months are taken
        together as quarters or fiscal years: movements are added up, balances are the last month's, and the formula is computed
        over these. The first one is whole; the last ends with the last month.
        """
        registry, entry = entry_or_404(call, key)
        grain = call.query["grain"]
        values = MetricValues(call.client, registry, grain=grain)
        last = call.query["last"] if call.query["last"] is not None else (values.months or (0, registry.month))[1]
        first = call.query["first"] if call.query["first"] is not None else last - USUAL + 1
        points = values.series(key, max(first, last - shapes.LONGEST + 1), last)
        head = {"key": key, "grain": grain, "unit": entry.content["unit"], "currency": call.client.currency}
        return {**head, "values": points}


class MetricsFile(MetricView):
    operations = {"GET": Operation("metrics_yaml", MANAGE_METRICS, shapes.RegistryFileSerializer)}

    def get(self, call: Call) -> Any:
        """The registry as YAML, in a stable order; what is read back is equal to what was written."""
        text = registry_yaml(registry_get(call.client))
        return {"yaml": text, "sha256": hashlib.sha256(text.encode()).hexdigest()}


class MetricsDrift(MetricView):
    operations = {
        "POST": Operation(
            "metrics_drift", MANAGE_METRICS, shapes.RegistryDriftSerializer, takes=shapes.RegistryDriftBody
        )
    }  # fmt: skip

    def post(self, call: Call) -> Any:
        """Hold a file of the client's own repository against the registry: what differs, field by field. Nothing is changed.

        The page of the file shows the newest comparison. A change is applied there, by a change request, or by
        `manage.py registry_import`.
        """
        try:
            drift = registry_compare(client=call.client, text=call.body["yaml"], revision=call.body["revision"])
        except DefinitionError as error:
            raise ValidationError({"yaml": [error.sentence]}) from error
        names = ("field", "registry", "file")
        changed = [
            {"key": each.key, "edits": [dict(zip(names, edit, strict=True)) for edit in each.edits]}
            for each in drift.changed
        ]
        added = [each.key for each in drift.added]
        return {"agrees": drift.is_empty, "added": added, "changed": changed, "lacking": list(drift.lacking)}
