"""Invitations: one secret, one person, one place, one role, once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connections
from django.test import Client as Browser
from django.utils import timezone

from portal.accounts.bearer import hash_of
from portal.accounts.models import FirmInvitation, Invitation, User
from portal.accounts.selectors import invitation_opened
from portal.accounts.services.invitations import (
    LinkClosedError,
    firm_invitation_send,
    invitation_accept,
    invitation_revoke,
    invitation_send,
)
from portal.accounts.services.people import person_role_change
from portal.tenancy.models import AuditEntry, Client, ClientRole, Firm, FirmMembership, FirmRole, Membership
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import TenancyError, client_create, firm_create, member_add
from tests.accounts.conftest import Commits, Mailbox

PASSWORD = "a-long-enough-phrase"


def send(client: Client, ana: User, email: str = "nora@example.com", role: str = ClientRole.FINANCE) -> Invitation:
    with tenant_context(client):
        return invitation_send(client=client, email=email, role=role, sent_by=ana)


def opened_page(browser: Browser, path: str) -> int:
    """Open the link as a person does, and return the status of where it leads."""
    return browser.get(path, follow=True).status_code


@pytest.fixture
def invited(northwind: Client, ana: User, mailbox: Mailbox, commits: Commits) -> str:
    """Nora's invitation as finance; returns the path of her link."""
    with commits():
        send(northwind, ana)
    return mailbox.path()


def test_the_mail_says_who_what_and_why_in_text_and_html(invited: str, mailbox: Mailbox) -> None:
    mail = mailbox.mails[-1]
    assert mail["To"] == "nora@example.com" and mail["Subject"] == "Northwind invites you to Tieout"
    for body in (mailbox.text(), mailbox.html()):
        assert invited in body and "Finance" in body and "Ana" in body and "You get this mail because" in body
    assert mailbox.text().count("http") == 1, "one action"


def test_only_the_hash_of_a_256_bit_secret_is_kept(invited: str, northwind: Client) -> None:
    secret = invited.split("/")[2]
    assert len(secret) >= 43
    with tenant_context(northwind):
        row = Invitation.objects.get()
    assert row.token_hash == hash_of(secret) and secret not in str(row.__dict__)
    assert row.expires_at - row.created_at <= timedelta(days=7, seconds=5)
    assert row.delivered_at is not None


def test_opening_uses_nothing_and_leaves_no_trace(invited: str, stranger: Browser, northwind: Client) -> None:
    for _ in range(3):
        answer = stranger.get(invited)
        assert answer.status_code == 302 and answer["Location"] == "/join/", "the secret leaves the address"
        assert answer["Referrer-Policy"] == "no-referrer" and "no-store" in answer["Cache-Control"]
        page = stranger.get("/join/")
        assert page.status_code == 200 and "no-store" in page["Cache-Control"]
    assert invited.split("/")[2] not in page.content.decode()
    assert stranger.head(invited).status_code in (302, 405)
    with tenant_context(northwind):
        assert Invitation.objects.get().used_at is None


def test_a_new_person_joins_with_a_name_and_a_password(invited: str, stranger: Browser, northwind: Client) -> None:
    opened_page(stranger, invited)
    answer = stranger.post("/join/", {"name": "Nora Vale", "password": PASSWORD})
    assert answer.status_code == 302 and answer["Location"] == "/c/northwind/"
    home = stranger.get("/c/northwind/")
    assert home.status_code == 200 and b"nora@example.com" in home.content
    with tenant_context(northwind):
        assert Membership.objects.get(user__email="nora@example.com").role == ClientRole.FINANCE
        entry = AuditEntry.objects.get(action="invitation.accepted")
    assert entry.actor == "nora@example.com" and entry.details["role"] == ClientRole.FINANCE
    again = Browser()
    assert opened_page(again, invited) == 410, "once"


def test_a_weak_password_uses_nothing(invited: str, stranger: Browser) -> None:
    opened_page(stranger, invited)
    assert stranger.post("/join/", {"name": "Nora", "password": "short"}).status_code == 422
    assert stranger.post("/join/", {"name": "Nora", "password": PASSWORD}).status_code == 302


def test_someone_with_an_account_signs_in_to_accept(
    invited: str, stranger: Browser, person: Callable[[str], User], northwind: Client
) -> None:
    person("nora")
    opened_page(stranger, invited)
    answer = stranger.post("/join/", {"name": "Thief", "password": PASSWORD})
    assert answer.status_code == 302 and answer["Location"] == "/accounts/login/?next=/join/"
    signed = stranger.post(answer["Location"], {"login": "nora@example.com", "password": "correct-horse-battery"})
    assert signed["Location"] == "/join/"
    opened_page(stranger, invited)
    assert stranger.post("/join/")["Location"] == "/c/northwind/"
    with tenant_context(northwind):
        assert Membership.objects.filter(user__email="nora@example.com").count() == 1


