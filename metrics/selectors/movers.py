"""Who moved ARR most.

`movers_get(client, basis=None, first=None, last=None, count=10, filters=None, kept=None) -> Movers`
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import polars as pl

from metrics.book_rows import load_movements
from metrics.figures import from_cents
from metrics.models import ArrBook
from metrics.selectors.books import book_head, shown_months
from metrics.selectors.close_details import Kept
from metrics.selectors.customers import customer_names
from metrics.selectors.figures import Basis, BookHead, Filters, Mover, Movers, chosen_values
from metrics.selectors.filtered import book_input, customer_attributes
from metrics.selectors.mover_shares import adjusted
from portal.tenancy.models import Client


def movers_get(
    client: Client,
    basis: Basis = None,
    first: int | None = None,
    last: int | None = None,
    count: int = 10,
    filters: Filters = None,
    kept: Kept | None = None,
) -> Movers:
    """The customers with the largest net gains and losses over the months from `first` to `last` (default: the newest month).

    A movement is the customer's, by its case; effects of exchange rates are left out. Its share of the prior-period adjustments
    is one of its parts: so each customer's net change leads from its beginning to its ending, and all of them from the bridge's
    beginning to its ending, but for exchange rates. Ties are in the order of the ids.

    With what closes `kept` of these months, they are as they were closed: where one was restated, each mover has what was
    reported first, and those who moved most by that are among them; each stands under the sign of what is reported now. A
    closed month stays where the book ends before it, because a rate is missing by now.
    """
    head, kept = book_head(client, basis), kept or Kept()
    start, end = shown_months(head, head.last_month if first is None else first, last)
    if head.id is None or (end < start and not kept.movements):
        return Movers(head, start, end, (), ())
    wanted = chosen_values(filters)
    live = load_movements(ArrBook(pk=head.id, client=client), start, end)
    live = matching(client, head, live.filter(~pl.col("month").is_in(list(kept.movements))), wanted)
    shown = [*range(start, end + 1), *kept.movements]
    start, end = min(shown), max(shown)
    now, first_told = (
        together(live, (revisions[place] for revisions in kept.movements.values()), wanted) for place in (-1, 0)
    )
    ways = [now, first_told] if kept.restated else [now]
    shares = adjusted(client, head, kept, wanted, start, end)
    ways = [pl.concat(each) for each in zip(ways, shares, strict=False)]
    gains, losses = sides(ways, count)
    made = movers_of([*gains, *losses], ways)
    up, down = (tuple(made[each] for each in names) for names in (gains, losses))
    return Movers(head, start, end, up, down, kept.restated)


def together(
    live: pl.DataFrame, frames: Iterable[pl.DataFrame], filters: Mapping[str, tuple[str, ...]]
) -> pl.DataFrame:
    """Live movements and those that closes kept, cut by the properties that customers had then."""
    columns = ["customer", "kind", "amount"]
    wanted = [pl.col(name).is_in(list(values)) for name, values in filters.items()]
    parts = [frame.filter(*wanted) if wanted else frame for frame in frames]
    return pl.concat([frame.select(columns).cast({"kind": pl.String}) for frame in (live, *parts)])


def sides(ways: Sequence[pl.DataFrame], count: int) -> tuple[list[str], list[str]]:
    """Who gained and who lost, most first: those who moved most by any of some movements, each on the side of the first of
    them, by which they are ordered. Whoever did not move by that is on the side of the other figure, last.
    """
    nets = [movements.group_by("customer").agg(pl.col("amount").sum()) for movements in ways]
    found = {way: {customer for net in nets for customer, _ in largest(net, way, count)} for way in (1, -1)}
    either = found[1] | found[-1]
    amounts = dict(nets[0].filter(pl.col("customer").is_in(list(either))).iter_rows())

    def side(way: int) -> list[str]:
        moved = {each: way * amounts.get(each, 0) for each in either}
        own = [each for each, amount in moved.items() if amount > 0 or (not amount and each in found[way])]
        return sorted(own, key=lambda each: (-moved[each], each))

    return side(1), side(-1)


def movers_of(customers: list[str], ways: Sequence[pl.DataFrame]) -> dict[str, Mover]:
    """Some customers with their movements and the parts of these; as reported by the second of the `ways`, if there is one."""
    wanted = pl.col("customer").is_in(customers)
    parts: list[dict[str, dict[str, int]]] = []
    for movements in ways:
        own: dict[str, dict[str, int]] = {customer: {} for customer in customers}
        for customer, kind, cents in movements.filter(wanted).iter_rows():
            own[customer][kind] = own[customer].get(kind, 0) + cents
        parts.append(own)
    names = customer_names(parts[0])

    def mover(customer: str) -> Mover:
        told = tuple((kind, from_cents(amount)) for kind, amount in sorted(parts[0][customer].items()))
        amounts = [from_cents(sum(own[customer].values())) for own in parts]
        return Mover(customer, names[customer], amounts[0], told, amounts[1] if len(amounts) > 1 else None)

    return {customer: mover(customer) for customer in customers}


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
    if not attributes or not movements.height:
        return movements
    given = book_input(client, head)
    of_customer = customer_attributes(given.lines, given.policy.customer_unit)
    kept = of_customer.filter(*(pl.col(name).is_in(list(values)) for name, values in attributes.items()))
    return movements.join(kept.select(pl.col("unit").alias("customer")), on="customer", how="semi")
