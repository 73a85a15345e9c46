"""Schemathesis on the real WSGI application: no 5xx, and every answer is one that the schema describes.

Half of what is generated is valid under the schema, half is not. The token is valid; the addresses name the client, and now and
then objects that exist, so that the answers are not all 404.
"""

import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from governance.selectors.published_figures import Subject
from governance.services.figure_disputes import dispute_raise
from metrics.models import ContractImport, MonthClose
from metrics.services.quality import quality_look
from portal.accounts.models import User
from portal.tenancy.models import Client, ClientRole, Membership
from portal.tenancy.scope import tenant_context
from tests.api.conftest import Mint, Program
from tests.api.schema import openapi
from tests.papers import papers_as_markup
from tests.tenancy import routes_api as objects
from tests.tenancy import routes_api_projects as projects
from tests.tenancy.routes_api_changes import a_preview
from tests.tenancy.routes_board import a_meeting, board_of
from tests.tenancy.routes_metrics import a_mapping, an_explanation
from tests.tenancy.routes_oversight import rupert
from tests.tenancy.routes_registry import a_control
from tests.tenancy.routes_teams import an_assignment
from tests.tenancy.routes_webhooks import a_delivery

__all__ = ["papers_as_markup"]
pytestmark = pytest.mark.usefixtures("papers_as_markup")
EXAMPLES = int(os.environ.get("API_EXAMPLES", "4"))  # for each operation and mode; a release is tried with 200
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.fixture
def api(northwind: Client, ana: User, program: Mint, settings: Any) -> Program:
    """A program with every scope, that nobody slows down."""
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": {"token": "100000/min"}}
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "localhost"]
    return program(northwind, ana)


