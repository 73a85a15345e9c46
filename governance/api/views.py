"""The metric registry: list, detail, versions, values, and the whole of it as a file."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from django.http import Http404
from django.utils import timezone
from rest_framework.exceptions import ValidationError

from governance.api import metric_shapes as gives
from governance.api import serializers as shapes
from governance.api.definitions import told
from governance.metric_breaks import marks_by_book, turns_between
from governance.metric_content import ContentError, content_clean
from governance.metric_uses import PROGRAM, pages_of
from governance.selectors.board import is_governed
from governance.selectors.disputed_cells import metric_disputes
from governance.selectors.metric_values import MetricValues, Point
from governance.selectors.registry import Entry, Registry, registry_get
from governance.selectors.registry_drift import Drift, registry_yaml
from governance.services.metric_direct import direct_steps, metric_change
from governance.services.problems import DefinitionError
from governance.services.registry import metric_add
from governance.services.registry_file import registry_apply, registry_compare
from metrics.measures import MEASURES
from portal.accounts.services.usage import use_note
from portal.tenancy.access import Standing
from portal.tenancy.api import Call, ClientAPIView, Operation
from portal.tenancy.permissions import MANAGE_METRICS, VIEW_ARR, VIEW_POLICY

USUAL = 12
CHANGE = {"permission": MANAGE_METRICS, "answers": shapes.MetricDetailSerializer, "may_fail": (409,)}


class MetricView(ClientAPIView):
    """An operation on the metric registry."""

    tag = "Metrics"


@dataclass(frozen=True)
class Detail:
    """A metric with its lineage, and how it is changed."""

    standing: Standing
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

    @property
    def dependants(self) -> tuple[str, ...]:
        return self.registry.built_on(self.entry.key)

    @property
    def pages(self) -> list[str]:
        return [page.label for page in pages_of(self.standing, self.entry.key)]

    @property
    def is_governed(self) -> bool:
        return is_governed(self.entry.metric)

    @property
    def next_steps(self) -> list[str]:
        return direct_steps(self.entry.metric)


def entry_or_404(call: Call, key: str) -> tuple[Registry, Entry]:
    """The registry and the metric of that key."""
    registry = registry_get(call.client)
    if key not in registry.entries:
        raise Http404
    return registry, registry.entries[key]


def detailed(call: Call, key: str) -> Detail:
    """A metric as it is now."""
    return Detail(call.standing, *entry_or_404(call, key))


def content_of(call: Call) -> Mapping[str, Any]:
    """The content that was sent. ValidationError names each field that is wrong, as the page's form does."""
    given: dict[str, Any] = call.body["content"]
    try:
        return content_clean(given, call.client.currency)
    except ContentError as error:
        faults = {field: [f"{fault[:1].upper()}{fault[1:]}."] for field, fault in error.faults}
        raise ValidationError({"content": faults}) from error


class MetricList(MetricView):
    operations = {
        "GET": Operation("metrics_list", VIEW_POLICY, shapes.MetricsSerializer, parameters=shapes.MetricsParameters),
        "POST": Operation(
            "metric_propose",
            takes=gives.MetricProposeSerializer,
            status=201,
            **CHANGE,  # type: ignore[arg-type]
        ),
    }

    def get(self, call: Call) -> Any:
        """Every metric of the registry with its version in force, in the order of the registry."""
        asked = call.query
        entries = registry_get(call.client).entries.values()
        return {"metrics": [entry for entry in entries if is_asked(entry, asked)]}

    def post(self, call: Call) -> Any:
        """Propose a metric of the client's own. 400 says what is wrong with it, field by field."""
        key = call.body["key"]
        with told():
            metric_add(
                client=call.client, key=key, content=content_of(call), reason=call.body["reason"], user=call.user
            )
        return detailed(call, key)


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
        """A metric, what it is built on, and what is built on it: what has to change before it can end."""
        return detailed(call, key)


