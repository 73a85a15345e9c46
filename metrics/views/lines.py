"""Contract lines: finding one, and everything that happened to it."""

from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from metrics.models import ContractLine, Source
from metrics.selectors.imports import PAGE, line_get, line_history, line_search
from metrics.views.tabs import data_tabs, number_of
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import VIEW_DATA


@require_GET
@client_page(VIEW_DATA)
def search(request: TenantRequest) -> HttpResponse:
    """Lines by line, contract or customer."""
    text, source_id = request.GET.get("q", "").strip()[:200].replace("\0", ""), number_of(request.GET.get("source"))
    rows = line_search(text, source_id, number_of(request.GET.get("after")))
    page, more = rows[:PAGE], rows[PAGE:]
    query = urlencode({"q": text, "source": source_id or "", "after": page[-1].pk if page else ""})
    context = {
        "lines": page,
        "q": text,
        "sources": Source.objects.order_by("-is_authoritative", "name"),
        "source_id": source_id,
        "older_url": f"{reverse('data_lines', kwargs={'client_slug': request.client.slug})}?{query}" if more else "",
        "tabs": data_tabs(request, "data_lines"),
    }
    return render(request, "metrics/lines.html", context)


@require_GET
@client_page(VIEW_DATA)
def history(request: TenantRequest, line_id: int) -> HttpResponse:
    """One line as it stands, and every change it went through."""
    try:
        line = line_get(line_id)
    except ContractLine.DoesNotExist as error:
        raise Http404("No such line.") from error
    return render(request, "metrics/line.html", {"line": line, "changes": line_history(line)})
