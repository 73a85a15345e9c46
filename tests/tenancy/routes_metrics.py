"""The Data pages in the access matrix."""

import datetime as dt
import io
from decimal import Decimal
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from metrics.models import ContractImport, ContractLine, Source
from metrics.models.intake import ImportState
from metrics.services.books import books_rebuild_all
from metrics.services.imports import import_accept, import_check, import_read, import_start
from metrics.services.rates import rates_import
from metrics.services.reconciliation import account_explain, account_map
from metrics.services.sources import source_ensure
from portal.lib.periods import month_parse
from portal.tenancy.models import Client
from portal.tenancy.permissions import EDIT_POLICY, IMPORT_DATA, RECONCILE, VIEW_DATA
from portal.tenancy.scope import tenant_context
from tests.engine.frames import frame
from tests.engine.frames import line as line_of
from tests.metrics.files import csv_bytes, line, named
from tests.metrics.loading import load_lines
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
    from metrics import line_rows, loading
    from metrics.intake.contracts import read_contracts
    from metrics.intake.mapping import Mapping
    from metrics.intake.reader import read_bytes

    made = a_waiting_import(client)
    source = source_ensure(client=client, name="matrix")
    lines = read_contracts(read_bytes(csv_bytes([line(1)])), Mapping.identity()).lines
    line_rows.insert_lines(source.pk, made["import_id"], loading.unhashed(lines))
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


def own_rates(client: Client) -> dict[str, Any]:
    rates_import(client=client, file=io.BytesIO(b"date,currency,rate\n2024-06-28,EUR,1.0712\n"), file_name="rates.csv")
    return {}


def a_rate_file(client: Client) -> dict[str, Any]:
    return {"file": SimpleUploadedFile("rates.csv", b"date,currency,rate\n2024-01-31,EUR,1.1\n")}


def two_sources(client: Client) -> dict[str, Any]:
    """Two sources that differ in the account A, with books up to December 2024, once; names nothing in the address."""
    if Source.objects.filter(name="CRM").exists():
        return {}
    for source, amount in (("Billing", "1000"), ("CRM", "1100")):
        load_lines(frame(line_of("L1", amount, customer_id="A")), source)
    books_rebuild_all(client=client, now=dt.datetime(2025, 1, 15, tzinfo=dt.UTC))
    return {}


def an_explanation(client: Client) -> dict[str, Any]:
    two_sources(client)
    base, other = Source.objects.get(name="Billing"), Source.objects.get(name="CRM")
    given: dict[str, Any] = {
        "month": month_parse("2024-12"),
        "account_id": "A",
        "difference": Decimal(100),
        "text": "An uplift",
    }
    return {"explanation_id": account_explain(client=client, base=base, other=other, **given).pk}


def a_mapping(client: Client) -> dict[str, Any]:
    two_sources(client)
    source = Source.objects.get(name="CRM")
    return {"mapping_id": account_map(client=client, source=source, customer_id="0061", account_id="A").pk}


def an_account_to_map(client: Client) -> dict[str, Any]:
    with tenant_context(client):
        return {"source": Source.objects.get(name="CRM").pk, "customer_id": "0061", "account_id": "A"}


AN_ACCOUNT = {"account": "A"}
AN_EXPLANATION = {"account": "A", "difference": "100.00", "text": "An uplift"}
LEVELS = {"tolerance": "1.5", "red_flag": "4"}
A_SAMPLE = {
    "samples-TOTAL_FORMS": "1",
    "samples-INITIAL_FORMS": "0",
    "samples-0-contract_id": "K-L1",
    "samples-0-month": "2024-12",
    "samples-0-expected": "1,000.00",
}


def the_summary_seen(client: Client) -> dict[str, Any]:
    """What the page of the newest import sends back."""
    with tenant_context(client):
        newest = ContractImport.objects.order_by("-id").first()
    return {"digest": newest.report.get("digest", "") if newest else ""}


METRICS_ROUTES = [
    Route("data", VIEW_DATA),
    Route("data_imports", VIEW_DATA),
    Route("data_lines", VIEW_DATA),
    Route("data_line", VIEW_DATA, kwargs=a_line),
    Route("data_rates", VIEW_DATA),
    Route("data_issues", VIEW_DATA),
    Route("data_questions", VIEW_DATA),
    Route("data_issue", VIEW_DATA, kwargs=a_question),
    Route("data_import", VIEW_DATA, kwargs=a_waiting_import),
    Route("data_progress", VIEW_DATA, kwargs=a_queued_import),
    Route("data_faults", VIEW_DATA, kwargs=a_waiting_import),
    Route("data_upload", IMPORT_DATA),
    Route("data_upload", IMPORT_DATA, method="post", data=a_contract_file),
    Route("data_mapping", IMPORT_DATA, kwargs=a_waiting_import),
    Route("data_accept", IMPORT_DATA, method="post", kwargs=a_waiting_import, data=the_summary_seen),
    Route("data_cancel", IMPORT_DATA, method="post", kwargs=a_waiting_import),
    Route("data_authoritative", IMPORT_DATA, method="post", kwargs=a_source),
    Route("reconciliation", VIEW_DATA),
    Route("reconciliation_csv", VIEW_DATA, kwargs=two_sources),
    Route("reconciliation_account", VIEW_DATA, kwargs=two_sources, data=AN_ACCOUNT),
    Route("reconciliation_explain", RECONCILE, method="post", kwargs=two_sources, data=AN_EXPLANATION),
    Route("reconciliation_withdraw", RECONCILE, method="post", kwargs=an_explanation),
    Route("account_mappings", VIEW_DATA),
    Route(
        "account_map",
        RECONCILE,
        method="post",
        kwargs=two_sources,
        data=an_account_to_map,
        names_object=False,
        status=(302,),
    ),
    Route("account_unmap", RECONCILE, method="post", kwargs=a_mapping),
    Route("reconciliation_levels", EDIT_POLICY),
    Route("reconciliation_levels", EDIT_POLICY, method="post", data=LEVELS, status=(302,)),
    Route("samples", VIEW_DATA),
    Route("samples_change", RECONCILE),
    Route(
        "samples_change", RECONCILE, method="post", kwargs=two_sources, data=A_SAMPLE, names_object=False, status=(302,)
    ),
    Route("data_rates_upload", IMPORT_DATA),
    Route(
        "data_rates_remove",
        IMPORT_DATA,
        method="post",
        kwargs=own_rates,
        names_object=False,
        data={"currency": "EUR"},
        status=(302,),
    ),
    Route("data_rates_upload", IMPORT_DATA, method="post", data=a_rate_file),
]
