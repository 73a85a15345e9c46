"""A final version, and people who are asked to sign it, for tests."""

import datetime as dt
from typing import Any

import pytest

from governance.models import PolicyDocument, Signature, Signer, Signoff
from governance.selectors.signoff import signer_get
from governance.services.documents import document_create
from governance.services.signing import document_sign, intent_text
from governance.services.signoff import signoff_request
from portal.accounts.models import User
from portal.accounts.proofs import Place, Proof
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.governance.test_documents import confirm_critical

NOW = dt.datetime(2026, 11, 12, 9, tzinfo=dt.UTC)
PROOF = Proof("password", NOW)
PLACE = Place("203.0.113.7", "Firefox")


@pytest.fixture
def final(started: Client, ana: User) -> PolicyDocument:
    """Northwind's final version."""
    with tenant_context(started):
        confirm_critical()
        return document_create(client=started, user=ana, is_final=True)


def ask(client: Client, document: PolicyDocument, ana: User, *people: tuple[User, str], **how: Any) -> Signoff:
    return signoff_request(client=client, document=document, signers=people, user=ana, **how)


def sign(client: Client, user: User, **other: Any) -> Signature:
    signer = signer_get(Signer.objects.filter(user=user).latest("id").pk, user)
    assert signer is not None
    given = {"sha256": signer.signoff.document.sha256, "intent": intent_text(signer)} | other
    return document_sign(client=client, signer=signer, proof=PROOF, place=PLACE, **given)
