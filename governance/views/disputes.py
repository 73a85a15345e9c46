"""Disputes of published figures: the list, raising one, and what is done with it."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from governance.dispute_forms import AttachForm, DisputeForm, SettleForm, SubjectForm, TakeForm, WordsForm
from governance.dispute_links import raise_url
from governance.dispute_page import choose_form, dispute_context, list_context, new_context, typed_by
from governance.models import FigureDispute
from governance.oversight_page import people_to_choose
from governance.selectors.figure_disputes import corrections_for, dispute_get
from governance.selectors.published_figures import FigureError, Subject, published_get
from governance.services.figure_disputes import (
    dispute_comment,
    dispute_raise,
    dispute_reopen,
    dispute_settle,
    dispute_take,
    dispute_withdraw,
    evidence_attach,
)
from governance.services.problems import DefinitionError, OutdatedError
from portal.accounts.models import User
from portal.lib.periods import month_parse
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import RAISE_DISPUTES, RESOLVE_DISPUTES, VIEW_ARR


@require_GET
@client_page(VIEW_ARR)
def disputes(request: TenantRequest) -> HttpResponse:
    """The disputes."""
    return TemplateResponse(request, "governance/oversight/disputes.html", list_context(request))


@require_http_methods(["GET", "POST"])
@client_page(RAISE_DISPUTES)
def dispute_new(request: TenantRequest) -> HttpResponse:
    """Dispute the figure that the address names; where it names none, choose one first."""
    if request.method == "GET" and "figure" not in request.GET:
        return dispute_choose(request)
    asked = SubjectForm(request.POST or request.GET)
    if not asked.is_valid():
        raise Http404("No such figure.")
    try:
        published = published_get(request.client, asked.subject())
    except FigureError as error:
        raise Http404(f"No such figure: {error}.") from error
    about = typed_by(request, published)
    form = (
        DisputeForm(request.POST, **about)
        if request.method == "POST"
        else DisputeForm(initial=request.GET.dict(), **about)
    )
    if request.method == "POST" and form.is_valid():
        given = {name: form.cleaned_data[name] for name in ("believed", "reason")}
        try:
            made = dispute_raise(client=request.client, subject=form.subject(), user=request.user, **given)
        except DefinitionError as error:
            form.add_error(None, error.sentence)
        else:
            messages.success(request, f"{made} is raised. Finance and RevOps are told, and the figure is marked.")
            return redirect("dispute", client_slug=request.client.slug, number=made.number)
    status = 422 if form.errors else 200
    context = new_context(request, published, form)
    return TemplateResponse(request, "governance/oversight/dispute_new.html", context, status=status)


def dispute_choose(request: TenantRequest) -> HttpResponse:
    """Choose the figure and its month; on to the form with what is published of it, or why nothing is."""
    form = choose_form(request)
    if form.is_bound and form.is_valid():
        figure, _, metric = form.cleaned_data["of"].partition(":")
        month = month_parse(form.cleaned_data["month"])
        try:
            published_get(request.client, Subject(figure, month, metric=metric))
        except FigureError as error:
            form.add_error(None, f"This cannot be disputed: {error}.")
        else:
            return redirect(raise_url(request.client.slug, figure, month, metric=metric))
    status = 422 if form.errors else 200
    return TemplateResponse(request, "governance/oversight/dispute_choose.html", {"form": form}, status=status)


@require_GET
@client_page(VIEW_ARR)
def dispute(request: TenantRequest, number: int) -> HttpResponse:
    """One dispute."""
    context = dispute_context(request, dispute_or_404(number))
    return TemplateResponse(request, "governance/oversight/dispute.html", context)


@require_POST
@client_page(RESOLVE_DISPUTES)
def dispute_owner(request: TenantRequest, number: int) -> HttpResponse:
    """Say who looks into it."""
    form = TakeForm(request.POST, people=people_to_choose(request.client, VIEW_ARR))
    if not form.is_valid():
        return shown(request, number, "Choose who looks into it.", 422)
    owner = User.objects.get(pk=form.cleaned_data["owner"])
    return done(request, number, dispute_take, owner=owner)


@require_POST
@client_page(RESOLVE_DISPUTES)
def dispute_end(request: TenantRequest, number: int) -> HttpResponse:
    """Say what came of it."""
    found, status, problem = dispute_or_404(number), 422, ""
    form = SettleForm(request.POST, corrections=corrections_for(found))
    if form.is_valid():
        try:
            dispute_settle(client=request.client, dispute=found, user=request.user, **form.cleaned_data)
        except DefinitionError as error:
            problem, status = error.sentence, 409 if isinstance(error, OutdatedError) else 422
        else:
            return redirect("dispute", client_slug=request.client.slug, number=number)
    context = dispute_context(request, dispute_or_404(number), form) | {"problem": problem}
    return TemplateResponse(request, "governance/oversight/dispute.html", context, status=status)


@require_POST
@client_page(RAISE_DISPUTES)
def dispute_back(request: TenantRequest, number: int) -> HttpResponse:
    """Take one's own dispute back."""
    return done(request, number, dispute_withdraw, reason=words(request))


@require_POST
@client_page(RAISE_DISPUTES)
def dispute_again(request: TenantRequest, number: int) -> HttpResponse:
    """Open a settled dispute again."""
    return done(request, number, dispute_reopen, reason=words(request))


@require_POST
@client_page(RAISE_DISPUTES)
def dispute_say(request: TenantRequest, number: int) -> HttpResponse:
    """Say something about it."""
    return done(request, number, dispute_comment, text=words(request))


@require_POST
@client_page(RESOLVE_DISPUTES)
def dispute_attach(request: TenantRequest, number: int) -> HttpResponse:
    """Keep the engine's explanation of one customer with it."""
    form = AttachForm(request.POST)
    if not form.is_valid():
        return shown(request, number, "Say which customer.", 422)
    return done(request, number, evidence_attach, customer=form.cleaned_data["customer"])


def words(request: TenantRequest) -> str:
    """What somebody wrote; empty where it is too long or nothing."""
    form = WordsForm(request.POST)
    return str(form.cleaned_data["text"]) if form.is_valid() else ""


def done(request: TenantRequest, number: int, service: Callable[..., Any], **given: Any) -> HttpResponse:
    """Call the service; the dispute again, or why not."""
    try:
        service(client=request.client, dispute=dispute_or_404(number), user=request.user, **given)
    except DefinitionError as error:
        return shown(request, number, error.sentence, 409 if isinstance(error, OutdatedError) else 422)
    return redirect("dispute", client_slug=request.client.slug, number=number)


def shown(request: TenantRequest, number: int, problem: str, status: int) -> HttpResponse:
    """The dispute with what is wrong."""
    context = dispute_context(request, dispute_or_404(number)) | {"problem": problem}
    return TemplateResponse(request, "governance/oversight/dispute.html", context, status=status)


def dispute_or_404(number: int) -> FigureDispute:
    """The dispute of that number."""
    found = dispute_get(number)
    if found is None:
        raise Http404("No such dispute.")
    return found
