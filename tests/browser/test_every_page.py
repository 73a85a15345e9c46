"""Every page of the portal under axe, at both widths and in both themes; none may scroll sideways.

The pages are those of the access matrix: a new route is looked at without being added here.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Literal

import pytest
from django.urls import get_resolver, reverse
from playwright.sync_api import Page

from portal.accounts.models import User
from portal.tenancy.models import Client, Firm
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import client_create, consultant_assign, member_add
from tests.browser.live import CHROMIUM, axe_violations, chromium, portal_on_a_port, sign_in, theme_shown
from tests.conftest import PASSWORD, consultant
from tests.papers import papers_as_markup
from tests.reporting.numbers import numbers_load
from tests.tenancy.matrix import Route, nothing
from tests.tenancy.routes import CLIENT_ROUTES, OTHER_ROUTES

__all__ = ["papers_as_markup"]
pytestmark = [
    pytest.mark.usefixtures("papers_as_markup"),
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="there is no chromium on this machine"),
]
PATIENCE = 15_000  # milliseconds for any one step; nothing here waits for quiet, which a page that polls never is
# Each width begins in the other theme, and is looked at in both: themes and widths follow the device while the page stays open.
# One page is opened wide and light and becomes narrow, the next is opened narrow and dark and becomes wide.
Looks = dict[int, tuple[Literal["light", "dark"], ...]]
LOOKS: Looks = {1440: ("light", "dark"), 390: ("dark", "light")}
FEW: Looks = {width: themes[:1] for width, themes in LOOKS.items()}
# What the second theme can change is contrast; everything else was looked at in the first.
ALL_RULES = {"resultTypes": ["violations"]}
CONTRAST = ALL_RULES | {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
DRAWERS = ["cell:2026-01:2026-03:new", "cell:2026-03:2026-03:customers_ending", "customer:2026-03:bolt", "nothing"]
PUBLIC = ["account_login", "account_request_login_code", "account_reset_password", "account_signup", "sso_start"]
REFUSED = "/sso/callback/"  # which says so on a page when nobody was sent there by a provider
OWN = ["account_change_password", "mfa_index", "mfa_activate_totp", "mfa_list_webauthn", "mfa_view_recovery_codes"]

SHOWN = [route for route in CLIENT_ROUTES if route.method == "get"]
NAMED = [route for route in SHOWN if route.kwargs is not nothing or route.rightful]


@dataclass(frozen=True)
class Eyes:
    """One browser that looks at one portal at every width, as whoever is signed in."""

    address: str
    page: Page
    turns: Iterator[int] = field(default_factory=count)

    def be(self, user: User | None) -> None:
        """Sign in as the person, or as nobody."""
        self.page.context.clear_cookies()
        if user:
            sign_in(self.page.context, self.address, user)

    def faults(self, paths: Iterable[str], looks: Looks = LOOKS) -> list[Any]:
        """(page, look, what is wrong, where) of every page among the paths; files and parts of pages are passed over."""
        return [fault for path in paths if self.is_page(path) for fault in self.page_faults(path, looks)]

    def is_page(self, path: str) -> bool:
        """Whether there is a whole page at the path: not a file, a part of a page, a way to elsewhere, or a form's target."""
        answer = self.page.request.get(path, timeout=PATIENCE, max_redirects=0)
        assert answer.status in (200, 302, 404, 405, 410) or path == REFUSED, (path, answer.status)
        assert "/accounts/login" not in answer.headers.get("location", ""), path
        is_html = answer.headers.get("content-type", "").startswith("text/html")
        return answer.status not in (302, 405) and is_html and "<!doctype html>" in answer.text()[:500].lower()

    def page_faults(self, path: str, looks: Looks) -> Iterator[Any]:
        """A chart measures its place when it is drawn: a page with one is opened at each width."""
        page, is_odd = self.page, next(self.turns) % 2
        for place, width in enumerate(sorted(looks, reverse=not is_odd)):
            themes = looks[width]
            page.set_viewport_size({"width": width, "height": 900})
            if place == 0 or page.locator("[data-chart]").count():
                page.emulate_media(color_scheme=themes[0])
                page.goto(path)
            for theme in themes:
                theme_shown(page, theme)
                for fault in axe_violations(page, ALL_RULES if theme == themes[0] else CONTRAST):
                    if fault["impact"] in ("serious", "critical"):
                        yield path, (width, theme), fault["id"], fault["nodes"][0]["html"][:200]
            if page.evaluate("document.documentElement.scrollWidth > innerWidth + 1"):
                yield path, width, "scrolls sideways", ""


@pytest.fixture
def eyes(client: Client) -> Iterator[Eyes]:
    with portal_on_a_port() as address, chromium() as browser:
        context = browser.new_context(base_url=address, reduced_motion="reduce")
        context.set_default_timeout(PATIENCE)
        yield Eyes(address, context.new_page())


def person(name: str) -> User:
    found = User.objects.filter(email=f"{name}@example.com").first()
    return found or User.objects.create_user(f"{name}@example.com", PASSWORD, name=name.title())


def at_its_own_client(route: Route, firm: Firm, ann: User, slug: str) -> tuple[str, User]:
    """The route's address at a client of its own, with what it names, and a person who may open it."""
    client = client_create(firm=firm, slug=slug, name=slug.title(), currency="USD")
    with tenant_context(client):
        consultant_assign(client=client, user=ann)
        reader = person(f"reader-of-{slug}") if route.rightful else ann
        if route.rightful:
            member_add(client=client, user=reader, role=route.rightful)
        kwargs = route.kwargs(client)
    query = {} if callable(route.data) else route.data
    return reverse(route.url_name, kwargs={"client_slug": slug, **kwargs}, query=query), reader


def addresses(names: Iterable[str], **kwargs: str) -> list[str]:
    """The addresses of those routes that need exactly these keys."""
    known = get_resolver().reverse_dict
    fitting = [name for name in names if name in known and set(known.getlist(name)[0][0][0][1]) == set(kwargs)]
    return [reverse(name, kwargs=kwargs) for name in fitting]


@pytest.fixture
def ann(client: Client) -> User:
    """An admin of the firm with a second factor, who is shown every page of a client."""
    return consultant(person, "ann", "admin", client)


def test_pages_of_a_client_without_and_with_numbers(eyes: Eyes, client: Client, ann: User) -> None:
    eyes.be(ann)
    plain = addresses([route.url_name for route in SHOWN if route not in NAMED], client_slug=client.slug)
    found = eyes.faults(plain, FEW)
    with tenant_context(client):
        numbers_load(client)
    arr = reverse("arr", kwargs={"client_slug": client.slug})
    found += eyes.faults([*plain, *(f"{arr}?by=segment&why={why}" for why in DRAWERS)])
    assert found == []


def test_pages_that_name_something_or_are_for_one_role(eyes: Eyes, client: Client, ann: User) -> None:
    found = []
    for place, route in enumerate(NAMED):
        path, reader = at_its_own_client(route, client.firm, ann, f"client-{place}")
        eyes.be(reader)
        found += eyes.faults([path])
    assert [str(fault) for fault in found] == []


def test_pages_of_a_person_of_a_firm_and_of_nobody(eyes: Eyes, client: Client, ann: User) -> None:
    others = [name for name in OTHER_ROUTES if not name.startswith("health_")]
    eyes.be(ann)
    found = eyes.faults([*addresses([*others, *OWN]), *addresses(others, firm_slug=client.firm.slug), "/nowhere/"])
    eyes.be(None)
    found += eyes.faults(addresses(PUBLIC))
    assert found == []