class MetricVersions(MetricView):
    operations = {
        "GET": Operation("metric_versions", VIEW_POLICY, shapes.VersionsSerializer),
        "POST": Operation(
            "metric_version_add",
            takes=gives.VersionGiveSerializer,
            status=201,
            **CHANGE,  # type: ignore[arg-type]
        ),
    }

    def get(self, call: Call, key: str) -> Any:
        """Every version of a metric, the newest first. Nothing ever changes one."""
        _, entry = entry_or_404(call, key)
        return {"key": key, "versions": entry.versions[::-1]}

    def post(self, call: Call, key: str) -> Any:
        """What a metric means from a month on. 409 where it was changed since `revision`, or changes by a request alone.

        Earlier versions stay in force before that month, which is open: what was shown stays as it was computed.
        """
        _, entry = entry_or_404(call, key)
        given = call.body
        with told():
            metric_change(
                metric=entry.metric, version=given["revision"], content=content_of(call),
                effective_month=given["effective_month"], reason=given["reason"], user=call.user,
            )  # fmt: skip
        return detailed(call, key)


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
        use_note(
            client=call.client, user_id=call.user.pk, page="", about=f"{PROGRAM}:{key}", role=call.standing.role,
            is_firm_staff=call.standing.is_firm_staff, session_started=0, now=timezone.now(),
        )  # fmt: skip
        head = {"key": key, "grain": grain, "unit": entry.content["unit"], "currency": call.client.currency}
        disputes = metric_disputes(call.client, values, key, points)
        return {**head, "values": points, "disputes": disputes, **marks_of_books(values, key, points)}


def marks_of_books(values: MetricValues, key: str, points: Sequence[Point]) -> dict[str, Any]:
    """Where a metric does not go on as it began: each break and restated month with the book that it is of, and the months from
    which the metric is computed from another book.
    """
    books = [(str(head.recognition), marks) for head, marks in marks_by_book(values, key, points)]
    return {
        "breaks": [
            SimpleNamespace(**vars(each), cause=each.cause, book=book) for book, marks in books for each in marks.breaks
        ],
        "restated": [
            SimpleNamespace(**vars(each), latest=each.latest, effect=each.effect, cause=each.cause, book=book)
            for book, marks in books
            for each in marks.restated.values()
        ],
        "book_turns": turns_between(values, key, points),
    }


class MetricsFile(MetricView):
    operations = {
        "GET": Operation("metrics_yaml", MANAGE_METRICS, shapes.RegistryFileSerializer),
        "POST": Operation(
            "metrics_import", MANAGE_METRICS, shapes.RegistryDriftSerializer, takes=gives.RegistryImportBody,
            may_fail=(409,),
        ),
    }  # fmt: skip

    def get(self, call: Call) -> Any:
        """The registry as YAML, in a stable order; what is read back is equal to what was written."""
        text = registry_yaml(registry_get(call.client))
        return {"yaml": text, "sha256": hashlib.sha256(text.encode()).hexdigest()}

    def post(self, call: Call) -> Any:
        """Apply a file whose drift was looked at: all of it, by the rules of single changes, or nothing; gives what it did.

        409 where the registry or the file is not what `seen` is of, and where it would change what a board decides about.
        """
        given = call.body
        with told():
            drift = registry_apply(
                client=call.client, text=given["yaml"], seen=given["seen"], reason=given["reason"], user=call.user
            )
        return drift_shown(drift)


def drift_shown(drift: Drift) -> dict[str, Any]:
    """What lies between a file and the registry."""
    names = ("field", "registry", "file")
    changed = [
        {"key": each.key, "edits": [dict(zip(names, edit, strict=True)) for edit in each.edits]}
        for each in drift.changed
    ]
    return {
        "agrees": drift.is_empty, "added": [each.key for each in drift.added], "changed": changed,
        "lacking": list(drift.lacking), "seen": drift.seen,
    }  # fmt: skip


class MetricsDrift(MetricView):
    operations = {
        "POST": Operation(
            "metrics_drift", MANAGE_METRICS, shapes.RegistryDriftSerializer, takes=shapes.RegistryDriftBody
        )
    }  # fmt: skip

    def post(self, call: Call) -> Any:
        """Hold a file of the client's own repository against the registry: what differs, field by field. Nothing is changed.

        The page of the file shows the newest comparison. The file is applied there, with `metrics_import`, or by
        `manage.py registry_import`; what a board decides about, by change requests.
        """
        try:
            drift = registry_compare(client=call.client, text=call.body["yaml"], revision=call.body["revision"])
        except DefinitionError as error:
            raise ValidationError({"yaml": [error.sentence]}) from error
        return drift_shown(drift)
