"""Every operation against every kind of token: the rightful one, one without the scope, an outsider's, a dead one, none."""

from functools import lru_cache
from typing import Any

import pytest
from django.urls import get_resolver, resolve, reverse

from portal.accounts.models import User
from portal.tenancy.api import ClientAPIView
from portal.tenancy.api_guard import HasScope
from portal.tenancy.models import Client, ClientRole, Membership
from portal.tenancy.permissions import CLIENT_ROLE_PERMISSIONS, TOKEN_SCOPES
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import consultant_assign
from tests.api.conftest import Mint, Program
from tests.api.schema import openapi
from tests.tenancy.routes_api import API_ROUTES, OTHER_API_ROUTES, ApiRoute
from tests.tenancy.test_access_matrix import routes
from tests.tenancy.world import ana, contoso, northwind, otto, world

__all__ = ["ana", "contoso", "northwind", "otto", "world"]

PROBLEM = "application/problem+json"
NOBODYS = 987_654_321
IDS = (
    "source_id", "import_id", "line_id", "number", "engagement_id", "task_id", "gate_id", "criterion_id", "endpoint_id",
    "delivery_id", "finding_id", "assignment_id", "quarter", "position", "control_id", "meeting_id", "follow_up_id",
    "explanation_id", "mapping_id", "file_id", "test_id", "respondent_id",
)  # fmt: skip
LOW = ClientRole.STAKEHOLDER


def try_it(program: Program, route: ApiRoute, slug: str, kwargs: dict[str, Any]) -> Any:
    url = reverse(route.url_name, kwargs={"client_slug": slug, **kwargs})
    data = route.data() if route.data else None
    return program.call(url, route.method, data, query=route.query, is_form=route.is_form)


def made(route: ApiRoute, client: Client) -> dict[str, Any]:
    with tenant_context(client):
        return route.kwargs(client)


def rightful_of(route: ApiRoute, ana: User, finn: User) -> User:
    """Whose token may: Ana's, or where no consultant may, that of Finn of Finance."""
    return finn if route.is_clients else ana


def refused(answer: Any, status: int) -> bool:
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == PROBLEM and answer.json()["status"] == status
    assert (status == 401) == ("WWW-Authenticate" in answer)
    return True


@pytest.mark.parametrize("route", API_ROUTES, ids=str)
def test_an_operation_opens_to_the_rightful_token_and_takes_nothing_else(
    route: ApiRoute,
    northwind: Client,
    ana: User,
    finn: User,
    adam: User,
    otto: User,
    contoso: Client,
    program: Mint,
    nobody: Program,
) -> None:
    """What the operation is about is made once, and tried by everybody in turn; who may comes last."""
    kwargs = made(route, northwind)
    assert refused(try_it(nobody, route, "northwind", kwargs), 401)
    assert refused(try_it(Program("tieout_00000000_made_up"), route, "northwind", kwargs), 401)
    assert refused(try_it(program(contoso, otto), route, "northwind", kwargs), 404)
    narrow = program(northwind, rightful_of(route, ana, finn), TOKEN_SCOPES - {route.permission})
    assert refused(try_it(narrow, route, "northwind", kwargs), 403)
    lowered = program(northwind, adam)
    with tenant_context(northwind):
        Membership.objects.filter(user=adam).update(role=LOW)
    if route.permission not in CLIENT_ROLE_PERMISSIONS[LOW]:
        assert refused(try_it(lowered, route, "northwind", kwargs), 403)
    with tenant_context(northwind):
        Membership.objects.filter(user=adam).delete()
    assert refused(try_it(lowered, route, "northwind", kwargs), 401)
    if route.names_object:
        nobodys_elsewhere(route, kwargs, contoso, ana, otto, program)
    token = program(northwind, rightful_of(route, ana, finn), {route.permission})
    names_what_it_does_not_know(route, kwargs, token)
    rightful = try_it(token, route, "northwind", kwargs)
    assert rightful.status_code == route.status, rightful.content
    assert rightful["Content-Type"] == "application/json" and "no-store" in rightful["Cache-Control"]


def nobodys_elsewhere(
    route: ApiRoute, theirs: dict[str, Any], contoso: Client, ana: User, otto: User, program: Mint
) -> None:
    """Otto's token is for Contoso; he puts Northwind's ids into Contoso's addresses. Ana tries what is the firm's alone."""
    is_firms = route.permission not in CLIENT_ROLE_PERMISSIONS[ClientRole.ADMIN]
    if is_firms:
        with tenant_context(contoso):
            consultant_assign(client=contoso, user=ana)
    ottos = program(contoso, ana if is_firms else otto)
    foreign = try_it(ottos, route, "contoso", theirs)
    unknown = try_it(ottos, route, "contoso", dict.fromkeys(theirs, NOBODYS))
    assert refused(foreign, 404) and refused(unknown, 404) and foreign.content == unknown.content


