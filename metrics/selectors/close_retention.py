"""Who makes NRR and GRR of a closed month, as its closes kept them. Runs in the client's scope.

`retention_closed(head, month, filters) -> ClosedRetention | None` — None of an open month, and of one closed before closes kept
customers.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from metrics.engine.detail import kept_of, of_customers
from metrics.figures import from_cents
from metrics.models import MonthClose
from metrics.packing import Data, unpacked_frame
from metrics.selectors.customers import customer_names
from metrics.selectors.figures import BookHead, Filters, chosen_values
from metrics.selectors.retained import Retained, RetainedCustomer


@dataclass(frozen=True)
class ClosedRetention:
    """The retention of a closed month with its customers, as it is shown and as it was reported first; the newest close."""

    shown: Retained
    reported: Retained
    revision: int
    policy: int

    @property
    def is_restated(self) -> bool:
        """Whether the month was closed again."""
        return self.revision > 1


def retention_closed(head: BookHead, month: int, filters: Filters = None) -> ClosedRetention | None:
    """The customers of a closed month's retention, which has no products."""
    if not head.may_have_closes:
        return None
    rows = MonthClose.objects.filter(recognition=head.recognition, month=month).order_by("revision")
    closes = list(rows.values_list("revision", "policy__number", "details__customers"))
    if not closes or closes[0][2] is None:
        return None
    wanted = {name: values for name, values in chosen_values(filters).items() if name != "product"}
    reported, shown = (retained_of(head, month, packed, wanted) for _, _, packed in (closes[0], closes[-1]))
    return ClosedRetention(shown, reported, *closes[-1][:2])


def retained_of(head: BookHead, month: int, packed: Data, filters: Mapping[str, tuple[str, ...]]) -> Retained:
    """Retention by what one close kept of each customer and product."""
    base, now = pl.col("base"), pl.col("now")
    rows = of_customers(kept_of(unpacked_frame(packed), filters)).filter("based")
    rows = rows.select("customer", base, now, pl.min_horizontal(base, now).alias("kept")).sort(
        (now - base).abs(), "customer", descending=[True, False]
    )
    names = customer_names(rows["customer"].to_list())
    customers = tuple(
        RetainedCustomer(customer, names[customer], *(from_cents(cents) for cents in amounts))
        for customer, *amounts in rows.iter_rows()
    )
    had, have, held = (from_cents(int(rows[name].sum())) for name in ("base", "now", "kept"))
    return Retained(head, month, had, have, held, customers, len(customers))
