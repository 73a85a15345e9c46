"""Another client's ids under one's own address: in the path, in the query, in every field of a body. Nothing leaks or moves.

Ana works on Northwind; Contoso, of the same firm, is full of canaries. What is tried comes from the access matrix.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.apps import apps
from django.test import Client as Browser
from django.urls import resolve, reverse

from portal.accounts.models import User
from portal.accounts.services.invitations import invitation_send
from portal.accounts.services.sso import sso_domain_add
from portal.tenancy.models import Client, ClientRole, FirmRole
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import client_create, consultant_assign, firm_create, member_add
from portal.tenancy.wall import TenantModel
from tests.api.conftest import Mint, program
from tests.api.test_api_matrix import ALIEN, NOBODYS, made
from tests.conftest import consultant, person_named
from tests.engine.frames import frame, line
from tests.metrics.loading import load_lines
from tests.papers import papers_as_markup
from tests.tenancy.engagement_rows import engagement_of
from tests.tenancy.fingerprints import fingerprint
from tests.tenancy.matrix import Route, nothing
from tests.tenancy.routes import CLIENT_ROUTES
from tests.tenancy.routes_api import API_ROUTES, ApiRoute, numbers
from tests.tenancy.test_access_matrix import call, kwargs_for
from tests.tenancy.world import undone

__all__ = ["papers_as_markup", "program"]
pytestmark = pytest.mark.usefixtures("papers_as_markup")  # in which a canary would be seen, as in no PDF
CANARY = "KOLIBRI"  # "canary" is also a time zone
NAMES = (
    *("client", "client_id", "client_slug", "tenant", "source", "source_id", "import", "import_id", "line", "line_id"),
    *("customer", "customer_id", "id", "ids", "pk", "member_id", "user", "user_id", "token_id", "number", "page"),
    *("other", "against", "compare", "before", "after"),
)


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[list[int]]:
    """Ana's Northwind and the other client, in which every text is a canary: made once, in a transaction around all tests.

    Gives the other client's ids.
    """
    with django_db_blocker.unblock(), undone():
        northwind = client_create(
            firm=firm_create(slug="ridge", name="Ridge Consulting"), slug="northwind", name="Northwind", currency="USD"
        )
        consultant(person_named, "ana", FirmRole.ARCHITECT, northwind)
        with tenant_context(northwind):
            engagement_of(northwind)
        contoso = client_create(firm=northwind.firm, slug="contoso", name=f"{CANARY} Ltd", currency="USD")
        with tenant_context(contoso):
            load_lines(frame(line(customer_name=f"{CANARY} customer", product=f"{CANARY} product", segment=CANARY)))
            numbers(contoso)
            member_add(client=contoso, user=person_named("kolibri"), role=ClientRole.SALES)
            invitation_send(client=contoso, email="kolibri@example.org", role=ClientRole.SALES, sent_by=None)
            sso_domain_add(client=contoso, domain="kolibri.example")
        yield ids_of(contoso)


@pytest.fixture
def northwind(world: list[int], db: None) -> Client:
    return Client.objects.get(slug="northwind")


@pytest.fixture
def contoso(world: list[int], db: None) -> Client:
    return Client.objects.get(slug="contoso")


@pytest.fixture
def ana(world: list[int], db: None) -> User:
    return User.objects.get(email="ana@example.com")


def ids_of(client: Client) -> list[int]:
    """An id of each kind of row that the client has."""
    with tenant_context(client):
        found = {
            row.pk
            for model in apps.get_models()
            if issubclass(model, TenantModel) and (row := model.objects.order_by("pk").first())
        }
    return sorted(found)


def is_silent(answer: Any) -> bool:
    """No word of the other client, and no error of ours."""
    assert answer.status_code < 500, answer.content[:300]
    assert CANARY.encode() not in b"".join(answer).upper(), answer.request["PATH_INFO"]
    return True


@pytest.mark.parametrize("route", [route for route in CLIENT_ROUTES if route.method == "get"], ids=str)
def test_ids_in_the_query_of_a_page_show_nothing(
    route: Route, northwind: Client, world: list[int], ana: User, signed_in: Callable[[User], Browser]
) -> None:
    browser = signed_in(ana)
    url = reverse(route.url_name, kwargs={"client_slug": "northwind", **kwargs_for(route, northwind)})
    for value in [str(world[0]), "contoso", str(10**9)]:
        assert is_silent(browser.get(url, dict.fromkeys(NAMES, value)))


@pytest.mark.parametrize("route", [route for route in CLIENT_ROUTES if route.method == "post"], ids=str)
def test_ids_in_the_body_of_a_page_move_nothing(
    route: Route,
    northwind: Client,
    contoso: Client,
    world: list[int],
    ana: User,
    signed_in: Callable[[User], Browser],
) -> None:
    """Each field in turn, and beside them the fields that are nobody's to set."""
    browser, theirs = signed_in(ana), fingerprint(contoso)
    url = reverse(route.url_name, kwargs={"client_slug": "northwind", **kwargs_for(route, northwind)})
    alien = ALIEN | {"client": contoso.pk, "client_id": contoso.pk, "firm": contoso.firm_id, "currency": "EUR"}
    for name in [None, *(route.data if isinstance(route.data, dict) else route.data(northwind))]:
        for value in world[:1]:
            data = dict(route.data if isinstance(route.data, dict) else route.data(northwind))
            changed = {} if name is None or hasattr(data[name], "read") else {name: value}
            assert is_silent(browser.post(url, alien | data | changed))
    assert fingerprint(contoso) == theirs
    assert Client.objects.get(pk=northwind.pk).firm_id == northwind.firm_id
    assert not User.objects.filter(is_staff=True).exists() and Client.objects.count() == 2


@pytest.mark.parametrize("route", [route for route in API_ROUTES if route.method == "get"], ids=str)
def test_ids_in_the_query_of_an_operation_show_nothing(
    route: ApiRoute, northwind: Client, world: list[int], ana: User, program: Mint
) -> None:
    token = program(northwind, ana)
    url = reverse(route.url_name, kwargs={"client_slug": "northwind", **made(route, northwind)})
    view: Any = resolve(url).func
    known = view.cls.operations["GET"].parameters().fields
    for name in known:
        for value in [*world[:1], 10**9]:
            assert is_silent(token.call(url, query={**route.query, name: str(value)}))
    if "page_size" in known:
        assert token.call(url, query={"page_size": "1000000000"}).status_code == 400, "a page has an end"


@pytest.mark.parametrize(
    "route", [route for route in CLIENT_ROUTES if route.kwargs is not nothing and route.names_object], ids=str
)
def test_another_clients_object_looks_like_one_that_never_was(
    route: Route, northwind: Client, contoso: Client, ana: User, signed_in: Callable[[User], Browser]
) -> None:
    """The same page for an id that is the other client's and for one that is nobody's."""
    foreign = kwargs_for(route, northwind)
    unknown = {name: NOBODYS if isinstance(value, int) else value for name, value in foreign.items()}
    with tenant_context(contoso):
        consultant_assign(client=contoso, user=ana)
    answers = [call(signed_in(ana), route, contoso, kwargs) for kwargs in (foreign, unknown)]
    bodies = [without_ids(answer.content.decode()) for answer in answers]
    assert answers[0].status_code == answers[1].status_code and bodies[0] == bodies[1]


def without_ids(body: str) -> str:
    """A page without what differs between two requests for the same thing."""
    return re.sub(r"[0-9a-f]{32}|[A-Za-z0-9]{64}|/\d+/|\d{2}:\d{2}:\d{2}", "·", body)
