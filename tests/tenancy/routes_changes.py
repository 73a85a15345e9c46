"""The access matrix of change requests."""

from typing import Any

from governance.services.changes import Wish, change_draft, change_submit
from portal.accounts.models import User
from portal.lib.periods import month_parse
from portal.tenancy.models import Client
from portal.tenancy.permissions import VIEW_CHANGES
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


def a_change(client: Client) -> dict[str, Any]:
    """A request that waits for triage."""
    request = change_draft(client=client, kind="policy", wish=GRACE, user=asker(client))
    return {"number": change_submit(request=request, version=request.version, user=asker(client)).number}


CHANGE_ROUTES = [
    Route("changes", VIEW_CHANGES, status=(200,)),
    Route("change", VIEW_CHANGES, "get", a_change, status=(200,)),
]
