"""Closed months: closing the next one, restating one with a reason, and what was reported when."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from metrics.models import MonthClose
from metrics.selectors.books import book_head
from metrics.selectors.closes import close_balances, close_rows, closes_list, next_month_to_close
from metrics.services.closes import CloseError, month_close, month_restate
from portal.lib.dates import month_text
from portal.lib.periods import month_format, month_parse
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import CLOSE_MONTH, VIEW_ARR
from reporting.forms import ReopenForm
from reporting.reader import locale_of

SHOWN_BALANCES = 500


@client_page(VIEW_ARR)
def months(request: TenantRequest) -> HttpResponse:
    """Every closed month beside what the contracts say of it now, and the next one to close."""
    context: dict[str, Any] = {
        "currency": request.client.currency,
        "head": book_head(request.client),
        "closed": closes_list(request.client),
        "next_month": next_month_to_close(request.client, timezone.now()),
        "may_close": request.standing.may(CLOSE_MONTH),
    }
    if context["next_month"] is not None:
        context["next_key"] = month_format(context["next_month"])
    return TemplateResponse(request, "reporting/months.html", context)


@require_POST
@client_page(CLOSE_MONTH)
def month_close_view(request: TenantRequest, month: str) -> HttpResponse:
    """Close a month: its numbers are kept for ever."""
    ordinal = month_or_404(month)
    try:
        month_close(client=request.client, month=ordinal, user=request.user)
    except CloseError as error:
        messages.error(request, f"Not closed: {error}.")
    else:
        messages.success(
            request, f"{month_text(ordinal, locale_of(request))} is closed. Its numbers are kept as they are."
        )
    return redirect("months", client_slug=request.client.slug)


@client_page(CLOSE_MONTH)
def month_restate_view(request: TenantRequest, month: str) -> HttpResponse:
    """Restate a closed month, with the reason; the figures it replaces stay readable."""
    ordinal = month_or_404(month)
    found = next((row for row in closes_list(request.client) if row.month == ordinal), None)
    if found is None:
        raise Http404
    form = ReopenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            month_restate(client=request.client, month=ordinal, reason=reason, user=request.user)
        except CloseError as error:
            form.add_error(None, f"Not restated: {error}.")
        else:
            messages.success(request, f"{month_text(ordinal, locale_of(request))} is restated.")
            return redirect("months", client_slug=request.client.slug)
    context = {"currency": request.client.currency, "found": found, "form": form}
    return TemplateResponse(request, "reporting/month_restate.html", context)


@client_page(VIEW_ARR)
def month_detail(request: TenantRequest, month: str, revision: int) -> HttpResponse:
    """A closed month as it was stored: who had how much, under which policy, from which input."""
    head = book_head(request.client)
    wanted = {"month": month_or_404(month), "revision": revision, "recognition": head.recognition}
    close = MonthClose.objects.select_related("closed_by", "policy", "restates").filter(**wanted).first()
    if close is None:
        raise Http404
    balances = close_balances(close)
    context = {
        "currency": request.client.currency,
        "close": close,
        "bridge": close_rows(close),
        "balances": balances[:SHOWN_BALANCES],
        "balance_count": balances.count(),
    }
    return TemplateResponse(request, "reporting/month.html", context)


def month_or_404(text: str) -> int:
    try:
        return month_parse(text)
    except ValueError as error:
        raise Http404 from error
