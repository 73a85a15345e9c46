"""The Data pages in the access matrix."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from metrics.models import ContractLine
from metrics.models.intake import ImportState
from metrics.services.imports import import_accept, import_check, import_read, import_start
from metrics.services.sources import source_ensure
from portal.tenancy.models import Client
from portal.tenancy.permissions import IMPORT_DATA, VIEW_DATA
from tests.metrics.files import csv_bytes, line, named
from tests.tenancy.matrix import Route


def a_waiting_import(client: Client) -> dict[str, Any]:
    """A checked file that waits for its decision; runs in the client's scope."""
    source = source_ensure(client=client, name="matrix")
    started = import_start(client=client, source=source, file=named(csv_bytes([line(1)])), file_name="contracts.csv")
    import_read(contract_import=started)
    import_check(client=client, contract_import=started)
    assert started.state == ImportState.WAITING
    return {"import_id": started.pk}


def a_queued_import(client: Client) -> dict[str, Any]:
    """An import whose progress can be watched."""
    from metrics.models import ContractImport

    made = a_waiting_import(client)
    found = ContractImport.objects.get(pk=made["import_id"])
    import_accept(client=client, contract_import=found, in_background=False)
    return made


def a_source(client: Client) -> dict[str, Any]:
    source_ensure(client=client, name="first")
    return {"source_id": source_ensure(client=client, name="second").pk}


def a_line(client: Client) -> dict[str, Any]:
    """One contract line, written without an import's way."""
    from metrics import loading
    from metrics.intake.contracts import read_contracts
    from metrics.intake.mapping import Mapping
    from metrics.intake.reader import read_bytes

    made = a_waiting_import(client)
    source = source_ensure(client=client, name="matrix")
    lines = read_contracts(read_bytes(csv_bytes([line(1)])), Mapping.identity()).lines
    loading.insert_lines(source.pk, made["import_id"], loading.unhashed(lines))
    return {"line_id": ContractLine.objects.get().pk}


def a_question(client: Client) -> dict[str, Any]:
    """A question about lines that are there; a client without a source has none."""
    a_line(client)
    return {"code": "overlap"}


def a_contract_file(client: Client) -> dict[str, Any]:
    return {
        "source": "new",
        "name": "Billing",
        "kind": "billing",
        "file": SimpleUploadedFile("contracts.csv", csv_bytes([line(1)])),
    }


def a_rate_file(client: Client) -> dict[str, Any]:
    return {"file": SimpleUploadedFile("rates.csv", b"date,currency,rate\n2024-01-31,EUR,1.1\n")}


METRICS_ROUTES = [
    Route("data", VIEW_DATA),
    Route("data_imports", VIEW_DATA),
    Route("data_lines", VIEW_DATA),
    Route("data_line", VIEW_DATA, kwargs=a_line),
    Route("data_rates", VIEW_DATA),
    Route("data_issues", VIEW_DATA),
    Route("data_issue", VIEW_DATA, kwargs=a_question),
    Route("data_import", VIEW_DATA, kwargs=a_waiting_import),
    Route("data_progress", VIEW_DATA, kwargs=a_queued_import),
    Route("data_faults", VIEW_DATA, kwargs=a_waiting_import),
    Route("data_upload", IMPORT_DATA),
    Route("data_upload", IMPORT_DATA, method="post", data=a_contract_file),
    Route("data_mapping", IMPORT_DATA, kwargs=a_waiting_import),
    Route("data_accept", IMPORT_DATA, method="post", kwargs=a_waiting_import),
    Route("data_cancel", IMPORT_DATA, method="post", kwargs=a_waiting_import),
    Route("data_authoritative", IMPORT_DATA, method="post", kwargs=a_source),
    Route("data_rates_upload", IMPORT_DATA),
    Route("data_rates_upload", IMPORT_DATA, method="post", data=a_rate_file),
]
