"""A program holds the metric registry against the library that ships with the product, and takes over what it lacks."""

from dataclasses import replace

import pytest

from governance.library.metric_reader import library_metrics
from governance.models import Metric, MetricHappening
from governance.services.registry import metrics_store, registry_start
from portal.accounts.models import User
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.api.conftest import Mint, Program


@pytest.fixture
def api(northwind: Client, rita: User, program: Mint) -> Program:
    """A program of Rita's."""
    return program(northwind, rita)


def test_a_registry_that_has_all_of_the_library_agrees_with_it(api: Program, northwind: Client) -> None:
    with tenant_context(northwind):
        registry_start(client=northwind)
    assert api.get(northwind, "api_library").json() == {"agrees": True, "improved": [], "missing": []}
    assert api.post(northwind, "api_library", {"keys": ["arr"]}).status_code == 400


def test_what_the_library_has_besides_is_proposed_and_what_it_says_otherwise_is_told(
    api: Program, northwind: Client
) -> None:
    first, second, third, *others = library_metrics()
    early = replace(first, content=first.content | {"name": "An earlier name"})
    with tenant_context(northwind):
        metrics_store((early, second, third), client=northwind, user=None, kind=MetricHappening.STARTED)
    lacking = others[0].key
    edit = {"field": "Name", "registry": "An earlier name", "is_own": False}
    found = api.get(northwind, "api_library").json()
    assert not found["agrees"] and lacking in found["missing"]
    assert found["improved"] == [{"key": first.key, "edits": [{**edit, "library": first.content["name"]}]}]
    assert lacking in api.post(northwind, "api_library", {"keys": [lacking]}).json()["proposed"]
    with tenant_context(northwind):
        assert Metric.objects.get(key=lacking).status == "proposed"
    assert lacking not in api.get(northwind, "api_library").json()["missing"]
