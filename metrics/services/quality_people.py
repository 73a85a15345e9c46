"""What people do with monitors: have them look, set them, and acknowledge findings for a while.

`look_ask(client=, now=)` · `monitor_set(monitor=, …)` · `finding_acknowledge(finding=, reason=, until=, user=)` ·
`finding_reopen(finding=, user=)` · `monitors_leave(client, person)`
"""

import datetime as dt
from decimal import Decimal
from typing import Any, Final

from django.db.models import Q

from metrics.models import FindingState, QualityEvent, QualityFinding, QualityMonitor
from metrics.selectors.limits import defined_limit
from metrics.selectors.quality import monitor_people
from metrics.services.quality import DUE, monitors_ensure
from metrics.services.quality_news import unowned_tell
from metrics.services.summaries import issues_refresh
from portal.tenancy import audit
from portal.tenancy.clock import database_time, day_at
from portal.tenancy.dispatch import earlier_run
from portal.tenancy.jobs import enqueue
from portal.tenancy.models import Client

LONGEST: Final = dt.timedelta(days=366)
MOST_DAYS: Final = 365
LOOK_JOB: Final = "metrics.tasks.quality_look"
LOST_AFTER: Final = dt.timedelta(minutes=5)


class QualityProblem(ValueError):
    """It cannot be set like that; the message says why and what to do. Nothing was changed."""


def look_ask(*, client: Client, now: dt.datetime) -> None:
    """Have every monitor look at the data now, in a job; while a look that was asked for is still to come, ask for no other.

    Whoever asks while the monitors look waits for that look, and is given another one: it may have read the data before them.
    """
    monitors_ensure(client=client)
    waiting = QualityMonitor.objects.select_for_update().order_by("pk").values_list("look_asked_at", flat=True)
    if any(waiting):
        return
    QualityMonitor.objects.update(look_asked_at=now)
    audit.record("quality.look_asked", object_type="quality", object_id=day_at(client, now), after={"asked_at": now})
    enqueue(LOOK_JOB, client)
    earlier_run(client=client, column=DUE, at=now + LOST_AFTER)


def monitor_set(
    *, monitor: QualityMonitor, threshold: Decimal, days: int, escalate_days: int, owner: Any, escalate_to: Any
) -> QualityMonitor:
    """Threshold, deadline, owner and who is told further up. The next look goes by it; deadlines that run stay as they are."""
    if not 0 <= threshold < Decimal(10) ** 12:
        raise QualityProblem("the threshold is a number from 0 on")
    defined = defined_limit(monitor.code)
    if defined is not None and threshold != defined.amount:
        raise QualityProblem(f"the limit is {defined.amount:,}, {defined.source}: it changes there")
    if not (1 <= days <= MOST_DAYS and 1 <= escalate_days <= MOST_DAYS):
        raise QualityProblem(f"a deadline is between one day and {MOST_DAYS}")
    people = monitor_people(monitor.client)
    if any(user is not None and user not in people for user in (owner, escalate_to)):
        raise QualityProblem("whoever is told of findings is somebody who may see the client's data")
    monitor.refresh_from_db(from_queryset=QualityMonitor.objects.select_for_update(of=("self",)))
    before = said(monitor)
    monitor.threshold, monitor.days, monitor.escalate_days = threshold, days, escalate_days
    monitor.owner, monitor.escalate_to = owner, escalate_to
    after = said(monitor)
    if before == after:
        return monitor
    monitor.save(update_fields=["threshold", "days", "escalate_days", "owner", "escalate_to"])
    changed = {name: [before[name], value] for name, value in after.items() if before[name] != value}
    audit.record(
        "quality.monitor_set", object_type="monitor", object_id=monitor.code, before=before, after=after,
        details=changed,
    )  # fmt: skip
    return monitor


