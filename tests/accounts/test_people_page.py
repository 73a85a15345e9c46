"""The people of a client: changing rights takes a fresh proof of identity, works at once, and is written down."""

import time
from collections.abc import Callable

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client as Browser

from portal.accounts.models import Invitation, User
from portal.accounts.role_words import WORDS
from portal.accounts.services.invitations import invitation_send
from portal.accounts.services.people import person_role_change
from portal.tenancy.models import AuditEntry, Client, ClientRole, Membership
from portal.tenancy.permissions import (
    ANSWER_DEFINITIONS,
    CLIENT_ROLE_PERMISSIONS,
    CLOSE_MONTH,
    IMPORT_DATA,
    MANAGE_PEOPLE,
    MANAGE_TOKENS,
    VIEW_ARR,
    VIEW_AUDIT,
    VIEW_DATA,
)
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import TenancyError, member_add
from tests.accounts.conftest import Commits, Mailbox

SignedIn = Callable[[User], Browser]


def member_id(client: Client, user: User) -> int:
    with tenant_context(client):
        return int(Membership.objects.get(user=user).pk)


def role_of(client: Client, user: User) -> str:
    with tenant_context(client):
        return str(Membership.objects.get(user=user).role)


def stale(user: User) -> Browser:
    """Signed in, but not just now."""
    browser = Browser()
    browser.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[1])
    return browser


def test_the_page_lists_people_invitations_and_consultants(
    northwind: Client, ana: User, finn: User, signed_in: SignedIn, contoso: Client, otto: User
) -> None:
    with tenant_context(northwind):
        invitation_send(client=northwind, email="nora@example.com", role=ClientRole.SALES, sent_by=ana)
    page = signed_in(ana).get("/c/northwind/people/").content.decode()
    for expected in ("Finn", "nora@example.com", "Ana", "Second factor", "One factor", "Not delivered"):
        assert expected in page
    assert "otto" not in page.lower()


def test_a_reader_of_the_page_finds_no_buttons(rita: User, northwind: Client, signed_in: SignedIn) -> None:
    page = signed_in(rita).get("/c/northwind/people/").content.decode()
    assert "End access" not in page and "Invite someone" not in page


def test_inviting_from_the_page(
    ana: User, northwind: Client, signed_in: SignedIn, mailbox: Mailbox, commits: Commits
) -> None:
    browser = signed_in(ana)
    with commits():
        answer = browser.post("/c/northwind/people/invite/", {"email": "Nora@Example.com", "role": "finance"})
    assert answer.status_code == 302 and mailbox.mails[-1]["To"] == "nora@example.com"
    again = browser.post("/c/northwind/people/invite/", {"email": "not an address", "role": "finance"})
    assert again.status_code == 422
    with tenant_context(northwind):
        pk = Invitation.objects.get().pk
    first = mailbox.path()
    with commits():
        browser.post(f"/c/northwind/people/invitations/{pk}/again/")
    assert mailbox.path() != first
    with tenant_context(northwind):
        newest = Invitation.objects.order_by("-pk")[0].pk
    browser.post(f"/c/northwind/people/invitations/{newest}/withdraw/")
    assert Browser().get(mailbox.path(), follow=True).status_code == 410


@pytest.mark.parametrize("path", ["people/invite/", "settings/tokens/new/", "settings/sign-in/"])
def test_a_change_of_rights_or_secrets_asks_for_identity_first(path: str, adam: User, northwind: Client) -> None:
    answer = stale(adam).get(f"/c/northwind/{path}")
    assert answer.status_code == 302 and answer["Location"].startswith("/accounts/reauthenticate/")


def test_a_post_that_came_too_late_runs_once_identity_is_confirmed(adam: User, finn: User, northwind: Client) -> None:
    browser, url = stale(adam), f"/c/northwind/people/{member_id(northwind, finn)}/role/"
    asked = browser.post(url, {"role": "analyst"})
    assert asked["Location"].startswith("/accounts/reauthenticate/") and role_of(northwind, finn) == "finance"
    before = browser.session.session_key
    wrong = browser.post(asked["Location"], {"password": "wrong"})
    assert wrong.status_code == 200 and role_of(northwind, finn) == "finance"
    browser.post(asked["Location"], {"password": "correct-horse-battery"})
    assert role_of(northwind, finn) == "analyst"
    assert browser.session.session_key != before, "the session gets a new id"


def test_a_proof_of_identity_lasts_five_minutes(adam: User, northwind: Client, signed_in: SignedIn) -> None:
    browser = signed_in(adam)
    assert browser.get("/c/northwind/people/invite/").status_code == 200
    session = browser.session
    session["account_authentication_methods"][0]["at"] = time.time() - 301
    session.save()
    assert browser.get("/c/northwind/people/invite/").status_code == 302


def test_a_lost_role_counts_from_the_next_request(
    adam: User, finn: User, northwind: Client, signed_in: SignedIn
) -> None:
    admin, finns = signed_in(adam), signed_in(finn)
    assert finns.get("/c/northwind/audit/").status_code == 200
    admin.post(f"/c/northwind/people/{member_id(northwind, finn)}/role/", {"role": "stakeholder"})
    assert finns.get("/c/northwind/audit/").status_code == 403
    admin.post(f"/c/northwind/people/{member_id(northwind, finn)}/end/")
    assert finns.get("/c/northwind/").status_code == 404


