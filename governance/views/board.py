"""The review board of a client: who sits on it, and the table of decision rights."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from governance.board_forms import RightsForm, SeatForm, rights_formset
from governance.board_page import board_context, rights_context
from governance.selectors.board import BoardNow, board_now
from governance.services.board import board_start, chair_name, rights_save, seat_end, seat_give
from governance.services.problems import DefinitionError, OutdatedError
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import MANAGE_BOARD, VIEW_CHANGES
from portal.tenancy.reader import locale_of
from portal.tenancy.step_up import recently_authenticated


@require_GET
@client_page(VIEW_CHANGES)
def board(request: TenantRequest) -> HttpResponse:
    """Who decides about changes, by which rights, and what waits for them."""
    return TemplateResponse(request, "governance/board/board.html", board_context(request))


@require_POST
@client_page(MANAGE_BOARD)
@recently_authenticated
def board_begin(request: TenantRequest) -> HttpResponse:
    """Start the board with the people and the table that are usual."""
    try:
        board_start(client=request.client, user=request.user)
    except DefinitionError as error:
        messages.error(request, f"Nothing was changed: {error}.")
    else:
        messages.success(request, "The board is there. Look at who sits on it, and at the table of decision rights.")
    return redirect("board", client_slug=request.client.slug)


@require_POST
@client_page(MANAGE_BOARD)
@recently_authenticated
def board_seat(request: TenantRequest) -> HttpResponse:
    """Give a seat to one of the client's people."""
    now = board_or_404()
    form = SeatForm(request.POST, board=now)
    if form.is_valid():
        try:
            seat_give(
                client=request.client, version=version_of(request), person=form.user,
                function=form.cleaned_data["function"], is_chair=form.cleaned_data["is_chair"], user=request.user,
            )  # fmt: skip
        except DefinitionError as error:
            return told(request, error)
        messages.success(request, f"{form.user.get_full_name()} sits on the board.")
        return redirect("board", client_slug=request.client.slug)
    return TemplateResponse(request, "governance/board/board.html", board_context(request, form), status=422)


@require_POST
@client_page(MANAGE_BOARD)
@recently_authenticated
def board_seat_end(request: TenantRequest, user_id: int) -> HttpResponse:
    """Take a seat away."""
    person = person_or_404(user_id)
    try:
        seat_end(client=request.client, version=version_of(request), person=person, user=request.user)
    except DefinitionError as error:
        return told(request, error)
    messages.success(request, f"{person.get_full_name()} no longer sits on the board.")  # type: ignore[attr-defined]
    return redirect("board", client_slug=request.client.slug)


@require_POST
@client_page(MANAGE_BOARD)
@recently_authenticated
def board_chair(request: TenantRequest, user_id: int) -> HttpResponse:
    """Give a member the chair."""
    person = person_or_404(user_id)
    try:
        chair_name(client=request.client, version=version_of(request), person=person, user=request.user)
    except DefinitionError as error:
        return told(request, error)
    messages.success(request, f"{person.get_full_name()} has the chair.")  # type: ignore[attr-defined]
    return redirect("board", client_slug=request.client.slug)


@require_http_methods(["GET", "POST"])
@client_page(MANAGE_BOARD)
@recently_authenticated
def board_rights(request: TenantRequest) -> HttpResponse:
    """The table of decision rights as a form."""
    now = board_or_404()
    if request.method == "GET":
        return TemplateResponse(request, "governance/board/rights.html", rights_context(request, now))
    form, formset = RightsForm(request.POST), rights_formset(now, locale_of(request), request.POST)
    if not (form.is_valid() and formset.is_valid()):
        context = rights_context(request, now, request.POST, "Some rows are not right yet: see below.")
        return TemplateResponse(request, "governance/board/rights.html", context, status=422)
    rows = [each.row() for each in formset.forms if each.cleaned_data and not each.cleaned_data.get("DELETE")]
    given = form.cleaned_data
    try:
        rights_save(
            client=request.client,
            version=given["version"],
            rows=rows,
            pay_period=given["pay_period"],
            user=request.user,
        )
    except DefinitionError as error:
        status = 409 if isinstance(error, OutdatedError) else 422
        context = rights_context(request, now, request.POST, error.sentence)
        return TemplateResponse(request, "governance/board/rights.html", context, status=status)
    messages.success(request, "The decision rights are kept. The next vote on each open request is weighed by them.")
    return redirect("board", client_slug=request.client.slug)


def version_of(request: TenantRequest) -> int:
    """Which version of the board the page showed; one that never was where the form says none."""
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else -1


def told(request: TenantRequest, error: DefinitionError) -> HttpResponse:
    """The board again, with what is wrong."""
    status = 409 if isinstance(error, OutdatedError) else 422
    context = board_context(request) | {"problem": error.sentence}
    return TemplateResponse(request, "governance/board/board.html", context, status=status)


def board_or_404() -> BoardNow:
    """The client's board."""
    now = board_now()
    if now is None:
        raise Http404("There is no board yet.")
    return now


def person_or_404(user_id: int) -> object:
    """Somebody who sits on the board."""
    found = next((member.user for member in board_or_404().members if member.user_id == user_id), None)
    if found is None:
        raise Http404("Nobody of that number sits on the board.")
    return found
