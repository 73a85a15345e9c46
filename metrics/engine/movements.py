"""The walk through the months of one block of customers: movements, balances, retention and cohorts.

Source: ARR semantics, sections 5 to 7. The walk keeps one running balance per grain and applies to it only what
changes; a grain's balance is valued where the policy revalues, so that rounding happens at the grain and month that
section 5 names.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeAlias

import numpy as np

from metrics.engine.arrays import NEVER, Bools, Grouping, Ints, grouped_sum, last_of_each
from metrics.engine.balances import Block
from metrics.engine.fx import RATE_ONE, Convert, convert_change
from metrics.engine.tally import CHURN, CONTRACTION, EXPANSION, NEW, REACTIVATION, RETAINED, Tally
from metrics.engine.valuation import MONTHS_BACK, Rates

MovementRows: TypeAlias = tuple[int, Ints, Ints, Ints, Ints]


@dataclass(frozen=True, slots=True)
class Terms:
    """What the walk needs to know of policy and rates; ``window`` is the reactivation window in months."""

    first: int
    last: int
    window: int
    rates: Rates
    convert: Convert
    constant_retention: bool
    with_retention: bool
    with_cohorts: bool


@dataclass(frozen=True, slots=True)
class Sums:
    """Where a walk adds its results: by attribute group of the block, by product, by cohort month (cents,
    customers).
    """

    groups: Tally
    products: Tally
    cohorts: Ints
    movements: list[MovementRows]


@dataclass(slots=True)
class Walk:
    """The running state of one block: balances per grain, lines that count per customer and per customer × product,
    and their past.
    """

    block: Block
    terms: Terms
    group: Ints
    group_starts: Ints
    sums: Sums
    pair: Ints
    pair_unit: Ints
    pair_product: Ints
    slices: list[tuple[int, slice]]
    balance: Ints
    balance_year_ago: Ints
    unit_lines: Ints
    unit_lines_year_ago: Ints
    pair_lines: Ints
    first_arr: Ints
    last_arr: Ints
    product_customers: Ints
    by_product: Grouping
    by_cohort: Grouping
    scratch: Ints = field(init=False)

    def __post_init__(self) -> None:
        self.scratch = np.zeros(max(len(self.balance), len(self.unit_lines)) + 1, dtype=np.int64)


def walk_block(block: Block, terms: Terms, group: Ints, sums: Sums) -> None:
    """Walks a block of customers from their first change to the last shown month and adds what it finds to ``sums``.

    ``group`` is the attribute group of each customer of the block: 0, 1, 2 … in ascending order, none left out.
    """
    walk = begin_walk(block, terms, group, sums)
    for month in range(min(block.first_month, terms.first - 1), terms.last + 1):
        change = apply_changes(walk, month)
        if change is not None and month >= terms.first:
            add_movements(walk, month, change)
        if change is not None:
            remember(walk, month, change)
        if terms.with_retention:
            apply_year_ago(walk, month - MONTHS_BACK)
        if month >= terms.first - 1:
            value_month(walk, month)


def begin_walk(block: Block, terms: Terms, group: Ints, sums: Sums) -> Walk:
    """The state before anything counts."""
    grains, products = len(block.grain_unit), sums.products.ending.shape[1]
    pairs, pair = np.unique(block.grain_unit * products + block.grain_product, return_inverse=True)
    first_arr = first_months(block)
    bounds = np.searchsorted(block.grain_currency, np.arange(terms.rates.by_month.shape[0] + 1)).tolist()
    return Walk(
        block=block,
        terms=terms,
        group=group,
        group_starts=np.flatnonzero(np.diff(group, prepend=-1)),
        sums=sums,
        pair=pair.astype(np.int64, copy=False),
        pair_unit=pairs // products,
        pair_product=pairs % products,
        slices=[(code, slice(low, high)) for code, (low, high) in enumerate(pairwise(bounds)) if low < high],
        balance=np.zeros(grains, dtype=np.int64),
        balance_year_ago=np.zeros(grains, dtype=np.int64),
        unit_lines=np.zeros(block.units, dtype=np.int64),
        unit_lines_year_ago=np.zeros(block.units, dtype=np.int64),
        pair_lines=np.zeros(len(pairs), dtype=np.int64),
        first_arr=first_arr,
        last_arr=np.full(block.units, NEVER, dtype=np.int64),
        product_customers=np.zeros(products, dtype=np.int64),
        by_product=Grouping.of(block.grain_product),
        by_cohort=Grouping.of(first_arr),
    )


def first_months(block: Block) -> Ints:
    """The first month end at which each customer has ARR, its cohort; ``NEVER`` for one without."""
    month = np.repeat(block.first_month + np.arange(len(block.starts) - 1), np.diff(block.starts))
    begins = np.flatnonzero(block.lines > 0)
    first = np.full(block.units, NEVER, dtype=np.int64)
    np.minimum.at(first, block.grain_unit[block.grain[begins]], month[begins])
    return first


@dataclass(frozen=True, slots=True)
class Change:
    """What changed at one month end: each grain once with its net cents, each pair and customer once with its state
    before and after.
    """

    grain: Ints
    cents: Ints
    pair: Ints
    pair_had: Bools
    pair_has: Bools
    unit: Ints
    had: Bools
    has: Bools


def apply_changes(walk: Walk, month: int) -> Change | None:
    """Applies the changes of a month to the running state; ``None`` where there are none."""
    span = walk.block.changes(month)
    if span.start == span.stop:
        return None
    grain, cents, lines = walk.block.grain[span], walk.block.cents[span], walk.block.lines[span]
    np.add.at(walk.balance, grain, cents)
    once = last_of_each(grain, walk.scratch)
    touched = grain[once]
    walk.scratch[touched] = 0
    np.add.at(walk.scratch, grain, cents)
    net = walk.scratch[touched]
    pair, pair_had, pair_has = count_lines(walk.pair_lines, walk.pair[grain], lines, walk.scratch)
    unit, had, has = count_lines(walk.unit_lines, walk.block.grain_unit[grain], lines, walk.scratch)
    return Change(touched, net, pair, pair_had, pair_has, unit, had, has)


def count_lines(running: Ints, keys: Ints, lines: Ints, scratch: Ints) -> tuple[Ints, Bools, Bools]:
    """Adds ±1 lines to a running count; each key once, and whether it had and has any line that counts."""
    once = keys[last_of_each(keys, scratch)]
    had = running[once] > 0
    np.add.at(running, keys, lines)
    return once, had, running[once] > 0


def apply_year_ago(walk: Walk, month: int) -> None:
    """Applies the changes of a month to the state that runs twelve months behind."""
    span = walk.block.changes(month)
    if span.start < span.stop:
        grain = walk.block.grain[span]
        np.add.at(walk.balance_year_ago, grain, walk.block.cents[span])
        np.add.at(walk.unit_lines_year_ago, walk.block.grain_unit[grain], walk.block.lines[span])


def remember(walk: Walk, month: int, change: Change) -> None:
    """Keeps each customer's last month with ARR, once it has none; counts customers by product."""
    walk.last_arr[change.unit[change.had & ~change.has]] = month - 1
    step = change.pair_has.astype(np.int64) - change.pair_had
    np.add.at(walk.product_customers, walk.pair_product[change.pair], step)


