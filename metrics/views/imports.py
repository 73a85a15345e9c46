"""One file on its way: upload, mapping, summary, decision, progress, result."""

from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from metrics.forms import NEW_SOURCE, MappingForm, UploadForm
from metrics.models import ContractImport, Source
from metrics.models.intake import UNDER_WAY, ImportState
from metrics.selectors.import_pages import faults_text, import_context, is_still
from metrics.selectors.imports import import_get
from metrics.services.imports import (
    import_accept,
    import_advance,
    import_cancel,
    import_describe,
    import_map,
    import_resend,
    import_start,
)
from metrics.services.problems import ImportProblem
from metrics.services.sources import source_ensure
from metrics.views.tabs import number_of
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import IMPORT_DATA, VIEW_DATA
from portal.tenancy.pulse import pulse_is_silent


def found_import(import_id: int) -> ContractImport:
    """The import of this client, or 404."""
    try:
        return import_get(import_id)
    except ContractImport.DoesNotExist as error:
        raise Http404("No such import.") from error


def import_url(name: str, request: TenantRequest, import_id: int) -> str:
    return reverse(name, kwargs={"client_slug": request.client.slug, "import_id": import_id})


@require_http_methods(["GET", "POST"])
@client_page(IMPORT_DATA)
def upload(request: TenantRequest) -> HttpResponse:
    """Choose a source and a file; a small file is checked at once, a large one in the background."""
    sources = list(Source.objects.order_by("-is_authoritative", "name"))
    initial = {"source": request.GET.get("source") or (str(sources[0].pk) if sources else NEW_SOURCE)}
    form = UploadForm(request.POST or None, request.FILES or None, sources=sources, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            started = begin(request, form.cleaned_data, sources)
        except ImportProblem as error:
            form.add_error("file", str(error))
        else:
            return HttpResponseRedirect(import_url("data_import", request, started.pk))
    return render(
        request, "metrics/upload.html", {"form": form, "sources": sources}, status=422 if form.errors else 200
    )


def begin(request: TenantRequest, given: dict[str, Any], sources: list[Source]) -> ContractImport:
    """Keep the uploaded file under its source, and take the first steps."""
    known = {str(source.pk): source for source in sources}
    source = known.get(given["source"]) or source_ensure(client=request.client, name=given["name"], kind=given["kind"])
    started = import_start(
        client=request.client,
        source=source,
        file=given["file"],
        file_name=given["file"].name,
        is_partial=given["is_partial"],
        user=request.user,
    )
    import_advance(client=request.client, contract_import=started)
    return started


@require_GET
@client_page(VIEW_DATA)
def detail(request: TenantRequest, import_id: int) -> HttpResponse:
    """Where the file stands, and what can be done about it."""
    found = found_import(import_id)
    may_import = request.standing.may(IMPORT_DATA)
    if found.state == ImportState.UPLOADED and may_import:
        return HttpResponseRedirect(import_url("data_mapping", request, import_id))
    context = import_context(found, after=number_of(request.GET.get("after")))
    return render(request, "metrics/import.html", {**context, "may_import": may_import})


@require_GET
@client_page(VIEW_DATA)
def progress(request: TenantRequest, import_id: int) -> HttpResponse:
    """The progress box; when the work is over, the whole page."""
    found = found_import(import_id)
    if found.state in UNDER_WAY:
        context = {"import": found, "is_stalled": pulse_is_silent(), "is_still": is_still(found, datetime.now(UTC))}
        context["may_import"] = request.standing.may(IMPORT_DATA)
        return render(request, "metrics/_import_progress.html", context)
    response = HttpResponse(status=204 if request.headers.get("HX-Request") else 302)
    target = "HX-Redirect" if request.headers.get("HX-Request") else "Location"
    response[target] = import_url("data_import", request, import_id)
    return response


@require_http_methods(["GET", "POST"])
@client_page(IMPORT_DATA)
def mapping(request: TenantRequest, import_id: int) -> HttpResponse:
    """Say how the file's columns become ours; the file is checked with it."""
    found = found_import(import_id)
    if not found.report.get("table", {}).get("header"):
        return HttpResponseRedirect(import_url("data_import", request, import_id))
    import_describe(contract_import=found)
    form = MappingForm(request.POST or None, contract_import=found)
    if request.method == "POST" and form.is_valid():
        try:
            import_map(contract_import=found, mapping=form.mapping())
        except ImportProblem as error:
            messages.error(request, str(error))
        else:
            import_advance(client=request.client, contract_import=found)
        return HttpResponseRedirect(import_url("data_import", request, import_id))
    return render(request, "metrics/mapping.html", {"form": form, "import": found}, status=422 if form.errors else 200)


@require_POST
@client_page(IMPORT_DATA)
def accept(request: TenantRequest, import_id: int) -> HttpResponse:
    """Accept the summary: the file is loaded in the background. One that is under way already is sent once more."""
    found = found_import(import_id)
    try:
        if found.state in UNDER_WAY:
            import_resend(client=request.client, contract_import=found)
        else:
            import_accept(client=request.client, contract_import=found, digest=request.POST.get("digest", ""))
    except ImportProblem as error:
        messages.error(request, str(error))
    return HttpResponseRedirect(import_url("data_import", request, import_id))


@require_POST
@client_page(IMPORT_DATA)
def cancel(request: TenantRequest, import_id: int) -> HttpResponse:
    """End an import that is not loaded."""
    found = found_import(import_id)
    try:
        import_cancel(contract_import=found)
    except ImportProblem as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(import_url("data_import", request, import_id))
    messages.success(request, f"{found.file_name} is cancelled. No line was changed.")
    return redirect("data", client_slug=request.client.slug)


@require_GET
@client_page(VIEW_DATA)
def faults_csv(request: TenantRequest, import_id: int) -> HttpResponse:
    """Every fault of the file, as CSV."""
    found = found_import(import_id)
    response = HttpResponse(faults_text(found), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="faults-of-import-{found.pk}.csv"'
    return response
