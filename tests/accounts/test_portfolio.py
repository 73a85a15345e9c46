"""The portfolio: a consultant's clients with their figures, in a fixed number of queries."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client as Browser

from portal.accounts.models import User
from portal.tenancy.models import Client, ClientRole, ClientSummary, Firm, FirmRole
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import client_create, consultant_assign, firm_create, firm_member_add, member_add
from tests.conftest import consultant

SignedIn = Callable[[User], Browser]


def summary(client: Client, arr: str | None, previous: str | None = None, **more: Any) -> None:
    with tenant_context(client):
        ClientSummary.objects.create(
            firm=client.firm, arr=arr and Decimal(arr), arr_previous=previous and Decimal(previous), **more
        )


@pytest.fixture
def many(ridge: Firm, northwind: Client, ana: User) -> list[Client]:
    """Ana's clients, each with figures; Fabrikam has none yet."""
    summary(northwind, "1200000.00", "1000000.00", nrr="1.0420", customers=12, open_issues=3, last_closed_month=24311)
    clients = [northwind]
    for number, name in enumerate(["Adatum", "Fabrikam", "Litware"], start=1):
        client = client_create(firm=ridge, slug=name.lower(), name=name, currency="EUR")
        with tenant_context(client):
            consultant_assign(client=client, user=ana)
        if name != "Fabrikam":
            summary(client, f"{number}00.00", "50.00", customers=number)
        clients.append(client)
    return clients


def names(page: Any) -> list[str]:
    return [row.client.name for row in page.context["rows"]]


def test_a_consultant_sees_the_clients_they_work_on_and_their_figures(
    many: list[Client], contoso: Client, ana: User, signed_in: SignedIn
) -> None:
    summary(contoso, "777777.00")
    page = signed_in(ana).get("/")
    assert names(page) == ["Adatum", "Fabrikam", "Litware", "Northwind"]
    body = page.content.decode()
    assert "1,200,000" in body and "+200,000" in body and "104.2%" in body and "Dec 2025" in body
    assert "Contoso" not in body and "777,777" not in body
    assert "Month, like for like" in body and ">as reported " not in body


def test_what_was_reported_stands_beside_a_figure_that_is_another_one_by_now(
    northwind: Client, ana: User, signed_in: SignedIn
) -> None:
    summary(northwind, "1200.00", "1000.00", arr_reported=Decimal("1200.00"), previous_reported=Decimal("900.00"))
    page = signed_in(ana).get("/?q=North")
    _, arr, change, *_ = page.context["table"]["rows"][0]["cells"]
    assert (arr["reported"], change["value"], change["reported"]) == (None, Decimal(200), Decimal(300))
    assert page.content.decode().count('<span class="sub">as reported ') == 1


def test_another_firms_summaries_stay_there(many: list[Client], ana: User, signed_in: SignedIn) -> None:
    other = client_create(firm=firm_create(slug="vale", name="Vale"), slug="tailspin", name="Tailspin", currency="USD")
    summary(other, "888888.00")
    assert "Tailspin" not in signed_in(ana).get("/").content.decode()


def test_sorting_puts_clients_without_the_figure_last(many: list[Client], ana: User, signed_in: SignedIn) -> None:
    browser = signed_in(ana)
    assert names(browser.get("/?sort=-arr")) == ["Northwind", "Litware", "Adatum", "Fabrikam"]
    assert names(browser.get("/?sort=arr")) == ["Adatum", "Litware", "Northwind", "Fabrikam"]
    assert names(browser.get("/?sort=nonsense")) == ["Adatum", "Fabrikam", "Litware", "Northwind"]


def test_searching_by_a_part_of_the_name(many: list[Client], ana: User, signed_in: SignedIn) -> None:
    assert names(signed_in(ana).get("/?q=WARE")) == ["Litware"]
    assert b"No client has that name" in signed_in(ana).get("/?q=zzz").content


def test_the_number_of_queries_does_not_grow_with_the_clients(
    many: list[Client], ridge: Firm, ana: User, signed_in: SignedIn, django_assert_num_queries: Any
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    browser = signed_in(ana)
    browser.get("/")
    with CaptureQueriesContext(connection) as few:
        browser.get("/")
    for number in range(8):
        client = client_create(firm=ridge, slug=f"extra-{number}", name=f"Extra {number}", currency="USD")
        with tenant_context(client):
            consultant_assign(client=client, user=ana)
        summary(client, "1.00")
    with CaptureQueriesContext(connection) as more:
        assert len(names(browser.get("/"))) == 12
    assert len(more) == len(few)
    assert sum("tenancy_clientsummary" in query["sql"] for query in more.captured_queries) == 1


def test_a_clients_own_person_goes_straight_there(finn: User, signed_in: SignedIn) -> None:
    assert signed_in(finn).get("/")["Location"] == "/c/northwind/"


def test_someone_of_two_clients_chooses_and_sees_no_summary(
    finn: User, northwind: Client, contoso: Client, signed_in: SignedIn
) -> None:
    with tenant_context(contoso):
        member_add(client=contoso, user=finn, role=ClientRole.SALES)
    summary(northwind, "999999.00")
    page = signed_in(finn).get("/")
    assert names(page) == ["Contoso", "Northwind"] and "999,999" not in page.content.decode()


@pytest.mark.parametrize(
    ("role", "words"), [(FirmRole.ARCHITECT, "No clients yet"), (FirmRole.ENGINEER, "No client is assigned to you yet")]
)
def test_an_empty_portfolio_says_what_to_do(
    role: str, words: str, ridge: Firm, northwind: Client, person: Callable[..., User], signed_in: SignedIn
) -> None:
    user = consultant(person, "newcomer", role, northwind)
    with tenant_context(northwind):
        from portal.tenancy.services import consultant_unassign

        consultant_unassign(client=northwind, user=user)
    page = signed_in(User.objects.get(pk=user.pk)).get("/").content.decode()
    assert words in page and ("New client" in page) is (role == FirmRole.ARCHITECT)


def test_someone_without_any_client_is_told_so(person: Callable[..., User], signed_in: SignedIn) -> None:
    assert b"Nothing is shared with you yet" in signed_in(person("lost")).get("/").content


def test_opening_a_client(
    ridge: Firm, northwind: Client, ana: User, person: Callable[..., User], signed_in: SignedIn
) -> None:
    data = {"name": "Wide World", "currency": "EUR", "fiscal_year_start": 4, "time_zone": "Europe/Berlin"}
    first, second = (signed_in(ana).post("/f/ridge/clients/new/", data)["Location"] for _ in range(2))
    assert first != second and signed_in(ana).get(first).status_code == 200
    for place in (first, second):  # whether another firm has a client of that name cannot be told
        assert re.fullmatch(r"/c/wide-world-[a-z2-9]{4}/", place)
    assert signed_in(ana).post("/f/ridge/clients/new/", {**data, "currency": "euro"}).status_code == 422
    engineer = consultant(person, "edo", FirmRole.ENGINEER, northwind)
    assert signed_in(engineer).post("/f/ridge/clients/new/", data).status_code == 403
    outsider = person("vic")
    firm_member_add(firm=firm_create(slug="vale", name="Vale"), user=outsider, role=FirmRole.ADMIN)
    assert signed_in(outsider).post("/f/ridge/clients/new/", data).status_code == 404
