"""Where closed months adjust the number of customers, page, paper and API let it go on from period to period."""

import datetime as dt
from itertools import pairwise
from typing import Any

import pytest
from django.test import Client as Browser

from metrics.api.serializers.numbers import RestatedSerializer
from metrics.models import ContractLine
from metrics.selectors.breaks import restated_get
from metrics.services.books import books_rebuild_all
from metrics.services.closes import month_close, month_restate
from portal.accounts.models import User
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.pdf_text import pdf_text
from tests.reporting.breaks import ARR, MARCH, MAY_COMES, finns
from tests.reporting.numbers import LINES, line, numbers_load

__all__ = ["finns"]

GIL = line("K9/1", "gil", "Platform", 1_000, dt.date(2026, 1, 5), segment="Enterprise")
HAL = line("K10/1", "hal", "Platform", 2_000, dt.date(2026, 4, 5), segment="SMB")
WORDS = ("Beginning", "Adjusted", "New", "Returned", "Lost", "Ending")


@pytest.fixture
def late(northwind: Client, finn: User) -> Client:
    """January to March are closed with Acme, who leaves in April, and Bolt; then comes the contract of Gil, of January, and in
    April Hal.
    """
    with tenant_context(northwind):
        numbers_load(northwind, [*LINES, HAL])
        ContractLine.objects.filter(line_id="K1/1").update(ends_on=dt.date(2026, 4, 9))
        books_rebuild_all(client=northwind, now=MAY_COMES)
        for month in range(MARCH - 2, MARCH + 1):
            month_close(client=northwind, month=month, user=finn)
        numbers_load(northwind, [GIL])
        books_rebuild_all(client=northwind, now=MAY_COMES)
    return northwind


def table(finns: Browser, address: str = "") -> list[list[Any]]:
    """The figures of the table of customers, that of all periods last."""
    found = finns.get(f"{ARR}?scale=full&from=2026-01&to=2026-04{address}").context["customer_table"]
    return [[cell["value"] for cell in row["cells"][-6:]] for row in (*found["rows"], found["total"])]


def test_customers_go_on_over_a_closed_month_that_was_corrected_since(late: Client, finns: Browser) -> None:
    assert table(finns) == [
        [0, 0, 1, 0, 0, 1],  # Acme
        [1, 0, 1, 0, 0, 2],  # Bolt
        [2, 0, 0, 0, 0, 2],
        [2, 1, 1, 0, -1, 3],  # Gil was there before; Hal comes, Acme goes
        [0, 1, 3, 0, -1, 3],
    ]
    response = finns.get(f"{ARR}?from=2026-04&to=2026-04&scale=full")
    text = " ".join(response.text.split())
    assert 'id="customer-bridge"' in text
    (row,) = response.context["customer_table"]["rows"]
    assert [cell["href"].rpartition("why=")[2] for cell in row["cells"][1:]] == [
        "cell%3A2026-03%3A2026-03%3Acustomers_ending", "cell%3A2026-04%3A2026-04%3Aadjustment",
        "cell%3A2026-04%3A2026-04%3Acustomers_new", "", "cell%3A2026-04%3A2026-04%3Acustomers_churned",
        "cell%3A2026-04%3A2026-04%3Acustomers_ending",
    ]  # fmt: skip
    assert "<strong>2</strong>, each customer counted below" in " ".join(
        finns.get(f"{ARR}{row['cells'][1]['href'].removeprefix(ARR)}").text.split()
    )


@pytest.mark.parametrize("address", ["&grain=quarter", "&by=segment", "&by=rep&grain=year"])
def test_every_row_adds_up_and_begins_where_the_one_before_ended(late: Client, finns: Browser, address: str) -> None:
    found = finns.get(f"{ARR}?from=2026-01&to=2026-04{address}").context["customer_table"]
    ends: dict[Any, int] = {}
    for row in found["rows"]:
        group = row["cells"][1] if "by=" in address else ""
        before, *moved, ending = (cell["value"] for cell in row["cells"][-6:])
        assert before + sum(moved) == ending and ends.get(group, 0) == before, row
        ends[group] = ending


def test_nothing_is_added_where_nothing_was_adjusted(late: Client, finns: Browser) -> None:
    for address in ("&to=2026-03", "&view=current", "&by=product"):
        assert finns.get(f"{ARR}?from=2026-01{address}").context["customer_table"] is None
    assert "Returned" not in pdf_text(finns.get(f"{ARR}bridge.pdf?from=2026-01&to=2026-03").content)


def test_paper_has_the_same_numbers(late: Client, finns: Browser) -> None:
    text = " ".join(pdf_text(finns.get(f"{ARR}bridge.pdf?from=2026-01&to=2026-04").content).split())
    assert " ".join(WORDS) in text and "Apr 2026 2 +1 +1 0 −1 3" in text.replace("− ", "−")


def test_restated_months_say_by_how_many_customers_they_were_adjusted(late: Client, finn: User, finns: Browser) -> None:
    """February alone is restated: it begins with one customer more than January ended with, and March with one less."""
    with tenant_context(late):
        month_restate(client=late, month=MARCH - 1, reason="A contract that came late", user=finn)
    shown = finns.get(f"{ARR}?from=2026-01&to=2026-04").context["customer_table"]["rows"]
    rows = [[cell["value"] for cell in row["cells"][1:]] for row in shown]
    assert [row[1] for row in rows] == [0, 1, -1, 1]
    assert all(one[-1] == other[0] for one, other in pairwise(rows))
    assert [row["cells"][2]["reported"] for row in shown] == [None, 0, 0, None]
    with tenant_context(late):
        (told,) = RestatedSerializer([*restated_get(late).values()], many=True).data
    assert (told["as_reported"]["customers_adjusted"], told["as_restated"]["customers_adjusted"]) == (0, 1)
