"""The operations of the API: what guards each, and how to try it. One table for tests and people.

An operation of the OpenAPI schema that is not in it fails `test_every_operation_of_the_schema_is_in_the_table`.
"""

import datetime as dt
import json
from typing import Any

from metrics.intake.layout import CONTRACT_NAMES
from metrics.models import ContractLine, LineChange
from metrics.services.books import books_rebuild_all
from metrics.services.closes import month_close
from metrics.services.imports import import_advance, import_start
from metrics.services.policies import policy_publish
from metrics.services.sources import source_ensure
from portal.lib.periods import month_parse
from portal.tenancy.models import Client
from portal.tenancy.permissions import (
    CLOSE_MONTH,
    EDIT_POLICY,
    IMPORT_DATA,
    RECONCILE,
    VIEW_ARR,
    VIEW_AUDIT,
    VIEW_CLIENT,
    VIEW_DATA,
    VIEW_POLICY,
)
from tests.engine.frames import frame, line, plain_policy
from tests.metrics import files
from tests.metrics.loading import load_lines
from tests.tenancy.api_matrix import ApiRoute
from tests.tenancy.matrix import nothing
from tests.tenancy.routes_api_board import BOARD_API_ROUTES
from tests.tenancy.routes_api_build import BUILD_API_ROUTES
from tests.tenancy.routes_api_changes import CHANGE_API_ROUTES
from tests.tenancy.routes_api_effects import EFFECT_API_ROUTES
from tests.tenancy.routes_api_oversight import OVERSIGHT_API_ROUTES
from tests.tenancy.routes_api_projects import PROJECT_API_ROUTES
from tests.tenancy.routes_api_registry import REGISTRY_API_ROUTES
from tests.tenancy.routes_metrics import a_mapping as a_customer_mapped
from tests.tenancy.routes_metrics import an_explanation, own_rates, two_sources
from tests.tenancy.routes_quality import QUALITY_API_ROUTES
from tests.tenancy.routes_teams import TEAM_API_ROUTES
from tests.tenancy.routes_webhooks import WEBHOOK_API_ROUTES

__all__ = ["ApiRoute"]
NOW = dt.datetime(2025, 1, 15, tzinfo=dt.UTC)
JUNE = month_parse("2024-06")
POLICY = plain_policy().to_dict()


def an_import(client: Client) -> dict[str, Any]:
    """A checked file that waits for a decision."""
    return uploaded(client, files.csv_bytes([files.line(1), files.line(2)]))


def a_refused_import(client: Client) -> dict[str, Any]:
    return uploaded(client, files.faulty_file())


def uploaded(client: Client, data: bytes) -> dict[str, Any]:
    source = source_ensure(client=client)
    started = import_start(client=client, source=source, file=files.named(data), file_name="contracts.csv")
    import_advance(client=client, contract_import=started)
    return {"import_id": started.pk}


def a_source(client: Client) -> dict[str, Any]:
    source_ensure(client=client)
    return {"source_id": source_ensure(client=client, name="crm").pk}


def a_line(client: Client) -> dict[str, Any]:
    """A line with a history of one change."""
    load_lines(frame(line()))
    row = ContractLine.objects.get()
    LineChange.objects.create(
        source=row.source, contract_import=row.last_import, line_id=row.line_id, kind="changed", field="rep", new="Ann"
    )
    return {"line_id": row.pk}


def numbers(client: Client) -> dict[str, Any]:
    """Books of 2024 with one customer of 1,200 a year."""
    if not ContractLine.objects.exists():
        load_lines(frame(line(customer_name="One", segment="SMB")))
    books_rebuild_all(client=client, now=NOW)
    return {}


def an_open_month(client: Client) -> dict[str, Any]:
    numbers(client)
    return {"month": JUNE}


def a_closed_month(client: Client) -> dict[str, Any]:
    numbers(client)
    month_close(client=client, month=JUNE)
    return {"month": JUNE}


def a_corrected_month(client: Client) -> dict[str, Any]:
    """A closed month whose contracts say something else by now."""
    found = a_closed_month(client)
    ContractLine.objects.update(amount=2400)
    books_rebuild_all(client=client, now=NOW)
    return found


def a_policy(client: Client) -> dict[str, Any]:
    return {"number": policy_publish(client=client, parameters=POLICY).number}


def an_upload() -> dict[str, Any]:
    return {"file": files.named(files.csv_bytes([files.line(1)])), "source": "billing", "is_partial": "true"}


def a_mapping() -> dict[str, Any]:
    return {"columns": {name: name for name in CONTRACT_NAMES}, "date_order": "ymd"}


def some_rates() -> dict[str, Any]:
    return {"rates": [{"currency": "EUR", "date": "2024-06-28", "rate": "1.0712"}]}


def a_new_policy() -> dict[str, Any]:
    return {"parameters": json.loads(json.dumps({**POLICY, "renewal_grace_days": 30})), "note": "Grace"}


def a_bench() -> dict[str, Any]:
    return {"samples": [{"contract": "K-L1", "month": "2024-12", "expected": "1000.00"}]}


MONTH = {"from": "2024-06", "to": "2024-06"}

