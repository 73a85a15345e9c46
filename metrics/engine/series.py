"""A book by group: one array per group, with a place per month, as it is stored and patched.

A book is a sum over customers, so a change of few of them is added to the stored series; see ``metrics.engine.change``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from metrics.engine.arrays import Ints
from metrics.engine.book import MOVEMENT_SCHEMA, Book
from metrics.engine.bridge import AMOUNTS, COUNTS, TOTAL
from metrics.engine.tally import RETAINED

FIGURES: Final = (*AMOUNTS, *COUNTS, *RETAINED)
COHORT_FIGURES: Final = ("arr", "customers")
Group = tuple[str, str]


@dataclass(frozen=True, slots=True)
class BookSeries:
    """The series of a run of months; money is cents.

    ``groups``: by (dimension, group) the ``FIGURES`` × months; groups in which everything is 0 are left out, but the total.
    ``cohorts``: by month of the first ARR the ``COHORT_FIGURES`` × months. ``movements``: as ``Book.movements``.
    """

    first: int
    last: int
    groups: dict[Group, Ints]
    cohorts: dict[int, Ints]
    movements: pl.DataFrame

    @property
    def months(self) -> int:
        """How many months there are."""
        return self.last - self.first + 1


def series_of_book(book: Book, first: int, last: int) -> BookSeries:
    """The frames of a book as series from ``first`` to ``last``."""
    groups = {(TOTAL, ""): np.zeros((len(FIGURES), last - first + 1), dtype=np.int64)}
    _fill(groups, book.bridge, 0, (*AMOUNTS, *COUNTS), first, last)
    _fill(groups, book.retention, len(AMOUNTS) + len(COUNTS), RETAINED, first, last)
    cohorts: dict[int, Ints] = {}
    for cohort, month, arr, customers in book.cohorts.iter_rows():
        values = cohorts.setdefault(cohort, np.zeros((len(COHORT_FIGURES), last - first + 1), dtype=np.int64))
        values[:, month - first] = arr, customers
    return BookSeries(first, last, groups, cohorts, book.movements)


def _fill(
    groups: dict[Group, Ints], frame: pl.DataFrame, offset: int, names: tuple[str, ...], first: int, last: int
) -> None:
    if frame.height == 0:
        return
    # The rows of a group as one run: one pass over the columns, and no frame per group.
    ordered = frame.sort("dimension", "group", maintain_order=True)
    values = ordered.select(names).to_numpy().T
    places = ordered["month"].to_numpy() - first
    runs = ordered.select(pl.struct("dimension", "group").rle().alias("run")).unnest("run")
    ends = runs["len"].cum_sum().to_list()
    for start, end, key in zip([0, *ends], ends, runs["value"].to_list(), strict=False):
        group = (key["dimension"], key["group"])
        series = groups.setdefault(group, np.zeros((len(FIGURES), last - first + 1), dtype=np.int64))
        series[offset : offset + len(names), places[start:end]] = values[:, start:end]


def with_retention_of(book: BookSeries, later: BookSeries) -> BookSeries:
    """A book with the retention of one that begins later and ends in the same month."""
    retained, skip = len(AMOUNTS) + len(COUNTS), later.first - book.first
    for group, values in later.groups.items():
        own = book.groups.setdefault(group, np.zeros((len(FIGURES), book.months), dtype=np.int64))
        own[retained:, skip:] = values[retained:]
    return book


def laid_over(book: BookSeries | None, first: int, last: int) -> BookSeries:
    """A book over the months from ``first`` to ``last``, among which its own are; 0 where it has none."""
    if book is None:
        total = np.zeros((len(FIGURES), last - first + 1), dtype=np.int64)
        return BookSeries(first, last, {(TOTAL, ""): total}, {}, MOVEMENT_SCHEMA.to_frame())
    around = ((0, 0), (book.first - first, last - book.last))
    groups = {key: np.pad(values, around) for key, values in book.groups.items()}
    cohorts = {key: np.pad(values, around) for key, values in book.cohorts.items()}
    return BookSeries(first, last, groups, cohorts, book.movements)


def joined_series(before: BookSeries, after: BookSeries) -> BookSeries:
    """Two books of which the second begins where the first ends."""
    first, last = before.first, after.last
    books = [laid_over(each, first, last) for each in (before, after)]
    groups, cohorts = dict(books[0].groups), dict(books[0].cohorts)
    for key, values in books[1].groups.items():
        groups[key] = groups[key] + values if key in groups else values
    for cohort, values in books[1].cohorts.items():
        cohorts[cohort] = cohorts[cohort] + values if cohort in cohorts else values
    return BookSeries(first, last, groups, cohorts, pl.concat([each.movements for each in books]))