def test_an_invitation_is_bound_to_its_address(invited: str, signed_in: Callable[[User], Browser], otto: User) -> None:
    browser = signed_in(otto)
    page = browser.get(invited, follow=True)
    assert b"another address" in page.content
    browser.post("/join/")
    opened = invitation_opened(hash_of(invited.split("/")[2]))
    assert opened is not None
    with pytest.raises(TenancyError):
        invitation_accept(opened=opened, user=otto)


@pytest.mark.parametrize("death", ["newer", "revoked", "member", "expired"])
def test_what_ends_an_invitation(death: str, invited: str, northwind: Client, ana: User, stranger: Browser) -> None:
    with tenant_context(northwind):
        row = Invitation.objects.get()
    if death == "newer":
        send(northwind, ana)
    with tenant_context(northwind):
        if death == "revoked":
            invitation_revoke(client=northwind, invitation=row)
        elif death == "expired":
            Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        elif death == "member":
            nora = User.objects.create_user("nora@example.com", PASSWORD)
            member = member_add(client=northwind, user=nora, role=ClientRole.ANALYST)
            person_role_change(client=northwind, member=member, role=ClientRole.STAKEHOLDER, user=None)
    assert opened_page(stranger, invited) == 410
    assert stranger.post("/join/", {"name": "Nora", "password": PASSWORD}).status_code == 410


def test_dead_used_and_invented_links_look_the_same(invited: str, northwind: Client, ana: User) -> None:
    dead, invented = Browser(), Browser()
    send(northwind, ana)
    pages = [
        browser.get(path, follow=True) for browser, path in ((dead, invited), (invented, "/join/" + "x" * 43 + "/"))
    ]
    assert pages[0].status_code == pages[1].status_code == 410
    assert pages[0].content == pages[1].content


def test_a_consultant_is_invited_to_the_firm(ridge: Firm, ana: User, mailbox: Mailbox, commits: Commits) -> None:
    with commits():
        firm_invitation_send(firm=ridge, email="Gus@Example.com ", role=FirmRole.ENGINEER, sent_by=ana)
    assert FirmInvitation.objects.get().email == "gus@example.com"
    browser = Browser()
    opened_page(browser, mailbox.path())
    assert browser.post("/join/", {"name": "Gus", "password": PASSWORD}).status_code == 302
    assert FirmMembership.objects.get(user__email="gus@example.com").role == FirmRole.ENGINEER
    # Staff reach nothing before a second factor is set up, and are told why.
    landing = browser.get("/", follow=True)
    assert landing.redirect_chain[-1][0] == "/accounts/2fa/"
    assert b"requires a second factor" in landing.content


def test_a_mail_that_was_not_taken_is_shown_as_such(
    northwind: Client, ana: User, commits: Commits, settings: object
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"  # type: ignore[attr-defined]
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1  # type: ignore[attr-defined]
    with commits():
        send(northwind, ana)
    with tenant_context(northwind):
        assert Invitation.objects.get().delivered_at is None


def test_members_are_not_invited_again(northwind: Client, ana: User, finn: User) -> None:
    with pytest.raises(TenancyError, match="already"):
        send(northwind, ana, email="FINN@example.com")


@pytest.mark.usefixtures("committed_db")
def test_of_two_parallel_uses_one_wins() -> None:
    firm = firm_create(slug="ridge", name="Ridge")
    client = client_create(firm=firm, slug="north", name="North", currency="USD")
    with tenant_context(client):
        invitation = invitation_send(client=client, email="nora@example.com", role=ClientRole.FINANCE, sent_by=None)
    opened = invitation_opened(invitation.token_hash)
    assert opened is not None
    start = Barrier(6)

    def use(_: int) -> str:
        start.wait()
        try:
            invitation_accept(opened=opened, user=None, name="Nora", password=PASSWORD)
        except (LinkClosedError, TenancyError) as error:
            return type(error).__name__
        finally:
            connections.close_all()
        return "joined"

    with ThreadPoolExecutor(6) as threads:
        outcomes = list(threads.map(use, range(6)))
    assert outcomes.count("joined") == 1 and outcomes.count("LinkClosedError") == 5
    with tenant_context(client):
        assert Membership.objects.count() == 1
        assert AuditEntry.objects.filter(action="invitation.accepted").count() == 1
