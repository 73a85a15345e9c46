"""The look of every night at a client's data: what the monitors find is kept, with its history, and people are told.

`quality_look(client=, now=) -> Looks` · `monitors_ensure(client=)`

At least once and idempotent: a second look of a day finds the same and changes nothing but the day's figures. Findings are
open, acknowledged until a day, or fixed; the data alone fixes and reopens them. Nobody is told twice of one stage of a
deadline, and of the deadlines of one monitor at most once a day.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from metrics.figures import from_cents
from metrics.models import FindingState, QualityDay, QualityEvent, QualityFinding, QualityMonitor
from metrics.quality_monitors import MONITORS
from metrics.selectors.limits import limit_of
from metrics.selectors.month_ends import NoValue
from metrics.selectors.quality_finders import Looked, Seen, book_of, line_ids, look
from metrics.services.quality_news import news_tell
from metrics.services.summaries import issues_refresh
from portal.lib.dates import time_zone
from portal.tenancy import audit
from portal.tenancy.clock import day_at
from portal.tenancy.models import Client

DUE: Final = "next_quality_at"
HOUR: Final = 5  # of the morning, where the client is
IDS_KEPT: Final = 50
AT_ONCE: Final = 2_000
FIGURES: Final = ("title", "detail", "lines", "line_ids", "arr", "no_value_because")
LIFE: Final = ("state", "opened_on", "due_on", "stage", "until", "fixed_on")


@dataclass
class Looks:
    """What a look did: how many findings were opened, came back, were fixed, and stand open."""

    opened: int = 0
    returned: int = 0
    fixed: int = 0
    open_now: int = 0

    def add(self, other: "Looks") -> None:
        """Another monitor's as well."""
        for name in ("opened", "returned", "fixed", "open_now"):
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass
class Turn:
    """One look of one monitor, while it is written down."""

    monitor: QualityMonitor
    today: dt.date
    now: dt.datetime
    made: list[QualityFinding] = field(default_factory=list)
    changed: list[QualityFinding] = field(default_factory=list)
    events: list[tuple[QualityFinding, str, str]] = field(default_factory=list)

    def opened(self, row: QualityFinding, kind: str, text: str) -> None:
        """A finding begins, or begins again: its deadline runs from today."""
        row.state, row.opened_on, row.stage = FindingState.OPEN, self.today, 0
        row.due_on, row.until, row.fixed_on = self.today + dt.timedelta(days=self.monitor.days), None, None
        self.events.append((row, kind, text))

    def fixed(self, row: QualityFinding) -> None:
        """The data no longer shows it."""
        row.state, row.fixed_on, row.stage, row.until = FindingState.FIXED, self.today, 0, None
        self.events.append((row, "fixed", "The data no longer shows it."))


def monitors_ensure(*, client: Client) -> list[QualityMonitor]:
    """The client's monitors in the order of the table; those that are missing are made as the product has them."""
    rows = {row.code: row for row in QualityMonitor.objects.select_related("owner", "escalate_to")}
    missing = [spec for spec in MONITORS if spec.code not in rows]
    if missing:
        QualityMonitor.objects.bulk_create(
            [
                QualityMonitor(
                    client=client, code=spec.code, threshold=spec.threshold, days=spec.days,
                    escalate_days=spec.escalate_days,
                )
                for spec in missing
            ],
            ignore_conflicts=True,
        )  # fmt: skip
        rows = {row.code: row for row in QualityMonitor.objects.select_related("owner", "escalate_to")}
    return [rows[spec.code] for spec in MONITORS]


def quality_look(*, client: Client, now: dt.datetime) -> Looks:
    """Look at everything at `now`, keep what is found, tell whom it concerns, and set when to look again."""
    monitors_ensure(client=client)
    rows = QualityMonitor.objects.select_related("owner", "escalate_to").select_for_update(of=("self",))
    monitors = list(rows.order_by("pk"))  # one look at a time
    today = day_at(client, now)
    looked, done = book_of(client, now), Looks()
    for monitor in monitors:
        turn = Turn(monitor, today, now)
        found = looked if isinstance(looked, NoValue) else look(looked, monitor.code, limit_of(monitor).amount)
        done.add(keep(turn, looked, found))
    if done.opened or done.returned or done.fixed:
        details = {"opened": done.opened, "returned": done.returned, "fixed": done.fixed, "open": done.open_now}
        audit.record("quality.looked", object_type="quality", object_id=today, after=details, details=details)
    QualityMonitor.objects.exclude(look_asked_at=None).update(look_asked_at=None)
    issues_refresh(client=client)
    news_tell(client=client, monitors=monitors, today=today)
    return done


