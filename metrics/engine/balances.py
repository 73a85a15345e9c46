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
import polars as pl

from metrics.engine.arrays import NEVER, Ints, bits_of, either, run_starts, run_sums, sorted_codes, sorted_places
from metrics.engine.lines import ATTRIBUTES, NO_VALUE, CodedLines
from metrics.engine.settlement import Settlement
from metrics.engine.threads import even_share, together

# With fewer, the threads wait for the interpreter more than they compute: every step of a block takes hold of it anew.
UNITS_PER_BLOCK: Final = 40_000


@dataclass(frozen=True, slots=True)
class Attributes:
    """Which value of each attribute a customer belongs to.

    ``names`` holds the values of each attribute in order, ``codes`` the place of each customer's value, ``group`` one number
    below ``groups`` for the values of all attributes together.
    """

    names: dict[str, pl.Series]
    codes: dict[str, Ints]
    group: Ints
    groups: int


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
    """The lines in blocks of ``size`` neighbouring customers: those of block b are from ``starts[b]`` up to ``starts[b + 1]``,
    of the lines as they are where ``order`` is none.

    No line gives ARR before ``first_month`` (``NEVER``: none does), nor is one told of that begins after ``last``.
    """

    lines: CodedLines
    settled: Settlement
    values: Ints
    size: int
    order: Ints | None
    starts: Ints
    first_month: int
    last: int

    def __len__(self) -> int:
        return len(self.starts) - 1

    def units(self, number: int) -> slice:
        """The customers of a block."""
        return slice(number * self.size, min((number + 1) * self.size, len(self.lines.unit_names)))

    def block(self, number: int) -> Counting:
        """The lines of a block that give ARR by the month end ``last``, ordered by customer; these are numbered from 0."""
        own = slice(self.starts[number], self.starts[number + 1])
        rows = own if self.order is None else self.order[own]
        gives = np.flatnonzero(self.settled.gives_arr(rows) & (self.settled.month_from[rows] <= self.last))
        lines, settled = self.lines, self.settled
        columns = (lines.product, lines.currency, settled.month_from, settled.month_until, self.values)
        unit = lines.unit[rows].take(gives) - number * self.size
        return Counting(unit, *(column[rows].take(gives) for column in columns))


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
    group, groups = np.zeros(len(rows), dtype=np.int64), 1
    for name in own:
        group, groups = group * len(names[name]) + codes[name], groups * len(names[name])
    return Attributes(names, codes, group, groups)


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


def blocks_of(lines: CodedLines, settled: Settlement, values: Ints, last: int) -> Blocks:
    """Every line, in blocks of customers."""
    unit, units = lines.unit, len(lines.unit_names)
    size = even_share(len(lines), units, UNITS_PER_BLOCK)
    order = None
    if np.any(unit[1:] < unit[:-1]):  # as seldom: the lines of a customer are neighbours
        unit, order = sorted_places(unit, bits_of(units))
    starts = np.searchsorted(unit, np.arange(0, units + size, size))
    first_month = int(settled.month_from.min(initial=NEVER))
    return Blocks(lines, settled, values, size, order, starts, first_month, last)


def changes_of(lines: Counting, last: int) -> Changes:
    """What lines, ordered by customer, add at their first month end and take away at the first without them, up to ``last``."""
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
    keys, place = sorted_places(np.append(begins, ends), bits, nearly_sorted=True)
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
