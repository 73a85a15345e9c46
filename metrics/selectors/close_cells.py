"""The customers behind a cell of the bridge as reported: closed months as closed, open ones as the contracts are now.

`closed_cell(client, head, first, last, dimension, group, column, filters=None) -> ClosedCell | None`. In the client's scope.

The figure is put together as `metrics.selectors.reported` puts the row together: a period begins with what the closed month
before it ended with, and the open month before the first close ends with what that one began with. So its customers add up to
the cell that the page shows, to the cent.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import polars as pl
from django.db.models import Count, Sum

from metrics.engine.bridge import TOTAL
from metrics.engine.detail import customer_cells, parts_summed
from metrics.engine.valuation import MissingRates
from metrics.figures import from_cents
from metrics.models import CloseBalance, CloseDetail, MonthClose
from metrics.packing import unpacked_frame
from metrics.selectors.close_rows import is_stored
from metrics.selectors.customers import customer_names
from metrics.selectors.drill import cell_targets, month_cells, months_behind
from metrics.selectors.figures import BRIDGE_COLUMNS, ZERO, BookHead, Cell, CellCustomer, Filters, chosen_values
from metrics.selectors.filtered import book_input
from metrics.selectors.periods import Period
from portal.tenancy.models import Client

BALANCES: Final = ("ending", "customers_ending")  # every close has what each customer had at its end, of which product
CELLS: Final = pl.Schema({"customer": pl.String(), "amount": pl.Int64(), "kind": pl.String()})
Amounts = dict[str, int]
Values = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Close:
    """One close of a month: `policy` is the number of its version, `is_kept` whether it kept its customers."""

    pk: int
    month: int
    revision: int
    policy: int
    is_kept: bool


@dataclass(frozen=True)
class Part:
    """What one month gives to a figure: by a close, or (None) as the contracts are now."""

    month: int
    column: str
    close: Close | None

    def is_told(self, *, by_balances: bool) -> bool:
        """Whether it is known whose it is: of an open month, of a close that kept its customers, and `by_balances` of any what
        each had at the end.
        """
        return self.close is None or self.close.is_kept or (by_balances and self.column in BALANCES)


@dataclass(frozen=True)
class ClosedCustomer:
    """A customer's part of a figure as it is shown, as it was reported first, and by the contracts of now; None: no part.

    `kind` is its movement, of the last month in which it has a part: as that was closed, else by the contracts of now.
    """

    customer: str
    name: str
    closed: Decimal | None
    reported: Decimal | None
    now: Decimal | None
    kind: str = ""

    @property
    def difference(self) -> Decimal:
        """As it stands now, less as closed."""
        return (self.now or ZERO) - (self.closed or ZERO)


@dataclass(frozen=True)
class ClosedCell:
    """A cell with the customers of its closes: `cell` is the figure that is shown. Whoever differs by now stands first.

    `now` is the figure by the contracts of now; None where that cannot be computed. `reported` is what was reported first;
    None where none of its months was restated, or the first close kept no customers. `closes` are those that the figure is
    made of, `open_months` those of its months that are as the contracts stand now.
    """

    cell: Cell
    reported: Decimal | None
    now: Decimal | None
    customers: tuple[ClosedCustomer, ...]
    closes: tuple[Close, ...]
    open_months: tuple[int, ...]

    @property
    def difference(self) -> Decimal:
        """As it stands now, less as closed."""
        return ZERO if self.now is None else self.now - self.cell.amount

    @property
    def is_other(self) -> bool:
        """Whether any customer has another part in it now."""
        return self.now is not None and any(each.closed != each.now for each in self.customers)

    @property
    def has_reported(self) -> bool:
        """Whether it is known what each customer gave to it as it was reported first."""
        return self.reported is not None

    @property
    def is_restated(self) -> bool:
        """Whether any of its months was closed again."""
        return any(each.revision > 1 for each in self.closes)


@dataclass(frozen=True)
class Told:
    """Closed months in one revision each, and the close that says what the open month before the first of them ends with."""

    closes: Mapping[int, Close]
    begun: Close | None


def closed_cell(
    client: Client,
    head: BookHead,
    first: int,
    last: int,
    dimension: str,
    group: str,
    column: str,
    filters: Filters = None,
) -> ClosedCell | None:
    """The cell of the months from `first` to `last`; None where no close has a part in it, or one of which nobody knows its
    customers.

    Raises KeyError for an unknown column, MissingRates for open months that cannot be valued.
    """
    if column not in BRIDGE_COLUMNS and column != "net_new":
        raise KeyError(column)
    wanted, span = chosen_values(filters), (first, last)
    revisions, oldest = revisions_of(head, all_kept=not is_stored(dimension, wanted))
    parts = parts_of(column, *span, told_at(revisions, -1, oldest), head)
    closes = tuple(part.close for part in parts if part.close is not None)
    by_balances = {dimension, *wanted} <= {TOTAL, "product"}
    if not closes or not all(part.is_told(by_balances=by_balances) for part in parts):
        return None
    is_restated = any(close.revision > 1 for close in closes)
    firsts = parts_of(column, *span, told_at(revisions, 0, oldest), head) if is_restated else None
    if firsts is not None and not all(part.is_told(by_balances=by_balances) for part in firsts):
        firsts = None
    source = Source(client, head, (dimension, group), column, wanted)
    source.read([*parts, *(firsts or ())])
    ways = source.added(parts), source.added(firsts) if firsts else None, source.as_now(*span)
    is_count = column.startswith("customers")
    customers = customers_of(*ways, source.kinds, is_count=is_count)
    shown, reported, now = (None if own is None else told(sum(own.values()), is_count=is_count) for own in ways)
    own = tuple(CellCustomer(each.customer, each.name, each.closed, each.kind) for each in customers if each.closed)
    cell = Cell(head, Period("", *span), dimension, group, column, shown or ZERO, own, len(own))
    open_months = tuple(part.month for part in parts if part.close is None)
    return ClosedCell(cell, reported, now, tuple(customers), closes, open_months)


def months_unkept(head: BookHead, column: str, first: int, last: int) -> tuple[int, ...]:
    """The closed months behind a figure of which no customers were kept, by their newest close."""
    revisions, oldest = revisions_of(head, all_kept=False)
    parts = parts_of(column, first, last, told_at(revisions, -1, oldest), head)
    return tuple(sorted({part.close.month for part in parts if part.close is not None and not part.close.is_kept}))


def revisions_of(head: BookHead, *, all_kept: bool) -> tuple[dict[int, list[Close]], int]:
    """The closes of a book by month, the first one first, and the first closed month (0: none). `all_kept` leaves out months of
    which the first close kept no customers: of a cut that rows do not hold they are as the contracts are now.
    """
    if not head.may_have_closes:
        return {}, 0
    rows = MonthClose.objects.filter(recognition=head.recognition).order_by("month", "revision")
    found: dict[int, list[Close]] = {}
    for pk, month, revision, policy, detail in rows.values_list("pk", "month", "revision", "policy__number", "details"):
        found.setdefault(month, []).append(Close(pk, month, revision, policy, is_kept=detail is not None))
    kept = {month: closes for month, closes in found.items() if closes[0].is_kept or not all_kept}
    return kept, min(found, default=0)


def told_at(revisions: Mapping[int, Sequence[Close]], place: int, oldest: int) -> Told:
    """The newest revisions (-1), or the first ones (0); `oldest` is the first closed month of all, of which it may be unknown
    what the month before it ends with.
    """
    own = revisions.get(oldest, ())
    begun = [close for close in own if close.policy == own[0].policy]
    return Told({month: closes[place] for month, closes in revisions.items()}, begun[place] if begun else None)


def parts_of(column: str, first: int, last: int, told: Told, head: BookHead) -> list[Part]:
    """What a figure of the months from `first` to `last` is put together from."""
    closes, begun = told.closes, told.begun
    if column == "beginning" and head.first_month is not None and head.first_month < first:
        return parts_of("ending", first - 1, first - 1, told, head)
    if column == "ending" and last not in closes and begun is not None and begun.month == last + 1:
        return [Part(begun.month, "beginning", begun)]
    return [Part(month, column, closes.get(month)) for month in months_behind(column, first, last)]


class Source:
    """Whose amounts make the parts of a cell, in cents or as counts: each close is read once, each open month computed once."""

    def __init__(self, client: Client, head: BookHead, of: tuple[str, str], column: str, filters: Values) -> None:
        self.of, self.filters, self.column = of, filters, column
        self.given = book_input(client, head)
        self.targets, self.attributes = cell_targets(*of, dict(filters))
        self.read_of: dict[tuple[int | None, int, str], pl.DataFrame] = {}
        self.kinds: dict[str, str] = {}

    def read(self, parts: Sequence[Part]) -> None:
        """Read the closes that some parts need: together they may be large, and each is let go at once."""
        asked = {(part.close, part.month, part.column) for part in parts if part.close is not None}
        for told, month, column in asked:
            if not told.is_kept:
                self.read_of[told.pk, month, column] = self.balances(told.pk, column)
        wanted = {(told.pk, month, column) for told, month, column in asked if told.is_kept}
        rows = CloseDetail.objects.filter(close__in={close for close, _, _ in wanted})
        for close, packed in rows.values_list("close_id", "customers").iterator(4):
            detail = unpacked_frame(packed)
            for key in wanted:
                if key[0] == close:
                    self.read_of[key] = customer_cells(detail, *self.of, self.filters, key[2])

    def balances(self, close: int, column: str) -> pl.DataFrame:
        """`customer, amount, kind` of what each customer had at the end of a close that kept no more than that."""
        rows = CloseBalance.objects.filter(close=close)
        if "product" in self.filters:
            rows = rows.filter(product__in=self.filters["product"])
        if self.of[0] == "product":
            rows = rows.filter(product=self.of[1])
        each = "product" if "product" in (self.of[0], *self.filters) else "customer"
        amount = Sum("amount") if column == "ending" else Count(each, distinct=True)
        found = rows.values("customer").annotate(told=amount).values_list("customer", "told")
        told = [(customer, int(own.scaleb(2)) if column == "ending" else own) for customer, own in found]
        return parts_summed(pl.DataFrame([(*row, "") for row in told], schema=CELLS, orient="row"))

    def part(self, part: Part) -> pl.DataFrame:
        """`customer, amount, kind` of those who give something to one part. Raises MissingRates of an open month."""
        key = (part.close.pk if part.close else None, part.month, part.column)
        if key not in self.read_of:
            cells = [
                month_cells(self.given, part.month, target, part.column, self.attributes) for target in self.targets
            ]
            self.read_of[key] = parts_summed(pl.concat(cells))
        return self.read_of[key]

    def added(self, parts: Iterable[Part]) -> Amounts:
        """By customer what they give to all of some parts; who gives nothing is left out."""
        found: Amounts = {}
        kinds: dict[str, str] = {}
        for part in parts:
            for customer, amount, kind in self.part(part).iter_rows():
                found[customer] = found.get(customer, 0) + amount
                kinds[customer] = kind or ""
        self.kinds = kinds | self.kinds  # what was asked for first is what is shown
        return {customer: amount for customer, amount in found.items() if amount}

    def as_now(self, first: int, last: int) -> Amounts | None:
        """By customer the figure by the contracts of now; None where a month of it cannot be valued."""
        try:
            return self.added(Part(month, self.column, None) for month in months_behind(self.column, first, last))
        except MissingRates:
            return None


def customers_of(
    shown: Amounts, first: Amounts | None, now: Amounts | None, kinds: Mapping[str, str], *, is_count: bool
) -> list[ClosedCustomer]:
    """Everybody who has a part by any of them: whoever differs by now first, then the largest."""
    names = customer_names(list({**shown, **(first or {}), **(now or {})}))

    def figure(own: Amounts | None, customer: str) -> Decimal | None:
        return told(own[customer], is_count=is_count) if own and customer in own else None

    made = [
        ClosedCustomer(key, names[key], figure(shown, key), figure(first, key), figure(now, key), kinds[key])
        for key in names
    ]
    return sorted(
        made,
        key=lambda each: (now is None or each.closed == each.now, -abs(each.closed or ZERO), each.customer),
    )


def told(amount: int, *, is_count: bool) -> Decimal:
    """An amount of money, or a number of customers."""
    return Decimal(amount) if is_count else from_cents(amount)
