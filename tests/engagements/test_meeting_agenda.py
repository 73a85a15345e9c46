"""Kickoff and refinement: the definitions that are still assumed, what is worth most first, for whoever may see which."""

import datetime as dt
from collections.abc import Callable

from django.test import Client as Browser

from engagements.models import Engagement, Meeting
from engagements.services.moves import row_move
from governance.models import DefinitionItem
from governance.services.items import definitions_start, item_confirm
from portal.accounts.models import User
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.engagements.conftest import started
from tests.governance.test_worth import EARLY
from tests.reporting.numbers import LINES, numbers_load

HEAVIEST = "From when a contract counts"  # CARR 50,000 against LARR 0


def path(engagement: Engagement, key: str) -> str:
    return f"/c/northwind/engagements/{engagement.pk}/meetings/{Meeting.objects.get(key=key).pk}/"


def table(browser: Browser, address: str) -> str:
    """What the page says there is to decide; empty without the table."""
    answer = browser.get(address)
    assert answer.status_code == 200
    _, _, rest = answer.content.decode().partition('id="to-decide"')
    return rest.split("</table>")[0]


def test_the_kickoff_begins_with_what_is_worth_most(
    northwind: Client, ana: User, stan: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(northwind):
        engagement = started(northwind, ana)
        definitions_start(client=northwind, user=ana)
        numbers_load(northwind, [*LINES, EARLY])
        kickoff, later = path(engagement, "kickoff"), path(engagement, "refinement-1")
        end = Meeting.objects.exclude(subphase_key__startswith="1").first()
        assert end is not None
        handoff = path(engagement, end.key)
    anas = signed_in(ana)
    first = table(anas, kickoff)
    assert "50,000.00" in first and first.index(HEAVIEST) < first.index("What counts as recurring")
    assert HEAVIEST in table(anas, later) and table(anas, handoff) == "", "later phases decide nothing of it"
    assert "more to decide" in anas.get(kickoff).content.decode()
    seen = table(signed_in(stan), kickoff)
    assert seen == "" or "50,000.00" not in seen, "money is for who may see it"


def test_what_is_confirmed_and_what_is_over_ask_no_more(
    northwind: Client, ana: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(northwind):
        engagement = started(northwind, ana)
        definitions_start(client=northwind, user=ana)
        numbers_load(northwind, [*LINES, EARLY])
        item = DefinitionItem.objects.get(key="contracted-or-live")
        item_confirm(item=item, version=item.version, by="Finn", meeting="Kickoff", user=ana)
        kickoff = path(engagement, "kickoff")
    anas = signed_in(ana)
    assert HEAVIEST not in table(anas, kickoff) and "What counts as recurring" in table(anas, kickoff)
    with tenant_context(northwind):
        meeting = Meeting.objects.get(key="kickoff")
        row_move(about="meeting", row=meeting, step="schedule", starts_at=dt.datetime(2026, 11, 20, 9, tzinfo=dt.UTC))
        row_move(about="meeting", row=meeting, step="hold")
    assert table(anas, kickoff) == ""
