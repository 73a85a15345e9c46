"""A break names the decision that makes it, and the numbers as they stand now say for when that one was taken."""

import datetime as dt
from collections.abc import Callable

from django.test import Client as Browser

from governance.services.change_effect import changes_take_effect
from metrics.models import ContractLine
from metrics.selectors.breaks import breaks_get
from metrics.services.books import books_rebuild_all
from portal.accounts.models import User
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.governance.effects import FEBRUARY, LIST, MARCH, client, scheduled
from tests.reporting.numbers import NOW

__all__ = ["client"]
GRACE = {"parameters": {"renewal_grace_days": 30}}
MORE = {"parameters": {"renewal_grace_days": 60}}
PAGE = "/c/northwind/arr/?scale=full"


def in_effect(
    client: Client, rita: User, finn: User, month: int, content: object, *, is_restating: bool = False
) -> None:
    """A change that was decided and carried out."""
    scheduled(client, rita, finn, month, content=content, is_restating=is_restating)
    changes_take_effect(client=client, now=NOW)
    with tenant_context(client):
        books_rebuild_all(client=client, now=NOW)


def support_ended(client: Client) -> None:
    """Bolt's support was over in February, as was found out after that was closed: with grace it still counts at its end."""
    with tenant_context(client):
        found = ContractLine.objects.filter(line_id="K3/1")
        found.update(starts_on=dt.date(2026, 1, 1), ends_on=dt.date(2026, 2, 10))


def sources(client: Client) -> list[tuple[int, list[str]]]:
    """The breaks as reported, each with the decisions that it names."""
    with tenant_context(client):
        return [(each.month, [cause.label for cause in each.causes]) for each in breaks_get(client)]


def test_a_break_names_no_decision_that_a_later_one_replaced(
    client: Client, rita: User, finn: User, signed_in: Callable[[User], Browser]
) -> None:
    support_ended(client)
    in_effect(client, rita, finn, MARCH, GRACE)
    assert sources(client) == [(MARCH, ["CR-1"])]
    in_effect(client, rita, finn, FEBRUARY, MORE, is_restating=True)
    assert sources(client) == [(FEBRUARY, ["CR-2"])], "the first one never held from February"
    browser = signed_in(finn)
    assert "From Feb 2026 another definition holds (CR-2)." in browser.get(PAGE).text
    assert "CR-1" not in browser.get("/c/northwind/arr/bridge.csv").content.decode()


def test_a_break_names_every_decision_of_which_something_holds(client: Client, rita: User, finn: User) -> None:
    support_ended(client)
    in_effect(client, rita, finn, MARCH, LIST)
    in_effect(client, rita, finn, FEBRUARY, MORE, is_restating=True)
    assert sources(client) == [(FEBRUARY, ["CR-1", "CR-2"])]


def test_as_it_stands_now_no_decision_holds_from_a_month_that_it_was_not_taken_for(
    client: Client, rita: User, finn: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(client):
        ContractLine.objects.filter(line_id="K1/1").update(starts_on=dt.date(2025, 11, 10))
    in_effect(client, rita, finn, MARCH, LIST)
    browser = signed_in(finn)
    assert "From Mar 2026 another definition holds (CR-1)." in browser.get(PAGE).text
    text = " ".join(browser.get(f"{PAGE}&view=current&from=2025-11").text.split())
    assert (
        "All months from Jan 2026, the first that was ever closed, are told by the definition in force"
        " (CR-1, decided from Mar 2026)." in text
    )
    assert "The definition in force tells Jan 2026 and later" in text
    assert "another definition" not in text.lower()
