"""The Data page: sources, and the history of imports."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from metrics.models import Source
from metrics.selectors.data_quality import issue_list, issues_at_hand
from metrics.selectors.imports import PAGE, import_list, source_cards
from metrics.selectors.quality import findings_open
from metrics.selectors.rates import rate_gaps
from metrics.services.sources import source_make_authoritative
from metrics.views.tabs import data_tabs, number_of
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.clock import day_now
from portal.tenancy.permissions import IMPORT_DATA, VIEW_DATA


@require_GET
@client_page(VIEW_DATA)
def overview(request: TenantRequest) -> HttpResponse:
    """Each source as a card, and what needs somebody: open questions of the lines, missing rates."""
    cards = source_cards()
    context = {
        "cards": cards,
        "issues": issues_at_hand(request.client) if cards else [],
        "findings": findings_open(day_now(request.client)) if cards else (0, 0),
        "gaps": rate_gaps(request.client),
        "recent": import_list()[:5],
        "tabs": data_tabs(request, "data"),
        "may_import": request.standing.may(IMPORT_DATA),
    }
    return render(request, "metrics/data.html", context)


@require_GET
@client_page(VIEW_DATA)
def questions(request: TenantRequest) -> HttpResponse:
    """The panel of open questions by itself, for the overview of a client with very many lines."""
    return render(request, "metrics/_questions.html", {"issues": issue_list(request.client)})


@require_GET
@client_page(VIEW_DATA)
def import_history(request: TenantRequest) -> HttpResponse:
    """All imports, newest first, of all sources or one."""
    source_id = number_of(request.GET.get("source"))
    rows = import_list(source_id, number_of(request.GET.get("before")))
    page, more = rows[:PAGE], rows[PAGE:]
    url = reverse("data_imports", kwargs={"client_slug": request.client.slug})
    kept = f"source={source_id}&" if source_id else ""
    context = {
        "imports": page,
        "source": Source.objects.filter(pk=source_id).first() if source_id else None,
        "older_url": f"{url}?{kept}before={page[-1].pk}" if more else "",
        "tabs": data_tabs(request, "data_imports"),
        "may_import": request.standing.may(IMPORT_DATA),
    }
    return render(request, "metrics/imports.html", context)


@require_POST
@client_page(IMPORT_DATA)
def authoritative(request: TenantRequest, source_id: int) -> HttpResponse:
    """Let another source make the numbers."""
    source = Source.objects.filter(pk=source_id).first()
    if source is None:
        raise Http404("No such source.")
    source_make_authoritative(client=request.client, source=source)
    messages.success(request, f"{source.name} is now the authoritative source. The numbers are being recomputed.")
    return redirect("data", client_slug=request.client.slug)
