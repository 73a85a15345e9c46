"""The customers behind a retention rate and behind a cell of the cohorts, recomputed from the lines as they stand now.

- `retention_customers(client, recognition, month, filters=None, most=None) -> Retained`
- `cohort_customers(client, recognition, cohort, month, filters=None) -> Cell`
"""

from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from metrics.engine.bridge import TOTAL
from metrics.engine.drill import customer_cohort, customer_retention
from metrics.engine.retention import ratio4
from metrics.figures import from_cents
from metrics.selectors.books import book_head
from metrics.selectors.customers import customer_names
from metrics.selectors.drill import customers_matching
from metrics.selectors.figures import BookHead, Cell, CellCustomer, Filters, chosen_values
from metrics.selectors.filtered import book_input, only_valued
from metrics.selectors.periods import Period
from portal.lib.periods import month_format
from portal.tenancy.models import Client


@dataclass(frozen=True)
class RetainedCustomer:
    """What a customer had twelve months before, has now, and kept of it: the lesser of the two."""

    customer: str
    name: str
    base: Decimal
    now: Decimal
    kept: Decimal


@dataclass(frozen=True)
class Retained:
    """The customers with ARR twelve months before a month, the largest differences first; the sums are theirs exactly.

    `customers` are the first of them, as many as were asked for, and `customer_count` is how many there are.
    """

    head: BookHead
    month: int
    base: Decimal
    now: Decimal
    kept: Decimal
    customers: tuple[RetainedCustomer, ...]
    customer_count: int

    @property
    def nrr(self) -> Decimal | None:
        """What they have of what they had; None where they had nothing."""
        return ratio4(int(self.now.scaleb(2)), int(self.base.scaleb(2)))

    @property
    def grr(self) -> Decimal | None:
        """What they kept of what they had."""
        return ratio4(int(self.kept.scaleb(2)), int(self.base.scaleb(2)))


def head_with(client: Client, recognition: str | None, month: int) -> BookHead:
    """The head of a book that has the month. Raises KeyError."""
    head = book_head(client, recognition)
    if head.first_month is None or head.last_month is None or not head.first_month <= month <= head.last_month:
        raise KeyError(month)
    return head


def retention_customers(
    client: Client, recognition: str | None, month: int, filters: Filters = None, most: int | None = None
) -> Retained:
    """Who makes NRR and GRR of a month, no more than `most` of them. Raises MissingRates, and KeyError for a month outside
    the book; filters by product are left out, as retention has none."""
    head = head_with(client, recognition, month)
    given, wanted = book_input(client, head).at(month), chosen_values(filters)
    wanted.pop("product", None)
    rows = customer_retention(given.lines, given.rates, given.policy, month)
    rows = rows.join(customers_matching(given, wanted), on="customer", how="semi") if wanted else rows
    shown = rows.sort((pl.col("now") - pl.col("base")).abs(), "customer", descending=[True, False])
    shown = shown.head(most or rows.height)
    names = customer_names(shown["customer"].to_list())
    customers = tuple(
        RetainedCustomer(customer, names[customer], *(from_cents(cents) for cents in amounts))
        for customer, *amounts in shown.iter_rows()
    )
    base, now, kept = (from_cents(int(rows[name].sum())) for name in ("base", "now", "kept"))
    return Retained(head, month, base, now, kept, customers, rows.height)


def cohort_customers(
    client: Client, recognition: str | None, cohort: tuple[int, int], month: int, filters: Filters = None
) -> Cell:
    """Who of a cohort has ARR at a month end, the largest first. Raises MissingRates, and KeyError outside the book."""
    head = head_with(client, recognition, month)
    given, wanted = book_input(client, head).at(month), chosen_values(filters)
    lines = only_valued(given.lines, given.policy.customer_unit, wanted) if wanted else given.lines
    rows = customer_cohort(lines, given.rates, given.policy, cohort, month)
    rows = rows.sort("amount", "customer", descending=[True, False])
    names = customer_names(rows["customer"].to_list())
    customers = tuple(
        CellCustomer(customer, names[customer], from_cents(cents), "") for customer, cents in rows.iter_rows()
    )
    period = Period(month_format(month), month, month)
    amount = sum((row.amount for row in customers), Decimal("0.00"))
    return Cell(head, period, TOTAL, "", "ending", amount, customers, len(customers))
