"""What a change request changes, in words: what holds now beside what is asked for.

`rows_of(change, registry, locale) -> list[Row]`
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any, Final

from governance.change_content import THRESHOLDS
from governance.metric_content import LABELS, Content
from governance.metric_figures import field_text, figure_text, threshold_words, unit_words
from governance.models import ChangeKind, ChangeRequest
from governance.selectors.registry import Registry
from governance.thresholds import threshold_read
from metrics.selectors.clauses import TITLES, sentence_of
from portal.lib.dates import date_text

NOTHING: Final = "Nothing"


@dataclass(frozen=True)
class Row:
    """One thing that changes: what it says now (empty: it is not there yet), and what is asked for."""

    label: str
    now: str
    asked: str
    is_code: bool = False


def rows_of(change: ChangeRequest, registry: Registry, locale: str) -> list[Row]:
    """Everything that a request changes, in the order of the pages."""
    content, present = change.content, change.present
    if change.kind == ChangeKind.POLICY:
        before = present.get("parameters", {})
        return [
            Row(TITLES[name], sentence_of(name, before[name]) if name in before else "", sentence_of(name, value))
            for name, value in sorted(content["parameters"].items(), key=lambda item: list(TITLES).index(item[0]))
        ]
    if change.kind in (ChangeKind.METRIC_NEW, ChangeKind.METRIC_CHANGE):
        return metric_rows(change, registry, locale)
    if change.kind == ChangeKind.METRIC_RETIRE:
        day = date_text(dt.date.fromisoformat(content["sunset_on"]), locale)
        return [
            Row("Last shown on", "Shown without an end", day),
            Row("Replaced by", "", name_of(registry, content["successor"])),
        ]
    if change.kind == ChangeKind.THRESHOLD:
        held = present.get("thresholds", {})
        wanted = content["thresholds"]
        said = partial(limit_words, change, registry, locale)
        return [Row(LABELS[name], said(held.get(name, "")), said(wanted[name])) for name in THRESHOLDS]
    before = ", ".join(name_of(registry, key) for key in present.get("metrics", []))
    metrics = ", ".join(name_of(registry, key) for key in content["metrics"])
    return [Row("The rule", present.get("rule", ""), content["rule"]), Row("Metrics that it reads", before, metrics)]


def metric_rows(change: ChangeRequest, registry: Registry, locale: str) -> list[Row]:
    """The fields of a metric that change; all that say something of a new one."""
    words = partial(field_words, currency=change.client.currency, locale=locale, labels=registry.labels)
    is_new = change.kind == ChangeKind.METRIC_NEW
    before: dict[str, Any] = change.present.get("metric", {})
    wanted = change.content["metric"]
    names = [name for name in LABELS if (wanted[name] if is_new else name in before)]
    rows = [Row(LABELS[name], "" if is_new else words(wanted | before, name), words(wanted, name)) for name in names]
    rows = [as_written(row, before, wanted) if row.now == row.asked else row for row in rows]
    return [Row("Key in formulas", "", change.content["key"], is_code=True), *rows] if is_new else rows


def as_written(row: Row, before: Mapping[str, Any], wanted: Content) -> Row:
    """A formula that reads as the one before it, since two of its parts are called alike, as both are written."""
    if row.label != LABELS["formula"]:
        return row
    return Row(row.label, before["formula"], wanted["formula"], is_code=True)


def limit_words(change: ChangeRequest, registry: Registry, locale: str, value: str) -> str:
    """A threshold in words, a fixed one in its metric's own unit: 105.0%, not 1.05."""
    entry = registry.entries.get(change.content["key"])
    if not value or entry is None:
        return value or NOTHING
    unit, currency = entry.content["unit"], change.client.currency
    if threshold_read(value).kind != "figure":
        return threshold_words(value, entry.newest["better"], unit, currency, locale, registry.labels)
    figure = Decimal(value)
    return f"{figure_text(figure, unit, currency, locale)} {unit_words(unit, currency, figure)}".rstrip()


def field_words(content: Content, name: str, *, currency: str, locale: str, labels: Mapping[str, str]) -> str:
    """A field of a metric as people read it, a threshold in words."""
    return field_text(content, name, currency, locale, labels) or NOTHING


def name_of(registry: Registry, key: str) -> str:
    """What people call a metric."""
    return registry.entries[key].name if key in registry.entries else key or NOTHING
