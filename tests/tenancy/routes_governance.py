"""The access matrix of the definitions."""

from typing import Any

from governance.models import DefinitionItem, Respondent
from governance.services.documents import document_create
from governance.services.items import definitions_start, item_confirm
from governance.services.respondents import respondent_add
from portal.tenancy.models import Client, ClientRole
from portal.tenancy.permissions import ANSWER_DEFINITIONS, EDIT_POLICY, VIEW_POLICY
from portal.tenancy.scope import tenant_context
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
]
