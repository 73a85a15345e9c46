"""Every route against every kind of person: the rightful one, one without the permission, an outsider, nobody."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client as Browser
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from portal.accounts.models import User
from portal.tenancy import permissions
from portal.tenancy.access import Access
from portal.tenancy.models import Client, ClientRole
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import member_add
from tests.tenancy.matrix import Route, nothing
from tests.tenancy.routes import CLIENT_ROUTES, LIBRARY_PREFIXES, OTHER_ROUTES
from tests.tenancy.world import ana, contoso, northwind, otto, world

__all__ = ["ana", "contoso", "northwind", "otto", "world"]

ROLES_FROM_LOW_TO_HIGH = [
    ClientRole.STAKEHOLDER,
    ClientRole.EXECUTIVE,
    ClientRole.ANALYST,
    ClientRole.FINANCE,
    ClientRole.REVOPS,
    ClientRole.ADMIN,
]


def call(browser: Browser, route: Route, client: Client, kwargs: dict[str, Any]) -> HttpResponse:
    url = reverse(route.url_name, kwargs={"client_slug": client.slug, **kwargs})
    data = route.data(client) if callable(route.data) else route.data
    return getattr(browser, route.method)(url, data)  # type: ignore[no-any-return]


def kwargs_for(route: Route, client: Client) -> dict[str, Any]:
    with tenant_context(client):
        return route.kwargs(client)


def rightful_for(route: Route, client: Client, ana: User, person: Callable[..., User]) -> User:
    """Who may: Ana, or one of the client's own people in the role that the route names."""
    if not route.rightful:
        return ana
    rightful = person("rightful")
    with tenant_context(client):
        member_add(client=client, user=rightful, role=route.rightful)
    return rightful


@pytest.mark.parametrize("route", CLIENT_ROUTES, ids=str)
def test_a_client_route_opens_to_the_rightful_and_to_nobody_else(
    route: Route,
    northwind: Client,
    contoso: Client,
    ana: User,
    otto: User,
    person: Callable[..., User],
    signed_in: Callable[[User], Browser],
) -> None:
    """Otto is an admin of Contoso: Northwind's addresses do not exist for him, nor do its ids under his own address."""
    rightful = rightful_for(route, northwind, ana, person)
    kwargs = kwargs_for(route, northwind)
    assert call(signed_in(otto), route, northwind, kwargs).status_code == 404
    if names_an_object(route) and permissions.CLIENT_ROLE_PERMISSIONS[ClientRole.ADMIN] >= {route.permission}:
        assert call(signed_in(otto), route, contoso, kwargs).status_code == 404
    nobody = call(Browser(), route, northwind, kwargs)
    assert nobody.status_code == 302 and "/accounts/login" in nobody["Location"]
    if low := role_without(route.permission):
        lesser = person("lesser")
        with tenant_context(northwind):
            member_add(client=northwind, user=lesser, role=low)
        assert call(signed_in(lesser), route, northwind, kwargs).status_code == 403
    assert call(signed_in(rightful), route, northwind, kwargs).status_code in route.status


def names_an_object(route: Route) -> bool:
    """Whether the address names a row of the client beside the client itself."""
    return route.kwargs is not nothing and route.names_object


def role_without(permission: str) -> str | None:
    """The most powerful client role that lacks a permission."""
    lacking = [r for r in ROLES_FROM_LOW_TO_HIGH if permission not in permissions.CLIENT_ROLE_PERMISSIONS[r]]
    return lacking[-1] if lacking else None


def routes(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in resolver.url_patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, path)
        else:
            yield path, pattern


def own_routes() -> list[tuple[str, URLPattern]]:
    return [(path, found) for path, found in routes(get_resolver()) if not path.startswith(LIBRARY_PREFIXES)]


def test_every_route_declares_how_it_is_guarded() -> None:
    undeclared = [
        path
        for path, pattern in own_routes()
        if not isinstance(getattr(pattern.callback, "access", None), Access) and not hasattr(pattern.callback, "cls")
    ]
    assert undeclared == []


def test_every_route_is_in_the_matrix() -> None:
    known = {route.url_name for route in CLIENT_ROUTES} | set(OTHER_ROUTES)
    unknown = [path for path, pattern in own_routes() if pattern.name not in known]
    assert unknown == []


def test_the_matrix_and_the_views_agree_on_the_permission() -> None:
    declared = {
        pattern.name: pattern.callback.access for _, pattern in own_routes() if hasattr(pattern.callback, "access")
    }
    for route in CLIENT_ROUTES:
        access = declared[route.url_name]
        assert access.kind == "client" and access.permission == route.permission, str(route)
