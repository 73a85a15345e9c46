"""The life of a metric: its states are a table, its owner is one of the client's people."""

from collections.abc import Callable

import pytest
from django.test import Client as Browser

from governance.models import Metric, MetricEvent, MetricStatus
from governance.services.metric_states import STEPS, next_status
from governance.services.problems import DefinitionError, OutdatedError
from governance.services.registry import (
    metric_owner_set,
    metric_status_set,
)
from portal.accounts.models import User
from portal.accounts.services.people import person_remove
from portal.tenancy.models import Client, Membership
from portal.tenancy.scope import tenant_context
from tests.governance.registry_own import change, kept, metric

__all__ = ["kept"]


def test_the_states_are_a_table_and_nothing_else() -> None:
    reached = {status: {step for state, step in STEPS if state == status} for status in MetricStatus}
    assert reached == {
        "proposed": {"activate", "retire"}, "active": {"deprecate"}, "deprecated": {"activate", "retire"}, "retired": set(),
    }  # fmt: skip
    for status in MetricStatus:
        for step in {"activate", "deprecate", "retire", "delete"} - reached[status]:
            with pytest.raises(OutdatedError):
                next_status(status, step)


def test_what_others_are_built_on_is_not_retired_and_a_replacement_is_named(kept: Client, rita: User) -> None:
    def step(key: str, how: str, successor: Metric | None = None) -> Metric:
        found = metric(key)
        return metric_status_set(
            metric=found, version=found.version, step=how, reason="No use", successor=successor, user=rita
        )

    with tenant_context(kept):
        with pytest.raises(DefinitionError, match="LTV to CAC"):
            step("ltv", "retire")
        with pytest.raises(DefinitionError, match="it is built on Lifetime value, CAC, which are not active"):
            step("ltv_to_cac", "activate")
        change("arr_growth", formula="net_new_arr / (arr_per_customer × customers)")
        step("arr_per_customer", "deprecate", metric("arr"))
        with pytest.raises(DefinitionError, match="ARR growth"):
            step("arr_per_customer", "retire")
        assert metric("arr_per_customer").successor == metric("arr")
        log = MetricEvent.objects.filter(metric__key="arr_per_customer")
        assert log[0].text == "Active → Deprecated, replaced by ARR."
        step("mrr", "deprecate")
        with pytest.raises(DefinitionError, match="is part of what the portal itself shows on ARR and Home, and stays"):
            step("mrr", "retire")
        step("composite_score", "retire")
        with pytest.raises(OutdatedError, match="is retired"):
            step("composite_score", "activate")
        with pytest.raises(DefinitionError, match="not changed any more"):
            change("composite_score", name="M")


def test_the_owner_is_one_of_the_clients_people(kept: Client, rita: User, otto: User) -> None:
    with tenant_context(kept):
        found = metric("arr")
        with pytest.raises(DefinitionError, match="one of the client's people"):
            metric_owner_set(metric=found, version=found.version, owner=otto)
        metric_owner_set(metric=found, version=found.version, owner=rita)
        with pytest.raises(OutdatedError):
            metric_owner_set(metric=found, version=found.version, owner=None)
        assert metric("arr").owner == rita


def test_whoever_leaves_owns_no_metric_any_more(kept: Client, rita: User, adam: User) -> None:
    with tenant_context(kept):
        metric_owner_set(metric=metric("arr"), version=1, owner=rita)
        person_remove(client=kept, member=Membership.objects.get(user=rita), user=None)
        assert metric("arr").owner is None and metric("arr").version == 3
        assert MetricEvent.objects.filter(metric__key="arr")[0].text == "Owner: Rita → nobody; they left."


def test_the_page_of_a_retired_metric_is_an_archive(
    kept: Client, rita: User, signed_in: Callable[[User], Browser]
) -> None:
    browser, path = signed_in(rita), "/c/northwind/metrics/of/composite_score/"
    assert "Save the owner" in browser.get(path).text
    with tenant_context(kept):
        found = metric("composite_score")
        metric_status_set(metric=found, version=found.version, step="retire", reason="No use", user=rita)
    page = browser.get(path).text
    assert "This metric is retired" in page and "The first wording." in page
    assert ", in force" not in page and "Save the owner" not in page and "Quotas or pay are set by it" not in page
