"""In a real browser, on a phone's screen: accept an invitation, add a passkey, sign in with it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.db import connections
from django.test.testcases import LiveServerThread
from playwright.sync_api import sync_playwright

from portal.accounts.models import User
from portal.accounts.services.invitations import firm_invitation_send
from portal.tenancy.services import client_create, firm_create
from tests.accounts.conftest import Mailbox
from tests.accounts.dns_server import NameServer
from tests.accounts.oidc_provider import OidcProvider
from tests.accounts.test_sso import connect

CHROMIUM = Path("/usr/bin/chromium")
PASSWORD = "a-long-enough-phrase"
pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM.exists(), reason="no chromium at /usr/bin/chromium")]


@pytest.fixture
def server(committed_db: object, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The portal on a local port, on a database of its own."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright's loop runs in this thread
    thread = LiveServerThread("localhost", StaticFilesHandler, connections_override={})
    thread.daemon = True
    thread.start()
    thread.is_ready.wait()
    assert thread.error is None, thread.error
    settings.PUBLIC_URL = f"http://localhost:{thread.port}"
    yield settings.PUBLIC_URL
    thread.terminate()
    connections.close_all()


@pytest.fixture
def page(server: str) -> Iterator[Any]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, base_url=server)
        page = context.new_page()
        session = context.new_cdp_session(page)
        session.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        connections.close_all()  # Playwright's loop sees connections of its own, perhaps to the last test's database
        yield page
        connections.close_all()
        browser.close()


def test_from_an_invitation_to_a_passkey_on_a_phone(page: Any, mailbox: Mailbox) -> None:
    firm = firm_create(slug="ridge", name="Ridge")
    firm_invitation_send(firm=firm, email="gus@example.com", role="admin", sent_by=None)
    page.goto(mailbox.path())
    assert page.url.endswith("/join/"), "the secret leaves the address"
    page.get_by_label("Your name").fill("Gus Weld")
    page.get_by_label("Choose a password").fill(PASSWORD)
    page.get_by_role("button", name="Join Ridge").click()
    page.wait_for_url("**/accounts/2fa/")
    assert page.get_by_text("requires a second factor").is_visible()
    page.goto("/accounts/2fa/webauthn/add/")
    page.locator("input[name=name]").fill("Phone")
    if page.locator("input[name=passwordless]").count():
        page.locator("input[name=passwordless]").check()
    page.locator("main button.btn-primary").first.click()
    page.wait_for_url(lambda url: "webauthn/add" not in url)
    page.goto("/f/ridge/")
    assert page.get_by_role("heading", name="Ridge").first.is_visible()
    page.context.clear_cookies()
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(lambda url: "/accounts/" not in url)
    assert page.get_by_role("heading", name="Clients", exact=True).is_visible()


def test_the_way_to_a_companys_provider_is_open_in_a_browser(page: Any, names: NameServer) -> None:
    """The content policy lets no form lead to another site: the page in between does."""
    client = client_create(firm=firm_create(slug="ridge", name="Ridge"), slug="north", name="North", currency="USD")
    fay = User.objects.create_user("fay@example.com", PASSWORD)
    provider = OidcProvider()
    connect(client, provider, "north.example", fay, names)
    page.goto("/sso/")
    page.get_by_label("Work e-mail address").fill("anyone@north.example")
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url(f"{provider.issuer}/authorize?**")
    provider.stop()
