"""Northwind where a definition changed, and where the closed month before it was restated: no tests of their own."""

import csv
import datetime as dt
import io
from collections.abc import Callable

import pytest
from django.test import Client as Browser

from metrics.models import ContractLine
from metrics.selectors.policies import policy_in_force
from metrics.services.books import books_rebuild_all
from metrics.services.closes import month_close, month_restate
from metrics.services.policies import policy_publish
from portal.accounts.models import User
from portal.lib.periods import month_parse
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.reporting.numbers import LINES, line, numbers_load

ARR = "/c/northwind/arr/"
MARCH, APRIL = month_parse("2026-03"), month_parse("2026-04")
MAY_COMES = dt.datetime(2026, 5, 10, tzinfo=dt.UTC)
DISCOUNTED = line("K5/1", "dora", "Platform", 10_000, dt.date(2026, 3, 1), segment="SMB", discount_e6=10**9)
Row = dict[str, str]


@pytest.fixture
def broken(northwind: Client, finn: User) -> Client:
    """March was closed with 51,000; from April on discounts are not subtracted (52,000), and Acme was corrected by 3,000."""
    with tenant_context(northwind):
        numbers_load(northwind, [*LINES, DISCOUNTED])
        books_rebuild_all(client=northwind, now=MAY_COMES)
        month_close(client=northwind, month=MARCH, user=finn)
        changed = policy_in_force(northwind).with_(discounts="list")
        policy_publish(client=northwind, parameters=changed.to_dict())
        ContractLine.objects.filter(line_id=LINES[0]["line_id"]).update(amount=15_000)
        books_rebuild_all(client=northwind, now=MAY_COMES)
    return northwind


@pytest.fixture
def restated(broken: Client, finn: User) -> Client:
    """March was closed again: 55,000."""
    with tenant_context(broken):
        month_restate(client=broken, month=MARCH, reason="=Agreed anew", user=finn, redefines=True)
    return broken


@pytest.fixture
def finns(finn: User, signed_in: Callable[[User], Browser]) -> Browser:
    return signed_in(finn)


def rows_of(browser: Browser, address: str = "") -> list[Row]:
    text = browser.get(f"{ARR}bridge.csv{address}").content.decode()
    return list(csv.DictReader(io.StringIO(text)))
