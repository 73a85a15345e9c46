"""Maintenance, hypercare and reasons to engage again."""

from collections.abc import Callable
from functools import partial

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from engagements.forms_maintenance import BeginForm, GateDayForm, OfficeHoursForm, ResultForm, SayForm
from engagements.maintenance_page import check_context, maintenance_context
from engagements.models import Engagement, MaintenanceCheck, RefinementTrigger
from engagements.selectors.maintenance import local_day
from engagements.services.gates import gate_plan
from engagements.services.hypercare import office_hours_set
from engagements.services.maintenance import check_compute, check_step, maintenance_begin, maintenance_end
from engagements.services.problems import EngagementError, FileNotKept, IllegalMove
from engagements.services.triggers import trigger_settle
from engagements.services.upkeep import look_asked
from engagements.views.process import gate_or_404
from engagements.views.scope import back_to, carried_out, engagement_or_404, invalid, refused, sentence
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import RECONCILE, RUN_ENGAGEMENT, VIEW_ENGAGEMENT

HOME = "maintenance/"


@require_GET
@client_page(VIEW_ENGAGEMENT)
def maintenance(request: TenantRequest, engagement_id: int) -> HttpResponse:
    """The schedule by month, hypercare, and reasons to engage again."""
    found = engagement_or_404(request, engagement_id)
    context = maintenance_context(request, found, local_day(found, timezone.now()))
    return TemplateResponse(request, "engagements/maintenance.html", context)


@require_POST
@client_page(RUN_ENGAGEMENT)
def maintenance_start(request: TenantRequest, engagement_id: int) -> HttpResponse:
    """Let the schedule run from a day on."""
    found = engagement_or_404(request, engagement_id)
    form = BeginForm(request.POST)
    if not form.is_valid():
        return invalid(request, found, form)
    change = partial(maintenance_begin, engagement=found, begins_on=form.cleaned_data["begins_on"])
    return carried_out(request, found, change, "The schedule runs.", HOME)


@require_POST
@client_page(RUN_ENGAGEMENT)
def maintenance_stop(request: TenantRequest, engagement_id: int) -> HttpResponse:
    """End the schedule, with the reason."""
    found = engagement_or_404(request, engagement_id)
    change = partial(maintenance_end, engagement=found, reason=request.POST.get("reason", "")[:1000])
    return carried_out(request, found, change, "The schedule has ended; its results stay.", HOME)


@require_POST
@client_page(RUN_ENGAGEMENT)
def maintenance_look(request: TenantRequest, engagement_id: int) -> HttpResponse:
    """Do now what the system does every morning."""
    found = engagement_or_404(request, engagement_id)
    change = partial(look_asked, engagement=found, now=timezone.now())
    return carried_out(request, found, change, "Looked at everything.", HOME)


def check_or_404(engagement: Engagement, check_id: int) -> MaintenanceCheck:
    """A check of the engagement."""
    rows = MaintenanceCheck.objects.select_related("engagement__client", "decided_by", "solved_by")
    return get_object_or_404(rows, pk=check_id, engagement=engagement)


@require_GET
@client_page(VIEW_ENGAGEMENT)
def check(request: TenantRequest, engagement_id: int, check_id: int) -> HttpResponse:
    """A check: what to look at, what was computed, and what came out."""
    found = engagement_or_404(request, engagement_id)
    return check_page(request, found, check_or_404(found, check_id), ResultForm())


def check_page(request: TenantRequest, found: Engagement, row: MaintenanceCheck, form: ResultForm) -> HttpResponse:
    """The page of a check with a form, which keeps what was written and says what is missing."""
    context = check_context(request, found, row, local_day(found, timezone.now()), form)
    status = 422 if form.errors else 200
    return TemplateResponse(request, "engagements/maintenance_check.html", context, status=status)


@require_POST
@client_page(RECONCILE)
def check_result(request: TenantRequest, engagement_id: int, check_id: int) -> HttpResponse:
    """Say what came out of a check."""
    found = engagement_or_404(request, engagement_id)
    row = check_or_404(found, check_id)
    form = ResultForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            check_step(check=row, user=request.user, **form.cleaned_data)
        except IllegalMove as error:
            return refused(request, found, str(error), 409)
        except EngagementError as error:
            form.add_error("upload" if isinstance(error, FileNotKept) else "note", sentence(error))
        else:
            messages.success(request, "The result is kept.")
            return redirect(back_to(request, found, f"{HOME}{row.pk}/"))
    return check_page(request, found, row, form)


CHECK_STEPS: dict[str, str] = {"solve": "The red flag is solved.", "reopen": "The check is open again."}


@require_POST
@client_page(RECONCILE)
def check_move(request: TenantRequest, engagement_id: int, check_id: int, step: str) -> HttpResponse:
    """Solve a red flag, open a check again, or compute it anew."""
    found = engagement_or_404(request, engagement_id)
    row = check_or_404(found, check_id)
    form = SayForm(request.POST)
    if not form.is_valid():
        return invalid(request, found, form)
    change: Callable[[], object]
    if step == "compute":
        change, done = partial(check_compute, check=row), "Computed again."
    elif step in CHECK_STEPS:
        note = form.cleaned_data["note"]
        change, done = partial(check_step, check=row, step=step, user=request.user, note=note), CHECK_STEPS[step]
    else:
        raise Http404("No such step.")
    return carried_out(request, found, change, done, f"{HOME}{row.pk}/")


@require_POST
@client_page(RUN_ENGAGEMENT)
def trigger_end(request: TenantRequest, engagement_id: int, trigger_id: int) -> HttpResponse:
    """Settle a reason to engage again."""
    found = engagement_or_404(request, engagement_id)
    rows = RefinementTrigger.objects.select_related("engagement__client")
    row = get_object_or_404(rows, pk=trigger_id, engagement=found)
    change = partial(trigger_settle, trigger=row, reason=request.POST.get("reason", "")[:1000], user=request.user)
    return carried_out(request, found, change, "Settled.", f"{HOME}#triggers")


@require_POST
@client_page(RUN_ENGAGEMENT)
def office_hours(request: TenantRequest, engagement_id: int) -> HttpResponse:
    """Give the office hours a weekday and a time."""
    found = engagement_or_404(request, engagement_id)
    form = OfficeHoursForm(request.POST)
    if not form.is_valid():
        return invalid(request, found, form)
    change = partial(office_hours_set, engagement=found, **form.cleaned_data)
    return carried_out(request, found, change, "The office hours are scheduled.", HOME)


@require_POST
@client_page(RUN_ENGAGEMENT)
def gate_day(request: TenantRequest, engagement_id: int, gate_id: int) -> HttpResponse:
    """Say by which day a gate is meant to open."""
    found = engagement_or_404(request, engagement_id)
    row = gate_or_404(found, gate_id)
    form = GateDayForm(request.POST)
    if not form.is_valid():
        return invalid(request, found, form)
    change = partial(gate_plan, gate=row, planned_on=form.cleaned_data["planned_on"])
    return carried_out(request, found, change, "Kept.", f"gates/{row.pk}/")
