"""The figures of one block of customers: what moved, and what they are worth at each month end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from metrics.engine.arrays import Ints, run_sums
from metrics.engine.balances import Counting, changes_of
from metrics.engine.movements import Moves, Terms, moves_of, own_kinds, pair_months, told, turns_of, unit_months
from metrics.engine.tally import Tally, add_steps
from metrics.engine.worth import Customers, add_customers_by_product, add_worth, places_of


@dataclass(frozen=True, slots=True)
class Sums:
    """The sums of a block by its attribute groups, by product, and by cohort: cents and customers × shown month × cohort,
    the first of which is the month ``cohort_start``.
    """

    groups: Tally
    products: Tally
    cohorts: Ints
    cohort_start: int

    @classmethod
    def empty(cls, terms: Terms, groups: int, products: int, cohort_start: int) -> Sums:
        """Sums of nothing."""
        return cls(
            groups=Tally.empty(terms.months, groups),
            products=Tally.empty(terms.months, products),
            cohorts=np.zeros((2, terms.months, terms.last - cohort_start + 1), dtype=np.int64),
            cohort_start=cohort_start,
        )


def add_block(lines: Counting, group: Ints, terms: Terms, sums: Sums) -> Moves:
    """Adds the figures of a block to its sums, and returns its movements; customers are numbered from 0.

    ``group`` is the attribute group of each customer, none of which is left out.
    """
    changes = changes_of(lines, terms.last)
    months = unit_months(changes)
    # A customer that never has ARR adds nothing, whatever its cohort.
    cohort = np.zeros(len(group), dtype=np.int64)
    cohort[months.unit[months.begins]] = months.month[months.begins] - sums.cohort_start
    turns = turns_of(months)
    add_steps(sums.groups.customers, turns.month - (terms.first - 1), group[turns.unit], turns.step)
    if terms.with_cohorts:
        add_steps(sums.cohorts[1], turns.month - terms.first, cohort[turns.unit], turns.step)
    pairs = pair_months(changes)
    add_customers_by_product(pairs, run_sums(changes.lines, pairs.starts), terms.first, sums.products)
    customers = Customers.of(group, cohort, turns, terms.last)
    places = places_of(changes, terms.rates.moving, customers)
    terms = terms.up_to(places.largest)
    add_worth(changes, places, terms, customers, (sums.groups, sums.products, sums.cohorts[0]))
    units, products = moves_of(changes, months, pairs, terms)
    sums.groups.add_movements(units.kind, units.month - terms.first, group[units.unit], units.cents)
    sums.products.add_movements(own_kinds(products), products.month - terms.first, products.product, products.cents)
    return told(products)
