"""Who makes a prior-period adjustment: customer by customer, what a closed month had, and what the month after it begins with.

`adjustment_customers(client, recognition, first, last, grain="month") -> Adjustment`. Runs in the client's scope.

A closed month keeps what each customer had at its end; before the first close it is what the contracts say now. What the month
after it began with is kept customer by customer only while that month is open; of a closed one it is computed from the
contracts of now, under the policy of its close. Where these were corrected once more since, the difference to the figure that
was closed is told as `rest`: nobody knows whose it is.
"""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

import polars as pl
from django.db.models import Sum

from metrics.computation import EngineInput
from metrics.engine.bridge import TOTAL
from metrics.engine.drill import customer_bridge
from metrics.figures import from_cents
from metrics.models import CloseBalance, MonthClose
from metrics.selectors.books import book_head
from metrics.selectors.closes import latest_closes
from metrics.selectors.customers import customer_names
from metrics.selectors.figures import ZERO, BookHead
from metrics.selectors.filtered import book_input
from metrics.selectors.periods import Grain
from metrics.selectors.reported import bridge_reported
from portal.tenancy.models import Client

Amounts = dict[str, Decimal]


@dataclass(frozen=True)
class AdjustedCustomer:
    """A customer with what closed months had of it, what the months after them begin with, and the last of these months."""

    customer: str
    name: str
    month: int
    closed: Decimal
    begins: Decimal

    @property
    def amount(self) -> Decimal:
        """Its part of the adjustment."""
        return self.begins - self.closed


@dataclass(frozen=True)
class Adjustment:
    """An adjustment of the months from `first` to `last`: `customers` and `rest` add up to `amount` to the cent.

    `months` are those that begin elsewhere than the closed month before them ended.
    """

    head: BookHead
    first: int
    last: int
    months: tuple[int, ...]
    amount: Decimal
    customers: tuple[AdjustedCustomer, ...]
    rest: Decimal


def adjustment_customers(
    client: Client, recognition: str | None, first: int, last: int, grain: Grain = "month"
) -> Adjustment:
    """The customers behind an adjustment of all customers, the largest first. Raises MissingRates.

    `grain` is that of the bridge whose adjustment is explained.
    """
    head = book_head(client, recognition)
    shown = bridge_reported(client, head, first, last, TOTAL, grain).totals
    amount = sum((row.adjustment for row in shown), ZERO)
    closes = {close.month: close for close in latest_closes(head.recognition)}
    months = [
        row.period.first
        for row in bridge_reported(client, head, first, last).totals
        if row.adjustment and (row.period.first - 1 in closes or row.period.first in closes)
    ]
    given = book_input(client, head)
    closed: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    begins: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    at: dict[str, int] = {}
    for month in months:
        before = closes.get(month - 1)
        had = balances_of(before) if before else ending_of(given, month - 1)
        has = beginning_of(given, closes.get(month), month)
        for customer in had.keys() | has.keys():
            if had.get(customer, ZERO) != has.get(customer, ZERO):
                closed[customer] += had.get(customer, ZERO)
                begins[customer] += has.get(customer, ZERO)
                at[customer] = month - 1
    names = customer_names(list(at))
    made = [AdjustedCustomer(key, names[key], at[key], closed[key], begins[key]) for key in at]
    customers = sorted((each for each in made if each.amount), key=lambda each: (-abs(each.amount), each.customer))
    rest = amount - sum((each.amount for each in customers), ZERO)
    return Adjustment(head, first, last, tuple(months), amount, tuple(customers), rest)


def balances_of(close: MonthClose) -> Amounts:
    """What each customer had when a month was closed."""
    rows = CloseBalance.objects.filter(close=close).values("customer").annotate(total=Sum("amount"))
    return dict(rows.values_list("customer", "total"))


def ending_of(given: EngineInput, month: int) -> Amounts:
    """What each customer has at the end of an open month, as the contracts are now."""
    own = given.at(month)
    rows = customer_bridge(own.lines, own.rates, own.policy, month).group_by("customer").agg(pl.col("ending").sum())
    return {customer: from_cents(cents) for customer, cents in rows.iter_rows()}


def beginning_of(given: EngineInput, close: MonthClose | None, month: int) -> Amounts:
    """What each customer begins a month with, as the contracts are now: under the policy of its close, or of the book."""
    asked = given if close is None or close.policy_then == given.policy else given.under(close.policy_then)
    rows = customer_bridge(asked.lines, asked.rates, asked.policy, month)
    summed = rows.group_by("customer").agg(pl.col("beginning").sum())
    return {customer: from_cents(cents) for customer, cents in summed.iter_rows()}
