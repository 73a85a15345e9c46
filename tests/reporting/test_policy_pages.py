"""Publishing policies through the pages."""

import datetime as dt
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client as Browser

from governance.models import DefinitionItem, Metric, Signer
from governance.services.documents import document_create
from governance.services.items import definitions_start
from governance.services.registry import registry_start
from governance.services.signing import document_sign, intent_text
from governance.services.signoff import signoff_request
from metrics.models import PolicyVersion
from metrics.selectors.clauses import sentence_of
from portal.accounts.models import User
from portal.accounts.proofs import Place, Proof
from portal.notices.models import Notice
from portal.notices.services.outbox import notices_mail
from portal.tenancy.models import AuditEntry, Client, FirmRole
from portal.tenancy.scope import tenant_context
from tests.accounts.conftest import Mailbox, mail_server, mailbox
from tests.api.conftest import Mint, program
from tests.conftest import consultant
from tests.governance.boards import BASE, a_board
from tests.tenancy.routes_api import a_new_policy
from tests.tenancy.routes_reporting import POLICY

__all__ = ["mail_server", "mailbox", "program"]

EDIT = "/c/northwind/policy/change/"
SignIn = Callable[[User], Browser]


def test_publishing_makes_a_version_in_force_and_says_what_changed(
    northwind: Client, ana: User, signed_in: SignIn
) -> None:
    browser = signed_in(ana)
    browser.post("/c/northwind/policy/change/", POLICY | {"note": "Kickoff"})
    response = browser.post("/c/northwind/policy/change/", POLICY | {"renewal_grace_days": 0}, follow=True)
    text = response.content.decode()
    assert "Policy v2 is in force" in text
    assert "for 30 days after its term" in text and sentence_of("renewal_grace_days", 0) in text


def test_a_policy_that_makes_no_sense_is_refused_in_the_form(northwind: Client, ana: User, signed_in: SignIn) -> None:
    response = signed_in(ana).post("/c/northwind/policy/change/", POLICY | {"renewal_grace_days": -1})
    assert response.status_code == 422 and "greater than or equal to 0" in response.content.decode()
    with tenant_context(northwind):
        assert not PolicyVersion.objects.filter(number__gt=0).exists()


@pytest.fixture
def signed(northwind: Client, ana: User, finn: User, rita: User) -> Client:
    """Northwind's policy is signed by Finance and not put into force yet: that is enough to bar what nobody signed."""
    with tenant_context(northwind):
        definitions_start(client=northwind)
        DefinitionItem.objects.update(is_critical=False)
        document = document_create(client=northwind, is_final=True)
        signoff_request(client=northwind, document=document, signers=[(finn, "finance")], user=ana)
        signer = Signer.objects.select_related("user", "signoff__document", "signoff__requested_by").get()
        document_sign(
            client=northwind, signer=signer, sha256=document.sha256, intent=intent_text(signer),
            proof=Proof("password", dt.datetime.now(dt.UTC)), place=Place("", ""),
        )  # fmt: skip
    return northwind


def newest(client: Client) -> int:
    with tenant_context(client):
        return max(PolicyVersion.objects.values_list("number", flat=True), default=0)


def test_a_signed_policy_is_changed_by_nobody_on_the_simple_page_nor_by_a_program(
    signed: Client, ana: User, signed_in: SignIn, program: Mint
) -> None:
    browser, before = signed_in(ana), newest(signed)
    page = browser.get("/c/northwind/policy/change/").content.decode()
    assert "This policy is signed" in page and "Change the definitions" in page
    answer = browser.post("/c/northwind/policy/change/", POLICY | {"emergency": "I want to"})
    assert answer.status_code == 409 and b"Nothing was changed" in answer.content
    refused = program(signed, ana).post(signed, "api_policies", a_new_policy())
    assert refused.status_code == 409 and "this policy is signed" in refused.json()["detail"]
    assert newest(signed) == before


