"""Each customer's share of the prior-period adjustments, so that what it moved leads from its beginning to its ending.

`adjusted(client, head, kept, filters, first, last) -> tuple[DataFrame, …]`. Runs in the client's scope.

A month that begins elsewhere than the one before it ended adjusts the bridge: see `metrics.selectors.reported`. Of a closed
month the close has what each customer had at both of its ends; of an open one the contracts say it, under the policy that the
month follows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np
import polars as pl

from metrics.computation import Earlier
from metrics.engine.arrays import grouped_sum
from metrics.engine.balances import attributes_of_units
from metrics.engine.csv_format import ADJUSTMENT
from metrics.engine.detail import kept_of
from metrics.engine.month_end import MonthEnd
from metrics.engine.policy import Policy
from metrics.memory import Memory
from metrics.models import CloseDetail
from metrics.packing import unpacked_frame
from metrics.selectors.close_details import Kept
from metrics.selectors.figures import BookHead
from metrics.selectors.month_ends import NO_LINES, MonthEnds
from metrics.selectors.policies import policy_before_closes, policy_in_force
from portal.tenancy.models import Client

NOTHING: Final = pl.DataFrame(schema={"customer": pl.String, "amount": pl.Int64})
STEPS: Final[Memory[pl.DataFrame]] = Memory(400_000)  # rows; closes never change
ENDS: Final[Memory[pl.DataFrame]] = Memory(200_000)  # of the few closes that an open month follows, or goes before
Values = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Side:
    """What every customer has at one end of a month: what a close has of it (`before` or `now`), or the contracts at the end of
    an open `month`, under the policy in force or, `is_earlier`, that of the months before the first close.
    """

    close: int | None = None
    column: str = ""
    month: int = 0
    is_earlier: bool = False


def adjusted(
    client: Client, head: BookHead, kept: Kept, filters: Values, first: int, last: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`customer, kind, amount` of the adjustments of the months from `first` to `last`, as the bridge has them: of closed
    months as they are reported now, and as they were closed first. What cannot be valued by now is left out.
    """
    shares = Shares(client, head, kept, filters)
    return shares.between(first, last, -1), shares.between(first, last, 0)


def summed(amounts: pl.DataFrame) -> pl.DataFrame:
    """One row of each customer whose amounts are anything together."""
    return amounts.group_by("customer").agg(pl.col("amount").sum()).filter(pl.col("amount") != 0)


