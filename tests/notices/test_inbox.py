"""The bell: what one was told, at this client, and nobody else's."""

from collections.abc import Callable

from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from portal.accounts.models import User
from portal.tenancy.models import Client
from tests.notices.conftest import notices, told

HOME = "/c/northwind/notifications/"


def test_unread_is_counted_opened_and_read(northwind: Client, finn: User, signed_in: Callable[[User], Browser]) -> None:
    browser = signed_in(finn)
    assert "Nothing to tell you yet" in browser.get(HOME).content.decode()
    for number in (1, 2, 3):
        told(northwind, finn, text=f"Number {number}")
    assert ">3<" in browser.get(f"{HOME}count/").content.decode()
    first = notices(northwind, finn)[0]
    assert browser.post(f"{HOME}{first.pk}/")["Location"] == "/c/northwind/engagements/"
    page = browser.get(HOME).content.decode()
    assert "2 unread" in page and page.index("Number 3") < page.index("Number 1")
    browser.post(f"{HOME}read/")
    assert "Everything is read" in browser.get(HOME).content.decode()
    assert browser.get(f"{HOME}count/").content.strip() == b""


def test_a_long_list_comes_a_page_at_a_time(
    northwind: Client, finn: User, signed_in: Callable[[User], Browser]
) -> None:
    for number in range(60):
        told(northwind, finn, text=f"Number {number}.")
    browser = signed_in(finn)
    page = browser.get(HOME).content.decode()
    assert "Number 59." in page and "Number 9." not in page
    older = page.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    assert "Number 9." in browser.get(older).content.decode()
    assert browser.get(f"{HOME}?before=99999999999999999999").status_code == 200


def test_nobody_opens_what_another_was_told(
    northwind: Client, finn: User, rita: User, otto: User, signed_in: Callable[[User], Browser]
) -> None:
    told(northwind, finn)
    pk = notices(northwind, finn)[0].pk
    assert signed_in(rita).post(f"{HOME}{pk}/").status_code == 404
    assert signed_in(otto).post(f"/c/contoso/notifications/{pk}/").status_code == 404
    signed_in(rita).post(f"{HOME}read/")
    assert notices(northwind, finn)[0].read_at is None


def test_the_bell_costs_a_page_no_query(northwind: Client, finn: User, signed_in: Callable[[User], Browser]) -> None:
    browser = signed_in(finn)
    browser.get("/c/northwind/")
    with CaptureQueriesContext(
        connection,
    ) as before:
        page = browser.get("/c/northwind/").content.decode()
    assert f'hx-get="{HOME}count/"' in page
    assert not [query for query in before.captured_queries if "notices_" in query["sql"]]
