"""The technical specification, and the engineer's answer to it."""

from functools import partial

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from engagements import states
from engagements.build_pages import build_base
from engagements.forms_build import AnswerForm, SpecForm
from engagements.models import Engagement, SpecAnswer, SpecSection
from engagements.pages import step_list
from engagements.selectors.spec import is_engineer, spec_get
from engagements.selectors.spec_facts import facts_of
from engagements.services.spec import spec_answer, spec_write
from engagements.views.scope import carried_out, engagement_or_404, invalid
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import RUN_ENGAGEMENT, VIEW_ENGAGEMENT

PART = "build/spec/"


@require_GET
@client_page(VIEW_ENGAGEMENT)
def spec(request: TenantRequest, engagement_id: int) -> HttpResponse:
    """Every section, the handoff meeting, and what the engineer said."""
    found = engagement_or_404(request, engagement_id)
    now = spec_get(found)
    answers = SpecAnswer.objects.filter(engagement=found).select_related("by").order_by("-pk")
    engineer = is_engineer(found, request.user, request.standing.role)
    context = build_base(request, found, PART) | {"now": now, "answers": answers}
    context["may_answer"] = (
        context["may_run"] and engineer and bool(now.sections) and not now.not_ready and not now.is_accepted
    )
    return TemplateResponse(request, "engagements/spec.html", context)


def section_or_404(engagement: Engagement, section_id: int) -> SpecSection:
    """A section of the engagement's specification."""
    return get_object_or_404(
        SpecSection.objects.select_related("engagement__client"), pk=section_id, engagement=engagement
    )


@require_GET
@client_page(VIEW_ENGAGEMENT)
def spec_section(request: TenantRequest, engagement_id: int, section_id: int) -> HttpResponse:
    """A section as it stands, or (`?version=`) as it stood."""
    found = engagement_or_404(request, engagement_id)
    row = section_or_404(found, section_id)
    versions = list(row.versions.select_related("created_by").order_by("-number"))
    asked = request.GET.get("version", "")
    shown = (
        next((each for each in versions if str(each.number) == asked), None) if asked else next(iter(versions), None)
    )
    if asked and shown is None:
        raise Http404("No such version.")
    context = build_base(request, found, PART)
    context["facts"] = facts_of(found, row.key)
    context |= {"section": row, "shown": shown, "versions": versions, "steps": step_list(states.SPEC, row.state)}
    return TemplateResponse(request, "engagements/spec_section.html", context)


@require_http_methods(["GET", "POST"])
@client_page(RUN_ENGAGEMENT)
def spec_edit(request: TenantRequest, engagement_id: int, section_id: int) -> HttpResponse:
    """Write the next version of a section."""
    found = engagement_or_404(request, engagement_id)
    row = section_or_404(found, section_id)
    last = row.versions.order_by("-number").first()
    start = {"text": last.text if last else "", "seen": last.number if last else 0}
    form = SpecForm(row, last.rows if last else [], request.POST or None, initial=start)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data | {"rows": form.rows()}
        change = partial(spec_write, section=row, user=request.user, **given)
        return carried_out(request, found, change, "The version is kept.", f"{PART}{row.pk}/")
    context = build_base(request, found, PART) | {"section": row, "form": form}
    return TemplateResponse(request, "engagements/spec_edit.html", context, status=422 if form.errors else 200)


@require_POST
@client_page(RUN_ENGAGEMENT)
def spec_reply(request: TenantRequest, engagement_id: int) -> HttpResponse:
    """The engineer accepts the specification, or returns it with what is missing."""
    found = engagement_or_404(request, engagement_id)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return invalid(request, found, form)
    engineer = is_engineer(found, request.user, request.standing.role)
    change = partial(spec_answer, engagement=found, user=request.user, is_engineer=engineer, **form.cleaned_data)
    done = "Accepted: the build may begin." if form.cleaned_data["is_accepted"] else "Returned to its writers."
    return carried_out(request, found, change, done, PART)
