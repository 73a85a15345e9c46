"""Writing a formula: what is wrong is marked while it is typed, and what it gives is shown on the client's own figures."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from governance.models import MetricVersion
from governance.services.registry import registry_start
from metrics.services.policies import policy_publish
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.browser.live import CHROMIUM
from tests.reporting.numbers import numbers_load
from tests.tenancy.routes_reporting import POLICY

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="there is no chromium on this machine"),
]


def test_a_formula_answers_while_it_is_typed(page: Page, client: Client) -> None:
    with tenant_context(client):
        policy_publish(client=client, parameters=POLICY | {"reactivation_window_months": None})
        numbers_load(client)
        registry_start(client=client)
    page.goto("/c/northwind/metrics/of/arr_not_live/change/")
    formula = page.get_by_label("Formula", exact=True)
    formula.fill("arr + customers")
    expect(page.locator("#preview mark")).to_have_text("arr + customers")
    expect(page.locator("#preview .preview-fault")).to_contain_text("cannot be added")
    formula.fill("arr / 6")
    expect(page.locator("#preview-values")).to_contain_text("7,000.00")
    expect(formula).to_be_focused()
    page.get_by_label("Why this change").fill("Two months at once")
    page.get_by_role("button", name="Keep the new version").click()
    expect(page.locator("#versions")).to_contain_text("Two months at once")
    with tenant_context(client):
        assert MetricVersion.objects.filter(metric__key="arr_not_live").count() == 2