API_ROUTES = [
    ApiRoute("api_client", VIEW_CLIENT),
    ApiRoute("api_audit", VIEW_AUDIT),
    ApiRoute("api_sources", VIEW_DATA, kwargs=nothing),
    ApiRoute("api_source_authoritative", IMPORT_DATA, "post", a_source, names_object=True),
    ApiRoute("api_imports", VIEW_DATA),
    ApiRoute("api_imports", IMPORT_DATA, "post", data=an_upload, is_form=True, status=201),
    ApiRoute("api_import", VIEW_DATA, "get", an_import, names_object=True),
    ApiRoute("api_import_faults", VIEW_DATA, "get", a_refused_import, names_object=True),
    ApiRoute("api_import_changes", VIEW_DATA, "get", an_import, names_object=True),
    ApiRoute("api_import_mapping", IMPORT_DATA, "post", an_import, names_object=True, data=a_mapping),
    ApiRoute("api_import_accept", IMPORT_DATA, "post", an_import, names_object=True, status=202),
    ApiRoute("api_import_cancel", IMPORT_DATA, "post", an_import, names_object=True),
    ApiRoute("api_lines", VIEW_DATA),
    ApiRoute("api_line_history", VIEW_DATA, "get", a_line, names_object=True),
    ApiRoute("api_issues", VIEW_DATA),
    ApiRoute("api_rates", VIEW_DATA),
    ApiRoute("api_rates", IMPORT_DATA, "post", data=some_rates, status=201),
    ApiRoute("api_rates", IMPORT_DATA, "delete", own_rates, query={"currency": "EUR"}),
    ApiRoute("api_rate_gaps", VIEW_DATA),
    ApiRoute("api_policies", VIEW_POLICY),
    ApiRoute("api_policies", EDIT_POLICY, "post", data=a_new_policy, status=201),
    ApiRoute("api_policy", VIEW_POLICY, "get", a_policy),
    ApiRoute("api_bridge", VIEW_ARR, "get", numbers),
    ApiRoute("api_headline", VIEW_ARR, "get", numbers),
    ApiRoute("api_retention", VIEW_ARR, "get", numbers),
    ApiRoute("api_cohorts", VIEW_ARR, "get", numbers),
    ApiRoute("api_movers", VIEW_ARR, "get", numbers),
    ApiRoute("api_cell", VIEW_ARR, "get", numbers, query=MONTH),
    ApiRoute("api_moves", VIEW_ARR, "get", numbers, query=MONTH | {"customer": "C1"}),
    ApiRoute("api_explain", VIEW_ARR, "get", numbers, query={"customer": "C1", "month": "2024-06"}),
    ApiRoute("api_reconciliation", VIEW_DATA, "get", two_sources),
    ApiRoute(
        "api_reconciliation_explanations", RECONCILE, "post", two_sources,
        data=lambda: {"account": "A", "difference": "100.00", "text": "An uplift"}, status=201,
    ),
    ApiRoute("api_reconciliation_explanation", RECONCILE, "delete", an_explanation, names_object=True),
    ApiRoute("api_account_mappings", VIEW_DATA),
    ApiRoute(
        "api_account_mappings", RECONCILE, "post", two_sources,
        data=lambda: {"source": "CRM", "customer": "0061", "account": "A"}, status=201,
    ),
    ApiRoute("api_account_mapping", RECONCILE, "delete", a_customer_mapped, names_object=True),
    ApiRoute("api_reconciliation_levels", EDIT_POLICY),
    ApiRoute(
        "api_reconciliation_levels", EDIT_POLICY, "put", data=lambda: {"tolerance": "0.0150", "red_flag": "0.0400"}
    ),
    ApiRoute("api_roll_up", VIEW_ARR),
    ApiRoute("api_exposure", VIEW_ARR, "get", numbers, query={"parameter": "discounts"}),
    ApiRoute("api_samples", VIEW_DATA, "get", two_sources),
    ApiRoute("api_samples", RECONCILE, "put", two_sources, data=a_bench),
    ApiRoute("api_months", VIEW_ARR, "get", numbers),
    ApiRoute("api_month_close", CLOSE_MONTH, "post", an_open_month, status=201),
    ApiRoute(
        "api_month_reopen", CLOSE_MONTH, "post", a_corrected_month, data=lambda: {"reason": "Late contract"}, status=201
    ),
    ApiRoute("api_month_as_of", VIEW_ARR, "get", a_closed_month, query={"on": "2199-12-31"}),
    *REGISTRY_API_ROUTES,
    *BOARD_API_ROUTES,
    *EFFECT_API_ROUTES,
    *CHANGE_API_ROUTES,
    *PROJECT_API_ROUTES,
    *QUALITY_API_ROUTES,
    *TEAM_API_ROUTES,
    *WEBHOOK_API_ROUTES,
    *OVERSIGHT_API_ROUTES,
    *BUILD_API_ROUTES,
]  # fmt: skip
"""Every operation of `/api/v1/`."""

OTHER_API_ROUTES = {
    "api_schema": "signed-in people and living tokens: it shows nobody's data",
    "api_docs": "signed-in people: it shows nobody's data",
    "api_unknown": "anyone: 404 as a problem",
}
"""The addresses below `/api/` that are no operation, and who may open them."""
