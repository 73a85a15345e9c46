"""Who moved ARR most.

`movers_get(client, basis=None, first=None, last=None, count=10, filters=None) -> Movers`
"""

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
    net = (
        movements.group_by("customer").agg(pl.col("amount").sum()).sort("amount", "customer", descending=[True, False])
    )
    gains = net.filter(pl.col("amount") > 0).head(count)
    losses = net.filter(pl.col("amount") < 0).sort("amount", "customer").head(count)
    shown = pl.concat([gains, losses])["customer"].to_list()
    parts = movements.filter(pl.col("customer").is_in(shown)).group_by("customer", "kind").agg(pl.col("amount").sum())
    by_customer = parts.sort("kind").partition_by("customer", as_dict=True)
    names = customer_names(shown)
    made = {key: mover(key, cents, names, by_customer) for key, cents in [*gains.iter_rows(), *losses.iter_rows()]}
    return Movers(
        head, start, end, tuple(made[key] for key in gains["customer"]), tuple(made[key] for key in losses["customer"])
    )


def mover(customer: str, cents: int, names: dict[str, str], parts: dict[tuple[object, ...], pl.DataFrame]) -> Mover:
    """One customer with the parts of its movement."""
    of_customer = tuple((kind, from_cents(amount)) for _, kind, amount in parts[(customer,)].iter_rows())
    return Mover(customer, names[customer], from_cents(cents), of_customer)


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
