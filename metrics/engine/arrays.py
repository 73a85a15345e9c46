"""The array types and the few array operations that every step of the engine shares.

Days are ``int64`` days since 1970-01-01, months the integers of ``portal.lib.periods``, money ``int64`` cents, all
of one frame's length. ``NEVER`` stands for a day or month that does not come: it is later than any other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

Ints: TypeAlias = npt.NDArray[np.int64]
Bools: TypeAlias = npt.NDArray[np.bool_]
Codes: TypeAlias = npt.NDArray[np.int8]

NEVER: Final = 1 << 24
EPOCH_MONTH: Final = 1970 * 12
SHORT_RUN: Final = 8  # values
RADIX_BITS: Final = 48  # wider keys are compared as fast
# No span between two days or months of the calendar is longer: a larger policy value means the same and must not
# overflow a key.
LONGEST_SPAN: Final = 1 << 22


def ints(column: pl.Series) -> Ints:
    """A column without nulls as ``int64``; dates become days, categories their codes."""
    physical = column if column.dtype.is_integer() else column.to_physical()
    if physical.n_chunks() == 1:
        return physical.to_numpy().astype(np.int64, copy=False)
    # Piece by piece into its place: a column of several pieces would otherwise be copied twice.
    found = np.empty(len(physical), dtype=np.int64)
    start = 0
    for piece in physical.get_chunks():
        found[start : start + len(piece)] = piece.to_numpy()
        start += len(piece)
    return found


def sorted_codes(texts: pl.Series) -> tuple[Ints, pl.Series]:
    """The place of each text among the distinct texts, and these in code-point order; no text is null."""
    # Private categories, so that codes start at 0 and no frame sees another's.
    codes = ints(texts.cast(pl.Categorical(pl.Categories.random())))
    rows = rows_of_codes(codes)
    names = texts[rows]
    order = np.array(sorted(range(len(rows)), key=names.to_list().__getitem__), dtype=np.int64)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return place[codes], names[order]


def rows_of_codes(codes: Ints) -> Ints:
    """For each code some row that has it."""
    rows = np.zeros(int(codes.max(initial=-1)) + 1, dtype=np.int64)
    rows[codes] = np.arange(len(codes))
    return rows


def months_of_days(days: Ints) -> Ints:
    """The month each day lies in; ``NEVER`` stays."""
    if len(days) == 0:
        return days
    low, high = int(days.min()), int(days.max())
    if high == NEVER:
        high = int(np.where(days == NEVER, low - 1, days).max())
    span = np.arange(low, high + 2).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) + EPOCH_MONTH
    span[-1] = NEVER  # what comes after all the days does not come
    # A table look-up is several times faster than calendar arithmetic on each row; its length is the span of the
    # days.
    return span.take(np.minimum(days, high + 1) - low)


def first_days_of_months(months: Ints) -> Ints:
    """The first day of each month."""
    low, high = (int(months.min()), int(months.max())) if len(months) else (0, 0)
    if high - low >= len(months):
        return calendar_days(months)
    # As for the months of days: a table of the span is looked up several times as fast as the calendar.
    return calendar_days(np.arange(low, high + 1)).take(months - low)


def calendar_days(months: Ints) -> Ints:
    """``first_days_of_months`` by the calendar."""
    return (months - EPOCH_MONTH).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def days_moved_by_months(days: Ints, months: Ints | int) -> Ints:
    """Each day moved by so many months; where the month has no such day, its last day (ARR semantics, section 3)."""
    own = months_of_days(days)
    day_of_month = days - first_days_of_months(own)
    target = first_days_of_months(own + months)
    last_day = first_days_of_months(own + months + 1) - target - 1
    return np.asarray(target + np.minimum(day_of_month, last_day))


def range_minimum(values: Ints, low: Ints, high: Ints) -> Ints:
    """For each query the least of ``values[low:high]``; ``NEVER`` for an empty range.

    A level holds the minima of all windows of one width, and two overlapping windows cover a range: the cost is one
    level per doubling of the longest range, however much the ranges overlap.
    """
    least = np.full(len(low), NEVER, dtype=np.int64)
    length = high - low
    start = int(low.min(initial=len(values)))
    low, level = low - start, values[start : int(high.max(initial=start))]
    width = 1
    longest = int(length.max(initial=0))
    while width <= longest:
        now = np.flatnonzero((length >= width) & (length < 2 * width))
        least[now] = np.minimum(level[low[now]], level[low[now] + length[now] - width])
        level = np.minimum(level[:-width], level[width:]) if 2 * width <= longest else level
        width *= 2
    return least


def either(choice: Bools, yes: int, no: int) -> Ints:
    """One of two numbers for each row: ``np.where`` of them, several times as fast, because nothing is decided row by row."""
    return np.array([no, yes], dtype=np.int64)[choice.view(np.int8)]


def rule_codes(size: int, rule: int) -> Codes:
    """So many times the place of one rule."""
    return np.full(size, rule, dtype=np.int8)


def grouped_sum(codes: Ints, amounts: Ints | int, size: int) -> Ints:
    """The exact sum of the amounts of each code in ``range(size)``."""
    total = np.zeros(size, dtype=np.int64)
    np.add.at(total, codes, amounts)
    return total


@dataclass(frozen=True, slots=True)
class Grouping:
    """Rows gathered by their code once, so that exact sums by few codes are one pass however often they are asked for.

    (Where nearly every row has a code of its own, ``grouped_sum`` is quicker.) ``keys`` are the codes that occur, in
    ascending order.
    """

    order: Ints
    starts: Ints
    keys: Ints

    @classmethod
    def of(cls, codes: Ints) -> Grouping:
        """The grouping of rows with these codes, which are not negative."""
        order = small_order(codes, int(codes.max(initial=0)) + 1)
        gathered = codes[order]
        starts = np.flatnonzero(np.diff(gathered, prepend=-1))
        return cls(order, starts, gathered[starts])

    def sums(self, values: Ints | Bools) -> Ints:
        """The sum of the values of each key."""
        if len(self.keys) == 0:
            return np.zeros(0, dtype=np.int64)
        return np.asarray(np.add.reduceat(values[self.order], self.starts, dtype=np.int64))


def run_starts(keys: Ints) -> Ints:
    """Where each run of equal keys begins."""
    return np.flatnonzero(np.append(True, keys[1:] != keys[:-1])[: len(keys)])


def run_sums(values: Ints | Bools, starts: Ints) -> Ints:
    """The sum of each run of values, which begin at ``starts``; the first at 0."""
    if len(starts) == len(values):
        return values.astype(np.int64, copy=False)
    if len(starts) * SHORT_RUN < len(values):
        return np.asarray(np.add.reduceat(values, starts, dtype=np.int64))
    # Short runs cost less as differences of one running sum, which are exact even where it leaves 64 bits.
    until = np.cumsum(values, dtype=np.int64).take(np.append(starts[1:], len(values)) - 1)
    sums = until.copy()
    sums[1:] -= until[:-1]
    return sums


def running_sums(values: Ints, starts: Ints) -> Ints:
    """At each place the sum of its run up to it and with it; runs begin at ``starts``, the first at 0."""
    total = np.cumsum(values)
    before = total[starts] - values[starts]
    return total - np.repeat(before, np.diff(starts, append=len(values)))


def sorted_places(keys: Ints, bits: int, *, nearly_sorted: bool = False) -> tuple[Ints, Ints]:
    """The keys in ascending order and the place that each had; keys are not negative and have so many bits.

    Equal keys stay in their order. Keys that are nearly sorted are merged in a fifth of the time.
    """
    if nearly_sorted or bits > RADIX_BITS:
        order = np.argsort(keys, kind="stable")
        return keys[order], order
    # Two bytes at a time, the last first: as fast on every processor, whereas NumPy's sort of wide numbers takes three times
    # as long on those whose vector unit is slow at storing what it picks.
    order = small_order(keys, 1 << 16)
    for shift in range(16, bits, 16):
        order = order[small_order(keys[order] >> shift, 1 << 16)]
    return keys[order], order


def bits_of(size: int) -> int:
    """How many bits the numbers below ``size`` need."""
    return max(size - 1, 0).bit_length()


def small_order(keys: Ints, space: int) -> Ints:
    """The places of keys in ``range(space)`` in ascending order of key; equal keys stay in their order."""
    # Two-byte keys are sorted by radix, several times faster than wider ones.
    return np.argsort(keys.astype(np.uint16) if space <= 1 << 16 else keys, kind="stable")


def places_in(order: Ints) -> Ints:
    """The place of each row in an order of all rows."""
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return place


def dense_codes(keys: Ints, space: int) -> tuple[Ints, Ints]:
    """The distinct keys in ascending order, and for each row the place of its key among them; keys lie in
    ``range(space)``.
    """
    if space > max(1 << 16, 16 * len(keys)):
        distinct, codes = np.unique(keys, return_inverse=True)
        return distinct, codes.astype(np.int64, copy=False)
    # A table over the key space saves the sort where the space is not much larger than the rows.
    present = np.zeros(space, dtype=np.bool_)
    present[keys] = True
    return np.flatnonzero(present), (np.cumsum(present) - 1)[keys]
