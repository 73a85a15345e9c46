"""The drawer of one customer's moves says why they are others by now, as the drawer of their figure does."""

from django.test import Client as Browser

from metrics.models import ContractLine
from metrics.services.books import books_rebuild_all
from metrics.services.closes import month_close
from portal.accounts.models import User
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.reporting.breaks import ARR, MARCH, MAY_COMES, broken, finns
from tests.reporting.numbers import LINES, numbers_load

__all__ = ["broken", "finns"]

BOTH = "Another definition holds now (policy v1), and contracts may have been corrected since."
CORRECTED = "The contracts say something else now."


def said(finns: Browser, why: str) -> str:
    """What the drawer says above its table."""
    text = " ".join(finns.get(f"{ARR}?scale=full&why={why}").text.split())
    return text.split('<p class="drawer-sum">')[1].split("</p>")[0]


def test_the_definition_of_now_is_named_where_one_customer_moved_otherwise(broken: Client, finns: Browser) -> None:
    """Dora's discount is not subtracted any more: 1,000 of hers came then. Bolt moved as it was closed."""
    for moves in ("moves:2026-03:2026-03:new:dora", "moves:2026-02:2026-03:net_change:dora"):
        text = said(finns, moves)
        assert BOTH in text and CORRECTED not in text, moves
    assert "Another definition" not in said(finns, "moves:2026-03:2026-03:net_change:bolt")
    assert "Another definition" not in said(finns, "moves:2026-03:2026-03:new:dora&view=current")


def test_corrected_contracts_alone_are_said_so(northwind: Client, finn: User, finns: Browser) -> None:
    moves = "moves:2026-01:2026-03:net_new:acme"
    with tenant_context(northwind):
        numbers_load(northwind, LINES)
        for month in range(MARCH - 2, MARCH + 1):
            month_close(client=northwind, month=month, user=finn)
    assert CORRECTED not in said(finns, moves)
    with tenant_context(northwind):
        ContractLine.objects.filter(line_id="K1/1").update(amount=15_000)
        books_rebuild_all(client=northwind, now=MAY_COMES)
    assert CORRECTED in said(finns, moves)
