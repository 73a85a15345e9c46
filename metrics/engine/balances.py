"""Sparse balances: what changes at which month end, at the grain customer × product × currency.

Source: ARR semantics, sections 4 and 5. A line adds its value at its first month end and takes it away at the first
without it; nothing is stored for the months between. Customers are cut into blocks of neighbours, so that what is
computed of one block stays in the processor's cache, and blocks can be computed side by side.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from metrics.engine.arrays import (
    NEVER,
    Ints,
    bits_of,
    either,
    run_starts,
    run_sums,
    small_order,
    sorted_codes,
    sorted_places,
)
from metrics.engine.lines import ATTRIBUTES, NO_VALUE, CodedLines
from metrics.engine.settlement import Settlement
from metrics.engine.threads import Columns, by_pieces, even_share, together

# With fewer, the threads wait for the interpreter more than they compute: every step of a block takes hold of it anew.
UNITS_PER_BLOCK: Final = 40_000

COUNTED: Final = ("unit", "product", "currency", "month_from", "month_until", "cents")
# What is known of a line lies side by side in memory, in 32 bytes, because a block picks its lines from all over it.
RECORD: Final = np.dtype([(name, np.int64 if name == "cents" else np.int32) for name in COUNTED], align=True)


@dataclass(frozen=True, slots=True)
class Attributes:
    """Which value of each attribute a customer belongs to.

    ``rank`` numbers the customers so that those with the same values are neighbours; ``units`` is its inverse.
    ``names`` holds the values of each attribute in order, ``codes`` the place of each customer's value, ``group``
    one ascending number for the values of all attributes together; both are ordered by rank.
    """

    names: dict[str, pl.Series]
    codes: dict[str, Ints]
    group: Ints
    rank: Ints
    units: Ints


@dataclass(frozen=True, slots=True)
class Counting:
    """Lines that give ARR at the month ends of ``[month_from, month_until)``, one place per line."""

    unit: Ints
    product: Ints
    currency: Ints
    month_from: Ints
    month_until: Ints
    cents: Ints

    def of_units(self, low: int, high: int) -> Counting:
        """The lines of the customers from ``low`` up to ``high``, numbered from 0."""
        own = np.flatnonzero((self.unit >= low) & (self.unit < high))
        rest = (column[own] for column in (self.product, self.currency, self.month_from, self.month_until, self.cents))
        return Counting(self.unit[own] - low, *rest)


@dataclass(frozen=True, slots=True)
class Blocks:
    """The lines that give ARR, in blocks of ``size`` neighbouring customers, of whom there are ``customers``: those of block b
    are ``rows`` from ``starts[b]`` up to ``starts[b + 1]``.

    ``records`` are all lines as ``RECORD``, and ``first_month`` is the first month end at which any gives ARR (``NEVER``: none
    does).
    """

    lines: CodedLines
    records: npt.NDArray[np.void]
    customers: int
    size: int
    rows: Ints
    starts: Ints
    first_month: int

    def __len__(self) -> int:
        return len(self.starts) - 1

    def has_lines(self, number: int) -> bool:
        """Whether any line of a block gives ARR."""
        return bool(self.starts[number] < self.starts[number + 1])

    def units(self, number: int) -> slice:
        """The customers of a block, by rank."""
        return slice(number * self.size, min((number + 1) * self.size, self.customers))

    def block(self, number: int) -> Counting:
        """The lines of a block, their customers numbered from 0."""
        own = self.records.take(self.rows[self.starts[number] : self.starts[number + 1]])
        columns = {name: own[name].astype(np.int64) for name in COUNTED}
        columns["unit"] -= number * self.size
        return Counting(**columns)


@dataclass(frozen=True, slots=True)
class Changes:
    """What changes at the month ends, each grain of a month once, ordered by customer, month, product and currency.

    ``lines`` is how many more lines give ARR. Changes of one customer's month have the same ``unit_month``, and those of
    one of its products the same ``pair_month``.
    """

    unit: Ints
    month: Ints
    product: Ints
    currency: Ints
    cents: Ints
    lines: Ints
    unit_month: Ints
    pair_month: Ints

    def __len__(self) -> int:
        return len(self.unit)


def attributes_of_units(lines: CodedLines, wanted: tuple[str, ...]) -> Attributes:
    """The value of each wanted attribute on each customer's line with the latest start (ties: the greatest line id),
    counted or not.
    """
    rows = latest_lines(lines)
    own: list[str] = [name for name in ATTRIBUTES if name in wanted]
    coded = together(len(rows), *(partial(coded_values, lines.frame[name], rows) for name in own))
    names = {name: values for name, (_, values) in zip(own, coded, strict=True)}
    codes = {name: places for name, (places, _) in zip(own, coded, strict=True)}
    order = np.zeros(len(rows), dtype=np.int64)
    for name in own:
        order = order * len(names[name]) + codes[name]
    units = small_order(order, int(order.max(initial=0)) + 1)
    rank = np.empty(len(units), dtype=np.int64)
    rank[units] = np.arange(len(units))
    return Attributes(names, {name: code[units] for name, code in codes.items()}, order[units], rank, units)


def coded_values(column: pl.Series, rows: Ints) -> tuple[Ints, pl.Series]:
    """The values at some rows as places among the distinct ones, and these in order; blank is a value of its own."""
    values = column[rows].cast(pl.String)
    return sorted_codes(values.fill_null(NO_VALUE) if values.null_count() else values)


def latest_lines(lines: CodedLines) -> Ints:
    """The line of each customer with the latest start; among several the one with the greatest line id by code
    points.
    """
    units = len(lines.unit_names)
    latest = np.full(units, np.iinfo(np.int64).min)
    np.maximum.at(latest, lines.unit, lines.starts)
    rows = np.flatnonzero(lines.starts == latest[lines.unit])
    if len(rows) > units:
        ids = lines.frame["line_id"][rows]
        rows = rows if ids.is_sorted() else rows[ids.arg_sort().to_numpy()]
    chosen = np.zeros(units, dtype=np.int64)
    # Of several rows of one customer the last written stays, which is the greatest line id.
    chosen[lines.unit[rows]] = rows
    return chosen


def blocks_of(lines: CodedLines, settled: Settlement, values: Ints, rank: Ints, last: int) -> Blocks:
    """Every line that gives ARR by the month end ``last``, in blocks of customers."""
    size = even_share(len(lines), len(rank), UNITS_PER_BLOCK)
    count = (len(rank) - 1) // size + 1

    records = np.empty(len(lines), dtype=RECORD)
    columns = (lines.product, lines.currency, settled.month_from, settled.month_until, values)

    def numbered(rows: slice) -> Columns:
        own, unit = records[rows], rank[lines.unit[rows]]
        for name, column in zip(COUNTED, (unit, *(column[rows] for column in columns)), strict=True):
            own[name] = column
        gives = settled.gives_arr(rows) & (settled.month_from[rows] <= last)
        return (np.where(gives, unit // size, count).astype(np.uint16),)

    # What gives no ARR comes after the last block.
    number = by_pieces(len(lines), numbered)[0]
    starts = np.append(0, np.cumsum(np.bincount(number, minlength=count)[:count]))
    first_month = int(settled.month_from.min(where=number < count, initial=NEVER))
    return Blocks(lines, records, len(rank), size, small_order(number, count)[: starts[-1]], starts, first_month)


def changes_of(lines: Counting, last: int) -> Changes:
    """What lines add at their first month end and take away at the first without them, up to ``last``."""
    ending = np.flatnonzero(lines.month_until <= last)
    first = int(lines.month_from.min(initial=last))
    of_month, of_product, of_currency = (
        bits_of(int(size) + 1) for size in (last - first, lines.product.max(initial=0), lines.currency.max(initial=0))
    )
    grain = (lines.product << of_currency) | lines.currency
    unit = lines.unit << of_month
    begins = ((unit | (lines.month_from - first)) << (of_product + of_currency)) | grain
    ends = ((unit[ending] | (lines.month_until[ending] - first)) << (of_product + of_currency)) | grain[ending]
    bits = bits_of(int(lines.unit.max(initial=0)) + 1) + of_month + of_product + of_currency
    keys, place = sorted_places(np.append(begins, ends), bits)
    starts = run_starts(keys)
    keys = keys.take(starts)
    pair_month = keys >> of_currency
    unit_month = pair_month >> of_product
    return Changes(
        unit=unit_month >> of_month,
        month=(unit_month & ((1 << of_month) - 1)) + first,
        product=pair_month & ((1 << of_product) - 1),
        currency=keys & ((1 << of_currency) - 1),
        cents=run_sums(np.append(lines.cents, -lines.cents[ending]).take(place), starts),
        lines=run_sums(either(place < len(lines.unit), 1, -1), starts),
        unit_month=unit_month,
        pair_month=pair_month,
    )
