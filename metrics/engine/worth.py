"""What the customers of one block are worth at each month end: ARR by group, product and cohort, and retention.

Source: ARR semantics, sections 5 and 7. The walk through the months keeps running balances and applies to them only what
changes. What is in currencies whose rate never moves is worth its balance, summed by customer; the rest is valued grain by
grain at every month end, so that rounding happens at the grain and month that section 5 names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from metrics.engine.arrays import (
    Bools,
    Grouping,
    Ints,
    dense_codes,
    grouped_sum,
    run_starts,
    run_sums,
    small_order,
)
from metrics.engine.balances import Changes
from metrics.engine.movements import Terms
from metrics.engine.tally import Tally, add_steps
from metrics.engine.valuation import MONTHS_BACK


@dataclass(frozen=True, slots=True)
class Places:
    """Where balances are kept: in the first ``units`` places what each customer has in currencies whose rate never moves,
    in those after them one grain each of the other currencies, ordered by product.

    ``of_change`` gives the place of each change; no balance of such a grain is ever larger than ``largest``.
    """

    units: int
    grain_unit: Ints
    grain_product: Ints
    grain_currency: Ints
    of_change: Ints
    largest: int


def places_of(changes: Changes, moving: Bools, units: int) -> Places:
    """The places of a block's balances."""
    place = changes.unit.copy()
    rows = np.flatnonzero(moving[changes.currency])
    products, currencies = int(changes.product.max(initial=0)) + 1, len(moving)
    key = (changes.product[rows] * units + changes.unit[rows]) * currencies + changes.currency[rows]
    keys, grain = dense_codes(key, products * units * currencies)
    place[rows] = units + grain
    pair, currency = np.divmod(keys, currencies)
    product, unit = np.divmod(pair, units)
    grown = grouped_sum(grain, np.maximum(changes.cents[rows], 0), len(keys))
    return Places(units, unit, product, currency, place, int(grown.max(initial=0)))


@dataclass(frozen=True, slots=True)
class MonthOrder:
    """Rows in the order of their months: how many there are up to ``first``, and up to each month after it."""

    order: Ints
    first: int
    ends: list[int]

    @classmethod
    def of(cls, month: Ints, last: int) -> Self:
        """The order of rows with these months, none of which is later than ``last``."""
        first = int(month.min(initial=last))
        index, months = month - first, last - first + 1
        return cls(small_order(index, months), first, np.cumsum(np.bincount(index, minlength=months)).tolist())

    def up_to(self, month: int) -> int:
        """How many rows there are up to a month."""
        return 0 if month < self.first else self.ends[month - self.first]


@dataclass(frozen=True, slots=True)
class Steps:
    """What is added to some of ``size`` places, in the order of the months."""

    months: MonthOrder
    size: int
    place: Ints
    amount: Ints

    @classmethod
    def of(cls, months: MonthOrder, size: int, place: Ints, amount: Ints) -> Self:
        """Steps in the order of the rows."""
        return cls(months, size, place.take(months.order), amount.take(months.order))


class Running:
    """The sums of steps at one month end, by place."""

    __slots__ = ("applied", "steps", "values")

    def __init__(self, steps: Steps, values: Ints | None = None) -> None:
        """``values`` are zeros in which the sums are kept, where they have to lie beside others."""
        self.steps, self.applied = steps, 0
        self.values: Ints = np.zeros(steps.size, dtype=np.int64) if values is None else values

    def at(self, month: int) -> Ints:
        """The sums at a month end, which is not before the one asked for last."""
        span = slice(self.applied, self.steps.months.up_to(month))
        np.add.at(self.values, self.steps.place[span], self.steps.amount[span])
        self.applied = span.stop
        return self.values


@dataclass(frozen=True, slots=True)
class Customers:
    """The customers of a block: the first of each attribute group (groups are neighbours), their cohorts, and ±1 wherever one
    begins or ends to have ARR.
    """

    group_starts: Ints
    by_cohort: Grouping
    turns: Steps


def worth(balances: Ints, places: Places, rates: Ints, terms: Terms) -> tuple[Ints, Ints]:
    """What each customer's balances are worth, and what each grain in a currency whose rate moves; balances are states ×
    places, rates states × currencies.
    """
    by_unit = balances[:, : places.units].copy()
    grains = terms.convert(balances[:, places.units :], rates.take(places.grain_currency, axis=1))
    for units, values in zip(by_unit, grains, strict=True):
        np.add.at(units, places.grain_unit, values)
    return by_unit, grains


def add_worth(
    changes: Changes,
    order: MonthOrder,
    places: Places,
    terms: Terms,
    customers: Customers,
    sums: tuple[Tally, Tally, Ints],
) -> None:
    """Adds what the block is worth at each shown month end, and the one before, to the sums by group, by product and by
    cohort (cents alone).
    """
    groups, products, cohorts = sums
    still = np.flatnonzero(~terms.rates.moving[changes.currency])
    add_steps(products.ending, changes.month[still] - (terms.first - 1), changes.product[still], changes.cents[still])
    steps = Steps.of(order, places.units + len(places.grain_unit), places.of_change, changes.cents)
    # Two states, which are valued together: what there is now, and what there was twelve months ago.
    balances, having = np.zeros((2, steps.size), dtype=np.int64), np.zeros((2, places.units), dtype=np.int64)
    now, then = (Running(steps, values) for values in balances)
    has, had = (Running(customers.turns, values) for values in having)
    if not terms.with_retention:
        balances = balances[:1]
    starts, by_cohort, by_product = customers.group_starts, customers.by_cohort, run_starts(places.grain_product)
    for index, rates in enumerate(terms.rates_of_states()):
        month = terms.first - 1 + index
        now.at(month)
        if terms.with_retention:
            then.at(month - MONTHS_BACK), has.at(month), had.at(month - MONTHS_BACK)
        by_unit, grains = worth(balances, places, rates[: len(balances)], terms)
        groups.ending[index] += np.add.reduceat(by_unit[0], starts)
        products.ending[index, places.grain_product[by_product]] += run_sums(grains[0], by_product)
        if index and terms.with_cohorts:
            cohorts[index - 1, by_cohort.keys] += by_cohort.sums(by_unit[0])
        if index and terms.with_retention:
            add_retained(groups.retention[:, index - 1], starts, by_unit, having)


def add_retained(sums: Ints, starts: Ints, cents: Ints, states: Ints) -> None:
    """Adds by group, of the customers with ARR twelve months ago: ARR then, now and the lesser of the two, how many they are,
    and how many still have ARR; cents and states (1 for ARR) are those of now and then.
    """
    (now, then), (has, had) = cents, states
    sums[0] += np.add.reduceat(then, starts)
    sums[1] += np.add.reduceat(now * had, starts)
    # Who had none was worth nothing then, which is the lesser.
    sums[2] += np.add.reduceat(np.minimum(then, now), starts)
    sums[3] += np.add.reduceat(had, starts)
    sums[4] += np.add.reduceat(had * has, starts)


def add_customers_by_product(changes: Changes, order: MonthOrder, terms: Terms, products: Tally) -> None:
    """Counts the customers with ARR of each product at each shown month end, and the one before."""
    units = int(changes.unit.max(initial=0)) + 1
    pairs, pair = dense_codes(changes.product * units + changes.unit, products.groups * units)
    lines = Running(Steps.of(order, len(pairs), pair, changes.lines))
    product = pairs // units
    starts = run_starts(product)
    for index in range(terms.months + 1):
        counted = lines.at(terms.first - 1 + index) > 0
        products.customers[index, product[starts]] += run_sums(counted, starts)