def test_the_last_admin_stays(adam: User, northwind: Client, signed_in: SignedIn) -> None:
    pk = member_id(northwind, adam)
    for path, data in (("role", {"role": "finance"}), ("end", {})):
        signed_in(adam).post(f"/c/northwind/people/{pk}/{path}/", data)
        assert role_of(northwind, adam) == "admin"


def test_an_unknown_role_changes_nothing(adam: User, finn: User, northwind: Client, signed_in: SignedIn) -> None:
    pk = member_id(northwind, finn)
    page = signed_in(adam).post(f"/c/northwind/people/{pk}/role/", {"role": "owner"}, follow=True)
    assert b"Nothing was changed" in page.content and role_of(northwind, finn) == "finance"


def test_ids_of_another_client_do_not_exist(
    otto: User, finn: User, northwind: Client, contoso: Client, signed_in: SignedIn
) -> None:
    theirs = member_id(northwind, finn)
    for action in ("role", "end", "link"):
        real = signed_in(otto).post(f"/c/contoso/people/{theirs}/{action}/", {"role": "admin"})
        random = signed_in(otto).post(f"/c/contoso/people/999999/{action}/", {"role": "admin"})
        assert real.status_code == random.status_code == 404
    assert role_of(northwind, finn) == "finance"


def test_every_change_is_in_the_log_or_did_not_happen(northwind: Client, adam: User, finn: User) -> None:
    with tenant_context(northwind):
        before = AuditEntry.objects.count()
        member = Membership.objects.get(user=finn)
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            person_role_change(client=northwind, member=member, role=ClientRole.ANALYST, user=None)
            raise ZeroDivisionError
        assert AuditEntry.objects.count() == before
        member.refresh_from_db()
        assert member.role == ClientRole.FINANCE
        person_role_change(client=northwind, member=member, role=ClientRole.ANALYST, user=None)
        entry = AuditEntry.objects.get(sequence=before + 1)
    assert (entry.action, entry.details) == ("member.role_changed", {"role": ["finance", "analyst"]})


def test_a_link_from_the_page(
    adam: User, stan: User, northwind: Client, signed_in: SignedIn, mailbox: Mailbox, commits: Commits
) -> None:
    with commits():
        signed_in(adam).post(f"/c/northwind/people/{member_id(northwind, stan)}/link/")
    assert mailbox.mails[-1]["To"] == "stan@example.com"


def test_admins_are_held_to_a_second_factor_where_the_client_says_so(
    northwind: Client, adam: User, signed_in: SignedIn
) -> None:
    browser = signed_in(adam)
    assert browser.get("/c/northwind/people/").status_code == 200
    Client.objects.filter(pk=northwind.pk).update(requires_mfa_for_admins=True)
    assert browser.get("/c/northwind/people/")["Location"] == "/accounts/2fa/"


def test_a_member_is_not_added_by_hand_to_another_role(northwind: Client, finn: User) -> None:
    with tenant_context(northwind), pytest.raises(TenancyError):
        member_add(client=northwind, user=finn, role="owner")


def test_the_page_about_oneself(finn: User, northwind: Client, signed_in: SignedIn) -> None:
    browser = signed_in(finn)
    assert browser.get("/me/").status_code == 200
    assert browser.post("/me/", {"name": "Finn Falk", "locale": "de", "time_zone": "Europe/Berlin"}).status_code == 302
    assert browser.post("/me/", {"name": "x", "time_zone": "Mars/Base", "email": "evil@example.com"}).status_code == 422
    finn.refresh_from_db()
    assert (finn.name, finn.locale, finn.email) == ("Finn Falk", "de", "finn@example.com")


def test_whoever_invites_reads_what_each_role_may_see(ana: User, northwind: Client, signed_in: SignedIn) -> None:
    text = signed_in(ana).get("/c/northwind/people/invite/").content.decode()
    for role in ClientRole:
        assert WORDS[role] in text


@pytest.mark.parametrize("role", list(ClientRole))
def test_the_words_of_a_role_say_what_the_table_of_permissions_says(role: ClientRole) -> None:
    words, may = WORDS[role], CLIENT_ROLE_PERMISSIONS[role]
    everything = words.startswith("Sees everything")
    assert (VIEW_ARR in may) is (everything or "Sees numbers" in words)
    assert (VIEW_DATA in may) is (everything or ", contracts" in words)
    assert (IMPORT_DATA in may) is ("imports data" in words) and (CLOSE_MONTH in may) is ("closes months" in words)
    assert (MANAGE_PEOPLE in may) is ("manages people" in words)
    assert (MANAGE_TOKENS in may) is ("tokens" in words)
    assert everything or (VIEW_AUDIT in may) is ("audit log" in words)
    assert everything or role is ClientRole.FINANCE or (ANSWER_DEFINITIONS in may) is ("answers definitions" in words)
