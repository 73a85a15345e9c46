"""The metric registry through the API: definitions, versions, values with their reasons, and the file."""

import re
from collections.abc import Callable

import pytest
from django.test import Client as Browser
from django.urls import reverse

from governance.library.metric_reader import library_metrics, metrics_read
from governance.models import Metric, MetricVersion
from governance.services.registry import metric_version_add, registry_start
from metrics.services.policies import policy_publish
from portal.accounts.models import User
from portal.lib.periods import month_parse
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.api.conftest import Mint, Program
from tests.reporting.numbers import numbers_load
from tests.tenancy.routes_reporting import POLICY


@pytest.fixture
def api(northwind: Client, ana: User, program: Mint) -> Program:
    """A program of Northwind, whose ARR is 12,000 · 36,000 · 42,000 at the ends of January to March 2026."""
    with tenant_context(northwind):
        policy_publish(client=northwind, parameters=POLICY | {"reactivation_window_months": None})
        numbers_load(northwind)
        registry_start(client=northwind)
    return program(northwind, ana)


def test_metrics_are_listed_by_status_role_and_priority(api: Program, northwind: Client) -> None:
    def keys(**query: str) -> list[str]:
        return [row["key"] for row in api.get(northwind, "api_metrics", query).json()["metrics"]]

    assert keys() == [metric.key for metric in library_metrics()]
    assert "open_pipeline" in keys(status="proposed") and "arr" not in keys(status="proposed")
    assert set(keys(role="vp_success", priority="P0")) < set(keys(role="vp_success"))
    assert api.get(northwind, "api_metrics", {"role": "boss"}).status_code == 400


def test_a_metric_says_what_it_is_built_on(api: Program, northwind: Client) -> None:
    found = api.get(northwind, "api_metric", key="cac_payback").json()
    assert found["needs"] == ["cac", "new_arr_per_customer", "gross_margin"] and found["status"] == "proposed"
    assert "spend_amount" in found["measures"] and "cost_centre" in found["fields_of_source"]
    assert found["content"]["unit"] == "months" and found["owner"] is None and found["priorities"]["cfo"] == "P0"
    assert api.get(northwind, "api_metric", key="nobody").status_code == 404


def test_values_are_decimal_text_or_a_reason(api: Program, northwind: Client) -> None:
    found = api.get(northwind, "api_metric_values", {"from": "2026-01", "to": "2026-04"}, key="arr_growth").json()
    assert (found["unit"], found["currency"]) == ("percent", "USD")
    first, second, third, fourth = found["values"]
    assert first["value"] is None and first["reason"] == "“ARR at the beginning of the month” is 0 in 2026-01"
    assert (second["value"], second["exact"]) == ("2.0000", "2")
    assert (third["value"], third["exact"], third["version"]) == ("0.1667", "1/6", 1)
    assert fourth["reason"] == "the numbers end in Mar 2026"
    assert len(api.get(northwind, "api_metric_values", key="arr").json()["values"]) == 12
    refused = api.get(northwind, "api_metric_values", {"from": "1990-01", "to": "2026-01"}, key="arr")
    assert refused.status_code == 400


def test_the_same_months_are_taken_together_as_quarters_or_fiscal_years(api: Program, northwind: Client) -> None:
    asked = {"from": "2026-01", "to": "2026-03"}
    found = api.get(northwind, "api_metric_values", {**asked, "grain": "quarter"}, key="net_new_arr").json()
    assert [(each["period"], each["month"], each["value"]) for each in found["values"]] == [
        ("2026-Q1", "2026-03", "42000.00")
    ]
    assert found["grain"] == "quarter"
    year = api.get(northwind, "api_metric_values", {**asked, "grain": "year"}, key="arr").json()
    assert [(each["period"], each["value"]) for each in year["values"]] == [("2026", "42000.00")]


def test_versions_are_the_newest_first(api: Program, northwind: Client) -> None:
    with tenant_context(northwind):
        metric = Metric.objects.get(key="mrr")
        content = MetricVersion.objects.get(metric=metric).content | {"name": "Monthly"}
        month = month_parse("2090-01")
        metric_version_add(metric=metric, version=1, content=content, effective_month=month, reason="Plain")
    new, old = api.get(northwind, "api_metric_versions", key="mrr").json()["versions"]
    assert (new["number"], new["effective_month"], new["content"]["name"]) == (2, "2090-01", "Monthly")
    assert (old["number"], old["effective_month"], old["content"]["name"]) == (1, None, "MRR")


def test_the_file_is_what_the_page_and_the_command_read(api: Program, northwind: Client) -> None:
    found = api.get(northwind, "api_metrics_yaml").json()
    assert [metric.content for metric in metrics_read(found["yaml"], "USD")] == [
        metric.content for metric in library_metrics()
    ]


def test_a_file_of_the_clients_own_repository_is_held_against_the_registry(
    api: Program, northwind: Client, adam: User, signed_in: Callable[[User], Browser]
) -> None:
    """What was written is read back without drift; one edited word is found in its field; the page says so to people."""
    url = reverse("api_metrics_drift", kwargs={"client_slug": "northwind"})
    text = api.get(northwind, "api_metrics_yaml").json()["yaml"]
    same = api.call(url, "post", {"yaml": text, "revision": "4f1c2ab"}).json()
    assert same.pop("seen") and same == {"agrees": True, "added": [], "changed": [], "lacking": []}
    page = signed_in(adam).get("/c/northwind/metrics/import/").content.decode()
    assert "Its file says what the registry says" in page and "4f1c2ab" in page
    edited = text.replace("name: ARR\n", "name: Annual recurring revenue\n", 1)
    assert edited != text
    drift = api.call(url, "post", {"yaml": edited}).json()
    assert not drift["agrees"] and drift["changed"][0]["edits"][0]["file"] == "Annual recurring revenue"
    shown = " ".join(re.sub(r"<[^>]+>", " ", signed_in(adam).get("/c/northwind/metrics/import/").text).split())
    assert "Where its file differed then" in shown and "to ask for what it says. ARR Name Compared" in shown
    with tenant_context(northwind):
        assert Metric.objects.get(key=drift["changed"][0]["key"]).versions.count() == 1, "nothing was changed"
    refused = api.call(url, "post", {"yaml": "- &a {key: x}\n- *a"})
    assert refused.status_code == 400 and "an anchor" in refused.json()["errors"][0]["detail"]
