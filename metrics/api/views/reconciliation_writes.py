"""What people decide about two sources and about sample contracts: as on their pages, one operation each."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.http import Http404
from rest_framework.exceptions import ValidationError

from metrics.api.examples import ACCOUNT, EXPLANATION, LEVELS, SAMPLES
from metrics.api.serializers import reconciliation_writes as shapes
from metrics.api.serializers.reconciliation import SamplesSerializer
from metrics.api.views.reconciliation import ComparisonView, SampleList, named_source
from metrics.models import AccountExplanation, AccountMapping
from metrics.selectors.reconciliation import reconciliation_get, reconciliation_setting
from metrics.services.reconciliation import (
    ReconciliationOutdated,
    ReconciliationProblem,
    account_explanation_withdraw,
    account_map,
    account_unmap,
    difference_explain,
    reconciliation_setting_update,
)
from metrics.services.samples import SampleEntry, SampleProblem, samples_save
from portal.tenancy.api import Call, Operation
from portal.tenancy.api_paging import PageParameters
from portal.tenancy.permissions import EDIT_POLICY, RECONCILE, VIEW_DATA
from portal.tenancy.problems import Conflict


@contextmanager
def refused() -> Iterator[None]:
    """A refusal of a service as an answer: Conflict where what was shown has changed, else ValidationError."""
    try:
        yield
    except ReconciliationOutdated as error:
        raise Conflict(str(error)) from error
    except (ReconciliationProblem, SampleProblem) as error:
        raise ValidationError(str(error)) from error


class ExplanationList(ComparisonView):
    operations = {
        "POST": Operation(
            "difference_explain", RECONCILE, shapes.ExplanationSerializer, takes=shapes.ExplainBody, status=201,
            may_fail=(409,), examples=(EXPLANATION,),
        )
    }  # fmt: skip

    def post(self, call: Call) -> Any:
        """Say why an account differs, in the place of an earlier explanation; the reconciliation then calls it explained.

        409 where the difference is no longer `difference`: look at the account once more.
        """
        sent = call.body
        pair = [named_source(name, sent[name]) for name in ("base", "other")]
        found = reconciliation_get(call.client, sent["month"], *pair)
        with refused():
            return difference_explain(
                client=call.client, found=found, account=sent["account"], shown=sent["difference"], text=sent["text"],
                user=call.user,
            )  # fmt: skip


class ExplanationDetail(ComparisonView):
    operations = {"DELETE": Operation("explanation_withdraw", RECONCILE, shapes.DecisionRemovedSerializer)}

    def delete(self, call: Call, explanation_id: int) -> Any:
        """Take an explanation back: its account differs again. The audit log keeps what it said."""
        found = AccountExplanation.objects.select_related("base", "other").filter(pk=explanation_id).first()
        if found is None:
            raise Http404
        account_explanation_withdraw(client=call.client, explanation=found)
        return {"id": explanation_id}


class MappingList(ComparisonView):
    operations = {
        "GET": Operation(
            "mappings_list", VIEW_DATA, shapes.AccountMappingSerializer, parameters=PageParameters, paged_by="id"
        ),
        "POST": Operation(
            "account_map", RECONCILE, shapes.AccountMappingSerializer, takes=shapes.AccountMappingBody, status=201,
            examples=(ACCOUNT,),
        ),
    }  # fmt: skip

    def get(self, call: Call) -> Any:
        """Every customer of a source that is, for reconciliation, the account of another id."""
        return AccountMapping.objects.select_related("source", "created_by")

    def post(self, call: Call) -> Any:
        """Say that a customer of a source is an account of the other one; reconciliation joins them from now on."""
        sent = call.body
        source: Any = named_source("source", sent["source"])
        with refused():
            return account_map(
                client=call.client, source=source, customer_id=sent["customer"], account_id=sent["account"],
                user=call.user,
            )  # fmt: skip


class MappingDetail(ComparisonView):
    operations = {"DELETE": Operation("account_unmap", RECONCILE, shapes.DecisionRemovedSerializer)}

    def delete(self, call: Call, mapping_id: int) -> Any:
        """Join a customer by its own id again. The audit log keeps what it was mapped to."""
        found = AccountMapping.objects.select_related("source").filter(pk=mapping_id).first()
        if found is None:
            raise Http404
        account_unmap(client=call.client, mapping=found)
        return {"id": mapping_id}


class LevelsDetail(ComparisonView):
    operations = {
        "GET": Operation("levels_get", EDIT_POLICY, shapes.LevelsSerializer),
        "PUT": Operation(
            "levels_put", EDIT_POLICY, shapes.LevelsSerializer, takes=shapes.LevelsBody, examples=(LEVELS,)
        ),
    }  # fmt: skip

    def get(self, call: Call) -> Any:
        """Tolerance and red flag of reconciliation, and the two sources that were decided on."""
        return reconciliation_setting()

    def put(self, call: Call) -> Any:
        """Decide tolerance, red flag and the two sources; a source that is left out is chosen by its kind."""
        sent = call.body
        pair = {name: named_source(name, sent[name] or "") for name in ("base", "other")}
        with refused():
            return reconciliation_setting_update(
                client=call.client, tolerance=sent["tolerance"], red_flag=sent["red_flag"], **pair
            )


class SampleBench(SampleList):
    operations = SampleList.operations | {
        "PUT": Operation(
            "samples_put", RECONCILE, SamplesSerializer, takes=shapes.SamplesBody, examples=(SAMPLES,)
        )
    }  # fmt: skip

    def put(self, call: Call) -> Any:
        """Make these the sample contracts: what is new is added, what differs changed, what is not named removed.

        400 for more than twenty, one twice, or a contract that the authoritative source does not have.
        """
        entries = [
            SampleEntry(each["contract"], each["month"], each["expected"], each["note"])
            for each in call.body["samples"]
        ]
        with refused():
            samples_save(client=call.client, entries=entries, user=call.user)
        return self.get(call)
