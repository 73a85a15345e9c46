"""Looks at the gallery: screenshots, axe, console, sideways scrolling."""

from collections.abc import Iterator
from contextlib import contextmanager

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from tests.pages.gallery import OUT, serve

CHROMIUM = "/usr/bin/chromium"


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's chromium without a window."""
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


def faults(page: Page) -> list[str]:
    """What axe finds, and whether the page scrolls sideways."""
    found = [
        f"{item['impact']} {item['id']}: {node['html'][:150]}"
        for item in Axe().run(page).response["violations"]
        for node in item["nodes"][:3]
    ]
    if page.evaluate("document.documentElement.scrollWidth > innerWidth + 1"):
        found.append("scrolls sideways")
    return found


def open_page(browser: Browser, width: int, theme: str) -> tuple[Page, list[str]]:
    """A page and the list that fills with what its console complains about."""
    page = browser.new_page(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce",
    )
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    return page, said


def settle(page: Page, address: str) -> None:
    """Go there and wait until nothing is loading and charts are drawn."""
    page.goto(address)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(300)


def shoot(names: list[str]) -> int:
    """Screenshots into OUT/shots; prints and counts what is wrong."""
    server, address = serve()
    (OUT / "shots").mkdir(exist_ok=True)
    wrong = 0
    with chromium() as browser:
        for theme in ("light", "dark"):
            for width in (1440, 390):
                page, said = open_page(browser, width, theme)
                for name in names:
                    said.clear()
                    settle(page, f"{address}/{name}.html")
                    page.screenshot(path=str(OUT / "shots" / f"{name}-{width}-{theme}.png"), full_page=name != "why")
                    for line in [*faults(page), *said]:
                        wrong += 1
                        print(f"{name} {width} {theme}: {line}")
                page.close()
    server.shutdown()
    return wrong
