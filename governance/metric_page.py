"""What the list of metrics and the page of one metric show, made ready for their templates."""

from typing import Any, Final

from django.http import QueryDict
from django.urls import reverse

from governance.change_history import changes_about
from governance.metric_actions import actions_of, step_words
from governance.metric_content import CHOICES, LABELS
from governance.metric_figures import field_text, limit_text, point_shown, unit_words
from governance.metric_forms import OwnerForm, PayForm, StatusForm
from governance.metric_uses import pages_used, read_get
from governance.metric_values_page import values_context
from governance.models import ControlFigure, Function, MetricRole, MetricStatus, Priority
from governance.selectors.board import has_board
from governance.selectors.changes import OPEN, changes_of
from governance.selectors.library_drift import library_drift
from governance.selectors.metric_values import MetricValues
from governance.selectors.registry import Entry, Registry, VersionShown, metric_events, registry_get
from governance.services.metric_direct import direct_steps
from metrics.formula.words import parts_of
from metrics.measures import MEASURES
from portal.lib.dates import month_text
from portal.notices.audience import people_who
from portal.tenancy.access import TenantRequest
from portal.tenancy.clock import day_now
from portal.tenancy.permissions import MANAGE_METRICS, VIEW_ARR
from portal.tenancy.reader import locale_of

TABS: Final = (
    ("metrics", "Metrics"),
    ("metric_matrix", "KPI matrix"),
    ("metric_lineage", "Lineage"),
    ("metric_availability", "Availability"),
    ("metric_glossary", "Glossary"),
    ("metric_validation", "Validation"),
)
NEED_NUMBERS: Final = ("metric_validation",)
NAMED: Final = 3  # of those who may start a registry, before the others are counted
NOBODY: Final = "nobody"  # of the owner, in the address of the list
STATES: Final = {"proposed": "draft", "active": "agreed", "deprecated": "waiting", "retired": "lapsed"}


def tabs(request: TenantRequest, active: str) -> list[dict[str, Any]]:
    """The pages of the registry that the reader may open."""
    slug = {"client_slug": request.client.slug}
    may_see = request.standing.may(VIEW_ARR)
    return [
        {"label": label, "url": reverse(name, kwargs=slug), "active": name == active}
        for name, label in TABS
        if may_see or name not in NEED_NUMBERS
    ]


def address_of(registry: Registry, name: str) -> str:
    """Where a name of a formula is explained: a metric's own page, or a measure's place in the lineage."""
    slug = {"client_slug": registry.client.slug}
    if name in registry.entries:
        return reverse("metric", kwargs={**slug, "key": name})
    return f"{reverse('metric_lineage', kwargs=slug)}?measure={name}" if name in MEASURES else ""


def formula_parts(registry: Registry, key: str) -> list[dict[str, str]]:
    """A metric's formula in words, each name with its address."""
    node = registry.node(key)
    parts = parts_of(node, registry.labels) if node is not None else []
    return [{"text": part.text, "url": address_of(registry, part.name)} for part in parts]


# --- the list ---------------------------------------------------------------------------------------------------------


def list_context(request: TenantRequest) -> dict[str, Any]:
    """The metrics that search and filters leave, each with its newest value for whoever may see numbers."""
    registry = registry_get(request.client)
    shown = [entry for entry in registry.entries.values() if is_wanted(entry, request.GET)]
    values = MetricValues(request.client, registry) if request.standing.may(VIEW_ARR) and shown else None
    month = values.months[1] if values is not None and values.months else None
    role = request.GET.get("role", "")
    active = sum(entry.metric.status == MetricStatus.ACTIVE for entry in registry.entries.values())
    return {
        "tabs": tabs(request, "metrics"),
        "has_any": bool(registry.entries),
        "total": len(registry.entries),
        "active": active,
        "has_board": has_board(),
        **({} if registry.entries else begin_context(request)),
        "rows": [row_of(request, entry, values, month, role) for entry in shown],
        "month_label": month_text(month, locale_of(request)) if month is not None else "",
        "shows_values": values is not None,
        "filters": filters_of(request.GET),
        "search": request.GET.get("q", "")[:80],
        "may_manage": request.standing.may(MANAGE_METRICS),
        "library_news": library_news(registry) if request.standing.may(MANAGE_METRICS) else "",
        "currency": request.client.currency,
    }


