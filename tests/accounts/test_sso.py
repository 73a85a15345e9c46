"""Signing in at one's own company, with a real provider on a local port and every fault it can have."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings as django_settings
from django.test import Client as Browser

from portal.accounts.models import SsoConnection, SsoDomain, SsoIdentity, User
from portal.accounts.sealing import SealBrokenError, seal, unseal
from portal.accounts.services.sso import (
    domain_says,
    proof_of,
    secret_place,
    sso_domain_add,
    sso_domain_confirm,
    sso_save,
    sso_secret,
)
from portal.tenancy.models import AuditEntry, Client, ClientRole, FirmRole, Membership
from portal.tenancy.scope import current_scope, tenant_context
from portal.tenancy.services import TenancyError, member_add
from tests.accounts.conftest import Commits, Mailbox
from tests.accounts.dns_server import NameServer
from tests.accounts.oidc_provider import OidcProvider
from tests.conftest import consultant

SignedIn = Callable[[User], Browser]
SECRET = "CANARY-SECRET-9f2c"
FINN = {"sub": "finn-1", "email": "finn@example.com", "email_verified": True, "name": "Finn"}


def prove(client: Client, domain: str, names: NameServer) -> None:
    """Put the record there that shows that the domain is the client's."""
    name, value = proof_of(client, domain)
    names.records[name] = ["v=spf1 -all", value]


def connect(
    client: Client, provider: OidcProvider, domain: str, confirmed_by: User, names: NameServer
) -> SsoConnection:
    prove(client, domain, names)
    with tenant_context(client):
        row = sso_save(client=client, issuer=provider.issuer, oidc_client_id="tieout", secret=SECRET, is_enabled=True)
        confirm(client, sso_domain_add(client=client, domain=domain), confirmed_by)
    return row


def confirm(client: Client, row: SsoDomain, confirmed_by: User) -> None:
    """Confirm a domain by what it says."""
    records = domain_says(client, row.domain)
    sso_domain_confirm(client=client, row=row, confirmed_by=confirmed_by, records=records)


@pytest.fixture
def idp() -> Iterator[OidcProvider]:
    provider = OidcProvider()
    provider.claims = dict(FINN)
    yield provider
    provider.stop()


@pytest.fixture
def connection(northwind: Client, idp: OidcProvider, ana: User, names: NameServer) -> SsoConnection:
    return connect(northwind, idp, "example.com", ana, names)


@pytest.fixture
def known(connection: SsoConnection, northwind: Client, finn: User, idp: OidcProvider) -> User:
    """Finn, whose company account is connected."""
    with tenant_context(northwind):
        SsoIdentity.objects.create(user=finn, issuer=idp.issuer, subject="finn-1")
    return finn


def begin(browser: Browser, email: str = "finn@example.com") -> str:
    """Type the address; returns where the browser is sent."""
    page = browser.post("/sso/", {"email": email})
    return str(page.context["url"]) if page.status_code == 200 else ""


def through(browser: Browser, idp: OidcProvider, email: str = "finn@example.com") -> Any:
    return browser.get("/sso/callback/", idp.authorize(begin(browser, email)))


def is_in(browser: Browser) -> bool:
    return browser.get("/c/northwind/").status_code == 200


def test_a_connected_person_signs_in(known: User, idp: OidcProvider, stranger: Browser, northwind: Client) -> None:
    query = {key: value[0] for key, value in parse_qs(urlsplit(begin(stranger)).query).items()}
    assert query["response_type"] == "code" and query["code_challenge_method"] == "S256"
    assert len(query["state"]) >= 43 and len(query["nonce"]) >= 43 and query["state"] != query["nonce"]
    answer = through(stranger, idp)
    assert answer.status_code == 302 and answer["Location"] == "/c/northwind/" and is_in(stranger)
    assert answer["Referrer-Policy"] == "no-referrer"
    with tenant_context(northwind):
        entry = AuditEntry.objects.get(action="sso.signed_in")
    assert entry.actor == "finn@example.com"


