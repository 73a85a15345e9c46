"""The close: what has to hold, the firm's debrief, final time, the decision, and the report on page and paper."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from engagements.forms_closing import CloseForm, DebriefForm, ReasonForm
from engagements.models import Engagement
from engagements.pages import base
from engagements.report_page import page_parts, paper_context, shown_report
from engagements.selectors.access import plan_of, who_leaves
from engagements.selectors.closing import closing_now, debrief_of
from engagements.selectors.report import hours_inside
from engagements.services.closing import DEBRIEF, debrief_save, engagement_close, engagement_reopen, time_finalise
from engagements.services.problems import EngagementError, IllegalMove
from engagements.views.scope import carried_out, engagement_or_404, home_of, invalid, refused
from portal.lib.paper import SIZES, paper, paper_size
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.clock import day_now
from portal.tenancy.permissions import (
    OVERRIDE_GATE,
    RUN_ENGAGEMENT,
    VIEW_ARR,
    VIEW_ENGAGEMENT,
)

PATH = "close/"


@require_http_methods(["GET", "POST"])
@client_page(RUN_ENGAGEMENT)
def closing(request: TenantRequest, engagement_id: int) -> HttpResponse:
    """What has to hold, and the close itself. Whoever's access ends with it goes back to the firm's own pages."""
    found = engagement_or_404(request, engagement_id)
    if request.method == "GET":
        return TemplateResponse(request, "engagements/closing.html", closing_context(request, found))
    form = CloseForm(request.POST)
    if not form.is_valid():
        return invalid(request, found, form)
    try:
        closed = engagement_close(engagement=found, user=request.user, **form.cleaned_data)
    except EngagementError as error:
        return refused(request, found, str(error), 409 if isinstance(error, IllegalMove) else 422)
    messages.success(request, f"{found} is closed and archived; its report is kept.")
    if request.user in closed.left:
        return redirect("follow_ups", firm_slug=request.client.firm.slug)
    return redirect(home_of(request, found, "report/"))


def closing_context(request: TenantRequest, engagement: Engagement) -> dict[str, Any]:
    """The page of the close."""
    today = day_now(request.client)
    debrief, plan = debrief_of(engagement), plan_of(engagement)
    said = {name: getattr(debrief, name) for name in DEBRIEF} if debrief else {}
    return base(request, engagement, "handoff/") | {
        "now": closing_now(engagement, today) if engagement.is_open else None,
        "debrief": debrief,
        "debrief_form": DebriefForm(initial=said) if engagement.is_open else None,
        "prompts": engagement.content.get("debrief", []),
        "checklist": engagement.content.get("close_checklist", []),
        "plan": plan,
        "leaving": who_leaves(engagement, plan) if plan and engagement.is_open and plan.ending != "on_day" else [],
        "close_form": CloseForm(),
        "hours": hours_inside(engagement),
        "report_url": home_of(request, engagement, "report/"),
    }


@require_POST
@client_page(RUN_ENGAGEMENT)
def debrief(request: TenantRequest, engagement_id: int) -> HttpResponse:
    """Keep the debrief; the firm's alone."""
    found = engagement_or_404(request, engagement_id)
    form = DebriefForm(request.POST)
    if not form.is_valid():
        return invalid(request, found, form)
    change = partial(debrief_save, engagement=found, user=request.user, **form.cleaned_data)
    return carried_out(request, found, change, "The debrief is kept.", PATH)


@require_POST
@client_page(RUN_ENGAGEMENT)
def time_final(request: TenantRequest, engagement_id: int) -> HttpResponse:
    """Say that all time is booked, or take it back."""
    found = engagement_or_404(request, engagement_id)
    is_final = request.POST.get("final") == "1"
    change = partial(time_finalise, engagement=found, is_final=is_final, user=request.user)
    return carried_out(request, found, change, "Time is final." if is_final else "Time is open again.", PATH)


@require_POST
@client_page(OVERRIDE_GATE)
def reopening(request: TenantRequest, engagement_id: int) -> HttpResponse:
    """A partner opens a closed engagement again, with a reason."""
    found = engagement_or_404(request, engagement_id)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return refused(request, found, "say why it is opened again", 422)
    change = partial(engagement_reopen, engagement=found, reason=form.cleaned_data["reason"], user=request.user)
    return carried_out(request, found, change, "The engagement is open again.", "")


@require_GET
@client_page(VIEW_ENGAGEMENT)
def report(request: TenantRequest, engagement_id: int) -> HttpResponse:
    """The final status report; before the close, as it would be today."""
    found = engagement_or_404(request, engagement_id)
    shown = shown_report(found, day_now(request.client))
    may_see_arr = request.standing.may(VIEW_ARR)
    context = base(request, found, "report/") | {"report": shown, "may_see_arr": may_see_arr}
    context |= page_parts(shown.content, request.client.slug, context["home"], may_see_arr=may_see_arr)
    context["may_close"] = context["is_firm"] and request.standing.may(RUN_ENGAGEMENT)
    return TemplateResponse(request, "engagements/report.html", context)


@require_GET
@client_page(VIEW_ARR)
def report_pdf(request: TenantRequest, engagement_id: int) -> HttpResponse:
    """The report on paper."""
    found = engagement_or_404(request, engagement_id)
    shown = shown_report(found, day_now(request.client))
    size = request.GET.get("paper", "")
    size = size if size in SIZES else paper_size(request.client.locale)
    context = paper_context(shown, request.client)
    response = HttpResponse(paper("pdf/report.html", context, size=size), content_type="application/pdf")
    name = f"{request.client.slug}-report-{found.pk}{'' if shown.number else '-preview'}.pdf"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response