def monitors_leave(client: Client, person: Any) -> None:
    """Whoever may not see the client's data any more owns no monitor and is told nothing further up; RevOps is told of what
    they owned, and how much of it is open.
    """
    if person in monitor_people(client):
        return
    named = Q(owner=person) | Q(escalate_to=person)
    rows = QualityMonitor.objects.filter(named).select_related("owner", "escalate_to").select_for_update(of=("self",))
    left = []
    for monitor in rows.order_by("pk"):
        before = said(monitor)
        left += [monitor] if monitor.owner_id == person.pk else []
        monitor.owner = None if monitor.owner_id == person.pk else monitor.owner
        monitor.escalate_to = None if monitor.escalate_to_id == person.pk else monitor.escalate_to
        monitor.save(update_fields=["owner", "escalate_to"])
        after = said(monitor)
        changed = {name: [before[name], value] for name, value in after.items() if before[name] != value}
        audit.record(
            "quality.monitor_set", object_type="monitor", object_id=monitor.code, before=before, after=after,
            details=changed,
        )  # fmt: skip
    unowned_tell(client=client, monitors=left, name=person.get_full_name())


def said(monitor: QualityMonitor) -> dict[str, Any]:
    """How a monitor is set."""
    return {
        "threshold": str(Decimal(monitor.threshold).normalize()),
        "days": monitor.days,
        "escalate_days": monitor.escalate_days,
        "owner": monitor.owner.email if monitor.owner else "",
        "escalate_to": monitor.escalate_to.email if monitor.escalate_to else "",
    }


def finding_acknowledge(
    *, finding: QualityFinding, reason: str, until: dt.date, today: dt.date, user: Any
) -> QualityFinding:
    """An open finding may stay until a day, for a reason; then it is open again, unless the data has fixed it by then."""
    row = QualityFinding.objects.select_for_update(of=("self",)).select_related("monitor").get(pk=finding.pk)
    if row.state == FindingState.FIXED:
        raise QualityProblem("the data no longer shows it: there is nothing to acknowledge")
    if not reason.strip():
        raise QualityProblem("say why it may stay")
    if not today < until <= today + LONGEST:
        raise QualityProblem("choose a day after today, within a year")
    before = {"state": row.state, "reason": row.reason, "until": row.until}
    row.state, row.reason, row.until, row.acknowledged_by = (
        FindingState.ACKNOWLEDGED, reason.strip()[:400], until, user
    )  # fmt: skip
    row.save(update_fields=["state", "reason", "until", "acknowledged_by"])
    note(row, "acknowledged", f"Acknowledged until {until:%-d %b %Y}: {row.reason}", user)
    details = {"monitor": row.monitor.code, "title": row.title, "reason": row.reason, "until": until}
    audit.record(
        "quality.acknowledged", object_type="finding", object_id=row.pk, before=before,
        after={"state": row.state, "reason": row.reason, "until": until}, details=details,
    )  # fmt: skip
    issues_refresh(client=row.client)
    return row


def finding_reopen(*, finding: QualityFinding, today: dt.date, user: Any) -> QualityFinding:
    """An acknowledgement is taken back: the finding is open, with a new deadline."""
    row = QualityFinding.objects.select_for_update(of=("self",)).select_related("monitor").get(pk=finding.pk)
    if row.state != FindingState.ACKNOWLEDGED:
        raise QualityProblem("only an acknowledged finding is opened again by hand")
    before = {"state": row.state, "reason": row.reason, "until": row.until}
    row.state, row.until, row.stage, row.opened_on = FindingState.OPEN, None, 0, today
    row.due_on = today + dt.timedelta(days=row.monitor.days)
    row.save(update_fields=["state", "until", "stage", "opened_on", "due_on"])
    note(row, "reopened", "The acknowledgement was taken back.", user)
    audit.record(
        "quality.reopened", object_type="finding", object_id=row.pk, before=before, after={"state": row.state},
        details={"monitor": row.monitor.code, "title": row.title},
    )  # fmt: skip
    issues_refresh(client=row.client)
    return row


def note(row: QualityFinding, kind: str, text: str, user: Any) -> None:
    """A line of the finding's history."""
    QualityEvent.objects.create(finding=row, at=database_time(), kind=kind, text=text[:600], by=user)
