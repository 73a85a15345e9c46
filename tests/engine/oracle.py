"""The rules of ARR once more, written for being read beside the text: exact fractions, plain loops, no data frames.

It shares nothing with `metrics.engine`, so that a number on which both agree was computed twice. The section numbers in
the docstrings are those of the ARR semantics. Money is an integer number of cents; a month is `year * 12 + month - 1`.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from functools import cached_property

from tests.engine.oracle_lines import (
    Line,
    Policy,
    Span,
    customer_of,
    last_day,
    month_of,
    overage_spans_of,
    rounded,
    spans_of,
)

MOVEMENTS = ("beginning", "new", "expansion", "contraction", "churn", "reactivation", "fx", "ending")
COUNTS = tuple(f"customers_{name}" for name in ("beginning", "new", "churned", "reactivated", "ending"))
DIMENSIONS = ("segment", "region", "rep")
Rates = dict[str, dict[date, Fraction]]


# --- section 5: the reporting currency


@dataclass
class Exchange:
    """Converts cents; what has no rate is noted in `missing` and taken as 0, so that one run names them all."""

    rates: Rates
    policy: Policy
    missing: set[tuple[str, date]] = field(default_factory=set)

    def at_month(self, cents: int, currency: str, month: int) -> int:
        if self.policy.fx == "spot":
            return self._converted(cents, currency, last_day(month), self._spot)
        return self._converted(cents, currency, last_day(month), self._average)

    def at_contract(self, span: Span) -> int:
        return self._converted(span.cents, span.line.currency, span.line.contract_day, self._spot)

    def _converted(self, cents: int, currency: str, day: date, rate: Callable[[str, date], Fraction | None]) -> int:
        if cents == 0 or currency == self.policy.reporting_currency:
            return cents
        found = rate(currency, day)
        if found is None:
            self.missing.add((currency, day))
            return 0
        return rounded(cents * found)

    def _spot(self, currency: str, day: date) -> Fraction | None:
        known = self.rates.get(currency, {})
        days = (day - timedelta(days=age) for age in range(8))
        return next((known[each] for each in days if each in known), None)

    def _average(self, currency: str, day: date) -> Fraction | None:
        known = self.rates.get(currency, {})
        found = [known[each] for n in range(1, day.day + 1) if (each := day.replace(day=n)) in known]
        return Fraction(rounded(sum(found, Fraction(0)) / len(found) * 10**8), 10**8) if found else None


# --- section 6: movements


@dataclass
class Row:
    """One row of a bridge: cents and counts of customers."""

    beginning: int = 0
    new: int = 0
    expansion: int = 0
    contraction: int = 0
    churn: int = 0
    reactivation: int = 0
    fx: int = 0
    ending: int = 0
    customers_beginning: int = 0
    customers_new: int = 0
    customers_churned: int = 0
    customers_reactivated: int = 0
    customers_ending: int = 0

    def add(self, other: "Row") -> None:
        for name in MOVEMENTS + COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def cells(self) -> tuple[int, ...]:
        return tuple(getattr(self, name) for name in MOVEMENTS + COUNTS)


@dataclass
class Retained:
    """Sums over the customers with ARR a year ago: then, now, the lesser of both; how many, how many still have ARR."""

    base_cents: int = 0
    now_cents: int = 0
    kept_cents: int = 0
    customers_base: int = 0
    customers_kept: int = 0

    def add(self, then: int, now: int, *, has_arr: bool) -> None:
        self.base_cents += then
        self.now_cents += now
        self.kept_cents += min(then, now)
        self.customers_base += 1
        self.customers_kept += int(has_arr)


Table = dict[tuple[int, str], Row]
Balances = dict[tuple[str, str], int]  # (product, currency) -> cents


@dataclass
class Oracle:
    """All tables of one client for the months `first` to `last`."""

    lines: list[Line]
    rates: Rates
    policy: Policy
    first: int
    last: int

    def __post_init__(self) -> None:
        self.exchange = Exchange(self.rates, self.policy)
        self.spans: dict[str, list[Span]] = defaultdict(list)
        self._held: dict[tuple[str, int], list[Span]] = {}
        for span in spans_of(self.lines, self.policy) + overage_spans_of(self.lines, self.policy):
            self.spans[customer_of(span.line, self.policy)].append(span)

    @property
    def months(self) -> range:
        return range(self.first, self.last + 1)

    @cached_property
    def customers(self) -> list[str]:
        return sorted({customer_of(line, self.policy) for line in self.lines})

    def held(self, customer: str, month: int) -> list[Span]:
        """What counts for the customer at the month end and has a value."""
        if (customer, month) not in self._held:
            day = last_day(month)
            self._held[customer, month] = [span for span in self.spans[customer] if span.cents and span.counts_on(day)]
        return self._held[customer, month]

    def has_arr(self, customer: str, month: int) -> bool:
        return bool(self.held(customer, month))

    def valued(self, spans: list[Span], month: int) -> int:
        """The spans in the reporting currency, at the month's rates or each at its contract's."""
        if self.policy.fx == "contract_date":
            return sum(self.exchange.at_contract(span) for span in spans)
        return sum(
            self.exchange.at_month(cents, currency, month) for (_, currency), cents in balances_of(spans).items()
        )

    def organic(self, before: list[Span], now: list[Span], month: int) -> int:
        if self.policy.fx == "contract_date":
            return self.valued(now, month) - self.valued(before, month)
        old, new = balances_of(before), balances_of(now)
        return sum(
            self.exchange.at_month(new.get(key, 0) - old.get(key, 0), key[1], month) for key in old.keys() | new.keys()
        )

    def case(self, customer: str, month: int) -> str:
        """`none`, `new`, `reactivated`, `churned` or `retained`."""
        before, now = self.has_arr(customer, month - 1), self.has_arr(customer, month)
        if before:
            return "retained" if now else "churned"
        if not now:
            return "none"
        last = self._last_month_with_arr(customer, month)
        window = self.policy.reactivation_window_months
        if last is None or (window is not None and month - last > window):
            return "new"
        return "reactivated"

    def _last_month_with_arr(self, customer: str, month: int) -> int | None:
        earliest = min(month_of(span.begins) for span in self.spans[customer])
        return next((each for each in range(month - 1, earliest - 1, -1) if self.has_arr(customer, each)), None)

    def row(self, case: str, before: list[Span], now: list[Span], month: int) -> Row:
        """The movements of one customer, or of one product of it, under the customer's case."""
        row = Row(beginning=self.valued(before, month - 1), ending=self.valued(now, month))
        row.customers_beginning, row.customers_ending = int(bool(before)), int(bool(now))
        if case == "new":
            row.new, row.customers_new = row.ending, int(bool(now))
        elif case == "reactivated":
            row.reactivation, row.customers_reactivated = row.ending, int(bool(now))
        elif case == "churned":
            row.churn, row.customers_churned = -row.beginning, int(bool(before))
        elif case == "retained":
            organic = self.organic(before, now, month)
            row.expansion, row.contraction = max(organic, 0), min(organic, 0)
            row.fx = row.ending - row.beginning - organic
        return row

    @cached_property
    def by_customer(self) -> Table:
        return {
            (month, customer): self.row(
                self.case(customer, month), self.held(customer, month - 1), self.held(customer, month), month
            )
            for month in self.months
            for customer in self.customers
        }

    def by_product(self) -> Table:
        table: Table = defaultdict(Row)
        for month in self.months:
            for customer in self.customers:
                case = self.case(customer, month)
                before, now = self.held(customer, month - 1), self.held(customer, month)
                for product in {span.line.product for span in before + now}:
                    part = self.row(case, _of_product(before, product), _of_product(now, product), month)
                    table[month, product].add(part)
        return _without_empty(table)

    def by_dimension(self, dimension: str) -> Table:
        table: Table = defaultdict(Row)
        for (month, customer), row in self.by_customer.items():
            table[month, self.value_of(customer, dimension)].add(row)
        return _without_empty(table)

    def value_of(self, customer: str, dimension: str) -> str:
        lines = [line for line in self.lines if customer_of(line, self.policy) == customer]
        return str(getattr(max(lines, key=lambda line: line.order), dimension)) or "(none)"

    def total(self) -> Table:
        table: Table = {(month, ""): Row() for month in self.months}
        for (month, _), row in self.by_customer.items():
            table[month, ""].add(row)
        return table

    def bridges(self) -> dict[str, Table]:
        """The total (its group is blank) and every split; right if `missing_rates` is empty."""
        bridges = {"total": self.total(), "product": self.by_product()}
        return bridges | {dimension: self.by_dimension(dimension) for dimension in DIMENSIONS}

    def missing_rates(self) -> list[tuple[str, date]]:
        """Every currency and day that is valued and has no rate; under `monthly_average` the day is the month's last."""
        self.bridges()
        for month in self.months:
            self.retained(month, self.customers)
        return sorted(self.exchange.missing)

    # --- section 7

    def retained(self, month: int, customers: Iterable[str]) -> Retained:
        """What those customers with ARR a year ago had then and have now."""
        rates_of = month if self.policy.retention_fx == "constant" else month - 12
        retained = Retained()
        for customer in customers:
            then, now = self.held(customer, month - 12), self.held(customer, month)
            if then:
                retained.add(self.valued(then, rates_of), self.valued(now, month), has_arr=bool(now))
        return retained

    def cohorts(self) -> dict[tuple[int, int], tuple[int, int]]:
        """By month of the first ARR and month shown: the ARR and the customers that have it."""
        table: dict[tuple[int, int], tuple[int, int]] = defaultdict(lambda: (0, 0))
        for (month, customer), row in self.by_customer.items():
            if row.customers_ending:
                cohort = self.first_month_with_arr(customer, month)
                cents, count = table[cohort, month]
                table[cohort, month] = cents + row.ending, count + 1
        return table

    def first_month_with_arr(self, customer: str, last: int) -> int:
        earliest = min(month_of(span.begins) for span in self.spans[customer])
        return next(month for month in range(earliest, last + 1) if self.has_arr(customer, month))


def balances_of(spans: list[Span]) -> Balances:
    balances: Balances = defaultdict(int)
    for span in spans:
        balances[span.line.product, span.line.currency] += span.cents
    return balances


def _of_product(spans: list[Span], product: str) -> list[Span]:
    return [span for span in spans if span.line.product == product]


def _without_empty(table: Table) -> Table:
    return {key: row for key, row in table.items() if any(row.cells())}
