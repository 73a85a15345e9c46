"""The demonstration's registry, made by the services that people use."""

import datetime as dt

from governance.models import MetricEvent
from governance.selectors.controls import controls_list
from governance.selectors.metric_values import MetricValues
from governance.selectors.registry import registry_get
from metrics.services.policies import policy_publish
from portal.accounts.models import User
from portal.demo.metrics import registry_half_way
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.reporting.numbers import line, numbers_load
from tests.tenancy.routes_reporting import POLICY


def test_it_has_owners_a_replaced_metric_a_change_to_come_and_a_figure_that_differs(
    northwind: Client, finn: User, rita: User
) -> None:
    with tenant_context(northwind):
        policy_publish(client=northwind, parameters=POLICY | {"reactivation_window_months": None})
        lines = [line(f"K{n}/1", f"customer-{n}", "Platform", 1_000 * n, dt.date(2024, n, 1)) for n in range(1, 4)]
        numbers_load(northwind, lines)
        registry_half_way(northwind, {"finance": finn, "revops": rita}, rita)
        registry = registry_get(northwind)
        old = registry.entries["net_growth_index"].metric
        assert (old.status, old.successor.key) == ("deprecated", "arr_growth_year")
        assert registry.entries["arr"].metric.owner == finn
        assert registry.entries["reconciliation_variance"].metric.owner == rita
        assert registry.entries["quick_ratio"].upcoming[0].content["warn_at"] == "3"
        assert registry.entries["new_arr"].content["alert_at"] == "50% from last_year"
        assert registry.entries["arr_per_customer"].priorities["cfo"] == "P0"
        found = {each.control.metric.key: each.agrees for each in controls_list(MetricValues(northwind, registry))}
        assert found == {"arr": True, "nrr": True, "customers": False}
        assert MetricEvent.objects.filter(metric=old).count() == 3
