"""The frozen rows that pages, exports and the API show: exact decimals in the reporting currency, nothing formatted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Self

from metrics.engine.arrays import Ints
from metrics.engine.bridge import AMOUNTS, COUNTS
from metrics.selectors.periods import Grain, Period

Filters = Mapping[str, str | tuple[str, ...]] | None
"""What numbers are cut to: by dimension the exact value, or the values of which any will do."""

ZERO: Final = Decimal("0.00")
BASES: Final = {"month": "a month", "quarter": "a quarter", "year": "a year", "total": "for the whole term"}
"""For what an amount of a line is the price, by its basis."""
MOVEMENTS: Final = ("new", "expansion", "contraction", "churn", "reactivation")
BRIDGE_COLUMNS: Final = (*AMOUNTS, *COUNTS)


def chosen_values(filters: Filters) -> dict[str, tuple[str, ...]]:
    """The filters that filter anything, each with its values."""
    given = {name: (value,) if isinstance(value, str) else tuple(value) for name, value in (filters or {}).items()}
    return {name: values for name, values in given.items() if any(values)}


@dataclass(frozen=True)
class BookHead:
    """Which book a number comes from and in what state it is; every result carries it.

    `state` is `empty`, `stale`, `ready` or `blocked`; `message` says why there is no number, or which months are missing.
    `total` is the series of the book's total, and `may_have_closes` False where no month of this recognition is closed.
    """

    recognition: str
    label: str
    state: str
    message: str
    gaps: list[dict[str, Any]]
    first_month: int | None
    last_month: int | None
    retention_from: int | None
    version: int
    policy_number: int | None
    built_at: datetime | None
    currency: str
    is_policys_own: bool
    id: int | None = None
    # Where whoever asked for the head asked for these too:
    may_have_closes: bool = field(default=True, compare=False)
    total: Ints | None = field(default=None, compare=False, repr=False)

    @property
    def has_numbers(self) -> bool:
        """Whether there is any month to show."""
        return self.first_month is not None


Basis = (
    BookHead | str | None
)  # which book is asked: by its head, where that is at hand, its recognition, or the policy's own


@dataclass(frozen=True)
class BridgeRow:
    """One period of one group: beginning + new + expansion + contraction + churn + reactivation + fx + adjustment = ending.

    `adjustment` is 0 but where a closed month was corrected later, or another definition begins: there it is what that changed
    before this period, so that it begins where the one before ended.
    `customers_adjusted` is the same of customers: those of the period before, with it and whoever came, less whoever went, are
    those at the end; `customers_beginning` counts those who are there after it.
    `state` is `live`, `closed` (as reported), or `mixed` for a quarter or year of both. `as_reported` is what
    `metrics.selectors.beside` puts beside a row that restatements touch.
    """

    period: Period
    group: str
    beginning: Decimal
    new: Decimal
    expansion: Decimal
    contraction: Decimal
    churn: Decimal
    reactivation: Decimal
    fx: Decimal
    ending: Decimal
    customers_beginning: int
    customers_new: int
    customers_churned: int
    customers_reactivated: int
    customers_ending: int
    adjustment: Decimal = ZERO
    customers_adjusted: int = 0
    state: str = "live"
    as_reported: Self | None = None

    @property
    def net_new(self) -> Decimal:
        """New + reactivation + expansion + contraction + churn: the change that is business, not currency."""
        return self.new + self.reactivation + self.expansion + self.contraction + self.churn


@dataclass(frozen=True)
class Bridge:
    """A bridge by period and group: `rows` ordered by period and group, `totals` one per period."""

    head: BookHead
    dimension: str
    grain: Grain
    periods: tuple[Period, ...]
    groups: tuple[str, ...]
    rows: tuple[BridgeRow, ...]
    totals: tuple[BridgeRow, ...]

    def row(self, period: Period, group: str) -> BridgeRow | None:
        """One row; None where everything in it is 0."""
        return next((row for row in self.rows if row.period == period and row.group == group), None)


@dataclass(frozen=True)
class Figure:
    """A headline: its value, that of the period before, the change, and twelve months for a sparkline (None: no value)."""

    name: str
    value: Decimal | None
    previous: Decimal | None
    change: Decimal | None
    series: tuple[Decimal | None, ...]


@dataclass(frozen=True)
class Headline:
    """The headline figures of one month: `arr, mrr, net_new` in money, `nrr, grr, logo_churn` as ratios (1 is 100 %)."""

    head: BookHead
    month: int | None
    months: tuple[int, ...]
    arr: Figure
    mrr: Figure
    net_new: Figure
    nrr: Figure
    grr: Figure
    logo_churn: Figure
    as_reported: Self | None = None


@dataclass(frozen=True)
class RetentionRow:
    """Twelve-month retention at a month, as ratios; None where nobody had ARR twelve months before, or it cannot be valued."""

    month: int
    group: str
    nrr: Decimal | None
    grr: Decimal | None
    logo_churn: Decimal | None
    base: Decimal
    now: Decimal
    kept: Decimal
    customers_base: int
    customers_kept: int
    as_reported: Self | None = None


@dataclass(frozen=True)
class CohortCell:
    """What a cohort has `age` periods after its first: money, customers, and both as a share of the first period; beside it
    what was reported first of a restated month.
    """

    age: int
    period: Period
    arr: Decimal
    customers: int
    arr_share: Decimal | None
    customer_share: Decimal | None
    as_reported: Self | None = None


@dataclass(frozen=True)
class Cohort:
    """The customers whose first ARR fell in a period; `is_cut` where the book begins later than that."""

    period: Period
    cells: tuple[CohortCell, ...]
    is_cut: bool


@dataclass(frozen=True)
class Cohorts:
    """The cohort heat map."""

    head: BookHead
    grain: str
    cohorts: tuple[Cohort, ...]
    ages: int


@dataclass(frozen=True)
class Mover:
    """A customer's net movement in a range of months, currencies left out, and its parts by kind.

    `as_reported` is what was reported first, where a month of the range was restated.
    """

    customer: str
    name: str
    amount: Decimal
    parts: tuple[tuple[str, Decimal], ...]
    as_reported: Decimal | None = None


@dataclass(frozen=True)
class Movers:
    """The largest gains and losses of a range of months, of which these were `restated`."""

    head: BookHead
    first: int
    last: int
    gains: tuple[Mover, ...]
    losses: tuple[Mover, ...]
    restated: tuple[int, ...] = ()


@dataclass(frozen=True)
class CellCustomer:
    """A customer behind a cell of the bridge."""

    customer: str
    name: str
    amount: Decimal
    kind: str


@dataclass(frozen=True)
class Cell:
    """The customers behind a cell; `amount` is the cell itself and the exact sum of theirs (a count for a customers column).

    `customers` are the first of them, as many as were asked for, and `customer_count` is how many there are.
    """

    head: BookHead
    period: Period
    dimension: str
    group: str
    column: str
    amount: Decimal
    customers: tuple[CellCustomer, ...]
    customer_count: int
