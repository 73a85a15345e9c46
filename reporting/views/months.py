"""Closed months: closing the next one, restating one with a reason, and what was reported when."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from governance.selectors.figure_disputes import disputed_marks
from metrics.models import MonthClose, Recognition
from metrics.selectors.books import book_head
from metrics.selectors.close_preview import close_preview
from metrics.selectors.closes import ClosedMonth, close_balances, close_rows, closes_list, next_month_to_close
from metrics.selectors.customers import customer_names
from metrics.selectors.policies import policy_latest, policy_name
from metrics.services.closes import CloseError, month_close, month_close_check, month_restate
from portal.lib.dates import dated_text, month_text
from portal.lib.money import money_text
from portal.lib.periods import last_day, month_format, month_parse
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import CLOSE_MONTH, VIEW_ARR
from portal.tenancy.reader import locale_of
from reporting.dispute_marks import of_groups
from reporting.forms import ReopenForm
from reporting.months_page import (
    basis_switch,
    chosen_basis,
    closing_of,
    kept_figures,
    kept_metrics,
    month_disputes,
    months_address,
    restated_by,
)

SHOWN_BALANCES = 500


@client_page(VIEW_ARR)
def months(request: TenantRequest) -> HttpResponse:
    """Every closed month beside what the contracts say of it now, and the next one to close."""
    basis = chosen_basis(request.GET.get("basis", ""))
    head = book_head(request.client, basis)
    next_month = next_month_to_close(request.client, timezone.now())
    marks, slug = of_groups(disputed_marks(), head), request.client.slug
    rows = closes_list(request.client, basis)
    causes = restated_by(request.client, [row.latest for row in rows])
    context: dict[str, Any] = {
        "currency": request.client.currency,
        "head": head,
        "bases": basis_switch(request.path, head.recognition),
        "closed": [(row, month_disputes(slug, marks, row.month), causes.get(row.latest.pk)) for row in rows],
        "next_month": next_month,
        "next_key": month_format(next_month) if next_month is not None else "",
        "may_close": request.standing.may(CLOSE_MONTH),
    }
    return TemplateResponse(request, "reporting/months.html", context)


@client_page(CLOSE_MONTH)
def month_close_view(request: TenantRequest, month: str) -> HttpResponse:
    """Show what closing the month would keep and ask; closed only from the page whose figures are still those shown."""
    ordinal = month_or_404(month)
    problem = ""
    try:
        if request.method == "POST":
            made = month_close(
                client=request.client, month=ordinal, user=request.user, seen=request.POST.get("seen", "")
            )
            return told_and_redirected(request, made, "is closed")
        month_close_check(client=request.client, month=ordinal)
    except CloseError as error:
        problem = f"{error}."
    context = {
        "currency": request.client.currency,
        "preview": close_preview(request.client, ordinal),
        "month": ordinal,
        "as_of": last_day(ordinal),
        "problem": dated_text(problem[:1].upper() + problem[1:], locale_of(request)),
        "may_try_again": request.method == "POST",
    }
    return TemplateResponse(request, "reporting/month_close.html", context)


def told_and_redirected(request: TenantRequest, made: list[MonthClose], verb: str) -> HttpResponse:
    """Say what was recorded, and show it."""
    locale, currency = locale_of(request), request.client.currency
    own = next(close for close in made if close.recognition == book_head(request.client).recognition)
    kept = ", ".join(
        f"{close.get_recognition_display()} {money_text(close_rows(close)[0].ending, currency, locale)}"
        for close in made
    )
    text = f"{month_text(own.month, locale)} {verb}: {kept} {currency} under {policy_name(own.policy.number)}."
    messages.success(request, f"{text} The audit log has it with your name.")
    return redirect("month", client_slug=request.client.slug, month=month_format(own.month), revision=own.revision)


@client_page(CLOSE_MONTH)
def month_restate_view(request: TenantRequest, month: str) -> HttpResponse:
    """Restate a closed month, with the reason; the figures it replaces stay readable."""
    ordinal = month_or_404(month)
    found = [
        (label, row)
        for basis, label in Recognition.choices
        for row in closes_list(request.client, basis)
        if row.month == ordinal
    ]
    if not found:
        raise Http404
    form = ReopenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            made = month_restate(client=request.client, month=ordinal, reason=reason, user=request.user)
        except CloseError as error:
            form.add_error(None, dated_text(f"Not restated: {error}.", locale_of(request)))
        else:
            return told_and_redirected(request, made, f"is restated (revision {made[0].revision})")
    context = {
        "currency": request.client.currency,
        "month": ordinal,
        "found": found,
        "is_restated": found[0][1].latest.revision > 1,
        "form": form,
        "other_policy": other_policy(found[0][1]),
    }
    return TemplateResponse(request, "reporting/month_restate.html", context)


def other_policy(row: ClosedMonth) -> str:
    """That another policy than that of the close holds by now; empty where it is the same."""
    newest = policy_latest()
    if row.is_of_book or newest is None:
        return ""
    return f"Closed under {policy_name(row.latest.policy.number)}; v{newest.number} is in force by now"


@client_page(VIEW_ARR)
def month_detail(request: TenantRequest, month: str, revision: int) -> HttpResponse:
    """A closed month as it was stored: who had how much, under which policy, from which input."""
    ordinal, basis = month_or_404(month), chosen_basis(request.GET.get("basis", ""))
    head = book_head(request.client, basis)
    revisions = MonthClose.objects.select_related("closed_by", "policy", "restates").filter(
        month=ordinal, recognition=head.recognition
    )
    close = next((found for found in revisions if found.revision == revision), None)
    if close is None:
        raise Http404
    disputes = month_disputes(request.client.slug, of_groups(disputed_marks(), head), ordinal)
    balances = close_balances(close)
    shown = list(balances[:SHOWN_BALANCES])
    names = customer_names({row.customer for row in shown})
    context = {
        "currency": request.client.currency,
        "head": head,
        "close": close,
        "key": month_format(ordinal),
        "bases": basis_switch(request.path, head.recognition),
        "figures": kept_figures(close, disputes),
        "metrics": kept_metrics(request.client, close, locale_of(request)),
        **closing_of(request.client, close, list(revisions)),
        "balances": [(row, names[row.customer]) for row in shown],
        "balance_count": balances.count(),
        "arr_url": reverse("arr", kwargs={"client_slug": request.client.slug}),
        "months_url": months_address(request.client, basis),
    }
    return TemplateResponse(request, "reporting/month.html", context)


def month_or_404(text: str) -> int:
    try:
        return month_parse(text)
    except ValueError as error:
        raise Http404 from error
