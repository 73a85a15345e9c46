"""What the pages about all metrics show: matrix, lineage, availability, glossary, validation."""

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from governance.metric_content import CHOICES, LENGTHS
from governance.metric_figures import change_text, figure_text, point_shown, sentence, unit_words
from governance.metric_forms import ControlForm
from governance.metric_page import STATES, address_of, begin_context, tabs
from governance.metric_uses import SHOWN_ON, pages_of, why_url
from governance.models import ChangeKind, DefinitionItem, ItemKind, Metric, MetricRole, MetricStatus, Priority
from governance.selectors.availability import availability_list
from governance.selectors.board import has_board
from governance.selectors.controls import Checked, controls_list, two_sources
from governance.selectors.library_drift import library_drift
from governance.selectors.lineage import Lineage, lineage_list
from governance.selectors.metric_values import MetricValues, places_of, rounded
from governance.selectors.registry import Entry, Registry, registry_get
from governance.selectors.registry_drift import Drift, MetricDrift, last_compared
from governance.services.matrix import matrix_digest
from governance.thresholds import LIMITS
from metrics.formula.words import in_words
from metrics.measures import MEASURES, SOURCES
from metrics.selectors.roll_up import roll_up_get
from portal.lib.dates import date_text, month_text
from portal.lib.money import money_text
from portal.tenancy import audit
from portal.tenancy.access import TenantRequest
from portal.tenancy.clock import day_now, paper_reader
from portal.tenancy.models import Client
from portal.tenancy.permissions import MANAGE_METRICS, RECONCILE, VIEW_DATA
from portal.tenancy.reader import locale_of

MONTHS_OF_CONTROLS = 36
OWN = "The client has changed it too: the library’s text would replace that."


# --- matrix -----------------------------------------------------------------------------------------------------------


def matrix_context(request: TenantRequest, problem: str = "") -> dict[str, Any]:
    """Every standing metric by role; of one role alone where the address names it."""
    registry = registry_get(request.client)
    asked = request.GET.get("role", "")
    entries = [entry for entry in registry.entries.values() if entry.is_standing]
    cells = [[(role, label, entry.priorities.get(role, "")) for role, label in MetricRole.choices] for entry in entries]
    return {
        "tabs": tabs(request, "metric_matrix"),
        "rows": list(zip(entries, cells, strict=True)),
        "roles": MetricRole.choices,
        "only": asked if asked in MetricRole.values else "",
        "counts": [sum(entry.priorities.get(role) == Priority.P0 for entry in entries) for role in MetricRole.values],
        "priorities": Priority.values,
        "golden": [entry.name for entry in entries if is_golden(entry)],
        "seen": matrix_digest(registry),
        "problem": problem,
        "may_manage": request.standing.may(MANAGE_METRICS),
    }


def is_golden(entry: Entry) -> bool:
    """Whether it is P0 for every role, as the matrix stands."""
    return set(entry.priorities) == set(MetricRole.values) and set(entry.priorities.values()) == {Priority.P0}


def cells_given(given: QueryDict) -> dict[str, dict[str, str]]:
    """The cells of a form, named `metric:role`."""
    cells: dict[str, dict[str, str]] = {}
    for name, value in given.items():
        key, colon, role = name.partition(":")
        if colon:
            cells.setdefault(key, {})[role] = str(value)
    return cells


# --- lineage ----------------------------------------------------------------------------------------------------------


def lineage_context(request: TenantRequest) -> dict[str, Any]:
    """From source field to measure to metric to page and back: all of it, or what hangs on one of these."""
    registry = registry_get(request.client)
    asked = {name: request.GET.get(name, "")[:60] for name in ("measure", "metric", "page", "field", "source")}
    rows = [lineage_row(request, registry, each) for each in lineage_list(registry, **asked)]
    shown_on = {name: label for pages in SHOWN_ON.values() for name, label in pages}
    sources = {name: source.label for name, source in SOURCES.items()}
    labels = {"measure": registry.labels, "metric": registry.labels, "page": shown_on, "source": sources}
    return {
        "tabs": tabs(request, "metric_lineage"),
        "rows": rows,
        "chosen": " and ".join(labels.get(name, {}).get(value, value) for name, value in asked.items() if value),
        "fields": sorted({field for measure in MEASURES.values() for field in measure.fields}),
        "field": asked["field"],
        "shown_on": shown_on,
        "page": asked["page"],
    }


