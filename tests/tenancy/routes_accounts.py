"""The access matrix of people, sign-in, the portfolio, firms, settings and the audit log."""

from typing import Any

from portal.accounts.models import ApiToken, Invitation, SsoDomain, User
from portal.accounts.services.invitations import invitation_send
from portal.accounts.services.sso import sso_domain_add
from portal.accounts.services.tokens import token_create
from portal.tenancy.models import Client, ClientRole
from portal.tenancy.permissions import (
    MANAGE_PEOPLE,
    MANAGE_SETTINGS,
    MANAGE_SIGN_IN,
    MANAGE_TOKENS,
    VIEW_ADOPTION,
    VIEW_ARR,
    VIEW_AUDIT,
    VIEW_PEOPLE,
)
from portal.tenancy.services import member_add
from tests.tenancy.matrix import Route


def a_member(client: Client) -> dict[str, Any]:
    user, _ = User.objects.get_or_create(email=f"member@{client.slug}.example")
    return {"member_id": member_add(client=client, user=user, role=ClientRole.ANALYST).pk}


def an_invitation(client: Client) -> dict[str, Any]:
    row: Invitation = invitation_send(client=client, email="new@example.com", role=ClientRole.SALES, sent_by=None)
    return {"invitation_id": row.pk}


def a_token(client: Client) -> dict[str, Any]:
    user, _ = User.objects.get_or_create(email=f"member@{client.slug}.example")
    row: ApiToken
    row, _ = token_create(client=client, user=user, name="x", scopes=[VIEW_ARR], allowed=frozenset({VIEW_ARR}))
    return {"token_id": row.pk}


def a_domain(client: Client) -> dict[str, Any]:
    row: SsoDomain = sso_domain_add(client=client, domain=f"{client.slug}.example")
    return {"domain_id": row.pk}


SETTINGS = {"name": "Northwind Ltd", "fiscal_year_start": 1, "time_zone": "UTC", "locale": "en", "close_day": ""}

ACCOUNT_ROUTES = [
    Route("adoption", VIEW_ADOPTION, status=(200,)),
    Route("people", VIEW_PEOPLE, status=(200,)),
    Route("people_invite", MANAGE_PEOPLE, status=(200,)),
    Route("people_invite", MANAGE_PEOPLE, "post", data={"email": "n@example.com", "role": "sales"}, status=(302,)),
    Route("invitation_resend", MANAGE_PEOPLE, "post", an_invitation, status=(302,)),
    Route("invitation_withdraw", MANAGE_PEOPLE, "post", an_invitation, status=(302,)),
    Route("person_role", MANAGE_PEOPLE, "post", a_member, {"role": "sales"}, status=(302,)),
    Route("person_end", MANAGE_PEOPLE, "post", a_member, status=(302,)),
    Route("person_link", MANAGE_PEOPLE, "post", a_member, status=(302,)),
    Route("tokens", MANAGE_TOKENS, status=(200,)),
    Route("token_new", MANAGE_TOKENS, status=(200,)),
    Route("token_new", MANAGE_TOKENS, "post", data={"name": "x", "scopes": [VIEW_ARR], "days": 30}, status=(200,)),
    Route("token_end", MANAGE_TOKENS, "post", a_token, status=(302,)),
    Route("client_settings", MANAGE_SETTINGS, status=(200,)),
    Route("client_settings", MANAGE_SETTINGS, "post", data=SETTINGS, status=(302,)),
    Route("sso_settings", MANAGE_SIGN_IN, status=(200,)),
    Route(
        "sso_settings",
        MANAGE_SIGN_IN,
        "post",
        data={"issuer": "https://login.example.com", "oidc_client_id": "x", "secret": "y"},
        status=(302,),
    ),
    Route("sso_domain_new", MANAGE_SIGN_IN, "post", data={"domain": "north.example"}, status=(302,)),
    # Beyond the permission only an admin of the client's firm confirms; Ana is an architect. tests/accounts/test_sso.py
    Route("sso_domain_agree", MANAGE_SIGN_IN, "post", a_domain, status=(403,)),
    Route("sso_domain_end", MANAGE_SIGN_IN, "post", a_domain, status=(302,)),
    Route("audit_log", VIEW_AUDIT, status=(200,)),
    Route("audit_log", VIEW_AUDIT, "post", status=(200,)),
]

# Routes that belong to no client, and where each is tested.
OTHER_ACCOUNT_ROUTES = {
    "portfolio": "person: tests/accounts/test_portfolio.py",
    "me": "person: tests/accounts/test_people_page.py",
    "firm": "firm: tests/accounts/test_firm_page.py",
    "firm_invite": "firm: tests/accounts/test_firm_page.py",
    "firm_invitation_withdraw": "firm: tests/accounts/test_firm_page.py",
    "consultant_role": "firm: tests/accounts/test_firm_page.py",
    "consultant_end": "firm: tests/accounts/test_firm_page.py",
    "assignment_change": "firm: tests/accounts/test_firm_page.py",
    "client_new": "firm: tests/accounts/test_portfolio.py",
    "invitation_open": "public: tests/accounts/test_invitations.py",
    "invitation_join": "public: tests/accounts/test_invitations.py",
    "magic_link_open": "public: tests/accounts/test_magic_links.py",
    "magic_link_confirm": "public: tests/accounts/test_magic_links.py",
    "magic_link_again": "public: tests/accounts/test_magic_links.py",
    "sso_start": "public: tests/accounts/test_sso.py",
    "sso_callback": "public: tests/accounts/test_sso.py",
}
