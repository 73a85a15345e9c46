"""After the end: check-ins, surveys and access that is still to be removed. The engagement itself stays as it was archived."""

from functools import partial
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from engagements import states
from engagements.forms_closing import CheckInForm, HoldForm
from engagements.models import CheckIn, Engagement, Survey
from engagements.pages import base, step_list
from engagements.selectors.access import ENDED, access_list, plan_of
from engagements.selectors.check_ins import check_in_list, figures_at, survey_list, survey_results
from engagements.services.access import access_confirm, access_step
from engagements.services.check_ins import STEPS, check_in_change, check_in_hold, check_in_step, preparation_set
from engagements.views.access import access_or_404
from engagements.views.scope import carried_out, engagement_or_404, invalid, refused
from portal.accounts.services.usage import uses_write
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.clock import day_now
from portal.tenancy.permissions import (
    CONFIRM_ACCESS,
    JOIN_ENGAGEMENT,
    RUN_ENGAGEMENT,
    VIEW_ADOPTION,
    VIEW_ARR,
    VIEW_ENGAGEMENT,
)


def after_base(request: TenantRequest, engagement: Engagement) -> dict[str, Any]:
    """What every page after the end knows."""
    return base(request, engagement, "report/") | {
        "may_follow": request.standing.may(RUN_ENGAGEMENT),
        "may_see_adoption": request.standing.may(VIEW_ADOPTION),
    }


@require_GET
@client_page(VIEW_ENGAGEMENT)
def after(request: TenantRequest, engagement_id: int) -> HttpResponse:
    """What follows: the check-ins with their days, the surveys, and access that is still open."""
    found = engagement_or_404(request, engagement_id)
    today = day_now(request.client)
    surveys = [(row, survey_results(row, is_firm_staff=request.standing.is_firm_staff)) for row in survey_list(found)]
    noted = access_list(found)
    open_access = [row for row in noted if row.state not in ENDED or row.confirmed_at is None]
    context = after_base(request, found) | {
        "check_ins": [(row, row.due_on < today) for row in check_in_list(found)],
        "surveys": surveys,
        "plan": plan_of(found),
        "open_access": [row for row in open_access if row.state not in ("requested", "withdrawn")],
        "is_access_noted": any(row.state != "withdrawn" for row in noted),
        "may_end_access": request.standing.may(RUN_ENGAGEMENT) or request.standing.may(CONFIRM_ACCESS),
    }
    return TemplateResponse(request, "engagements/after.html", context)


def check_in_or_404(engagement: Engagement, check_in_id: int) -> CheckIn:
    """A check-in of the engagement."""
    rows = CheckIn.objects.select_related("engagement__client", "owner__user", "held_by")
    return get_object_or_404(rows, pk=check_in_id, engagement=engagement)


@require_GET
@client_page(VIEW_ENGAGEMENT)
def check_in(request: TenantRequest, engagement_id: int, check_in_id: int) -> HttpResponse:
    """A check-in: how well the figures agreed, who used the portal, what is new, and what was decided."""
    found = engagement_or_404(request, engagement_id)
    row = check_in_or_404(found, check_in_id)
    uses_write(client=request.client)
    context = after_base(request, found) | {
        "check_in": row,
        "figures": figures_at(row, day_now(request.client)),
        "may_see_figures": request.standing.may(VIEW_ARR),
        "preparation": [(n, text, n in row.prepared) for n, text in enumerate(STEPS)],
        "steps": [each for each in step_list(states.CHECK_IN, row.state) if each[0] != "hold"],
    }
    if context["may_follow"] and row.state != "held":
        context["change_form"] = CheckInForm(found, initial={"due_on": row.due_on, "owner": row.owner_id})
        context["hold_form"] = HoldForm() if row.state == "preparing" else None
    return TemplateResponse(request, "engagements/check_in.html", context)


def back_of(row: CheckIn, request: TenantRequest) -> str:
    """The address of a check-in."""
    keys = {"client_slug": request.client.slug, "engagement_id": row.engagement_id, "check_in_id": row.pk}
    return reverse("check_in", kwargs=keys)


