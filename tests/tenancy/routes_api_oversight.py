"""The operations of the API on oversight."""

import datetime as dt
from typing import Any

from metrics.models import ContractLine
from portal.tenancy.models import Client
from portal.tenancy.permissions import (
    RAISE_DISPUTES,
    RESOLVE_DISPUTES,
    RUN_AUDITS,
    VIEW_ARR,
    VIEW_AUDITS,
    VIEW_POLICY,
    VIEW_REVIEW,
)
from tests.governance.audits import QUARTER, book_load
from tests.tenancy.api_matrix import ApiRoute
from tests.tenancy.routes_oversight import (
    FEW_CONTRACTS,
    MONTH,
    a_contract,
    a_dispute,
    a_follow_up,
    a_follow_up_of_nobody,
    a_moved_contract,
    a_quarter,
    drawn,
    looked_into,
    ones_own,
    rupert,
    settled,
    some_evidence,
)

FIGURE = {"figure": "ending", "month": "2026-03", "reason": "Too high"}


def with_numbers(client: Client) -> dict[str, Any]:
    """Figures to dispute."""
    a_quarter(client)
    return {}


def with_an_audit(client: Client) -> dict[str, Any]:
    """For the list."""
    drawn(client)
    return {}


def with_a_dispute(client: Client) -> dict[str, Any]:
    """For the list."""
    a_dispute(client)
    return {}


def to_draw(client: Client) -> dict[str, Any]:
    """A quarter that is closed and was not audited."""
    if not ContractLine.objects.exists():
        book_load(client, FEW_CONTRACTS)
    rupert(client)
    return {}


def a_month_ahead() -> str:
    return f"{dt.datetime.now(dt.UTC).date() + MONTH}"


def a_drawing() -> dict[str, Any]:
    return {"quarter": QUARTER, "size": 10, "due_on": a_month_ahead()}


def to_do() -> dict[str, Any]:
    return {"text": "Ask billing", "person": "rupert@northwind.example", "due_on": a_month_ahead()}


def words() -> dict[str, Any]:
    return {"text": "The contract says so"}


OVERSIGHT_API_ROUTES = [
    ApiRoute("api_quarter_audits", VIEW_AUDITS, "get", with_an_audit),
    ApiRoute("api_quarter_audit", VIEW_AUDITS, "get", drawn, names_object=True),
    ApiRoute(
        "api_quarter_audit_result", RUN_AUDITS, "post", a_contract, names_object=True,
        data=lambda: {"version": 1, "result": "agrees"},
    ),
    ApiRoute(
        "api_quarter_audit_sheet", RUN_AUDITS, "post", a_moved_contract, names_object=True, data=lambda: {"version": 1}
    ),
    ApiRoute("api_quarter_audits", RUN_AUDITS, "post", to_draw, data=a_drawing, status=201),
    ApiRoute("api_audit_evidence", VIEW_AUDITS, "get", some_evidence, names_object=True),
    ApiRoute("api_audit_population", VIEW_AUDITS, "get", drawn, names_object=True),
    ApiRoute("api_audit_follow_ups", RUN_AUDITS, "post", drawn, names_object=True, data=to_do, status=201),
    ApiRoute(
        "api_audit_follow_up_settle", RUN_AUDITS, "post", a_follow_up, names_object=True,
        data=lambda: {"outcome": "Mended"},
    ),
    ApiRoute(
        "api_audit_follow_up_owner", RUN_AUDITS, "put", a_follow_up_of_nobody, names_object=True,
        data=lambda: {"person": "rupert@northwind.example"},
    ),
    ApiRoute(
        "api_dispute_owner", RESOLVE_DISPUTES, "put", a_dispute, names_object=True,
        data=lambda: {"person": "rupert@northwind.example"},
    ),
    ApiRoute("api_dispute_withdraw", RAISE_DISPUTES, "post", ones_own, names_object=True, data=words),
    ApiRoute("api_dispute_reopen", RAISE_DISPUTES, "post", settled, names_object=True, data=words),
    ApiRoute("api_dispute_comment", RAISE_DISPUTES, "post", a_dispute, names_object=True, data=words, status=201),
    ApiRoute(
        "api_dispute_evidence", RESOLVE_DISPUTES, "post", a_dispute, names_object=True, status=201,
        data=lambda: {"customer": "bolt"},
    ),
    ApiRoute("api_dispute_corrections", RESOLVE_DISPUTES, "get", a_dispute, names_object=True),
    ApiRoute("api_board_reviews", VIEW_REVIEW, "get", with_numbers),
    ApiRoute("api_disputes", VIEW_ARR, "get", with_a_dispute),
    ApiRoute("api_disputes", RAISE_DISPUTES, "post", with_numbers, data=lambda: FIGURE, status=201),
    ApiRoute("api_dispute", VIEW_ARR, "get", a_dispute, names_object=True),
    ApiRoute("api_dispute_take", RESOLVE_DISPUTES, "post", a_dispute, names_object=True),
    ApiRoute(
        "api_dispute_settle", RESOLVE_DISPUTES, "post", looked_into, names_object=True,
        data=lambda: {"step": "stand", "reason": "Signed"},
    ),
    ApiRoute("api_board_review", VIEW_REVIEW, "get", a_quarter, names_object=True),
    ApiRoute("api_handbook", VIEW_POLICY),
    ApiRoute("api_handbook_file", VIEW_POLICY),
    ApiRoute("api_board_review_file", VIEW_REVIEW, "get", a_quarter, names_object=True),
    ApiRoute("api_quarter_audit_file", VIEW_AUDITS, "get", drawn, names_object=True),
]  # fmt: skip
