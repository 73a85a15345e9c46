"""How an engagement moves: steps from state to state, checklists, and gates."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET, require_POST

from engagements.forms_project import StepForm
from engagements.models import ChecklistPoint, Gate, GateCriterion, SubPhase
from engagements.pages import base, comments, phase_line, reader_of, signing_context
from engagements.selectors.gates import decisions_of, gate_now, next_gate, phase_list
from engagements.services.conversation import mentions_seen
from engagements.services.gates import criterion_say, gate_loop_back, gate_open, gate_override, gate_start_early
from engagements.services.moves import MOVABLE, row_move
from engagements.services.tasks import point_set
from engagements.views.scope import carried_out, engagement_or_404, invalid, refused
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.clock import day_now
from portal.tenancy.permissions import (
    JOIN_ENGAGEMENT,
    OVERRIDE_GATE,
    RUN_ENGAGEMENT,
    VIEW_ARR,
    VIEW_ENGAGEMENT,
)

OWN_STEPS = ("pause", "resume")  # what anybody who runs an engagement does with it; its end is decided elsewhere


@require_POST
@client_page(RUN_ENGAGEMENT)
def row_step(request: TenantRequest, engagement_id: int, about: str, row_id: int) -> HttpResponse:
    """Take a step with a task, document, meeting, risk, component, section, or the engagement itself."""
    found = engagement_or_404(request, engagement_id)
    kind = MOVABLE.get(about)
    if kind is None:
        raise Http404("No such thing.")
    if about == "engagement":
        row = found if row_id == found.pk else None
    else:
        row = kind.model.objects.filter(engagement=found, pk=row_id).first()
    if row is None:
        raise Http404("No such thing.")
    form = StepForm(request.POST)
    if not form.is_valid():
        return invalid(request, found, form)
    given = {name: form.cleaned_data[name] for name in ("step", "reason", "starts_at")}
    if about == "engagement" and given["step"] not in OWN_STEPS:
        return refused(request, found, "closing and opening again are decided on the page of the close", 409)
    change = partial(row_move, about=about, row=row, user=request.user, **given)
    return carried_out(request, found, change, "Done.", kind.path.format(row_id))


@require_GET
@client_page(VIEW_ENGAGEMENT)
def checklists(request: TenantRequest, engagement_id: int) -> HttpResponse:
    """The checklists of every sub-phase, by phase."""
    found = engagement_or_404(request, engagement_id)
    points: dict[int, list[ChecklistPoint]] = {}
    for point in ChecklistPoint.objects.filter(engagement=found).select_related("done_by").order_by("position"):
        points.setdefault(point.subphase_id, []).append(point)
    subs: dict[int, list[dict[str, Any]]] = {}
    for sub in SubPhase.objects.filter(engagement=found).order_by("position"):
        mine = points.get(sub.pk, [])
        done = sum(point.done_at is not None for point in mine)
        subs.setdefault(sub.phase_id, []).append({"sub": sub, "points": mine, "done": done})
    context = base(request, found, "checklists/")
    gate = next_gate(found)
    context |= {
        "line": phase_line(found, context["home"]),
        "phases": [(phase, subs.get(phase.pk, [])) for phase in phase_list(found)],
        "gate": gate,
        "unseen": gate_now(gate, day_now(request.client)).unseen if gate else [],
    }
    return TemplateResponse(request, "engagements/checklists.html", context)


@require_POST
@client_page(JOIN_ENGAGEMENT)
def point(request: TenantRequest, engagement_id: int, point_id: int) -> HttpResponse:
    """Tick a point: consultants any, the client's people what is theirs to do."""
    found = engagement_or_404(request, engagement_id)
    rows = ChecklistPoint.objects.select_related("subphase", "engagement__client").filter(engagement=found)
    if not request.standing.may(RUN_ENGAGEMENT):
        rows = rows.filter(is_clients=True)
    row = get_object_or_404(rows, pk=point_id)
    is_done = request.POST.get("done") == "1"
    change = partial(point_set, point=row, is_done=is_done, user=request.user)
    return carried_out(request, found, change, "Ticked." if is_done else "Open again.", "checklists/")


@require_GET
@client_page(VIEW_ENGAGEMENT)
def gate(request: TenantRequest, engagement_id: int, gate_id: int) -> HttpResponse:
    """A gate: what must hold, what shuts it now, and every decision about it."""
    found = engagement_or_404(request, engagement_id)
    row = gate_or_404(found, gate_id)
    mentions_seen(user=request.user, about="gate", about_id=row.pk)
    context = base(request, found, "checklists/")
    now, sees_figures = gate_now(row, day_now(request.client)), request.standing.may(VIEW_ARR)
    now = now if sees_figures else now.without_figures()
    context |= {
        "now": now,
        **signing_context(request, now),
        "line": phase_line(found, context["home"]),
        "decisions": decisions_of(row, sees_figures=sees_figures),
        **comments(found, "gate", row.pk, reader_of(request)),
    }
    return TemplateResponse(request, "engagements/gate.html", context)


def gate_or_404(engagement: Any, gate_id: int) -> Gate:
    """A gate of the engagement."""
    return get_object_or_404(
        Gate.objects.select_related("phase", "engagement__client"), pk=gate_id, engagement=engagement
    )


@require_POST
@client_page(RUN_ENGAGEMENT)
def criterion_confirm(request: TenantRequest, engagement_id: int, criterion_id: int) -> HttpResponse:
    """A consultant says that a criterion holds, or takes it back."""
    found = engagement_or_404(request, engagement_id)
    rows = GateCriterion.objects.select_related("gate__engagement__client", "gate__phase")
    row = get_object_or_404(rows, pk=criterion_id, engagement=found, kind="confirmed")
    holds, note = request.POST.get("holds") == "1", request.POST.get("note", "")
    change = partial(criterion_say, criterion=row, holds=holds, user=request.user, note=note)
    return carried_out(request, found, change, "Kept." if holds else "Taken back.", f"gates/{row.gate_id}/")


GATE_STEPS: dict[str, tuple[Callable[..., Any], bool]] = {
    "open": (gate_open, False),
    "back": (gate_loop_back, True),
    "early": (gate_start_early, False),
}
GATE_DONE = {
    "open": "The gate is open.",
    "back": "The gate is shut again.",
    "early": "The next phase has begun in part.",
}


@require_POST
@client_page(RUN_ENGAGEMENT)
def gate_step(request: TenantRequest, engagement_id: int, gate_id: int, step: str) -> HttpResponse:
    """Open a gate, loop it back with a reason, or begin the next phase in part."""
    found = engagement_or_404(request, engagement_id)
    row = gate_or_404(found, gate_id)
    if step not in GATE_STEPS:
        raise Http404("No such step.")
    service, takes_reason = GATE_STEPS[step]
    given = {"reason": request.POST.get("reason", "")} if takes_reason else {}
    change = partial(service, gate=row, user=request.user, **given)
    return carried_out(request, found, change, GATE_DONE[step], f"gates/{row.pk}/")


@require_POST
@client_page(OVERRIDE_GATE)
def gate_against(request: TenantRequest, engagement_id: int, gate_id: int) -> HttpResponse:
    """A partner opens a gate against its criteria; the reason and what did not hold are kept."""
    found = engagement_or_404(request, engagement_id)
    row = gate_or_404(found, gate_id)
    change = partial(gate_override, gate=row, reason=request.POST.get("reason", ""), user=request.user)
    return carried_out(request, found, change, "The gate is open, with its reason kept.", f"gates/{row.pk}/")