@require_POST
@client_page(RUN_ENGAGEMENT)
def check_in_move(request: TenantRequest, engagement_id: int, check_in_id: int, step: str) -> HttpResponse:
    """Prepare it now, cancel it, or plan it again."""
    found = engagement_or_404(request, engagement_id)
    row = check_in_or_404(found, check_in_id)
    change = partial(check_in_step, check_in=row, step=step, today=day_now(request.client))
    return carried_out(request, found, change, "Done.", to=back_of(row, request))


@require_POST
@client_page(RUN_ENGAGEMENT)
def check_in_edit(request: TenantRequest, engagement_id: int, check_in_id: int) -> HttpResponse:
    """Another day, or another owner."""
    found = engagement_or_404(request, engagement_id)
    row = check_in_or_404(found, check_in_id)
    form = CheckInForm(found, request.POST)
    if not form.is_valid():
        return invalid(request, found, form, frozen=False)
    change = partial(check_in_change, check_in=row, today=day_now(request.client), **form.cleaned_data)
    return carried_out(request, found, change, "Kept.", to=back_of(row, request))


@require_POST
@client_page(RUN_ENGAGEMENT)
def check_in_prepare(request: TenantRequest, engagement_id: int, check_in_id: int, position: int) -> HttpResponse:
    """Tick a step of the preparation."""
    found = engagement_or_404(request, engagement_id)
    row = check_in_or_404(found, check_in_id)
    is_done = request.POST.get("done") == "1"
    change = partial(preparation_set, check_in=row, position=position, is_done=is_done)
    return carried_out(request, found, change, "Ticked." if is_done else "Open again.", to=back_of(row, request))


@require_POST
@client_page(RUN_ENGAGEMENT)
def check_in_held(request: TenantRequest, engagement_id: int, check_in_id: int) -> HttpResponse:
    """It was held: the decision and the outcome."""
    found = engagement_or_404(request, engagement_id)
    row = check_in_or_404(found, check_in_id)
    form = HoldForm(request.POST)
    if not form.is_valid():
        return invalid(request, found, form, frozen=False)
    uses_write(client=request.client)
    change = partial(check_in_hold, check_in=row, user=request.user, today=day_now(request.client), **form.cleaned_data)
    return carried_out(request, found, change, "Kept, with the figures as they are now.", to=back_of(row, request))


@require_POST
@client_page(JOIN_ENGAGEMENT)
def access_ended(request: TenantRequest, engagement_id: int, access_id: int) -> HttpResponse:
    """An access that outlived the project was removed; one of the client's people confirms it by saying so."""
    if not (request.standing.may(RUN_ENGAGEMENT) or request.standing.may(CONFIRM_ACCESS)):
        raise PermissionDenied("Your role does not include this.")
    found = engagement_or_404(request, engagement_id)
    row = access_or_404(found, access_id)
    is_firm = request.standing.is_firm_staff
    if found.is_open:
        return refused(request, found, "the engagement is open: its access is looked after on its own page", 409)
    if row.state in ENDED and not is_firm:
        change = partial(access_confirm, access=row, user=request.user)
    else:
        change = partial(access_step, access=row, step="remove", user=request.user, is_firm_staff=is_firm)
    to = reverse("after", kwargs={"client_slug": request.client.slug, "engagement_id": found.pk})
    return carried_out(request, found, change, "Noted.", to=to)


@require_GET
@client_page(VIEW_ADOPTION)
def survey_shown(request: TenantRequest, engagement_id: int, survey_id: int) -> HttpResponse:
    """The results of a survey, in counts; comments for the firm alone."""
    found = engagement_or_404(request, engagement_id)
    row = get_object_or_404(Survey.objects.all(), pk=survey_id, engagement=found)
    results = survey_results(row, is_firm_staff=request.standing.is_firm_staff)
    context = after_base(request, found) | {"survey": row, "results": results}
    return TemplateResponse(request, "engagements/survey_results.html", context)
