"""What is said in an engagement: meetings, risks, comments."""

from collections.abc import Callable
from functools import partial

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET, require_POST

from engagements import states
from engagements.agenda import agenda_context
from engagements.forms_project import (
    CommentForm,
    MeetingItemForm,
    NotesForm,
    RiskForm,
)
from engagements.models import Engagement, Meeting, MeetingItem
from engagements.pages import base, comments, reader_of, step_list
from engagements.selectors.projects import cut, meeting_list, risk_list
from engagements.services.conversation import (
    comment_add,
    homework_set,
    meeting_item_add,
    meeting_note,
    mentions_seen,
    risk_add,
)
from engagements.views.documents import document_or_404
from engagements.views.plan import task_or_404
from engagements.views.process import gate_or_404
from engagements.views.scope import carried_out, engagement_or_404, invalid
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import JOIN_ENGAGEMENT, RUN_ENGAGEMENT, VIEW_ENGAGEMENT


@require_GET
@client_page(VIEW_ENGAGEMENT)
def meetings(request: TenantRequest, engagement_id: int) -> HttpResponse:
    """Every meeting with its state."""
    found = engagement_or_404(request, engagement_id)
    context = base(request, found, "meetings/") | {"meetings": meeting_list(found, reader_of(request))}
    return TemplateResponse(request, "engagements/meetings.html", context)


def meeting_or_404(engagement: Engagement, meeting_id: int) -> Meeting:
    """A meeting of the engagement."""
    return get_object_or_404(Meeting.objects.select_related("engagement__client"), pk=meeting_id, engagement=engagement)


@require_GET
@client_page(VIEW_ENGAGEMENT)
def meeting(request: TenantRequest, engagement_id: int, meeting_id: int) -> HttpResponse:
    """A meeting: agenda, what was said and decided, and who does what until the next."""
    found = engagement_or_404(request, engagement_id)
    reader = reader_of(request)
    row = cut(meeting_or_404(found, meeting_id), reader)
    mentions_seen(user=request.user, about="meeting", about_id=row.pk)
    items = list(row.items.select_related("owner__user").order_by("pk"))
    context = base(request, found, "meetings/") | {
        "meeting": row,
        "decisions": [item for item in items if item.kind == "decision"],
        "homework": [(item, may_do(request, item)) for item in items if item.kind == "homework"],
        "steps": step_list(states.MEETING, row.state),
        **agenda_context(request, row),
        **comments(found, "meeting", row.pk, reader),
    }
    if context["may_run"]:
        kept = {"attendees": row.attendees, "notes": row.notes, "internal_notes": row.internal_notes}
        context |= {"notes_form": NotesForm(initial=kept), "item_form": MeetingItemForm(found)}
    return TemplateResponse(request, "engagements/meeting.html", context)


def may_do(request: TenantRequest, item: MeetingItem) -> bool:
    """Whether the reader may say that homework is done: consultants, and whose it is."""
    is_theirs = item.owner is not None and item.owner.user_id == request.user.pk
    return request.standing.may(RUN_ENGAGEMENT) or is_theirs


@require_POST
@client_page(RUN_ENGAGEMENT)
def meeting_notes(request: TenantRequest, engagement_id: int, meeting_id: int) -> HttpResponse:
    """Keep the notes of a meeting."""
    found = engagement_or_404(request, engagement_id)
    row = meeting_or_404(found, meeting_id)
    form = NotesForm(request.POST)
    if not form.is_valid():
        return invalid(request, found, form)
    return carried_out(
        request, found, partial(meeting_note, meeting=row, **form.cleaned_data), "Kept.", f"meetings/{row.pk}/"
    )


@require_POST
@client_page(RUN_ENGAGEMENT)
def meeting_item(request: TenantRequest, engagement_id: int, meeting_id: int) -> HttpResponse:
    """Note a decision or homework."""
    found = engagement_or_404(request, engagement_id)
    row = meeting_or_404(found, meeting_id)
    form = MeetingItemForm(found, request.POST)
    if not form.is_valid():
        return invalid(request, found, form)
    change = partial(meeting_item_add, meeting=row, **form.cleaned_data)
    return carried_out(request, found, change, "Noted.", f"meetings/{row.pk}/")


@require_POST
@client_page(JOIN_ENGAGEMENT)
def homework(request: TenantRequest, engagement_id: int, item_id: int) -> HttpResponse:
    """Homework is done, or open again."""
    found = engagement_or_404(request, engagement_id)
    rows = MeetingItem.objects.select_related("owner", "engagement__client").filter(engagement=found, kind="homework")
    row = get_object_or_404(rows, pk=item_id)
    if not may_do(request, row):
        raise Http404("Not yours.")
    is_done = request.POST.get("done") == "1"
    change = partial(homework_set, item=row, is_done=is_done)
    return carried_out(request, found, change, "Done." if is_done else "Open again.", f"meetings/{row.meeting_id}/")


@require_GET
@client_page(VIEW_ENGAGEMENT)
def risks(request: TenantRequest, engagement_id: int) -> HttpResponse:
    """Risks, blockers and issues."""
    found = engagement_or_404(request, engagement_id)
    rows = [(row, step_list(states.RISK, row.state)) for row in risk_list(found, reader_of(request))]
    context = base(request, found, "risks/") | {"risks": rows}
    if context["may_run"]:
        context["form"] = RiskForm(found)
    return TemplateResponse(request, "engagements/risks.html", context)


@require_POST
@client_page(RUN_ENGAGEMENT)
def risk_new(request: TenantRequest, engagement_id: int) -> HttpResponse:
    """Name a risk, a blocker or an issue."""
    found = engagement_or_404(request, engagement_id)
    form = RiskForm(found, request.POST)
    if not form.is_valid():
        return invalid(request, found, form)
    return carried_out(request, found, partial(risk_add, engagement=found, **form.cleaned_data), "Noted.", "risks/")


@require_POST
@client_page(JOIN_ENGAGEMENT)
def comment(request: TenantRequest, engagement_id: int, about: str, about_id: int) -> HttpResponse:
    """Say something about a task, document, meeting or gate; internal comments are the firm's."""
    found = engagement_or_404(request, engagement_id)
    find: dict[str, Callable[[], object]] = {
        "task": lambda: task_or_404(request, found, about_id),
        "document": lambda: document_or_404(request, found, about_id),
        "meeting": lambda: meeting_or_404(found, about_id),
        "gate": lambda: gate_or_404(found, about_id),
    }
    if about not in find:
        raise Http404("No such thing.")
    find[about]()
    form = CommentForm(request.POST)
    if not form.is_valid():
        return invalid(request, found, form)
    is_internal = form.cleaned_data["is_internal"] and request.standing.is_firm_staff
    path = f"{about}s/{about_id}/"
    change = partial(
        comment_add, engagement=found, about=about, about_id=about_id, text=form.cleaned_data["text"],
        author=request.user, is_internal=is_internal, path=path,
    )  # fmt: skip
    return carried_out(request, found, change, "Said.", path)
