"""The metric registry: the list, one metric, and what is done with it."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import escape
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from governance.figure_input import against_of, limit_understood
from governance.metric_editor import editor_context, months_to_choose, preview_context
from governance.metric_forms import MetricForm, NewMetricForm, OwnerForm, PayForm, StatusForm
from governance.metric_page import list_context, metric_context
from governance.models import Metric
from governance.selectors.board import has_board, is_governed
from governance.selectors.library_drift import shipped_content
from governance.selectors.metric_preview import formula_try
from governance.selectors.registry import Registry, metric_get, registry_get
from governance.services.metric_direct import metric_change, metric_step
from governance.services.metric_pay import metric_pay_set
from governance.services.metric_states import STEP_WORDS, steps_from
from governance.services.problems import DefinitionError, OutdatedError
from governance.services.registry import metric_add, metric_owner_set, registry_start
from portal.accounts.models import User
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import MANAGE_METRICS, REQUEST_CHANGES, VIEW_ARR, VIEW_POLICY
from portal.tenancy.reader import locale_of


@require_GET
@client_page(VIEW_POLICY)
def metrics(request: TenantRequest) -> HttpResponse:
    """Every metric in use, with search and filters."""
    return TemplateResponse(request, "governance/metrics/list.html", list_context(request))


@require_POST
@client_page(MANAGE_METRICS)
def metrics_start(request: TenantRequest) -> HttpResponse:
    """Start the client's registry from the library."""
    try:
        made = registry_start(client=request.client, user=request.user)
    except DefinitionError as error:
        messages.error(request, f"Nothing was changed: {error}.")
    else:
        then = (
            "Ask for each metric that the board is to put into use." if has_board() else "Now say who answers for each."
        )
        messages.success(request, f"{len(made)} metrics are in the registry. {then}")
    return redirect("metrics", client_slug=request.client.slug)


@require_GET
@client_page(VIEW_POLICY)
def metric(request: TenantRequest, key: str) -> HttpResponse:
    """One metric: what it means, how it is computed, what it is, and everything that happened to it."""
    context = metric_context(request, registry_or_404(request, key), key)
    return TemplateResponse(request, "governance/metrics/metric.html", context)


@require_http_methods(["GET", "POST"])
@client_page(MANAGE_METRICS)
def metric_new(request: TenantRequest) -> HttpResponse:
    """Propose a metric of the client's own."""
    preview = reverse("metric_preview", kwargs={"client_slug": request.client.slug})
    registry, status = registry_get(request.client), 200
    form = NewMetricForm(request.POST or None, preview=preview, registry=registry, **typed_by(request, registry))
    if request.method == "POST":
        status = 422
        if form.is_valid():
            key, reason = form.cleaned_data["key"], form.cleaned_data["reason"]
            try:
                metric_add(client=request.client, key=key, content=form.content(), reason=reason, user=request.user)
            except DefinitionError as error:
                form.add_error(None, error.sentence)
            else:
                then = "Ask the board to put it into use" if has_board() else "Make it active"
                messages.success(request, f"Proposed. {then} when everybody agrees on it.")
                return redirect("metric", client_slug=request.client.slug, key=key)
    context = editor_context(request, form, None)
    return TemplateResponse(request, "governance/metrics/edit.html", context, status=status)


@require_http_methods(["GET", "POST"])
@client_page(MANAGE_METRICS)
def metric_edit(request: TenantRequest, key: str) -> HttpResponse:
    """A new version of a metric; whoever came second is told. One that is in use changes by request, where there is a board."""
    registry = registry_or_404(request, key)
    entry = registry.entries[key]
    if is_governed(entry.metric):
        address = reverse("change_new", kwargs={"client_slug": request.client.slug, "kind": "metric_change"})
        return redirect(f"{address}?about={key}")
    preview = f"{reverse('metric_preview', kwargs={'client_slug': request.client.slug})}?key={key}"
    form = MetricForm(
        request.POST or None,
        initial=(shipped_content(entry) if "library" in request.GET else None) or entry.newest,
        months=months_to_choose(registry, entry),
        preview=preview,
        key=key,
        **typed_by(request, registry, key),
    )
    status = 200
    if request.method == "POST":
        status = save_version(request, entry.metric, form)
        if status == 302:
            messages.success(request, "The new version is kept. Earlier ones stay, and stay in force before it.")
            return redirect("metric", client_slug=request.client.slug, key=key)
    context = editor_context(request, form, entry)
    return TemplateResponse(request, "governance/metrics/edit.html", context, status=status)


def typed_by(request: TenantRequest, registry: Registry, key: str = "") -> dict[str, Any]:
    """What the form of a metric knows of who types into it, and of the metrics that may be targets."""
    slug = {"client_slug": request.client.slug}
    locale, echo = locale_of(request), reverse("figure_understood", kwargs=slug)
    targets = registry.targets_for(key)
    return {"currency": str(request.client.currency), "locale": locale, "echo": echo, "targets": targets}


