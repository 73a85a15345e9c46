"""A source's ARR at one month end under any policy, line by line, remembered while lines and rates stay as they are.

`MonthEnds.of(client, source=None).at(policy, month) -> MonthEnd | NoValue` · `newest_month(client) -> int | None` ·
`lines_stamp(client) -> tuple`

A first reading costs the lines (one file of columns), their codes and one settlement; another policy that settles alike costs
the conversion alone. Runs in the client's scope.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Final, Self

import polars as pl

from metrics import repository
from metrics.computation import missing_rates_text
from metrics.engine.arrays import Ints
from metrics.engine.lines import CodedLines, code_lines
from metrics.engine.month_end import MonthEnd, month_end, settling_key
from metrics.engine.policy import Policy
from metrics.engine.settlement import Settlement, settle_lines
from metrics.engine.valuation import MissingRates
from metrics.line_columns import lines_of
from metrics.memory import Memory
from metrics.models import Source
from metrics.selectors.books import book_head
from metrics.selectors.stamp import lines_stamp
from portal.tenancy.models import Client


@dataclass(frozen=True)
class NoValue:
    """Why there is no figure: a stable code (`missing_rates`, `no_lines`, `no_month`, `other_currency`) and a sentence."""

    code: str
    sentence: str


NO_LINES: Final = NoValue("no_lines", "There are no contract lines yet: import contracts first.")
NO_MONTH: Final = NoValue("no_month", "There are no numbers yet, so there is no month end to compare at.")


@dataclass(frozen=True)
class SourceInput:
    """The live lines of a source with the rates of their currencies, and as codes by customer unit, made when asked for."""

    lines: pl.DataFrame
    rates: pl.DataFrame
    coded: dict[str, CodedLines] = field(default_factory=dict)

    def coded_for(self, customer_unit: str) -> CodedLines:
        """The lines as codes, made once per customer unit."""
        if customer_unit not in self.coded:
            self.coded[customer_unit] = code_lines(self.lines, customer_unit)
        return self.coded[customer_unit]


INPUTS: Final[Memory[SourceInput]] = Memory(400_000)
SETTLED: Final[Memory[Settlement]] = Memory(500_000)
ENDS: Final[Memory[tuple[Ints, Ints] | NoValue]] = Memory(2_000_000)  # rows and cents of the lines that give ARR
AT_HAND: Final = 3  # settlements that one reading keeps, also of a client too large to be remembered


class MonthEnds:
    """The month ends of one source of a client, as its lines and rates are now; `source` is None where there is none."""

    def __init__(self, client: Client, source: Source | None) -> None:
        self.client, self.source = client, source
        self.version = lines_stamp(client)
        self.settlements: OrderedDict[tuple[object, ...], Settlement] = OrderedDict()

    @classmethod
    def of(cls, client: Client, source: Source | None = None) -> Self:
        """Of a source (None: the authoritative one)."""
        return cls(client, source or repository.authoritative_source())

    def at(self, policy: Policy, month: int | None) -> MonthEnd | NoValue:
        """ARR at a month end under a policy; why not, where there is no month or it cannot be valued."""
        if self.source is None:
            return NO_LINES
        if month is None:
            return NO_MONTH
        if policy.reporting_currency != self.client.currency:
            kept = self.client.currency
            return NoValue(
                "other_currency", f"Rates are kept in {kept}: nothing is valued in {policy.reporting_currency}."
            )
        key = (self.version, self.source.pk, month, policy)
        found = ENDS.get(key, lambda: self.computed(policy, month), weight)
        if isinstance(found, NoValue):
            return found
        return MonthEnd(self.given.coded_for(policy.customer_unit), partial(self.settled, policy), *found)

    @cached_property
    def given(self) -> SourceInput:
        """The lines and rates, remembered by the version of the books."""
        key = (self.version, self.source.pk if self.source else None)
        return INPUTS.get(key, self.read, lambda made: made.lines.height)

    def read(self) -> SourceInput:
        """The lines and rates as they are now."""
        lines = lines_of(self.source)
        return SourceInput(lines, repository.rates_frame(self.client, lines["currency"].unique()))

    def computed(self, policy: Policy, month: int) -> tuple[Ints, Ints] | NoValue:
        """What the engine says, not remembered: the lines that give ARR, and how much."""
        given = self.given
        if given.lines.height == 0:
            return NO_LINES
        try:
            coded = given.coded_for(policy.customer_unit)
            end = month_end(coded, self.settled(policy), given.rates, policy, month)
        except MissingRates as error:
            return no_rates(error)
        return end.rows, end.cents

    def settled(self, policy: Policy) -> Settlement:
        """The lines settled, once for all policies that settle alike."""
        key = settling_key(policy)
        if key not in self.settlements:
            whole = (self.version, self.source.pk if self.source else None, key)
            self.settlements[key] = SETTLED.get(whole, lambda: self.settle(policy), lambda _: self.given.lines.height)
        self.settlements.move_to_end(key)
        while len(self.settlements) > AT_HAND:
            self.settlements.popitem(last=False)
        return self.settlements[key]

    def settle(self, policy: Policy) -> Settlement:
        """The lines settled under a policy."""
        return settle_lines(self.given.coded_for(policy.customer_unit), policy)


def weight(found: tuple[Ints, Ints] | NoValue) -> int:
    """How much of the memory a month end takes."""
    return 1 if isinstance(found, NoValue) else 1 + len(found[0])


def no_rates(error: MissingRates) -> NoValue:
    """Missing rates as a reason that names them."""
    return NoValue("missing_rates", f"It cannot be valued: {missing_rates_text(error.gaps)}.")


def newest_month(client: Client) -> int | None:
    """The newest month end of the client's book; None before there are numbers."""
    return book_head(client).last_month
