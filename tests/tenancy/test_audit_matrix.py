"""Every operation of the access matrix that changes something says so in the log, in the transaction of the change."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client as Browser

from portal.accounts.models import User
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.scope import tenant_context
from tests.api.conftest import Mint, program
from tests.api.test_api_matrix import made, rightful_of, try_it
from tests.papers import papers_as_markup
from tests.tenancy.fingerprints import fingerprint
from tests.tenancy.matrix import Route
from tests.tenancy.routes import CLIENT_ROUTES
from tests.tenancy.routes_api import API_ROUTES, ApiRoute
from tests.tenancy.test_access_matrix import call, kwargs_for, rightful_for
from tests.tenancy.world import ana, northwind, world

__all__ = ["ana", "northwind", "papers_as_markup", "program", "world"]
pytestmark = pytest.mark.usefixtures("papers_as_markup")

# Posts that change nothing of the client, each with the reason.
CHANGES_NOTHING = {
    "metrics_import": "shows what a file would change",
    "audit_log": "checks the chain and shows what it found",
    "notices_read_all": "marks one's own notifications as read",
    "notice_open": "marks one of one's own notifications as read",
    "sso_domain_agree": "Ana is no admin of the firm: refused",
}
PAGES = [
    route
    for route in CLIENT_ROUTES
    if route.method == "post" and min(route.status) < 400 and route.url_name not in CHANGES_NOTHING
]
OPERATIONS = [route for route in API_ROUTES if route.method != "get"]


def entries_since(client: Client, sequence: int) -> list[AuditEntry]:
    with tenant_context(client):
        return list(AuditEntry.objects.filter(sequence__gt=sequence))


def newest(client: Client) -> int:
    with tenant_context(client):
        return AuditEntry.objects.order_by("-sequence").values_list("sequence", flat=True).first() or 0


def says_it_all(entries: list[AuditEntry], client: Client, actor: str, request_id: str) -> None:
    """Who, whose, what of which object, its hash before or after, and in which request."""
    assert entries, "nothing was recorded"
    for entry in entries:
        assert entry.actor.startswith(actor) and entry.client_id == client.pk and entry.request_id == request_id
        assert entry.action and entry.object_type and entry.object_id
    assert any(entry.before_hash or entry.after_hash for entry in entries), [entry.action for entry in entries]


@pytest.mark.parametrize("route", PAGES, ids=str)
def test_a_page_that_changes_something_is_in_the_log(
    route: Route,
    northwind: Client,
    ana: User,
    person: Callable[..., User],
    signed_in: Callable[[User], Browser],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rightful = rightful_for(route, northwind, ana, person)
    kwargs, browser = kwargs_for(route, northwind), signed_in(rightful)
    # What is sent is made once, and what the making writes is there before the page is tried.
    data = route.data(northwind) if callable(route.data) else route.data
    route = replace(route, data=data)
    browser.defaults["HTTP_X_REQUEST_ID"] = "matrix-0001"
    browser.raise_request_exception = False
    before, start = fingerprint(northwind), newest(northwind)
    with monkeypatch.context() as broken:
        broken.setattr("portal.tenancy.access.rendered", fails)
        assert call(browser, route, northwind, kwargs).status_code == 500
    assert fingerprint(northwind) == before, "what fails at the end leaves neither a change nor an entry"
    for file in (value for value in data.values() if hasattr(value, "seek")):
        file.seek(0)
    assert call(browser, route, northwind, kwargs).status_code in route.status
    after = fingerprint(northwind)
    assert {name for name in after if after[name] != before[name]} > {"tenancy_auditentry"}, "something was changed"
    says_it_all(entries_since(northwind, start), northwind, rightful.email, "matrix-0001")


@pytest.mark.parametrize("route", OPERATIONS, ids=str)
def test_an_operation_that_changes_something_is_in_the_log(
    route: ApiRoute, northwind: Client, ana: User, finn: User, program: Mint, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = rightful_of(route, ana, finn)
    kwargs, token = made(route, northwind), program(northwind, who)
    assert token.get(northwind, "api_client").status_code == 200  # the first use of a token is noted
    before, start = fingerprint(northwind), newest(northwind)
    with monkeypatch.context() as broken:
        broken.setattr("portal.tenancy.api.Response", fails)
        assert try_it(token, route, "northwind", kwargs).status_code == 500
    assert fingerprint(northwind) == before, "what fails at the end leaves neither a change nor an entry"
    answer = try_it(token, route, "northwind", kwargs)
    assert answer.status_code == route.status, answer.content
    says_it_all(entries_since(northwind, start), northwind, f"{who.email} (token", answer["X-Request-Id"])


def fails(*args: Any, **kwargs: Any) -> Any:
    """Stands where the answer is rendered, after the work was done."""
    raise RuntimeError("the answer could not be rendered")
