"""The main job in a real browser: upload a client's contracts, read a bridge that ties to the cent, and ask why."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from metrics.engine.lines import DIMENSIONS
from metrics.jobs_imports import import_run
from metrics.models import ContractImport
from metrics.services.after_change import numbers_refresh
from metrics.services.policies import policy_publish
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.browser.live import CHROMIUM
from tests.engine.frames import read_policy
from tests.reporting.numbers import numbers_load

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="there is no chromium on this machine"),
]


def test_contracts_uploaded_in_the_browser_give_the_worked_bridge(page: Page, client: Client, shared: Path) -> None:
    golden = shared / "golden" / "contract-start"
    with tenant_context(client):
        policy_publish(client=client, parameters=read_policy(golden / "policy.json").to_dict())
    page.goto("/c/northwind/data/rates/upload/")
    page.set_input_files("input[type=file]", golden / "fx_rates.csv")
    page.get_by_role("button", name="Upload rates").click()
    expect(page.get_by_text("3,657").first).to_be_visible()
    page.goto("/c/northwind/data/upload/")
    page.set_input_files("input[type=file]", golden / "contracts.csv")
    page.get_by_label("Name of the new source").fill("Billing")
    page.get_by_role("button", name="Upload and check").click()
    page.get_by_role("button", name="Load 497 lines").click()
    expect(page.get_by_text("Waiting for its turn")).to_be_visible()
    with tenant_context(client):
        waiting = ContractImport.objects.get().pk
    import_run(client.pk, waiting)  # what the worker does, and the recomputation that it then finds
    numbers_refresh(client=client)
    page.get_by_role("link", name="See ARR").click()
    page.goto("/c/northwind/arr/?from=2022-01&to=2025-12&scale=full")
    with page.expect_download() as download:
        page.get_by_role("link", name="Bridge as CSV").click()
    assert cut(Path(download.value.path()).read_text()) == (golden / "expected" / "bridge.csv").read_text()
    for name in DIMENSIONS:
        grouped = page.request.get(f"/c/northwind/arr/bridge.csv?from=2022-01&to=2025-12&by={name}")
        assert cut(grouped.text()) == (golden / "expected" / f"bridge_by_{name}.csv").read_text()


def cut(text: str) -> str:
    """A file of the page without the columns after the figures of the worked cases, which have nothing to say here."""
    head, *rows = (line.split(",") for line in text.splitlines())
    at, named = head.index("prior_period_adjustment"), head.index("currency")
    assert not any("".join(row[at:named]).strip("0.") for row in rows)
    assert {tuple(row[named:]) for row in rows} == {("USD", "ARR")}
    return "".join(f"{','.join(row[:at])}\n" for row in (head, *rows))


def test_the_ending_of_the_bridge_is_in_sight_on_a_phone(page: Page, client: Client) -> None:
    """The steps that lead to it scroll between the month and its ending."""
    with tenant_context(client):
        numbers_load(client)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/c/northwind/arr/?scale=full")
    row = page.locator("#bridge tbody tr").filter(has_text="Mar 2026")
    ending, expansion = row.get_by_role("link", name="42,000.00"), row.get_by_role("link", name="+6,000.00")

    def place(figure: Locator) -> tuple[float, float]:
        box = figure.bounding_box()
        assert box is not None
        return box["x"], box["x"] + box["width"]

    assert place(ending)[1] < 390 < place(expansion)[1]
    page.locator(".table-scroll:has(#bridge)").evaluate("region => region.scrollBy(250, 0)")
    assert place(expansion)[1] < place(ending)[0] and place(ending)[1] < 390


def test_a_figure_leads_to_customers_and_a_customer_to_its_lines(page: Page, client: Client) -> None:
    with tenant_context(client):
        numbers_load(client)
    page.goto("/c/northwind/arr/?scale=full")
    page.locator("#bridge tbody tr").filter(has_text="Feb 2026").get_by_role("link", name="+24,000.00").click()
    expect(page.get_by_role("heading", name="New, Feb 2026")).to_be_visible()
    page.locator("#cell-customers").get_by_role("link", name="Bolt").click()
    expect(page.get_by_text("A contract line counts from its start date.").first).to_be_visible()
    assert "why=customer" in page.url
    page.keyboard.press("Escape")
    expect(page.locator("#drawer")).to_be_hidden()


def test_a_filter_changes_the_head_of_the_page_and_what_is_downloaded_too(page: Page, client: Client) -> None:
    with tenant_context(client):
        numbers_load(client)
    page.goto("/c/northwind/arr/")
    page.get_by_text("CARR", exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("CARR")
    page.get_by_label("Period").select_option("quarter")
    expect(page.get_by_role("link", name="Bridge as CSV")).to_have_attribute("href", re.compile("grain=quarter"))
    assert "basis=signed" in str(page.get_by_role("link", name="Bridge as CSV").get_attribute("href"))
