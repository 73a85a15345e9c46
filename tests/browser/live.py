"""The portal on a real port for a real browser, with a session that is signed in."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from axe_playwright_python.base import AXE_SCRIPT
from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.db import connections
from django.http import FileResponse, HttpRequest, HttpResponse
from django.test.testcases import LiveServerThread
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from portal.accounts.models import User
from tests.conftest import session_of

CHROMIUM = "/usr/bin/chromium"
COLOURS_ARRIVED = """async () => {
    do await new Promise(requestAnimationFrame)
    while (document.getAnimations().some(each => each.playState === "running"))
}"""
OPTIONS = ["--no-sandbox", "--disable-background-networking"]


class StaticFiles(StaticFilesHandler):
    """Static files that the browser keeps, as it does in production: a test opens the same ones hundreds of times."""

    def serve(self, request: HttpRequest) -> HttpResponse | FileResponse:
        response = super().serve(request)
        response["Cache-Control"] = "max-age=3600"
        return response


@contextmanager
def portal_on_a_port() -> Iterator[str]:
    """Serve the portal and its static files; yields the address."""
    server = LiveServerThread("127.0.0.1", StaticFiles)
    server.daemon = True
    server.start()
    server.is_ready.wait()
    if server.error:
        raise server.error
    try:
        yield f"http://{server.host}:{server.port}"
    finally:
        server.terminate()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's chromium."""
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield browser
        connections.close_all()  # Playwright's loop has connections of its own, and the test's database is about to go
        browser.close()


def sign_in(context: BrowserContext, address: str, user: User) -> None:
    """Give the context a session in which `user` has just given their password."""
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session_of(user), "url": address}])


def theme_shown(page: Page, theme: Literal["light", "dark"]) -> None:
    """Give an open page the device's theme, and wait until every colour has arrived.

    A colour that is inherited follows its parent's transition with one of its own, so that a chain takes several frames.
    """
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    page.wait_for_selector(f"html[data-bs-theme={theme}]")
    page.evaluate(COLOURS_ARRIVED)


def axe_violations(page: Page, options: dict[str, Any]) -> list[Any]:
    """What axe finds on an open page; its program is given to each page once."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found: list[Any] = page.evaluate("async options => (await axe.run(options)).violations", options)
    return found


@contextmanager
def signed_in_page(address: str, user: User, **options: Any) -> Iterator[Page]:
    """A page in which `user` is signed in; errors on its console fail the test."""
    with chromium() as browser:
        context = browser.new_context(**options)
        sign_in(context, address, user)
        page = context.new_page()
        errors: list[str] = []
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        yield page
    unexpected = [text for text in errors if "422" not in text]
    assert not unexpected, unexpected