def test_where_a_board_decides_the_policy_leads_to_a_request_for_page_and_program(
    northwind: Client, ana: User, finn: User, rita: User, person: Callable[..., User], signed_in: SignIn, program: Mint
) -> None:
    with tenant_context(northwind):
        a_board(northwind, BASE, finance=finn, user=rita)
    browser, api = signed_in(ana), program(northwind, ana)
    assert api.post(northwind, "api_policies", a_new_policy()).status_code == 201, "the first needs no vote"
    other = a_new_policy()
    other["parameters"] |= {"renewal_grace_days": 44}
    refused = api.post(northwind, "api_policies", other)
    assert (refused.status_code, refused.json()["detail"]) == (
        409,
        "the review board decides on this policy: ask for a change",
    )
    asking = "/c/northwind/changes/new/policy/"
    assert asking in browser.get("/c/northwind/policy/").text and asking in browser.get(EDIT).text
    assert browser.post(EDIT, POLICY | {"emergency": "I want to"}).status_code == 409
    assert newest(northwind) == 1
    partners = signed_in(consultant(person, "fay", FirmRole.ADMIN, northwind))
    assert partners.post(EDIT, POLICY | {"based_on": 1}).status_code == 422, "no emergency without its reason"
    partners.post(EDIT, POLICY | {"based_on": 1, "renewal_grace_days": 44, "emergency": "The pack goes out tonight"})
    assert newest(northwind) == 2
    with tenant_context(northwind):
        registry_start(client=northwind, user=rita)
        Metric.objects.filter(key="nrr").update(feeds_pay=True)
    given = POLICY | {"based_on": 2, "renewal_grace_days": 10, "emergency": "Tonight again"}
    unpaid = partners.post(EDIT, given)
    assert (unpaid.status_code, newest(northwind)) == (422, 2), "what people are paid by moves in no emergency"
    assert "feeds quotas or pay: ask for a change" in unpaid.text and "Not even in an emergency" in unpaid.text
    with tenant_context(northwind):
        assert AuditEntry.objects.get(action="policy.emergency").details["reason"] == "The pack goes out tonight"
        assert Notice.objects.filter(user=finn, text__startswith="The ARR policy was changed past the board").exists()


def test_a_partner_changes_it_in_an_emergency_with_a_reason_that_finance_and_revops_are_mailed(
    signed: Client, finn: User, rita: User, person: Callable[..., User], signed_in: SignIn, mailbox: Mailbox
) -> None:
    partner = consultant(person, "fay", FirmRole.ADMIN, signed)
    browser, before = signed_in(partner), newest(signed)
    assert browser.post("/c/northwind/policy/change/", POLICY).status_code == 422, "no emergency without its reason"
    given = POLICY | {"emergency": "The board meets today", "renewal_grace_days": 0}
    assert browser.post("/c/northwind/policy/change/", given, follow=True).status_code == 200
    assert newest(signed) == before + 1
    with tenant_context(signed):
        entry = AuditEntry.objects.get(action="policy.emergency")
    assert entry.actor == partner.email and entry.details["reason"] == "The board meets today"
    notices_mail(client=signed, now=dt.datetime.now(dt.UTC) + dt.timedelta(seconds=1))
    told = {
        str(mail["To"]): str(mail["Subject"]) for mail in mailbox.mails if "ARR policy was changed" in mail["Subject"]
    }
    assert set(told) == {finn.email, rita.email} and "changed without its signatures" in told[finn.email]
    assert "The board meets today" in mailbox.text([str(mail["To"]) for mail in mailbox.mails].index(finn.email))


def test_the_command_line_says_what_it_does_to_a_signed_policy(signed: Client, tmp_path: Path) -> None:
    file = tmp_path / "policy.json"
    file.write_text(json.dumps(a_new_policy()["parameters"]))
    with pytest.raises(CommandError, match="say with --note why"):
        call_command("policy_set", str(file), client="northwind")
    said = io.StringIO()
    call_command("policy_set", str(file), client="northwind", note="Restore after an error", stderr=said)
    assert "WARNING: the policy was signed" in said.getvalue() and "changed without its signatures" in said.getvalue()
    with tenant_context(signed):
        assert AuditEntry.objects.get(action="policy.emergency").details["reason"] == "Restore after an error"
