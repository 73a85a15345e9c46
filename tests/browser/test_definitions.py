"""Two stakeholders approve by link on a phone, one refuses and later approves; they sign, and the ARR page says so."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from metrics.services.books import books_rebuild_all
from metrics.services.closes import month_close
from portal.accounts.models import User
from portal.lib.periods import month_parse
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.accounts.conftest import Mailbox, mail_server, mailbox
from tests.browser.definition_steps import approve, cast_of, publish, sign_final, sound
from tests.browser.live import CHROMIUM, portal_on_a_port, signed_in_page
from tests.reporting.numbers import NOW, numbers_load

__all__ = ["mail_server", "mailbox"]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="there is no chromium on this machine"),
]


@pytest.fixture
def people(client: Client) -> dict[str, User]:
    """The cast of the definitions, and three closed months."""
    with tenant_context(client):
        numbers_load(client)
        for month in ("2026-01", "2026-02", "2026-03"):
            month_close(client=client, month=month_parse(month))
    return cast_of(client)


@pytest.fixture
def anas(client: Client, people: dict[str, User]) -> Iterator[Page]:
    with portal_on_a_port() as address, signed_in_page(address, people["ana"], base_url=address) as page:
        yield page


def test_from_the_first_question_to_the_signed_policy_on_the_arr_page(
    anas: Page, client: Client, mailbox: Mailbox
) -> None:
    approve(anas, client, mailbox)
    anas.goto("/c/northwind/definitions/")
    expect(anas.get_by_text("42 of 42 confirmed")).to_be_visible()
    sound(anas)
    sign_final(anas, mailbox)
    publish(anas, "2026-04")
    with tenant_context(client):
        books_rebuild_all(client=client, now=NOW)  # what the worker does
    anas.goto("/c/northwind/arr/")
    expect(anas.locator(".page-state")).to_contain_text("by Finance, RevOps")
    sound(anas)
