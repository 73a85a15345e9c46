"""What an address asks that makes no sense: the pages say it, the files are refused; and files without figures yet."""

from collections.abc import Callable

import pytest
from django.test import Client as Browser

from metrics.models import ArrBook, BookState
from metrics.services.books import books_outdate
from portal.accounts.models import User
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.reporting.numbers import numbers_load

ARR, TEAMS = "/c/northwind/arr/", "/c/northwind/arr/teams/"
FILES = (f"{ARR}bridge.csv", f"{TEAMS}bridge.csv")
SignIn = Callable[[User], Browser]
TURNED = ("from=2026-03&to=2026-01", "from=2026-03 lies after to=2026-01", "the last twelve months are shown instead")
WRONG = [
    TURNED,
    ("from=abc", "from=abc is no month, which is written as 2026-03", "the usual first month is shown instead"),
    ("grain=week", "grain=week is none of month, quarter, year", "months are shown instead"),
    ("basis=cash", "basis=cash is none of start, signed, live", "the policy&#x27;s own basis is shown instead"),
]
ONLY_ARR = ("by=nope", "by=nope is none of total, segment", "all customers together are shown instead")
ONLY_TEAMS = ("kind=nope", "kind=nope is none of team, territory", "teams are shown instead")


@pytest.fixture
def browser(northwind: Client, eve: User, signed_in: SignIn) -> Browser:
    with tenant_context(northwind):
        numbers_load(northwind)
    return signed_in(eve)


@pytest.mark.parametrize(
    ("page", "asked", "why", "instead"),
    [*((page, *each) for page in (ARR, TEAMS) for each in WRONG), (ARR, *ONLY_ARR), (TEAMS, *ONLY_TEAMS)],
)
def test_what_an_address_asks_in_vain_is_said_on_the_page_and_refused_as_a_file(
    browser: Browser, page: str, asked: str, why: str, instead: str
) -> None:
    text = browser.get(f"{page}?{asked}").text
    assert why in text and instead in text
    refusal = browser.get(f"{page}bridge.csv?{asked}")
    assert (refusal.status_code, refusal["Content-Type"]) == (400, "text/plain; charset=utf-8")
    assert refusal.text.startswith(why) and "Content-Disposition" not in refusal


def test_an_address_that_makes_sense_is_not_remarked_upon(browser: Browser) -> None:
    every = "?from=&to=2026-03&grain=month&by=total&basis=start&view=reported&scale=full"
    for address in (ARR, f"{ARR}{every}", TEAMS, f"{TEAMS}{every}"):
        assert "makes no sense" not in browser.get(address).text
    assert [browser.get(f"{address}{every}").status_code for address in FILES] == [200, 200]


def test_nothing_is_set_on_paper_of_what_makes_no_sense(browser: Browser) -> None:
    said = browser.get(f"{ARR}bridge.pdf?{TURNED[0]}", follow=True).text
    assert f"Nothing was set on paper: {TURNED[1]}." in said


@pytest.mark.parametrize("address", FILES)
def test_a_file_is_asked_for_again_while_the_first_figures_are_computed(
    northwind: Client, eve: User, signed_in: SignIn, address: str
) -> None:
    """A client without contracts has nothing to compute: that table is empty, and true."""
    browser = signed_in(eve)
    assert browser.get(address).status_code == 200
    with tenant_context(northwind):
        books_outdate(client=northwind, reason="contracts arrived")
    answer = browser.get(address)
    assert (answer.status_code, answer["Retry-After"]) == (503, "3")
    assert answer.text == "The numbers are being computed: ask again in a few seconds.\n"


@pytest.mark.parametrize("address", FILES)
def test_a_file_of_figures_that_are_computed_again_has_those_there_are(
    browser: Browser, northwind: Client, address: str
) -> None:
    with tenant_context(northwind):
        books_outdate(client=northwind, reason="a contract changed")
    assert browser.get(address).status_code == 200


@pytest.mark.parametrize("address", FILES)
def test_a_file_of_figures_that_cannot_be_computed_says_why(browser: Browser, northwind: Client, address: str) -> None:
    with tenant_context(northwind):
        why = "Rates of JPY are missing."
        ArrBook.objects.update(state=BookState.BLOCKED, message=why, first_month=None, last_month=None)
    answer = browser.get(address)
    assert (answer.status_code, answer.text) == (409, f"{why}\n")
