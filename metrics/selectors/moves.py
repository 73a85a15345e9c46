"""What one customer's part of a figure over several months is made of, month by month.

`customer_moves(client, recognition, customer, first, last, dimension, group, column, filters=None) -> Moves | None`
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import polars as pl

from metrics import repository
from metrics.computation import EngineInput
from metrics.engine.bridge import COUNTS, TOTAL
from metrics.engine.drill import customer_bridge
from metrics.engine.policy import Policy
from metrics.engine.tally import KINDS
from metrics.figures import from_cents
from metrics.selectors.books import book_head
from metrics.selectors.customers import customer_names
from metrics.selectors.drill import cell_targets, customers_matching, linked_lines
from metrics.selectors.figures import BookHead, Filters, chosen_values
from metrics.selectors.policies import policy_before_closes, policy_in_force
from portal.tenancy.models import Client

PARTS: Final = {"net_new": KINDS, "change": (*KINDS, "fx")}
MOVING: Final = (
    *KINDS,
    "fx",
    *PARTS,
    *(name for name in COUNTS if name not in ("customers_beginning", "customers_ending")),
)


@dataclass(frozen=True)
class Move:
    """What moved in one month: `kind` is the column of the bridge; the amount is money, or a count of customers."""

    month: int
    kind: str
    amount: Decimal


@dataclass(frozen=True)
class Moves:
    """A customer's part of a figure over the months from `first` to `last`: `amount` is the exact sum of the moves."""

    head: BookHead
    customer: str
    name: str
    first: int
    last: int
    dimension: str
    group: str
    column: str
    amount: Decimal
    moves: tuple[Move, ...]


def customer_moves(
    client: Client,
    recognition: str | None,
    customer: str,
    first: int,
    last: int,
    dimension: str = TOTAL,
    group: str = "",
    column: str = "change",
    filters: Filters = None,
    policy: Policy | None = None,
) -> Moves | None:
    """The months in which a customer moved, and by how much; None for a customer without lines.

    `column` is a movement of the bridge (also `fx` and the counts), `net_new` for all movements that are business, `change`
    for those and the effect of exchange rates. Under another `policy` where one is given, else each month under its own. Reads
    the customer's lines and those linked with them, no others. Raises KeyError for an unknown column, MissingRates.
    """
    if column not in MOVING:
        raise KeyError(column)
    head = book_head(client, recognition)
    earlier = policy_before_closes() if policy is None else None
    policy = policy or policy_in_force(client).with_(recognition=head.recognition)
    unit = earlier.policy.customer_unit if earlier and last < earlier.until else policy.customer_unit
    lines = linked_lines(unit, customer)
    if not lines.height:
        return None
    given = EngineInput.of(lines, repository.rates_frame(client, lines["currency"].unique()), policy, earlier=earlier)
    targets, wanted = cell_targets(dimension, group, chosen_values(filters))
    is_wanted = not wanted or customer in customers_matching(given.at(last), wanted)["customer"].to_list()
    parts = PARTS.get(column, (column,))
    moves = [
        Move(month, kind, Decimal(amount) if column in COUNTS else from_cents(amount))
        for month in range(first, last + 1)
        for kind, amount in month_moves(given.at(month), customer, month, targets, parts).items()
        if is_wanted and amount
    ]
    name = customer_names([customer])[customer]
    total = sum((move.amount for move in moves), Decimal(0))
    return Moves(head, customer, name, first, last, dimension, group, column, total, tuple(moves))


def month_moves(
    given: EngineInput, customer: str, month: int, targets: list[tuple[str, str]], parts: tuple[str, ...]
) -> dict[str, int]:
    """One customer's columns of the bridge of one month, added over the groups."""
    rows = pl.concat(
        [customer_bridge(given.lines, given.rates, given.policy, month, *target) for target in targets]
    ).filter(pl.col("customer") == customer)
    return {part: int(rows[part].sum()) for part in parts}