@dataclass
class Shares:
    """Where the months of a book do not go on as the one before ended, customer by customer, under filters."""

    client: Client
    head: BookHead
    kept: Kept
    filters: Values
    read: dict[Side, pl.DataFrame | None] = field(default_factory=dict)
    frames: dict[int, pl.DataFrame] = field(default_factory=dict)

    def between(self, first: int, last: int, place: int) -> pl.DataFrame:
        """The adjustments of some months, of closed ones by the revision at a `place`: -1 the newest, 0 the first."""
        steps = [step for month in range(first, last + 1) for step in self.steps(month, place)]
        found = pl.concat([NOTHING, *(self.step(*sides) for sides in steps)])
        return summed(found).select("customer", pl.lit(ADJUSTMENT).alias("kind"), "amount")

    def of_customer(self, customer: str, month: int, place: int) -> int:
        """What one customer gives to the adjustment of a month, in cents."""
        own = pl.col("customer") == customer
        return sum(int(self.step(*sides).filter(own)["amount"].sum()) for sides in self.steps(month, place))

    def steps(self, month: int, place: int) -> list[tuple[Side, Side]]:
        """From where to where the customers go in what the bridge calls the adjustment of a month: before it, and at the end of
        the open month before the first close, which ends with what that one reported as its beginning.
        """
        start = min(each for each in (self.head.first_month, self.kept.oldest, month) if each is not None)
        found = [(self.ending(month - 1, place), self.beginning(month, place))] if month > start else []
        if self.is_told_by_close(month):
            found.append((self.live(month, month), self.ending(month, place)))
        return [(left, right) for left, right in found if left != right]

    def is_told_by_close(self, month: int) -> bool:
        """Whether it is the open month before the first close, which ends with what that one reported."""
        return month + 1 == self.kept.oldest and month + 1 in self.kept.closes

    def beginning(self, month: int, place: int) -> Side:
        """What a month begins with."""
        closes = self.kept.closes.get(month)
        return Side(closes[place][0], "before") if closes else self.live(month - 1, month)

    def ending(self, month: int, place: int) -> Side:
        """What a month ends with, as the bridge has it."""
        if self.is_told_by_close(month):
            closes = self.kept.closes[month + 1]
            told = [pk for pk, policy in closes if policy == closes[0][1]]
            return Side(told[place], "before")
        found = self.kept.closes.get(month)
        return Side(found[place][0], "now") if found else self.live(month, month)

    def live(self, month: int, followed: int) -> Side:
        """A month end as the contracts stand now, under the policy that the month `followed` follows."""
        until = self.kept.oldest
        if until is None and self.earlier is not None:
            until = self.earlier.until
        return Side(month=month, is_earlier=until is not None and followed < until and self.has_other)

    @cached_property
    def earlier(self) -> Earlier | None:
        """The policy of the months before the first close."""
        return policy_before_closes() if self.head.may_have_closes else None

    @cached_property
    def has_other(self) -> bool:
        """Whether the months before the first close follow another policy than the one in force."""
        first = self.kept.closes.get(self.kept.oldest or 0)
        if first and first[0][1] == self.head.policy_number:
            return False
        return self.earlier is not None and self.recognised(self.earlier.policy) != self.policy

    @cached_property
    def policy(self) -> Policy:
        """The policy in force, of this book."""
        return self.recognised(policy_in_force(self.client))

    @cached_property
    def ends(self) -> MonthEnds:
        """The month ends as the contracts stand now."""
        return MonthEnds.of(self.client)

    def recognised(self, policy: Policy) -> Policy:
        """A policy under the recognition of the book."""
        return policy.with_(recognition=self.head.recognition)

    def step(self, left: Side, right: Side) -> pl.DataFrame:
        """By customer what one side has more than the other; what closes have of both is remembered."""
        if left.close is None or right.close is None:
            return self.difference(left, right, self.remembered)
        key = (self.client.pk, left, right, *sorted(self.filters.items()))
        return STEPS.get(key, lambda: self.difference(left, right, self.closed), lambda made: made.height + 1)

    def difference(self, left: Side, right: Side, closed: Callable[[Side], pl.DataFrame]) -> pl.DataFrame:
        """The right side less the left one; nothing where one of them cannot be valued."""
        had, has = (self.held(side, closed) for side in (left, right))
        if had is None or has is None:
            return NOTHING
        return summed(pl.concat([has, had.with_columns(-pl.col("amount"))]))

    def held(self, side: Side, closed: Callable[[Side], pl.DataFrame]) -> pl.DataFrame | None:
        """`customer, amount` at a side; None where it cannot be valued by now."""
        return closed(side) if side.close is not None else self.live_balances(side)

    def both(self, left: Side, right: Side) -> tuple[pl.DataFrame, pl.DataFrame] | None:
        """What every customer has at either side of a step; None where one of them cannot be valued by now."""
        had, has = self.held(left, self.remembered), self.held(right, self.remembered)
        return None if had is None or has is None else (summed(had), summed(has))

    def remembered(self, side: Side) -> pl.DataFrame:
        """`closed`, remembered."""
        key = (self.client.pk, side, *sorted(self.filters.items()))
        return ENDS.get(key, lambda: self.closed(side), lambda made: made.height + 1)

    def closed(self, side: Side) -> pl.DataFrame:
        """`customer, amount` of a close, of what the filters leave."""
        rows = kept_of(self.frame(side.close or 0), self.filters)
        return rows.select("customer", pl.col(side.column).alias("amount")).filter(pl.col("amount") != 0)

    def live_balances(self, side: Side) -> pl.DataFrame | None:
        """`customer, amount` of an open month, of what the filters leave; None where a rate is missing."""
        if side not in self.read:
            self.read[side] = self.as_it_stands(side)
        return self.read[side]

    def as_it_stands(self, side: Side) -> pl.DataFrame | None:
        """`live_balances`, read once."""
        policy = self.recognised(self.earlier.policy) if side.is_earlier and self.earlier else self.policy
        end = self.ends.at(policy, side.month)
        if isinstance(end, MonthEnd):
            return balances_at(end, self.filters)
        return NOTHING if end is NO_LINES else None

    def frame(self, close: int) -> pl.DataFrame:
        """What a close kept of its customers; the last two that were read are at hand."""
        if close not in self.frames:
            packed = CloseDetail.objects.values_list("customers", flat=True).get(close=close)
            self.frames = dict([*self.frames.items()][-1:]) | {close: unpacked_frame(packed)}
        return self.frames[close]


def balances_at(end: MonthEnd, filters: Values) -> pl.DataFrame:
    """`customer, amount` at a month end, of the customers and products that filters leave."""
    lines, unit = end.lines, end.lines.unit[end.rows]
    wanted = np.ones(len(unit), dtype=np.bool_)
    for name, values in filters.items():
        if name == "product":
            names, codes = lines.product_names, lines.product[end.rows]
        else:
            attributes = attributes_of_units(lines, (name,))
            names, codes = attributes.names[name], attributes.codes[name][unit]
        wanted &= names.cast(pl.String).is_in(list(values)).to_numpy()[codes]
    amounts = grouped_sum(unit[wanted], end.cents[wanted], len(lines.unit_names))
    held = np.flatnonzero(amounts)
    return pl.DataFrame({"customer": lines.unit_names.gather(held).cast(pl.String), "amount": amounts[held]})
