"""Change requests: the list, one request, and what is done with it."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET, require_POST

from governance.change_page import change_context, list_context, owner_form, triage_form
from governance.models import ChangeRequest
from governance.selectors.changes import change_get
from governance.services.change_triage import change_join, change_owner_set, change_step, change_triage
from governance.services.changes import change_submit, change_withdraw
from governance.services.problems import DefinitionError, OutdatedError
from portal.accounts.models import User
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import REQUEST_CHANGES, TRIAGE_CHANGES, VIEW_CHANGES


@require_GET
@client_page(VIEW_CHANGES)
def changes(request: TenantRequest) -> HttpResponse:
    """Every change request, with search and filters."""
    return TemplateResponse(request, "governance/changes/list.html", list_context(request))


@require_GET
@client_page(VIEW_CHANGES)
def change(request: TenantRequest, number: int) -> HttpResponse:
    """One change request: what is asked for and why, where it stands, and everything that happened to it."""
    return shown(request, number)


@require_POST
@client_page(REQUEST_CHANGES)
def change_hand_in(request: TenantRequest, number: int) -> HttpResponse:
    """Submit a draft, or what was sent back."""
    given = request.POST
    return done(
        request, number, "Submitted. Whoever takes it in hand is told.",
        lambda found: change_submit(
            request=found, version=version_of(given), user=request.user, is_not_same=given.get("is_not_same") == "on"
        ),
    )  # fmt: skip


@require_POST
@client_page(REQUEST_CHANGES)
def change_end(request: TenantRequest, number: int) -> HttpResponse:
    """Withdraw a request."""
    reason = request.POST.get("reason", "")[:1000]
    return done(
        request, number, "Withdrawn. The request stays on record.",
        lambda found: change_withdraw(request=found, user=request.user, reason=reason, may_any=may_triage(request)),
    )  # fmt: skip


@require_POST
@client_page(REQUEST_CHANGES)
def change_support(request: TenantRequest, number: int) -> HttpResponse:
    """Join a request; a draft of one's own that asks for the same is withdrawn."""
    own = number_of(request.POST.get("own", ""))
    draft = change_or_404(request, own) if own is not None else None
    return done(
        request, number, "You stand behind it now, and hear of every step.",
        lambda found: change_join(request=found, user=request.user, own=draft),
    )  # fmt: skip


@require_POST
@client_page(TRIAGE_CHANGES)
def change_take(request: TenantRequest, number: int) -> HttpResponse:
    """Take a submitted request in hand."""
    form = triage_form(change_or_404(request, number), request.user, request.POST)
    if not form.is_valid():
        return shown(request, number, "Say who takes care of it, and how soon.", 422)
    given = form.cleaned_data
    owner = User.objects.filter(pk=given["owner"]).first()
    return done(
        request, number, "Taken in hand. Whoever asked is told.",
        lambda found: change_triage(
            request=found, version=given["version"], owner=owner, urgency=given["urgency"], user=request.user
        ),
    )  # fmt: skip


@require_POST
@client_page(TRIAGE_CHANGES)
def change_owner(request: TenantRequest, number: int) -> HttpResponse:
    """Hand a request on that is in hand, or take over one that is nobody's."""
    form = owner_form(change_or_404(request, number), request.user, request.POST)
    if not form.is_valid():
        return shown(request, number, "Say who takes care of it.", 422)
    owner, version = User.objects.filter(pk=form.cleaned_data["owner"]).first(), form.cleaned_data["version"]
    return done(
        request, number, "Kept. Whoever takes care of it now is told.",
        lambda found: change_owner_set(request=found, version=version, owner=owner, user=request.user),
    )  # fmt: skip


@require_POST
@client_page(TRIAGE_CHANGES)
def change_advance(request: TenantRequest, number: int) -> HttpResponse:
    """Take a request one of the steps on that whoever triages takes by hand."""
    step, reason = request.POST.get("step", ""), request.POST.get("reason", "")[:1000]
    return done(
        request, number, "Kept. Whom it concerns is told.",
        lambda found: change_step(request=found, step=step, user=request.user, reason=reason),
    )  # fmt: skip


def done(request: TenantRequest, number: int, told: str, act: Callable[[ChangeRequest], Any]) -> HttpResponse:
    """Do something with a request and go back to it; what it is refused for is said on its page."""
    found = change_or_404(request, number)
    try:
        act(found)
    except DefinitionError as error:
        return shown(request, number, error.sentence, 409 if isinstance(error, OutdatedError) else 422)
    messages.success(request, told)
    return redirect("change", client_slug=request.client.slug, number=number)


def shown(request: TenantRequest, number: int, problem: str = "", status: int = 200) -> HttpResponse:
    """The page of a request as it is now."""
    context = change_context(request, change_or_404(request, number), problem)
    return TemplateResponse(request, "governance/changes/change.html", context, status=status)


def may_triage(request: TenantRequest) -> bool:
    """Whether the reader takes requests of others in hand."""
    return request.standing.may(TRIAGE_CHANGES)


def version_of(given: Any) -> int:
    """The version that a form was made from; 0, which is nobody's, where it says none."""
    return number_of(given.get("version", "")) or 0


def number_of(text: str) -> int | None:
    """A small whole number of an address or form; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else None


def change_or_404(request: TenantRequest, number: int) -> ChangeRequest:
    """The client's request of that number, where the reader may know of it."""
    found = change_get(number, request.user)
    if found is None:
        raise Http404("No such change request.")
    return found
