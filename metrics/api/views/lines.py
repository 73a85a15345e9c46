"""Contract lines and exchange rates."""

from typing import Any

from django.http import Http404
from rest_framework.parsers import BaseParser

from metrics.api.examples import RATES
from metrics.api.serializers import lines as shapes
from metrics.api.serializers.imports import source_of
from metrics.api.views.imports import DataView
from metrics.files import FileTooLarge
from metrics.models import ContractLine
from metrics.selectors.data_quality import issue_list
from metrics.selectors.imports import line_get
from metrics.selectors.listings import change_rows, line_rows, rate_rows
from metrics.selectors.rates import rate_gaps
from metrics.services.rates import RatesRefused, rates_import
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
    }

    def get(self, call: Call) -> Any:
        """The client's own exchange rates.

        A currency that has any here is valued by those alone; every other one by the European Central Bank's.
        """
        return rate_rows(call.query.get("currency", ""))

    def post(self, call: Call) -> Any:
        """Add and correct exchange rates, from rows or from a file.

        Rates that are not named stay. With one fault nothing is loaded, and the answer names each of them. The numbers are
        recomputed afterwards.
        """
        sent = call.body
        try:
            return rates_import(client=call.client, file=sent["file"], file_name=sent["file_name"], user=call.user)
        except RatesRefused as error:
            raise FileRefused(str(error), error.faults, len(error.faults)) from error
        except FileTooLarge as error:
            raise TooLarge(str(error)) from error


class RateGaps(RateView):
    operations = {"GET": Operation("rate_gaps_list", VIEW_DATA, shapes.GapsSerializer)}

    def get(self, call: Call) -> Any:
        """Which currency and day is missing, and which lines need it."""
        return {"results": rate_gaps(call.client)}
