"""Who of a cohort had ARR at the end of a closed month: as the close had them, beside what the contracts say now.

`closed_cohort(client, query, cohort, month) -> ClosedCohortShown | None` — None where the page shows the cohort of now: an open
month, or one of which closes did not keep customers.
"""

from dataclasses import dataclass
from decimal import Decimal

from metrics.engine.valuation import MissingRates
from metrics.selectors.books import book_head
from metrics.selectors.close_cohorts import ClosedCohort, cohort_closed
from metrics.selectors.customers import customer_names
from metrics.selectors.figures import ZERO, BookHead, Cell, chosen_values
from metrics.selectors.retained import cohort_customers
from portal.tenancy.models import Client
from reporting.arr_query import ArrQuery
from reporting.closed_figures import Told, told_of


@dataclass(frozen=True)
class CohortCustomer:
    """A customer of a cohort at a month end; None where they were not of it by the close, or are not by the contracts."""

    customer: str
    name: str
    closed: Decimal | None
    now: Decimal | None

    @property
    def difference(self) -> Decimal:
        """As it stands now, less as closed."""
        return (self.now or ZERO) - (self.closed or ZERO)


@dataclass(frozen=True)
class ClosedCohortShown:
    """The cohort at the end of a closed month: customers whose figures differ first, then the largest.

    `now` is what they have by the contracts of now; None where that cannot be computed. `told` are the sums where they differ.
    """

    head: BookHead
    month: int
    closed: ClosedCohort
    amount: Decimal
    now: Decimal | None
    customers: tuple[CohortCustomer, ...]
    told: Told | None

    @property
    def difference(self) -> Decimal:
        """As it stands now, less as closed."""
        return ZERO if self.now is None else self.now - self.amount

    has_reported = False  # of a cohort only the sum is told as it was reported first

    @property
    def is_restated(self) -> bool:
        """Whether the month was closed again."""
        return self.closed.revision > 1

    @property
    def is_other(self) -> bool:
        """Whether any customer of it has another figure now."""
        return self.now is not None and any(each.closed != each.now for each in self.customers)


def closed_cohort(client: Client, query: ArrQuery, cohort: tuple[int, int], month: int) -> ClosedCohortShown | None:
    """The customers of a cohort at the end of a month that its close kept."""
    head = book_head(client, query.recognition or None)
    if not query.reported or not head.may_have_closes:
        return None
    closed = cohort_closed(head, cohort, month, chosen_values(query.filters))
    if closed is None:
        return None
    live = cohort_now(client, query, cohort, month)
    own = {each.customer: each.amount for each in live.customers} if live else {}
    names = customer_names([*closed.amounts.keys() | own.keys()])
    rows = [CohortCustomer(key, names[key], closed.amounts.get(key), own.get(key)) for key in names]
    rows.sort(key=lambda each: (live is None or each.closed == each.now, -(each.closed or ZERO), each.customer))
    amount, now = sum(closed.amounts.values(), ZERO), live.amount if live else None
    told = told_of("", closed.reported, amount, amount if now is None else now, "money")
    return ClosedCohortShown(head, month, closed, amount, now, tuple(rows), told)


def cohort_now(client: Client, query: ArrQuery, cohort: tuple[int, int], month: int) -> Cell | None:
    """The cohort by the contracts of now; None where a rate is missing, or the book ends before."""
    try:
        return cohort_customers(client, query.recognition or None, cohort, month, query.filters)
    except (KeyError, MissingRates):
        return None
