"""Where a role requires a second factor, no way around it leads to a client's data or a firm's pages."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client as Browser
from django.urls import reverse

from portal.accounts.models import User
from portal.database import Server
from portal.tenancy.models import Client, ClientRole, FirmRole
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import (
    client_create,
    client_update,
    consultant_assign,
    firm_create,
    firm_member_add,
    member_add,
)
from tests.accounts.test_sign_in import PASSWORD, is_in, password_login, totp_code
from tests.api.conftest import Mint, program
from tests.tenancy.matrix import sample_kwargs
from tests.tenancy.routes import CLIENT_ROUTES
from tests.tenancy.test_access_matrix import call

__all__ = ["program"]
SETUP = "/accounts/2fa/"
FIRM_PAGES = {
    "firm": {}, "firm_invite": {}, "client_new": {}, "firm_invitation_withdraw": {"invitation_id": 1},
    "consultant_role": {"member_id": 1}, "consultant_end": {"member_id": 1},
    "assignment_change": {"client_id": 1, "member_id": 1},
}  # fmt: skip


@pytest.fixture
def bare(ana: User) -> User:
    """Ana, an architect, whose account has no second factor."""
    Authenticator.objects.all().delete()
    return ana


def test_firm_staff_without_one_reach_no_route_at_all(
    bare: User, northwind: Client, signed_in: Callable[[User], Browser], program: Mint
) -> None:
    browser = signed_in(bare)
    for route in CLIENT_ROUTES:
        answer = call(browser, replace(route, data={}), northwind, sample_kwargs(route.url_name))
        assert answer.status_code == 302 and answer["Location"] == SETUP, str(route)
    firm = reverse(
        "firm", kwargs={"firm_slug": "ridge"}
    )  # where a GET of a form's address leads, and is asked the same
    for name, kwargs in FIRM_PAGES.items():
        for method in ("get", "post"):
            answer = getattr(browser, method)(reverse(name, kwargs={"firm_slug": "ridge", **kwargs}))
            assert answer.status_code == 405 or answer["Location"] in (SETUP, firm), name
    assert browser.get("/")["Location"] == SETUP
    assert "/c/northwind/" not in browser.get("/me/").content.decode(), "the switcher leads to no client"
    assert program(northwind, bare).get(northwind, "api_client").status_code == 401


def test_a_clients_admin_needs_one_where_the_client_says_so(
    adam: User, northwind: Client, signed_in: Callable[[User], Browser], program: Mint
) -> None:
    browser, token = signed_in(adam), program(northwind, adam)
    assert browser.get("/c/northwind/people/").status_code == 200
    assert token.get(northwind, "api_client").status_code == 200
    with tenant_context(northwind):
        client_update(client=northwind, requires_mfa_for_admins=True)
    for route in CLIENT_ROUTES:
        if route.method == "get":
            assert call(browser, route, northwind, sample_kwargs(route.url_name))["Location"] == SETUP, str(route)
    assert token.get(northwind, "api_client").status_code == 401
    with tenant_context(northwind):
        member_add(client=northwind, user=adam, role=ClientRole.FINANCE)
    assert browser.get("/c/northwind/").status_code == 200, "the setting is about admins"


def test_a_new_second_factor_ends_every_session_that_began_without_it(committed_db: Server) -> None:
    """A thief with the password waits in front of the second factor's page until Ana has set one up."""
    firm = firm_create(slug="ridge", name="Ridge")
    client = client_create(firm=firm, slug="northwind", name="Northwind", currency="USD")
    ana = User.objects.create_user("ana@example.com", PASSWORD)
    firm_member_add(firm=firm, user=ana, role=FirmRole.ARCHITECT)
    with tenant_context(client):
        consultant_assign(client=client, user=ana)
    hers, thief = Browser(), Browser()
    for browser in (hers, thief):
        password_login(browser, "ana@example.com")
        assert browser.get("/c/northwind/people/")["Location"] == SETUP
    hers.post("/accounts/reauthenticate/", {"password": PASSWORD})
    secret = hers.get(f"{SETUP}totp/activate/").context["form"].secret
    assert hers.post(f"{SETUP}totp/activate/", {"code": totp_code(secret)}).status_code == 302
    assert hers.get("/c/northwind/people/").status_code == 200
    assert "/accounts/login" in thief.get("/c/northwind/people/")["Location"] and not is_in(thief)
