"""The access matrix of the review board, its votes and its meetings."""

import datetime as dt
from typing import Any

from django.utils import timezone

from governance.models import Board, BoardMeeting, BoardMember, ChangeRequest
from governance.selectors.changes import change_get
from governance.services.board import board_start
from governance.services.board_meetings import meeting_plan
from portal.accounts.models import User
from portal.tenancy.clock import database_time
from portal.tenancy.models import Client, ClientRole
from portal.tenancy.permissions import MANAGE_BOARD, VIEW_CHANGES, VOTE_CHANGES
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import member_add
from tests.governance.boards import in_review, shown_to, version
from tests.tenancy.matrix import Route
from tests.tenancy.routes_changes import asker


def board_of(client: Client) -> dict[str, Any]:
    """A board of whoever is there, with somebody of Finance who is not the client's admin."""
    if not Board.objects.exists():
        sam, _ = User.objects.get_or_create(email=f"sam@{client.slug}.example")
        member_add(client=client, user=sam, role=ClientRole.FINANCE)
        board_start(client=client, user=None)
    return {}


def a_seat(client: Client) -> dict[str, Any]:
    """Somebody who sits on the board, and does not have the chair."""
    board_of(client)
    return {"user_id": BoardMember.objects.filter(is_chair=False).first().user_id}  # type: ignore[union-attr]


def before_the_board(client: Client) -> dict[str, Any]:
    """A request that waits for votes."""
    board_of(client)
    return {"number": in_review(client, by=asker(client)).number}


def for_the_admin(client: Client) -> dict[str, Any]:
    """The same, where an admin decides alone, because there is no chair."""
    found = before_the_board(client)
    BoardMember.objects.update(is_chair=False)
    return found


def something_to_meet_about(client: Client) -> dict[str, Any]:
    """For the form that plans a meeting."""
    before_the_board(client)
    return {}


def meetings_of(client: Client) -> dict[str, Any]:
    """For the page that lists them."""
    a_meeting(client)
    return {}


def a_plan(client: Client) -> dict[str, Any]:
    return {"title": "Board", "at": f"{timezone.localdate() + dt.timedelta(days=5)}T09:00"}


def a_meeting(client: Client) -> dict[str, Any]:
    before_the_board(client)
    return {"meeting_id": meeting_plan(client=client, title="Board", at=database_time(), user=None).pk}


def a_point(client: Client) -> dict[str, Any]:
    """A meeting and a request of its agenda."""
    return a_meeting(client) | {"number": ChangeRequest.objects.get().number}


def seen(client: Client) -> dict[str, Any]:
    """The version of the board."""
    with tenant_context(client):
        return {"version": version()} if Board.objects.exists() else {}


def a_new_seat(client: Client) -> dict[str, Any]:
    """The form that gives one of the client's people a seat."""
    user, _ = User.objects.get_or_create(email="seat@example.com")
    with tenant_context(client):
        board_of(client)
        member_add(client=client, user=user, role=ClientRole.SALES)
    return {"person": user.pk, "function": "sales"} | seen(client)


def a_table(client: Client) -> dict[str, Any]:
    """The table of decision rights with one row alone."""
    with tenant_context(client):
        board_of(client)
    row = {"rights-0-functions": ["finance"], "rights-0-yes_count": 1, "rights-0-quorum": 1}
    forms = {"rights-TOTAL_FORMS": 1, "rights-INITIAL_FORMS": 0}
    return {**row, **forms, "pay_period": 3} | seen(client)


def a_yes(client: Client) -> dict[str, Any]:
    """What the page sends for the person who may vote; nothing right for anybody else."""
    with tenant_context(client):
        request, user = ChangeRequest.objects.first(), User.objects.filter(email="rightful@example.com").first()
        found = change_get(request.number) if request else None
        shown = shown_to(found, user).__dict__ if found and user else {}
    return {"decision": "yes", "reason": "Tonight", **shown}


def noted(client: Client) -> dict[str, Any]:
    with tenant_context(client):
        meeting = BoardMeeting.objects.first()
    return {"version": meeting.version if meeting else 1, "note": "Agreed", "minutes": "All there"}


FINANCE: dict[str, Any] = {"rightful": ClientRole.FINANCE}
ADMIN: dict[str, Any] = {"rightful": ClientRole.ADMIN}
BOARD_ROUTES = [
    Route("board", VIEW_CHANGES, "get", board_of, status=(200,), names_object=False),
    Route("board_start", MANAGE_BOARD, "post", status=(302,), **ADMIN),
    Route("board_seat", MANAGE_BOARD, "post", board_of, a_new_seat, (302,), names_object=False, **ADMIN),
    Route("board_seat_end", MANAGE_BOARD, "post", a_seat, seen, (302,), **ADMIN),
    Route("board_chair", MANAGE_BOARD, "post", a_seat, seen, (302,), **ADMIN),
    Route("board_rights", MANAGE_BOARD, "get", board_of, status=(200,), names_object=False, **ADMIN),
    Route("board_rights", MANAGE_BOARD, "post", board_of, a_table, (302,), names_object=False, **ADMIN),
    Route("change_vote", VOTE_CHANGES, "post", before_the_board, a_yes, (302,), **FINANCE),
    Route("change_emergency", VOTE_CHANGES, "post", for_the_admin, a_yes, (302,), **ADMIN),
    Route("board_meetings", VIEW_CHANGES, "get", meetings_of, status=(200,), names_object=False),
    Route("board_meeting_new", VOTE_CHANGES, "post", something_to_meet_about,
          a_plan, (302,), names_object=False, **FINANCE),
    Route("board_meeting", VIEW_CHANGES, "get", a_meeting, status=(200,)),
    Route("board_meeting_step", VIEW_CHANGES, "get", a_point, status=(200,)),
    Route("board_meeting_note", VOTE_CHANGES, "post", a_point, noted, (302,), **FINANCE),
    Route("board_meeting_minutes", VOTE_CHANGES, "post", a_meeting, noted, (302,), **FINANCE),
    Route("board_meeting_close", VOTE_CHANGES, "post", a_meeting, noted, (302,), **FINANCE),
    Route("board_meeting_cancel", VOTE_CHANGES, "post", a_meeting, noted, (302,), **FINANCE),
    Route("board_minutes_pdf", VIEW_CHANGES, "get", a_meeting, status=(200,)),
]  # fmt: skip
