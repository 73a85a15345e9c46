"""The access matrix of the definitions."""

import datetime as dt
from typing import Any

from governance.models import DefinitionItem, PolicyDocument, Respondent, Signer
from governance.services.documents import document_create
from governance.services.items import definitions_start, item_confirm
from governance.services.respondents import respondent_add
from governance.services.signing import document_sign, intent_text
from governance.services.signoff import signoff_request
from portal.accounts.models import User
from portal.accounts.proofs import Place, Proof
from portal.tenancy.models import Client, ClientRole
from portal.tenancy.permissions import ANSWER_DEFINITIONS, EDIT_POLICY, VIEW_POLICY
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import member_add
from tests.tenancy.matrix import Route

KEY = "late-renewals"


def an_item(client: Client) -> dict[str, Any]:
    if not DefinitionItem.objects.exists():
        definitions_start(client=client)
    return {"key": KEY}


def a_confirmed_item(client: Client) -> dict[str, Any]:
    an_item(client)
    item_confirm(item=DefinitionItem.objects.get(key=KEY), version=1, by="Finn", meeting="Kickoff")
    return {"key": KEY}


def a_respondent(client: Client) -> dict[str, Any]:
    an_item(client)
    row: Respondent = respondent_add(client=client, email="sam@example.com", function="sales", may_invite=True)
    return {"respondent_id": row.pk}


def sam(client: Client, function: str) -> Respondent:
    """A stakeholder who has agreed to be one, and answers for a function."""
    user, _ = User.objects.get_or_create(email="sam@example.com")
    member_add(client=client, user=user, role=ClientRole.STAKEHOLDER)
    return respondent_add(client=client, email="sam@example.com", function=function)


def a_yes(client: Client) -> dict[str, Any]:
    """What the page of the question sends back."""
    with tenant_context(client):
        an_item(client)
        return {"verdict": "yes", "sha256": DefinitionItem.objects.get(key=KEY).sha256}


def a_meeting(client: Client) -> dict[str, Any]:
    """The form of the next version, of a client whose definitions are started."""
    with tenant_context(client):
        an_item(client)
    return {"meeting": "Kickoff"}


def a_document(client: Client) -> dict[str, Any]:
    an_item(client)
    return {"number": document_create(client=client, meeting="Kickoff").number}


def two_documents(client: Client) -> dict[str, Any]:
    before = a_document(client)["number"]
    a_confirmed_item(client)
    return {"before": before, "after": document_create(client=client).number}


def a_final_document(client: Client) -> dict[str, Any]:
    an_item(client)
    for item in DefinitionItem.objects.filter(is_critical=True):
        item_confirm(item=item, version=item.version, by="Finn", meeting="Review")
    return {"number": document_create(client=client, is_final=True).number}


def a_request(client: Client) -> dict[str, Any]:
    """The form that asks one person to sign."""
    with tenant_context(client):
        row = sam(client, "sales")
    return {"signers": [row.pk], "mode": "all"}


def a_signoff(client: Client) -> dict[str, Any]:
    """A person in the role of the test's rightful one is asked to sign, or else somebody who is made for it."""
    found = a_final_document(client)
    row = Respondent.objects.filter(function="finance").select_related("user").first()
    if row is None:
        row = sam(client, "finance")
    requester, _ = User.objects.get_or_create(email=f"asker@{client.slug}.example")
    document = PolicyDocument.objects.get()
    signoff_request(client=client, document=document, signers=[(row.user, "finance")], user=requester)
    return found


def a_signer(client: Client) -> dict[str, Any]:
    a_signoff(client)
    return {"signer_id": Signer.objects.get().pk}


def as_shown(client: Client) -> dict[str, Any]:
    """What the page that is signed sends back."""
    with tenant_context(client):
        signer = Signer.objects.select_related("user", "signoff__document").first()
        return {"sha256": signer.signoff.document.sha256, "intent": intent_text(signer)} if signer else {}


