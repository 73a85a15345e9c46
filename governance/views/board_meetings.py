"""Meetings of the board: planned with an agenda, gone through request by request, kept in minutes."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET, require_POST

from governance.board_forms import MeetingForm, MinutesForm, NoteForm
from governance.board_page import (
    may_minute,
    meeting_context,
    meetings_context,
    on_agenda,
    step_context,
)
from governance.models import BoardMeeting, ChangeRequest
from governance.papers import PDF, minutes_on_paper
from governance.selectors.board import board_now
from governance.selectors.board_meetings import meeting_get
from governance.services.board_meetings import meeting_cancel, meeting_close, meeting_keep, meeting_note, meeting_plan
from governance.services.problems import DefinitionError, OutdatedError
from governance.views.board import version_of
from governance.views.documents import attachment
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import VIEW_ARR, VIEW_CHANGES, VOTE_CHANGES


@require_GET
@client_page(VIEW_CHANGES)
def board_meetings(request: TenantRequest) -> HttpResponse:
    """Every meeting, and what the next one would be about."""
    return TemplateResponse(request, "governance/board/meetings.html", meetings_context(request))


@require_POST
@client_page(VOTE_CHANGES)
def board_meeting_new(request: TenantRequest) -> HttpResponse:
    """Plan a meeting about everything that is before the board."""
    require_seat(request)
    form = MeetingForm(request.POST, zone=request.client.time_zone)
    if form.is_valid():
        try:
            made = meeting_plan(
                client=request.client, title=form.cleaned_data["title"], at=form.instant(),
                user=request.user,
            )  # fmt: skip
        except DefinitionError as error:
            form.add_error(None, error.sentence)
        else:
            messages.success(request, "The meeting is planned, and the board knows.")
            return redirect("board_meeting", client_slug=request.client.slug, meeting_id=made.pk)
    context = meetings_context(request, form)
    return TemplateResponse(request, "governance/board/meetings.html", context, status=422)


@require_GET
@client_page(VIEW_CHANGES)
def board_meeting(request: TenantRequest, meeting_id: int) -> HttpResponse:
    """One meeting: its agenda, who was there, what was decided."""
    context = meeting_context(request, meeting_or_404(meeting_id))
    return TemplateResponse(request, "governance/board/meeting.html", context)


@require_GET
@client_page(VIEW_CHANGES)
def board_meeting_step(request: TenantRequest, meeting_id: int, number: int) -> HttpResponse:
    """One request of the agenda, large enough for a room."""
    meeting = meeting_or_404(meeting_id)
    context = step_context(request, meeting, change_of(meeting, number))
    return TemplateResponse(request, "governance/board/step.html", context)


@require_POST
@client_page(VOTE_CHANGES)
def board_meeting_note(request: TenantRequest, meeting_id: int, number: int) -> HttpResponse:
    """Keep what was said about a request."""
    meeting = meeting_or_404(meeting_id)
    require_seat(request)
    change, form = change_of(meeting, number), NoteForm(request.POST)
    if form.is_valid():
        given = form.cleaned_data
        try:
            meeting_note(
                meeting=meeting, version=given["version"], number=number, note=given["note"], user=request.user
            )
        except DefinitionError as error:
            form.add_error(None, error.sentence)
            status = 409 if isinstance(error, OutdatedError) else 422
            context = step_context(request, meeting, change) | {"form": form}
            return TemplateResponse(request, "governance/board/step.html", context, status=status)
        messages.success(request, "Kept in the minutes.")
        return redirect("board_meeting_step", client_slug=request.client.slug, meeting_id=meeting_id, number=number)
    context = step_context(request, meeting, change) | {"form": form}
    return TemplateResponse(request, "governance/board/step.html", context, status=422)


@require_POST
@client_page(VOTE_CHANGES)
def board_meeting_minutes(request: TenantRequest, meeting_id: int) -> HttpResponse:
    """Keep who was there, and the rest of the minutes."""
    return written(request, meeting_id, meeting_keep, "The minutes are kept.")


@require_POST
@client_page(VOTE_CHANGES)
def board_meeting_end(request: TenantRequest, meeting_id: int) -> HttpResponse:
    """Close the minutes with what is written in their form."""
    return written(request, meeting_id, meeting_close, "The minutes are closed, with how every request stands.")


def written(request: TenantRequest, meeting_id: int, service: Callable[..., Any], success: str) -> HttpResponse:
    """Keep or close the minutes as their form was sent; what was typed stays where that is refused."""
    meeting, now = meeting_or_404(meeting_id), board_now()
    require_seat(request)
    names = [member.user.get_full_name() for member in now.members] if now else []
    form, problem, status = MinutesForm(request.POST, names=[*names, *meeting.attendance]), "", 422
    if form.is_valid():
        try:
            service(meeting=meeting, user=request.user, **form.cleaned_data)
        except DefinitionError as error:
            problem, status = error.sentence, 409 if isinstance(error, OutdatedError) else 422
        else:
            messages.success(request, success)
            return redirect("board_meeting", client_slug=request.client.slug, meeting_id=meeting_id)
    context = meeting_context(request, meeting_or_404(meeting_id), form) | {"problem": problem}
    return TemplateResponse(request, "governance/board/meeting.html", context, status=status)


@require_POST
@client_page(VOTE_CHANGES)
def board_meeting_cancel(request: TenantRequest, meeting_id: int) -> HttpResponse:
    """Take back a meeting that was not held."""
    meeting = meeting_or_404(meeting_id)
    require_seat(request)
    try:
        meeting_cancel(meeting=meeting, version=version_of(request), user=request.user)
    except DefinitionError as error:
        return told(request, meeting, error)
    messages.success(request, "The meeting is cancelled, and the board knows.")
    return redirect("board_meetings", client_slug=request.client.slug)


@require_GET
@client_page(VIEW_CHANGES)
def board_minutes_pdf(request: TenantRequest, meeting_id: int) -> HttpResponse:
    """The minutes on paper."""
    sees_figures = request.standing.may(VIEW_ARR)
    found = minutes_on_paper(request.client, meeting_or_404(meeting_id), sees_figures=sees_figures)
    return attachment(found.content, PDF, found.name)


def require_seat(request: TenantRequest) -> None:
    """PermissionDenied for whoever does not sit on the board."""
    if not may_minute(request):
        raise PermissionDenied("Only members of the review board keep its minutes.")


def meeting_or_404(meeting_id: int) -> BoardMeeting:
    """The client's meeting."""
    found = meeting_get(meeting_id)
    if found is None:
        raise Http404("No such meeting.")
    return found


def change_of(meeting: BoardMeeting, number: int) -> ChangeRequest:
    """The request of that number on the agenda."""
    found = on_agenda(meeting, number)
    if found is None:
        raise Http404("This request is not on the agenda.")
    return found


def told(request: TenantRequest, meeting: BoardMeeting, error: DefinitionError) -> HttpResponse:
    """The meeting again, with what is wrong."""
    status = 409 if isinstance(error, OutdatedError) else 422
    context = meeting_context(request, meeting_or_404(meeting.pk)) | {"problem": error.sentence}
    return TemplateResponse(request, "governance/board/meeting.html", context, status=status)
