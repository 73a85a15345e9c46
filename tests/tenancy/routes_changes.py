"""The access matrix of change requests."""

from typing import Any

from django.utils import timezone

from governance.change_impact_customers import customers_keep
from governance.models import ChangeRequest
from governance.services.changes import Wish, change_draft, change_submit
from portal.accounts.models import User
from portal.lib.periods import month_parse
from portal.tenancy.models import Client, ClientRole
from portal.tenancy.permissions import REQUEST_CHANGES, TRIAGE_CHANGES, VIEW_ARR, VIEW_CHANGES
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import member_add
from tests.governance.boards import previewed
from tests.tenancy.matrix import Route

GRACE = Wish(
    title="Thirty days of grace for late renewals", content={"parameters": {"renewal_grace_days": 30}},
    rationale="Paperwork comes late and looks like churn.", from_month=month_parse("2030-01"),
)  # fmt: skip


def asker(client: Client) -> User:
    found: User = User.objects.get_or_create(email=f"wishes@{client.slug}.example")[0]
    return found


def a_draft(client: Client) -> dict[str, Any]:
    return {"number": change_draft(client=client, kind="policy", wish=GRACE, user=asker(client)).number}


def a_returned_change(client: Client) -> dict[str, Any]:
    """A request that was sent back, which anybody may write; a draft is its author's alone."""
    found = a_draft(client)
    ChangeRequest.objects.filter(**found).update(state="needs_changes", submitted_at=timezone.now())
    return found


def a_change(client: Client) -> dict[str, Any]:
    """A request that waits for triage."""
    request = change_draft(client=client, kind="policy", wish=GRACE, user=asker(client))
    return {"number": change_submit(request=request, version=request.version, user=asker(client)).number}


def another_change(client: Client) -> dict[str, Any]:
    """A request that waits for triage, whatever was asked for before."""
    request = change_draft(client=client, kind="policy", wish=GRACE, user=asker(client))
    submitted = change_submit(request=request, version=request.version, user=asker(client), is_not_same=True)
    return {"number": submitted.number}


def a_sent_change(client: Client) -> dict[str, Any]:
    """A request that is in triage."""
    found = another_change(client)
    ChangeRequest.objects.filter(number=found["number"]).update(state="triage")
    return found


def wish_form(client: Client) -> dict[str, Any]:
    """The form of the policy as it is filled in, with nothing but the grace changed."""
    return {
        "title": GRACE.title, "rationale": GRACE.rationale, "mode": "prospective", "from_month": "", "version": 1,
        "recognition": "start", "included_charge_types": ["recurring", "usage_minimum"], "minimum_term_months": 0,
        "overage": "exclude", "discounts": "net", "fx": "spot", "renewal_grace_days": 45, "reactivation_window_months": "",
        "customer_unit": "customer", "retention_fx": "constant",
    }  # fmt: skip


def taken(client: Client) -> dict[str, Any]:
    """The form with which somebody of the client takes the request in hand."""
    user, _ = User.objects.get_or_create(email="owner@example.com")
    with tenant_context(client):
        member_add(client=client, user=user, role=ClientRole.REVOPS)
    return {"version": 2, "owner": user.pk, "urgency": "soon"}


def a_change_of_customers(client: Client) -> dict[str, Any]:
    """A request whose impact moves a customer."""
    found = another_change(client)
    request = previewed(ChangeRequest.objects.select_related("client").get(**found))
    assert request.preview is not None
    customers_keep(request.preview, "customer,name\nK1,Acme\n")
    return found


CHANGE_ROUTES = [
    Route("changes", VIEW_CHANGES, status=(200,)),
    Route("changes_new", REQUEST_CHANGES, status=(200,)),
    Route(
        "change_new", REQUEST_CHANGES, "get", lambda client: {"kind": "policy"}, status=(200,), names_object=False
    ),
    Route(
        "change_new", REQUEST_CHANGES, "post", lambda client: {"kind": "policy"}, wish_form, (302,), names_object=False
    ),
    Route("changes_alike", REQUEST_CHANGES, "get", data={"kind": "policy"}, status=(200, 404)),
    Route("change", VIEW_CHANGES, "get", another_change, status=(200,)),
    Route("change_edit", REQUEST_CHANGES, "get", a_returned_change, status=(200,)),
    Route("change_edit", REQUEST_CHANGES, "post", a_returned_change, wish_form, (302,)),
    Route("change_submit", REQUEST_CHANGES, "post", a_returned_change, {"version": 1, "is_not_same": "on"}, (302,)),
    Route("change_withdraw", REQUEST_CHANGES, "post", another_change, {"reason": "Not now"}, (302,)),
    Route("change_join", REQUEST_CHANGES, "post", another_change, status=(302,)),
    Route("change_triage", TRIAGE_CHANGES, "post", another_change, taken, (302,)),
    Route("change_owner", TRIAGE_CHANGES, "post", a_sent_change, taken, (302,)),
    Route("change_step", TRIAGE_CHANGES, "post", a_sent_change, {"step": "ask_impact"}, (302,)),
    # the impact
    Route("change_impact_start", REQUEST_CHANGES, "post", another_change),
    Route("change_impact_progress", VIEW_CHANGES, "get", another_change, status=(200,)),
    Route("change_impact_customers", VIEW_ARR, "get", a_change_of_customers, status=(200,)),
]  # fmt: skip
