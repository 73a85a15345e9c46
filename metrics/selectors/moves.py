"""What one customer's part of a figure over several months is made of, month by month.

`customer_moves(client, recognition, customer, first, last, dimension, group, column, filters=None) -> Moves | None`

With what closes kept of these months, a closed month is as it was closed, and the contracts say only the open ones.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Self

import polars as pl

from metrics import repository
from metrics.computation import EngineInput
from metrics.engine.bridge import COUNTS, TOTAL
from metrics.engine.csv_format import ADJUSTMENT
from metrics.engine.detail import customer_columns, group_filters
from metrics.engine.drill import customer_bridge
from metrics.engine.policy import Policy
from metrics.engine.tally import KINDS
from metrics.engine.valuation import MissingRates
from metrics.figures import from_cents
from metrics.models import CloseDetail
from metrics.packing import unpacked_frame
from metrics.selectors.books import book_head
from metrics.selectors.close_details import Kept
from metrics.selectors.customers import customer_names
from metrics.selectors.drill import cell_targets, customers_matching, linked_lines
from metrics.selectors.figures import BookHead, Filters, chosen_values
from metrics.selectors.mover_shares import Shares
from metrics.selectors.policies import policy_before_closes, policy_in_force
from portal.tenancy.models import Client

PARTS: Final = {"net_new": KINDS, "net_change": (*KINDS, ADJUSTMENT), "change": (*KINDS, "fx", ADJUSTMENT)}
MOVING: Final = (
    *KINDS,
    "fx",
    *PARTS,
    *(name for name in COUNTS if name not in ("customers_beginning", "customers_ending")),
)
Amounts = Mapping[tuple[int, str], int]  # by month and column of the bridge, in cents or as a count; nothing is 0


@dataclass(frozen=True)
class Move:
    """What moved in one month: `kind` is the column of the bridge; the amount is money, or a count of customers. `is_closed`
    says that it is as the month was closed.
    """

    month: int
    kind: str
    amount: Decimal
    is_closed: bool = False


@dataclass(frozen=True)
class Moves:
    """A customer's part of a figure over the months from `first` to `last`: `amount` is the exact sum of the moves.

    `closed` are the months that are as they were closed, `restated` those of them that were closed again, and `unkept` the
    closed ones of which no customers were kept, so that the contracts of now say them. `reported` is the sum as it was reported
    first, where a month was restated; `now` that by the contracts of now, None where a rate is missing.
    """

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
    closed: tuple[int, ...] = ()
    restated: tuple[int, ...] = ()
    unkept: tuple[int, ...] = ()
    reported: Decimal | None = None
    now: Decimal | None = None

    @property
    def is_other(self) -> bool:
        """Whether the contracts of now say something else."""
        return bool(self.closed) and self.now is not None and self.now != self.amount


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
    kept: Kept | None = None,
) -> Moves | None:
    """The months in which a customer moved, and by how much; None for a customer of whom neither lines nor closes say anything.

    `column` is a movement of the bridge (also `fx` and the counts), `net_new` for all movements that are business, `net_change`
    for those and the customer's share of prior-period adjustments, as `movers_get` has it, `change` for these and the effect
    of exchange rates. Under another `policy` where one is given, of the contracts alone, else each month under its own. Reads
    the customer's lines and those linked with them, and what closes `kept`. Raises KeyError for an unknown column,
    MissingRates of an open month.
    """
    if column not in MOVING:
        raise KeyError(column)
    head, wanted = book_head(client, recognition), chosen_values(filters)
    asked = Asked(client, head, customer, first, last, (dimension, group), wanted, PARTS.get(column, (column,)))
    kept, lines = kept or Kept(), LinesMoved.of(asked, policy)
    closed = closed_amounts(asked, kept)
    if lines.given is None and not any(closed[-1].values()):
        return None
    own = None if policy is not None else asked.adjusted(kept, -1)
    shown = {
        **lines.amounts(month for month in asked.months if month not in kept.movements),
        **closed[-1],
        **(own or {}),
    }
    moves = tuple(
        Move(month, kind, asked.told(amount), month in kept.movements)
        for (month, kind), amount in sorted(shown.items(), key=lambda each: asked.place(*each[0]))
        if amount
    )
    ways = asked.other_ways(kept, lines, closed[0]) if kept.movements else (None, None)
    name, total = customer_names([customer])[customer], asked.told(sum(shown.values()))
    of_closes = tuple(kept.movements), kept.restated, tuple(each for each in kept.closed if each not in kept.movements)
    return Moves(head, customer, name, first, last, dimension, group, column, total, moves, *of_closes, *ways)


@dataclass(frozen=True)
class Asked:
    """Whose part of which figure of which months."""

    client: Client
    head: BookHead
    customer: str
    first: int
    last: int
    of: tuple[str, str]
    filters: Mapping[str, tuple[str, ...]]
    parts: Sequence[str]

    @property
    def months(self) -> range:
        return range(self.first, self.last + 1)

    def told(self, amount: int) -> Decimal:
        """An amount of money, or a number of customers."""
        return Decimal(amount) if self.parts[0] in COUNTS else from_cents(amount)

    def place(self, month: int, kind: str) -> tuple[int, int]:
        """Where a move stands: by month, in each what it begins with elsewhere, then in the order of the bridge."""
        return month, -1 if kind == ADJUSTMENT else self.parts.index(kind)

    def adjusted(self, kept: Kept, place: int) -> dict[tuple[int, str], int]:
        """The customer's share of prior-period adjustments, with closed months by the revision at a `place`."""
        if ADJUSTMENT not in self.parts:
            return {}
        shares = Shares(self.client, self.head, kept, group_filters(*self.of, self.filters))
        return {(month, ADJUSTMENT): shares.of_customer(self.customer, month, place) for month in self.months}

    def other_ways(self, kept: Kept, lines: "LinesMoved", closed: Amounts) -> tuple[Decimal | None, Decimal | None]:
        """The sum as it was reported first, where a month was restated, and the sum by the contracts of now."""
        reported, now = None, None
        if kept.restated:
            live = lines.amounts(month for month in self.months if month not in kept.movements)
            first = {**live, **closed, **self.adjusted(kept, 0)}
            reported = self.told(sum(first.values()))
        try:
            amounts = {**lines.amounts(self.months), **self.adjusted(Kept(), -1)}
            now = self.told(sum(amounts.values()))
        except MissingRates:
            pass
        return reported, now


