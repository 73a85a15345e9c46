"""The firm: its people, and who works on which client."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client as Browser

from portal.accounts.models import FirmInvitation, User
from portal.tenancy.models import AuditEntry, Client, FirmAuditEntry, FirmMembership, FirmRole
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import firm_create
from tests.accounts.conftest import Commits, Mailbox
from tests.conftest import consultant

SignedIn = Callable[[User], Browser]


@pytest.fixture
def fay(person: Callable[..., User], northwind: Client) -> User:
    """The firm's admin."""
    return consultant(person, "fay", FirmRole.ADMIN, northwind)


def member_id(user: User) -> int:
    return FirmMembership.objects.get(user=user).pk


def test_the_page_of_the_firm(fay: User, ana: User, contoso: Client, signed_in: SignedIn) -> None:
    page = signed_in(fay).get("/f/ridge/").content.decode()
    for expected in ("Ridge Consulting", "Ana", "Fay", "Northwind", "Contoso", "Nobody", "Invite a consultant"):
        assert expected in page


def test_the_page_says_where_no_second_factor_is_asked_for(
    fay: User, northwind: Client, signed_in: SignedIn, settings: Any
) -> None:
    settings.DEMO_DOMAIN = "demonstration.test"
    page = signed_in(fay).get("/f/ridge/").content.decode()
    assert "Each needs a second factor before any client opens" in page and "This is a demonstration" not in page
    settings.DEMO_DOMAIN = fay.email.split("@")[1]
    page = signed_in(fay).get("/f/ridge/").content.decode()
    assert "This is a demonstration" in page and "Each needs a second factor" not in page
    settings.PRODUCTION = True
    assert "This is a demonstration" not in signed_in(fay).get("/f/ridge/").content.decode()


def test_a_consultant_learns_of_no_client_they_do_not_work_on(ana: User, contoso: Client, signed_in: SignedIn) -> None:
    page = signed_in(ana).get("/f/ridge/").content.decode()
    assert "Northwind" in page and "Contoso" not in page and "Remove" not in page


def test_assigning_takes_effect_at_once_and_is_in_the_clients_log(
    fay: User, ana: User, contoso: Client, signed_in: SignedIn
) -> None:
    admin, anas = signed_in(fay), signed_in(ana)
    url = f"/f/ridge/clients/{contoso.pk}/people/{member_id(ana)}/"
    assert anas.get("/c/contoso/").status_code == 404
    admin.post(url, {"on": "1"})
    assert anas.get("/c/contoso/").status_code == 200
    admin.post(url, {"on": "0"})
    assert anas.get("/c/contoso/").status_code == 404
    with tenant_context(contoso):
        actions = list(AuditEntry.objects.order_by("sequence").values_list("action", "actor"))[-2:]
    assert actions == [
        ("client.consultant_assigned", "fay@example.com"),
        ("client.consultant_unassigned", "fay@example.com"),
    ]


def test_inviting_changing_and_removing_a_consultant(
    fay: User, ana: User, northwind: Client, signed_in: SignedIn, mailbox: Mailbox, commits: Commits
) -> None:
    admin = signed_in(fay)
    with commits():
        admin.post("/f/ridge/people/invite/", {"email": "gus@example.com", "role": "engineer"})
    assert mailbox.mails[-1]["To"] == "gus@example.com"
    admin.post(f"/f/ridge/people/invitations/{FirmInvitation.objects.get().pk}/withdraw/")
    assert Browser().get(mailbox.path(), follow=True).status_code == 410
    admin.post(f"/f/ridge/people/{member_id(ana)}/role/", {"role": "expert"})
    assert signed_in(ana).get("/c/northwind/settings/").status_code == 403
    admin.post(f"/f/ridge/people/{member_id(ana)}/end/")
    assert signed_in(ana).get("/c/northwind/").status_code == 404 and signed_in(ana).get("/f/ridge/").status_code == 404
    logged = set(FirmAuditEntry.objects.values_list("action", flat=True))
    assert {"invitation.sent", "invitation.revoked", "firm.member_removed"} <= logged
    with tenant_context(northwind):
        assert AuditEntry.objects.filter(action="client.consultant_unassigned").exists()


def test_the_last_admin_of_the_firm_stays(fay: User, signed_in: SignedIn) -> None:
    admin = signed_in(fay)
    for path, data in (("role", {"role": "engineer"}), ("end", {})):
        admin.post(f"/f/ridge/people/{member_id(fay)}/{path}/", data)
        assert FirmMembership.objects.get(user=fay).role == FirmRole.ADMIN


def test_only_the_firms_admin_manages_and_only_this_firm(
    ana: User, fay: User, contoso: Client, finn: User, signed_in: SignedIn
) -> None:
    pk = member_id(fay)
    urls = ["people/invite/", f"people/{pk}/role/", f"people/{pk}/end/", f"clients/{contoso.pk}/people/{pk}/"]
    for url in urls:
        assert signed_in(ana).post(f"/f/ridge/{url}").status_code == 403
        assert signed_in(finn).post(f"/f/ridge/{url}").status_code == 404
    firm_create(slug="vale", name="Vale")
    assert signed_in(fay).get("/f/vale/").status_code == 404
