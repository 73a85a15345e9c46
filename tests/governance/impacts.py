"""A client with a renewal that comes late, and requests that would change what it means, for tests."""

import datetime as dt
from typing import Any

import pytest

from governance.change_impact import Impact
from governance.models import ChangeRequest
from governance.selectors.registry import registry_get
from governance.services.changes import Wish, change_draft
from governance.services.registry import metric_add, metric_status_set, registry_start
from metrics.services.policies import policy_publish
from portal.accounts.models import User
from portal.lib.periods import month_parse
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.reporting.numbers import LINES, line, numbers_load
from tests.tenancy.routes_reporting import POLICY

JANUARY, FEBRUARY, MARCH = (month_parse(f"2026-0{number}") for number in (1, 2, 3))
APRIL = MARCH + 1
NORMAL = POLICY | {"reactivation_window_months": None, "renewal_grace_days": 0}
# Ends in the middle of February, and is renewed three weeks later.
LATE = [
    line("K9/1", "dora", "Platform", 9_000, dt.date(2026, 1, 1), ends_on=dt.date(2026, 2, 14), segment="SMB"),
    line("K9/2", "dora", "Platform", 10_000, dt.date(2026, 3, 7), segment="SMB"),
]


@pytest.fixture
def late(northwind: Client) -> Client:
    """Northwind with Acme and Bolt, and Dora, whose renewal comes three weeks late; its registry is started."""
    with tenant_context(northwind):
        policy_publish(client=northwind, parameters=NORMAL)
        numbers_load(northwind, [*LINES, *LATE])
        registry_start(client=northwind)
    return northwind


def asked(client: Client, user: User, content: dict[str, Any], kind: str = "policy", **more: Any) -> ChangeRequest:
    wish = Wish(title="Late renewals", content=content, rationale="Because.", from_month=APRIL, **more)
    return change_draft(client=client, kind=kind, wish=wish, user=user)


def grace(client: Client, user: User, **more: Any) -> ChangeRequest:
    return asked(client, user, {"parameters": {"renewal_grace_days": 30}}, **more)


def metric(impact: Impact, key: str) -> dict[str, Any]:
    return next(each for each in impact.content["metrics"] if each["key"] == key)


def at(figure: dict[str, Any], month: int) -> dict[str, Any]:
    found: dict[str, Any] = next(point for point in figure["points"] if point["month"] == month)
    return found


def half_and_quarter(client: Client) -> None:
    """Two metrics of the client's own, in use, one built on the other."""
    content = dict(registry_get(client).entries["arr"].content)
    for key, formula in (("half_arr", "arr / 2"), ("quarter_arr", "half_arr / 2")):
        own = metric_add(client=client, key=key, content=content | {"name": key, "formula": formula}, reason="Ours")
        metric_status_set(metric=own, version=own.version, step="activate", reason="In use")


def changed(client: Client, key: str, **fields: str) -> dict[str, Any]:
    return {"key": key, "metric": dict(registry_get(client).entries[key].content) | fields}