def lineage_row(request: TenantRequest, registry: Registry, found: Lineage) -> dict[str, Any]:
    """A measure with its fields before it; behind it the metrics that need it, directly or through others, and their pages."""
    pages = {
        page.label: page.url for key in (*found.direct, *found.through) for page in pages_of(request.standing, key)
    }
    return {
        "name": found.measure.name,
        "measure": found.measure,
        "direct": [(registry.entries[key].name, address_of(registry, key)) for key in found.direct],
        "through": [(registry.entries[key].name, address_of(registry, key)) for key in found.through],
        "pages": list(pages.items()),
    }


# --- availability -----------------------------------------------------------------------------------------------------


def availability_context(request: TenantRequest) -> dict[str, Any]:
    """Every P0 metric: buildable now, or what has to be done."""
    rows = availability_list(request.client, timezone.now())
    wanted = request.GET.get("show", "all")
    shown = [row for row in rows if wanted not in ("now", "fix") or row.is_buildable == (wanted == "now")]
    tasks: dict[str, list[str]] = {}
    for row in rows:
        for task in row.tasks:
            tasks.setdefault(task, []).append(row.entry.name)
    ordered = sorted(tasks.items(), key=lambda each: -len(each[1]))
    places = {task: place for place, (task, _) in enumerate(ordered, 1)}
    options = (("all", "All"), ("now", "Buildable now"), ("fix", "Needs a fix"))
    has_metrics = bool(rows) or Metric.objects.exists()
    return {
        "tabs": tabs(request, "metric_availability"),
        "has_metrics": has_metrics,
        **({} if has_metrics else begin_context(request)),
        "rows": [{"found": row, "steps": sorted(places[task] for task in row.tasks)} for row in shown],
        "total": len(rows),
        "buildable": sum(row.is_buildable for row in rows),
        "tasks": ordered,
        "filters": [{"label": label, "url": f"?show={name}", "active": name == wanted} for name, label in options],
    }


# --- the library ------------------------------------------------------------------------------------------------------


def drift_rows(registry: Registry, drift: Drift, barred: Mapping[str, str]) -> list[dict[str, Any]]:
    """What a file would change, metric by metric; what may not be applied says why, and where the board is asked instead."""
    added: list[dict[str, Any]] = [
        {"key": each.key, "name": each.content["name"], "code": each.key, "new": each.content} for each in drift.added
    ]
    changed: list[dict[str, Any]] = [
        {
            "key": each.key,
            "name": each.name,
            "code": each.key,
            "ask_url": ask_url(registry, each),
            "said": said_of(each),
        }
        | {"edits": [edit_row(*edit) for edit in each.edits]}
        for each in drift.changed
    ]
    return [row | {"fault": upper_first(barred.get(row["key"], ""))} for row in (*added, *changed)]


def edit_row(label: str, before: str, after: str, note: str = "") -> dict[str, str]:
    """A field of a metric as the registry has it and as somewhere else says, with what there is to know of it."""
    return {"label": label, "before": before, "after": after, "note": note}


def upper_first(text: str) -> str:
    """The same as the beginning of a sentence."""
    return text[:1].upper() + text[1:]


def ask_url(registry: Registry, change: MetricDrift) -> str:
    """Where the board is asked for what a file says of a metric that is there; empty where nothing can be asked for."""
    if not registry.entries[change.key].is_standing:
        return ""
    of_status = ChangeKind.METRIC_NEW if change.filed.status == MetricStatus.ACTIVE else ChangeKind.METRIC_RETIRE
    kinds = {"status": of_status, **dict.fromkeys(LENGTHS, ChangeKind.METRIC_CHANGE)}
    kinds |= dict.fromkeys(LIMITS.values(), ChangeKind.THRESHOLD)
    asked = {kinds[name] for name in change.fields if name in kinds}
    if not asked:
        return ""
    kind = ChangeKind.METRIC_NEW if ChangeKind.METRIC_NEW in asked else ChangeKind.METRIC_CHANGE
    kind = asked.pop() if len(asked) == 1 else kind
    path = reverse("change_new", kwargs={"client_slug": registry.client.slug, "kind": kind})
    return f"{path}?{urlencode({'about': change.key})}"


