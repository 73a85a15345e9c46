"""Tests: the list, one test with its history, and what came out. The client's people run their own, on a phone as well."""

from functools import partial

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from engagements.build_pages import TEST_STATES, build_base, may_run_test, test_rows
from engagements.forms_build import RunForm
from engagements.models import Engagement, ProjectTest
from engagements.services.moves import closed_sentence
from engagements.services.problems import EngagementError, FileNotKept
from engagements.services.testing import open_issues, run_compute, run_record
from engagements.views.scope import back_to, carried_out, engagement_or_404, refused, sentence
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import RUN_ENGAGEMENT, TEST_ENGAGEMENT, VIEW_ARR, VIEW_ENGAGEMENT

PART = "build/tests/"


@require_GET
@client_page(VIEW_ENGAGEMENT)
def project_tests(request: TenantRequest, engagement_id: int) -> HttpResponse:
    """Technical tests and those of the client; the reader's own first."""
    found = engagement_or_404(request, engagement_id)
    context = build_base(request, found, PART)
    groups = [("Technical tests", "The firm runs these.", test_rows(found, "technical")),
              ("The client's tests", "The client's own people run these.", test_rows(found, "customer"))]  # fmt: skip
    context["groups"] = groups if context["is_firm"] else groups[::-1]
    return TemplateResponse(request, "engagements/tests.html", context)


def test_or_404(engagement: Engagement, test_id: int, **which: str) -> ProjectTest:
    """A test of the engagement."""
    rows = ProjectTest.objects.select_related("engagement__client", "tested_by")
    return get_object_or_404(rows, pk=test_id, engagement=engagement, **which)


@require_GET
@client_page(VIEW_ENGAGEMENT)
def project_test(request: TenantRequest, engagement_id: int, test_id: int) -> HttpResponse:
    """One test: what is expected, what came out each time, and the form for whoever runs it."""
    found = engagement_or_404(request, engagement_id)
    return shown_test(request, found, test_or_404(found, test_id))


def shown_test(
    request: TenantRequest, found: Engagement, row: ProjectTest, form: RunForm | None = None
) -> TemplateResponse:
    """The page of a test; with the form as it was sent where something in it is wrong."""
    context = build_base(request, found, PART)
    others = list(
        ProjectTest.objects.filter(engagement=found, kind=row.kind).order_by("position").values_list("pk", flat=True)
    )
    place = others.index(row.pk)
    level, label = TEST_STATES[row.state]
    context |= {
        "test": row,
        "level": level,
        "label": label,
        "runs": row.runs.select_related("by", "file").order_by("-pk"),
        "issues": open_issues(row),
        "states": TEST_STATES,
        "may_see_figures": request.standing.may(VIEW_ARR),
        "place": place + 1,
        "count": len(others),
        "before": others[place - 1] if place else None,
        "after": others[place + 1] if place + 1 < len(others) else None,
    }
    if may_run_test(context, row):
        context["form"] = form or RunForm(row)
    return TemplateResponse(request, "engagements/test.html", context, status=422 if form else 200)


def ran(request: TenantRequest, engagement_id: int, test_id: int, kind: str) -> HttpResponse:
    """Keep what came out of a test of a kind, or say in the form what is wrong."""
    found = engagement_or_404(request, engagement_id)
    row = test_or_404(found, test_id, kind=kind)
    form = RunForm(row, request.POST, request.FILES)
    if not found.is_open:
        return refused(request, found, closed_sentence(found), 409)
    if row.check_key:
        return refused(request, found, "the system runs this test by itself", 422)
    if form.is_valid():
        given = dict(form.cleaned_data)
        try:
            run_record(
                test=row,
                user=request.user,
                is_firm_staff=request.standing.is_firm_staff,
                upload=given.pop("file"),
                **given,
            )
        except FileNotKept as error:
            form.add_error("file", sentence(error))
        except EngagementError as error:
            form.add_error(None, sentence(error))
        else:
            messages.success(request, "The result is kept.")
            return redirect(back_to(request, found, f"{PART}{row.pk}/"))
    return shown_test(request, found, row, form)


@require_POST
@client_page(RUN_ENGAGEMENT)
def technical_run(request: TenantRequest, engagement_id: int, test_id: int) -> HttpResponse:
    """A consultant says what came out of a technical test."""
    return ran(request, engagement_id, test_id, "technical")


@require_POST
@client_page(TEST_ENGAGEMENT)
def customer_run(request: TenantRequest, engagement_id: int, test_id: int) -> HttpResponse:
    """One of the client's people says what came out of one of their tests."""
    return ran(request, engagement_id, test_id, "customer")


@require_POST
@client_page(RUN_ENGAGEMENT)
def computed_run(request: TenantRequest, engagement_id: int, test_id: int) -> HttpResponse:
    """Let the system run a test now."""
    found = engagement_or_404(request, engagement_id)
    row = test_or_404(found, test_id)
    change = partial(run_compute, test=row, now=timezone.now(), user=request.user)
    return carried_out(request, found, change, "Computed; the figures are below.", f"{PART}{row.pk}/")