@require_GET
@client_page(VIEW_POLICY)
def figure_understood(request: TenantRequest) -> HttpResponse:
    """How a figure that is being typed is understood: of the unit, or of the metric, that stands beside it."""
    given = request.GET
    text, unit, key = (given.get(name, "")[:60] for name in (given.get("field", ""), "unit", "metric"))
    if key:
        entry = registry_get(request.client).entries.get(key)
        unit = entry.content["unit"] if entry else ""
    currency, locale = request.client.currency, locale_of(request)
    against = given.get(against_of(given.get("field", "")), "")[:60]
    labels = registry_get(request.client).labels if against else {}
    return HttpResponse(escape(limit_understood(text, against, unit, currency, locale, labels)))


def save_version(request: TenantRequest, found: Metric, form: MetricForm) -> int:
    """Keep what a form holds as a version; the status of the answer."""
    if request.POST.get("version", "") != str(found.version):
        form.is_valid()  # so that what was typed is shown again
        form.add_error(None, OutdatedError().sentence)
        return 409
    if not form.is_valid():
        return 422
    try:
        metric_change(
            metric=found, version=found.version, content=form.content(), effective_month=form.effective_month,
            reason=form.cleaned_data["reason"], user=request.user,
        )  # fmt: skip
    except DefinitionError as error:
        form.add_error(None, error.sentence)
        return 409 if isinstance(error, OutdatedError) else 422
    return 302


@require_GET
@client_page(REQUEST_CHANGES)
def metric_preview(request: TenantRequest) -> HttpResponse:
    """What a formula that is being written gives, for the editors: of a metric, and of a request about one."""
    given = request.GET
    tried = formula_try(
        request.client, given.get("key", "")[:60], given.get("formula", "")[:1001], given.get("unit", "")[:60],
        with_values=request.standing.may(VIEW_ARR),
    )  # fmt: skip
    return TemplateResponse(request, "governance/metrics/_preview.html", preview_context(request, tried))


@require_POST
@client_page(MANAGE_METRICS)
def metric_status(request: TenantRequest, key: str) -> HttpResponse:
    """Take a metric one step on."""
    registry = registry_or_404(request, key)
    entry = registry.entries[key]
    steps = [(step, STEP_WORDS[step]) for step in steps_from(entry.metric.status)]
    others = [(other, each.name) for other, each in registry.entries.items() if each.is_standing and other != key]
    form = StatusForm(request.POST, steps=steps, others=others)
    if not form.is_valid():
        return told(request, key, "say what shall happen, and why")
    given = form.cleaned_data
    successor = registry.entries[given["successor"]].metric if given["successor"] else None
    try:
        metric_step(
            metric=entry.metric, version=given["version"], step=given["step"], successor=successor, reason=given["reason"],
            user=request.user,
        )  # fmt: skip
    except DefinitionError as error:
        return told(request, key, str(error))
    return told(request, key, "")


@require_POST
@client_page(MANAGE_METRICS)
def metric_owner(request: TenantRequest, key: str) -> HttpResponse:
    """Say who answers for a metric."""
    found = metric_or_404(key)
    form = OwnerForm(request.POST)
    if not form.is_valid():
        return told(request, key, "choose one of the client's people")
    owner = User.objects.filter(pk=form.cleaned_data["owner"]).first() if form.cleaned_data["owner"] else None
    try:
        metric_owner_set(metric=found, version=form.cleaned_data["version"], owner=owner, user=request.user)
    except DefinitionError as error:
        return told(request, key, str(error))
    return told(request, key, "")


@require_POST
@client_page(MANAGE_METRICS)
def metric_pay(request: TenantRequest, key: str) -> HttpResponse:
    """Say whether quotas or pay are set by a metric."""
    found, form = metric_or_404(key), PayForm(request.POST)
    if not form.is_valid():
        return told(request, key, "send the form as it is shown")
    try:
        metric_pay_set(metric=found, user=request.user, **form.cleaned_data)
    except DefinitionError as error:
        return told(request, key, str(error))
    return told(request, key, "")


def told(request: TenantRequest, key: str, problem: str) -> HttpResponse:
    """Back to the metric, saying what came of it."""
    if problem:
        messages.error(request, f"Nothing was changed: {problem}.")
    else:
        messages.success(request, "Kept, and written into the update log.")
    return redirect("metric", client_slug=request.client.slug, key=key)


def metric_or_404(key: str) -> Metric:
    """The client's metric of that key."""
    found = metric_get(key)
    if found is None:
        raise Http404("No such metric.")
    return found


def registry_or_404(request: TenantRequest, key: str) -> Registry:
    """The client's registry, which has a metric of that key."""
    metric_or_404(key)
    return registry_get(request.client)
