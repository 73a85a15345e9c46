"""Handoffs: inside the firm, which the client never sees, and to the client."""

from functools import partial

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET, require_POST

from engagements.forms_closing import HandoffForm, NoteForm
from engagements.models import Engagement, Handoff, HandoffPoint, Side
from engagements.pages import base, reader_of
from engagements.selectors.handoffs import HandoffNow, handoff_list, handoffs_now
from engagements.services.handoffs import handoff_begin, handoff_point_set, handoff_step
from engagements.views.scope import carried_out, engagement_or_404, invalid, refused
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import JOIN_ENGAGEMENT, RUN_ENGAGEMENT, VIEW_ENGAGEMENT

PATH = "handoff/"
FIRMS_STEPS = ("offer", "take_back")
DONE = {"offer": "Offered.", "accept": "Accepted.", "return": "Returned.", "take_back": "Open again."}


@require_GET
@client_page(VIEW_ENGAGEMENT)
def handoffs(request: TenantRequest, engagement_id: int) -> HttpResponse:
    """What is handed over, by whom to whom, and what the engagement knows of itself."""
    found = engagement_or_404(request, engagement_id)
    context = base(request, found, PATH)
    rows = handoff_list(found, reader_of(request))
    is_firm = context["is_firm"] and found.is_open
    context |= {
        "handoffs": [(row, handoff_form(found, row, context["may_run"]), is_receiver(request, row)) for row in rows],
        "accepted": handoffs_now(found) if context["is_firm"] else None,
        "may_tick": is_firm,
    }
    return TemplateResponse(request, "engagements/handoffs.html", context)


def handoff_form(engagement: Engagement, now: HandoffNow, may_run: bool) -> HandoffForm | None:
    """The form that begins a handoff, or puts it into other hands."""
    if not may_run or (now.row is not None and now.row.state == "accepted"):
        return None
    people = {"giver": now.row.giver_id, "receiver": now.row.receiver_id} if now.row else {}
    return HandoffForm(engagement, now.side, **people)


def is_receiver(request: TenantRequest, now: HandoffNow) -> bool:
    """Whether the reader is who receives it."""
    return now.row is not None and now.row.receiver.user_id == request.user.pk


@require_POST
@client_page(RUN_ENGAGEMENT)
def handoff_new(request: TenantRequest, engagement_id: int) -> HttpResponse:
    """Begin a handoff, or put it into other hands."""
    found = engagement_or_404(request, engagement_id)
    side = Side.INTERNAL if request.POST.get("side") == Side.INTERNAL else Side.EXTERNAL
    form = HandoffForm(found, side, request.POST)
    if not form.is_valid():
        return invalid(request, found, form)
    change = partial(handoff_begin, engagement=found, **form.cleaned_data)
    return carried_out(request, found, change, "The handoff has begun.", PATH)


def handoff_or_404(request: TenantRequest, engagement: Engagement, handoff_id: int) -> Handoff:
    """A handoff that this reader may see."""
    rows = Handoff.objects.select_related("engagement__client", "receiver__user").filter(engagement=engagement)
    if not request.standing.is_firm_staff:
        rows = rows.filter(side=Side.EXTERNAL)
    return get_object_or_404(rows, pk=handoff_id)


@require_POST
@client_page(JOIN_ENGAGEMENT)
def handoff_point(request: TenantRequest, engagement_id: int, point_id: int) -> HttpResponse:
    """Tick a point; the firm's people, whoever of them gives it."""
    found = engagement_or_404(request, engagement_id)
    if not request.standing.is_firm_staff:
        raise Http404("No such point.")
    row = get_object_or_404(HandoffPoint.objects.select_related("handoff"), pk=point_id, engagement=found)
    is_done = request.POST.get("done") == "1"
    change = partial(handoff_point_set, point=row, is_done=is_done, user=request.user)
    return carried_out(request, found, change, "Ticked." if is_done else "Open again.", PATH)


@require_POST
@client_page(JOIN_ENGAGEMENT)
def handoff_move(request: TenantRequest, engagement_id: int, handoff_id: int, step: str) -> HttpResponse:
    """Offer it, accept it, return it, or open an accepted one again."""
    found = engagement_or_404(request, engagement_id)
    row = handoff_or_404(request, found, handoff_id)
    if step not in DONE or (step in FIRMS_STEPS and not request.standing.is_firm_staff):
        raise Http404("No such step.")
    form = NoteForm(request.POST)
    if not form.is_valid():
        return invalid(request, found, form)
    if step in ("accept", "return") and row.receiver.user_id != request.user.pk and found.is_open:
        return refused(request, found, f"only {row.receiver} accepts or returns it", 403)
    change = partial(handoff_step, handoff=row, step=step, user=request.user, note=form.cleaned_data["note"])
    return carried_out(request, found, change, DONE[step], PATH)