def add_movements(walk: Walk, month: int, change: Change) -> None:
    """Classifies the change of each customer and adds its amounts and counts, by group and by product (section 6)."""
    shown = month - walk.terms.first
    amount = organic_amounts(walk, month, change)
    unit_of_grain = walk.block.grain_unit[change.grain]
    of_unit = summed_at(walk.scratch, change.unit, unit_of_grain, amount)
    of_pair = summed_at(walk.scratch, change.pair, walk.pair[change.grain], amount)
    kind = unit_kinds(walk, month, change, of_unit)
    walk.scratch[change.unit] = kind
    pair_kind = walk.scratch[walk.pair_unit[change.pair]]
    group, product = walk.group[change.unit], walk.pair_product[change.pair]
    walk.sums.groups.add_movements(kind, shown, group, of_unit)
    own_kind = np.where(
        (pair_kind == EXPANSION) | (pair_kind == CONTRACTION), np.where(of_pair > 0, EXPANSION, CONTRACTION), pair_kind
    )
    walk.sums.products.add_movements(own_kind, shown, product, of_pair)
    keep = (of_pair != 0) | (pair_kind != CONTRACTION)
    rank = walk.pair_unit[change.pair[keep]] + walk.block.first_unit
    walk.sums.movements.append((month, rank, product[keep], pair_kind[keep], of_pair[keep]))


