"""Links for stakeholders: ten minutes, once, one person, one client, and no more than a stakeholder sees."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.db import connections
from django.test import Client as Browser
from django.utils import timezone

from portal.accounts.bearer import hash_of
from portal.accounts.models import MagicLink, User
from portal.accounts.selectors import magic_link_opened
from portal.accounts.services.invitations import LinkClosedError
from portal.accounts.services.magic_links import magic_link_send, magic_link_use
from portal.accounts.services.people import person_remove, person_role_change
from portal.accounts.session import SCOPE
from portal.tenancy.models import AuditEntry, Client, ClientRole, Membership
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import TenancyError, client_create, firm_create, member_add
from tests.accounts.conftest import Commits, Mailbox

TARGET = "/c/northwind/policy/"


def send(client: Client, user: User, target: str = TARGET) -> MagicLink:
    with tenant_context(client):
        return magic_link_send(client=client, user=user, purpose="approve", target=target)


@pytest.fixture
def link(northwind: Client, stan: User, mailbox: Mailbox, commits: Commits) -> str:
    with commits():
        send(northwind, stan)
    return mailbox.path()


@pytest.fixture
def finns(northwind: Client, finn: User, mailbox: Mailbox, commits: Commits) -> Browser:
    """Finn, a finance person, came by link."""
    with commits():
        send(northwind, finn)
    browser = Browser()
    browser.get(mailbox.path(), follow=True)
    assert browser.post("/link/")["Location"] == TARGET
    return browser


def test_a_link_opens_its_page_after_a_confirmation(
    link: str, stranger: Browser, mailbox: Mailbox, northwind: Client
) -> None:
    assert "Your answer is needed" in mailbox.text() and "You get this mail because" in mailbox.html()
    opened = stranger.get(link)
    assert opened["Location"] == "/link/" and opened["Referrer-Policy"] == "no-referrer"
    page = stranger.get("/link/")
    assert page.status_code == 200 and b"Northwind" in page.content
    with tenant_context(northwind):
        row = MagicLink.objects.get()
    assert row.used_at is None and row.token_hash == hash_of(link.split("/")[2])
    assert row.expires_at - row.created_at <= timedelta(days=7, seconds=1), (
        "an answer may take as long as an invitation"
    )
    before = stranger.session.session_key
    assert stranger.post("/link/")["Location"] == TARGET
    assert stranger.session.session_key != before
    assert b"stan@example.com" in stranger.get("/c/northwind/").content
    with tenant_context(northwind):
        assert {"link.sent", "link.used"} <= set(AuditEntry.objects.values_list("action", flat=True))
    thief = Browser()
    thief.get(link, follow=True)
    assert thief.post("/link/").status_code == 410, "once"


def test_a_finance_person_who_came_by_link_sees_what_a_stakeholder_sees(finns: Browser) -> None:
    home = finns.get("/c/northwind/")
    assert home.content.decode().split()[-1] == "client.view,definitions.answer,policy.view"
    for path in ("/c/northwind/audit/", "/c/northwind/people/", "/c/northwind/settings/tokens/"):
        assert finns.get(path).status_code == 403


def test_a_link_to_read_is_shorter_and_answers_nothing(
    northwind: Client, finn: User, mailbox: Mailbox, commits: Commits
) -> None:
    with commits(), tenant_context(northwind):
        row = magic_link_send(client=northwind, user=finn, purpose="read", target="/c/northwind/")
    assert row.expires_at - row.created_at <= timedelta(minutes=10, seconds=1)
    browser = Browser()
    browser.get(mailbox.path(), follow=True)
    browser.post("/link/")
    assert browser.get("/c/northwind/").content.decode().split()[-1] == "client.view,policy.view"
    assert browser.get("/c/northwind/definitions/answer/").status_code == 403


def test_a_session_by_link_reaches_one_client_and_nothing_of_the_person(
    finns: Browser, finn: User, contoso: Client
) -> None:
    with tenant_context(contoso):
        member_add(client=contoso, user=finn, role=ClientRole.ADMIN)
    assert finns.get("/c/contoso/").status_code == 404
    assert finns.get("/")["Location"] == "/c/northwind/", "the portfolio shows its one client"
    for path in ("/me/", "/accounts/2fa/", "/accounts/password/change/", "/accounts/reauthenticate/", "/f/ridge/"):
        answer = finns.get(path)
        assert answer.status_code == 403 and b"by a link" in answer.content, path


def test_signing_in_fully_lifts_the_limit(finns: Browser) -> None:
    finns.post("/accounts/logout/")
    finns.post("/accounts/login/", {"login": "finn@example.com", "password": "correct-horse-battery"})
    assert SCOPE not in finns.session and finns.get("/me/").status_code == 200


def test_a_link_is_only_a_first_step_for_who_has_a_second(
    northwind: Client, finn: User, mailbox: Mailbox, commits: Commits, stranger: Browser
) -> None:
    TOTP.activate(finn, "JBSWY3DPEHPK3PXP")
    with commits():
        send(northwind, finn)
    stranger.get(mailbox.path(), follow=True)
    assert stranger.post("/link/")["Location"].startswith("/accounts/2fa/authenticate/")
    assert stranger.get("/c/northwind/").status_code == 302


def test_staff_and_admins_who_need_a_second_factor_get_no_link(
    northwind: Client, ana: User, adam: User, otto: User
) -> None:
    Client.objects.filter(pk=northwind.pk).update(requires_mfa_for_admins=True)
    northwind.refresh_from_db()
    for user in (ana, adam, otto):
        with pytest.raises(TenancyError):
            send(northwind, user)


def test_a_link_opens_pages_of_its_own_client_alone(northwind: Client, stan: User) -> None:
    for target in ("/c/contoso/", "https://evil.example/", "//evil.example/", "/c/northwind/../contoso/", "/me/"):
        with pytest.raises(TenancyError):
            send(northwind, stan, target)


@pytest.mark.parametrize("death", ["newer", "expired", "role", "email", "removed", "disabled"])
def test_what_ends_a_link(death: str, link: str, northwind: Client, stan: User, stranger: Browser) -> None:
    if death == "newer":
        send(northwind, stan)
    if death == "disabled":
        User.objects.filter(pk=stan.pk).update(is_active=False)
    with tenant_context(northwind):
        member = Membership.objects.get(user=stan)
        if death == "expired":
            MagicLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        elif death == "email":  # only the operator, past the portal, changes the address of a person
            MagicLink.objects.update(email="stan.before@example.com")
        elif death == "role":
            person_role_change(client=northwind, member=member, role=ClientRole.FINANCE, user=None)
        elif death == "removed":
            person_remove(client=northwind, member=member, user=None)
    stranger.get(link, follow=True)
    assert stranger.post("/link/").status_code == 410
    assert stranger.get("/c/northwind/").status_code == 302


def test_a_link_that_ran_out_is_renewed_to_the_same_address(
    link: str, northwind: Client, stranger: Browser, mailbox: Mailbox, commits: Commits
) -> None:
    with tenant_context(northwind):
        MagicLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    stranger.get(link, follow=True)
    assert b"Mail me a new link" in stranger.post("/link/").content
    with commits():
        assert stranger.post("/link/again/").status_code == 200
    assert len(mailbox.mails) == 2 and mailbox.mails[-1]["To"] == "stan@example.com"
    fresh = Browser()
    fresh.get(mailbox.path(), follow=True)
    assert fresh.post("/link/")["Location"] == TARGET


def test_five_links_an_hour(northwind: Client, stan: User) -> None:
    for _ in range(5):
        send(northwind, stan)
    with pytest.raises(TenancyError, match="within the hour"):
        send(northwind, stan)


def test_an_unknown_link_is_refused_and_its_renewal_says_nothing(db: None, stranger: Browser) -> None:
    assert stranger.get("/link/" + "x" * 43 + "/", follow=True).status_code == 410
    assert stranger.post("/link/again/").status_code == 200


@pytest.mark.usefixtures("committed_db")
def test_of_two_parallel_uses_one_wins() -> None:
    client = client_create(firm=firm_create(slug="ridge", name="Ridge"), slug="north", name="North", currency="USD")
    stan = User.objects.create_user("stan@example.com", "x")
    with tenant_context(client):
        member_add(client=client, user=stan, role=ClientRole.STAKEHOLDER)
        row = magic_link_send(client=client, user=stan, purpose="read", target="/c/north/")
    link = magic_link_opened(row.token_hash)
    assert link is not None
    start = Barrier(4)

    def use(_: int) -> bool:
        start.wait()
        try:
            magic_link_use(link=link)
        except LinkClosedError:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(use, range(4))) == 1