FAULTS: dict[str, dict[str, Any]] = {
    "unsigned": {"signing": "none"},
    "signed with the public key as a password": {"signing": "hmac"},
    "signed by a stranger": {"signing": "stranger"},
    "broken signature": {"signing": "broken"},
    "wrong audience": {"claims": {"aud": "somebody-else"}},
    "audience of two without azp": {"claims": {"aud": ["tieout", "other"]}},
    "wrong issuer": {"claims": {"iss": "https://evil.example"}},
    "wrong nonce": {"claims": {"nonce": "x" * 43}},
    "no nonce": {"claims": {"nonce": None}},
    "run out": {"claims": {"exp": 1_000_000_000}},
    "long ago": {"claims": {"iat": 1_000_000_000}},
    "no subject": {"claims": {"sub": None}},
    "another subject": {"claims": {"sub": "finn-2", "email_verified": False}},
    "discovery of another issuer": {"discovered_issuer": "https://evil.example"},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_an_answer_that_does_not_hold_signs_nobody_in(
    fault: str, known: User, idp: OidcProvider, stranger: Browser
) -> None:
    url = begin(stranger)
    idp.faults = FAULTS[fault]
    answer = stranger.get("/sso/callback/", idp.authorize(url))
    assert answer.status_code == 403 and b"You were not signed in" in answer.content
    assert not is_in(stranger)


def test_an_answer_is_good_once_and_for_the_browser_that_asked(
    known: User, idp: OidcProvider, stranger: Browser
) -> None:
    answer = idp.authorize(begin(stranger))
    assert Browser().get("/sso/callback/", answer).status_code == 403, "another browser"
    assert stranger.get("/sso/callback/", {**answer, "state": "x" * 43}).status_code == 403, "another state"
    assert stranger.get("/sso/callback/", answer).status_code == 403, "the attempt is over after the first look"
    good = idp.authorize(begin(stranger))
    assert stranger.get("/sso/callback/", good).status_code == 302
    stranger.post("/accounts/logout/")
    assert stranger.get("/sso/callback/", good).status_code == 403, "replayed"


def test_the_provider_of_one_client_is_no_key_to_another(
    known: User,
    northwind: Client,
    contoso: Client,
    otto: User,
    idp: OidcProvider,
    stranger: Browser,
    signed_in: SignedIn,
) -> None:
    idp.claims = {"sub": "otto-1", "email": "otto@example.com", "email_verified": True}
    assert through(stranger, idp).status_code == 403, "otto is Contoso's, and the provider is Northwind's"
    with tenant_context(contoso):
        member_add(client=contoso, user=known, role=ClientRole.ADMIN)
    idp.claims = dict(FINN)
    through(stranger, idp)
    assert is_in(stranger) and stranger.get("/c/contoso/").status_code == 404
    assert stranger.get("/")["Location"] == "/c/northwind/"
    assert signed_in(known).get("/c/contoso/").status_code == 200, "with their own password they reach both"
    for path in ("/me/", "/accounts/2fa/", "/accounts/password/set/"):
        assert stranger.get(path).status_code == 403, "nor does it change an account that opens other clients"


def test_who_is_not_connected_confirms_through_their_mailbox_first(
    connection: SsoConnection,
    northwind: Client,
    finn: User,
    idp: OidcProvider,
    mailbox: Mailbox,
    commits: Commits,
    stranger: Browser,
) -> None:
    with commits():
        answer = through(stranger, idp)
    assert answer.status_code == 200 and not is_in(stranger), "the provider's word alone connects nobody"
    assert mailbox.mails[-1]["To"] == "finn@example.com"
    stranger.get(mailbox.path(), follow=True)
    assert stranger.post("/link/")["Location"] == "/c/northwind/"
    with tenant_context(northwind):
        row = SsoIdentity.objects.get()
        assert (row.user_id, row.issuer, row.subject) == (finn.pk, idp.issuer, "finn-1")
    later = Browser()
    assert through(later, idp).status_code == 302 and is_in(later)


@pytest.mark.parametrize("claims", [{"email_verified": False}, {"email_verified": "true"}, {"email": "nobody@example.com"},
                                    {"email": "finn@other.example"}, {"email": None}])  # fmt: skip
def test_an_unproved_or_unknown_address_gets_no_mail_and_no_reason(
    claims: dict[str, Any],
    connection: SsoConnection,
    finn: User,
    idp: OidcProvider,
    mailbox: Mailbox,
    commits: Commits,
    stranger: Browser,
) -> None:
    idp.claims = {**FINN, **claims}
    with commits():
        answer = through(stranger, idp)
    assert answer.status_code == 403 and mailbox.mails == []


def test_the_same_subject_at_another_issuer_is_somebody_else(
    known: User, northwind: Client, idp: OidcProvider, stranger: Browser, ana: User, names: NameServer
) -> None:
    other = OidcProvider()
    other.claims = {"sub": "finn-1", "email": "mallory@example.com", "email_verified": True}
    connect(northwind, other, "example.com", ana, names)
    try:
        assert through(stranger, other).status_code == 403 and not is_in(stranger)
    finally:
        other.stop()


def test_consultants_do_not_come_in_through_a_clients_provider(
    connection: SsoConnection, ana: User, idp: OidcProvider, stranger: Browser, mailbox: Mailbox
) -> None:
    idp.claims = {"sub": "ana-1", "email": "ana@example.com", "email_verified": True}
    assert through(stranger, idp).status_code == 403 and mailbox.mails == []


def test_a_second_factor_is_asked_for_after_the_company(known: User, idp: OidcProvider, stranger: Browser) -> None:
    TOTP.activate(known, "JBSWY3DPEHPK3PXP")
    assert through(stranger, idp)["Location"].startswith("/accounts/2fa/authenticate/")
    assert not is_in(stranger)


def test_a_lost_membership_ends_it(known: User, northwind: Client, idp: OidcProvider, stranger: Browser) -> None:
    with tenant_context(northwind):
        Membership.objects.filter(user=known).delete()
    assert through(stranger, idp).status_code == 403


def test_an_invited_person_joins_through_their_company(
    connection: SsoConnection,
    northwind: Client,
    ana: User,
    idp: OidcProvider,
    mailbox: Mailbox,
    commits: Commits,
    stranger: Browser,
) -> None:
    from portal.accounts.services.invitations import invitation_send

    with commits(), tenant_context(northwind):
        invitation_send(client=northwind, email="nora@example.com", role=ClientRole.FINANCE, sent_by=ana)
    stranger.get(mailbox.path(), follow=True)
    idp.claims = {"sub": "nora-1", "email": "nora@example.com", "email_verified": True, "name": "Nora"}
    assert through(stranger, idp, "nora@example.com")["Location"] == "/c/northwind/"
    nora = User.objects.get(email="nora@example.com")
    assert nora.name == "Nora" and not nora.has_usable_password()
    assert is_in(stranger) and stranger.get("/me/").status_code == 200, "her only client's provider is hers"


# --- setting it up --------------------------------------------------------------------------------------------


def test_only_a_confirmed_domain_leads_anywhere(
    northwind: Client, idp: OidcProvider, connection: SsoConnection, stranger: Browser
) -> None:
    with tenant_context(northwind):
        sso_domain_add(client=northwind, domain="waiting.example")
    known, unknown = (begin(stranger, f"x@{domain}") for domain in ("example.com", "waiting.example"))
    assert known.startswith(idp.issuer) and unknown == ""


def test_the_answer_depends_on_the_domain_alone(connection: SsoConnection, finn: User, stranger: Browser) -> None:
    for email in ("finn@example.com", "nobody@example.com"):
        assert begin(stranger, email).split("?")[0].endswith("/authorize")


def test_a_domain_leads_to_one_provider_and_the_firms_admin_confirms_it(
    northwind: Client,
    contoso: Client,
    ana: User,
    adam: User,
    connection: SsoConnection,
    person: Callable[..., User],
    signed_in: SignedIn,
    names: NameServer,
) -> None:
    fay = consultant(person, "fay", FirmRole.ADMIN, northwind)
    signed_in(adam).post("/c/northwind/settings/sign-in/domains/", {"domain": "@North.Example"})
    with tenant_context(northwind):
        row = SsoDomain.objects.get(domain="north.example")
    url = f"/c/northwind/settings/sign-in/domains/{row.pk}/confirm/"
    assert signed_in(adam).post(url).status_code == 403
    assert signed_in(ana).post(url).status_code == 403, "an architect neither"
    names.records["_tieout.north.example"] = ["tieout-domain=somebody", proof_of(contoso, "north.example")[1]]
    names.records["north.example"] = [proof_of(northwind, "north.example")[1]]
    page = signed_in(fay).post(url, follow=True).content.decode()
    assert "there is no TXT record _tieout.north.example" in page, "the record of another client proves nothing"
    with tenant_context(northwind):
        assert SsoDomain.objects.get(pk=row.pk).confirmed_at is None
    prove(northwind, "north.example", names)
    signed_in(fay).post(url)
    with tenant_context(northwind):
        assert SsoDomain.objects.get(pk=row.pk).confirmed_at is not None
    with tenant_context(contoso):
        theirs = sso_domain_add(client=contoso, domain="north.example")
        with pytest.raises(TenancyError, match="no TXT record"):
            confirm(contoso, theirs, fay)
        prove(contoso, "north.example", names)
        with pytest.raises(TenancyError, match="cannot be confirmed: ask") as refused:
            confirm(contoso, theirs, fay)
        assert "north" not in str(refused.value).lower(), "whose it is, nobody learns"


def test_a_domain_is_asked_before_the_transaction_of_the_request_begins(
    northwind: Client,
    person: Callable[..., User],
    signed_in: Callable[[User], Browser],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fay = consultant(person, "fay", FirmRole.ADMIN, northwind)
    with tenant_context(northwind):
        row = sso_domain_add(client=northwind, domain="north.example")
    scopes: list[object] = []

    def slow(name: str, servers: object) -> list[str]:
        scopes.append(current_scope())
        return [proof_of(northwind, "north.example")[1]]

    monkeypatch.setattr("portal.accounts.services.sso.txt_values", slow)
    page = signed_in(fay).post(f"/c/northwind/settings/sign-in/domains/{row.pk}/confirm/", follow=True)
    assert b"can now sign in with their company account" in page.content and scopes == [None]


def test_a_new_issuer_takes_the_confirmation_of_every_domain(
    connection: SsoConnection, northwind: Client, stranger: Browser
) -> None:
    assert begin(stranger)
    with tenant_context(northwind):
        again: dict[str, Any] = {"client": northwind, "oidc_client_id": "tieout", "secret": SECRET, "is_enabled": True}
        sso_save(issuer=connection.issuer, **again)
        assert SsoDomain.objects.get().confirmed_at is not None
        sso_save(issuer="https://login.elsewhere.example", **again)
        assert SsoDomain.objects.get().confirmed_at is None
        assert AuditEntry.objects.filter(action="sso.domains_unconfirmed").count() == 1
    assert begin(stranger) == ""


def test_an_engineer_of_the_firm_does_not_choose_the_provider(
    northwind: Client, person: Callable[..., User], signed_in: SignedIn
) -> None:
    gus = consultant(person, "gus", FirmRole.ENGINEER, northwind)
    given = {"issuer": "https://login.example.com", "oidc_client_id": "x", "secret": "y"}
    assert signed_in(gus).post("/c/northwind/settings/sign-in/", given).status_code == 403
    assert signed_in(gus).get("/c/northwind/settings/").status_code == 200


def test_the_secret_is_sealed_for_its_place_and_never_shown(
    connection: SsoConnection, northwind: Client, contoso: Client, adam: User, signed_in: SignedIn
) -> None:
    page = signed_in(adam).get("/c/northwind/settings/sign-in/").content.decode()
    assert SECRET not in page and "ends in 9f2c" in page
    assert SECRET not in str(connection.__dict__) and sso_secret(connection) == SECRET
    with tenant_context(northwind):
        assert SECRET not in str(list(AuditEntry.objects.values()))
    for place in (secret_place(contoso.pk), "mfa"):
        with pytest.raises(SealBrokenError):
            unseal(connection.sealed_secret, place)
    assert seal("a", "b") != seal("a", "b")


def test_a_stored_secret_is_never_sent_to_a_new_issuer(
    connection: SsoConnection, adam: User, northwind: Client, signed_in: SignedIn
) -> None:
    url = "/c/northwind/settings/sign-in/"
    moved = {"issuer": "https://login.evil.example", "oidc_client_id": "tieout", "secret": "", "is_enabled": "on"}
    assert signed_in(adam).post(url, moved).status_code == 422
    kept = {"issuer": connection.issuer, "oidc_client_id": "tieout", "secret": ""}
    assert signed_in(adam).post(url, kept).status_code == 302
    with tenant_context(northwind):
        row = SsoConnection.objects.get()
    assert (row.issuer, row.is_enabled, sso_secret(row)) == (connection.issuer, False, SECRET)
    assert begin(Browser()) == "", "switched off"


@pytest.mark.parametrize(
    "issuer", ["http://idp.example", "https://u:p@idp.example", "https://idp.example:25", "ftp://idp.example"]
)
def test_an_issuer_that_may_not_be_called_is_refused(issuer: str, northwind: Client) -> None:
    with tenant_context(northwind), pytest.raises(TenancyError):
        sso_save(client=northwind, issuer=issuer, oidc_client_id="x", secret="y", is_enabled=True)


def test_setting_it_up_takes_a_fresh_proof_of_identity(adam: User, northwind: Client) -> None:
    browser = Browser()
    browser.force_login(adam, backend=django_settings.AUTHENTICATION_BACKENDS[1])
    answer = browser.post("/c/northwind/settings/sign-in/", {"issuer": "https://x.example"})
    assert answer["Location"].startswith("/accounts/reauthenticate/")
