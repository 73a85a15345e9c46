"""Comparisons: two sources, the choices of a policy question, and what Finance expects of sample contracts."""

from dataclasses import asdict
from typing import Any

from rest_framework.exceptions import ValidationError

from metrics.api.serializers import reconciliation as shapes
from metrics.models import Source
from metrics.selectors.exposure import exposure_get
from metrics.selectors.listings import source_named
from metrics.selectors.reconciliation import reconciliation_get
from metrics.selectors.reconciliation_figures import Reconciliation
from metrics.selectors.roll_up import roll_up_get
from metrics.selectors.samples import SampleRow, samples_agree, samples_get
from portal.tenancy.api import Call, ClientAPIView, Operation
from portal.tenancy.permissions import VIEW_ARR, VIEW_DATA


class ComparisonView(ClientAPIView):
    """An operation that compares."""

    tag = "Comparisons"


class ReconciliationDetail(ComparisonView):
    operations = {
        "GET": Operation(
            "reconciliation_get",
            VIEW_DATA,
            shapes.ReconciliationSerializer,
            parameters=shapes.ReconciliationParameters,
        )
    }

    def get(self, call: Call) -> Any:
        """Two sources against each other at a month end: totals, variance, and every account with what differs and why.

        Both run through the engine under the policy in force. Where a side has no value, the figures are null with the reason.
        """
        asked = call.query
        pair = [named_source(name, asked[name]) for name in ("base", "other")]
        found = reconciliation_get(call.client, asked["month"], *pair)
        rows = [row for row in found.rows if not asked["state"] or row.state == asked["state"]]
        return shown(found) | {"account_count": len(rows), "accounts": rows[: asked["limit"]]}


class RollUpDetail(ComparisonView):
    operations = {
        "GET": Operation("roll_up_get", VIEW_ARR, shapes.RollUpSerializer, parameters=shapes.RollUpParameters)
    }

    def get(self, call: Call) -> Any:
        """ARR of a month end held against its parts: lines valued anew, each property's values, and all that moved before it.

        As the contracts stand now. Every way has to come to the same, to the cent; one that cannot be gone says why.
        """
        return roll_up_get(call.client, call.query["month"])


def named_source(field: str, name: str) -> Source | None:
    """The source of a name; None where none is named. ValidationError for a name that is no source's."""
    found = source_named(name) if name else None
    if name and found is None:
        raise ValidationError({field: ["There is no source of that name."]})
    return found


def shown(found: Reconciliation) -> dict[str, Any]:
    """A reconciliation without its rows, as its serializer reads it."""
    names = ("month", "base", "other", "currency", "policy_number", "base_arr", "other_arr", "difference", "variance")
    return {name: getattr(found, name) for name in (*names, "level", "levels", "sentence", "reason")}


class ExposureDetail(ComparisonView):
    operations = {
        "GET": Operation("exposure_get", VIEW_ARR, shapes.ExposureSerializer, parameters=shapes.ExposureParameters)
    }

    def get(self, call: Call) -> Any:
        """What a policy question is worth: ARR at a month end under each usual choice, and the customers that move.

        The other parameters are those of the policy in force.
        """
        asked = call.query
        return exposure_get(call.client, asked["parameter"], None, asked["month"], most=asked["limit"])


class SampleList(ComparisonView):
    operations = {"GET": Operation("samples_get", VIEW_DATA, shapes.SamplesSerializer)}

    def get(self, call: Call) -> Any:
        """The sample contracts: what is expected, what the engine says under the policy in force, those that differ first."""
        bench, check = samples_get(call.client), samples_agree(call.client)
        results = [sample_shown(row) for row in bench.rows]
        return {"agree": check.holds, "sentence": check.sentence, "currency": bench.currency, "results": results}


def sample_shown(row: SampleRow) -> dict[str, Any]:
    """A sample as its serializer reads it."""
    figures = {name: getattr(row, name) for name in ("sample", "customer", "name", "answer", "difference", "agrees")}
    reason = asdict(row.reason) if row.reason else None
    return figures | {"reason": reason, "clauses": [clause.parameter for clause in row.clauses]}
