"""The movements of one block of customers: whose ARR changed at which month end, by how much, and which case it is.

Source: ARR semantics, section 6. A customer's months without a change move nothing, so that nothing is computed for them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from metrics.engine.arrays import (
    Bools,
    Ints,
    either,
    run_starts,
    run_sums,
    running_sums,
)
from metrics.engine.balances import Changes
from metrics.engine.fx import RATE_ONE, Convert, convert_change, converter
from metrics.engine.tally import CHURN, CONTRACTION, EXPANSION, NEW, REACTIVATION
from metrics.engine.valuation import MONTHS_BACK, Rates


@dataclass(frozen=True, slots=True)
class Terms:
    """What the figures need to know of policy and rates; ``window`` is the reactivation window in months."""

    first: int
    last: int
    window: int
    rates: Rates
    convert: Convert
    constant_retention: bool
    with_retention: bool
    with_cohorts: bool

    @property
    def months(self) -> int:
        """How many months are shown."""
        return self.last - self.first + 1

    def rates_of_states(self) -> Ints:
        """The rates that value what there is at each shown month end, and the one before, and what there was twelve months
        before it; months × states × currencies.
        """
        now = np.arange(self.first - 1, self.last + 1) - self.rates.first_month
        then = now if self.constant_retention else now - MONTHS_BACK
        return np.asarray(self.rates.by_month.T[np.stack([now, then], axis=1)])

    def up_to(self, largest_cents: int) -> Terms:
        """The same with the quickest conversion that is exact for amounts up to this one."""
        largest_rate = int(self.rates.by_month.max(initial=RATE_ONE))
        return replace(self, convert=converter(largest_cents, largest_rate))


@dataclass(frozen=True, slots=True)
class UnitMonths:
    """Each month end at which anything of a customer changes, ordered by customer and month.

    ``starts`` are the first changes of each, ``begins`` the first month ends of each customer; ``had`` and ``has`` say
    whether the customer has ARR before and after. ``of_change`` gives the place here of every change.
    """

    starts: Ints
    begins: Ints
    unit: Ints
    month: Ints
    had: Bools
    has: Bools
    of_change: Ints


@dataclass(frozen=True, slots=True)
class PairMonths:
    """Each month end at which anything of a customer's product changes, ordered by customer, month and product.

    ``starts`` are the first changes of each.
    """

    starts: Ints
    unit: Ints
    month: Ints
    product: Ints


@dataclass(frozen=True, slots=True)
class Turns:
    """Month ends at which a customer begins (``step`` 1) or ends (−1) to have ARR."""

    month: Ints
    unit: Ints
    step: Ints


@dataclass(frozen=True, slots=True)
class Moves:
    """Movements, one place for each: month, customer or pair, product, case, and cents of the reporting currency."""

    month: Ints
    unit: Ints
    product: Ints
    kind: Ints
    cents: Ints

    def where(self, kept: Bools) -> Moves:
        """Some of them."""
        rows = np.flatnonzero(kept)
        columns = (self.month, self.unit, self.product, self.kind, self.cents)
        return Moves(*(column[rows] for column in columns))


def unit_months(changes: Changes) -> UnitMonths:
    """The changes by customer and month."""
    starts = run_starts(changes.unit_month)
    unit = changes.unit[starts]
    begins = run_starts(unit)
    step = run_sums(changes.lines, starts)
    count = running_sums(step, begins)
    of_change = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(changes)))
    return UnitMonths(starts, begins, unit, changes.month[starts], count > step, count > 0, of_change)


def pair_months(changes: Changes) -> PairMonths:
    """The changes by customer, month and product."""
    starts = run_starts(changes.pair_month)
    if len(starts) == len(changes):  # as mostly: nobody has a product in two currencies
        return PairMonths(starts, changes.unit, changes.month, changes.product)
    return PairMonths(starts, changes.unit[starts], changes.month[starts], changes.product[starts])


def turns_of(months: UnitMonths) -> Turns:
    """Where customers begin and end to have ARR."""
    turned = np.flatnonzero(months.had != months.has)
    return Turns(months.month[turned], months.unit[turned], either(months.has[turned], 1, -1))


def moves_of(changes: Changes, months: UnitMonths, pairs: PairMonths, terms: Terms) -> tuple[Moves, Moves]:
    """The movements of the shown months by customer, and by customer × product with the **customer's** case."""
    amount = organic_amounts(changes, months, terms)
    of_unit = run_sums(amount, months.starts)
    kind = unit_kinds(months, terms, of_unit)
    own_kind = kind.take(months.of_change.take(pairs.starts))
    units = Moves(months.month, months.unit, np.zeros_like(months.unit), kind, of_unit)
    moved = Moves(pairs.month, pairs.unit, pairs.product, own_kind, run_sums(amount, pairs.starts))
    if len(units.month) and int(units.month.min()) < terms.first:
        return units.where(units.month >= terms.first), moved.where(moved.month >= terms.first)
    return units, moved


def own_kinds(pairs: Moves) -> Ints:
    """The case of each pair itself: where the customer stays, whether this product of it grew."""
    kind = pairs.kind.copy()
    stays = np.flatnonzero((kind == EXPANSION) | (kind == CONTRACTION))
    kind[stays] = either(pairs.cents[stays] > 0, EXPANSION, CONTRACTION)
    return kind


def told(pairs: Moves) -> Moves:
    """The movements that are listed: those of nothing are left out, unless the customer came or went."""
    nothing = (pairs.cents == 0) & (pairs.kind == CONTRACTION)
    return pairs.where(~nothing) if nothing.any() else pairs


def organic_amounts(changes: Changes, months: UnitMonths, terms: Terms) -> Ints:
    """Each change at the month's rates; of a customer that is gone at those of the month before, at which it was held."""
    amount = changes.cents.copy()
    moving = terms.rates.moving
    if not moving.any():
        return amount
    rows = np.flatnonzero(moving[changes.currency])
    gone = ~months.has[months.of_change[rows]]
    # Months before the first shown one are not told; a rate is looked up for them only to keep the arrays whole.
    month = np.maximum(changes.month[rows], terms.first) - gone - terms.rates.first_month
    by_month = terms.rates.by_month
    rate = by_month.reshape(-1)[changes.currency[rows] * by_month.shape[1] + month]
    amount[rows] = convert_change(terms.convert, amount[rows], rate)
    return amount


def unit_kinds(months: UnitMonths, terms: Terms, organic: Ints) -> Ints:
    """New, reactivation, churn, expansion or contraction of each customer that changed."""
    kind = either(organic > 0, EXPANSION, CONTRACTION)
    kind[np.flatnonzero(~months.has)] = CHURN
    # A customer that has nothing lost it at its change before this one: its last month with ARR is the one before that.
    gap = months.month - np.roll(months.month, 1) + 1
    back = np.flatnonzero(~months.had)
    kind[back] = either(gap[back] <= terms.window, REACTIVATION, NEW)
    kind[months.begins] = NEW
    return kind
