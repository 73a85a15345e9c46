"""The figures of few customers in all months at once: one table of customers × months in place of a walk.

Source: ARR semantics, sections 5 to 7, as in ``metrics.engine.movements``, whose results these are to the cent. A walk costs
the same for ten customers as for ten thousand, a table nearly nothing for ten.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from metrics.engine.arrays import Bools, Ints
from metrics.engine.balances import Counting
from metrics.engine.fx import convert_change
from metrics.engine.movements import Terms
from metrics.engine.tally import CHURN, CONTRACTION, COUNTED, EXPANSION, KINDS, NEW, REACTIVATION, RETAINED
from metrics.engine.valuation import MONTHS_BACK

NO_MONTH: Final = -1


@dataclass(frozen=True, slots=True)
class Grid:
    """The lines at the grain customer × product × currency by month, from ``start`` to the last shown month.

    ``cents``, ``lines`` and ``touched`` say what changes at each month end; ``shown`` is the place of the first shown month.
    ``rate`` begins 13 months before it. Pairs are customer × product; grains and pairs are ordered by customer.
    """

    start: int
    shown: int
    units: int
    unit: Ints
    pair: Ints
    pair_unit: Ints
    pair_product: Ints
    cents: Ints
    lines: Ints
    touched: Bools
    rate: Ints


@dataclass(frozen=True, slots=True)
class Moves:
    """What moved in each shown month, by customer or pair (row) and month: whether, the case, and the amount."""

    touched: Bools
    kind: Ints
    cents: Ints

    def bridge(self, ending: Ints, counted: Bools) -> Ints:
        """``AMOUNTS`` and ``COUNTS`` × row × month; what is given has the month before the first shown one as well."""
        moved = self.touched & (self.kind == np.arange(len(KINDS))[:, None, None])
        amounts = np.where(moved, self.cents, 0)
        fx = ending[:, 1:] - ending[:, :-1] - amounts.sum(axis=0)
        parts = (ending[None, :, :-1], amounts, fx[None], ending[None, :, 1:])
        counts = (counted[None, :, :-1], moved[list(COUNTED.values())], counted[None, :, 1:])
        return np.concatenate([*parts, *counts], dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Figures:
    """``units`` holds ``FIGURES`` × customer × shown month, ``pairs`` the bridge alone × pair × month; ``movements`` are month,
    customer, product, kind and cents.
    """

    units: Ints
    pairs: Ints
    pair_unit: Ints
    pair_product: Ints
    movements: list[Ints]


def figures_of_units(lines: Counting, units: int, terms: Terms) -> Figures:
    """The figures of customers 0 up to ``units`` in the months that ``terms`` shows."""
    grid = grid_of(lines, units, terms)
    counted = summed(grid.lines, grid.unit, units).cumsum(axis=1) > 0
    pair_counted = summed(grid.lines, grid.pair, len(grid.pair_unit)).cumsum(axis=1) > 0
    before = slice(grid.shown - 1, None)
    balance = grid.cents.cumsum(axis=1)
    value = terms.convert(balance[:, before], grid.rate[:, MONTHS_BACK:])
    now = summed(value, grid.unit, units)
    moves, pair_moves = moves_of(grid, terms, counted)
    bridge = moves.bridge(now, counted[:, before])
    of_pairs = summed(value, grid.pair, len(grid.pair_unit))
    return Figures(
        units=np.concatenate([bridge, retained(grid, terms, balance, counted, now[:, 1:])]),
        pairs=pair_moves[0].bridge(of_pairs, pair_counted[:, before]),
        pair_unit=grid.pair_unit,
        pair_product=grid.pair_product,
        movements=movement_rows(grid, terms, *pair_moves),
    )


def grid_of(lines: Counting, units: int, terms: Terms) -> Grid:
    """What changes by grain and month."""
    start = min(int(lines.month_from.min(initial=terms.first)), terms.first - MONTHS_BACK - 1)
    months = terms.last - start + 1
    products, currencies = int(lines.product.max(initial=0)) + 1, terms.rates.by_month.shape[0]
    key = (lines.unit * products + lines.product) * currencies + lines.currency
    keys, grain = np.unique(key, return_inverse=True)
    pairs, pair = np.unique(keys // currencies, return_inverse=True)
    # What begins or ends after the last shown month goes into one more column, which is cut off.
    places = [np.minimum(month - start, months) for month in (lines.month_from, lines.month_until)]
    cents, count = np.zeros((2, len(keys), months + 1), dtype=np.int64)
    touched = np.zeros(cents.shape, dtype=np.bool_)
    for place, sign in zip(places, (1, -1), strict=True):
        np.add.at(cents, (grain, place), sign * lines.cents)
        np.add.at(count, (grain, place), sign)
        touched[grain, place] = True
    rate = terms.rates.by_month[keys % currencies, terms.first - MONTHS_BACK - 1 - terms.rates.first_month :]
    return Grid(
        start, terms.first - start, units, pairs[pair] // products, pair, pairs // products, pairs % products,
        cents[:, :-1], count[:, :-1], touched[:, :-1], rate,
    )  # fmt: skip


def moves_of(grid: Grid, terms: Terms, counted: Bools) -> tuple[Moves, tuple[Moves, Ints]]:
    """The movements by customer, and by pair with the customer's case beside the pair's own (section 6)."""
    shown, rate = slice(grid.shown, None), grid.rate
    has = counted[:, shown]
    # A customer that is gone was held at the rates of the month before.
    rates = np.where(has[grid.unit], rate[:, MONTHS_BACK + 1 :], rate[:, MONTHS_BACK:-1])
    organic = convert_change(terms.convert, grid.cents[:, shown], rates)
    touched = grid.touched[:, shown].astype(np.int64)
    of_unit, of_pair = summed(organic, grid.unit, grid.units), summed(organic, grid.pair, len(grid.pair_unit))
    kind = kinds_of(grid, terms, counted, of_unit)
    pair_kind = kind[grid.pair_unit]
    stays = (pair_kind == EXPANSION) | (pair_kind == CONTRACTION)
    own_kind = np.where(stays, np.where(of_pair > 0, EXPANSION, CONTRACTION), pair_kind)
    moves = Moves(summed(touched, grid.unit, grid.units) > 0, kind, of_unit)
    pair_touched = summed(touched, grid.pair, len(grid.pair_unit)) > 0
    return moves, (Moves(pair_touched, own_kind, of_pair), pair_kind)


def kinds_of(grid: Grid, terms: Terms, counted: Bools, organic: Ints) -> Ints:
    """The case of each customer in each shown month, for those months in which something changed."""
    had, has = counted[:, grid.shown - 1 : -1], counted[:, grid.shown :]
    place = np.arange(counted.shape[1])
    latest = np.maximum.accumulate(np.where(counted, place, NO_MONTH), axis=1)[:, grid.shown - 1 : -1]
    returned = (latest != NO_MONTH) & (place[grid.shown :] - latest <= terms.window)
    stayed = np.where(organic > 0, EXPANSION, CONTRACTION)
    return np.where(had, np.where(has, stayed, CHURN), np.where(returned, REACTIVATION, NEW))


def retained(grid: Grid, terms: Terms, balance: Ints, counted: Bools, now: Ints) -> Ints:
    """``RETAINED`` × customer × shown month (section 7)."""
    months = now.shape[1]
    year_ago = slice(grid.shown - MONTHS_BACK, grid.shown - MONTHS_BACK + months)
    rate = grid.rate[:, MONTHS_BACK + 1 :] if terms.constant_retention else grid.rate[:, 1 : months + 1]
    rows = np.zeros((len(RETAINED), *now.shape), dtype=np.int64)
    base = counted[:, year_ago]
    rows[0] = summed(terms.convert(balance[:, year_ago], rate), grid.unit, grid.units)
    rows[1] = now * base
    rows[2] = np.minimum(rows[0], rows[1])
    rows[3] = base
    rows[4] = base & counted[:, grid.shown :]
    return rows


def movement_rows(grid: Grid, terms: Terms, moves: Moves, kind: Ints) -> list[Ints]:
    """Month, customer, product, case of the customer and cents of each movement, by month."""
    kept = moves.touched & ((moves.cents != 0) | (kind != CONTRACTION))
    month, pair = np.nonzero(kept.T)
    unit, product = grid.pair_unit[pair], grid.pair_product[pair]
    return [month + terms.first, unit, product, kind[pair, month], moves.cents[pair, month]]


def summed(values: Ints, codes: Ints, size: int) -> Ints:
    """The sum of the rows of each code in ``range(size)``; the last axis but one holds the rows, ordered by code."""
    total = np.zeros((*values.shape[:-2], size, values.shape[-1]), dtype=np.int64)
    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    if len(starts):
        total[..., codes[starts], :] = np.add.reduceat(values, starts, axis=-2)
    return total
