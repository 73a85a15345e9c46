"""What a metric means changes by versions alone, which fit each other and leave the past alone."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connections, transaction
from django.db.utils import ProgrammingError

from governance.models import MetricEvent, MetricVersion
from governance.selectors.registry import registry_get
from governance.services.problems import DefinitionError
from governance.services.registry import (
    metric_add,
    metric_version_add,
    registry_start,
)
from metrics.selectors.measure_values import terms_of
from metrics.services.closes import month_close
from metrics.services.policies import policy_publish
from portal.accounts.models import User
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import client_create, firm_create
from tests.governance.registry_own import MARCH, OWN, change, kept, metric
from tests.reporting.numbers import numbers_load
from tests.tenancy.routes_reporting import POLICY

__all__ = ["kept"]


def test_an_active_metric_changes_by_a_version_that_is_kept_for_ever(kept: Client, rita: User) -> None:
    with tenant_context(kept):
        row = change("quick_ratio", formula="(new_arr + expansion_arr) / abs(churn_arr)")
        registry = registry_get(kept)
        entry = registry.entries["quick_ratio"]
        assert row.number == 2 and entry.current.number == 1
        assert [each.number for each in entry.upcoming] == [2]
        assert entry.at(MARCH + 399) == entry.versions[0] and entry.at(MARCH + 400) == entry.versions[1]
        newest = MetricEvent.objects.filter(metric=entry.metric)[0]
        assert newest.text.endswith("Formula.") and newest.reason == "As agreed"
        audited = AuditEntry.objects.get(action="metric.version_added")
        assert audited.object_id == "quick_ratio" and audited.details["changed"] == ["Formula"]
        for rows in (MetricVersion.objects.all(), MetricEvent.objects.all()):
            with pytest.raises(ProgrammingError), transaction.atomic():
                rows.delete()


@pytest.mark.parametrize(
    ("fields", "month", "told"),
    [
        ({}, MARCH + 400, "nothing was changed"),
        ({"formula": "arr_growth × 1"}, MARCH + 400, "“arr_growth” would be computed from itself"),
        ({"formula": "net_new_arr + customers"}, MARCH + 400, "which is a count (customers), cannot be added"),
        ({"formula": "net_new_arr"}, MARCH + 400, "gives money (USD), and the metric is declared as a share"),
        ({"formula": "net_new_ar / arr"}, MARCH + 400, "Perhaps “net_new_arr” is meant"),
        ({"name": "Growth"}, None, "say from which month it holds"),
        ({"name": "Growth"}, MARCH, "Mar 2026 is closed: choose Apr 2026 or a later month"),
    ],
)
def test_what_cannot_be_computed_or_would_change_the_past_is_refused(
    kept: Client, fields: dict[str, str], month: int | None, told: str
) -> None:
    with tenant_context(kept):
        if month == MARCH:
            policy_publish(client=kept, parameters=POLICY | {"reactivation_window_months": None})
            numbers_load(kept)
            month_close(client=kept, month=MARCH)
        with pytest.raises(DefinitionError) as refused:
            change("arr_growth", month, **fields)
        assert told in str(refused.value)
        assert MetricVersion.objects.filter(metric__key="arr_growth").count() == 1


def test_a_formula_that_the_engine_computes_changes_only_back_to_what_shipped(kept: Client) -> None:
    """Else the ARR page, which the engine computes, and the registry would show two figures under one name."""
    with tenant_context(kept):
        with pytest.raises(DefinitionError, match="the engine computes this figure for ARR, Home and Closed months"):
            change("arr", formula="book_ending × 2")
        change("arr", warn_at="1000", name="Recurring revenue")
        earlier = metric("mrr").versions.get()
        MetricVersion.objects.create(
            client=kept, metric=metric("mrr"), number=2, effective_month=MARCH + 1, sha256="0" * 64, at=earlier.at,
            content=earlier.content | {"formula": "arr / 6"}, reason="Before this was refused",
        )  # fmt: skip
        change("mrr", MARCH + 401, name="Monthly")
        with pytest.raises(DefinitionError, match="stays as it shipped"):
            change("mrr", MARCH + 402, formula="arr / 4")
        assert change("mrr", MARCH + 402, formula="arr / 12").number == 4


def test_a_later_version_holds_from_later_than_an_earlier_one(kept: Client) -> None:
    with tenant_context(kept):
        change("arr_growth", MARCH + 400, name="Growth")
        with pytest.raises(DefinitionError, match="choose a later month"):
            change("arr_growth", MARCH + 400, name="Rate")
        change("arr_growth", MARCH + 401, name="Rate")
        names = {
            month: registry_get(kept, month).entries["arr_growth"].name for month in range(MARCH + 399, MARCH + 402)
        }
        assert list(names.values()) == ["ARR growth", "Growth", "Rate"]


def test_a_change_that_breaks_what_is_built_on_it_is_refused(kept: Client) -> None:
    with tenant_context(kept), pytest.raises(DefinitionError, match="“CAC payback” is built on it"):
        change("cac", formula="spend_amount", unit="money")


def test_a_metric_that_was_broken_before_stops_no_other_change(kept: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A measure that is no longer declared breaks what names it, and nothing else."""
    with tenant_context(kept):
        left = {name: term for name, term in terms_of("USD").items() if name != "opp_cycle"}
        monkeypatch.setattr("governance.services.registry.terms_of", lambda currency: left)
        change("mrr", name="Monthly")
        with pytest.raises(DefinitionError, match="there is no measure or metric “opp_cycle”"):
            change("sales_cycle", None, name="Cycle")


def test_two_changes_at_once_cannot_close_a_circle(committed_db: Any) -> None:
    """Each alone is fine; together the metrics would need each other."""
    client = client_create(firm=firm_create(slug="one", name="One"), slug="one", name="One", currency="USD")
    with tenant_context(client):
        registry_start(client=client)
        for key in ("one", "two"):
            metric_add(client=client, key=key, content=OWN | {"formula": "nrr", "name": key}, reason="Try")
    barrier = Barrier(2)

    def write(key: str, other: str) -> str:
        try:
            with tenant_context(client):
                found = metric(key)
                barrier.wait(10)
                metric_version_add(
                    metric=found, version=found.version, content=OWN | {"formula": f"{other} × 2", "name": key},
                    effective_month=None, reason="Both",
                )  # fmt: skip
        except DefinitionError as error:
            return str(error)
        finally:
            connections.close_all()
        return "done"

    with ThreadPoolExecutor(2) as pool:
        told = sorted(pool.map(write, ["one", "two"], ["two", "one"]))
    assert told[0] == "done" and "need each other" in told[1]
