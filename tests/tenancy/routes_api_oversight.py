"""The operations of the API on oversight."""

from typing import Any

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
from tests.tenancy.api_matrix import ApiRoute
from tests.tenancy.routes_oversight import a_contract, a_dispute, a_quarter, drawn, looked_into

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


OVERSIGHT_API_ROUTES = [
    ApiRoute("api_quarter_audits", VIEW_AUDITS, "get", with_an_audit),
    ApiRoute("api_quarter_audit", VIEW_AUDITS, "get", drawn, names_object=True),
    ApiRoute(
        "api_quarter_audit_result", RUN_AUDITS, "post", a_contract, names_object=True,
        data=lambda: {"version": 1, "result": "agrees"},
    ),
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
]  # fmt: skip
