"""Northwind with its registry and no figures, and a change of a metric: what the tests of the registry share."""

import pytest

from governance.models import Metric, MetricVersion
from governance.services.registry import metric_version_add, registry_start
from portal.accounts.models import User
from portal.lib.periods import month_parse
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context

MARCH = month_parse("2026-03")
OWN = {
    "name": "Growth of new", "definition": "New ARR against the month before.", "formula": "new_arr / previous(new_arr)",
    "unit": "ratio", "better": "up", "timing": "lagging", "function": "sales", "refresh": "daily",
}  # fmt: skip


@pytest.fixture
def kept(northwind: Client, rita: User) -> Client:
    """Northwind with its registry started."""
    with tenant_context(northwind):
        registry_start(client=northwind, user=rita)
    return northwind


def metric(key: str) -> Metric:
    found: Metric = Metric.objects.get(key=key)
    return found


def change(key: str, month: int | None = MARCH + 400, **fields: str) -> MetricVersion:
    """One version more of a metric, from a month far ahead."""
    found = metric(key)
    content = MetricVersion.objects.filter(metric=found).order_by("-number")[0].content | fields
    return metric_version_add(
        metric=found, version=found.version, content=content, effective_month=month, reason="As agreed"
    )
