"""A source's ARR at one month end under any policy, line by line, remembered while lines and rates stay as they are.

`MonthEnds.of(client, source=None).at(policy, month) -> MonthEnd | NoValue` · `newest_month(client) -> int | None` ·
`books_version(client) -> tuple`

A first reading costs the lines (one file of columns), their codes and one settlement; another policy that settles alike costs
the conversion alone. Runs in the client's scope.
"""

from dataclasses import dataclass, field
from typing import Any, Final, Self

import polars as pl
from django.db import connection

from metrics import repository
from metrics.computation import missing_rates_text
from metrics.engine.lines import CodedLines, code_lines
from metrics.engine.month_end import MonthEnd, month_end, settling_key
from metrics.engine.policy import Policy
from metrics.engine.settlement import Settlement, settle_lines
from metrics.engine.valuation import MissingRates
from metrics.line_columns import lines_of
from metrics.memory import Memory
from metrics.models import RateImport, Source
from metrics.selectors.books import book_head
from portal.tenancy.models import Client

STAMP: Final = "SELECT (SELECT version FROM metrics_linestamp), pg_current_xact_id_if_assigned()::text"


@dataclass(frozen=True)
class NoValue:
    """Why there is no figure: a stable code (`missing_rates`, `no_lines`, `no_month`, `other_currency`) and a sentence."""

    code: str
    sentence: str


NO_LINES: Final = NoValue("no_lines", "There are no contract lines yet: import contracts first.")
NO_MONTH: Final = NoValue("no_month", "There are no numbers yet, so there is no month end to compare at.")


@dataclass(frozen=True)
class SourceInput:
    """The live lines of a source with the rates of their currencies, and what was made of them so far."""

    lines: pl.DataFrame
    rates: pl.DataFrame
    coded: dict[str, CodedLines] = field(default_factory=dict)  # by customer unit
    settled: dict[tuple[object, ...], Settlement] = field(default_factory=dict)  # by what settling depends on

    def coded_for(self, customer_unit: str) -> CodedLines:
        """The lines as codes, made once per customer unit."""
        if customer_unit not in self.coded:
            self.coded[customer_unit] = code_lines(self.lines, customer_unit)
        return self.coded[customer_unit]

    def settled_for(self, policy: Policy) -> Settlement:
        """The lines settled, once for all policies that settle alike."""
        key = settling_key(policy)
        if key not in self.settled:
            self.settled[key] = settle_lines(self.coded_for(policy.customer_unit), policy)
        return self.settled[key]


INPUTS: Final[Memory[SourceInput]] = Memory(400_000)
ENDS: Final[Memory[MonthEnd | MissingRates | NoValue]] = Memory(1_000_000)


def books_version(client: Client) -> tuple[Any, ...]:
    """Equal as long as the client's lines, own rates and currency are the same; begins with the client.

    The stamp of the lines is the database's own. A transaction that has written something itself is told apart, so that nothing
    is remembered of what may still be rolled back.
    """
    with connection.cursor() as cursor:
        cursor.execute(STAMP)
        lines, writing = cursor.fetchone()
    rates = RateImport.objects.order_by("-id").values_list("id", "added_count", "changed_count").first()
    return (client.pk, client.currency, lines, writing, rates)


@dataclass(frozen=True)
class MonthEnds:
    """The month ends of one source of a client, as its lines and rates are now; `source` is None where there is none."""

    client: Client
    source: Source | None
    version: tuple[Any, ...]

    @classmethod
    def of(cls, client: Client, source: Source | None = None) -> Self:
        """Of a source (None: the authoritative one)."""
        return cls(client, source or repository.authoritative_source(), books_version(client))

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
        end = ENDS.get(key, lambda: self.computed(policy, month), lambda _: self.given.lines.height)
        return no_rates(end) if isinstance(end, MissingRates) else end

    @property
    def given(self) -> SourceInput:
        """The lines and rates, remembered by the version of the books."""
        return INPUTS.get(
            (self.version, self.source.pk if self.source else None), self.read, lambda made: made.lines.height
        )

    def read(self) -> SourceInput:
        """The lines and rates as they are now."""
        lines = lines_of(self.source)
        return SourceInput(lines, repository.rates_frame(self.client, lines["currency"].unique()))

    def computed(self, policy: Policy, month: int) -> "MonthEnd | MissingRates | NoValue":
        """What the engine says, not remembered."""
        given = self.given
        if given.lines.height == 0:
            return NO_LINES
        try:
            coded, settled = given.coded_for(policy.customer_unit), given.settled_for(policy)
            return month_end(coded, settled, given.rates, policy, month)
        except MissingRates as error:
            return error


def no_rates(error: MissingRates) -> NoValue:
    """Missing rates as a reason that names them."""
    return NoValue("missing_rates", f"It cannot be valued: {missing_rates_text(error.gaps)}.")


def newest_month(client: Client) -> int | None:
    """The newest month end of the client's book; None before there are numbers."""
    return book_head(client).last_month
