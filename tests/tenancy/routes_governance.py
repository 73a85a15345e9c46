"""The access matrix of the definitions."""

from typing import Any

from governance.models import DefinitionItem
from governance.services.items import definitions_start, item_confirm
from portal.tenancy.models import Client
from portal.tenancy.permissions import EDIT_POLICY, VIEW_POLICY
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
]
