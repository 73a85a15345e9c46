"""Engagements: their tasks, and their gates with what shuts them. Each reader gets what is theirs to see."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.http import Http404
from rest_framework.exceptions import ValidationError

from engagements.api import shapes
from engagements.models import Engagement, Gate, GateCriterion, Participant, Task
from engagements.selectors.gates import GateNow, gate_list, gate_now, phase_list
from engagements.selectors.projects import participant_list
from engagements.services.gates import criterion_say, gate_open
from engagements.services.moves import row_move
from engagements.services.problems import EngagementError, IllegalMove
from engagements.services.tasks import task_create, task_update
from portal.tenancy.api import Call, ClientAPIView, Operation
from portal.tenancy.api_paging import PageParameters
from portal.tenancy.clock import day_now
from portal.tenancy.permissions import RUN_ENGAGEMENT, VIEW_ARR, VIEW_ENGAGEMENT
from portal.tenancy.problems import Conflict


class EngagementView(ClientAPIView):
    """An operation on engagements."""

    tag = "Engagements"


@contextmanager
def told() -> Iterator[None]:
    """What a wish may be refused for: 409 where the state forbids it, else 400 with the reason."""
    try:
        yield
    except IllegalMove as error:
        raise Conflict(sentence(error)) from error
    except EngagementError as error:
        raise ValidationError(sentence(error)) from error


def sentence(error: Exception) -> str:
    """A refusal as a sentence."""
    text = str(error).rstrip(".")
    return f"{text[:1].upper()}{text[1:]}."


def engagement_or_404(engagement_id: int) -> Engagement:
    """The client's engagement of that id."""
    found: Engagement | None = Engagement.objects.select_related("client__firm").filter(pk=engagement_id).first()
    if found is None:
        raise Http404
    return found


def tasks_of(call: Call, engagement: Engagement) -> Any:
    """The tasks that the reader may see."""
    rows = Task.objects.filter(engagement=engagement).select_related("owner__user", "engagement__client")
    return rows if call.standing.is_firm_staff else rows.filter(is_client_visible=True)


def task_or_404(call: Call, engagement_id: int, task_id: int) -> Task:
    """A task of the engagement."""
    found: Task | None = tasks_of(call, engagement_or_404(engagement_id)).filter(pk=task_id).first()
    if found is None:
        raise Http404
    return found


class EngagementList(EngagementView):
    operations = {
        "GET": Operation(
            "engagements_list", VIEW_ENGAGEMENT, shapes.EngagementSerializer, parameters=PageParameters, paged_by="-id"
        )
    }

    def get(self, call: Call) -> Any:
        """The client's engagements, the newest first."""
        return Engagement.objects.all()


class EngagementDetail(EngagementView):
    operations = {"GET": Operation("engagement_get", VIEW_ENGAGEMENT, shapes.EngagementDetailSerializer)}

    def get(self, call: Call, engagement_id: int) -> Any:
        """One engagement with its phases and people."""
        found: Any = engagement_or_404(engagement_id)
        found.phases, found.people = phase_list(found), participant_list(found)
        return found


class TaskList(EngagementView):
    operations = {
        "GET": Operation(
            "tasks_list", VIEW_ENGAGEMENT, shapes.TaskSerializer, parameters=PageParameters, paged_by="id"
        ),
        "POST": Operation(
            "task_create", RUN_ENGAGEMENT, shapes.TaskSerializer, takes=shapes.TaskNewSerializer, status=201,
            may_fail=(409,),
        ),
    }  # fmt: skip

    def get(self, call: Call, engagement_id: int) -> Any:
        """The tasks of an engagement; the client's people see those that are shown to them, without hours."""
        return tasks_of(call, engagement_or_404(engagement_id))

    def post(self, call: Call, engagement_id: int) -> Any:
        """Add a task. 409 where the engagement is closed."""
        engagement = engagement_or_404(engagement_id)
        with told():
            return task_create(engagement=engagement, **plan_of(engagement, call.body))


def plan_of(engagement: Engagement, sent: dict[str, Any]) -> dict[str, Any]:
    """A plan with the owner's place on the engagement. EngagementError for somebody who is not on it."""
    plan = dict(sent)
    if "owner_email" in plan:
        mail = plan.pop("owner_email")
        people = Participant.objects.filter(engagement=engagement, user__email__iexact=mail or "")
        plan["owner"] = people.select_related("user").first()
        if mail and plan["owner"] is None:
            raise EngagementError(f"{mail} is not on this engagement")
    return plan


class TaskDetail(EngagementView):
    operations = {
        "PATCH": Operation(
            "task_change", RUN_ENGAGEMENT, shapes.TaskSerializer, takes=shapes.TaskPlanSerializer, may_fail=(409,)
        )
    }

    def patch(self, call: Call, engagement_id: int, task_id: int) -> Any:
        """Change the plan of a task. 409 where the engagement is closed."""
        row = task_or_404(call, engagement_id, task_id)
        with told():
            return task_update(task=row, changes=plan_of(row.engagement, call.body))


class TaskMove(EngagementView):
    operations = {
        "POST": Operation(
            "task_move", RUN_ENGAGEMENT, shapes.TaskSerializer, takes=shapes.TaskMoveSerializer, may_fail=(409,)
        )
    }

    def post(self, call: Call, engagement_id: int, task_id: int) -> Any:
        """Take a step: start, block, finish. 409 where the state has no such step, or something has to come first."""
        row = task_or_404(call, engagement_id, task_id)
        with told():
            return row_move(about="task", row=row, user=call.user, **call.body)


class GateList(EngagementView):
    operations = {"GET": Operation("gates_list", VIEW_ENGAGEMENT, shapes.GatesSerializer)}

    def get(self, call: Call, engagement_id: int) -> Any:
        """The gates, each with its criteria, whether they hold, and what shuts it."""
        return {"results": [now_of(call, gate) for gate in gate_list(engagement_or_404(engagement_id))]}


class GateOpen(EngagementView):
    operations = {"POST": Operation("gate_open", RUN_ENGAGEMENT, shapes.GateSerializer, may_fail=(409,))}

    def post(self, call: Call, engagement_id: int, gate_id: int) -> Any:
        """Open a gate whose criteria all hold; 409 with what shuts it.

        Against its criteria only a partner opens a gate, on its page.
        """
        rows = Gate.objects.select_related("phase", "engagement__client")
        gate = rows.filter(engagement=engagement_or_404(engagement_id), pk=gate_id).first()
        if gate is None:
            raise Http404
        with told():
            return now_of(call, gate_open(gate=gate, user=call.user))


class CriterionConfirm(EngagementView):
    operations = {
        "POST": Operation(
            "criterion_confirm", RUN_ENGAGEMENT, shapes.GateSerializer, takes=shapes.CriterionSaySerializer,
            may_fail=(409,),
        )
    }  # fmt: skip

    def post(self, call: Call, engagement_id: int, criterion_id: int) -> Any:
        """Say that a criterion holds, or take that back; 409 where its gate is open.

        What is signed, people sign on its page.
        """
        rows = GateCriterion.objects.select_related("gate__engagement__client", "gate__phase")
        row = rows.filter(engagement=engagement_or_404(engagement_id), pk=criterion_id, kind="confirmed").first()
        if row is None:
            raise Http404
        with told():
            criterion_say(criterion=row, user=call.user, **call.body)
        return now_of(call, row.gate)


def now_of(call: Call, gate: Gate) -> GateNow:
    """A gate as it stands, without figures for whoever may not see them."""
    now = gate_now(gate, day_now(call.client))
    return now if call.may(VIEW_ARR) else now.without_figures()
