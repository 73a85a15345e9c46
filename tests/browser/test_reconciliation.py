"""Two sources in a real browser: the month is changed in place, an account is explained, a sample contract chosen and saved."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from metrics.services.books import books_rebuild_all
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.browser.live import CHROMIUM
from tests.engine.frames import frame, line
from tests.metrics.loading import load_lines

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="there is no chromium on this machine"),
]
TERM: dict[str, Any] = {"starts_on": "2024-01-01", "ends_on": "2024-12-31"}


def test_a_difference_is_found_explained_and_a_sample_saved(page: Page, client: Client) -> None:
    with tenant_context(client):
        for source, amount, ends in (("Billing", "1000", "2024-12-31"), ("CRM", "1010", "2024-11-30")):
            acme = line("L1", amount, customer_id="A", customer_name="Acme", **TERM | {"ends_on": ends})
            load_lines(frame(acme, line("L2", "500", customer_id="B", customer_name="Bolt", **TERM)), source)
        books_rebuild_all(client=client, now=dt.datetime(2025, 1, 15, tzinfo=dt.UTC))
    page.goto("/c/northwind/data/reconciliation/")
    expect(page.get_by_text("CRM is 66.67% below Billing at the end of Dec 2024")).to_be_visible()
    page.get_by_label("Month end").select_option("2024-11")
    expect(page.get_by_text("CRM is 0.67% above Billing at the end of Nov 2024")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as CSV").click()
    assert (
        "2024-11,Billing,CRM,USD,A,Acme,1000.00,1010.00,10.00,0.0100,different"
        in Path(download.value.path()).read_text()
    )
    page.get_by_role("link", name="Acme").click()
    expect(page.get_by_text("Platform (L1) is 1,000.00 USD a year in Billing, 1,010.00 USD in CRM.")).to_be_visible()
    page.get_by_label("Why do they differ?").fill("An uplift that is billed from December")
    page.get_by_role("button", name="Save the explanation").click()
    expect(page.get_by_text("Acme is explained.")).to_be_visible()
    page.goto("/c/northwind/data/samples/change/")
    page.get_by_label("Contract or customer").fill("Acme")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("button", name="Add K-L1").click()
    page.get_by_label("Expected ARR of K-L1").fill("1,000")
    page.get_by_role("button", name="Save the samples").click()
    expect(page.get_by_text("1 sample is saved.")).to_be_visible()
    expect(page.get_by_role("row", name="K-L1")).to_contain_text("Agrees")