def organic_amounts(walk: Walk, month: int, change: Change) -> Ints:
    """The net change of each grain at the month's rates; of a customer that is gone at those of the month before, at
    which it was held.
    """
    walk.scratch[change.unit] = change.has
    gone = walk.scratch[walk.block.grain_unit[change.grain]] == 0
    currency = walk.block.grain_currency[change.grain]
    rates = walk.terms.rates
    rate = np.where(gone, rates.column(month - 1)[currency], rates.column(month)[currency])
    return convert_change(walk.terms.convert, change.cents, rate)


def summed_at(scratch: Ints, wanted: Ints, keys: Ints, amounts: Ints) -> Ints:
    """The sum of the amounts of each wanted key; every key is wanted."""
    scratch[wanted] = 0
    np.add.at(scratch, keys, amounts)
    return scratch[wanted]


def unit_kinds(walk: Walk, month: int, change: Change, organic: Ints) -> Ints:
    """New, reactivation, churn, expansion or contraction of each changed customer."""
    kind = np.where(organic > 0, EXPANSION, CONTRACTION)
    kind[~change.has] = CHURN
    returned = month - walk.last_arr[change.unit] <= walk.terms.window
    back = np.where((walk.first_arr[change.unit] < month) & returned, REACTIVATION, NEW)
    return np.where(change.had, kind, back)


def value_month(walk: Walk, month: int) -> None:
    """Values the balances at a month end and adds them by group, product and cohort, and to retention (sections 5
    and 7).
    """
    terms, sums = walk.terms, walk.sums
    index = month - (terms.first - 1)
    value = valued(walk, walk.balance, month)
    now = grouped_sum(walk.block.grain_unit, value, walk.block.units)
    sums.products.ending[index, walk.by_product.keys] += walk.by_product.sums(value)
    sums.products.customers[index] += walk.product_customers
    sums.groups.ending[index] += np.add.reduceat(now, walk.group_starts)
    sums.groups.customers[index] += np.add.reduceat(walk.unit_lines > 0, walk.group_starts, dtype=np.int64)
    if month < terms.first:
        return
    if terms.with_cohorts:
        # A customer that has no ARR yet, or none any more, adds nothing; one that never has any is in no cohort.
        begun = walk.by_cohort.keys < NEVER
        cohort = walk.by_cohort.keys[begun] - walk.block.first_month
        sums.cohorts[0, index - 1, cohort] += walk.by_cohort.sums(now)[begun]
        sums.cohorts[1, index - 1, cohort] += walk.by_cohort.sums(walk.unit_lines > 0)[begun]
    if terms.with_retention:
        retained = retained_rows(walk, month, now)
        sums.groups.retention[:, index - 1] += np.add.reduceat(retained, walk.group_starts, axis=1)


def valued(walk: Walk, balance: Ints, month: int) -> Ints:
    """Balances at the rates of a month, rounded at each grain."""
    rates = walk.terms.rates.column(month).tolist()
    value = balance.copy()
    for code, span in walk.slices:
        if rates[code] != RATE_ONE:
            value[span] = walk.terms.convert(balance[span], rates[code])
    return value


def retained_rows(walk: Walk, month: int, now: Ints) -> Ints:
    """Of each customer with ARR twelve months ago: ARR then, now and the lesser of the two, one customer, and one if
    it still has ARR.
    """
    rate_month = month if walk.terms.constant_retention else month - MONTHS_BACK
    value = valued(walk, walk.balance_year_ago, rate_month)
    rows = np.zeros((len(RETAINED), walk.block.units), dtype=np.int64)
    base = walk.unit_lines_year_ago > 0
    np.add.at(rows[0], walk.block.grain_unit, value)
    np.multiply(now, base, out=rows[1])
    np.minimum(rows[0], rows[1], out=rows[2])
    rows[3] = base
    np.multiply(base, walk.unit_lines > 0, out=rows[4])
    return rows


def movement_columns(movements: list[MovementRows]) -> list[Ints]:
    """The columns month, customer (by rank), product, kind and cents of all movements found."""
    months = [np.full(len(rank), month) for month, rank, _, _, _ in movements]
    columns = [months, *([] for _ in range(4))]
    for _, *arrays in movements:
        for column, array in zip(columns[1:], arrays, strict=True):
            column.append(array)
    return [np.concatenate([np.zeros(0, dtype=np.int64), *parts]) for parts in columns]
