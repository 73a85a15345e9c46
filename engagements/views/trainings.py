"""Trainings with their people and material, and the questions from which the FAQ grows."""

from functools import partial

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET, require_POST

from engagements.build_pages import build_base
from engagements.forms_build import MaterialForm, QuestionForm, ReplyForm, TrainingForm, TrainingPlanForm
from engagements.models import Engagement, ProjectQuestion, ProjectTraining
from engagements.pages import reader_of
from engagements.selectors.trainings import material_list, question_list, training_rows
from engagements.services.trainings import material_set, question_add, question_answer, training_hold, training_plan
from engagements.views.scope import carried_out, engagement_or_404, invalid
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import JOIN_ENGAGEMENT, RUN_ENGAGEMENT, VIEW_ENGAGEMENT

PART = "build/trainings/"


@require_GET
@client_page(VIEW_ENGAGEMENT)
def trainings(request: TenantRequest, engagement_id: int) -> HttpResponse:
    """Every training."""
    found = engagement_or_404(request, engagement_id)
    context = build_base(request, found, PART) | {"trainings": training_rows(found)}
    return TemplateResponse(request, "engagements/trainings.html", context)


def training_or_404(engagement: Engagement, training_id: int) -> ProjectTraining:
    """A training of the engagement."""
    return get_object_or_404(
        ProjectTraining.objects.select_related("engagement__client"), pk=training_id, engagement=engagement
    )


@require_GET
@client_page(VIEW_ENGAGEMENT)
def training(request: TenantRequest, engagement_id: int, training_id: int) -> HttpResponse:
    """One training: people, material, recording and questions."""
    found = engagement_or_404(request, engagement_id)
    row = training_or_404(found, training_id)
    seats = list(row.seats.order_by("name", "pk"))
    context = build_base(request, found, PART) | {
        "training": row,
        "seats": seats,
        "materials": material_list(row, reader_of(request)),
        "questions": question_list(found, reader_of(request), training=row),
    }
    if context["may_run"]:
        invited = "\n".join(seat.name for seat in seats if seat.is_invited)
        context |= {
            "plan_form": TrainingPlanForm(initial={"planned_at": row.planned_at, "invited": invited}),
            "hold_form": TrainingForm(
                initial={"held_on": row.held_on, "attendance": row.attendance, "recording": row.recording}
            ),
            "material_form": MaterialForm(found),
            "question_form": QuestionForm(),
            "reply_form": ReplyForm(auto_id=False),
        }
    return TemplateResponse(request, "engagements/training.html", context)


@require_POST
@client_page(RUN_ENGAGEMENT)
def training_change(request: TenantRequest, engagement_id: int, training_id: int) -> HttpResponse:
    """Plan a training."""
    found = engagement_or_404(request, engagement_id)
    row = training_or_404(found, training_id)
    form = TrainingPlanForm(request.POST)
    if not form.is_valid():
        return invalid(request, found, form)
    invited = form.cleaned_data["invited"].splitlines()
    change = partial(training_plan, training=row, planned_at=form.cleaned_data["planned_at"], invited=invited)
    return carried_out(request, found, change, "Planned.", f"{PART}{row.pk}/")


@require_POST
@client_page(RUN_ENGAGEMENT)
def training_held(request: TenantRequest, engagement_id: int, training_id: int) -> HttpResponse:
    """Note that a training was held."""
    found = engagement_or_404(request, engagement_id)
    row = training_or_404(found, training_id)
    form = TrainingForm(request.POST)
    if not form.is_valid():
        return invalid(request, found, form)
    given = dict(form.cleaned_data)
    came = [int(each) for each in request.POST.getlist("came") if each.isascii() and each.isdigit() and len(each) < 19]
    others = given.pop("others").splitlines()
    change = partial(training_hold, training=row, came=came, others=others, **given)
    return carried_out(request, found, change, "Noted.", f"{PART}{row.pk}/")


@require_POST
@client_page(RUN_ENGAGEMENT)
def training_material(request: TenantRequest, engagement_id: int, training_id: int) -> HttpResponse:
    """Let a training use a document, or no longer."""
    found = engagement_or_404(request, engagement_id)
    row = training_or_404(found, training_id)
    form = MaterialForm(found, request.POST)
    if not form.is_valid():
        return invalid(request, found, form)
    change = partial(
        material_set, training=row, document=form.cleaned_data["document"], is_used=form.cleaned_data["used"]
    )
    return carried_out(request, found, change, "Done.", f"{PART}{row.pk}/")


@require_GET
@client_page(VIEW_ENGAGEMENT)
def faq(request: TenantRequest, engagement_id: int) -> HttpResponse:
    """Published questions with their answers; for the firm all of them, for others also their own."""
    found = engagement_or_404(request, engagement_id)
    rows = question_list(found, reader_of(request))
    context = build_base(request, found, "faq/") | {
        "published": [row for row in rows if row.published_at],
        "questions": [row for row in rows if not row.published_at],
        "question_form": QuestionForm(),
    }
    return TemplateResponse(request, "engagements/faq.html", context)


@require_POST
@client_page(JOIN_ENGAGEMENT)
def question_new(request: TenantRequest, engagement_id: int) -> HttpResponse:
    """Ask a question; a consultant also notes one that was asked in a training."""
    found = engagement_or_404(request, engagement_id)
    form = QuestionForm(request.POST)
    if not form.is_valid():
        return invalid(request, found, form)
    asked = request.POST.get("training", "")
    row = training_or_404(found, int(asked)) if asked.isascii() and asked.isdigit() and len(asked) < 19 else None
    asker = form.cleaned_data["asker"] if request.standing.is_firm_staff else ""
    change = partial(
        question_add, engagement=found, text=form.cleaned_data["text"], asker=asker, training=row, user=request.user
    )
    return carried_out(request, found, change, "Noted. The answer will stand here.", "faq/")


@require_POST
@client_page(RUN_ENGAGEMENT)
def question_reply(request: TenantRequest, engagement_id: int, question_id: int) -> HttpResponse:
    """Answer a question, and publish it among the FAQ or not."""
    found = engagement_or_404(request, engagement_id)
    row = get_object_or_404(
        ProjectQuestion.objects.select_related("engagement__client"), engagement=found, pk=question_id
    )
    form = ReplyForm(request.POST)
    if not form.is_valid():
        return invalid(request, found, form)
    given = {"answer": form.cleaned_data["answer"], "is_published": form.cleaned_data["published"]}
    change = partial(question_answer, question=row, user=request.user, **given)
    done = "Answered, and shown among the FAQ." if given["is_published"] else "Answered."
    return carried_out(request, found, change, done, "faq/")