ALIEN: dict[str, Any] = {
    "tenant": 1, "client": "contoso", "client_id": 1, "owner": 1, "is_staff": True, "role": "admin", "state": "done",
    "approved_by": 1, "approved_at": "2024-01-01", "status": "done", "hash": "0", "id": 1, "created_at": "2024-01-01",
}  # fmt: skip


def names_what_it_does_not_know(route: ApiRoute, kwargs: dict[str, Any], token: Program) -> None:
    """Unknown parameters are refused by name, and so are the fields that are nobody's to set."""
    url = reverse(route.url_name, kwargs={"client_slug": "northwind", **kwargs})
    query = {**route.query, "form": "2024-01", "client_id": "1"}
    data = route.data() if route.data else None
    answer = token.call(url, route.method, data, query=query, is_form=route.is_form)
    assert refused(answer, 400)
    assert {"form", "client_id"} <= {error["field"] for error in answer.json()["errors"]}
    if route.data:
        answer = token.call(url, route.method, {**route.data(), **ALIEN}, is_form=route.is_form)
        assert refused(answer, 400)
        assert set(ALIEN) <= {error["field"] for error in answer.json()["errors"]}


def test_another_clients_customer_has_no_figures(northwind: Client, contoso: Client, otto: User, program: Mint) -> None:
    for route in API_ROUTES:
        if route.url_name == "api_explain":
            made(route, northwind)
            assert refused(try_it(program(contoso, otto), route, "contoso", {}), 404)


def test_a_token_is_for_one_client_even_if_its_owner_reaches_two(
    northwind: Client, contoso: Client, ana: User, program: Mint
) -> None:
    with tenant_context(contoso):
        consultant_assign(client=contoso, user=ana)
    token = program(northwind, ana)
    assert token.get(northwind, "api_client").json()["slug"] == "northwind"
    assert refused(token.get(contoso, "api_client"), 404)


@lru_cache
def operations_of_schema() -> list[tuple[str, str, dict[str, Any]]]:
    """Path, method and operation."""
    return [(path, method, found) for path, methods in openapi()["paths"].items() for method, found in methods.items()]


def url_name_of(path: str) -> str:
    filled = path.replace("{client_slug}", "x").replace("{month}", "2024-01")
    for name in IDS:
        filled = filled.replace(f"{{{name}}}", "1")
    filled = filled.replace("{key}", "arr")
    return resolve(filled).url_name or ""


def test_every_operation_of_the_schema_is_in_the_table() -> None:
    described = {(url_name_of(path), method) for path, method, _ in operations_of_schema()}
    assert described == {(route.url_name, route.method) for route in API_ROUTES}


def test_the_table_and_the_views_agree_on_permission_and_status() -> None:
    for route in API_ROUTES:
        kwargs: dict[str, Any] = {name: 1 for name in IDS if takes(route, name)}
        kwargs |= {"month": 24288} if takes(route, "month") else {}
        kwargs |= {"key": "arr"} if takes(route, "key") else {}
        view = resolve(reverse(route.url_name, kwargs={"client_slug": "x", **kwargs})).func.cls  # type: ignore[attr-defined]
        assert issubclass(view, ClientAPIView)
        operation = view.operations[route.method.upper()]
        assert (operation.permission, operation.status) == (route.permission, route.status), str(route)


def takes(route: ApiRoute, name: str) -> bool:
    return f"{{{name}}}" in paths_of_schema()[route.url_name]


@lru_cache
def paths_of_schema() -> dict[str, str]:
    """The path of each operation, with its names in braces, by the name of its route."""
    return {url_name_of(path): path for path, _, _ in operations_of_schema()}


def test_operation_ids_are_unique_and_everything_is_described() -> None:
    operations = [found for _, _, found in operations_of_schema()]
    assert len({found["operationId"] for found in operations}) == len(operations) == len(API_ROUTES)
    for found in operations:
        assert found["summary"] and found["description"] and found["tags"] and found["security"] == [{"token": []}]
        assert {"400", "401", "403", "404", "429"} <= found["responses"].keys()


def test_every_address_below_api_is_an_operation_or_says_who_may_open_it() -> None:
    found: dict[str | None, Any] = {
        pattern.name: pattern.callback for path, pattern in routes(get_resolver()) if path.startswith("api/")
    }
    assert set(found) == {route.url_name for route in API_ROUTES} | set(OTHER_API_ROUTES)
    for name, callback in found.items():
        if name in OTHER_API_ROUTES:
            assert callback.access.kind in ("person", "public")
        else:
            assert issubclass(callback.cls, ClientAPIView) and callback.cls.permission_classes == [HasScope]
