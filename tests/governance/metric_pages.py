"""Northwind with its registry, and its pages as text: what the tests of the registry's pages share."""

import re
from collections.abc import Callable

import pytest
from django.test import Client as Browser

from governance.services.registry import registry_start
from metrics.services.policies import policy_publish
from portal.accounts.models import User
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.reporting.numbers import numbers_load
from tests.tenancy.routes_reporting import POLICY

HOME = "/c/northwind/metrics/"


@pytest.fixture
def kept(northwind: Client, rita: User) -> Client:
    """Northwind with Acme and Bolt, its registry started: ARR 42,000 at the end of March 2026."""
    with tenant_context(northwind):
        policy_publish(client=northwind, parameters=POLICY | {"reactivation_window_months": None})
        numbers_load(northwind)
        registry_start(client=northwind, user=rita)
    return northwind


@pytest.fixture
def ritas(kept: Client, rita: User, signed_in: Callable[[User], Browser]) -> Browser:
    return signed_in(rita)


def page(browser: Browser, path: str, **given: str) -> str:
    answer = browser.get(HOME + path, given)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))
