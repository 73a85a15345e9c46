"""Asking for a change: which kind, its form, and what is alike while it is written."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET, require_http_methods

from governance.change_content import ContentFault
from governance.change_editor import (
    OF_A_METRIC,
    alike,
    choice_context,
    form_context,
    kinds_context,
    may_be_about,
    wish_form,
)
from governance.change_forms import WishForm
from governance.change_words import rows_of
from governance.models import ChangeKind, ChangeRequest
from governance.selectors.changes import change_get
from governance.selectors.registry import registry_get
from governance.services.changes import change_draft, change_edit
from governance.services.problems import DefinitionError, OutdatedError
from governance.views.changes import change_or_404
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import REQUEST_CHANGES
from portal.tenancy.reader import locale_of


@require_GET
@client_page(REQUEST_CHANGES)
def changes_new(request: TenantRequest) -> HttpResponse:
    """What may be asked for."""
    return TemplateResponse(request, "governance/changes/kinds.html", kinds_context(request))


@require_http_methods(["GET", "POST"])
@client_page(REQUEST_CHANGES)
def change_new(request: TenantRequest, kind: str) -> HttpResponse:
    """The form of one kind; a kind that is about a metric asks for it first. A file's page sends along what the file says."""
    if kind not in ChangeKind.values:
        raise Http404("No such kind of request.")
    about = request.GET.get("about", "")[:60]
    if kind in OF_A_METRIC:
        entry = registry_get(request.client).entries.get(about)
        if entry is None or not may_be_about(kind, entry):
            return TemplateResponse(request, "governance/changes/choose.html", choice_context(request, kind))
    filed = request.POST.get("filed", "")
    if request.method == "GET" or filed:
        return form_page(request, wish_form(request, kind, about=about, filed=filed))
    form = wish_form(request, kind, about=about, data=request.POST)
    if form.is_valid() and (made := kept(request, form)) is not None:
        messages.success(request, f"{made} is kept as a draft. Look at it once more, then submit it.")
        return redirect("change", client_slug=request.client.slug, number=made.number)
    return form_page(request, form, 422)


@require_http_methods(["GET", "POST"])
@client_page(REQUEST_CHANGES)
def change_rewrite(request: TenantRequest, number: int) -> HttpResponse:
    """Write a draft anew, or what was sent back. Whoever came second finds what is there now, and keeps what they typed."""
    found = change_or_404(request, number)
    form = wish_form(request, found.kind, change=found, data=request.POST or None)
    if request.method == "GET":
        return form_page(request, form)
    if not form.is_valid():
        return form_page(request, form, 422)
    try:
        change_edit(request=found, version=form.cleaned_data["version"] or 0, wish=form.wish(), user=request.user)
    except ContentFault as error:
        form.blame(error)
    except DefinitionError as error:
        form.add_error(None, error.sentence)
        if isinstance(error, OutdatedError):
            return form_page(request, form, 409, change_or_404(request, number))
        return form_page(request, form, 422)
    else:
        messages.success(request, "Kept.")
        return redirect("change", client_slug=request.client.slug, number=number)
    return form_page(request, form, 422)


@require_GET
@client_page(REQUEST_CHANGES)
def changes_alike(request: TenantRequest) -> HttpResponse:
    """Open requests that may ask for the same as the form that is being written."""
    kind, number = request.GET.get("kind", ""), request.GET.get("own", "")
    if kind not in ChangeKind.values:
        raise Http404("No such kind of request.")
    change = (
        change_get(int(number), request.user) if number.isascii() and number.isdigit() and len(number) < 8 else None
    )
    if change is not None and change.kind != kind:
        change = None
    form = wish_form(request, kind, about=request.GET.get("about", "")[:60], change=change, data=request.GET)
    context = {**alike(form), "own": change.number if change else None, "looked": True}
    return TemplateResponse(request, "governance/changes/_alike.html", context)


def kept(request: TenantRequest, form: WishForm) -> ChangeRequest | None:
    """The draft that a form makes; None where it is refused, with the reasons in the form."""
    try:
        return change_draft(client=request.client, kind=form.kind, wish=form.wish(), user=request.user)
    except ContentFault as error:
        form.blame(error)
    return None


def form_page(
    request: TenantRequest, form: WishForm, status: int = 200, written: ChangeRequest | None = None
) -> HttpResponse:
    """The page of a form; with what somebody else has `written` in the meantime."""
    context = form_context(request, form)
    if written is not None:
        rows = rows_of(written, form.ground.held.registry, locale_of(request))
        context |= {"written": written, "rows": rows}
    return TemplateResponse(request, "governance/changes/form.html", context, status=status)
