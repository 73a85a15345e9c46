"""Sparse balances: what changes at which month end, at the grain customer × product × currency.

Source: ARR semantics, sections 4 and 5. A line adds its value at its first month end and takes it away at the first
without it; nothing is stored for the months between. Customers are cut into blocks of neighbours, so that the
running balances of one block stay in the processor's cache while its months pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from metrics.engine.arrays import Ints, dense_codes, sorted_codes
from metrics.engine.lines import ATTRIBUTES, NO_VALUE, CodedLines
from metrics.engine.settlement import Settlement

UNITS_PER_BLOCK: Final = 1 << 14


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
class Block:
    """The changes of neighbouring customers (``first_unit`` up to ``first_unit + units``, by rank), and the grains
    they touch.

    ``grain_unit`` (from 0), ``grain_product`` and ``grain_currency`` describe the grains, ordered by currency,
    customer and product. A change is ``cents`` and ±1 line of ``grain`` at a month end; those of ``month`` m are at
    ``starts[m - first_month]`` up to the next.
    """

    first_unit: int
    units: int
    grain_unit: Ints
    grain_product: Ints
    grain_currency: Ints
    grain: Ints
    cents: Ints
    lines: Ints
    first_month: int
    starts: Ints

    def changes(self, month: int) -> slice:
        """The changes of a month."""
        index = month - self.first_month
        if not 0 <= index < len(self.starts) - 1:
            return slice(0, 0)
        return slice(int(self.starts[index]), int(self.starts[index + 1]))


def attributes_of_units(lines: CodedLines, wanted: tuple[str, ...]) -> Attributes:
    """The value of each wanted attribute on each customer's line with the latest start (ties: the greatest line id),
    counted or not.
    """
    rows = latest_lines(lines)
    names: dict[str, pl.Series] = {}
    codes: dict[str, Ints] = {}
    order = np.zeros(len(rows), dtype=np.int64)
    for name in (attribute for attribute in ATTRIBUTES if attribute in wanted):
        values = lines.frame[name][rows]
        codes[name], names[name] = sorted_codes(values.fill_null(NO_VALUE) if values.null_count() else values)
        order = order * len(names[name]) + codes[name]
    units = np.argsort(order, kind="stable")
    rank = np.empty(len(units), dtype=np.int64)
    rank[units] = np.arange(len(units))
    return Attributes(names, {name: code[units] for name, code in codes.items()}, order[units], rank, units)


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


@dataclass(frozen=True, slots=True)
class Grains:
    """The grains of all customers, ordered by block, currency, customer (by rank) and product."""

    block: Ints
    unit: Ints
    product: Ints
    currency: Ints


@dataclass(frozen=True, slots=True)
class Changes:
    """The changes of all lines, ordered by block and month; those of block b and month m begin at ``starts[b, m -
    first_month]``.
    """

    grain: Ints
    cents: Ints
    lines: Ints
    first_month: int
    starts: Ints


def blocks_of(lines: CodedLines, settled: Settlement, values: Ints, rank: Ints, last: int) -> list[Block]:
    """The changes up to the month end ``last`` of every line that gives ARR by then, in blocks of customers."""
    rows = np.flatnonzero(settled.has_value & (settled.month_from <= last))
    grains, grain = grains_of(lines, rows, rank)
    changes = changes_of(settled, rows, grain, grains.block[grain], values, last, len(rank) // UNITS_PER_BLOCK + 1)
    return [block_of(number, grains, changes, len(rank)) for number in range(len(changes.starts))]


def grains_of(lines: CodedLines, rows: Ints, rank: Ints) -> tuple[Grains, Ints]:
    """The grains of the lines at the rows, and the place of each row's grain."""
    currencies, products = max(len(lines.currency_names), 1), max(len(lines.product_names), 1)
    block, unit = np.divmod(rank[lines.unit[rows]], UNITS_PER_BLOCK)
    key = ((block * currencies + lines.currency[rows]) * UNITS_PER_BLOCK + unit) * products + lines.product[rows]
    blocks = len(rank) // UNITS_PER_BLOCK + 1
    keys, grain = dense_codes(key, blocks * currencies * UNITS_PER_BLOCK * products)
    rest, of_product = np.divmod(keys, products)
    rest, of_unit = np.divmod(rest, UNITS_PER_BLOCK)
    of_block, of_currency = np.divmod(rest, currencies)
    return Grains(of_block, of_block * UNITS_PER_BLOCK + of_unit, of_product, of_currency), grain


def changes_of(
    settled: Settlement, rows: Ints, grain: Ints, block: Ints, values: Ints, last: int, blocks: int
) -> Changes:
    """What each line adds at its first month end and takes away at the first without it, up to ``last``."""
    ending = np.flatnonzero(settled.month_until[rows] <= last)
    month = np.append(settled.month_from[rows], settled.month_until[rows[ending]])
    first_month = int(month.min(initial=last))
    months = last - first_month + 1
    key = np.append(block, block[ending]) * months + (month - first_month)
    # Two-byte keys are sorted by radix, several times faster than wider ones.
    order = np.argsort(key.astype(np.uint16) if blocks * months < 1 << 16 else key, kind="stable")
    starts = np.append(0, np.cumsum(np.bincount(key, minlength=blocks * months)))
    return Changes(
        grain=np.append(grain, grain[ending])[order],
        cents=np.append(values[rows], -values[rows[ending]])[order],
        lines=np.where(order < len(rows), 1, -1),
        first_month=first_month,
        starts=np.lib.stride_tricks.sliding_window_view(starts, months + 1)[::months],
    )


def block_of(number: int, grains: Grains, changes: Changes, units: int) -> Block:
    """One block of neighbouring customers."""
    starts = changes.starts[number]
    span = slice(int(starts[0]), int(starts[-1]))
    own = slice(*np.searchsorted(grains.block, [number, number + 1]).tolist())
    first_unit = number * UNITS_PER_BLOCK
    return Block(
        first_unit=first_unit,
        units=min(UNITS_PER_BLOCK, units - first_unit),
        grain_unit=grains.unit[own] - first_unit,
        grain_product=grains.product[own],
        grain_currency=grains.currency[own],
        grain=changes.grain[span] - own.start,
        cents=changes.cents[span],
        lines=changes.lines[span],
        first_month=changes.first_month,
        starts=starts - starts[0],
    )
