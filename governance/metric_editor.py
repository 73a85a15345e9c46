"""What the editor of a metric shows: its form, the names that a formula may use, and the preview."""

from typing import Any, Final

from django.forms import Form

from governance.metric_figures import point_shown, sentence, unit_words
from governance.models import MetricStatus
from governance.selectors.metric_preview import Tried, formula_try
from governance.selectors.registry import Entry, Registry, registry_get
from governance.services.registry import newest_closed
from metrics.measures import MEASURES
from portal.tenancy.access import TenantRequest
from portal.tenancy.permissions import VIEW_ARR
from portal.tenancy.reader import locale_of

AHEAD: Final = 12


def months_to_choose(registry: Registry, entry: Entry) -> list[int]:
    """From which months a change may hold: none to choose for a proposed metric, whose changes hold from the beginning."""
    if entry.metric.status == MetricStatus.PROPOSED:
        return []
    closed, newest = newest_closed(), entry.versions[-1].month
    first = max(registry.month, (closed or 0) + 1, (newest or 0) + 1)
    return list(range(first, first + AHEAD))


def editor_context(request: TenantRequest, form: Form, entry: Entry | None) -> dict[str, Any]:
    """The form with the names to choose from, and the preview of the formula that is in it."""
    registry = registry_get(request.client)
    standing = [
        each for key, each in registry.entries.items() if each.is_standing and (entry is None or key != entry.key)
    ]
    formula, unit = form["formula"].value() or "", form["unit"].value() or ""
    tried = None
    if formula.strip():
        tried = formula_try(
            request.client,
            entry.key if entry else form["key"].value() or "",
            formula,
            unit,
            with_values=request.standing.may(VIEW_ARR),
        )
    return {
        "form": form,
        "entry": entry,
        "measures": [(name, measure) for name, measure in MEASURES.items()],
        "metrics": [
            (each.key, each.name, unit_words(each.content["unit"], request.client.currency)) for each in standing
        ],
        **(preview_context(request, tried) if tried else {"tried": None}),
    }


def preview_context(request: TenantRequest, tried: Tried) -> dict[str, Any]:
    """A formula that was tried, for its part of the page."""
    currency, locale = request.client.currency, locale_of(request)
    rows = [
        {
            "new": point_shown(new, tried.unit, currency, locale),
            "old": point_shown(old, tried.unit, currency, locale) if old is not None else None,
            "moved": old is not None and new.exact != old.exact,
        }
        for new, old in tried.points
    ]
    found = [point for pair in tried.points for point in pair if point is not None]
    has_any = not found or any(point.value is not None for point in found)
    return {
        "tried": tried,
        "fault": sentence(tried.fault),
        "no_value_because": "" if has_any else sentence(found[0].reason),
        "rows": rows,
        "has_old": any(row["old"] for row in rows),
        "moved": sum(bool(row["moved"]) for row in rows),
        "unit": {"percent": "per cent", "ratio": "times"}.get(tried.unit, unit_words(tried.unit, currency)),
    }
