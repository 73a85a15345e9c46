"""What closes kept of a month customer by customer. Runs in the client's scope.

- `months_detailed(recognition) -> frozenset[int]` — the closed months of which it was kept from their first close on
- `cut_of(client, closes, dimension, filters)` — closed months cut by any properties at once
- `kept_get(head, first, last) -> Kept` — who moved in closed months, and the cohorts at their ends
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl
from django.db.models import BinaryField, Case, F, When

from metrics.engine.arrays import Ints
from metrics.engine.bridge import AMOUNTS, COUNTS
from metrics.engine.detail import counted, cut_figures
from metrics.engine.tally import RETAINED
from metrics.figures import from_cents
from metrics.memory import Memory, real_size
from metrics.models import CloseBridge, CloseDetail, MonthClose
from metrics.packing import COHORT_START, Data, unpacked_frame, unpacked_series
from metrics.selectors.close_memory import newest_close
from metrics.selectors.figures import BookHead
from portal.tenancy.models import Client
from portal.tenancy.scope import scoped_client_id

Figures = dict[tuple[str, str], dict[str, int]]  # by dimension and group the columns of a bridge and of retention
CUTS: Memory[dict[int, Figures]] = Memory(60_000_000)  # bytes; closes never change
KEPT: "Memory[Kept]" = Memory(40_000_000)  # bytes


def months_detailed(recognition: str) -> frozenset[int]:
    """The months whose first close kept it, and so every later one; others were closed before closes did."""
    kept = CloseDetail.objects.filter(close__recognition=recognition, close__revision=1)
    return frozenset(kept.values_list("close__month", flat=True))


def is_same_detail(one: int, other: int) -> bool:
    """Whether two closes kept the very same customers; also where one of them kept none."""
    kept = list(CloseDetail.objects.filter(close__in=(one, other)).values_list("customers", flat=True))
    return len(kept) < 2 or is_same_customers(*kept)


def is_same_customers(one: Data, other: Data) -> bool:
    """Whether what two closes kept of customers is the same, of those that count in the month."""
    return bytes(one) == bytes(other) or counted(unpacked_frame(one)).equals(counted(unpacked_frame(other)))


@dataclass(frozen=True)
class Cut:
    """Closed months cut by properties: those of which detail was kept, their rows, and retention as closes keep it."""

    closes: list[MonthClose]
    rows: list[CloseBridge]
    retention: dict[int, dict[str, dict[str, dict[str, int]]]]


def cut_of(
    client: Client,
    recognition: str,
    closes: Sequence[MonthClose],
    dimension: str,
    filters: Mapping[str, tuple[str, ...]],
) -> Cut:
    """What the filters leave of some closes, in total and by a dimension; months without detail are left out."""
    months = months_detailed(recognition)
    kept = [close for close in closes if close.month in months]
    key = (client.pk, tuple(close.pk for close in kept), dimension, *sorted(filters.items()))
    figures = CUTS.get(key, lambda: figures_of(kept, dimension, filters), lambda made: real_size((key, made)))
    cut = Cut(kept, [], {})
    for close in kept:
        for (name, group), row in figures[close.pk].items():
            amounts = {each: from_cents(row[each]) for each in AMOUNTS} | {each: row[each] for each in COUNTS}
            cut.rows.append(CloseBridge(close_id=close.pk, month=close.month, dimension=name, group=group, **amounts))
            retained = cut.retention.setdefault(close.pk, {}).setdefault(name, {})
            if row["customers_base"]:
                retained[group] = {each: row[each] for each in RETAINED}
    return cut


def figures_of(
    closes: Sequence[MonthClose], dimension: str, filters: Mapping[str, tuple[str, ...]]
) -> dict[int, Figures]:
    """By id of a close its figures, each close read alone: together they may be large."""
    details = CloseDetail.objects.filter(close__in=[close.pk for close in closes]).values_list("close_id", "customers")
    return {close: cut_figures(unpacked_frame(packed), dimension, filters) for close, packed in details.iterator(4)}


@dataclass(frozen=True)
class Kept:
    """What closes kept, by month the revisions in order: the `movements` of a span of months and the `cohorts` of all up to its
    end, each of months kept from their first close on; `closes` are these with the month after the span, by id and version of
    the policy. `closed` are all closed months of the span, `unkept` those up to its end of which no customers were kept,
    `oldest` is the first that is closed at all.
    """

    closed: tuple[int, ...] = ()
    movements: Mapping[int, list[pl.DataFrame]] = field(default_factory=dict)
    cohorts: Mapping[int, list[Ints]] = field(default_factory=dict)
    closes: Mapping[int, list[tuple[int, int]]] = field(default_factory=dict)
    oldest: int | None = None
    unkept: tuple[int, ...] = ()

    @property
    def restated(self) -> tuple[int, ...]:
        """The months of the span that were closed again."""
        return tuple(month for month, revisions in self.movements.items() if len(revisions) > 1)


def kept_get(head: BookHead, first: int, last: int) -> Kept:
    """What the closes of a book kept of the months from `first` to `last`, remembered: closes never change."""
    newest = newest_close() if head.may_have_closes else None
    if newest is None:
        return Kept()
    key = (scoped_client_id(), newest, head.recognition, first, last)
    return KEPT.get(key, lambda: kept_read(head, first, last), weight_of)


def weight_of(kept: Kept) -> int:
    """The bytes of what closes kept."""
    frames = sum(frame.estimated_size() for revisions in kept.movements.values() for frame in revisions)
    return 1 + int(frames) + sum(table.nbytes for revisions in kept.cohorts.values() for table in revisions)


def kept_read(head: BookHead, first: int, last: int) -> Kept:
    """`kept_get` in one query."""
    in_span = Case(When(month__range=(first, last), then=F("details__movements")), output_field=BinaryField())
    up_to = Case(When(month__lte=last, then=F("details__cohorts")), output_field=BinaryField())
    rows = MonthClose.objects.filter(recognition=head.recognition, month__lte=last + 1).order_by("month", "revision")
    closed, movements, cohorts = set[int](), dict[int, list[pl.DataFrame]](), dict[int, list[Ints]]()
    closes: dict[int, list[tuple[int, int]]] = {}
    told = rows.values_list("month", "revision", "pk", "policy__number", "details__id", up_to, in_span)
    for month, revision, pk, policy, detail, table, moved in told:
        closed.add(month)
        if detail is None or (revision > 1 and month not in closes):
            continue
        closes.setdefault(month, []).append((pk, policy))
        if table is not None:
            cohorts.setdefault(month, []).append(unpacked_series(table, 2 * COHORT_START + 3))
        if moved is not None:
            movements.setdefault(month, []).append(unpacked_frame(moved))
    of_span = tuple(sorted(month for month in closed if first <= month <= last))
    unkept = tuple(sorted(month for month in closed - closes.keys() if month <= last))
    return Kept(of_span, movements, cohorts, closes, min(closed, default=None), unkept)
