"""The design system in a browser: accessible in both themes and widths, and its behaviours do what they say."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.pages import gallery, gallery_shots

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not Path(gallery_shots.CHROMIUM).exists(), reason="there is no chromium"),
]
PAGES = ["arr", "arr_empty", "cohorts", "import", "states", "login_errors", "second_step", "security", "error_404"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with gallery_shots.chromium() as found:
        yield found


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    gallery.write(tmp_path)
    server, found = gallery.serve(tmp_path)
    yield found
    server.shutdown()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    found, said = gallery_shots.open_page(browser, 1440, "light")
    yield found
    found.close()
    assert said == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(browser: Browser, address: str, theme: str, width: int) -> None:
    page, said = gallery_shots.open_page(browser, width, theme)
    for name in PAGES:
        gallery_shots.settle(page, f"{address}/{name}.html")
        assert (name, gallery_shots.faults(page), said) == (name, [], [])
    page.close()


def test_the_drawer_opens_over_a_figure_and_gives_the_address_and_focus_back(page: Page, address: str) -> None:
    page.route("**/arr.html?why=*", lambda route: route.continue_(url=f"{address}/why.html"))
    gallery_shots.settle(page, f"{address}/arr.html")
    figure = page.locator("a.why").first
    figure.click()
    drawer = page.locator("#drawer")
    expect(drawer).to_have_attribute("open", "")
    expect(drawer.get_by_role("heading", level=2)).to_have_text("EUR 12,229,812.80")
    expect(page).to_have_url(f"{address}/arr.html?why=arr")
    page.keyboard.press("Escape")
    expect(page).to_have_url(f"{address}/arr.html")
    expect(drawer).not_to_have_attribute("open", "")
    expect(figure).to_be_focused()
    page.go_forward()
    expect(drawer).to_have_attribute("open", "")
    page.go_back()
    expect(drawer).not_to_have_attribute("open", "")


def test_an_address_with_a_why_opens_the_drawer_on_its_own(page: Page, address: str) -> None:
    gallery_shots.settle(page, f"{address}/why.html?why=arr")
    expect(page.locator("#drawer")).to_have_attribute("open", "")
    page.get_by_role("button", name="Close").click()
    expect(page).to_have_url(f"{address}/why.html")


def test_jump_finds_a_page_by_keyboard(page: Page, address: str) -> None:
    gallery_shots.settle(page, f"{address}/states.html")
    page.keyboard.press("/")
    page.keyboard.type("gov")
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option").nth(1)).to_have_attribute("aria-selected", "true")


def test_rows_open_and_sort_with_their_children(page: Page, address: str) -> None:
    gallery_shots.settle(page, f"{address}/arr.html")
    table = page.locator("#months")
    first = table.locator("[data-expand]").first
    first.click()
    expect(first).to_have_attribute("aria-expanded", "true")
    expect(table.locator("tr[data-parent]:visible")).to_have_count(2)
    table.get_by_role("button", name="New", exact=True).click()
    expect(table.locator("tbody tr").first).to_contain_text("May 2025")
    expect(table.locator("thead th").nth(2)).to_have_attribute("aria-sort", "descending")


CUT_COLUMNS = """() => {
    const stays = document.querySelector("#months thead .stays");
    const [names, ...heads] = stays.parentElement.cells;
    const shade = stays.getBoundingClientRect().left - parseFloat(getComputedStyle(stays, "::before").width);
    const boxes = heads.filter((head) => head !== stays).map((head) => [head.textContent.trim(), head.getBoundingClientRect()]);
    return boxes.filter(([, box]) => box.left < shade - 1 && box.right - 8 > shade).map(([label]) => label);
}"""


def test_no_figure_is_cut_under_the_column_that_stays(browser: Browser, address: str) -> None:
    page, said = gallery_shots.open_page(browser, 390, "light")
    gallery_shots.settle(page, f"{address}/arr.html")
    assert page.evaluate(CUT_COLUMNS) == []
    page.evaluate("document.querySelector('#months').parentElement.scrollLeft = 97")
    page.wait_for_timeout(300)
    assert page.evaluate(CUT_COLUMNS) == []
    page.close()
    assert said == []


def test_the_theme_switch_is_kept_and_the_charts_follow(page: Page, address: str) -> None:
    gallery_shots.settle(page, f"{address}/arr.html")
    ink = "document.querySelector('#bridge .xtick text').style.fill"
    before = page.evaluate(ink)
    page.get_by_label("Your account and appearance").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    assert page.evaluate(ink) != before
    assert {cookie.get("name"): cookie.get("value") for cookie in page.context.cookies()}["theme"] == "dark"


def test_a_failed_request_says_what_happened_and_what_to_do(browser: Browser, address: str) -> None:
    page, said = gallery_shots.open_page(browser, 1440, "light")
    gallery_shots.settle(page, f"{address}/arr.html")
    page.route(
        "**/arr.html?period=*", lambda route: route.fulfill(status=500, headers={"X-Request-Id": "5b0e7a9c1f2d"})
    )
    page.get_by_label("Segment").select_option("enterprise")
    expect(page.locator("#toasts")).to_contain_text("Something broke on our side")
    expect(page.locator("#toasts")).to_contain_text("5b0e7a9c")
    assert said  # the browser's own line about the status
    page.close()


def test_a_dash_tells_its_reason_on_focus(page: Page, address: str) -> None:
    gallery_shots.settle(page, f"{address}/arr.html")
    page.locator(".stat .no-value").focus()
    expect(page.locator(".tip")).to_have_text("No cost data yet: connect the ledger")
    page.keyboard.press("Escape")
    expect(page.locator(".tip")).to_be_hidden()


def test_sub_rows_can_be_fetched_when_they_are_asked_for(page: Page, address: str) -> None:
    gallery_shots.settle(page, f"{address}/arr.html")
    html = '<tr data-parent="late" data-level="1" hidden><th scope="row">Enterprise</th></tr>'
    page.route("**/children/", lambda route: route.fulfill(body=html, content_type="text/html"))
    page.evaluate(
        """() => {
            const button = document.querySelector("#months [data-expand]");
            for (const [name, value] of Object.entries({"data-expand": "late", "hx-get": "/children/",
                "hx-trigger": "click once", "hx-target": "closest tr", "hx-swap": "afterend"}))
                button.setAttribute(name, value);
            htmx.process(button);
        }"""
    )
    page.locator("#months [data-expand]").first.click()
    expect(page.locator("tr[data-parent=late]")).to_be_visible()


def test_a_progress_that_fails_three_times_stops_asking_and_says_so(browser: Browser, address: str) -> None:
    page, _ = gallery_shots.open_page(browser, 1440, "light")
    asked: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=500)

    page.route("**/poll/", refuse)
    page.clock.install()
    page.goto(f"{address}/import.html")
    page.wait_for_load_state("networkidle")
    for _round in range(6):
        page.clock.run_for(2100)
        page.wait_for_timeout(50)
    expect(page.locator("#toasts")).to_contain_text("The progress is no longer shown")
    assert len(asked) == 3
    page.close()
