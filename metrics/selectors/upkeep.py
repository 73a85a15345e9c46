"""What the upkeep of a client's numbers is judged by after the project. Runs in the client's scope; time is passed in.

- `account_changes(client, month) -> list[AccountChange] | NoValue` — who moved in a month, and by which contract event
- `lines_past_end(client, month) -> list[PastEnd] | NoValue` — lines that count at a month end though their term is over
- `contracts_drawn(client, month, size) -> list[DrawnContract] | NoValue` — contracts at random, for a spot check
- `sync_health(now, hours) -> list[SourceHealth]` — failed imports that nobody has settled, by source
- `products_since(month) -> list[NewProduct]` — products whose first line begins after a month
- `billing_sources_since(day) -> list[Source]` — billing systems that joined others after a day
"""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from typing import Final

import numpy as np
from django.db import connection

from metrics.engine.arrays import NEVER, Ints
from metrics.engine.month_end import MonthEnd
from metrics.figures import from_cents
from metrics.models import CloseBalance, ContractImport, Source
from metrics.models.intake import UNDER_WAY, ImportState, SourceKind
from metrics.selectors.closes import latest_closes
from metrics.selectors.customers import customer_names
from metrics.selectors.imports import STALE_AFTER, newest_by_source
from metrics.selectors.month_ends import MonthEnds, NoValue
from metrics.selectors.policies import policy_at, policy_in_force
from portal.lib.periods import first_day, last_day
from portal.tenancy.models import Client

EPOCH: Final = dt.date(1970, 1, 1)
FAILED: Final = (ImportState.REFUSED, ImportState.FAILED)
GOOD: Final = (ImportState.DONE, ImportState.UNCHANGED)
FIRST_LINES: Final = """
    SELECT product, min(least(starts_on, coalesce(signed_on, starts_on))) AS first, count(DISTINCT contract_id)
    FROM metrics_contractline WHERE removed_import_id IS NULL AND product <> ''
    GROUP BY product HAVING min(least(starts_on, coalesce(signed_on, starts_on))) > %s ORDER BY first, product
"""


@dataclass(frozen=True)
class AccountChange:
    """What one account moved by: `change` within the month, `since_close` since the month was closed (0 where it is open).

    `has_event`: a contract line of it was signed, begins, goes live, ends or is cancelled in the month.
    """

    customer: str
    name: str
    change: Decimal
    since_close: Decimal
    has_event: bool

    @property
    def size(self) -> Decimal:
        """The larger of the two, without its sign."""
        return max(abs(self.change), abs(self.since_close))


@dataclass(frozen=True)
class PastEnd:
    """A contract line that counts after its last day of service."""

    line_id: str
    contract_id: str
    customer: str
    ends_on: dt.date
    arr: Decimal


@dataclass(frozen=True)
class DrawnContract:
    """A contract that was drawn, whose it is, and what the engine says of its ARR."""

    contract_id: str
    name: str
    arr: Decimal


@dataclass(frozen=True)
class SourceHealth:
    """A source with its last good import, the failed ones since that are older than asked for, and those that wait."""

    source: Source
    good_at: dt.datetime | None
    is_stale: bool
    failed: tuple[ContractImport, ...]
    waiting: int


@dataclass(frozen=True)
class NewProduct:
    """A product, the first day of its first line, and in how many contracts it is."""

    name: str
    first: dt.date
    contracts: int


def account_changes(client: Client, month: int) -> list[AccountChange] | NoValue:
    """Every account that moved in the month or was corrected since its close, the largest move first."""
    ends = MonthEnds.of(client)
    policy = policy_at(client, month)
    now, before = ends.at(policy, month), ends.at(policy, month - 1)
    if isinstance(now, NoValue):
        return now
    if isinstance(before, NoValue):
        return before
    held, moved = held_and_moved(before, now)
    since = since_close(client, month, held)
    told = set(names_with_events(now, month))
    called = customer_names([*moved.keys() | since.keys()])
    found = [
        AccountChange(
            key, called[key], from_cents(moved.get(key, 0)), from_cents(since.get(key, 0)), has_event=key in told
        )
        for key in moved.keys() | since.keys()
    ]
    return sorted(found, key=lambda each: (-each.size, each.customer))


def held_and_moved(before: MonthEnd, end: MonthEnd) -> tuple[dict[str, int], dict[str, int]]:
    """What each account has at a month end, and by how much those moved that did since the one before, in cents."""
    names, size = end.lines.unit_names.to_list(), len(end.lines.unit_names)
    held = end.by(end.lines.unit, size)
    change = held - before.by(before.lines.unit, size)
    moved = {names[at]: int(change[at]) for at in np.flatnonzero(change).tolist()}
    return dict(zip(names, held.tolist(), strict=True)), moved