def library_news(registry: Registry) -> str:
    """How much the library has moved on since the registry was started, as a sentence; empty where it has not."""
    found = library_drift(registry)
    if found.is_empty or not registry.entries:
        return ""
    said, more = len(found.improved), len(found.missing)
    parts = [f"says {said} metric{'' if said == 1 else 's'} otherwise"] if said else []
    parts += [f"has {more} more"] if more else []
    return f"Since the registry was started, the library {' and '.join(parts)}."


def begin_context(request: TenantRequest) -> dict[str, Any]:
    """How a client without a registry begins with one, and who may start it."""
    may_manage = request.standing.may(MANAGE_METRICS)
    names = [] if may_manage else [user.get_full_name() for user in people_who(request.client, MANAGE_METRICS)]
    shown = [*names[:NAMED], *([f"{len(names) - NAMED} more"] if len(names) > NAMED else [])]
    *head, last = shown or ["an admin or somebody of RevOps, whom the client has not named yet,"]
    who = f"{', '.join(head)} or {last}" if head else last
    return {"has_board": has_board(), "may_manage": may_manage, "starters": f"It is started by {who}."}


def row_of(
    request: TenantRequest, entry: Entry, values: MetricValues | None, month: int | None, role: str
) -> dict[str, Any]:
    """A metric of the list."""
    unit = entry.content["unit"]
    point = values.point(entry.key, month) if values is not None and month is not None else None
    return {
        "entry": entry,
        "state": STATES[entry.metric.status],
        "function": CHOICES["function"][entry.content["function"]],
        "priority": priority_of(entry, role),
        "unit": unit_words(unit, request.client.currency),
        "value": point_shown(point, unit, request.client.currency, locale_of(request)) if point else None,
    }


def priority_of(entry: Entry, role: str) -> str:
    """A metric's priority for a role, or its highest with how many roles have it."""
    if role in entry.priorities:
        return entry.priorities[role]
    if not entry.priorities or role in MetricRole.values:
        return ""
    highest = min(entry.priorities.values())
    count = sum(each == highest for each in entry.priorities.values())
    return f"{highest} for {count} role{'' if count == 1 else 's'}"


def is_wanted(entry: Entry, asked: QueryDict) -> bool:
    """Whether search and filters leave a metric; without a filter on the status, retired ones are left out."""
    words = asked.get("q", "")[:80].lower().split()
    about = f"{entry.key} {entry.name} {entry.content['definition']}".lower()
    status, function = asked.get("status", ""), asked.get("function", "")
    role, priority = asked.get("role", ""), asked.get("priority", "")
    if not all(word in about for word in words):
        return False
    if asked.get("owner", "") == NOBODY and entry.metric.owner is not None:
        return False
    if status in MetricStatus.values:
        if entry.metric.status != status:
            return False
    elif entry.metric.status == MetricStatus.RETIRED:
        return False
    if function in Function.values and entry.content["function"] != function:
        return False
    cells = [entry.priorities.get(role, "")] if role in MetricRole.values else list(entry.priorities.values())
    if priority in Priority.values:
        return priority in cells
    return role not in MetricRole.values or any(cells)


def filters_of(asked: QueryDict) -> list[dict[str, Any]]:
    """The choices of the filters."""
    wanted = (
        ("status", "Status", MetricStatus.choices, "All but retired"),
        ("role", "Role", MetricRole.choices, "All roles"),
        ("priority", "Priority", [(each, each) for each in Priority.values], "Any"),
        ("function", "Accountable", Function.choices, "All"),
        ("owner", "Owner", [(NOBODY, "Nobody yet")], "Anybody"),
    )
    return [
        {
            "name": name,
            "label": label,
            "options": [
                {"value": value, "label": text, "selected": asked.get(name, "") == value}
                for value, text in [("", anything), *choices]
            ],
        }
        for name, label, choices, anything in wanted
    ]


# --- one metric -------------------------------------------------------------------------------------------------------