def a_signed_document(client: Client) -> dict[str, Any]:
    found = a_signoff(client)
    signer = Signer.objects.select_related("user", "signoff__document").get()
    document_sign(
        client=client, signer=signer, sha256=signer.signoff.document.sha256, intent=intent_text(signer),
        proof=Proof("password", dt.datetime.now(dt.UTC)), place=Place("", ""),
    )  # fmt: skip
    return found


CHANGED = {
    "version": 1, "title": "Late renewals", "question": "When is it churn?", "definition": "Grace.", "value": "45",
    "functions": ["finance"], "note": "Longer",
}  # fmt: skip

GOVERNANCE_ROUTES = [
    Route("definitions", VIEW_POLICY, status=(200,)),
    Route("definitions_start", EDIT_POLICY, "post", status=(302,)),
    Route("definition", VIEW_POLICY, "get", an_item, status=(200,)),
    Route("definition_edit", EDIT_POLICY, "get", an_item, status=(200,)),
    Route("definition_edit", EDIT_POLICY, "post", an_item, CHANGED, status=(302,)),
    Route(
        "definition_confirm", EDIT_POLICY, "post", an_item, {"version": 1, "by": "Finn", "meeting": "M"}, status=(302,)
    ),
    Route("definition_open", EDIT_POLICY, "post", a_confirmed_item, {"version": 2, "note": "Why"}, status=(302,)),
    Route("answering", ANSWER_DEFINITIONS, status=(200,), rightful=ClientRole.FINANCE),
    Route("answered", ANSWER_DEFINITIONS, status=(200,), rightful=ClientRole.FINANCE),
    Route("answer", ANSWER_DEFINITIONS, "get", an_item, status=(200,), rightful=ClientRole.FINANCE),
    Route("answer", ANSWER_DEFINITIONS, "post", an_item, a_yes, status=(302,), rightful=ClientRole.FINANCE),
    Route("respondents", EDIT_POLICY, status=(200,)),
    Route("respondent_add", EDIT_POLICY, "post", data={"email": "s@example.com", "function": "sales"}, status=(302,)),
    Route("respondent_ask", EDIT_POLICY, "post", a_respondent, status=(302,)),
    Route("respondent_end", EDIT_POLICY, "post", a_respondent, status=(302,)),
    Route("documents", VIEW_POLICY, status=(200,)),
    Route("document_new", EDIT_POLICY, "post", data=a_meeting, status=(302,)),
    Route("document", VIEW_POLICY, "get", a_document, status=(200,)),
    Route("document_pdf", VIEW_POLICY, "get", a_document, status=(200,)),
    Route("document_json", VIEW_POLICY, "get", a_document, status=(200,)),
    Route("document_compare", VIEW_POLICY, "get", two_documents, status=(200,)),
    Route("signoff", VIEW_POLICY, "get", a_final_document, status=(200,)),
    Route("signoff_new", EDIT_POLICY, "post", a_final_document, a_request, status=(302,)),
    Route("signoff_withdraw", EDIT_POLICY, "post", a_signoff, status=(302,)),
    Route("signoff_publish", EDIT_POLICY, "post", a_signed_document, {"from_month": "2026-11", "mode": "prospective"}),
    Route("certificate_json", VIEW_POLICY, "get", a_signed_document, status=(200,)),
    Route("certificate_pdf", VIEW_POLICY, "get", a_signed_document, status=(200,)),
    Route("certificate_script", VIEW_POLICY, "get", status=(200,)),
    Route("signing", ANSWER_DEFINITIONS, "get", a_signer, status=(200,), rightful=ClientRole.FINANCE),
    Route("signing_code", ANSWER_DEFINITIONS, "post", a_signer, status=(302,), rightful=ClientRole.FINANCE),
    Route("signing_sign", ANSWER_DEFINITIONS, "post", a_signer, as_shown, status=(302,), rightful=ClientRole.FINANCE),
    Route(
        "signing_decline", ANSWER_DEFINITIONS, "post", a_signer, {"reason": "No"}, (302,), rightful=ClientRole.FINANCE
    ),
]