def since_close(client: Client, month: int, held: dict[str, int]) -> dict[str, int]:
    """What each account has now at a closed month end and had not when it was closed, in cents; empty for an open month."""
    closes = [close for close in latest_closes(policy_in_force(client).recognition) if close.month == month]
    if not closes:
        return {}
    was: dict[str, int] = {}
    for customer, amount in CloseBalance.objects.filter(close=closes[0]).values_list("customer", "amount"):
        was[customer] = was.get(customer, 0) + int(amount * 100)
    moved = {key: held.get(key, 0) - was.get(key, 0) for key in held.keys() | was.keys()}
    return {key: cents for key, cents in moved.items() if cents}


def names_with_events(end: MonthEnd, month: int) -> list[str]:
    """The accounts of which a line was signed, begins, goes live, ends or is cancelled in the month."""
    lines, settled = end.lines, end.settled
    first, last = ((day - EPOCH).days for day in (first_day(month), last_day(month)))

    def within(days: Ints) -> Ints:
        return np.asarray((days >= first) & (days <= last))

    dated = (lines.starts, lines.signed, lines.live, lines.natural_end, lines.cancelled)
    happened = np.any([within(days) for days in (*dated, settled.counts_from, settled.counts_until)], axis=0)
    return [str(lines.unit_names[code]) for code in np.unique(lines.unit[happened]).tolist()]


def days_past_end(end: MonthEnd, month: int) -> tuple[Ints, Ints]:
    """The lines that count at a month end though their last day of service lies before it, and for how many days it does."""
    natural = end.lines.natural_end[end.rows]  # the day after the last one
    past = (last_day(month) - EPOCH).days - natural + 1
    over = (natural != NEVER) & (past > 0)
    return np.flatnonzero(over), past[over]


def lines_past_end(client: Client, month: int) -> list[PastEnd] | NoValue:
    """The lines that give ARR at a month end though their last day of service lies before it, the largest first."""
    end = MonthEnds.of(client).at(policy_at(client, month), month)
    if isinstance(end, NoValue):
        return end
    over, _ = days_past_end(end, month)
    found = [
        PastEnd(row["line_id"], row["contract_id"], row["customer_id"], row["ends_on"], from_cents(int(cents)))
        for row, cents in zip(end.lines.frame[end.rows[over]].to_dicts(), end.cents[over].tolist(), strict=True)
    ]
    return sorted(found, key=lambda each: (-each.arr, each.line_id))


def contracts_drawn(client: Client, month: int, size: int) -> list[DrawnContract] | NoValue:
    """So many contracts that count at a month end, drawn at random; for the same month the same ones. By id."""
    end = MonthEnds.of(client).at(policy_at(client, month), month)
    if isinstance(end, NoValue):
        return end
    held: dict[str, tuple[str, int]] = {}
    lines = end.lines.frame[end.rows].select("contract_id", "customer_id")
    for (contract, customer), cents in zip(lines.iter_rows(), end.cents.tolist(), strict=True):
        held[contract] = (customer, held.get(contract, ("", 0))[1] + int(cents))
    drawn = sorted(held, key=lambda contract: sha256(f"{client.pk} {month} {contract}".encode()).digest())[:size]
    called = customer_names([held[contract][0] for contract in drawn])
    return [DrawnContract(each, called[held[each][0]], from_cents(held[each][1])) for each in sorted(drawn)]


def sync_health(now: dt.datetime, hours: int) -> list[SourceHealth]:
    """Every source, by name, with what failed and has been open for longer than so many hours."""
    good = {row.source_id: row for row in newest_by_source().filter(state__in=GOOD)}
    limit = now - dt.timedelta(hours=hours)
    found = []
    for source in Source.objects.order_by("name"):
        last = good.get(source.pk)
        later = ContractImport.objects.filter(source=source, pk__gt=last.pk if last else 0)
        failed = later.filter(state__in=[*FAILED, *UNDER_WAY], created_at__lt=limit).defer(
            "report", "totals", "mapping"
        )
        waiting = later.filter(state__in=[ImportState.UPLOADED, ImportState.WAITING]).count()
        good_at = (last.finished_at or last.created_at) if last else None
        is_stale = good_at is not None and good_at < now - STALE_AFTER
        found.append(SourceHealth(source, good_at, is_stale, tuple(failed.order_by("pk")), waiting))
    return found


def products_since(month: int) -> list[NewProduct]:
    """The products, in any source, whose first line is signed or begins after the end of a month."""
    with connection.cursor() as cursor:
        cursor.execute(FIRST_LINES, [last_day(month)])
        return [NewProduct(*row) for row in cursor.fetchall()]


def billing_sources_since(day: dt.date) -> list[Source]:
    """The billing systems that deliver lines and were added after a day on which another one was there already."""
    rows = list(Source.objects.filter(kind=SourceKind.BILLING, line_count__gt=0).order_by("pk"))
    is_any = Source.objects.filter(kind=SourceKind.BILLING, created_at__date__lte=day).exists()
    return [row for row in rows if row.created_at.date() > day] if is_any else []
