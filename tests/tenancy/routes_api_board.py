"""The operations of the API about the review board and its votes."""

from typing import Any

from governance.models import ChangeRequest
from governance.selectors.changes import change_get
from portal.accounts.models import User
from portal.tenancy.models import Client, ClientRole, Membership
from portal.tenancy.permissions import MANAGE_BOARD, VIEW_CHANGES, VOTE_CHANGES
from portal.tenancy.scope import tenant_context
from tests.governance.boards import shown_to
from tests.tenancy.api_matrix import ApiRoute
from tests.tenancy.routes_board import before_the_board, board_of

NEW = {"version": 1, "pay_period": 12, "rights": [{"functions": ["finance"], "yes_count": 1, "quorum": 2}]}


def for_an_admin(client: Client) -> dict[str, Any]:
    """A board whose table Finn may change, an admin for once."""
    Membership.objects.filter(user__email="finn@example.com").update(role=ClientRole.ADMIN)
    return board_of(client)


def a_vote() -> dict[str, Any]:
    """Finn's yes to exactly what is before the board of Northwind."""
    finn, client = User.objects.filter(email="finn@example.com").first(), Client.objects.get(slug="northwind")
    with tenant_context(client):
        request = ChangeRequest.objects.first()
        found = change_get(request.number) if request else None
        shown = (
            shown_to(found, finn).__dict__
            if found and finn
            else dict.fromkeys(("content_sha256", "preview_sha256", "statement"), "x")
        )
    return {"decision": "yes", **shown}


BOARD_API_ROUTES = [
    ApiRoute("api_board", VIEW_CHANGES, "get", board_of),
    ApiRoute("api_board", MANAGE_BOARD, "put", for_an_admin, data=lambda: dict(NEW), is_clients=True),
    ApiRoute("api_votes", VIEW_CHANGES, "get", before_the_board, names_object=True),
    ApiRoute(
        "api_votes", VOTE_CHANGES, "post", before_the_board, names_object=True, data=a_vote, status=201, is_clients=True
    ),
    ApiRoute("api_decision", VIEW_CHANGES, "get", before_the_board, names_object=True),
]
