"""The portal on a real port for a real browser, with a session that is signed in."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.db import connections
from django.test import Client as TestBrowser
from django.test.testcases import LiveServerThread
from playwright.sync_api import Page, sync_playwright

from portal.accounts.models import User

CHROMIUM = "/usr/bin/chromium"
OPTIONS = ["--no-sandbox", "--disable-background-networking"]


@contextmanager
def portal_on_a_port() -> Iterator[str]:
    """Serve the portal and its static files; yields the address."""
    server = LiveServerThread("127.0.0.1", StaticFilesHandler)
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
def signed_in_page(address: str, user: User, **options: Any) -> Iterator[Page]:
    """A page of Debian's chromium in which `user` is signed in; errors on its console fail the test."""
    browser = TestBrowser()
    browser.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[1])
    name = settings.SESSION_COOKIE_NAME
    with sync_playwright() as player:
        chromium = player.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        context = chromium.new_context(**options)
        context.add_cookies([{"name": name, "value": browser.cookies[name].value, "url": address}])
        page = context.new_page()
        errors: list[str] = []
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        yield page
        connections.close_all()  # Playwright's loop has connections of its own, and the test's database is about to go
        chromium.close()
    unexpected = [text for text in errors if "422" not in text]
    assert not unexpected, unexpected
