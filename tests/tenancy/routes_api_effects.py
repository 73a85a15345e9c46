"""The operations of the API about changes that take effect, and about restatements."""

from typing import Any

from governance.models import ChangeReceipt, ChangeRequest
from portal.accounts.models import User
from portal.tenancy.clock import database_time
from portal.tenancy.models import Client
from portal.tenancy.permissions import TRIAGE_CHANGES, VIEW_ARR, VIEW_CHANGES, VOTE_CHANGES
from tests.tenancy.api_matrix import ApiRoute
from tests.tenancy.routes_effects import (
    a_blocked_change,
    a_failed_change,
    a_scheduled_change,
    an_approved_change,
    months,
)
from tests.tenancy.routes_oversight import rupert


def to_read(client: Client) -> dict[str, Any]:
    """A change that Ana and Rupert have to know of."""
    found = a_scheduled_change(client)
    request = ChangeRequest.objects.get(number=found["number"])
    for user in (rupert(client), User.objects.filter(email="ana@example.com").first()):
        if user is not None:
            ChangeReceipt.objects.get_or_create(
                client=client,
                request=request,
                user=user,
                defaults={"reason": "Asked for it", "told_at": database_time()},
            )
    return found


def receipts(client: Client) -> dict[str, Any]:
    """For the list."""
    to_read(client)
    return {}


EFFECT_API_ROUTES = [
    ApiRoute(
        "api_change_effect_accept", VOTE_CHANGES, "post", a_blocked_change, names_object=True, is_clients=True,
        data=lambda: {"amount": "1250.00"},
    ),
    ApiRoute("api_change_effect_retry", TRIAGE_CHANGES, "post", a_failed_change, names_object=True),
    ApiRoute("api_change_read", VIEW_CHANGES, "post", to_read, names_object=True),
    ApiRoute("api_receipts", VIEW_CHANGES, "get", receipts),
    ApiRoute("api_change_schedule", TRIAGE_CHANGES, "post", an_approved_change, names_object=True, status=201),
    ApiRoute("api_change_effect", VIEW_ARR, "get", a_scheduled_change, names_object=True),
    ApiRoute("api_restatements", VIEW_ARR, "get", months),
]  # fmt: skip
