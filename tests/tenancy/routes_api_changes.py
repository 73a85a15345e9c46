"""The operations of the API on change requests."""

from typing import Any

from governance.models import ChangeRequest
from governance.services.change_preview import preview_start
from governance.services.changes import change_draft
from portal.accounts.models import User
from portal.tenancy.models import Client
from portal.tenancy.permissions import REQUEST_CHANGES, TRIAGE_CHANGES, VIEW_ARR, VIEW_CHANGES
from tests.tenancy.api_matrix import ApiRoute
from tests.tenancy.routes_changes import GRACE, a_change_of_customers, a_returned_change, a_sent_change, another_change


def a_wish() -> dict[str, Any]:
    return {"kind": "policy", "title": "Grace", "content": {"parameters": {"renewal_grace_days": 45}}}


def written() -> dict[str, Any]:
    return {name: value for name, value in a_wish().items() if name != "kind"} | {"version": 1}


def handed_in() -> dict[str, Any]:
    return {"version": 1, "is_not_same": True}


def taken() -> dict[str, Any]:
    return {"version": 2, "taken_by": "ana@example.com", "urgency": "soon"}


def handed_on() -> dict[str, Any]:
    return {"version": 2, "taken_by": "ana@example.com"}


def asked() -> dict[str, Any]:
    return {"step": "send_back", "reason": "Which customers?"}


def a_change_of_ana(client: Client) -> dict[str, Any]:
    """A request of whoever has the rightful token."""
    ana, _ = User.objects.get_or_create(email="ana@example.com")
    return {"number": change_draft(client=client, kind="policy", wish=GRACE, user=ana).number}


def a_preview(client: Client) -> dict[str, Any]:
    """A request whose impact is under way."""
    found = another_change(client)
    preview_start(request=ChangeRequest.objects.get(**found), user=None)
    return found


CHANGE_API_ROUTES = [
    ApiRoute("api_changes", VIEW_CHANGES),
    ApiRoute("api_changes", REQUEST_CHANGES, "post", data=a_wish, status=201),
    ApiRoute("api_change", VIEW_CHANGES, "get", another_change, names_object=True),
    ApiRoute("api_change", REQUEST_CHANGES, "patch", a_returned_change, names_object=True, data=written),
    ApiRoute("api_change_submit", REQUEST_CHANGES, "post", a_returned_change, names_object=True, data=handed_in),
    ApiRoute("api_change_withdraw", REQUEST_CHANGES, "post", a_change_of_ana, names_object=True, data=dict),
    ApiRoute("api_change_join", REQUEST_CHANGES, "post", another_change, names_object=True, data=dict),
    ApiRoute("api_change_owner", TRIAGE_CHANGES, "put", a_sent_change, names_object=True, data=handed_on),
    ApiRoute("api_change_triage", TRIAGE_CHANGES, "post", another_change, names_object=True, data=taken),
    ApiRoute("api_changes_alike", REQUEST_CHANGES, query={"kind": "policy", "title": "Grace"}),
    ApiRoute("api_change_impact_customers", VIEW_ARR, "get", a_change_of_customers, names_object=True),
    ApiRoute("api_change_impact", VIEW_ARR, "get", a_preview, names_object=True),
    ApiRoute("api_change_impact", REQUEST_CHANGES, "post", another_change, names_object=True, status=202),
    ApiRoute("api_change_move", TRIAGE_CHANGES, "post", a_sent_change, names_object=True, data=asked),
]
