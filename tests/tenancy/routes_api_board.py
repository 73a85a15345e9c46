"""The operations of the API about the review board and its votes."""

import datetime as dt
from typing import Any

from governance.models import ChangeRequest
from governance.selectors.changes import change_get
from portal.accounts.models import User
from portal.tenancy.models import Client, ClientRole, Membership
from portal.tenancy.permissions import MANAGE_BOARD, VIEW_CHANGES, VOTE_CHANGES
from portal.tenancy.scope import tenant_context
from tests.governance.boards import shown_to
from tests.tenancy.api_matrix import ApiRoute
from tests.tenancy.routes_board import (
    a_meeting,
    a_point,
    before_the_board,
    board_of,
    meetings_of,
    something_to_meet_about,
)

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


def a_lone_yes() -> dict[str, Any]:
    """Finn's approval alone of what is before the board."""
    found = a_vote()
    del found["decision"]
    return found | {"reason": "The board pack goes out tonight"}


def for_a_chair(client: Client) -> dict[str, Any]:
    """A request before a board of which Finn has the chair, an executive for once."""
    Membership.objects.filter(user__email="finn@example.com").update(role=ClientRole.EXECUTIVE)
    return before_the_board(client)


def a_meeting_planned() -> dict[str, Any]:
    return {"title": "Board", "at": f"{database_day() + dt.timedelta(days=20)}T09:00:00Z"}


def database_day() -> dt.date:
    return dt.datetime.now(dt.UTC).date()


def emergencies(client: Client) -> dict[str, Any]:
    """For the list."""
    board_of(client)
    return {}


def on_the_agenda(client: Client) -> dict[str, Any]:
    """Something that is before the board."""
    before_the_board(client)
    return {}


AT_A_MEETING: dict[str, Any] = {"names_object": True, "is_clients": True}

BOARD_API_ROUTES = [
    ApiRoute("api_board", VIEW_CHANGES, "get", board_of),
    ApiRoute("api_board", MANAGE_BOARD, "put", for_an_admin, data=lambda: dict(NEW), is_clients=True),
    ApiRoute("api_votes", VIEW_CHANGES, "get", before_the_board, names_object=True),
    ApiRoute(
        "api_votes", VOTE_CHANGES, "post", before_the_board, names_object=True, data=a_vote, status=201, is_clients=True
    ),
    ApiRoute("api_board_agenda", VIEW_CHANGES, "get", on_the_agenda),
    ApiRoute("api_emergencies", VIEW_CHANGES, "get", emergencies),
    ApiRoute("api_change_emergency", VOTE_CHANGES, "post", for_a_chair, data=a_lone_yes, status=201, **AT_A_MEETING),
    ApiRoute("api_meetings", VIEW_CHANGES, "get", meetings_of),
    ApiRoute(
        "api_meetings", VOTE_CHANGES, "post", something_to_meet_about, data=a_meeting_planned, status=201,
        is_clients=True,
    ),
    ApiRoute("api_meeting", VIEW_CHANGES, "get", a_meeting, names_object=True),
    ApiRoute("api_meeting_file", VIEW_CHANGES, "get", a_meeting, names_object=True),
    ApiRoute(
        "api_meeting_note", VOTE_CHANGES, "put", a_point, data=lambda: {"version": 1, "note": "Agreed"}, **AT_A_MEETING
    ),
    ApiRoute(
        "api_meeting_minutes", VOTE_CHANGES, "put", a_meeting, data=lambda: {"version": 1, "minutes": "All there"},
        **AT_A_MEETING,
    ),
    ApiRoute("api_meeting_close", VOTE_CHANGES, "post", a_meeting, data=lambda: {"version": 1}, **AT_A_MEETING),
    ApiRoute("api_meeting_cancel", VOTE_CHANGES, "post", a_meeting, data=lambda: {"version": 1}, **AT_A_MEETING),
    ApiRoute("api_decision", VIEW_CHANGES, "get", before_the_board, names_object=True),
]  # fmt: skip
