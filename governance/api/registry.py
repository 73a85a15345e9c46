"""What is about all metrics of the registry: matrix, controls, availability, lineage, the library, a formula that is tried."""

from typing import Any

from django.http import Http404
from django.utils import timezone
from rest_framework.exceptions import ValidationError

from governance.api import metric_shapes as shapes
from governance.api.definitions import told
from governance.api.views import MetricView
from governance.metric_uses import pages_of
from governance.selectors.availability import availability_list
from governance.selectors.controls import checked, checked_by, control_get, controls_read
from governance.selectors.library_drift import library_drift
from governance.selectors.lineage import lineage_list
from governance.selectors.metric_preview import formula_try
from governance.selectors.metric_values import MetricValues, Point
from governance.selectors.registry import registry_get
from governance.services.controls import control_remove, control_save
from governance.services.matrix import matrix_digest, matrix_save
from governance.services.registry_library import library_take
from portal.tenancy.api import Call, Operation
from portal.tenancy.api_paging import PageParameters, page_of, paged
from portal.tenancy.permissions import MANAGE_METRICS, RECONCILE, REQUEST_CHANGES, VIEW_ARR, VIEW_POLICY


class MatrixDetail(MetricView):
    operations = {
        "GET": Operation("matrix_get", VIEW_POLICY, shapes.MatrixSerializer),
        "PATCH": Operation(
            "matrix_write", MANAGE_METRICS, shapes.MatrixSerializer, takes=shapes.MatrixWriteSerializer, may_fail=(409,)
        ),
    }

    def get(self, call: Call) -> Any:
        """The KPI matrix: which metric matters how much to which role."""
        registry = registry_get(call.client)
        cells = {key: entry.priorities for key, entry in registry.entries.items() if entry.is_standing}
        return {"seen": matrix_digest(registry), "cells": cells}

    def patch(self, call: Call) -> Any:
        """Put cells of the matrix, one or all; what is not named stays. 409 where it is not the matrix of `seen`."""
        present, given = registry_get(call.client).entries, call.body["cells"]
        cells = {key: {**(present[key].priorities if key in present else {}), **row} for key, row in given.items()}
        with told():
            matrix_save(client=call.client, cells=cells, seen=call.body["seen"], user=call.user)
        return self.get(call)


class AvailabilityList(MetricView):
    operations = {"GET": Operation("metrics_availability", VIEW_POLICY, shapes.AvailabilitySerializer)}

    def get(self, call: Call) -> Any:
        """Which of the metrics that must be there can be built now, and what has to be done first for the others."""
        return {"metrics": availability_list(call.client, timezone.now())}


class LineageDetail(MetricView):
    operations = {
        "GET": Operation(
            "metrics_lineage", VIEW_POLICY, shapes.LineageSerializer, parameters=shapes.LineageParameters
        )
    }  # fmt: skip

    def get(self, call: Call) -> Any:
        """From source field to measure to metric to page: all of it, or what hangs on a measure, metric, field or source."""
        rows = lineage_list(registry_get(call.client), **call.query)
        return {
            "measures": [
                {
                    "found": row,
                    "pages": list(
                        dict.fromkeys(
                            page.label for key in (*row.direct, *row.through) for page in pages_of(call.standing, key)
                        )
                    ),
                }
                for row in rows
            ]
        }


class FormulaDetail(MetricView):
    operations = {
        "GET": Operation(
            "formula_try", REQUEST_CHANGES, shapes.FormulaSerializer, parameters=shapes.FormulaParameters
        )
    }  # fmt: skip

    def get(self, call: Call) -> Any:
        """Try a formula: what is wrong with it and where, or what it gives, and its values on the client's own figures."""
        asked = call.query
        found = formula_try(call.client, asked["key"], asked["formula"], asked["unit"], with_values=call.may(VIEW_ARR))
        points = [{**vars(new), "before": old.value if old is not None else None} for new, old in found.points]
        return {**vars(found), "points": points}


class ControlList(MetricView):
    operations = {
        "GET": Operation("controls_list", VIEW_ARR, paged(shapes.ControlSerializer), parameters=PageParameters),
        "POST": Operation(
            "control_keep", RECONCILE, shapes.ControlSerializer, takes=shapes.ControlGiveSerializer, status=201
        ),
    }

    def get(self, call: Call) -> Any:
        """Every control figure beside what the registry says, the one that was given last first."""
        page = page_of(self.request, controls_read(), "-id", call.query)
        values = MetricValues(call.client)
        return {"next": page.next, "results": [checked_by(values, control) for control in page.results]}

    def post(self, call: Call) -> Any:
        """Keep what somebody knows a metric must be in a month, in the place of an earlier figure of the same month.

        Beside it stands what the registry says, for whoever sees numbers.
        """
        given, registry = dict(call.body), registry_get(call.client)
        key = given.pop("metric")
        if key not in registry.entries or not registry.entries[key].is_standing:
            raise ValidationError({"metric": ["There is no metric of this key that is in use or proposed."]})
        with told():
            kept = control_save(client=call.client, metric=registry.entries[key].metric, user=call.user, **given)
        unseen = Point(kept.month, None, None)
        return checked(
            kept, MetricValues(call.client, registry).point(key, kept.month) if call.may(VIEW_ARR) else unseen
        )


class ControlDetail(MetricView):
    operations = {"DELETE": Operation("control_remove", RECONCILE, shapes.ControlRemovedSerializer)}

    def delete(self, call: Call, control_id: int) -> Any:
        """Take a control figure away; the audit log keeps what it was."""
        found = control_get(control_id)
        if found is None:
            raise Http404
        control_remove(control=found, user=call.user)
        return {"id": control_id}


class LibraryDetail(MetricView):
    operations = {
        "GET": Operation("metrics_library", MANAGE_METRICS, shapes.LibrarySerializer),
        "POST": Operation(
            "metrics_library_take", MANAGE_METRICS, shapes.LibraryTakenSerializer,
            takes=shapes.LibraryTakeSerializer, status=201,
        ),
    }  # fmt: skip

    def get(self, call: Call) -> Any:
        """The registry beside the library of today: fields that the library says otherwise, and metrics that it has besides."""
        drift = library_drift(registry_get(call.client))
        improved = [{"key": each.entry.key, "edits": each.edits} for each in drift.improved]
        return {"agrees": drift.is_empty, "improved": improved, "missing": [each.key for each in drift.missing]}

    def post(self, call: Call) -> Any:
        """Propose metrics that the library has besides, with those that their formulas need: all of them or none."""
        with told():
            made = library_take(client=call.client, keys=call.body["keys"], user=call.user)
        return {"proposed": [metric.key for metric in made]}
