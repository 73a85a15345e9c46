"""Teams and territories: who belongs to which, and the bridge by them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.http import Http404
from rest_framework.exceptions import ValidationError

from metrics.api.examples import CORRECTION
from metrics.api.serializers import teams as shapes
from metrics.api.views.numbers import bounded, shown_marks
from metrics.disputed import disputed_of
from metrics.models import RepAssignment
from metrics.selectors.teams import assignment_get, assignments_list, team_bridge_get
from metrics.services.assignments import (
    AssignmentConflict,
    AssignmentProblem,
    assignment_add,
    assignment_correct,
    assignment_end,
    assignment_withdraw,
)
from portal.tenancy.api import Call, ClientAPIView, Operation
from portal.tenancy.permissions import MANAGE_TEAMS, VIEW_ARR, VIEW_DATA
from portal.tenancy.problems import Conflict


class TeamView(ClientAPIView):
    """An operation on teams and territories."""

    tag = "Teams and territories"


class AssignmentList(TeamView):
    operations = {
        "GET": Operation(
            "assignments_list",
            VIEW_DATA,
            shapes.AssignmentSerializer,
            parameters=shapes.AssignmentParameters,
            paged_by="id",
        ),
        "POST": Operation(
            "assignment_add",
            MANAGE_TEAMS,
            shapes.AssignmentSerializer,
            takes=shapes.AssignmentBody,
            status=201,
            may_fail=(409,),
        ),
    }

    def get(self, call: Call) -> Any:
        """Which team and territory each representative belongs to, from a month until a month, the oldest first."""
        return assignments_list(call.query.get("kind"), withdrawn=call.query["withdrawn"])

    def post(self, call: Call) -> Any:
        """Say what a representative belongs to from a month on.

        409 where another assignment of the kind has one of the months; with `moves`, the one that goes on ends there first.
        """
        with refused():
            return assignment_add(client=call.client, user=call.user, **call.body)


class AssignmentEnd(TeamView):
    operations = {
        "POST": Operation(
            "assignment_end",
            MANAGE_TEAMS,
            shapes.AssignmentSerializer,
            takes=shapes.AssignmentEndBody,
            may_fail=(409,),
        )
    }

    def post(self, call: Call, assignment_id: int) -> Any:
        """End an assignment that goes on. 409 where it has ended already, or was set aside."""
        row = assignment_or_404(assignment_id)
        with refused():
            return assignment_end(assignment=row, until=call.body["until"])


class AssignmentCorrect(TeamView):
    operations = {
        "POST": Operation(
            "assignment_correct", MANAGE_TEAMS, shapes.AssignmentSerializer, takes=shapes.AssignmentCorrectBody,
            status=201, may_fail=(409,), examples=(CORRECTION,),
        )
    }  # fmt: skip

    def post(self, call: Call, assignment_id: int) -> Any:
        """Put another assignment in the place of a wrong one, which stays readable with the reason. Answers the new one.

        409 where it was set aside already, or another assignment of the kind has one of the months.
        """
        row = assignment_or_404(assignment_id)
        with refused():
            return assignment_correct(assignment=row, user=call.user, **call.body)


class AssignmentWithdraw(TeamView):
    operations = {
        "POST": Operation(
            "assignment_withdraw", MANAGE_TEAMS, shapes.AssignmentSerializer, takes=shapes.AssignmentWithdrawBody,
            may_fail=(409,),
        )
    }  # fmt: skip

    def post(self, call: Call, assignment_id: int) -> Any:
        """Set aside an assignment that never held, with the reason. 409 where that was done already."""
        row = assignment_or_404(assignment_id)
        with refused():
            return assignment_withdraw(assignment=row, user=call.user, **call.body)


def assignment_or_404(assignment_id: int) -> RepAssignment:
    """The client's assignment."""
    found = assignment_get(assignment_id)
    if found is None:
        raise Http404
    return found


class TeamBridgeDetail(TeamView):
    operations = {
        "GET": Operation(
            "team_bridge_get", VIEW_ARR, shapes.TeamBridgeSerializer, parameters=shapes.TeamBridgeParameters
        )
    }

    def get(self, call: Call) -> Any:
        """The ARR bridge by team or territory: what moved with people from one to another stands apart from movements.

        Closed months are as they were reported by representative, split by the assignments that stand now. Every row ties to
        the cent, and all of a period add up to the bridge of all customers.
        """
        asked = call.query
        found = team_bridge_get(
            call.client, asked["kind"], asked["basis"], asked["first"], asked["last"], asked["grain"]
        )
        months = [each for row in found.totals for each in (row.period.first, row.period.last)]
        disputes = disputed_of(call.client, found.head, months)
        return bounded(vars(found) | shown_marks(found.marks, disputes), len(found.rows))


@contextmanager
def refused() -> Iterator[None]:
    """A refusal of the service as an answer: Conflict for what stands in the way, ValidationError for what makes no sense."""
    try:
        yield
    except AssignmentConflict as error:
        raise Conflict(str(error)) from error
    except AssignmentProblem as error:
        raise ValidationError(str(error)) from error