def closed_amounts(asked: Asked, kept: Kept) -> tuple[dict[tuple[int, str], int], dict[tuple[int, str], int]]:
    """What a customer moved in closed months, as these were closed first, and as they are reported now. One query."""
    wanted = {kept.closes[month][place][0]: month for month in kept.movements for place in (0, -1)}
    rows = CloseDetail.objects.filter(close__in=wanted).values_list("close_id", "customers")
    read = {
        close: customer_columns(unpacked_frame(packed), *asked.of, asked.filters, asked.customer)
        for close, packed in rows.iterator(4)
    }
    parts = [part for part in asked.parts if part != ADJUSTMENT]
    first, newest = (
        {(month, part): read[kept.closes[month][place][0]][part] for month in kept.movements for part in parts}
        for place in (0, -1)
    )
    return first, newest


@dataclass(frozen=True)
class LinesMoved:
    """What a customer moved by the contracts of now; `given` is None of a customer without lines."""

    asked: Asked
    given: EngineInput | None
    targets: Sequence[tuple[str, str]]

    @classmethod
    def of(cls, asked: Asked, policy: Policy | None) -> Self:
        """The lines of the customer and those linked with them, cut as the figure is."""
        earlier = policy_before_closes() if policy is None else None
        policy = policy or policy_in_force(asked.client).with_(recognition=asked.head.recognition)
        unit = earlier.policy.customer_unit if earlier and asked.last < earlier.until else policy.customer_unit
        lines = linked_lines(unit, asked.customer)
        if not lines.height:
            return cls(asked, None, ())
        rates = repository.rates_frame(asked.client, lines["currency"].unique())
        given = EngineInput.of(lines, rates, policy, earlier=earlier)
        targets, wanted = cell_targets(*asked.of, dict(asked.filters))
        is_wanted = (
            not wanted or asked.customer in customers_matching(given.at(asked.last), wanted)["customer"].to_list()
        )
        return cls(asked, given, targets if is_wanted else ())

    def amounts(self, months: Iterable[int]) -> dict[tuple[int, str], int]:
        """What the customer moved in some months. Raises MissingRates."""
        if self.given is None or not self.targets:
            return {}
        parts = tuple(part for part in self.asked.parts if part != ADJUSTMENT)
        return {
            (month, kind): amount
            for month in months
            for kind, amount in month_moves(
                self.given.at(month), self.asked.customer, month, self.targets, parts
            ).items()
        }


def month_moves(
    given: EngineInput, customer: str, month: int, targets: Sequence[tuple[str, str]], parts: tuple[str, ...]
) -> dict[str, int]:
    """One customer's columns of the bridge of one month, added over the groups."""
    rows = pl.concat(
        [customer_bridge(given.lines, given.rates, given.policy, month, *target) for target in targets]
    ).filter(pl.col("customer") == customer)
    return {part: int(rows[part].sum()) for part in parts}
