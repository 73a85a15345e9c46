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
    Ints,
    dense_codes,
    either,
    grouped_sum,
    places_in,
    run_starts,
    run_sums,
    running_sums,
    small_order,
)
from metrics.engine.balances import Changes
from metrics.engine.movements import PairMonths, Terms, Turns
from metrics.engine.tally import Tally, add_steps
from metrics.engine.valuation import MONTHS_BACK


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
    """The customers of a block, each at a place at which those of its attribute group are its neighbours: the groups begin at
    ``group_starts``.

    ``cohort`` is the cohort of each customer. ``turns`` add up to −1 at the place of whoever has ARR, else to 0: as bits, they
    keep or drop whatever they are laid over.
    """

    place: Ints
    group_starts: Ints
    cohort: Ints
    turns: Steps

    @classmethod
    def of(cls, group: Ints, cohort: Ints, turns: Turns, last: int) -> Self:
        """Customers of these groups and cohorts; no turn is later than ``last``."""
        order = small_order(group, int(group.max(initial=0)) + 1)
        place = places_in(order)
        steps = Steps.of(MonthOrder.of(turns.month, last), len(group), place[turns.unit], -turns.step)
        return cls(place, run_starts(group[order]), cohort, steps)


@dataclass(frozen=True, slots=True)
class Places:
    """Where balances are kept: in the first ``units`` places what each customer has in currencies whose rate never moves,
    in those after them one grain each of the other currencies, ordered by currency, product and cohort.

    ``of_change`` gives the place of each change; no balance of such a grain is ever larger than ``largest``. ``grain_unit`` is
    the place of the customer of each grain, ``sizes`` says how many grains each currency has. The grains of one currency,
    product and cohort begin at ``starts``; ``product`` and ``cohort`` are theirs.
    """

    units: int
    of_change: Ints
    largest: int
    grain_unit: Ints
    sizes: Ints
    starts: Ints
    product: Ints
    cohort: Ints


def places_of(changes: Changes, moving: Bools, customers: Customers) -> Places:
    """The places of a block's balances."""
    units, currencies = len(customers.place), len(moving)
    products, cohorts = (int(codes.max(initial=0)) + 1 for codes in (changes.product, customers.cohort))
    rows = np.flatnonzero(moving.take(changes.currency))
    key = (changes.currency[rows] * products + changes.product[rows]) * units + changes.unit[rows]
    keys, grain = dense_codes(key, currencies * products * units)
    grown = grouped_sum(grain, np.maximum(changes.cents[rows], 0), len(keys))
    kind, unit = np.divmod(keys, units)
    cell = kind * cohorts + customers.cohort[unit]
    order = small_order(cell, currencies * products * cohorts)
    place, cell = customers.place.take(changes.unit), cell[order]
    place[rows] = units + places_in(order)[grain]
    starts = run_starts(cell)
    return Places(
        units=units,
        of_change=place,
        largest=int(grown.max(initial=0)),
        grain_unit=customers.place[unit[order]],
        sizes=np.bincount(kind // products, minlength=currencies),
        starts=starts,
        product=cell[starts] // cohorts % products,
        cohort=cell[starts] % cohorts,
    )


def worth(balances: Ints, places: Places, rates: Ints, terms: Terms) -> tuple[Ints, Ints]:
    """What each customer's balances are worth, and what each grain in a currency whose rate moves; balances are states ×
    places, rates states × currencies.
    """
    by_unit = balances[:, : places.units].copy()
    grains = terms.convert(balances[:, places.units :], np.repeat(rates, places.sizes, axis=1))
    for units, values in zip(by_unit, grains, strict=True):
        np.add.at(units, places.grain_unit, values)
    return by_unit, grains


def add_worth(
    changes: Changes, places: Places, terms: Terms, customers: Customers, sums: tuple[Tally, Tally, Ints]
) -> None:
    """Adds what the block is worth at each shown month end, and the one before, to the sums by group, by product and by
    cohort (cents alone).
    """
    groups, products, cohorts = sums
    add_still(changes, terms, customers.cohort, products, cohorts)
    order = MonthOrder.of(changes.month, terms.last)
    steps = Steps.of(order, places.units + len(places.grain_unit), places.of_change, changes.cents)
    # Two states, which are valued together: what there is now, and what there was twelve months ago.
    balances, having = np.zeros((2, steps.size), dtype=np.int64), np.zeros((2, places.units), dtype=np.int64)
    now, then = (Running(steps, values) for values in balances)
    has, had = (Running(customers.turns, values) for values in having)
    moving = np.zeros((terms.months + 1, len(places.starts)), dtype=np.int64)
    for index, rates in enumerate(terms.rates_of_states()):
        month = terms.first - 1 + index
        # Where nobody had ARR twelve months ago there is nothing to retain.
        retains = terms.with_retention and index > 0 and month - MONTHS_BACK >= customers.turns.months.first
        now.at(month)
        if retains:
            then.at(month - MONTHS_BACK), has.at(month), had.at(month - MONTHS_BACK)
        states = 1 + retains
        by_unit, grains = worth(balances[:states], places, rates[:states], terms)
        groups.ending[index] += np.add.reduceat(by_unit[0], customers.group_starts)
        moving[index] = run_sums(grains[0], places.starts)
        if retains:
            add_retained(groups.retention[:, index - 1], customers.group_starts, by_unit, having)
    np.add.at(products.ending.T, places.product, moving.T)
    if terms.with_cohorts:
        np.add.at(cohorts.T, places.cohort, moving[1:].T)


def add_still(changes: Changes, terms: Terms, cohort: Ints, products: Tally, cohorts: Ints) -> None:
    """Adds by product and by cohort what there is in currencies whose rate never moves."""
    rows = np.flatnonzero(~terms.rates.moving.take(changes.currency))
    month, cents = changes.month[rows] - terms.first, changes.cents[rows]
    add_steps(products.ending, month + 1, changes.product[rows], cents)
    if terms.with_cohorts:
        add_steps(cohorts, month, cohort[changes.unit[rows]], cents)


def add_retained(sums: Ints, starts: Ints, cents: Ints, states: Ints) -> None:
    """Adds by group, of the customers with ARR twelve months ago: ARR then, now and the lesser of the two, how many they are,
    and how many still have ARR; cents, which are used up, and states (−1 for ARR) are those of now and then.
    """
    (now, then), (has, had) = cents, states
    sums[0] += np.add.reduceat(then, starts)
    # Who had none was worth nothing then, which is the lesser.
    sums[2] += np.add.reduceat(np.minimum(then, now, out=then), starts)
    sums[1] += np.add.reduceat(np.bitwise_and(now, had, out=now), starts)
    sums[3] -= np.add.reduceat(had, starts)
    sums[4] -= np.add.reduceat(np.bitwise_and(has, had, out=then), starts)


def add_customers_by_product(pairs: PairMonths, lines: Ints, first: int, products: Tally) -> None:
    """Counts the customers with ARR of each product at each month end from the one before ``first`` on; ``lines`` is how many
    more give ARR.
    """
    pair = pairs.unit * products.groups + pairs.product
    # Nearly in this order already: most customers have few products.
    order = np.argsort(pair, kind="stable")
    step = lines.take(order)
    count = running_sums(step, run_starts(pair.take(order)))
    turned = np.flatnonzero((count > 0) != (count > step))
    own = order[turned]
    turns = either(count[turned] > 0, 1, -1)
    add_steps(products.customers, pairs.month[own] - (first - 1), pairs.product[own], turns)
