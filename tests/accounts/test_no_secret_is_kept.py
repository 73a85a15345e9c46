"""Planted secrets turn up nowhere in clear: no table, no session, no audit entry, no line of a log."""

import logging
from collections.abc import Callable

import pytest
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client as Browser

from portal.accounts.models import User
from portal.tenancy.grants import GRANTS
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.accounts.conftest import Commits, Mailbox
from tests.accounts.test_sign_in import password_login
from tests.tenancy.fingerprints import tenant_tables

PASSWORDS = ["CANARY-wrong-password", "correct-horse-battery", "CANARY-new-password-7"]
PROVIDER_SECRET = "CANARY-provider-secret"
RAW_CELL = "CANARY-raw-cell"


def everything_stored(client: Client) -> str:
    """Every readable table of the installation and of the client as text, sessions decoded."""
    found = []
    with tenant_context(client), connection.cursor() as cursor:
        for table in [*tenant_tables(), *(name for name in GRANTS if GRANTS[name])]:
            cursor.execute(f"SELECT coalesce(string_agg(t::text, chr(10)), '') FROM \"{table}\" t")
            found.append(f"{table}: {cursor.fetchone()[0]}")
    found += [f"session: {session.get_decoded()}" for session in Session.objects.all()]
    return "\n".join(found)


def test_what_is_secret_is_stored_nowhere_and_logged_nowhere(
    northwind: Client, ana: User, finn: User, signed_in: Callable[[User], Browser], mailbox: Mailbox, commits: Commits,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    caplog.set_level(logging.DEBUG)
    browser, nobody = signed_in(ana), Browser()
    secrets = [PROVIDER_SECRET, *PASSWORDS]
    password_login(nobody, "finn@example.com", PASSWORDS[0])
    password_login(Browser(), "finn@example.com", PASSWORDS[1])
    with commits():
        browser.post("/c/northwind/people/invite/", {"email": "new@example.com", "role": "sales"})
    invitation = mailbox.path()
    nobody.get(invitation, follow=True)
    nobody.post("/join/", {"name": "New", "password": PASSWORDS[2]})
    provider = {"issuer": "https://login.example.com", "oidc_client_id": "x", "secret": PROVIDER_SECRET}
    browser.post("/c/northwind/settings/sign-in/", provider)
    minted = browser.post("/c/northwind/settings/tokens/new/", {"name": "x", "scopes": ["client.view"], "days": 30})
    token = minted.context["text"]
    secrets += [invitation.split("/")[2], token]
    for header in (token, token[:-1]):
        Browser().get("/api/v1/clients/northwind/", headers={"authorization": f"Bearer {header}"})
    file = SimpleUploadedFile("contracts.csv", f"contract_id,{RAW_CELL}\n1,{RAW_CELL}\n".encode())
    browser.post("/c/northwind/data/upload/", {"source": "new", "name": "B", "kind": "billing", "file": file})

    stored = everything_stored(northwind)
    assert "new@example.com" in stored and "invitation.accepted" in stored and "token.created" in stored
    assert "finn@example.com" in stored.split("axes_accessattempt: ")[1], "the failed attempt is there"
    lines = "\n".join(f"{record.getMessage()} {record.args}" for record in caplog.records)
    for secret in secrets:
        assert secret not in stored, where(secret, stored)
        assert secret not in lines, secret
    log = stored.split("tenancy_auditentry: ")[1].split("\ntenancy_")[0]
    assert RAW_CELL not in log, "no cell of a file is in the log"


def where(secret: str, stored: str) -> str:
    return f"{secret} in {[line[:60] for line in stored.splitlines() if secret in line]}"
