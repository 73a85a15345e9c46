"""The access matrix of teams and territories: pages, and operations of the API."""

from typing import Any

from metrics.models import RepAssignment
from metrics.services.assignments import assignment_add
from portal.lib.periods import month_parse
from portal.tenancy.models import Client
from portal.tenancy.permissions import MANAGE_TEAMS, VIEW_ARR, VIEW_DATA
from tests.tenancy.api_matrix import ApiRoute
from tests.tenancy.matrix import Route

MIA = {"rep": "Mia", "kind": "team", "group": "Enterprise", "first": "2026-07"}
MIA_BY_PROGRAM = {"rep": "Mia", "kind": "team", "group": "Enterprise", "from": "2026-07"}
END = {"until": "2026-09"}


def an_assignment(client: Client) -> dict[str, Any]:
    """Mia is in the team Mid-market from January 2026 on."""
    if not RepAssignment.objects.exists():
        given: dict[str, Any] = {"rep": "Mia", "kind": "team", "group": "Mid-market"}
        assignment_add(client=client, first=month_parse("2026-01"), **given)
    return {"assignment_id": RepAssignment.objects.get().pk}


TEAM_ROUTES = [
    Route("teams", VIEW_DATA, status=(200,)),
    Route("team_assign", MANAGE_TEAMS, "post", data=MIA, status=(302,)),
    Route("team_assignment", MANAGE_TEAMS, "get", an_assignment, status=(200,)),
    Route("team_assignment_end", MANAGE_TEAMS, "post", an_assignment, data=END, status=(302,)),
    Route(
        "team_assignment_correct",
        MANAGE_TEAMS,
        "post",
        an_assignment,
        data={"group": "Enterprise", "first": "2026-02", "until": "", "reason": "A wrong list"},
        status=(302,),
    ),
    Route("team_assignment_withdraw", MANAGE_TEAMS, "post", an_assignment, data={"reason": "Never"}, status=(302,)),
    Route("team_bridge", VIEW_ARR, status=(200,)),
    Route("team_bridge_csv", VIEW_ARR, status=(200,)),
]
TEAM_API_ROUTES = [
    ApiRoute("api_assignments", VIEW_DATA),
    ApiRoute("api_assignments", MANAGE_TEAMS, "post", data=lambda: MIA_BY_PROGRAM, status=201),
    ApiRoute(
        "api_assignment_end", MANAGE_TEAMS, "post", an_assignment, names_object=True, data=lambda: {"until": "2026-09"}
    ),
    ApiRoute(
        "api_assignment_correct", MANAGE_TEAMS, "post", an_assignment, names_object=True, status=201,
        data=lambda: {"group": "Enterprise", "from": "2026-02", "reason": "A wrong list"},
    ),
    ApiRoute(
        "api_assignment_withdraw", MANAGE_TEAMS, "post", an_assignment, names_object=True,
        data=lambda: {"reason": "Never"},
    ),
    ApiRoute("api_team_bridge", VIEW_ARR, query={"kind": "territory"}),
]  # fmt: skip
