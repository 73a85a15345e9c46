"""The metric that a request is about is found by words, or under whoever is accountable for it."""

import re
from collections.abc import Callable

import pytest
from django.test import Client as Browser

from governance.selectors.registry import registry_get
from governance.services.registry import registry_start
from portal.accounts.models import User
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context

SignIn = Callable[[User], Browser]
ADDRESS = "/c/northwind/changes/new/threshold/"


@pytest.fixture
def registry(northwind: Client, rita: User) -> Client:
    with tenant_context(northwind):
        registry_start(client=northwind, user=rita)
    return northwind


def keys_of(page: str) -> list[str]:
    """The metrics to choose from, in their order."""
    return re.findall(r'changes/new/threshold/\?about=([a-z0-9_]+)"', page)


def test_all_metrics_stand_under_who_is_accountable_by_name(registry: Client, rita: User, signed_in: SignIn) -> None:
    page = signed_in(rita).get(ADDRESS).text
    with tenant_context(registry):
        entries = {key: entry for key, entry in registry_get(registry).entries.items() if entry.is_standing}
    assert sorted(keys_of(page)) == sorted(entries) and f"{len(entries)} of {len(entries)} shown" in page
    for part in page.split('aria-labelledby="of-')[1:]:
        name, own = part.split('"')[0], keys_of(part)
        assert {entries[key].content["function"] for key in own} == {name}
        names = [entries[key].name.casefold() for key in own]
        assert names == sorted(names)


def test_words_and_the_filter_leave_what_fits(registry: Client, rita: User, signed_in: SignIn) -> None:
    browser = signed_in(rita)
    found = browser.get(ADDRESS, {"q": "net revenue retention"}).text
    with tenant_context(registry):
        entries = registry_get(registry).entries
    assert "nrr" in keys_of(found) and len(keys_of(found)) < 10
    assert 'value="net revenue retention"' in found, "what was searched for stays in the field"
    sales = keys_of(browser.get(ADDRESS, {"function": "sales"}).text)
    assert sales and {entries[key].content["function"] for key in sales} == {"sales"}
    nothing = browser.get(ADDRESS, {"q": "no such metric"}).text
    assert "No metric fits" in nothing and keys_of(nothing) == []


def test_an_end_is_asked_for_of_metrics_in_use_alone(registry: Client, rita: User, signed_in: SignIn) -> None:
    page = signed_in(rita).get("/c/northwind/changes/new/metric_retire/", {"q": "arr", "status": "retired"}).text
    assert "0 of " in page, "what a request cannot be about is not brought back by the address"
