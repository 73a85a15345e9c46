"""The pages about all metrics: matrix, lineage, availability, glossary, validation, and the registry as a file."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from governance.engine_formulas import filed_faults
from governance.library.metric_reader import LONGEST_FILE, MetricFileError, metrics_read
from governance.models import Metric
from governance.papers import PDF, glossary_on_paper
from governance.registry_pages import (
    availability_context,
    cells_given,
    compared_context,
    control_form,
    drift_rows,
    glossary_context,
    library_context,
    lineage_context,
    matrix_context,
    validation_context,
)
from governance.selectors.controls import control_get
from governance.selectors.metric_values import MetricValues
from governance.selectors.registry import registry_get
from governance.selectors.registry_drift import drift_get, registry_yaml
from governance.services.controls import control_remove, control_save
from governance.services.matrix import matrix_save
from governance.services.problems import DefinitionError, OutdatedError
from governance.services.registry_file import barred_of, registry_apply
from governance.services.registry_library import library_take
from governance.views.documents import attachment
from portal.lib.paper import SIZES
from portal.lib.periods import month_parse
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import MANAGE_METRICS, RECONCILE, VIEW_ARR, VIEW_POLICY


@require_GET
@client_page(VIEW_POLICY)
def metric_matrix(request: TenantRequest) -> HttpResponse:
    """Which metric matters how much to which role."""
    return TemplateResponse(request, "governance/metrics/matrix.html", matrix_context(request))


@require_POST
@client_page(MANAGE_METRICS)
def metric_matrix_save(request: TenantRequest) -> HttpResponse:
    """Keep the matrix as it was filled in; whoever came second is told."""
    seen, status = request.POST.get("seen", ""), 422
    try:
        changed = matrix_save(client=request.client, cells=cells_given(request.POST), seen=seen, user=request.user)
    except DefinitionError as error:
        status = 409 if isinstance(error, OutdatedError) else 422
        context = matrix_context(request, error.sentence)
        return TemplateResponse(request, "governance/metrics/matrix.html", context, status=status)
    messages.success(request, f"The priorities of {changed} metric{'' if changed == 1 else 's'} are kept.")
    return redirect("metric_matrix", client_slug=request.client.slug)


@require_GET
@client_page(VIEW_POLICY)
def metric_lineage(request: TenantRequest) -> HttpResponse:
    """From source field to measure to metric to page, and back."""
    return TemplateResponse(request, "governance/metrics/lineage.html", lineage_context(request))


@require_GET
@client_page(VIEW_POLICY)
def metric_availability(request: TenantRequest) -> HttpResponse:
    """Which of the metrics that must be there can be built now."""
    return TemplateResponse(request, "governance/metrics/availability.html", availability_context(request))


@require_GET
@client_page(VIEW_POLICY)
def metric_glossary(request: TenantRequest) -> HttpResponse:
    """What each metric and term means, by name."""
    return TemplateResponse(request, "governance/metrics/glossary.html", glossary_context(request))


@require_GET
@client_page(VIEW_POLICY)
def metric_glossary_pdf(request: TenantRequest) -> HttpResponse:
    """The glossary on paper."""
    size = request.GET.get("paper", "")
    found = glossary_on_paper(request.client, size if size in SIZES else "")
    return attachment(found.content, PDF, found.name)


@require_GET
@client_page(VIEW_ARR)
def metric_validation(request: TenantRequest) -> HttpResponse:
    """The registry held against figures that people know, and ARR against itself by two sources."""
    return TemplateResponse(request, "governance/metrics/validation.html", validation_context(request))


@require_POST
@client_page(RECONCILE)
def control_new(request: TenantRequest) -> HttpResponse:
    """Keep a control figure."""
    form = control_form(request, MetricValues(request.client), request.POST)
    if form.is_valid():
        given = form.cleaned_data
        found = Metric.objects.get(key=given["metric"])
        names = ("expected", "tolerance", "side", "source")
        try:
            control_save(
                client=request.client, metric=found, month=month_parse(given["month"]), user=request.user,
                **{name: given[name] for name in names},
            )  # fmt: skip
        except DefinitionError as error:
            form.add_error(None, error.sentence)
        else:
            messages.success(request, "Kept. The registry is held against it from now on.")
            return redirect("metric_validation", client_slug=request.client.slug)
    context = validation_context(request, form)
    return TemplateResponse(request, "governance/metrics/validation.html", context, status=422)


@require_POST
@client_page(RECONCILE)
def control_end(request: TenantRequest, control_id: int) -> HttpResponse:
    """Take a control figure away."""
    found = control_get(control_id)
    if found is None:
        raise Http404("No such control figure.")
    control_remove(control=found, user=request.user)
    messages.success(request, "The control figure is taken away; the audit log keeps it.")
    return redirect("metric_validation", client_slug=request.client.slug)


@require_GET
@client_page(MANAGE_METRICS)  # it names owners by their e-mail addresses
def metrics_yaml(request: TenantRequest) -> HttpResponse:
    """The registry as a file."""
    content = registry_yaml(registry_get(request.client)).encode()
    return attachment(content, "application/yaml", f"{request.client.slug}-metrics.yaml")


@require_http_methods(["GET", "POST"])
@client_page(MANAGE_METRICS)
def metrics_import(request: TenantRequest) -> HttpResponse:
    """A file of metrics; what it would change is shown before anything is."""
    if request.method == "GET":
        context = {**compared_context(request.client), **library_context(request)}
        return TemplateResponse(request, "governance/metrics/import.html", context)
    context = drift_context(request)
    status = 422 if context["faults"] else 200
    return TemplateResponse(request, "governance/metrics/import.html", context, status=status)


@require_POST
@client_page(MANAGE_METRICS)
def metrics_import_apply(request: TenantRequest) -> HttpResponse:
    """Apply a file whose changes were shown."""
    given = request.POST
    text = given.get("text", "")[: LONGEST_FILE + 1]
    try:
        drift = registry_apply(
            client=request.client, text=text, seen=given.get("seen", ""), reason=given.get("reason", "")[:1000],
            user=request.user, leaves_barred="rest" in given,
        )  # fmt: skip
    except DefinitionError as error:
        context = drift_context(request) | {"problem": error.sentence}
        status = 409 if isinstance(error, OutdatedError) else 422
        return TemplateResponse(request, "governance/metrics/import.html", context, status=status)
    messages.success(request, f"{len(drift.added)} added, {len(drift.changed)} changed.")
    return redirect("metrics", client_slug=request.client.slug)


@require_POST
@client_page(MANAGE_METRICS)
def metrics_library(request: TenantRequest) -> HttpResponse:
    """Propose metrics that the library has by now."""
    try:
        made = library_take(client=request.client, keys=request.POST.getlist("key"), user=request.user)
    except DefinitionError as error:
        messages.error(request, f"Nothing was changed: {error}.")
    else:
        messages.success(request, f"{len(made)} metric{'' if len(made) == 1 else 's'} of the library proposed.")
    return redirect("metrics_import", client_slug=request.client.slug)


def sent_text(request: TenantRequest) -> str:
    """The YAML that was sent, as a file or as text; cut a little above what is read. MetricFileError for what is no text."""
    file: Any = request.FILES.get("file")
    if file is None:
        return request.POST.get("text", "")[: LONGEST_FILE + 1]
    content: bytes = file.read(LONGEST_FILE + 1)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MetricFileError(
            [
                "The file is no text in UTF-8, or has more than a million bytes. Save it as UTF-8, or make several files of it"
            ]
        ) from error


def drift_context(request: TenantRequest) -> dict[str, Any]:
    """What was sent would change, or what is wrong with it."""
    text = ""
    try:
        text = sent_text(request)
        registry = registry_get(request.client)
        drift = drift_get(registry, metrics_read(text, request.client.currency))
        if faults := filed_faults(registry, drift.filed):
            raise MetricFileError(faults)
    except MetricFileError as error:
        return {"faults": error.faults[:50], "fault_count": len(error.faults), "text": text}
    barred = barred_of(registry, drift)
    return {"drift": drift, "rows": drift_rows(registry, drift, barred), "barred_count": len(barred),
            "rest_count": len(drift.filed) - len(barred), "text": text, "faults": []}  # fmt: skip