def metric_context(request: TenantRequest, registry: Registry, key: str) -> dict[str, Any]:
    """Everything on the page of one metric."""
    entry = registry.entries[key]
    context = values_context(request, registry, key) if request.standing.may(VIEW_ARR) else {}
    if request.standing.may(MANAGE_METRICS):
        context |= forms_context(registry, entry)
    return context | {
        "entry": entry,
        "metric": entry.metric,
        "state": STATES[entry.metric.status],
        "parts": formula_parts(registry, key),
        "facts": facts_of(request, registry, entry),
        "priorities": [(MetricRole(role).label, priority) for role, priority in entry.priorities.items()],
        "needs": [needed(registry, name) for name in registry.needs(key)],
        "users": [needed(registry, name) for name in registry.used_by(key)],
        "pages": pages_used(request.standing, key, day_now(request.client)),
        "read": read_get(key, day_now(request.client)).words,
        "fields": sorted({field for name in registry.measures_of(key) for field in MEASURES[name].fields}),
        "controls": ControlFigure.objects.filter(metric=entry.metric).count(),
        "versions": versions_shown(registry, entry, locale_of(request)),
        "events": metric_events(entry.metric),
        "about": changes_about(request, metric=entry.metric),
        "successor": registry.entries.get(entry.metric.successor.key) if entry.metric.successor else None,
        "may_manage": request.standing.may(MANAGE_METRICS),
        "may_see": request.standing.may(VIEW_ARR),
        "actions": actions_of(request, entry.metric),
        "requests": [each for each in changes_of(entry.metric) if each.state in OPEN],
    }


def facts_of(request: TenantRequest, registry: Registry, entry: Entry) -> list[dict[str, str]]:
    """What the metric says of itself, beside its formula."""
    content, owner = entry.content, entry.metric.owner
    facts = [
        ("Key in formulas", entry.key),
        ("Unit", unit_words(content["unit"], request.client.currency) or content["unit"]),
        *((LABELS[name], CHOICES[name][content[name]]) for name in ("better", "timing")),
        ("Owner", owner.get_full_name() if owner else "Nobody yet"),
        *((LABELS[name], CHOICES[name][content[name]]) for name in ("function", "refresh")),
        *(
            (LABELS[name], limit_text(content, name, request.client.currency, locale_of(request), registry.labels))
            for name in ("warn_at", "alert_at")
            if content[name]
        ),
    ]
    if content["weight"]:
        facts.append((LABELS["weight"], content["weight"]))
    return [{"label": label, "value": value} for label, value in facts]


def needed(registry: Registry, name: str) -> dict[str, str]:
    """A measure or metric in the lineage."""
    kind = "Metric" if name in registry.entries else "Measure"
    return {"label": registry.labels.get(name, name), "name": name, "url": address_of(registry, name), "kind": kind}


def versions_shown(registry: Registry, entry: Entry, locale: str) -> list[dict[str, Any]]:
    """Every version, the newest first, with what it changed; thresholds in words, each in the unit of its own version."""
    currency, labels = registry.client.currency, registry.labels
    older: list[VersionShown | None] = [None, *entry.versions[:-1]]
    rows = []
    for version, before in zip(entry.versions, older, strict=True):
        edits = [
            (
                LABELS[name],
                *(field_text(each.content, name, currency, locale, labels) or "nothing" for each in (before, version)),
            )
            for name in LABELS
            if before is not None and before.content.get(name) != version.content[name]
        ]
        since = "the beginning" if version.month is None else month_text(version.month, locale)
        rows.append(
            {
                "version": version,
                "edits": edits,
                "since": since,
                "holds": version == entry.current and entry.is_standing,
            }
        )
    return rows[::-1]


def forms_context(registry: Registry, entry: Entry) -> dict[str, Any]:
    """The forms of whoever manages metrics."""
    metric, steps = entry.metric, direct_steps(entry.metric)
    if not entry.is_standing and not steps:
        return {}
    others = [(key, each.name) for key, each in registry.entries.items() if each.is_standing and key != entry.key]
    return {
        "status_form": StatusForm(
            steps=[(step, step_words(metric.status, step)) for step in steps], others=others, version=metric.version
        )
        if steps
        else None,
        "owner_form": OwnerForm(version=metric.version, owner=metric.owner_id),
        "pay_form": PayForm(initial={"version": metric.version, "feeds_pay": metric.feeds_pay}),
    }
