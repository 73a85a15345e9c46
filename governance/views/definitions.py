"""The definitions of a client: the list, one item with its history, and what consultants do with it."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from governance.forms import ConfirmForm, ItemForm, ReopenForm
from governance.item_page import item_context, list_context
from governance.models import DefinitionItem
from governance.selectors.items import item_get
from governance.services.items import definitions_start, item_confirm, item_edit, item_reopen
from governance.services.problems import DefinitionError, OutdatedError
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import EDIT_POLICY, VIEW_POLICY


@require_GET
@client_page(VIEW_POLICY)
def definitions(request: TenantRequest) -> HttpResponse:
    """Every item with its state."""
    return TemplateResponse(request, "governance/definitions.html", list_context(request))


@require_POST
@client_page(EDIT_POLICY)
def definitions_begin(request: TenantRequest) -> HttpResponse:
    """Start the client's definitions from the library."""
    try:
        items = definitions_start(client=request.client, user=request.user)
    except DefinitionError as error:
        messages.error(request, f"Nothing was changed: {error}.")
    else:
        messages.success(request, f"{len(items)} definitions are proposed. Nothing of them is confirmed yet.")
    return redirect("definitions", client_slug=request.client.slug)


@require_GET
@client_page(VIEW_POLICY)
def definition(request: TenantRequest, key: str) -> HttpResponse:
    """One item: what is asked, what holds, why, and everything that happened to it."""
    return TemplateResponse(request, "governance/definition.html", item_context(request, item_or_404(key)))


@require_http_methods(["GET", "POST"])
@client_page(EDIT_POLICY)
def definition_edit(request: TenantRequest, key: str) -> HttpResponse:
    """Change an item; whoever came second is told, with what is there now."""
    item = item_or_404(key)
    form = ItemForm(item, request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            item_edit(
                item=item, version=given["version"], changes=form.changes(), note=given["note"],
                meeting=given["meeting"], user=request.user,
            )  # fmt: skip
        except DefinitionError as error:
            status = 409 if isinstance(error, OutdatedError) else 422
            form.add_error(None, error.sentence)
        else:
            messages.success(request, "Changed. Answers to the earlier wording no longer count.")
            return redirect("definition", client_slug=request.client.slug, key=key)
    context = {"item": item, "form": form}
    return TemplateResponse(request, "governance/definition_edit.html", context, status=status)


@require_POST
@client_page(EDIT_POLICY)
def definition_confirm(request: TenantRequest, key: str) -> HttpResponse:
    """Record that the client confirmed an item, and in which meeting."""
    form = ConfirmForm(request.POST)
    return carried_out(request, item_or_404(key), form, item_confirm, "Confirmed.")


@require_POST
@client_page(EDIT_POLICY)
def definition_open(request: TenantRequest, key: str) -> HttpResponse:
    """Take a confirmation back."""
    form = ReopenForm(request.POST)
    return carried_out(request, item_or_404(key), form, item_reopen, "Open again.")


def carried_out(
    request: TenantRequest, item: DefinitionItem, form: Any, change: Callable[..., Any], done: str
) -> HttpResponse:
    """Run a change with what a form holds; show the item again with what is wrong, or go back to it."""
    problem, status = "Something is missing: look at the form.", 422
    if form.is_valid():
        try:
            change(item=item, user=request.user, **form.cleaned_data)
        except DefinitionError as error:
            problem, status = error.sentence, 409 if isinstance(error, OutdatedError) else 422
        else:
            messages.success(request, done)
            return redirect("definition", client_slug=request.client.slug, key=item.key)
    context = item_context(request, item) | {"problem": problem, "given": form}
    return TemplateResponse(request, "governance/definition.html", context, status=status)


def item_or_404(key: str) -> DefinitionItem:
    """The client's item of that key."""
    item = item_get(key)
    if item is None:
        raise Http404("No such definition.")
    return item
