"""Reading disputes of published figures. Runs in the client's scope.

`dispute_list(is_open=) -> list[FigureDispute]` · `dispute_get(number) -> FigureDispute | None` · `dispute_view(dispute)` ·
`disputed_marks() -> tuple[Mark, ...]` — one query: what pages mark as disputed · `corrections_for(dispute)` ·
`figure_unit(dispute, registry) -> str`

What was signed and is in question again is `governance.selectors.disputes`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Q, QuerySet

from governance.models import (
    ChangeEffect,
    ChangeKind,
    ChangeRequest,
    DisputeEvent,
    DisputeEvidence,
    DisputeState,
    FigureDispute,
)
from governance.selectors.changes import IN_FORCE
from governance.selectors.published_figures import RATES
from governance.selectors.registry import Registry, registry_get
from metrics.models import ContractImport, MonthClose, Recognition
from metrics.models.intake import ImportState
from portal.lib.dates import month_text

OPEN: Final = (DisputeState.RAISED, DisputeState.INVESTIGATING)
RELATED: Final = (
    "raised_by", "owner", "settled_by", "metric", "correction_close", "correction_import", "correction_request",
)  # fmt: skip
MOST: Final = 200
MOST_CHANGES: Final = 20


@dataclass(frozen=True)
class Mark:
    """A figure that is disputed, as pages look for it; `metric` is a key."""

    number: int
    figure: str
    metric: str
    recognition: str
    month: int
    dimension: str
    group: str
    customer: str


@dataclass(frozen=True)
class DisputeView:
    """A dispute with what happened to it, what was said, and what the engine said."""

    dispute: FigureDispute
    events: tuple[DisputeEvent, ...]
    evidence: tuple[DisputeEvidence, ...]


@dataclass(frozen=True)
class Correction:
    """Something by which a figure can have been corrected: `key` names it in forms."""

    key: str
    label: str


def disputed_marks() -> tuple[Mark, ...]:
    """Every figure that is disputed now, the newest dispute first. One query."""
    rows = FigureDispute.objects.filter(state__in=OPEN).values_list(
        "number", "figure", "metric__key", "recognition", "month", "dimension", "group", "customer"
    )
    return tuple(Mark(row[0], row[1], row[2] or "", row[3], row[4], row[5], row[6], row[7]) for row in rows)


def dispute_list(*, is_open: bool | None = None) -> list[FigureDispute]:
    """The newest disputes: those that are open, those that are over, or all."""
    return list(disputes_read(is_open=is_open)[:MOST])


def disputes_of(owner: Any, *, or_nobodys: bool = False) -> list[FigureDispute]:
    """The open disputes that somebody looks into, the oldest first; with `or_nobodys` also those that nobody looks into, and
    that they did not raise.
    """
    wanted = Q(owner=owner)
    if or_nobodys:
        wanted |= Q(owner=None) & ~Q(raised_by=owner)
    return list(disputes_read().filter(wanted, state__in=OPEN).order_by("number"))


def dispute_get(number: int) -> FigureDispute | None:
    """The dispute of that number."""
    found: FigureDispute | None = disputes_read().filter(number=number).first()
    return found


def disputes_read(*, is_open: bool | None = None) -> QuerySet[FigureDispute]:
    """Disputes, open or over or all, with what they name, without what an import found in its file."""
    rows = FigureDispute.objects.select_related(*RELATED).defer("correction_import__report")
    if is_open is None:
        return rows
    return rows.filter(state__in=OPEN) if is_open else rows.exclude(state__in=OPEN)


def dispute_view(found: FigureDispute) -> DisputeView:
    """A dispute with its log and its evidence. Two queries."""
    events = tuple(DisputeEvent.objects.filter(dispute=found).select_related("by"))
    return DisputeView(found, events, tuple(DisputeEvidence.objects.filter(dispute=found).select_related("by")))


def corrections_for(found: FigureDispute) -> list[Correction]:
    """What can have corrected the figure since it was disputed: its month restated; a change in effect that touches it; while
    the month is open, an import. An import leaves a closed month as it was reported.
    """
    closes = MonthClose.objects.filter(month=found.month, recognition=found.recognition or Recognition.START)
    is_open = not closes.exists()
    closes = closes.filter(revision__gt=1, closed_at__gte=found.raised_at).order_by("-revision")
    imports = ContractImport.objects.filter(state=ImportState.DONE, finished_at__gte=found.raised_at)
    return [
        *(
            Correction(
                f"close:{row.pk}", f"{month_text(row.month)} restated, revision {row.revision}: {row.reason[:80]}"
            )
            for row in closes
        ),
        *(
            Correction(f"import:{row.pk}", f"Import of {row.file_name}")
            for row in (imports.defer("report").order_by("-pk")[:20] if is_open else ())
        ),
        *(Correction(f"change:{row.pk}", f"{row}: {row.title}") for row in changes_touching(found)),
    ]


def changes_touching(found: FigureDispute) -> list[ChangeRequest]:
    """Requests that took effect since the figure was disputed and change it: the policy, where it is a figure of contract
    lines; the metric, or one that it is built on. They hold for its month, or restated it.
    """
    kinds = (ChangeKind.POLICY, ChangeKind.METRIC_CHANGE)
    rows = ChangeRequest.objects.filter(state__in=IN_FORCE, effective_at__gte=found.raised_at, kind__in=kinds)
    effective = list(rows.select_related("metric").order_by("-number")[:MOST_CHANGES])
    if not effective:
        return []
    restated = dict(ChangeEffect.objects.filter(request__in=effective).values_list("request", "restated_months"))
    registry = registry_get(found.client) if found.metric else None
    return [row for row in effective if is_touched(found, row, restated.get(row.pk, []), registry)]


def is_touched(
    found: FigureDispute, change: ChangeRequest, restated: Collection[int], registry: Registry | None
) -> bool:
    """Whether a change that took effect moves the disputed figure of its month."""
    if found.month not in restated and (change.from_month is None or change.from_month > found.month):
        return False
    if registry is None or found.metric is None:
        return bool(change.kind == ChangeKind.POLICY)
    key = str(found.metric.key)
    if change.kind == ChangeKind.POLICY:
        return registry.is_of_lines(key)
    changed = str(change.metric.key) if change.metric else ""
    return changed == key or (changed in registry.entries and key in registry.built_on(changed))


def figure_unit(row: FigureDispute, registry: Registry | None) -> str:
    """The unit of a disputed figure, as metrics name it; only that of a metric needs the registry."""
    if row.metric is not None and registry is not None:
        return registry.entries[row.metric.key].content["unit"]
    return "percent" if row.figure in RATES else "money"
