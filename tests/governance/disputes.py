"""Disputes of a client whose ARR can be checked in the head: no tests of their own."""

from decimal import Decimal
from typing import Any

import pytest

from governance.models import FigureDispute
from governance.selectors.published_figures import Subject
from governance.services.figure_disputes import (
    dispute_raise,
    dispute_take,
)
from metrics.services.policies import policy_publish
from portal.accounts.models import User
from portal.lib.periods import month_parse
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.reporting.numbers import numbers_load
from tests.tenancy.routes_reporting import POLICY

MARCH = month_parse("2026-03")
ENDING = Subject("ending", MARCH)


@pytest.fixture
def booked(northwind: Client) -> Client:
    """ARR is 12,000, 36,000 and 42,000 at the ends of January, February and March 2026."""
    with tenant_context(northwind):
        policy_publish(client=northwind, parameters=POLICY | {"reactivation_window_months": None})
        numbers_load(northwind)
    return northwind


def raised(client: Client, user: User, subject: Subject = ENDING, **more: Any) -> FigureDispute:
    given: dict[str, Any] = {"believed": Decimal(36_000), "reason": "Support is a service"} | more
    return dispute_raise(client=client, subject=subject, user=user, **given)


def taken(client: Client, user: User, owner: User, **more: Any) -> FigureDispute:
    return dispute_take(client=client, dispute=raised(client, user, **more), owner=owner, user=owner)