def next_look(client: Client, now: dt.datetime) -> dt.datetime:
    """Five o'clock of the next morning, where the client is."""
    local = now.astimezone(time_zone(client.time_zone))
    at = local.replace(hour=HOUR, minute=0, second=0, microsecond=0)
    return at if at > local else at + dt.timedelta(days=1)


def keep(turn: Turn, looked: Looked | NoValue, found: list[Seen] | NoValue) -> Looks:
    """Write down what one monitor saw. Where it could not look, its findings stand as they are, and it says why."""
    monitor = turn.monitor
    monitor.looked_at = turn.now
    if isinstance(found, NoValue) or isinstance(looked, NoValue):
        reason = found if isinstance(found, NoValue) else looked
        monitor.blind_because = reason.sentence[:300] if isinstance(reason, NoValue) else ""
        monitor.at_stake, monitor.no_value_because = None, monitor.blind_because
        monitor.save(update_fields=["looked_at", "blind_because", "at_stake", "no_value_because"])
        return Looks(open_now=monitor.findings.filter(state=FindingState.OPEN).count())
    known = {row.subject: row for row in QualityFinding.objects.filter(monitor=monitor)}
    seen = {each.subject: each for each in found}
    for subject, each in seen.items():
        meet(turn, looked, known, subject, each)
    for subject, row in known.items():
        if subject not in seen and row.state != FindingState.FIXED:
            turn.fixed(row)
            turn.changed.append(row)
    write(turn)
    return count(turn, looked, {**known, **{row.subject: row for row in turn.made}}, seen)


def meet(turn: Turn, looked: Looked, known: Mapping[str, QualityFinding], subject: str, seen: Seen) -> None:
    """What becomes of one finding that a look sees."""
    said = figures(looked, seen)
    row = known.get(subject)
    if row is None:
        row = QualityFinding(monitor=turn.monitor, subject=subject, first_seen_on=turn.today, **said)
        turn.opened(row, "opened", f"Found: {said['detail']}.")
        turn.made.append(row)
        return
    before = {name: getattr(row, name) for name in (*FIGURES, *LIFE)}
    for name, value in said.items():
        setattr(row, name, value)
    if row.state == FindingState.FIXED:
        turn.opened(row, "returned", f"It has come back: {said['detail']}.")
    elif row.state == FindingState.ACKNOWLEDGED and row.until is not None and row.until < turn.today:
        turn.opened(row, "lapsed", "The acknowledgement has run out.")
    if before != {name: getattr(row, name) for name in before}:
        turn.changed.append(row)


def figures(looked: Looked, seen: Seen) -> dict[str, Any]:
    """What a finding says today."""
    cents = looked.at_stake(seen)
    return {
        "title": seen.title[:200],
        "detail": seen.detail[:400],
        "lines": len(seen.rows),
        "line_ids": line_ids(looked, seen.rows, IDS_KEPT),
        "arr": None if cents is None else from_cents(cents),
        "no_value_because": looked.why_no_value[:300] if cents is None else "",
    }


def write(turn: Turn) -> None:
    """The rows of a look, a few statements for however many."""
    QualityFinding.objects.bulk_create(turn.made, batch_size=AT_ONCE)
    QualityFinding.objects.bulk_update(turn.changed, [*FIGURES, *LIFE], batch_size=AT_ONCE)
    QualityEvent.objects.bulk_create(
        [QualityEvent(finding=row, at=turn.now, kind=kind, text=text[:600]) for row, kind, text in turn.events],
        batch_size=AT_ONCE,
    )


def count(turn: Turn, looked: Looked, rows: Mapping[str, QualityFinding], seen: Mapping[str, Seen]) -> Looks:
    """The day's figures of a monitor: what is at stake for its open findings, each line once."""
    monitor = turn.monitor
    states = [row.state for row in rows.values()]
    still = [seen[row.subject] for row in rows.values() if row.state == FindingState.OPEN]
    cents = looked.together(still)
    monitor.at_stake = None if cents is None else from_cents(cents)
    monitor.no_value_because = looked.why_no_value[:300] if cents is None else ""
    monitor.blind_because, monitor.looked_month = "", looked.month
    monitor.save(update_fields=["looked_at", "looked_month", "blind_because", "at_stake", "no_value_because"])
    QualityDay.objects.update_or_create(
        monitor=monitor, day=turn.today,
        defaults={
            "open_count": len(still), "acknowledged_count": states.count(FindingState.ACKNOWLEDGED),
            "arr": monitor.at_stake,
        },
    )  # fmt: skip
    kinds = [kind for _, kind, _ in turn.events]
    returned = kinds.count("returned") + kinds.count("lapsed")
    return Looks(kinds.count("opened"), returned, kinds.count("fixed"), len(still))
