"""The portfolio, a client's settings and its audit log, and opening a client."""

from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from portal.tenancy.access import FirmRequest, TenantRequest, client_page, firm_page, person_page, to_second_factor
from portal.tenancy.anchors import log_verify
from portal.tenancy.forms import ClientForm, LogForm, NewClientForm
from portal.tenancy.logs import LogFilter, audit_families, audit_list
from portal.tenancy.models import Client, FirmMembership
from portal.tenancy.permissions import (
    CREATE_CLIENT,
    FIRM_PERMISSIONS,
    MANAGE_SETTINGS,
    MANAGE_SIGN_IN,
    MANAGE_WEBHOOKS,
    VIEW_AUDIT,
)
from portal.tenancy.portfolio import PortfolioRow, portfolio_list
from portal.tenancy.selectors import must_set_up_mfa, session_limit
from portal.tenancy.services import TenancyError, client_open, client_update
from portal.tenancy.step_up import identity_confirmed

LIKE_FOR_LIKE: Final = (
    "Both month ends by the definition and the contracts of now; where the change from what was reported is another one, it "
    "stands below"
)
COLUMNS = [
    ("client", "Client", ""),
    ("arr", "ARR", "money"),
    ("change", "Month, like for like", "signed"),
    ("nrr", "NRR", "percent"),
    ("customers", "Customers", "count"),
    ("issues", "Open findings", "count"),
    ("import", "Last import", "date"),
    ("closed", "Closed to", "month"),
]


@require_GET
@person_page
def portfolio(request: HttpRequest) -> HttpResponse:
    """The clients someone reaches; a client's own person goes straight to the one they have."""
    firms = [] if session_limit(request.user) else list(_staff_of(request))
    if firms and must_set_up_mfa(request.user, None, "", True):
        return to_second_factor(request, str(firms[0].firm))
    search, sort = request.GET.get("q", "").strip()[:100], request.GET.get("sort", "client")
    rows = portfolio_list(request.user, search=search, sort=sort.lstrip("-"), descending=sort.startswith("-"))
    if not firms and not search and len(rows) == 1:
        return redirect("client_home", client_slug=rows[0].client.slug)
    may_open = [member.firm for member in firms if CREATE_CLIENT in FIRM_PERMISSIONS[member.role]]
    context = {
        "table": portfolio_table(rows, search, sort),
        "rows": rows,
        "search": search,
        "sort": sort,
        "firms": [member.firm for member in firms],
        "new_client_url": reverse("client_new", kwargs={"firm_slug": may_open[0].slug}) if may_open else "",
    }
    return render(request, "portfolio/portfolio.html", context)


def portfolio_table(rows: list[PortfolioRow], search: str, sort: str) -> dict[str, Any]:
    """The rows in the form of `_partials/table.html`."""
    columns = []
    for key, label, kind in COLUMNS:
        sorted_as = {key: "ascending", f"-{key}": "descending"}.get(sort, "none") if key else "none"
        turned = f"-{key}" if sort == key else key
        url = "?" + urlencode({"sort": turned, **({"q": search} if search else {})}) if key else ""
        columns.append({"label": label, "kind": kind, "sort_url": url, "sorted": sorted_as, "is_named": True})
        if key == "change":
            columns[-1]["help"] = LIKE_FOR_LIKE
    return {"id": "portfolio", "stacks": True, "columns": columns, "rows": [_table_row(row) for row in rows]}


def _table_row(row: PortfolioRow) -> dict[str, Any]:
    summary, currency = row.summary, row.client.currency
    home = reverse("client_home", kwargs={"client_slug": row.client.slug})
    why: dict[str, Any] = {"reason": (summary.state if summary else "") or "No numbers yet", "is_named": True}
    note = f"{currency} · {(summary.state if summary else '') or row.role_label}"
    name = {"value": row.client.name, "href": home, "note": note}
    return {
        "id": row.client.slug,
        "cells": [
            name,
            {"value": summary.arr if summary else None, "currency": currency, "reported": row.arr_reported, **why},
            {"value": row.change, "currency": currency, "reported": row.change_reported, **why},
            {"value": summary.nrr if summary else None, **why},
            {"value": summary.customers if summary else None, **why},
            {"value": summary.open_issues if summary else None, **why},
            {"value": summary.last_import_at if summary else None, "reason": "Nothing imported yet"},
            {"value": summary.last_closed_month if summary else None, "reason": "No month closed yet"},
        ],
    }


@require_http_methods(["GET", "POST"])
@firm_page(CREATE_CLIENT, in_transaction=False)
def client_new(request: FirmRequest) -> HttpResponse:
    """Open a client for the firm."""
    form = NewClientForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            client = client_open(firm=request.firm, opened_by=request.user, **form.cleaned_data)
        except TenancyError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{client} is ready: load its contracts next.")
            return redirect("client_home", client_slug=client.slug)
    return render(
        request, "firm/client_new.html", {"form": form, "firm": request.firm}, status=422 if form.errors else 200
    )


@require_http_methods(["GET", "POST"])
@client_page(MANAGE_SETTINGS)
def client_settings(request: TenantRequest) -> HttpResponse:
    """A client's own settings; whether its admins need a second factor is changed only after a fresh proof of identity."""
    form = ClientForm(request.POST or None, instance=Client.objects.get(pk=request.client.pk))
    if request.method == "POST" and form.is_valid():
        if "requires_mfa_for_admins" in form.changed_data and (answer := identity_confirmed(request)):
            return answer
        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        try:
            client_update(client=request.client, **changes)
        except TenancyError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Saved." if changes else "Nothing to change.")
            return redirect("client_settings", client_slug=request.client.slug)
    may = request.standing.may
    context = {
        "form": form,
        "may_manage_sign_in": may(MANAGE_SIGN_IN),
        "may_manage_webhooks": may(MANAGE_WEBHOOKS),
    }
    return render(request, "settings/client.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@client_page(VIEW_AUDIT)
def audit_log(request: TenantRequest) -> HttpResponse:
    """Who did what, newest first; the POST checks the whole chain and says what it found."""
    form = LogForm(request.GET)
    shown = LogFilter(**form.cleaned_data) if form.is_valid() else LogFilter()
    page = audit_list(request.client, shown, is_firm_staff=request.standing.is_firm_staff)
    kept = {name: value for name, value in request.GET.items() if name != "before" and value}
    context = {
        "form": form,
        "lines": page.lines,
        "families": audit_families(),
        "verdict": log_verify(request.client) if request.method == "POST" else None,
        "is_filtered": bool(kept),
        "newest_url": "?" + urlencode(kept) if shown.before else "",
        "older_url": "?" + urlencode({**kept, "before": page.older_than}) if page.older_than else "",
    }
    return render(request, "audit/log.html", context)


def _staff_of(request: HttpRequest) -> list[FirmMembership]:
    person: Any = request.user
    mine = FirmMembership.objects.select_related("firm").filter(user=person)
    return list(mine.order_by("firm__name"))
