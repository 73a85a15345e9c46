"""Who makes a prior-period adjustment: customer by customer, what a closed month had, and what the month after it begins with.

`adjustment_customers(client, recognition, first, last, grain, dimension, group, filters) -> Adjustment`. Runs in the client's
scope.

Of a closed month the close has what each customer began and ended it with, whatever it is cut by; of an open one the contracts
say it. A month that was closed before closes kept customers has what each ended with and no more: what it began with is
computed from the contracts of now under its policy, and nothing is known of it by segment, region, representative or product.
What cannot be told so is the `rest`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import polars as pl
from django.db.models import Sum

from metrics.computation import EngineInput
from metrics.engine.bridge import TOTAL
from metrics.engine.detail import group_filters
from metrics.engine.drill import customer_bridge
from metrics.engine.valuation import MissingRates
from metrics.figures import from_cents
from metrics.models import CloseBalance, MonthClose
from metrics.selectors.books import book_head
from metrics.selectors.close_details import kept_get
from metrics.selectors.close_rows import is_stored
from metrics.selectors.closes import latest_closes
from metrics.selectors.customers import customer_names
from metrics.selectors.figures import ZERO, BookHead, Filters, chosen_values
from metrics.selectors.filtered import book_input
from metrics.selectors.mover_shares import Shares
from metrics.selectors.periods import Grain
from metrics.selectors.reported import bridge_reported
from portal.tenancy.models import Client

Amounts = Mapping[str, Decimal]


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

    `months` are those that begin elsewhere than the month before them ended, `unkept` the closed months for whose sake a rest
    cannot be told: none, where it is for a missing rate.
    """

    head: BookHead
    first: int
    last: int
    months: tuple[int, ...]
    amount: Decimal
    customers: tuple[AdjustedCustomer, ...]
    rest: Decimal
    unkept: tuple[int, ...] = ()


@dataclass
class Parts:
    """By customer what closed months had and what the months after them begin with, added up over some months."""

    closed: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(lambda: ZERO))
    begins: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(lambda: ZERO))
    at: dict[str, int] = field(default_factory=dict)

    def add(self, month: int, had: Amounts, has: Amounts) -> None:
        """Whoever has something else after a month than in it."""
        for customer in had.keys() | has.keys():
            if had.get(customer, ZERO) != has.get(customer, ZERO):
                self.closed[customer] += had.get(customer, ZERO)
                self.begins[customer] += has.get(customer, ZERO)
                self.at[customer] = month

    def customers(self) -> list[AdjustedCustomer]:
        """Those of whom anything is left, the largest first."""
        names = customer_names(list(self.at))
        made = [AdjustedCustomer(key, names[key], self.at[key], self.closed[key], self.begins[key]) for key in self.at]
        return sorted((each for each in made if each.amount), key=lambda each: (-abs(each.amount), each.customer))


def adjustment_customers(
    client: Client,
    recognition: str | None,
    first: int,
    last: int,
    grain: Grain = "month",
    dimension: str = TOTAL,
    group: str = "",
    filters: Filters = None,
) -> Adjustment:
    """The customers behind an adjustment of all customers, or of one group, under filters, the largest first.

    `grain` is that of the bridge whose adjustment is explained.
    """
    head, wanted = book_head(client, recognition), chosen_values(filters)

    def told(by: Grain) -> dict[int, Decimal]:
        shown = bridge_reported(client, head, first, last, dimension, by, wanted)
        return {row.period.first: row.adjustment for row in shown.rows if row.group == group and row.adjustment}

    months, kept = tuple(told("month")), kept_get(head, first, last)
    is_whole = dimension == TOTAL and not wanted
    closes = {close.month: close for close in latest_closes(head.recognition)} if is_stored(dimension, wanted) else {}
    unkept = {month for month in closes if month not in kept.closes}
    shares, parts = Shares(client, head, kept, group_filters(dimension, group, wanted)), Parts()
    for month in range(first, last + 1):
        if not unkept & {month - 1, month, month + 1 if month + 1 == kept.oldest else month}:
            add_shares(parts, shares, month)
        elif is_whole and month in months:
            add_balances(parts, client, head, closes, month)
    customers = tuple(parts.customers())
    amount = sum(told(grain).values(), ZERO)
    rest = amount - sum((each.amount for each in customers), ZERO)
    behind = {each for month in months for each in (month - 1, month, month + 1)}
    return Adjustment(head, first, last, months, amount, customers, rest, tuple(sorted(unkept & behind)))


def add_shares(parts: Parts, shares: Shares, month: int) -> None:
    """What closes kept, and the contracts say, at both sides of each step of a month."""
    for sides in shares.steps(month, -1):
        if (both := shares.both(*sides)) is not None:
            parts.add(month - 1, *(amounts_of(each.iter_rows()) for each in both))


def add_balances(parts: Parts, client: Client, head: BookHead, closes: Mapping[int, MonthClose], month: int) -> None:
    """What a month before closes kept customers ended with, and the month after it begins with by the contracts of now."""
    if month - 1 not in closes and month not in closes:
        return
    given, before = book_input(client, head), closes.get(month - 1)
    try:
        had = balances_of(before) if before else ending_of(given, month - 1)
        parts.add(month - 1, had, beginning_of(given, closes.get(month), month))
    except MissingRates:
        return


def amounts_of(rows: Iterable[tuple[str, int]]) -> Amounts:
    """Cents by customer as amounts."""
    return {customer: from_cents(cents) for customer, cents in rows}


def balances_of(close: MonthClose) -> Amounts:
    """What each customer had when a month was closed."""
    rows = CloseBalance.objects.filter(close=close).values("customer").annotate(total=Sum("amount"))
    return dict(rows.values_list("customer", "total"))


def ending_of(given: EngineInput, month: int) -> Amounts:
    """What each customer has at the end of an open month, as the contracts are now."""
    own = given.at(month)
    rows = customer_bridge(own.lines, own.rates, own.policy, month).group_by("customer").agg(pl.col("ending").sum())
    return amounts_of(rows.iter_rows())


def beginning_of(given: EngineInput, close: MonthClose | None, month: int) -> Amounts:
    """What each customer begins a month with, as the contracts are now: under the policy of its close, or of the book."""
    asked = given if close is None or close.policy_then == given.policy else given.under(close.policy_then)
    rows = customer_bridge(asked.lines, asked.rates, asked.policy, month)
    return amounts_of(rows.group_by("customer").agg(pl.col("beginning").sum()).iter_rows())
