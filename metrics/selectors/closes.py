"""What was reported: closed months, their revisions, and the bridge as reported.

- `latest_closes(recognition=None) -> list[MonthClose]` — the newest revision of each closed month
- `closes_list(client, recognition=None) -> list[ClosedMonth]` — every closed month with all its revisions, newest first
- `next_month_to_close(client, now) -> int | None`
- `as_of(client, month, on, recognition=None) -> MonthClose | None` — what was reported on day `on` for a month
- `close_rows(close, dimension="total") -> list[BridgeRow]` · `close_balances(close) -> QuerySet[CloseBalance]`
- `bridge_reported(client, recognition=None, first=None, last=None, dimension="total", grain="month", filters=None) -> Bridge`
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from metrics.engine.bridge import AMOUNTS, TOTAL
from metrics.models import CloseBalance, CloseBridge, MonthClose
from metrics.selectors.books import book_head, bridge_get
from metrics.selectors.figures import BRIDGE_COLUMNS, ZERO, BookHead, Bridge, BridgeRow
from metrics.selectors.periods import Grain, Period, periods_of
from portal.lib.periods import month_format, month_of
from portal.tenancy.models import Client

Filters = Mapping[str, str] | None


@dataclass(frozen=True)
class ClosedMonth:
    """A closed month: `latest` is what counts as reported, `revisions` all of them, the newest first."""

    month: int
    latest: MonthClose
    revisions: tuple[MonthClose, ...]
    ending: Decimal
    live_ending: Decimal | None

    @property
    def key(self) -> str:
        """The month as addresses and exports write it."""
        return month_format(self.month)

    @property
    def drift(self) -> Decimal | None:
        """What the contracts say now, less what was reported; None where the book no longer has the month."""
        return None if self.live_ending is None else self.live_ending - self.ending


def latest_closes(recognition: str | None = None) -> list[MonthClose]:
    """The newest revision of each closed month (and recognition), the newest month first."""
    closes = MonthClose.objects.order_by("recognition", "month", "-revision").distinct("recognition", "month")
    found = list(closes.filter(recognition=recognition) if recognition else closes)
    return sorted(found, key=lambda close: (-close.month, close.recognition))


def closes_list(client: Client, recognition: str | None = None) -> list[ClosedMonth]:
    """Every closed month of a recognition (default: the policy's own), the newest first."""
    live = bridge_get(client, recognition)
    endings = {row.period.first: row.ending for row in live.totals}
    revisions: dict[int, list[MonthClose]] = {}
    closes = MonthClose.objects.filter(recognition=live.head.recognition).select_related("closed_by", "policy")
    for close in closes.order_by("-month", "-revision"):
        revisions.setdefault(close.month, []).append(close)
    latest = [found[0].pk for found in revisions.values()]
    rows = CloseBridge.objects.filter(close__in=latest, dimension=TOTAL)
    reported = dict(rows.values_list("month", "ending"))
    return [
        ClosedMonth(month, found[0], tuple(found), reported[month], endings.get(month))
        for month, found in revisions.items()
    ]


def next_month_to_close(client: Client, now: dt.datetime) -> int | None:
    """The month that can be closed next: the one after the newest closed one, or the newest completed; None: none yet."""
    head = book_head(client)
    completed = month_of(now.astimezone(ZoneInfo(client.time_zone)).date()) - 1
    newest = MonthClose.objects.order_by("-month").values_list("month", flat=True).first()
    if head.first_month is None or head.last_month is None:
        return None
    month = min(completed, head.last_month) if newest is None else newest + 1
    return month if head.first_month <= month <= min(completed, head.last_month) else None


def as_of(client: Client, month: int, on: dt.date | dt.datetime, recognition: str | None = None) -> MonthClose | None:
    """What was reported at an instant, or at the end of a day where the client is; None: the month was open then."""
    if not isinstance(on, dt.datetime):
        on = dt.datetime.combine(on + dt.timedelta(days=1), dt.time(), ZoneInfo(client.time_zone))
        closes = MonthClose.objects.filter(closed_at__lt=on)
    else:
        closes = MonthClose.objects.filter(closed_at__lte=on)
    name = recognition or book_head(client).recognition
    close: MonthClose | None = closes.filter(month=month, recognition=name).order_by("-revision").first()
    return close


def close_rows(close: MonthClose, dimension: str = TOTAL) -> list[BridgeRow]:
    """The stored bridge of a closed month, by group."""
    rows = CloseBridge.objects.filter(close=close, dimension=dimension)
    return sorted((reported_row(row) for row in rows), key=lambda row: row.group)


def close_balances(close: MonthClose) -> "QuerySet[CloseBalance]":
    """Who had how much when the month was closed."""
    return CloseBalance.objects.filter(close=close).order_by("customer", "product", "currency")


def reported_row(row: CloseBridge) -> BridgeRow:
    """A stored row as the pages show it."""
    period = Period(month_format(row.month), row.month, row.month)
    return BridgeRow(
        period=period, group=row.group, state="closed", **{name: getattr(row, name) for name in BRIDGE_COLUMNS}
    )


# --- the bridge as reported -------------------------------------------------------------------------------------------


def bridge_reported(
    client: Client,
    recognition: str | None = None,
    first: int | None = None,
    last: int | None = None,
    dimension: str = TOTAL,
    grain: Grain = "month",
    filters: Filters = None,
) -> Bridge:
    """The bridge with closed months as they were reported and open months as the contracts stand now.

    A month that does not begin where the closed month before it ended carries the difference as its `adjustment`: what
    corrections changed in closed months, in the first month after them. A closed month behind an open one stays as it was
    reported: it may begin elsewhere than the open one ends. With more than one filter, or a filter and
    another dimension, nothing was stored: then the bridge is the live one.
    """
    wanted = {name: value for name, value in (filters or {}).items() if value}
    live = bridge_get(client, recognition, None, None, dimension, "month", wanted)
    if len(wanted) > 1 or (wanted and dimension not in (TOTAL, *wanted)):
        return bridge_get(client, recognition, first, last, dimension, grain, wanted)
    stored = stored_rows(live.head, dimension, wanted)
    start, end = reported_months(live, stored, first, last)
    periods = tuple(periods_of(start, end, grain, client.fiscal_year_start)) if start <= end else ()
    totals = reported_group(live.totals, stored.get(TOTAL, {}), "", (start, end), periods)
    if dimension == TOTAL:
        return replace(live, grain=grain, periods=periods, rows=totals, totals=totals)
    own = stored.get(dimension, {})
    groups = sorted({row.group for row in live.rows} | {group for rows in own.values() for group in rows})
    by_group = {group: tuple(row for row in live.rows if row.group == group) for group in groups}
    made = [row for group in groups for row in reported_group(by_group[group], own, group, (start, end), periods)]
    place = {period: number for number, period in enumerate(periods)}
    rows = sorted((row for row in made if not is_nothing(row)), key=lambda row: (place[row.period], row.group))
    kept = tuple(group for group in groups if any(row.group == group for row in rows))
    return replace(live, grain=grain, periods=periods, groups=kept, rows=tuple(rows), totals=totals)


def stored_rows(
    head: BookHead, dimension: str, filters: Mapping[str, str]
) -> dict[str, dict[int, dict[str, BridgeRow]]]:
    """By dimension, closed month and group: the rows of the newest revision; a group without a row had nothing then."""
    closes = [close.pk for close in latest_closes(head.recognition)]
    found: dict[str, dict[int, dict[str, BridgeRow]]] = {TOTAL: {}, dimension: {}}
    (name, value) = next(iter(filters.items()), (TOTAL, ""))
    for row in CloseBridge.objects.filter(close__in=closes, dimension__in={TOTAL, dimension, name}):
        shown = reported_row(row)
        if filters:
            if row.dimension == TOTAL:
                found[TOTAL].setdefault(row.month, {})
                found[dimension].setdefault(row.month, {})
            elif row.group == value:
                found[TOTAL].setdefault(row.month, {})[""] = replace(shown, group="")
                if dimension == name:
                    found[name].setdefault(row.month, {})[value] = shown
            continue
        found[row.dimension].setdefault(row.month, {})[row.group] = shown
        found[dimension].setdefault(row.month, {})
    return found


def reported_months(
    live: Bridge, stored: Mapping[str, Mapping[int, object]], first: int | None, last: int | None
) -> tuple[int, int]:
    """The asked months for which anything was reported or can be computed."""
    months = [*stored[TOTAL], *(row.period.first for row in live.totals)]
    if not months:
        return 1, 0
    start, end = min(months), max(months)
    return (start if first is None else max(first, start)), (end if last is None else min(last, end))


def reported_group(
    live: tuple[BridgeRow, ...],
    stored: Mapping[int, Mapping[str, BridgeRow]],
    group: str,
    months: tuple[int, int],
    periods: tuple[Period, ...],
) -> tuple[BridgeRow, ...]:
    """One group by period: each month as reported or live, with the adjustment that lets it begin where the last one ended."""
    by_month = {row.period.first: row for row in live}
    chain: dict[int, BridgeRow] = {}
    before: BridgeRow | None = None
    for month in range(min([*by_month, *stored, months[0]]), months[1] + 1):
        nothing = empty_row(month, group, "closed" if month in stored else "live")
        row = stored[month].get(group, nothing) if month in stored else by_month.get(month, nothing)
        if before is not None and before.state == "closed" and row.beginning != before.ending:
            row = replace(row, adjustment=row.beginning - before.ending, beginning=before.ending)
        chain[month] = before = row
    return tuple(merged([chain[month] for month in range(period.first, period.last + 1)], period) for period in periods)


def empty_row(month: int, group: str, state: str) -> BridgeRow:
    """A month in which a group has nothing."""
    nothing = {name: ZERO if name in AMOUNTS else 0 for name in BRIDGE_COLUMNS}
    return BridgeRow(Period(month_format(month), month, month), group, **nothing, state=state)  # type: ignore[arg-type]


def is_nothing(row: BridgeRow) -> bool:
    """Whether everything in a row is 0."""
    return not row.adjustment and not any(getattr(row, name) for name in BRIDGE_COLUMNS)


def merged(rows: list[BridgeRow], period: Period) -> BridgeRow:
    """Consecutive months as one row. Where an open month was corrected before a closed one, the seam is an adjustment too."""
    first, last = rows[0], rows[-1]
    opening, closing = ("beginning", "customers_beginning"), ("ending", "customers_ending")
    flows = [name for name in BRIDGE_COLUMNS if name not in opening + closing]
    figures = {name: sum(getattr(row, name) for row in rows[1:]) + getattr(first, name) for name in flows}
    figures |= {name: getattr(first, name) for name in opening} | {name: getattr(last, name) for name in closing}
    moved = sum((figures[name] for name in flows if name in AMOUNTS), ZERO)
    states = {row.state for row in rows}
    return BridgeRow(
        period=period,
        group=first.group,
        state=states.pop() if len(states) == 1 else "mixed",
        adjustment=last.ending - first.beginning - moved,
        **figures,
    )
