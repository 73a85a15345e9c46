"""The search box finds customers and months of the client in scope, and nobody else's."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client as Browser

from governance.services.changes import Wish, change_draft
from governance.services.registry import registry_start
from portal.accounts.models import User
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.reporting.numbers import line, numbers_load

SignIn = Callable[[User], Browser]


@pytest.fixture
def eves_browser(northwind: Client, eve: User, signed_in: SignIn) -> Browser:
    with tenant_context(northwind):
        numbers_load(northwind)
    return signed_in(eve)


def labels(browser: Browser, text: str) -> list[str]:
    response = browser.get("/c/northwind/jump/", {"q": text})
    assert response.status_code == 200
    return [place["label"] for place in response.json()["places"]]


@pytest.mark.parametrize("text", ["bolt", "BOL", "olt"])
def test_a_customer_is_found_by_a_part_of_the_name_and_explained_in_the_last_month(
    eves_browser: Browser, text: str
) -> None:
    (place,) = eves_browser.get("/c/northwind/jump/", {"q": text}).json()["places"]
    assert (place["label"], place["group"]) == ("Bolt (bolt)", "Customer")
    drawer = eves_browser.get(place["url"]).content.decode()
    assert "30,000.00" in drawer and "K2/1" in drawer and "K3/1" in drawer


def test_a_typed_month_is_the_last_of_a_year_of_months(eves_browser: Browser) -> None:
    (place,) = eves_browser.get("/c/northwind/jump/", {"q": "2026-03"}).json()["places"]
    assert place["label"] == "ARR to the end of Mar 2026"
    assert place["url"] == "/c/northwind/arr/?from=2025-04&to=2026-03"


@pytest.mark.parametrize("text", ["", "b", "nobody", "%", "\0", "2026-13", "x" * 5_000])
def test_what_names_nothing_finds_nothing(eves_browser: Browser, text: str) -> None:
    assert labels(eves_browser, text) == []


def test_metrics_requests_and_contracts_are_found_by_whoever_may_open_them(
    northwind: Client, rita: User, stan: User, signed_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    with tenant_context(northwind):
        numbers_load(northwind)
        registry_start(client=northwind, user=rita)
        wish = Wish("Longer grace", {"parameters": {"renewal_grace_days": 45}}, "Because", from_month=24_360)
        change_draft(client=northwind, kind="policy", wish=wish, user=rita)
    browser = signed_in(rita)
    with django_assert_max_num_queries(21):
        browser.get("/c/northwind/jump/", {"q": "quick"})
    for text in ("quick_ratio", "Quick rat"):
        places = browser.get("/c/northwind/jump/", {"q": text}).json()["places"]
        assert [(each["label"], each["group"]) for each in places] == [("Quick ratio (quick_ratio)", "Metric")]
        assert browser.get(places[0]["url"]).status_code == 200
    for text in ("CR-1", "cr-1", "longer gr"):
        (place,) = browser.get("/c/northwind/jump/", {"q": text}).json()["places"]
        assert (place["label"], place["url"]) == ("CR-1: Longer grace", "/c/northwind/changes/1/")
    (place,) = browser.get("/c/northwind/jump/", {"q": "K3"}).json()["places"]
    assert place["label"] == "K3/1, Bolt" and browser.get(place["url"]).status_code == 200
    other = signed_in(stan)  # reads policies and metrics; sees neither numbers nor lines, and no draft of somebody else
    assert labels(other, "Quick rat") == ["Quick ratio (quick_ratio)"]
    assert [labels(other, text) for text in ("K3", "bolt", "2026-03", "CR-1")] == [[], [], [], []]


def test_every_page_of_the_search_box_opens_for_whoever_is_offered_it(
    northwind: Client, rita: User, finn: User, eve: User, stan: User, adam: User, signed_in: SignIn
) -> None:
    for user in (rita, finn, eve, stan, adam):
        browser = signed_in(user)
        places = browser.get("/c/northwind/").context["shell"].jump
        for place in places:
            assert browser.get(place["url"], follow=True).status_code == 200, (user, place)
        offered = {place["label"] for place in places}
        assert {"Handbook", "Glossary"} <= offered and ("Webhooks" in offered) == (user in (rita, adam))


def test_another_clients_customers_are_not_found(eves_browser: Browser, contoso: Client) -> None:
    with tenant_context(contoso):
        numbers_load(contoso, [line("K9/1", "canary", "Platform", 97, dt.date(2026, 1, 1))])
    assert labels(eves_browser, "canary") == []
    assert eves_browser.get("/c/contoso/jump/", {"q": "canary"}).status_code == 404
