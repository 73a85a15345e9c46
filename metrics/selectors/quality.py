"""Reading the monitors of data quality and what they found. Runs in the client's scope.

`monitor_list(today) -> list[MonitorShown]` · `monitor_get(code)` · `finding_list(monitor, state, q)` · `finding_get(pk)` ·
`monitor_people(client)`
"""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.db.models import Count, F, Min, Q, QuerySet

from metrics.models import ContractLine, FindingState, QualityDay, QualityFinding, QualityMonitor
from metrics.quality_monitors import MONITORS, MonitorSpec
from metrics.repository import authoritative_source
from metrics.selectors.limits import Limit, limit_of
from portal.accounts.duties import Held, owned
from portal.notices.audience import people_who
from portal.tenancy.models import Client
from portal.tenancy.permissions import VIEW_DATA

DAYS_SHOWN: Final = 30


@dataclass(frozen=True)
class MonitorShown:
    """A monitor with how much it shows now and how that went in the last thirty days."""

    monitor: QualityMonitor
    open_count: int
    acknowledged_count: int
    late_count: int
    next_due: dt.date | None
    trend: list[int]
    trend_arr: list[Decimal | None]

    @property
    def spec(self) -> MonitorSpec:
        return self.monitor.spec

    @property
    def limit(self) -> Limit:
        return limit_of(self.monitor)

    @property
    def state(self) -> tuple[str, str]:
        """Its badge: kind and words."""
        if self.monitor.looked_at is None:
            return "draft", "Not looked yet"
        if self.monitor.blind_because:
            return "lapsed", "Cannot look"
        if self.late_count:
            return "refused", "Past the deadline"
        return ("waiting", "Findings") if self.open_count else ("agreed", "Nothing found")


def monitor_list(today: dt.date) -> list[MonitorShown]:
    """Every monitor that the client has, in the order of the product, in three queries."""
    is_open = Q(findings__state=FindingState.OPEN)
    rows = QualityMonitor.objects.select_related("owner", "escalate_to").annotate(
        opened=Count("findings", filter=is_open),
        acknowledged=Count("findings", filter=Q(findings__state=FindingState.ACKNOWLEDGED)),
        late=Count("findings", filter=is_open & Q(findings__due_on__lt=today)),
        next_due=Min("findings__due_on", filter=is_open),
    )
    days: dict[int, list[tuple[int, Decimal | None]]] = {}
    kept = QualityDay.objects.filter(day__gt=today - dt.timedelta(days=DAYS_SHOWN)).order_by("day")
    for monitor_id, count, arr in kept.values_list("monitor_id", "open_count", "arr"):
        days.setdefault(monitor_id, []).append((count, arr))
    by_code = {row.code: row for row in rows}
    return [
        MonitorShown(
            row, row.opened, row.acknowledged, row.late, row.next_due,
            [count for count, _ in days.get(row.pk, [])], [arr for _, arr in days.get(row.pk, [])],
        )
        for spec in MONITORS
        if (row := by_code.get(spec.code)) is not None
    ]  # fmt: skip


def late_of(owner: Any, today: dt.date, *, or_nobodys: bool) -> list[QualityMonitor]:
    """The monitors of somebody, and of nobody where that is asked, with open findings past their deadline, each with how many
    (`late`), as their pages count.
    """
    is_late = Q(findings__state=FindingState.OPEN, findings__due_on__lt=today)
    wanted = Q(owner=owner) | Q(owner=None) if or_nobodys else Q(owner=owner)
    rows = QualityMonitor.objects.filter(wanted).annotate(late=Count("findings", filter=is_late))
    return list(rows.filter(late__gt=0).order_by("pk"))


def monitors_of_nobody() -> int:
    """How many monitors have no owner. One query."""
    return int(QualityMonitor.objects.filter(owner=None).count())


def monitors_held() -> list[Held]:
    """How many monitors each person owns."""
    return [Held("monitor", "monitors", owned(QualityMonitor.objects.all(), "owner"))]


def findings_open(today: dt.date) -> tuple[int, int]:
    """How many findings are open, and how many of these are past their deadline. One query."""
    rows = QualityFinding.objects.filter(state=FindingState.OPEN)
    found = rows.aggregate(open=Count("pk"), late=Count("pk", filter=Q(due_on__lt=today)))
    return found["open"], found["late"]


def monitor_get(code: str) -> QualityMonitor | None:
    """One monitor; None where it is none, or was never looked with."""
    found: QualityMonitor | None = (
        QualityMonitor.objects.select_related("owner", "escalate_to").filter(code=code).first()
    )
    return found


def finding_list(monitor: QualityMonitor, state: str = "", q: str = "") -> "QuerySet[QualityFinding]":
    """What a monitor found: of a state (open and acknowledged without one), what holds some text, the largest ARR first."""
    rows = QualityFinding.objects.filter(monitor=monitor).select_related("acknowledged_by")
    if state in FindingState.values:
        rows = rows.filter(state=state)
    elif state != "all":
        rows = rows.exclude(state=FindingState.FIXED)
    found: QuerySet[QualityFinding] = findings_holding(rows, q).order_by(F("arr").desc(nulls_first=True), "title", "pk")
    return found


def findings_holding(rows: "QuerySet[QualityFinding]", q: str) -> "QuerySet[QualityFinding]":
    """Those of the findings whose title, detail or subject holds a text; all of them without one."""
    return rows.filter(Q(title__icontains=q) | Q(detail__icontains=q) | Q(subject__icontains=q)) if q else rows


def finding_get(pk: int) -> QualityFinding | None:
    """One finding with its monitor."""
    found: QualityFinding | None = (
        QualityFinding.objects.select_related("monitor", "monitor__owner", "acknowledged_by").filter(pk=pk).first()
    )
    return found


def finding_lines(finding: QualityFinding) -> list[dict[str, Any]]:
    """The first lines of a finding as they stand; what vanished since is left out."""
    source = authoritative_source()
    rows = ContractLine.objects.filter(source=source, line_id__in=finding.line_ids, removed_import__isnull=True)
    names = ("pk", "line_id", "contract_id", "customer_id", "customer_name", "product", "starts_on", "ends_on")
    return list(rows.order_by("customer_name", "line_id").values(*names))


def monitor_people(client: Client) -> list[Any]:
    """Who may own a monitor: the client's people who see its data, and the consultants who work on it."""
    return people_who(client, VIEW_DATA)
