"""Components: their list, their plan, what stands in the way, and their time."""

from functools import partial

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET, require_POST

from engagements.build_pages import (
    blockers_of,
    build_base,
    component_row,
    component_rows,
    hours_line,
    minutes_by_component,
)
from engagements.forms_build import BlockerForm, ComponentForm
from engagements.forms_project import TimeForm
from engagements.models import Component, Engagement, TimeEntry
from engagements.services.building import component_block, component_plan, component_time_add
from engagements.views.scope import carried_out, engagement_or_404, invalid
from portal.lib.hours import minutes_text
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.clock import day_now
from portal.tenancy.permissions import RUN_ENGAGEMENT, VIEW_ENGAGEMENT


@require_GET
@client_page(VIEW_ENGAGEMENT)
def build(request: TenantRequest, engagement_id: int) -> HttpResponse:
    """Every component with its state; for the firm with estimate and time."""
    found = engagement_or_404(request, engagement_id)
    context = build_base(request, found, "build/")
    rows = component_rows(found, is_firm=context["is_firm"])
    done = sum(each["row"].state in {"built", "verified"} for each in rows)
    context |= {"components": rows, "done": done, "hours": hours_line(found) if context["is_firm"] else None}
    return TemplateResponse(request, "engagements/build.html", context)


def component_or_404(engagement: Engagement, component_id: int) -> Component:
    """A component of the engagement."""
    rows = Component.objects.select_related("engagement__client", "owner__user", "built_by", "verified_by")
    return get_object_or_404(rows, pk=component_id, engagement=engagement)


@require_GET
@client_page(VIEW_ENGAGEMENT)
def component(request: TenantRequest, engagement_id: int, component_id: int) -> HttpResponse:
    """One component."""
    found = engagement_or_404(request, engagement_id)
    row = component_or_404(found, component_id)
    context = build_base(request, found, "build/")
    is_firm = context["is_firm"]
    first = list(Component.objects.filter(engagement=found, number__in=row.needs).order_by("number"))
    ready = {each.number for each in first if each.state in {"built", "verified"}}
    minutes = minutes_by_component(found).get(row.pk, 0) if is_firm else 0
    times = TimeEntry.objects.filter(component=row).select_related("user").order_by("-day", "-pk") if is_firm else []
    context |= {
        "component": row,
        "shown": component_row(
            row, ready, minutes, blockers_of(found, is_firm=is_firm).get(row.pk, []), is_firm=is_firm
        ),
        "first": first,
        "times": [(entry, minutes_text(entry.minutes)) for entry in times],
        "today": day_now(request.client),
    }
    if context["may_run"]:
        context |= {"form": ComponentForm(row), "blocker_form": BlockerForm()}
    return TemplateResponse(request, "engagements/component.html", context)


@require_POST
@client_page(RUN_ENGAGEMENT)
def component_change(request: TenantRequest, engagement_id: int, component_id: int) -> HttpResponse:
    """Say who builds it, what comes first, and what is worth knowing."""
    found = engagement_or_404(request, engagement_id)
    row = component_or_404(found, component_id)
    form = ComponentForm(row, request.POST)
    if not form.is_valid():
        return invalid(request, found, form)
    change = partial(component_plan, component=row, **form.cleaned_data)
    return carried_out(request, found, change, "Saved.", f"build/{row.pk}/")


@require_POST
@client_page(RUN_ENGAGEMENT)
def component_blocker(request: TenantRequest, engagement_id: int, component_id: int) -> HttpResponse:
    """Name what stands in the way of a component."""
    found = engagement_or_404(request, engagement_id)
    row = component_or_404(found, component_id)
    form = BlockerForm(request.POST)
    if not form.is_valid():
        return invalid(request, found, form)
    change = partial(component_block, component=row, owner=row.owner, **form.cleaned_data)
    return carried_out(request, found, change, "Noted; it is closed under Risks.", f"build/{row.pk}/")


@require_POST
@client_page(RUN_ENGAGEMENT)
def component_time(request: TenantRequest, engagement_id: int, component_id: int) -> HttpResponse:
    """Log time on a component."""
    found = engagement_or_404(request, engagement_id)
    row = component_or_404(found, component_id)
    form = TimeForm(request.POST)
    if not form.is_valid():
        return invalid(request, found, form)
    given = form.cleaned_data | {"day": form.cleaned_data["day"] or day_now(request.client)}
    change = partial(component_time_add, component=row, user=request.user, **given)
    return carried_out(request, found, change, "Logged.", f"build/{row.pk}/")
