"""Which customers of two sources are one account, and how closely the sources have to agree."""

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from metrics.models import AccountMapping
from metrics.reconciliation_forms import AccountMapForm, LevelsForm
from metrics.selectors.reconciliation import mapping_list, reconciliation_setting, source_pair
from metrics.services.reconciliation import (
    ReconciliationProblem,
    account_map,
    account_unmap,
    reconciliation_setting_update,
)
from metrics.views.tabs import data_tabs, number_of
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import EDIT_POLICY, RECONCILE, VIEW_DATA


@require_GET
@client_page(VIEW_DATA)
def mappings(request: TenantRequest) -> HttpResponse:
    """Every customer that is another account, and the form to add one."""
    asked = {"customer_id": request.GET.get("customer", "")[:200], "account_id": request.GET.get("account", "")[:200]}
    other = source_pair()[1]
    source = number_of(request.GET.get("source")) or (other.pk if other else None)
    return shown(request, AccountMapForm(initial={**asked, "source": source}))


def shown(request: TenantRequest, form: AccountMapForm, status: int = 200) -> HttpResponse:
    """The page of mappings with a form."""
    context: dict[str, Any] = {
        "mappings": mapping_list(),
        "form": form,
        "tabs": data_tabs(request, "reconciliation"),
        "may_reconcile": request.standing.may(RECONCILE),
    }
    return render(request, "metrics/account_mappings.html", context, status=status)


@require_POST
@client_page(RECONCILE)
def add(request: TenantRequest) -> HttpResponse:
    """Map a customer of a source to an account."""
    form = AccountMapForm(request.POST)
    if form.is_valid():
        try:
            made = account_map(client=request.client, **form.cleaned_data, user=request.user)
        except ReconciliationProblem as error:
            form.add_error(None, str(error))
        else:
            text = f"{made.customer_id} of {made.source.name} is now the account {made.account_id}."
            messages.success(request, text)
            return redirect("account_mappings", client_slug=request.client.slug)
    return shown(request, form, status=422)


@require_POST
@client_page(RECONCILE)
def remove(request: TenantRequest, mapping_id: int) -> HttpResponse:
    """Join a customer by its own id again."""
    found = AccountMapping.objects.select_related("source").filter(pk=mapping_id).first()
    if found is None:
        raise Http404("No such mapping.")
    account_unmap(client=request.client, mapping=found)
    messages.success(request, f"{found.customer_id} of {found.source.name} is joined by its own id again.")
    return redirect("account_mappings", client_slug=request.client.slug)


@require_http_methods(["GET", "POST"])
@client_page(EDIT_POLICY)
def levels(request: TenantRequest) -> HttpResponse:
    """Decide tolerance, red flag and the two sources."""
    setting = reconciliation_setting()
    initial = {name: percents(getattr(setting, name)) for name in ("tolerance", "red_flag")}
    form = LevelsForm(request.POST or None, initial={**initial, "base": setting.base_id, "other": setting.other_id})
    if request.method == "POST" and form.is_valid():
        pair: dict[str, Any] = {name: form.cleaned_data[name] for name in ("base", "other")}
        try:
            reconciliation_setting_update(client=request.client, **(form.ratios() | pair))
        except ReconciliationProblem as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "The levels are saved. The audit log has them with your name.")
            return redirect("reconciliation", client_slug=request.client.slug)
    return render(request, "metrics/reconciliation_levels.html", {"form": form}, status=422 if form.errors else 200)


def percents(ratio: Decimal) -> Decimal:
    """A ratio as people write it."""
    return (ratio * 100).quantize(Decimal("0.01"))
