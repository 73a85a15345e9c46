"""Two sources at a month end: totals, every account, the lines of one account, and what people say about it."""

import csv
import io
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from metrics.models import AccountExplanation
from metrics.reconciliation_forms import ExplanationForm
from metrics.reconciliation_page import (
    LEVEL_TONES,
    PAGE,
    TONES,
    Asked,
    account_address,
    asked_rows,
    filters,
    heads,
    page_links,
    state_links,
)
from metrics.selectors.reconciliation import account_lines_get, reconciliation_get
from metrics.selectors.reconciliation_figures import AccountRow, Reconciliation
from metrics.services.reconciliation import ReconciliationProblem, account_explanation_withdraw, difference_explain
from metrics.views.tabs import data_tabs
from portal.lib.periods import month_format
from portal.lib.spreadsheets import harmless
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import EDIT_POLICY, RECONCILE, VIEW_DATA
from portal.tenancy.reader import locale_of


@require_GET
@client_page(VIEW_DATA)
def overview(request: TenantRequest) -> HttpResponse:
    """Totals, variance and every account in the asked order."""
    asked = Asked.of(request.GET)
    found = reconciliation_get(request.client, asked.month, asked.base, asked.other)
    rows = asked_rows(found, asked)
    shown = rows[asked.start : asked.start + PAGE]
    context = {
        "found": found,
        "level_tone": LEVEL_TONES[found.level],
        "rows": [(row, tone(row), account_address(request.client, row.account, asked)) for row in shown],
        "sums": sums(rows),
        "count": len(rows),
        "heads": heads(found, asked),
        "filters": filters(request.client, found, locale_of(request)),
        "states": state_links(found, asked),
        "pages": page_links(asked, len(rows)) if len(rows) > PAGE else None,
        "csv_query": asked.address(),
        "currency": found.currency,
        "tabs": data_tabs(request, "reconciliation"),
        "may_reconcile": request.standing.may(RECONCILE),
        "may_decide": request.standing.may(EDIT_POLICY),
    }
    return render(request, "metrics/reconciliation.html", context)


def tone(row: AccountRow) -> str:
    """The badge of a row's state."""
    return TONES.get(row.state, "refused")


def sums(rows: list[AccountRow]) -> dict[str, Decimal]:
    """What the shown accounts add up to; an account that a source lacks adds nothing there."""
    zero = Decimal("0.00")
    return {
        "base": sum((row.base for row in rows if row.base is not None), zero),
        "other": sum((row.other for row in rows if row.other is not None), zero),
        "difference": sum((row.difference for row in rows), zero),
    }


@require_GET
@client_page(VIEW_DATA)
def accounts_csv(request: TenantRequest) -> HttpResponse:
    """Every account of the asked state, as CSV; an amount that a source does not have is empty."""
    asked = Asked.of(request.GET)
    found = reconciliation_get(request.client, asked.month, asked.base, asked.other)
    if found.month is None or found.base is None or found.other is None or found.reason is not None:
        raise Http404("There is nothing to reconcile.")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = ("account", "name", "base", "other", "difference", "ratio", "state", "reasons", "explanation")
    writer.writerow(("month", "base_source", "other_source", "currency", *names))
    head = [month_format(found.month), harmless(found.base.name), harmless(found.other.name), found.currency]
    for row in asked_rows(found, asked):
        writer.writerow([*head, *csv_cells(row)])
    response = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
    name = f"reconciliation-{request.client.slug}-{month_format(found.month)}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def csv_cells(row: AccountRow) -> list[str]:
    """An account as cells of the file."""
    figures = ["" if value is None else str(value) for value in (row.base, row.other, row.difference, row.ratio)]
    reasons = " ".join(reason.sentence for reason in row.reasons)
    told = row.explanation.text if row.explanation else ""
    return [harmless(row.account), harmless(row.name), *figures, row.state, harmless(reasons), harmless(told)]


# --- one account ------------------------------------------------------------------------------------------------------


@require_GET
@client_page(VIEW_DATA)
def account(request: TenantRequest) -> HttpResponse:
    """One account: its reasons, the lines of both sides, and its explanation."""
    asked = Asked.of(request.GET)
    found, row = account_or_404(request, asked, request.GET.get("account", ""))
    return render(request, "metrics/reconciliation_account.html", account_context(request, asked, found, row))


def account_or_404(request: TenantRequest, asked: Asked, name: str) -> tuple[Reconciliation, AccountRow]:
    """The reconciliation and the row of an account."""
    found = reconciliation_get(request.client, asked.month, asked.base, asked.other)
    row = found.account(name)
    if row is None:
        raise Http404("No such account has ARR in either source.")
    return found, row


def account_context(
    request: TenantRequest, asked: Asked, found: Reconciliation, row: AccountRow, form: ExplanationForm | None = None
) -> dict[str, Any]:
    """What the page of one account shows."""
    mine, theirs = account_lines_get(request.client, found, row.account)
    told = row.explanation.text if row.explanation else ""
    initial = {"account": row.account, "difference": row.difference, "text": told}
    return {
        "found": found,
        "row": row,
        "tone": tone(row),
        "sides": [(found.base, row.base, mine), (found.other, row.other, theirs)],
        "form": form or ExplanationForm(initial=initial),
        "query": asked.address(),
        "namesake_url": account_address(request.client, row.namesake, asked) if row.namesake else "",
        "currency": found.currency,
        "may_reconcile": request.standing.may(RECONCILE),
    }


@require_POST
@client_page(RECONCILE)
def explain(request: TenantRequest) -> HttpResponse:
    """Say why an account differs."""
    asked, form = Asked.of(request.GET), ExplanationForm(request.POST)
    found, row = account_or_404(request, asked, request.POST.get("account", ""))
    if form.is_valid():
        problem = explained(request, found, row, form.cleaned_data)
        if not problem:
            messages.success(request, f"{row.name} is explained. The audit log has it with your name.")
            return HttpResponseRedirect(account_address(request.client, row.account, asked))
        form.add_error(None, problem)
    context = account_context(request, asked, found, row, form)
    return render(request, "metrics/reconciliation_account.html", context, status=422)


def explained(request: TenantRequest, found: Reconciliation, row: AccountRow, given: dict[str, Any]) -> str:
    """Store an explanation of the difference that was shown; says what is wrong, if anything is."""
    shown = given["difference"]
    try:
        difference_explain(
            client=request.client, found=found, account=row.account, shown=shown, text=given["text"], user=request.user
        )
    except ReconciliationProblem as error:
        return str(error)
    return ""


@require_POST
@client_page(RECONCILE)
def withdraw(request: TenantRequest, explanation_id: int) -> HttpResponse:
    """Take an explanation back."""
    found = AccountExplanation.objects.select_related("base", "other").filter(pk=explanation_id).first()
    if found is None:
        raise Http404("No such explanation.")
    account_explanation_withdraw(client=request.client, explanation=found)
    messages.success(request, "The explanation is withdrawn. The audit log keeps it.")
    asked = Asked(found.month, found.base, found.other, "", "", 0)
    address = reverse("reconciliation", kwargs={"client_slug": request.client.slug})
    return HttpResponseRedirect(f"{address}?{asked.address()}")
