"""The retention of a closed month with the customers of its close, beside what the contracts say now.

`closed_retention(client, query, month) -> RetentionShown | None` — None where the page shows the retention of now: an open
month, or one of which closes did not keep customers.
"""

from dataclasses import dataclass

from metrics.engine.valuation import MissingRates
from metrics.selectors.books import book_head
from metrics.selectors.close_retention import ClosedRetention, retention_closed
from metrics.selectors.retained import Retained, RetainedCustomer, retention_customers
from portal.tenancy.models import Client
from reporting.arr_query import ArrQuery
from reporting.closed_figures import Told, together, told_of


@dataclass(frozen=True)
class RetentionCustomer:
    """A customer of twelve months before; None where they were not there by the close, or are not by the contracts."""

    customer: str
    name: str
    closed: RetainedCustomer | None
    now: RetainedCustomer | None

    @property
    def is_other(self) -> bool:
        """Whether the contracts of now say something else of them."""
        return self.closed != self.now


@dataclass(frozen=True)
class RetentionShown:
    """The retention of a closed month: `found` as it is shown, `now` by the contracts of now (None: it cannot be computed).

    Customers whose figures are others by now stand first, then those whose ARR changed most.
    """

    closed: ClosedRetention
    now: Retained | None
    customers: tuple[RetentionCustomer, ...]
    told: Told | None

    @property
    def found(self) -> Retained:
        """As it is shown."""
        return self.closed.shown

    @property
    def is_other(self) -> bool:
        """Whether any customer has other figures by the contracts of now."""
        return self.now is not None and any(each.is_other for each in self.customers)


def closed_retention(client: Client, query: ArrQuery, month: int) -> RetentionShown | None:
    """Who makes NRR and GRR of a month that its close kept."""
    head = book_head(client, query.recognition or None)
    closed = retention_closed(head, month, query.filters) if query.reported else None
    if closed is None:
        return None
    try:
        live = retention_customers(client, query.recognition or None, month, query.filters)
    except (KeyError, MissingRates):
        live = None
    own = {each.customer: each for each in closed.shown.customers}
    now = {each.customer: each for each in live.customers} if live else {}
    rows = [RetentionCustomer(key, each.name, own.get(key), now.get(key)) for key, each in {**now, **own}.items()]
    place = {key: at for at, key in enumerate([*own, *(key for key in now if key not in own)])}
    rows.sort(key=lambda each: (live is None or not each.is_other, place[each.customer]))
    first, found, since = closed.reported, closed.shown, live or closed.shown
    told = together(
        told_of("NRR, ", first.nrr, found.nrr, since.nrr, "percent"),
        told_of("GRR, ", first.grr, found.grr, since.grr, "percent"),
    )
    return RetentionShown(closed, live, tuple(rows), told)
