"""The metric registry: started from the library, changed by versions alone, moved by a table, computed by its formulas."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connections, transaction
from django.db.utils import ProgrammingError
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.library.metric_reader import (
    FiledMetric,
    MetricFileError,
    library_metrics,
    metrics_read,
    metrics_write,
    rows_of,
)
from governance.metric_content import CHOICES, ContentError, content_clean
from governance.models import Metric, MetricEvent, MetricStatus, MetricVersion
from governance.selectors.lineage import lineage_list
from governance.selectors.registry import registry_get
from governance.services.metric_states import STEPS, next_status
from governance.services.problems import DefinitionError, OutdatedError
from governance.services.registry import (
    metric_add,
    metric_owner_set,
    metric_status_set,
    metric_version_add,
    registry_start,
)
from metrics.measures import MEASURES
from metrics.selectors.measure_values import terms_of
from metrics.services.closes import month_close
from metrics.services.policies import policy_publish
from portal.accounts.models import User
from portal.accounts.services.people import person_remove
from portal.lib.periods import month_parse
from portal.tenancy.models import AuditEntry, Client, ClientRole, Membership
from portal.tenancy.permissions import CLIENT_ROLE_PERMISSIONS, MANAGE_METRICS
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import client_create, firm_create
from tests.reporting.numbers import numbers_load
from tests.tenancy.routes_reporting import POLICY

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


# --- what ships -------------------------------------------------------------------------------------------------------


def test_every_shipped_metric_can_be_computed_once_its_facts_are_there() -> None:
    metrics = library_metrics()
    assert len(metrics) > 45
    named = {metric.key for metric in metrics}
    assert named >= {"arr", "carr", "larr", "mrr", "nrr", "grr", "quick_ratio", "cac_payback", "ltv", "sales_velocity"}
    assert {"forecast_accuracy", "budget_attainment", "reconciliation_variance", "composite_score"} <= named
    for metric in metrics:
        assert not MEASURES.keys() & {metric.key}


def test_what_is_written_is_read_back_equal_and_in_order() -> None:
    text = metrics_write(library_metrics())
    assert metrics_read(text, "USD") == library_metrics()
    assert metrics_write(metrics_read(text, "USD")) == text


WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60).map(str.strip).filter(bool)


@given(
    WORDS, WORDS, *(st.sampled_from(list(choices)) for choices in CHOICES.values()), st.decimals(-1000, 1000, places=3)
)
@settings(max_examples=60, deadline=None)
def test_whatever_people_write_survives_the_file(
    name: str, definition: str, better: str, timing: str, function: str, refresh: str, warn_at: Any
) -> None:
    given = OWN | {
        "name": name, "definition": definition, "better": better, "timing": timing, "function": function,
        "refresh": refresh, "warn_at": warn_at, "formula": "book_new",  "unit": "money",
    }  # fmt: skip
    metrics = (FiledMetric("own", content_clean(given, "USD"), {"ceo": "P1"}, "active", "rita@example.com"),)
    assert metrics_read(metrics_write(metrics), "USD") == metrics


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{", "is no YAML"),
        (
            "[" * 30_000,
            "More than 8 lists and sets of fields lie within each other in line 1. Write each metric as plain",
        ),
        ("- key: " + "1:" * 5_000 + "1", "more than 8,000 characters"),
        ("- key: " + "1:" * 1_000 + "1.5", "the key is not made of small letters"),
        (
            "- {key: x, weight: 0x" + "F" * 4_000 + "}",
            "In “x”, the field “weight” has more than 20 characters. Correct it",
        ),
        ("key: x", "not a list of metrics"),
        (
            "- {key: ARR}",
            "In “ARR”, the key is not made of small letters, digits and _, beginning with a letter. Write one",
        ),
        ("- {name: ARR}", "In metric 1, the key is missing. Write one such as net_new_arr"),
        ("- {key: book_ending}", "In “book_ending”, the key is the name of a measure"),
        ("- {key: x, colour: red}", "In “x”, there is no field “colour”. Take it away"),
        (
            "- {key: x, formula: a +}",
            "In “x”, the formula cannot be used: a value is missing at the end. Write a name or a number there",
        ),
        ("- {key: x, unit: apples}", "In “x”, the unit cannot be used: “apples” is no unit. Write money, percent"),
        ("- {key: x, priorities: {boss: P0}}", "In “x”, the priorities cannot be read. Write them as {ceo: P0}"),
        ("- &a {key: x}\n- *a", "The file uses an anchor (& or *) in line 1. Write the value itself in its place"),
        ("- {key: x, warn_at: &a 1}", "The file uses an anchor (& or *) in line 1"),
        ("- {key: !!python/object/apply:os.system [ls]}", "The file uses a tag (!) in line 1. Write the value alone"),
        ("- {key: x, warn_at: !!int ''}", "The file uses a tag (!) in line 1"),
        ("- {key: !!timestamp yesterday}", "The file uses a tag (!) in line 1"),
    ],
)
def test_a_fault_of_a_file_is_named(text: str, fault: str) -> None:
    with pytest.raises(MetricFileError) as refused:
        metrics_read(text, "USD")
    assert fault in str(refused.value)


def test_a_value_is_kept_as_it_is_written_and_no_value_is_none() -> None:
    """As YAML's own numbers 010 would be eight, 1:30 ninety, and eighteen digits would be rounded."""
    (row,) = rows_of("- {key: x, warn_at: 010, alert_at: 0.100000000000000001, weight: ~, name: 'null', owner: }")
    assert (row["warn_at"], row["alert_at"]) == ("010", "0.100000000000000001")
    assert (row["weight"], row["owner"], row["name"]) == (None, None, "null")


