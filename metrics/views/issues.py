"""Questions that the contract lines raise."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from metrics.models import ContractLine
from metrics.repository import authoritative_source
from metrics.selectors.data_quality import issue_get, issue_list
from metrics.views.tabs import data_tabs, number_of
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import VIEW_DATA

PAGE = 100


@require_GET
@client_page(VIEW_DATA)
def issues(request: TenantRequest) -> HttpResponse:
    """Every question with its count, what it means and what to do."""
    context = {
        "issues": issue_list(request.client),
        "source": authoritative_source(),
        "tabs": data_tabs(request, "data_issues"),
    }
    return render(request, "metrics/issues.html", context)


@require_GET
@client_page(VIEW_DATA)
def issue(request: TenantRequest, code: str) -> HttpResponse:
    """One question with its lines."""
    source = authoritative_source()
    if source is None:
        raise Http404("No lines, no questions.")
    try:
        found = issue_get(request.client, code)
    except KeyError as error:
        raise Http404("No such question.") from error
    start = number_of(request.GET.get("start"))
    shown = found.lines[start : start + PAGE]
    ids = ContractLine.objects.filter(source=source, line_id__in=[line["line_id"] for line in shown])
    keys = dict(ids.values_list("line_id", "pk"))
    context = {
        "issue": found,
        "lines": [{**line, "pk": keys.get(line["line_id"])} for line in shown],
        "start": start + 1,
        "end": start + len(shown),
        "newer_url": f"?start={start - PAGE}" if start >= PAGE else "",
        "older_url": f"?start={start + PAGE}" if len(found.lines) > start + PAGE else "",
    }
    return render(request, "metrics/issue.html", context)
