"""What an item is worth: on the list for who may see money, on the item's page, and for whoever answers."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

from django.test import Client as Browser

from governance.selectors.items import item_list
from governance.selectors.worth import worths
from governance.services.items import item_edit
from portal.accounts.models import User
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.governance.conftest import item
from tests.reporting.numbers import LINES, line, numbers_load

# Signed in March, starts in May: it is CARR at the end of March, and no ARR yet.
EARLY = line("K4/1", "cato", "Platform", 8_000, dt.date(2026, 5, 1), signed_on=dt.date(2026, 3, 5))
LIST = "/c/northwind/definitions/"


def test_an_item_is_worth_what_lies_between_its_choices(started: Client) -> None:
    with tenant_context(started):
        numbers_load(started, [*LINES, EARLY])
        found = worths(started, item_list())
        recognition = found[item("contracted-or-live").pk]
        assert recognition.own is not None and recognition.own.arr == Decimal("42000.00")
        assert recognition.exposure.amount == Decimal("50000.00"), (
            "CARR 50,000 against LARR 0: nothing has a go-live date"
        )
        assert set(found) == {each.pk for each in item_list() if each.parameter}
        item_edit(item=item("contracted-or-live"), version=1, changes={"value": "signed"})
        drafted = worths(started, [item("contracted-or-live")])[item("contracted-or-live").pk]
        assert drafted.own is not None and drafted.own.arr == Decimal("50000.00")
        assert drafted.difference == Decimal("-50000.00")


def test_money_is_on_the_pages_of_who_may_see_it(
    started: Client, anas: Browser, finn: User, stan: User, signed_in: Callable[[User], Browser]
) -> None:
    assert "Worth" not in anas.get(LIST).content.decode(), "there are no numbers yet"
    with tenant_context(started):
        numbers_load(started, [*LINES, EARLY])
    page = anas.get(LIST).content.decode()
    questions = page.split('id="questions"')[1].split("</table>")[0]
    assert "50,000.00" in questions and "Worth, USD" in questions
    assert questions.index("From when a contract counts") < questions.index("What counts as recurring"), "largest first"
    page = anas.get(f"{LIST}item/contracted-or-live/").content.decode()
    assert "50,000.00" in page and "42,000.00" in page and "Bolt" in page and "K2" in page
    for path in (LIST, f"{LIST}item/contracted-or-live/"):
        assert "50,000.00" not in signed_in(stan).get(path).content.decode()
    page = signed_in(finn).get(f"{LIST}answer/contracted-or-live/").content.decode()
    assert "What it means for you" in page and "42,000.00" in page
