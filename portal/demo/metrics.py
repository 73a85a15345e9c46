"""The metric registry of the demonstration: owners, a matrix in use, one that was replaced, thresholds, control figures."""

from decimal import Decimal

from governance.models import Metric
from governance.selectors.metric_values import MetricValues
from governance.selectors.registry import month_now, registry_get
from governance.services.controls import control_save
from governance.services.matrix import matrix_digest, matrix_save
from governance.services.registry import (
    metric_add,
    metric_owner_set,
    metric_status_set,
    metric_version_add,
    registry_start,
)
from portal.accounts.models import User
from portal.tenancy.models import Client

OLD = {
    "name": "Net growth index", "definition": "Net new ARR of the month by ARR of a year before, as board packs had it.",
    "formula": "net_new_arr / last_year(arr)", "unit": "percent", "better": "up", "timing": "lagging", "function": "finance",
    "refresh": "monthly", "rationale": "Kept so that old board packs can still be read.",
}  # fmt: skip
MATRIX = {
    "net_new_arr": {"ceo": "P0", "cfo": "P0", "cro": "P0", "vp_sales": "P0", "vp_success": "P1", "revops": "P0"},
    "arr_per_customer": {"cfo": "P0", "cro": "P1", "vp_sales": "P1", "vp_success": "P2"},
}


def registry_half_way(client: Client, owners: dict[str, User], rita: User) -> None:
    """A registry that is worked with: `owners` by the function that is accountable."""
    registry_start(client=client, user=rita)
    for entry in registry_get(client).entries.values():
        owner = owners.get(entry.content["function"])
        if owner is not None and (entry.is_in_use or "P0" in entry.priorities.values()):
            metric_owner_set(metric=entry.metric, version=entry.metric.version, owner=owner, user=rita)
    matrix_save(client=client, cells=MATRIX, seen=matrix_digest(registry_get(client)), user=rita)
    replaced(client, rita)
    sharper_threshold(client, rita)
    held_against_last_year(client, rita)
    controls(client, rita)


def replaced(client: Client, user: User) -> None:
    """A metric of the client's own that gave way to a shipped one."""
    old = metric_add(client=client, key="net_growth_index", content=OLD, reason="From the old board pack", user=user)
    successor = Metric.objects.get(key="arr_growth_year")
    for step, reason in (("activate", "In use since 2022"), ("deprecate", "Two figures for growth confused the board")):
        old = metric_status_set(
            metric=old, version=old.version, step=step, reason=reason, user=user,
            successor=successor if step == "deprecate" else None,
        )  # fmt: skip


def sharper_threshold(client: Client, user: User) -> None:
    """A change that is decided and holds from next month."""
    metric = Metric.objects.get(key="quick_ratio")
    content = registry_get(client).entries["quick_ratio"].content | {"warn_at": "3"}
    metric_version_add(
        metric=metric, version=metric.version, content=content, effective_month=month_now(client) + 1, user=user,
        reason="Below three the board asks anyway",
    )  # fmt: skip


def held_against_last_year(client: Client, user: User) -> None:
    """Months differ, so that what was sold to new customers is held against the same month of the year before."""
    metric = Metric.objects.get(key="new_arr")
    limits = {"warn_at": "25% from last_year", "alert_at": "50% from last_year"}
    content = registry_get(client).entries["new_arr"].content | limits
    metric_version_add(
        metric=metric, version=metric.version, content=content, effective_month=month_now(client) - 12, user=user,
        reason="Months differ too much to be held against each other: the board looks at the year before",
    )  # fmt: skip


def controls(client: Client, user: User) -> None:
    """Three figures that Finance knows: two agree, one was typed from a spreadsheet that lacks a contract."""
    values = MetricValues(client)
    assert values.months is not None
    month = values.months[1] - 1
    arr, nrr, customers = (values.point(key, month).value for key in ("arr", "nrr", "customers"))
    assert arr is not None and nrr is not None and customers is not None
    for key, expected, tolerance, source in (
        ("arr", arr, Decimal(0), "Ledger, deferred revenue roll"),
        ("nrr", nrr.quantize(Decimal("0.001")), Decimal("0.001"), "Board pack"),
        ("customers", customers - 1, Decimal(0), "Customer success spreadsheet"),
    ):
        control_save(
            client=client, metric=Metric.objects.get(key=key), month=month, expected=expected, tolerance=tolerance,
            side="either", source=source, user=user,
        )  # fmt: skip