def test_a_large_file_is_read_soon_and_a_bomb_is_refused_before_it_opens() -> None:
    """A file close to the limit takes libyaml a fifth of a second of the processor, and the plain parser seven."""
    words = "word " * 350
    rows = "".join(f'- key: m{number}\n  definition: "{words}"\n' for number in range(500))
    begun = time.thread_time()
    assert len(rows_of(rows)) == 500 and time.thread_time() - begun < 3
    laughs = "- a: &a [x, x]\n" + "".join(f"  b{level}: &b{level} [*a, *a, *a]\n" for level in range(50))
    for bomb in (
        laughs,
        "[" * 900_000,
        "- " * 400_000,
        "- k: " + "9" * 900_000,
        "- [" + "a," * 300_000 + "]",
        "x" * 1_000_001,
    ):
        begun = time.thread_time()
        with pytest.raises(MetricFileError):
            rows_of(bomb)
        assert time.thread_time() - begun < 3


def test_metrics_of_a_file_are_checked_together() -> None:
    rows = [
        FiledMetric(key, content_clean(OWN | {"formula": formula}, "USD")) for key, formula in [("a", "b"), ("b", "a")]
    ]
    with pytest.raises(MetricFileError, match="these metrics need each other: a → b → a"):
        metrics_read(metrics_write(rows), "USD")


def test_each_fault_of_a_content_is_named_by_its_field() -> None:
    with pytest.raises(ContentError) as refused:
        content_clean(
            OWN | {"name": " ", "better": "left", "warn_at": "1e999999", "alert_at": "1e-999999", "weight": "2"}, "USD"
        )
    assert [field for field, _ in refused.value.faults] == ["name", "better", "warn_at", "alert_at", "weight"]


# --- a client's own ---------------------------------------------------------------------------------------------------


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
        ({"formula": "arr_growth × 1"}, MARCH + 400, "these metrics need each other: arr_growth → arr_growth"),
        ({"formula": "net_new_arr + customers"}, MARCH + 400, "which is a count (customers), cannot be added"),
        ({"formula": "net_new_arr"}, MARCH + 400, "gives money (USD), and the metric is declared as a share"),
        ({"formula": "net_new_ar / arr"}, MARCH + 400, "Perhaps “net_new_arr” is meant"),
        ({"name": "Growth"}, None, "say from which month it holds"),
        ({"name": "Growth"}, MARCH, "Mar 2026 is closed: choose a later month"),
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


def test_a_metric_of_ones_own_is_proposed_and_changed_from_the_beginning(kept: Client, rita: User) -> None:
    with tenant_context(kept):
        metric_add(client=kept, key="growth_of_new", content=OWN, reason="Sales asked", user=rita)
        change("growth_of_new", None, name="New on new")
        entry = registry_get(kept).entries["growth_of_new"]
        assert entry.metric.status == "proposed" and entry.name == "New on new"
        with pytest.raises(DefinitionError, match="never used twice"):
            metric_add(client=kept, key="growth_of_new", content=OWN, reason="Again")


def test_nothing_is_proposed_before_the_registry_is_started(northwind: Client) -> None:
    with tenant_context(northwind), pytest.raises(DefinitionError, match="start the registry first"):
        metric_add(client=northwind, key="growth_of_new", content=OWN, reason="Sales asked")


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
        with pytest.raises(DefinitionError, match="is part of what the portal itself shows on ARR, and stays"):
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


def test_only_admins_and_revops_of_the_client_manage_metrics() -> None:
    may = {role for role, permissions in CLIENT_ROLE_PERMISSIONS.items() if MANAGE_METRICS in permissions}
    assert may == {ClientRole.ADMIN, ClientRole.REVOPS}


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


def test_the_same_key_of_two_clients_is_two_metrics(kept: Client, contoso: Client, person: Callable[..., User]) -> None:
    with tenant_context(contoso):
        registry_start(client=contoso)
        found = metric("arr")
    with tenant_context(kept):
        assert metric("arr").pk != found.pk and not Metric.objects.filter(pk=found.pk).exists()