@pytest.fixture
def own(northwind: Client, finn: User, api: Program, program: Mint) -> Program:
    """The token of one of the client's people, for what no consultant may do."""
    with tenant_context(northwind):
        Membership.objects.filter(user=finn).update(role=ClientRole.ADMIN)
    return program(northwind, finn)


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """The application runs in the test's own transaction, as it does for Django's test client."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


# Nothing of these is there; an address is well formed all the same, so that what is sent to it is read.
NOWHERE = {
    "quarter": "2026-Q1", "position": 1, "follow_up_id": 1, "finding_id": 1, "test_id": 1, "file_id": 1, "respondent_id": 1,
}  # fmt: skip


@pytest.fixture
def known(northwind: Client) -> dict[str, Any]:
    """Ids that exist, by the names they have in addresses."""
    with tenant_context(northwind):
        found = objects.a_line(northwind) | objects.a_closed_month(northwind) | {"month": "2024-06"}
        found |= objects.a_source(northwind) | objects.a_policy(northwind) | objects.an_import(northwind)
        found |= projects.a_task(northwind) | projects.a_signed_document(northwind) | projects.items(northwind)
        found |= projects.a_gate_to_open(northwind) | projects.a_criterion(northwind)
        board_of(northwind)
        quality_look(client=northwind, now=timezone.now())
        found |= a_meeting(northwind) | NOWHERE | a_delivery(northwind) | a_control(northwind) | numbered(northwind)
        found |= an_assignment(northwind) | an_explanation(northwind) | a_mapping(northwind)
        seen = ContractImport.objects.latest("pk").report.get("digest", "")
        return found | {"client_slug": "northwind", "digest": seen}


def a_disputed_month(client: Client) -> dict[str, Any]:
    """The ARR of the closed month is disputed by somebody."""
    subject = Subject("ending", MonthClose.objects.latest("pk").month)
    raised = dispute_raise(client=client, subject=subject, believed=None, reason="Too high", user=rupert(client))
    return {"number": raised.number}


def numbered(client: Client) -> dict[str, Any]:
    """What has the same name in several addresses, by the part of the address that comes before it."""
    return {
        "/metrics/": {"key": "arr"},
        "/monitors/": {"key": "missing_fields"},
        "/changes/": a_preview(client),
        "/disputes/": a_disputed_month(client),
    }


def operations() -> list[Any]:
    """Every operation of the schema, on the application that serves it; what takes something away comes last."""
    schema = schemathesis.openapi.from_dict(openapi())
    schema.app = get_wsgi_application()
    found: Any = schema.get_all_operations()
    return sorted((each.ok() for each in found), key=lambda operation: operation.method == "delete")


def hammer(operation: Any, mode: GenerationMode, api: Program, known: dict[str, Any]) -> Counter[int]:
    """Send generated requests to an operation, check every answer, and count them by status."""
    statuses: Counter[int] = Counter()
    here = dict(known)
    for part in [name for name in known if name[0] == "/" and name in operation.path]:
        here |= known[part]
    fixed = {name: value for name, value in here.items() if f"{{{name}}}" in operation.path}
    # A summary is accepted by its digest, which nobody guesses.
    is_decision = mode is GenerationMode.POSITIVE and operation.path.endswith("/accept/")
    asked: dict[str, Any] = {"query": {"digest": known["digest"]}} if is_decision else {}

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize="API_EXAMPLES" not in os.environ,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode, path_parameters=fixed, **asked))
    def attempt(case: Any) -> None:
        answer = case.call(headers={"Authorization": f"Bearer {api.token}"})
        statuses[answer.status_code] += 1
        case.validate_response(answer, checks=CHECKS)

    attempt()
    return statuses


def whose(operation: Any, api: Program, own: Program) -> Program:
    """The token that an operation is tried with."""
    is_theirs = operation.path.endswith(("/answer/", "/votes/", "/board/", "/emergency/", "/effect/accept/", "/try/"))
    return own if is_theirs or "/meetings/" in operation.path else api


# What is changed only by whoever names the very version, or hash, that is there: what is generated is refused with 409.
OF_A_VERSION = (
    "/confirm/", "/reopen/", "/answer/", "/definitions/{key}/", "/changes/{number}/", "/submit/", "/triage/", "/votes/",
    "/board/", "/contracts/{position}/", "/versions/", "/step/", "/owner/", "/pay/", "/matrix/", "/yaml/",
    "/emergency/", "/minutes/", "/{meeting_id}/close/", "/{meeting_id}/cancel/", "/notes/{number}/", "/effect/accept/",
    "/end-old/",
)  # fmt: skip

# What names, or waits for, something that nobody guesses: a metric, a customer, an audit, a day that people mean.
OF_A_NAME = (
    "/metrics/", "/registry/controls/", "/registry/start/", "/quarter-audits/", "/follow-ups/", "/settle/", "/evidence/",
    "/meetings/", "/effect/retry/", "/yaml/drift/", "/try/", "/compute/", "/correct/", "/reconciliation/explanations/",
    "/reconciliation/mappings/", "/respondents/", "/ask/", "/questionnaire/start/",
)  # fmt: skip


HARD = (*OF_A_VERSION, *OF_A_NAME)


@pytest.mark.slow
def test_no_answer_leaves_the_schema(api: Program, own: Program, known: dict[str, Any]) -> None:
    tried = {
        operation.label: hammer(operation, GenerationMode.POSITIVE, whose(operation, api, own), known)
        for operation in operations()
    }
    tried = {label: found for label, found in tried.items() if label[:3] == "GET" or not label.endswith(HARD)}
    assert [label for label, statuses in tried.items() if 401 in statuses] == []
    answered = [label for label, statuses in tried.items() if statuses[200] + statuses[201] + statuses[202]]
    refused = sorted(set(tried) - set(answered))
    assert len(answered) > len(tried) * 3 // 4, f"much of what was tried was refused, this proves little: {refused}"


@pytest.mark.slow
def test_what_the_schema_forbids_is_refused(api: Program, own: Program, known: dict[str, Any]) -> None:
    for operation in operations():
        if operation.query or operation.body:
            statuses = hammer(operation, GenerationMode.NEGATIVE, whose(operation, api, own), known)
            assert statuses[400] + statuses[415], f"{operation.label}: {dict(statuses)}"
