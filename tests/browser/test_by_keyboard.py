"""The ARR page without a mouse, and what its address and its cookies keep."""

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.browser.live import CHROMIUM
from tests.reporting.numbers import numbers_load

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="there is no chromium on this machine"),
]
ARR = "/c/northwind/arr/?scale=full"


@pytest.fixture
def arr(page: Page, client: Client) -> Page:
    with tenant_context(client):
        numbers_load(client)
    page.goto(ARR)
    return page


def tab_to(page: Page, target: Locator, most: int = 80) -> None:
    """Press Tab until the target has the focus; fails where the keyboard does not lead to it."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"{most} times Tab do not lead to {target}")


def test_from_a_cell_to_its_lines_and_back_to_the_cell_by_keyboard(arr: Page) -> None:
    cell = arr.locator("#bridge tbody tr").filter(has_text="Feb 2026").get_by_role("link", name="+24,000.00")
    tab_to(arr, cell)
    arr.keyboard.press("Enter")
    expect(arr.get_by_role("heading", name="New, Feb 2026")).to_be_visible()
    tab_to(arr, arr.locator("#cell-customers").get_by_role("link", name="Bolt"), most=8)
    arr.keyboard.press("Enter")
    expect(arr.get_by_text("A contract line counts from its start date.").first).to_be_visible()
    expect(arr.locator("#drawer").get_by_text("K2/1").first).to_be_visible()
    assert arr.evaluate("document.getElementById('drawer').contains(document.activeElement)")
    arr.keyboard.press("Escape")
    expect(arr.locator("#drawer")).to_be_hidden()
    arr.wait_for_url(lambda address: "why=" not in address)
    expect(cell).to_be_focused()


def test_a_row_opens_into_its_segments_and_closes_by_keyboard(arr: Page) -> None:
    opener = arr.locator("#bridge tbody tr").filter(has_text="Feb 2026").locator("[data-expand]")
    segment = arr.locator("#bridge tr[data-level='1']").filter(has_text="Enterprise")
    tab_to(arr, opener)
    arr.keyboard.press("Enter")
    expect(segment).to_be_visible()
    expect(segment.get_by_role("link", name="+24,000.00")).to_be_visible()
    expect(opener).to_be_focused()
    arr.keyboard.press("Enter")
    expect(segment).to_be_hidden()


def test_several_values_of_a_filter_are_kept_in_the_address(arr: Page) -> None:
    arr.locator("#filters summary").first.click()
    for name, kept in (("SMB", "segment=SMB"), ("Enterprise", "segment=Enterprise")):
        arr.locator("#filters details[open]").get_by_label(name, exact=True).check()
        arr.wait_for_url(lambda address, kept=kept: kept in address)  # type: ignore[misc]
    expect(arr.locator("#filters summary").first).to_contain_text("2 chosen")
    address = arr.url
    assert "segment=SMB" in address and "scale=full" in address
    arr.goto("/c/northwind/")
    arr.goto(address)
    chosen = arr.locator("#filters input[name=segment]:checked")
    assert sorted(box.get_attribute("value") or "" for box in chosen.all()) == ["Enterprise", "SMB"]
    expect(arr.locator("#bridge")).to_contain_text("42,000.00")


def test_the_theme_is_switched_at_once_and_kept_on_the_next_page(page: Page) -> None:
    page.goto("/me/")
    grounds = {}
    for name in ("Dark", "Light"):
        page.get_by_role("main").get_by_role("button", name=name).click()
        for _ in range(2):  # at once, and after the page is loaded anew
            expect(page.locator("html")).to_have_attribute("data-bs-theme", name.lower())
            page.reload()
        grounds[name] = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert grounds["Dark"] != grounds["Light"]
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")
    page.get_by_role("main").get_by_role("button", name="Like the device").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_a_customer_is_reached_from_the_search_box_by_keyboard(arr: Page) -> None:
    arr.keyboard.press("/")
    arr.keyboard.type("bol")
    expect(arr.get_by_role("option", name="Bolt (bolt)")).to_be_visible()
    arr.keyboard.press("Enter")
    expect(arr.locator("#drawer").get_by_text("K2/1").first).to_be_visible()
