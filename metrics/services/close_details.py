"""Keeping a closed month customer by customer, in the transaction of the close.

`detail_of(settled, cohorts, is_retained) -> Detail` · `detail_store(close, detail)` · `is_kept(close, detail)`
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from metrics.engine.arrays import Ints
from metrics.engine.detail import DETAIL_SCHEMA, detail_movements, month_detail
from metrics.engine.drill import Settled
from metrics.models import CloseDetail, MonthClose
from metrics.packing import COHORT_START, packed_frame, packed_series
from metrics.selectors.close_details import is_same_customers


@dataclass(frozen=True)
class Detail:
    """What `CloseDetail` keeps of one month and recognition."""

    cohorts: bytes
    movements: bytes
    customers: bytes

    @property
    def sha256(self) -> str:
        """The hash of it, for the log."""
        return hashlib.sha256(self.cohorts + self.customers).hexdigest()


def detail_of(settled: Settled | None, cohorts: Ints, *, is_retained: bool) -> Detail:
    """The detail of settled lines (None: nobody had ARR yet) and the `cohort_table` of the same book.

    `is_retained` says whether retention of the month is known.
    """
    rows = DETAIL_SCHEMA.to_frame() if settled is None else month_detail(settled, with_retention=is_retained)
    return Detail(packed_series(cohorts), packed_frame(detail_movements(rows)), packed_frame(rows))


def is_kept(close: MonthClose, detail: Detail) -> bool:
    """Whether a close kept the very customers that count in its month, with their properties; also where it kept none."""
    packed = CloseDetail.objects.filter(close=close).values_list("customers", flat=True).first()
    return packed is None or is_same_customers(packed, detail.customers)


def cohort_table(cohorts: Mapping[int, Ints], first: int, month: int) -> Ints:
    """The cohorts of a book from `first` at a month end, one column for each that began by then: its month; cents at the ends
    of its first `COHORT_START` months, as far as they are over; customers likewise; cents and customers at the month end.

    A share is of the first period of a cohort, which ends within a year whatever the grain and the fiscal year.
    """
    columns = []
    for cohort in sorted(at for at in cohorts if first <= at <= month):
        begun = np.minimum(np.arange(cohort, cohort + COHORT_START), month) - first
        columns.append(np.concatenate([[cohort], *cohorts[cohort][:, begun], cohorts[cohort][:, month - first]]))
    return np.array(columns, dtype=np.int64).reshape(len(columns), -1).T if columns else no_cohorts()


def no_cohorts() -> Ints:
    """The table of nobody."""
    return np.zeros((2 * COHORT_START + 3, 0), dtype=np.int64)


def detail_store(close: MonthClose, detail: Detail) -> None:
    """Write it down beside the close."""
    CloseDetail.objects.create(
        client=close.client, close=close, cohorts=detail.cohorts, movements=detail.movements, customers=detail.customers
    )
