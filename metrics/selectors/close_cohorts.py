"""Cohorts of a selection as closes had them, and the customers of a cohort at the end of a closed month. In the client's scope.

- `cohorts_cut(head, filters, live, first, span) -> dict[month, [table of each revision]]`, as `CloseDetail.cohorts` has them
- `cohort_closed(head, cohort, month, filters) -> ClosedCohort | None`

A close keeps its own month customer by customer: so the first period of a cohort is that of the close of its end, in the
revision that stood when the later month was closed. Of what no close kept, it is as the contracts stand now.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np
import polars as pl

from metrics.engine.arrays import Ints
from metrics.engine.detail import cut_cohorts, kept_of, of_customers
from metrics.figures import from_cents
from metrics.memory import Memory, real_size
from metrics.models import CloseDetail, MonthClose
from metrics.packing import COHORT_START, Data, unpacked_frame
from metrics.selectors.figures import ZERO, BookHead

Values = Mapping[str, tuple[str, ...]]
Cut = dict[int, tuple[int, int]]  # by month of the first ARR: cents and customers at the end of the closed month
CUTS: Final[Memory[Cut]] = Memory(30_000_000)  # bytes; closes never change


@dataclass(frozen=True)
class Revision:
    """One close of a month, with the cohorts of a selection at its end."""

    pk: int
    month: int
    cut: Cut


@dataclass(frozen=True)
class ClosedCohort:
    """Who of a cohort had ARR at the end of a closed month, by its newest close, of which are `revision` and `policy`.

    `reported` is the sum by its first close.
    """

    amounts: Mapping[str, Decimal]
    reported: Decimal
    revision: int
    policy: int


def cohorts_cut(
    head: BookHead, filters: Values, live: Mapping[int, Ints], first: int, span: tuple[int, int]
) -> dict[int, list[Ints]]:
    """By closed month of a span the cohorts of a selection that began in it, one table for each revision, the first one first.

    `live` has the cohorts as the contracts stand now, from the month `first` on.
    """
    revisions = revisions_of(head, filters, span)
    begun = sorted({month for each in revisions for month in each.cut if span[0] <= month})
    found: dict[int, list[Ints]] = {}
    for revision in revisions:
        before = {each.month: each.cut for each in revisions if each.pk <= revision.pk and each.month <= revision.month}
        columns = [column(month, revision, before, live, first) for month in begun if month <= revision.month]
        table = np.array(columns, dtype=np.int64).reshape(len(columns), 2 * COHORT_START + 3).T
        found.setdefault(revision.month, []).append(table)
    return found


def column(
    cohort: int, revision: Revision, before: Mapping[int, Cut], live: Mapping[int, Ints], first: int
) -> list[int]:
    """One cohort in the table of a close: its month, cents at the ends of its first months, customers likewise, and both at the
    end of the closed month.
    """
    starts = [min(cohort + age, revision.month) for age in range(COHORT_START)]
    own = [at_end(cohort, month, before, live, first) for month in starts]
    cents, customers = revision.cut.get(cohort, (0, 0))
    return [cohort, *(each[0] for each in own), *(each[1] for each in own), cents, customers]


def at_end(cohort: int, month: int, before: Mapping[int, Cut], live: Mapping[int, Ints], first: int) -> tuple[int, int]:
    """What a cohort had at a month end: as the month was closed, else as the contracts stand now."""
    if month in before:
        return before[month].get(cohort, (0, 0))
    values = live.get(cohort)
    if values is None or month - first >= values.shape[1]:
        return 0, 0
    return int(values[0, month - first]), int(values[1, month - first])


def revisions_of(head: BookHead, filters: Values, span: tuple[int, int]) -> list[Revision]:
    """The closes of a span in the order in which they were made; only of months whose first close kept customers."""
    rows = MonthClose.objects.filter(recognition=head.recognition, month__range=span, details__isnull=False)
    closes = list(rows.order_by("pk").values_list("pk", "month", "revision", "client"))
    since_first = {month for _, month, revision, _ in closes if revision == 1}
    return [
        Revision(pk, month, cut_of_close(client, pk, filters))
        for pk, month, _, client in closes
        if month in since_first
    ]


def cut_of_close(client: int, close: int, filters: Values) -> Cut:
    """The cohorts of a selection at the end of one closed month."""

    def read() -> Cut:
        packed = CloseDetail.objects.values_list("customers", flat=True).get(close=close)
        return cut_cohorts(unpacked_frame(packed), filters)

    key = (client, close, *sorted(filters.items()))
    return CUTS.get(key, read, lambda made: real_size((key, made)))


def cohort_closed(head: BookHead, cohort: tuple[int, int], month: int, filters: Values) -> ClosedCohort | None:
    """Who of a cohort had ARR at the end of a closed month; None where it is open, or its closes did not keep that."""
    rows = MonthClose.objects.filter(recognition=head.recognition, month=month).order_by("revision")
    closes = list(rows.values_list("revision", "policy__number", "details__customers"))
    if not closes or closes[0][2] is None:
        return None
    amounts = [amounts_of(packed, cohort, filters) for _, _, packed in (closes[0], closes[-1])]
    revision, policy, _ = closes[-1]
    return ClosedCohort(amounts[-1], sum(amounts[0].values(), ZERO), revision, policy)


def amounts_of(packed: Data, cohort: tuple[int, int], filters: Values) -> dict[str, Decimal]:
    """By customer of a cohort what they had at the end of a closed month."""
    there = of_customers(kept_of(unpacked_frame(packed), filters))
    own = there.filter("has", pl.col("first_here").is_between(*cohort))
    return {customer: from_cents(cents) for customer, cents in own.select("customer", "now").iter_rows()}
