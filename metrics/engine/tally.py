"""Exact sums by month and group, which blocks of customers add to one after another.

Rows of ``amounts`` and ``counts`` are ``KINDS``, of ``retention`` are ``RETAINED``. The month axis of ``amounts``,
``counts`` and ``retention`` begins with the first shown month, that of ``ending`` and ``customers`` with the month
before it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final, Self

import numpy as np

from metrics.engine.arrays import Grouping, Ints, grouped_sum

KINDS: Final = ("new", "expansion", "contraction", "churn", "reactivation")
NEW, EXPANSION, CONTRACTION, CHURN, REACTIVATION = range(len(KINDS))
COUNTED: Final = {"customers_new": NEW, "customers_churned": CHURN, "customers_reactivated": REACTIVATION}
RETAINED: Final = ("base_cents", "now_cents", "kept_cents", "customers_base", "customers_kept")


@dataclass(frozen=True, slots=True)
class Tally:
    """Sums of one dimension; the last axis of every array is its groups."""

    amounts: Ints
    counts: Ints
    ending: Ints
    customers: Ints
    retention: Ints

    @classmethod
    def empty(cls, months: int, groups: int) -> Self:
        """A tally of nothing over so many shown months and groups."""
        return cls(
            amounts=np.zeros((len(KINDS), months, groups), dtype=np.int64),
            counts=np.zeros((len(KINDS), months, groups), dtype=np.int64),
            ending=np.zeros((months + 1, groups), dtype=np.int64),
            customers=np.zeros((months + 1, groups), dtype=np.int64),
            retention=np.zeros((len(RETAINED), months, groups), dtype=np.int64),
        )

    @property
    def groups(self) -> int:
        """How many groups there are."""
        return int(self.ending.shape[1])

    def add(self, other: Tally, groups: Ints) -> None:
        """Adds another tally, whose groups are these groups."""
        gathered = Grouping.of(groups)
        for field in fields(self):
            target, source = getattr(self, field.name), getattr(other, field.name)
            target[..., gathered.keys] += np.add.reduceat(source[..., gathered.order], gathered.starts, axis=-1)

    def add_movements(self, kinds: Ints, months: Ints, groups: Ints, amounts: Ints) -> None:
        """Adds and counts movements of shown months (0 is the first), each of one customer (by product: of one of its
        products).
        """
        _, shown, size = self.amounts.shape
        place = (kinds * shown + months) * size + groups
        np.add.at(self.amounts.reshape(-1), place, amounts)
        np.add.at(self.counts.reshape(-1), place, 1)


def add_steps(sums: Ints, months: Ints, groups: Ints, steps: Ints) -> None:
    """Adds to sums by month and group what a step adds to its month and all after it; one before the first month counts
    from there on.
    """
    place = np.maximum(months, 0) * sums.shape[1] + groups
    sums += np.cumsum(grouped_sum(place, steps, sums.size).reshape(sums.shape), axis=0)