def compared_context(client: Client) -> dict[str, Any]:
    """The newest comparison with the client's own repository: metrics that it has more, and the fields that differ."""
    found = last_compared()
    if found is None:
        return {"compared": None}
    entries = registry_get(client).entries
    rows = [
        {"key": key, "name": entries[key].name if key in entries else key, "is_there": key in entries, "fields": fields}
        for key, fields in (*dict.fromkeys(found.added, ()).items(), *found.changed.items())
    ]
    new = set(found.added)
    return {"compared": found, "compared_rows": [row | {"is_new": row["key"] in new} for row in rows]}


def said_of(change: MetricDrift) -> str:
    """What a file says otherwise of a metric's content, as JSON: the request that asks for it begins with that."""
    return json.dumps({name: change.filed.content[name] for name in change.fields if name in LENGTHS})


def library_context(request: TenantRequest) -> dict[str, Any]:
    """Where the library has moved on since the registry was started, and the form in which each of it is taken over."""
    registry = registry_get(request.client)
    found = library_drift(registry)
    is_decided = has_board()
    rows = [
        {
            "name": each.entry.name,
            "url": reverse("metric", kwargs={"client_slug": request.client.slug, "key": each.entry.key}),
            "sub": each.entry.metric.get_status_display(),
            "edits": [
                edit_row(edit.label, edit.stored, edit.shipped, OWN if edit.is_own else "") for edit in each.edits
            ],
            "action": library_link(request, each.entry, is_decided=is_decided),
        }
        for each in found.improved
    ]
    return {"library": found if registry.entries else None, "library_rows": rows}


def library_link(request: TenantRequest, entry: Entry, *, is_decided: bool) -> dict[str, str]:
    """Where the library's text of a metric is taken over: the form of its change, or of the request for it, which begins so."""
    slug, about = {"client_slug": request.client.slug}, {"about": entry.key, "library": "1"}
    if is_decided and entry.is_in_use:
        address = reverse("change_new", kwargs={**slug, "kind": ChangeKind.METRIC_CHANGE})
        return {"label": "Ask for it", "url": f"{address}?{urlencode(about)}"}
    return {"label": "Take it over", "url": f"{reverse('metric_edit', kwargs={**slug, 'key': entry.key})}?library=1"}


# --- glossary ---------------------------------------------------------------------------------------------------------


def glossary_context(request: TenantRequest) -> dict[str, Any]:
    """The page of the glossary."""
    return {"tabs": tabs(request, "metric_glossary"), "words": glossary_words(request.client, locale_of(request))}


def glossary_paper(client: Client) -> dict[str, Any]:
    """The glossary on paper: what `pdf/glossary.html` takes."""
    words = glossary_words(client, client.locale)
    return {
        "words": words,
        "document_name": "Glossary of metrics",
        "client_name": client.name,
        "as_of": day_now(client),
        "reader": paper_reader(client),
        "sha256": glossary_digest(words),
    }


def glossary_digest(words: list[dict[str, Any]]) -> str:
    """The sha256 of a glossary."""
    return audit.digest([[word["name"], word["text"], word["formula"]] for word in words])


def glossary_words(client: Client, locale: str) -> list[dict[str, Any]]:
    """Every standing metric and every term of the definitions, by name; days in the words of a locale."""
    registry = registry_get(client)
    words: list[dict[str, Any]] = [
        {
            "key": key,
            "name": entry.name,
            "text": entry.content["definition"],
            "formula": in_words(node, registry.labels) if (node := registry.node(key)) else "",
            "note": f"{CHOICES['function'][entry.content['function']]}, v{entry.current.number}{ends_text(entry, locale)}",
            "kind": entry.metric.get_status_display(),
            "state": STATES[entry.metric.status],
            "url": address_of(registry, key),
        }
        for key, entry in registry.entries.items()
        if entry.is_standing
    ]
    words += [
        {"name": item.title, "text": item.definition, "formula": item.answer, "note": "Definition",
         "kind": item.get_state_display(), "state": "agreed" if item.is_confirmed else "draft", "url": "", "key": item.key}
        for item in DefinitionItem.objects.filter(kind=ItemKind.TERM)
    ]  # fmt: skip
    return sorted(words, key=lambda word: (str(word["name"]).lower(), str(word["note"])))


