"""What was reported: closed months, their revisions, and the bridge as reported.

- `latest_closes(recognition=None, before=None) -> list[MonthClose]` — the newest revision of each closed month (by an instant)
- `day_end(client, on)` — the instant at which a day is over where the client is
- `closes_list(client, recognition=None) -> list[ClosedMonth]` — every closed month with all its revisions, newest first
- `newest_month(head) -> int | None` · `next_month_to_close(client, now, head=None) -> int | None`
- `as_of(client, month, on, recognition=None) -> MonthClose | None` — what was reported on day `on` for a month
- `customer_closed(recognition, customer, month) -> list[Decimal]` — what a customer had in each revision of a closed month
- `close_rows(close, dimension="total") -> list[BridgeRow]` · `close_balances(close) -> QuerySet[CloseBalance]`

The bridge and the headline as reported are in `metrics.selectors.reported`.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet, Sum

from metrics.engine.bridge import TOTAL
from metrics.engine.month_end import MonthEnd
from metrics.figures import from_cents
from metrics.models import CloseBalance, CloseBridge, MonthClose
from metrics.selectors.books import book_head, bridge_get
from metrics.selectors.close_details import is_same_detail
from metrics.selectors.close_memory import closes_kept, newest_close
from metrics.selectors.figures import BRIDGE_COLUMNS, ZERO, BookHead, BridgeRow
from metrics.selectors.month_ends import MonthEnds
from metrics.selectors.periods import Period
from metrics.selectors.policies import policy_in_force
from portal.lib.periods import month_format, month_of
from portal.tenancy.clock import day_at
from portal.tenancy.models import Client


@dataclass(frozen=True)
class ClosedMonth:
    """A closed month: `latest` is what counts as reported, `revisions` all of them, the newest first.

    `live_ending` is what the contracts say now under the policy that the month was closed under: so that a difference is
    corrected data, never another definition. `is_of_book` says whether that is the policy in force, whose numbers the book has,
    `has_swapped` whether a restatement changed customers and none of their sums.
    """

    month: int
    latest: MonthClose
    revisions: tuple[MonthClose, ...]
    ending: Decimal
    first_ending: Decimal
    live_ending: Decimal | None
    is_of_book: bool
    has_swapped: bool = False

    @property
    def first(self) -> MonthClose:
        """The close itself: who closed the month, whoever restated it since."""
        return self.revisions[-1]

    @property
    def key(self) -> str:
        """The month as addresses and exports write it."""
        return month_format(self.month)

    @property
    def unmoved(self) -> str:
        """Of a restated month that ends as it was reported: what was restated; empty for every other one."""
        if len(self.revisions) == 1 or self.ending != self.first_ending:
            return ""
        if self.latest.content_hash != self.revisions[-1].content_hash:
            return "ends as reported, other figures changed"
        if self.has_swapped:
            return "every sum as reported: customers changed places"
        return "every figure as reported: another basis was restated"

    @property
    def drift(self) -> Decimal | None:
        """What the contracts say now, less what was reported; None where that cannot be computed."""
        return None if self.live_ending is None else self.live_ending - self.ending


def day_end(client: Client, on: dt.date) -> dt.datetime:
    """The first instant after a day, where the client is."""
    return dt.datetime.combine(on + dt.timedelta(days=1), dt.time(), ZoneInfo(client.time_zone))


def latest_closes(recognition: str | None = None, before: dt.datetime | None = None) -> list[MonthClose]:
    """The newest revision of each closed month (and recognition), the newest month first; `before`: that there was then."""
    return latest_of(closes_kept(newest_close()), recognition, before)


def latest_of(
    closes: Sequence[MonthClose], recognition: str | None = None, before: dt.datetime | None = None
) -> list[MonthClose]:
    """`latest_closes` of closes that are at hand, each month's revisions in order."""
    newest = {
        (close.month, close.recognition): close
        for close in closes
        if (not recognition or close.recognition == recognition) and (before is None or close.closed_at < before)
    }
    return sorted(newest.values(), key=lambda close: (-close.month, close.recognition))


def first_told(closes: Sequence[MonthClose], recognition: str, month: int) -> MonthClose:
    """The close by which the open month before the first closed one, `month`, ends: the newest under the policy of the first,
    which that open month follows.
    """
    revisions = [close for close in closes if (close.recognition, close.month) == (recognition, month)]
    return [close for close in revisions if close.policy_id == revisions[0].policy_id][-1]


