"""Sources and imports."""

from typing import Any

from django.http import Http404
from rest_framework.parsers import BaseParser

from metrics.api.examples import FAULT, IMPORT_WAITING, MAPPING
from metrics.api.serializers import imports as shapes
from metrics.files import FileTooLarge
from metrics.models import ContractImport, Source
from metrics.models.intake import ImportState
from metrics.selectors.imports import import_get, source_cards
from metrics.selectors.listings import fault_rows, import_rows
from metrics.services import imports as steps
from metrics.services.problems import ImportProblem
from metrics.services.sources import source_ensure, source_make_authoritative
from portal.tenancy.api import Call, ClientAPIView, Operation
from portal.tenancy.api_input import BoundedFormParser
from portal.tenancy.api_paging import PageParameters
from portal.tenancy.permissions import IMPORT_DATA, VIEW_DATA
from portal.tenancy.problems import FaultSerializer, TooLarge, conflict_on


class DataView(ClientAPIView):
    """An operation on what is imported."""

    tag = "Contracts in"


class SourceList(DataView):
    operations = {"GET": Operation("sources_list", VIEW_DATA, shapes.SourcesSerializer)}

    def get(self, call: Call) -> Any:
        """The client's sources.

        Each with the import that last loaded or confirmed its lines, and the newest one.
        """
        return {"results": source_cards()}


class SourceAuthoritative(DataView):
    operations = {"POST": Operation("source_make_authoritative", IMPORT_DATA, shapes.SourcesSerializer)}

    def post(self, call: Call, source_id: int) -> Any:
        """Let this source's lines make ARR.

        The former authoritative source is there to be reconciled from now on; the numbers are recomputed.
        """
        source = Source.objects.filter(pk=source_id).first()
        if source is None:
            raise Http404
        source_make_authoritative(client=call.client, source=source)
        return {"results": source_cards()}


class ImportList(DataView):
    parser_classes: list[type[BaseParser]] = [BoundedFormParser]
    operations = {
        "GET": Operation(
            "imports_list", VIEW_DATA, shapes.ImportSerializer, parameters=shapes.ImportParameters, paged_by="-id"
        ),
        "POST": Operation(
            "import_start",
            IMPORT_DATA,
            shapes.ImportDetailSerializer,
            takes={"multipart/form-data": shapes.UploadSerializer},
            status=201,
            examples=(IMPORT_WAITING,),
        ),
    }

    def get(self, call: Call) -> Any:
        """Imports, the newest first."""
        return import_rows(shapes.source_of(call.query.get("source")))

    def post(self, call: Call) -> Any:
        """Send a file of contract lines.

        It is read and checked whole; a file with one fault loads nothing and ends in the state `refused`, with every reason
        under `faults`. A file whose lines are all there already ends in `unchanged`, so that sending the same file twice does
        no harm. Otherwise it is `waiting`: look at `changes`, then accept or cancel it. A file of more than 2 MB is checked
        in the background: ask for it again until it is no longer `reading` or `checking`.
        """
        try:
            return upload(call)
        except (ImportProblem, FileTooLarge) as error:
            raise TooLarge(str(error)) from error


def upload(call: Call) -> ContractImport:
    """Keep, read, map and check the file as far as that goes without a person."""
    sent = call.body
    source = source_ensure(client=call.client, name=sent["source"], kind=sent["kind"])
    started = steps.import_start(
        client=call.client,
        source=source,
        file=sent["file"],
        file_name=sent["file"].name,
        is_partial=sent["is_partial"],
        user=call.user,
    )
    if mapping := sent.get("mapping"):
        if started.file_bytes <= steps.INLINE_BYTES:
            steps.import_read(contract_import=started)
        if started.state != ImportState.REFUSED:
            steps.import_map(contract_import=started, mapping=mapping)
    steps.import_advance(client=call.client, contract_import=started)
    return started


class ImportDetail(DataView):
    operations = {"GET": Operation("import_get", VIEW_DATA, shapes.ImportDetailSerializer)}

    def get(self, call: Call, import_id: int) -> Any:
        """One import: its state, counts, control totals, and what has to be answered before it goes on."""
        return import_or_404(import_id)


class ImportFaults(DataView):
    operations = {
        "GET": Operation(
            "import_faults_list",
            VIEW_DATA,
            FaultSerializer,
            parameters=PageParameters,
            paged_by="id",
            examples=(FAULT,),
        )
    }

    def get(self, call: Call, import_id: int) -> Any:
        """Every reason why the file was refused, in the order of the file."""
        return fault_rows(import_or_404(import_id))


class ImportChanges(DataView):
    operations = {"GET": Operation("import_changes_get", VIEW_DATA, shapes.ChangesSerializer)}

    def get(self, call: Call, import_id: int) -> Any:
        """What the import would do to its source: added, changed and vanished lines, and the effect on annual value."""
        return shapes.changes_of(import_or_404(import_id))


class ImportMapping(DataView):
    operations = {
        "POST": Operation(
            "import_map",
            IMPORT_DATA,
            shapes.ImportDetailSerializer,
            takes=shapes.MappingSerializer,
            may_fail=(409,),
            examples=(MAPPING,),
        )
    }

    def post(self, call: Call, import_id: int) -> Any:
        """Say how the file's columns become ours; the file is then checked again.

        Settings that are left out take their defaults. 409 where the file is being loaded, is loaded or is cancelled.
        """
        found = import_or_404(import_id)
        with conflict_on(ImportProblem):
            steps.import_map(contract_import=found, mapping=call.body["mapping"])
            steps.import_advance(client=call.client, contract_import=found)
        return found


class ImportAccept(DataView):
    operations = {
        "POST": Operation(
            "import_accept",
            IMPORT_DATA,
            shapes.ImportDetailSerializer,
            parameters=shapes.AcceptParameters,
            status=202,
            may_fail=(409,),
        )
    }

    def post(self, call: Call, import_id: int) -> Any:
        """Accept what the check found; the file is loaded in the background.

        409 unless the import is `waiting` (or `failed`, and is tried again), and where `digest` names another summary than the
        one that waits now.
        """
        found = import_or_404(import_id)
        with conflict_on(ImportProblem):
            steps.import_accept(client=call.client, contract_import=found, digest=call.query.get("digest"))
        return found


class ImportCancel(DataView):
    operations = {"POST": Operation("import_cancel", IMPORT_DATA, shapes.ImportDetailSerializer, may_fail=(409,))}

    def post(self, call: Call, import_id: int) -> Any:
        """End an import that is not being loaded; no line is touched. 409 where it is too late for that."""
        found = import_or_404(import_id)
        with conflict_on(ImportProblem):
            steps.import_cancel(contract_import=found)
        return found


def import_or_404(import_id: int) -> ContractImport:
    """The client's import of that id; Http404 alike for another client's and for nobody's."""
    try:
        return import_get(import_id)
    except ContractImport.DoesNotExist as error:
        raise Http404 from error
