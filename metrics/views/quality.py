"""The monitors of data quality: all of them, one with its findings, one finding, and how a monitor is set."""

import csv
import io
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from metrics.models import FindingState, QualityFinding, QualityMonitor
from metrics.quality_forms import AcknowledgeForm, MonitorForm
from metrics.selectors.limits import limit_of
from metrics.selectors.quality import (
    MonitorShown,
    finding_get,
    finding_lines,
    finding_list,
    monitor_get,
    monitor_list,
    monitor_people,
)
from metrics.services.quality_people import (
    QualityProblem,
    finding_acknowledge,
    finding_reopen,
    look_ask,
    monitor_set,
)
from metrics.views.tabs import data_tabs, number_of
from portal.lib.money import money_text
from portal.lib.spreadsheets import harmless
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.clock import day_now
from portal.tenancy.permissions import RECONCILE, VIEW_DATA
from portal.tenancy.pulse import pulse_is_silent

PAGE = 50
STATES = [("", "Open and acknowledged"), *FindingState.choices, ("all", "All")]


@require_GET
@client_page(VIEW_DATA)
def monitors(request: TenantRequest) -> HttpResponse:
    """Every monitor: its state, how many findings, what is at stake, how that went, whose it is."""
    rows = monitor_list(day_now(request.client))
    is_awaited = any(row.monitor.look_asked_at for row in rows)
    context = {
        "rows": rows,
        "open_count": sum(row.open_count for row in rows),
        "late_count": sum(row.late_count for row in rows),
        "looked_at": max((row.monitor.looked_at for row in rows if row.monitor.looked_at), default=None),
        "nothing": nothing_because(rows),
        "tabs": data_tabs(request, "data_monitors"),
        "is_look_awaited": is_awaited,
        "is_stalled": is_awaited and pulse_is_silent(),
        "may_look": request.standing.may(RECONCILE),
    }
    return render(request, "metrics/monitors.html", context)


@require_POST
@client_page(RECONCILE)
def look_again(request: TenantRequest) -> HttpResponse:
    """Have every monitor look now; the page shows that it is under way."""
    look_ask(client=request.client, now=timezone.now())
    return redirect("data_monitors", client_slug=request.client.slug)


@require_GET
@client_page(VIEW_DATA)
def look_progress(request: TenantRequest) -> HttpResponse:
    """Whether a look that was asked for is still to come; when it is over, the whole page."""
    if QualityMonitor.objects.exclude(look_asked_at=None).exists():
        return render(request, "metrics/_monitors_progress.html", {"is_stalled": pulse_is_silent()})
    response = HttpResponse(status=204 if request.headers.get("HX-Request") else 302)
    target = "HX-Redirect" if request.headers.get("HX-Request") else "Location"
    response[target] = reverse("data_monitors", kwargs={"client_slug": request.client.slug})
    return response


def nothing_because(rows: list[MonitorShown]) -> str:
    """Why there is nothing to check yet, where no monitor could look for one and the same reason; else empty."""
    reasons = {row.monitor.blind_because for row in rows}
    return str(reasons.pop()) if len(reasons) == 1 else ""


@require_GET
@client_page(VIEW_DATA)
def monitor(request: TenantRequest, code: str) -> HttpResponse:
    """One monitor with its findings, by state and text, a page at a time."""
    row, state, q = monitor_or_404(code), request.GET.get("state", ""), request.GET.get("q", "")[:100]
    today, start = day_now(request.client), number_of(request.GET.get("start"))
    found = finding_list(row, state, q)
    shown = list(found[start : start + PAGE + 1])
    asked = "".join(f"&{name}={value}" for name, value in (("state", state), ("q", q)) if value)
    context = {
        "monitor": row,
        "shown": next(each for each in monitor_list(today) if each.monitor.pk == row.pk),
        "findings": shown[:PAGE],
        "today": today,
        "threshold": threshold_text(request, row),
        "q": q,
        "state": state,
        "states": STATES,
        "newer_url": f"?start={max(start - PAGE, 0)}{asked}" if start else "",
        "older_url": f"?start={start + PAGE}{asked}" if len(shown) > PAGE else "",
        "csv_query": f"?{asked.lstrip('&')}" if asked else "",
        "may_set": request.standing.may(RECONCILE),
    }
    return render(request, "metrics/monitor.html", context)


def threshold_text(request: TenantRequest, row: QualityMonitor) -> str:
    """A threshold with its unit."""
    unit, limit = row.spec.unit or request.client.currency, limit_of(row)
    if not row.spec.unit:
        return f"{money_text(limit.amount, unit, request.client.locale)} {unit}, {limit.source}"
    number = f"{row.threshold.normalize():f}"
    return f"{number}%" if unit == "%" else f"{number} {'day' if row.threshold == 1 else 'days'}"


