"""Who moved ARR most.

`movers_get(client, basis=None, first=None, last=None, count=10, filters=None) -> Movers`
"""

import numpy as np
import polars as pl

from metrics.book_rows import load_movements
from metrics.figures import from_cents
from metrics.models import ArrBook
from metrics.selectors.books import book_head, shown_months
from metrics.selectors.customers import customer_names
from metrics.selectors.figures import Basis, BookHead, Filters, Mover, Movers, chosen_values
from metrics.selectors.filtered import book_input, customer_attributes
from portal.tenancy.models import Client


def movers_get(
    client: Client,
    basis: Basis = None,
    first: int | None = None,
    last: int | None = None,
    count: int = 10,
    filters: Filters = None,
) -> Movers:
    """The customers with the largest net gains and losses over the months from `first` to `last` (default: the newest month).

    A movement is the customer's, by its case; effects of exchange rates are left out. Ties are in the order of the ids.
    """
    head = book_head(client, basis)
    start, end = shown_months(head, head.last_month if first is None else first, last)
    if head.id is None or end < start:
        return Movers(head, start, end, (), ())
    movements = load_movements(ArrBook(pk=head.id, client=client), start, end)
    movements = matching(client, head, movements, chosen_values(filters))
    net = movements.group_by("customer").agg(pl.col("amount").sum())
    gains, losses = (largest(net, way, count) for way in (1, -1))
    parts: dict[str, dict[str, int]] = {customer: {} for customer, _ in (*gains, *losses)}
    shown = movements.filter(pl.col("customer").is_in(list(parts))).select("customer", "kind", "amount")
    for customer, kind, cents in shown.iter_rows():
        parts[customer][kind] = parts[customer].get(kind, 0) + cents
    names = customer_names(parts)

    def mover(customer: str, cents: int) -> Mover:
        own = tuple((kind, from_cents(amount)) for kind, amount in sorted(parts[customer].items()))
        return Mover(customer, names[customer], from_cents(cents), own)

    return Movers(head, start, end, tuple(mover(*each) for each in gains), tuple(mover(*each) for each in losses))


def largest(net: pl.DataFrame, way: int, count: int) -> list[tuple[str, int]]:
    """The customers that moved most in one direction (1 up, -1 down), with their cents; equal ones in the order of ids."""
    moved = net["amount"].to_numpy() * way
    if len(moved) > count:
        least = max(1, int(np.partition(moved, -count)[-count]))
        net = net[np.flatnonzero(moved >= least)]
    rows = sorted(net.iter_rows(), key=lambda row: (-way * row[1], row[0]))
    return [(customer, cents) for customer, cents in rows if way * cents > 0][:count]


def matching(
    client: Client, head: BookHead, movements: pl.DataFrame, filters: dict[str, tuple[str, ...]]
) -> pl.DataFrame:
    """The movements of the customers and products that the filters leave."""
    if "product" in filters:
        movements = movements.filter(pl.col("product").is_in(list(filters["product"])))
    attributes = {name: value for name, value in filters.items() if name != "product"}
    if not attributes:
        return movements
    given = book_input(client, head)
    of_customer = customer_attributes(given.lines, given.policy.customer_unit)
    kept = of_customer.filter(*(pl.col(name).is_in(list(values)) for name, values in attributes.items()))
    return movements.join(kept.select(pl.col("unit").alias("customer")), on="customer", how="semi")
