"""Contract lines and exchange rates."""

from typing import Any

from django.http import Http404
from django.utils import timezone
from rest_framework.parsers import BaseParser

from metrics.api.examples import RATES
from metrics.api.serializers import lines as shapes
from metrics.api.serializers.imports import source_of
from metrics.api.views.imports import DataView
from metrics.files import FileTooLarge
from metrics.models import ContractLine, RateImport
from metrics.selectors.data_quality import issue_list
from metrics.selectors.imports import line_get
from metrics.selectors.listings import change_rows, line_rows, rate_rows
from metrics.selectors.own_rates import own_rates_lacking
from metrics.selectors.rates import rate_gaps
from metrics.services.books import last_completed_month
from metrics.services.problems import ImportProblem
from metrics.services.rates import RatesRefused, rates_import, rates_remove
from portal.lib.periods import month_format
from portal.tenancy.api import Call, ClientAPIView, Operation
from portal.tenancy.api_input import BoundedFormParser, BoundedJSONParser
from portal.tenancy.api_paging import PageParameters
from portal.tenancy.permissions import IMPORT_DATA, VIEW_DATA
from portal.tenancy.problems import FileRefused, TooLarge


class LineList(DataView):
    operations = {
        "GET": Operation(
            "lines_list", VIEW_DATA, shapes.LineSerializer, parameters=shapes.LineParameters, paged_by="id"
        )
    }

    def get(self, call: Call) -> Any:
        """Contract lines as they stand, those that vanished from their source included unless `live` says otherwise."""
        asked = call.query
        source = source_of(asked.get("source"))
        return line_rows(source, asked.get("customer", ""), asked.get("product", ""), asked["live"])


class LineHistory(DataView):
    operations = {
        "GET": Operation(
            "line_history_list",
            VIEW_DATA,
            shapes.LineChangeSerializer,
            parameters=PageParameters,
            paged_by="-id",
        )
    }

    def get(self, call: Call, line_id: int) -> Any:
        """Every change of one line, field by field, the newest first. `line_id` is the line's `id` in the list."""
        try:
            return change_rows(line_get(line_id))
        except ContractLine.DoesNotExist as error:
            raise Http404 from error


class IssueList(DataView):
    operations = {"GET": Operation("issues_list", VIEW_DATA, shapes.IssuesSerializer)}

    def get(self, call: Call) -> Any:
        """Questions that the contract lines themselves raise: overlaps, missing go-lives, currencies without rates."""
        return {"results": issue_list(call.client)}


class RateView(ClientAPIView):
    """An operation on the client's own exchange rates."""

    tag = "Exchange rates"


class RateList(RateView):
    parser_classes: list[type[BaseParser]] = [BoundedJSONParser, BoundedFormParser]
    operations = {
        "GET": Operation(
            "rates_list", VIEW_DATA, shapes.RateSerializer, parameters=shapes.RateParameters, paged_by="id"
        ),
        "POST": Operation(
            "rates_import",
            IMPORT_DATA,
            shapes.RateImportSerializer,
            takes={"application/json": shapes.RateRowsSerializer, "multipart/form-data": shapes.RateFileSerializer},
            status=201,
            examples=(RATES,),
        ),
        "DELETE": Operation(
            "rates_remove", IMPORT_DATA, shapes.RateRemovalSerializer, parameters=shapes.RateRemovalParameters
        ),
    }

    def get(self, call: Call) -> Any:
        """The client's own exchange rates.

        A currency that has any here is valued by those alone; every other one by the European Central Bank's.
        """
        return rate_rows(call.query.get("currency", ""))

    def post(self, call: Call) -> Any:
        """Add and correct exchange rates, from rows or from a file.

        Rates that are not named stay. With one fault nothing is loaded, and the answer names each of them. The numbers are
        recomputed afterwards. `lacking` says which months the own rates leave without one.
        """
        sent = call.body
        try:
            done = rates_import(client=call.client, file=sent["file"], file_name=sent["file_name"], user=call.user)
        except RatesRefused as error:
            raise FileRefused(str(error), error.faults, len(error.faults)) from error
        except FileTooLarge as error:
            raise TooLarge(str(error)) from error
        return rates_loaded(call, done)

    def delete(self, call: Call) -> Any:
        """Take all of the client's own rates of a currency away: the European Central Bank's count for it again.

        The numbers are recomputed afterwards. 404 where there is none.
        """
        try:
            return rates_remove(client=call.client, currency=call.query["currency"], user=call.user)
        except ImportProblem as error:
            raise Http404(str(error)) from error


def rates_loaded(call: Call, done: RateImport) -> dict[str, Any]:
    """What a load did, and what the own rates lack."""
    found = own_rates_lacking(call.client, last_completed_month(call.client, timezone.now()))
    lacking = [{"currency": row.currency, "months": [*map(month_format, row.months)], "of": row.of} for row in found]
    names = ("pk", "file_name", "file_sha256", "added_count", "changed_count", "unchanged_count", "created_at")
    return {name: getattr(done, name) for name in names} | {"lacking": lacking}


class RateGaps(RateView):
    operations = {"GET": Operation("rate_gaps_list", VIEW_DATA, shapes.GapsSerializer)}

    def get(self, call: Call) -> Any:
        """Which currency and day is missing, and which lines need it."""
        return {"results": rate_gaps(call.client)}