def ends_text(entry: Entry, locale: str) -> str:
    """Until when a metric is shown, if that is decided."""
    return f", until {date_text(entry.metric.sunset_on, locale)}" if entry.metric.sunset_on else ""


# --- validation -------------------------------------------------------------------------------------------------------


def validation_context(request: TenantRequest, form: ControlForm | None = None) -> dict[str, Any]:
    """Every control figure beside the registry, and ARR by two sources."""
    values = MetricValues(request.client)
    rows = controls_list(values)
    return {
        "tabs": tabs(request, "metric_validation"),
        "rows": [control_row(request, values, row) for row in rows],
        "agree": sum(row.agrees is True for row in rows),
        "differ": sum(row.agrees is False for row in rows),
        "form": (form or control_form(request, values)) if request.standing.may(RECONCILE) else None,
        "has_metrics": bool(values.registry.entries),
        "sources": two_sources(values) if values.registry.entries and request.standing.may(VIEW_DATA) else None,
        "roll_up": roll_up_shown(request) if values.registry.entries else None,
        "currency": request.client.currency,
    }


WAYS: Final[Mapping[str, tuple[str, str]]] = {
    "lines": ("Contract lines, valued anew one by one", "lines"),
    "product": ("Products", "products"),
    "segment": ("Segments", "segments"),
    "region": ("Regions", "regions"),
    "rep": ("Representatives", "representatives"),
    "year": ("Begin of the fiscal year and what moved since", "months"),
    "months": ("Everything that ever moved", "months"),
}


def roll_up_shown(request: TenantRequest) -> dict[str, Any]:
    """ARR of the newest month end beside every way to add it up."""
    found, locale, currency = roll_up_get(request.client), locale_of(request), request.client.currency
    if found.ending is None or found.month is None:
        return {"reason": found.reason}
    return {
        "month": month_text(found.month, locale),
        "ending": money_text(found.ending, currency, locale),
        "ties": found.ties,
        "ways": [
            {
                "way": way,
                "label": WAYS[way.kind][0],
                "parts": f"{way.parts} {WAYS[way.kind][1] if way.parts != 1 else WAYS[way.kind][1].removesuffix('s')}",
                "total": "" if way.total is None else money_text(way.total, currency, locale),
                "difference": "" if way.difference is None else money_text(way.difference, currency, locale, plus=True),
            }
            for way in found.ways
        ],
    }


def control_form(request: TenantRequest, values: MetricValues, data: QueryDict | None = None) -> ControlForm:
    """The form of one more control figure."""
    metrics = [(key, entry.name) for key, entry in values.registry.entries.items() if entry.is_standing]
    first, last = values.months or (values.registry.month, values.registry.month)
    months = list(range(last, max(first, last - MONTHS_OF_CONTROLS) - 1, -1))
    units = {key: entry.content["unit"] for key, entry in values.registry.entries.items()}
    echo = reverse("figure_understood", kwargs={"client_slug": request.client.slug})
    return ControlForm(data, metrics=metrics, months=months, units=units, locale=locale_of(request), echo=echo)


def control_row(request: TenantRequest, values: MetricValues, row: Checked) -> dict[str, Any]:
    """A control figure for its table."""
    key, currency, locale = row.control.metric.key, request.client.currency, locale_of(request)
    unit = values.registry.entries[key].content["unit"]
    places = places_of(unit, currency)
    difference = None if row.difference is None else rounded(row.difference, places)

    def text(value: Any) -> str:
        return figure_text(value, unit, currency, locale)

    return {
        "row": row,
        "name": values.registry.entries[key].name,
        "url": address_of(values.registry, key),
        "month": month_text(row.control.month, locale),
        "expected": text(row.control.expected),
        "tolerance": text(row.control.tolerance),
        "found": point_shown(row.point, unit, currency, locale),
        "why": why_url(request.standing, values.registry, key, row.control.month),
        "difference": "" if difference is None else change_text(difference, unit, currency, locale),
        "reason": sentence(row.point.reason),
        "unit": unit_words(unit, currency),
    }