def policy_of_month(head: BookHead, month: int) -> int | None:
    """The version of the policy by which a month is told as reported: that of its newest revision, or of the book while it is
    open. A version that holds from a later month on is in force before any month is computed under it.
    """
    closes = MonthClose.objects.filter(recognition=head.recognition, month=month).order_by("-revision")
    found: int | None = closes.values_list("policy__number", flat=True).first() if head.may_have_closes else None
    return head.policy_number if found is None else found


def closes_list(client: Client, recognition: str | None = None) -> list[ClosedMonth]:
    """Every closed month of a recognition (default: the policy's own), the newest first."""
    live = bridge_get(client, recognition)
    endings = {row.period.first: row.ending for row in live.totals}
    revisions: dict[int, list[MonthClose]] = {}
    closes = MonthClose.objects.filter(recognition=live.head.recognition).select_related("closed_by", "policy")
    for close in closes.order_by("-month", "-revision"):
        revisions.setdefault(close.month, []).append(close)
    ends = {close.pk for found in revisions.values() for close in (found[0], found[-1])}
    rows = CloseBridge.objects.filter(close__in=ends, dimension=TOTAL)
    reported = dict(rows.values_list("close_id", "ending"))
    own = policy_in_force(client).with_(recognition=live.head.recognition)
    at = MonthEnds.of(client)
    made = []
    for month, found in revisions.items():
        is_of_book = found[0].policy_then == own
        now = endings.get(month) if is_of_book else ending_at(at, found[0])
        first = reported[found[-1].pk]
        endings_told = reported[found[0].pk], first, now
        made.append(ClosedMonth(month, found[0], tuple(found), *endings_told, is_of_book, has_swapped(found)))
    return made


def has_swapped(revisions: Sequence[MonthClose]) -> bool:
    """Whether a month that was restated has every sum that it had first, of other customers."""
    latest, first = revisions[0], revisions[-1]
    return latest is not first and latest.content_hash == first.content_hash and not is_same_detail(first.pk, latest.pk)


def ending_at(ends: MonthEnds, close: MonthClose) -> Decimal | None:
    """What the contracts say now of a closed month under the policy of its close; None where it cannot be valued."""
    end = ends.at(close.policy_then, close.month)
    return from_cents(end.total) if isinstance(end, MonthEnd) else None


def newest_month(head: BookHead) -> int | None:
    """The newest month of which there is a figure: the last of the book, or a closed one after it, which stays where a rate is
    missing by now.
    """
    if not head.may_have_closes:
        return head.last_month
    closes = MonthClose.objects.filter(recognition=head.recognition).order_by("-month")
    return max(
        (at for at in (head.last_month, closes.values_list("month", flat=True).first()) if at is not None), default=None
    )


def next_month_to_close(client: Client, now: dt.datetime, head: BookHead | None = None) -> int | None:
    """The month that can be closed next: the one after the newest closed one, or the newest completed; None: none yet. `head`
    is that of the policy's own book, where it is at hand.
    """
    head = head or book_head(client)
    completed = month_of(day_at(client, now)) - 1
    newest = MonthClose.objects.order_by("-month").values_list("month", flat=True).first()
    if head.first_month is None or head.last_month is None:
        return None
    month = min(completed, head.last_month) if newest is None else newest + 1
    return month if head.first_month <= month <= min(completed, head.last_month) else None


def as_of(client: Client, month: int, on: dt.date | dt.datetime, recognition: str | None = None) -> MonthClose | None:
    """What was reported at an instant, or at the end of a day where the client is; None: the month was open then."""
    if not isinstance(on, dt.datetime):
        closes = MonthClose.objects.filter(closed_at__lt=day_end(client, on))
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


def ending_reported(recognition: str, month: int) -> Decimal | None:
    """What a closed month ended with by its newest revision; None of an open one."""
    rows = CloseBridge.objects.filter(close__recognition=recognition, month=month, dimension=TOTAL)
    found: Decimal | None = rows.order_by("-close__revision").values_list("ending", flat=True).first()
    return found


def customer_closed(recognition: str, customer: str, month: int) -> list[Decimal]:
    """What a customer had in each revision of a closed month, the first one first; nothing of an open month."""
    closes = MonthClose.objects.filter(recognition=recognition, month=month).order_by("revision")
    own = Sum("balances__amount", filter=Q(balances__customer=customer))
    return [found or ZERO for found in closes.annotate(own=own).values_list("own", flat=True)]


def reported_row(row: CloseBridge) -> BridgeRow:
    """A stored row as the pages show it."""
    period = Period(month_format(row.month), row.month, row.month)
    return BridgeRow(
        period=period, group=row.group, state="closed", **{name: getattr(row, name) for name in BRIDGE_COLUMNS}
    )
