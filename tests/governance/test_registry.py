"""The metric registry of a client: started once from the library, its own metrics proposed, its lineage read both ways."""

from collections.abc import Callable

import pytest

from governance.library.metric_reader import (
    library_metrics,
)
from governance.models import Metric
from governance.selectors.lineage import lineage_list
from governance.selectors.registry import registry_get
from governance.services.problems import DefinitionError
from governance.services.registry import (
    metric_add,
    registry_start,
)
from portal.accounts.models import User
from portal.tenancy.models import AuditEntry, Client, ClientRole
from portal.tenancy.permissions import CLIENT_ROLE_PERMISSIONS, MANAGE_METRICS
from portal.tenancy.scope import tenant_context
from tests.governance.registry_own import OWN, change, kept, metric

__all__ = ["kept"]


def test_a_registry_starts_once_with_what_can_be_computed_active(kept: Client, rita: User) -> None:
    with tenant_context(kept):
        registry = registry_get(kept)
        assert list(registry.entries) == [each.key for each in library_metrics()]
        status = {key: entry.metric.status for key, entry in registry.entries.items()}
        assert status["quick_ratio"] == status["reconciliation_variance"] == "active"
        assert status["pipeline_coverage"] == status["cac_payback"] == "proposed"
        assert registry.entries["arr"].priorities["ceo"] == "P0"
        assert AuditEntry.objects.get(action="metrics.started").details == {"metrics": len(status)}
        with pytest.raises(DefinitionError, match="started before"):
            registry_start(client=kept, user=rita)


def test_nothing_is_proposed_before_the_registry_is_started(northwind: Client) -> None:
    with tenant_context(northwind), pytest.raises(DefinitionError, match="start the registry first"):
        metric_add(client=northwind, key="growth_of_new", content=OWN, reason="Sales asked")


def test_a_metric_of_ones_own_is_proposed_and_changed_from_the_beginning(kept: Client, rita: User) -> None:
    with tenant_context(kept):
        metric_add(client=kept, key="growth_of_new", content=OWN, reason="Sales asked", user=rita)
        change("growth_of_new", None, name="New on new")
        entry = registry_get(kept).entries["growth_of_new"]
        assert entry.metric.status == "proposed" and entry.name == "New on new"
        with pytest.raises(DefinitionError, match="never used twice"):
            metric_add(client=kept, key="growth_of_new", content=OWN, reason="Again")


def test_lineage_goes_both_ways(kept: Client) -> None:
    with tenant_context(kept):
        registry = registry_get(kept)
        assert registry.needs("ltv") == ("arr_per_customer", "gross_margin", "annual_churn_rate")
        assert set(registry.measures_of("ltv")) == {
            "gross_margin", "book_ending", "customers_ending", "retention_kept", "retention_base",
        }  # fmt: skip
        assert registry.used_by("grr") == ("annual_churn_rate",)
        assert registry.used_by("retention_base") == ("nrr", "grr")
        cancelled = {found.measure.name for found in lineage_list(registry, field="cancelled_date")}
        assert {"book_ending", "retention_kept"} <= cancelled, "an early end decides ARR"
        of_page = lineage_list(registry, page="reconciliation")
        assert [found.measure.name for found in of_page] == ["billing_arr", "crm_arr"]
        assert lineage_list(registry, page="reconciliation", field="gossip") == []


def test_only_admins_and_revops_of_the_client_manage_metrics() -> None:
    may = {role for role, permissions in CLIENT_ROLE_PERMISSIONS.items() if MANAGE_METRICS in permissions}
    assert may == {ClientRole.ADMIN, ClientRole.REVOPS}


def test_the_same_key_of_two_clients_is_two_metrics(kept: Client, contoso: Client, person: Callable[..., User]) -> None:
    with tenant_context(contoso):
        registry_start(client=contoso)
        found = metric("arr")
    with tenant_context(kept):
        assert metric("arr").pk != found.pk and not Metric.objects.filter(pk=found.pk).exists()