@require_GET
@client_page(VIEW_DATA)
def findings_csv(request: TenantRequest, code: str) -> HttpResponse:
    """The findings of a monitor as CSV, amounts exact; one that has no value is empty, with the reason beside it."""
    row = monitor_or_404(code)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = ("monitor", "state", "finding", "detail", "lines", "arr_at_stake", "currency", "no_value", "first_seen")
    writer.writerow((*names, "due", "acknowledged_until", "reason"))
    for each in finding_list(row, request.GET.get("state", ""), request.GET.get("q", "")[:100]):
        writer.writerow(csv_cells(request, row, each))
    response = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="findings-{request.client.slug}-{row.code}.csv"'
    return response


def csv_cells(request: TenantRequest, row: QualityMonitor, each: QualityFinding) -> list[Any]:
    """A finding as cells of the file."""
    return [
        row.code, each.state, harmless(each.title), harmless(each.detail), each.lines,
        "" if each.arr is None else each.arr, request.client.currency, harmless(each.no_value_because),
        each.first_seen_on, each.due_on if each.state == FindingState.OPEN else "", each.until or "",
        harmless(each.reason if each.state == FindingState.ACKNOWLEDGED else ""),
    ]  # fmt: skip


@require_http_methods(["GET", "POST"])
@client_page(RECONCILE)
def settings(request: TenantRequest, code: str) -> HttpResponse:
    """Threshold, deadline, owner, and who is told further up."""
    row = monitor_or_404(code)
    given: dict[str, Any] = {
        "monitor": row,
        "people": monitor_people(request.client),
        "currency": request.client.currency,
    }
    form = MonitorForm(request.POST or None, **given)
    if request.method == "POST" and form.is_valid():
        try:
            monitor_set(monitor=row, **form.cleaned_data)
        except QualityProblem as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Saved: the look of the next morning goes by it.")
            return redirect("data_monitor", client_slug=request.client.slug, code=row.code)
    context = {"form": form, "monitor": row}
    return render(request, "metrics/monitor_settings.html", context, status=422 if form.errors else 200)


@require_GET
@client_page(VIEW_DATA)
def finding(request: TenantRequest, finding_id: int) -> HttpResponse:
    """One finding: its lines, its history, and the form to acknowledge it for whoever may."""
    return finding_page(request, finding_or_404(finding_id), AcknowledgeForm())


def finding_page(request: TenantRequest, row: QualityFinding, form: AcknowledgeForm) -> HttpResponse:
    """The page of a finding with a form."""
    context = {
        "finding": row,
        "monitor": row.monitor,
        "spec": row.monitor.spec,
        "lines": finding_lines(row),
        "events": row.events.select_related("by"),
        "today": day_now(request.client),
        "form": form,
        "may_acknowledge": request.standing.may(RECONCILE) and row.state != FindingState.FIXED,
    }
    return render(request, "metrics/finding.html", context, status=422 if form.errors else 200)


@require_POST
@client_page(RECONCILE)
def acknowledge(request: TenantRequest, finding_id: int) -> HttpResponse:
    """Let a finding stay until a day, for a reason."""
    row, form = finding_or_404(finding_id), AcknowledgeForm(request.POST)
    if form.is_valid():
        today = day_now(request.client)
        try:
            finding_acknowledge(finding=row, today=today, user=request.user, **form.cleaned_data)
        except QualityProblem as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Acknowledged: it stands in the history with your name.")
            return redirect("data_finding", client_slug=request.client.slug, finding_id=row.pk)
    return finding_page(request, row, form)


@require_POST
@client_page(RECONCILE)
def reopen(request: TenantRequest, finding_id: int) -> HttpResponse:
    """Take an acknowledgement back."""
    row = finding_or_404(finding_id)
    try:
        finding_reopen(finding=row, today=day_now(request.client), user=request.user)
    except QualityProblem as error:
        messages.error(request, f"Nothing was changed: {error}.")
    else:
        messages.success(request, "It is open again, with a new deadline.")
    return redirect("data_finding", client_slug=request.client.slug, finding_id=row.pk)


def monitor_or_404(code: str) -> QualityMonitor:
    """The client's monitor of that code."""
    found = monitor_get(code)
    if found is None:
        raise Http404("No such monitor, or nothing was looked at yet.")
    return found


def finding_or_404(pk: int) -> QualityFinding:
    """A finding of the client."""
    found = finding_get(pk)
    if found is None:
        raise Http404("No such finding.")
    return found
