"""Signing and changing at the same moment: what was signed is what was there, or nothing was signed."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections

from governance.models import DefinitionItem, Signature, SignedItem, Signer
from governance.services.documents import document_create
from governance.services.items import definitions_start, item_confirm, item_edit
from governance.services.problems import OutdatedError
from governance.services.respondents import respondent_add
from governance.services.signing import document_sign, intent_text, subject_of
from governance.services.signoff import signoff_request
from portal.accounts.models import SignCode, User
from portal.accounts.proofs import Place, Proof
from portal.accounts.services.sign_codes import code_use, mac_of
from portal.tenancy.models import AuditEntry, Client, ClientRole
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import client_create, firm_create, member_add
from tests.governance.conftest import item

NOW = dt.datetime(2026, 11, 12, 9, tzinfo=dt.UTC)
SIGNERS = 12


@pytest.fixture
def asked(committed_db: object) -> Client:
    """A client with twelve people of Finance who are asked to sign, really committed."""
    client = client_create(firm=firm_create(slug="ridge", name="Ridge"), slug="north", name="North", currency="USD")
    ana = User.objects.create_user("ana@example.com", "x")
    people = [User.objects.create_user(f"p{number}@example.com", "x") for number in range(SIGNERS)]
    with tenant_context(client):
        for person in people:
            member_add(client=client, user=person, role=ClientRole.STAKEHOLDER)
        definitions_start(client=client, user=ana)
        for person in people:
            respondent_add(client=client, email=person.email, function="finance")
        for found in DefinitionItem.objects.filter(is_critical=True):
            item_confirm(item=found, version=1, by="Finn", meeting="Review")
        document = document_create(client=client, user=ana, is_final=True)
        signoff_request(client=client, document=document, signers=[(each, "finance") for each in people], user=ana)
    return client


def test_a_change_amid_signatures_leaves_none_on_what_was_not_shown(asked: Client) -> None:
    with tenant_context(asked):
        signers = list(Signer.objects.select_related("user", "signoff__document", "signoff__requested_by"))
        shown, version = signers[0].signoff.document.sha256, item("mrr").version
        intents = {signer.pk: intent_text(signer) for signer in signers}
    start = Barrier(SIGNERS + 1)

    def act(number: int) -> str:
        start.wait()
        try:
            with tenant_context(asked):
                if number == SIGNERS:
                    item_edit(item=item("mrr"), version=version, changes={"answer": "Another"})
                    return "edited"
                signer = signers[number]
                document_sign(
                    client=asked, signer=signer, sha256=shown, intent=intents[signer.pk],
                    proof=Proof("password", NOW), place=Place("", ""),
                )  # fmt: skip
                return "signed"
        except OutdatedError:
            return "refused"
        finally:
            connections.close_all()

    with ThreadPoolExecutor(SIGNERS + 1) as threads:
        ends = list(threads.map(act, range(SIGNERS + 1)))
    with tenant_context(asked):
        edited = AuditEntry.objects.get(action="definition.edited").sequence
        signed = AuditEntry.objects.filter(action="document.signed").values_list("sequence", flat=True)
        assert ends.count("edited") == 1 and ends.count("signed") == Signature.objects.count() == len(signed)
        assert ends.count("signed") + ends.count("refused") == SIGNERS
        assert all(sequence < edited for sequence in signed), "nobody signed after the change"
        lapsed = SignedItem.objects.filter(item__key="mrr").exclude(lapsed_at=None).count()
        assert lapsed == ends.count("signed"), "whoever signed before it lost exactly that item"
        assert not SignedItem.objects.exclude(item__key="mrr").exclude(lapsed_at=None).exists()


def test_parallel_guesses_of_a_code_are_five_at_most_and_one_use(asked: Client) -> None:
    with tenant_context(asked):
        signer = Signer.objects.select_related("user").first()
        assert signer is not None
        expires = NOW + dt.timedelta(minutes=10)
        mac = mac_of(signer.user, subject_of(signer), "123456")
        SignCode.objects.create(user=signer.user, subject=subject_of(signer), mac=mac, sent_at=NOW, expires_at=expires)
    start = Barrier(10)

    def guess(number: int) -> bool:
        start.wait()
        try:
            with tenant_context(asked):
                return code_use(
                    user=signer.user, subject=subject_of(signer), code="000000" if number < 30 else "123456", now=NOW
                )
        finally:
            connections.close_all()

    with ThreadPoolExecutor(10) as threads:
        assert not any(threads.map(guess, range(30)))
        assert not any(threads.map(guess, range(30, 40))), "dead, even for the right code"
    with tenant_context(asked):
        assert SignCode.objects.get().tries == 5
        SignCode.objects.update(tries=0)
    with ThreadPoolExecutor(10) as threads:
        assert sum(threads.map(guess, range(30, 40))) == 1
