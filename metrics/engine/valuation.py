"""What has to be valued, at which rates, and what cannot be for want of a rate.

Source: ARR semantics, section 5, last paragraph. For a shown month M amounts are valued at M and M − 1; under
retention also those of M − 12: ``constant`` at M's rates, ``reported`` at those of M − 12. The history before is
decided on local amounts and needs no rates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from metrics.engine.arrays import NEVER, Bools, Ints, first_days_of_months
from metrics.engine.fx import RATE_ONE, DailyRates, converter, day_rates, month_rates
from metrics.engine.lines import CodedLines, code_lines
from metrics.engine.policy import Policy
from metrics.engine.settlement import Settlement, settle_lines

MONTHS_BACK: Final = 12
NAMED_LINES: Final = 50
GAP_SCHEMA: Final = pl.Schema(
    {
        "currency": pl.String(),
        "month": pl.Int64(),
        "day": pl.Date(),
        "lines": pl.Int64(),
        "line_ids": pl.List(pl.String()),
    }
)


class MissingRates(LookupError):
    """Amounts that cannot be valued; ``gaps`` is the report of ``missing_rates``: currency, month or day, and the
    lines that need it.
    """

    def __init__(self, gaps: pl.DataFrame) -> None:
        named = ", ".join(f"{row['currency']} {row['day'] or row['month']}" for row in gaps.head(5).to_dicts())
        super().__init__(f"{gaps.height} exchange rates are missing: {named}{', …' if gaps.height > 5 else ''}")
        self.gaps = gaps


@dataclass(frozen=True, slots=True)
class Rates:
    """The rates for the lines of one book; ``by_month`` (currency × month from ``first_month``) or ``by_line``, 0
    where there is none.
    """

    first_month: int
    by_month: Ints
    by_line: Ints | None

    def column(self, month: int) -> Ints:
        """The rate of each currency in a month."""
        return np.asarray(self.by_month[:, month - self.first_month])

    @property
    def moving(self) -> Bools:
        """The currencies that ever have another rate than 1; amounts in the others are worth what they are."""
        return np.asarray((self.by_month != RATE_ONE).any(axis=1))


def rates_for(lines: CodedLines, rates: pl.DataFrame | DailyRates, policy: Policy, first: int, last: int) -> Rates:
    """The rates that a book from ``first`` to ``last`` may need, from 13 months before it."""
    start = first - MONTHS_BACK - 1
    months = np.arange(start, last + 1)
    home = policy.reporting_currency
    if policy.fx == "contract_date":
        by_line = day_rates(rates, lines.currency_names, home, lines.currency, contract_days(lines))
        return Rates(start, np.full((len(lines.currency_names), len(months)), RATE_ONE), by_line)
    return Rates(start, month_rates(rates, lines.currency_names, home, policy.fx, months), None)


def contract_days(lines: CodedLines) -> Ints:
    """The day whose rate values a line under ``contract_date``: its signed date, missing: its start."""
    return np.where(lines.signed != NEVER, lines.signed, lines.starts)


def line_values(lines: CodedLines, settled: Settlement, rates: Rates) -> Ints:
    """What each line adds to its grain: local cents, or under ``contract_date`` cents of the reporting currency,
    rounded per line.
    """
    if rates.by_line is None:
        return settled.annual_value
    convert = converter(int(settled.annual_value.max(initial=0)), int(rates.by_line.max(initial=0)))
    return convert(settled.annual_value, rates.by_line)


@dataclass(frozen=True, slots=True)
class Needs:
    """Which rates a shown month needs: ``uses[k]`` marks (currency, shown month), at the rate of the shown month −
    ``shifts[k]``.
    """

    shifts: tuple[int, ...]
    uses: tuple[Bools, ...]


def month_needs(
    lines: CodedLines, settled: Settlement, policy: Policy, first: int, last: int, retention: bool
) -> Needs:
    """The needs of each month shown under ``spot`` and ``monthly_average``; see the module."""
    active = active_currencies(lines, settled, first - MONTHS_BACK - 1, last)
    now, before, year_ago = active[:, MONTHS_BACK + 1 :], active[:, MONTHS_BACK:-1], active[:, 1:-MONTHS_BACK]
    now = now | dropped_currencies(lines, settled, before & ~now, first)
    if not retention:
        return Needs((0, 1), (now, before))
    if policy.retention_fx == "constant":
        return Needs((0, 1), (now | year_ago, before))
    return Needs((0, 1, MONTHS_BACK), (now, before, year_ago))


def active_currencies(lines: CodedLines, settled: Settlement, start: int, last: int) -> Bools:
    """Whether any line gives ARR in a currency (row) at a month end (column, from ``start`` to ``last``)."""
    rows = np.flatnonzero(settled.has_value & (settled.month_from <= last) & (settled.month_until > start))
    change = np.zeros((len(lines.currency_names), last - start + 2), dtype=np.int64)
    np.add.at(change, (lines.currency[rows], np.maximum(settled.month_from[rows], start) - start), 1)
    np.add.at(change, (lines.currency[rows], np.minimum(settled.month_until[rows], last + 1) - start), -1)
    return np.asarray(np.cumsum(change, axis=1)[:, :-1] > 0)


def dropped_currencies(lines: CodedLines, settled: Settlement, gone: Bools, first: int) -> Bools:
    """The (currency, month) of ``gone`` in which a customer dropped the currency and stayed: the loss is valued at
    that month's rate.
    """
    dropped = np.zeros_like(gone)
    for code, index in zip(*np.nonzero(gone), strict=True):
        month = first + index
        left = lines_at(settled, month - 1) & (lines.currency == code)
        dropped[code, index] = np.isin(lines.unit[left], lines.unit[lines_at(settled, month)]).any()
    return dropped


def lines_at(settled: Settlement, month: int) -> Bools:
    """The lines that give ARR at a month end."""
    return settled.has_value & (settled.month_from <= month) & (settled.month_until > month)


def lines_valued(settled: Settlement, first: int, last: int, retention: bool) -> Bools:
    """The lines that give ARR at some month end that a book from ``first`` to ``last`` values."""
    spans = [(first - 1, last), *([(first - MONTHS_BACK, last - MONTHS_BACK)] if retention else [])]
    valued = np.zeros(len(settled.annual_value), dtype=np.bool_)
    for low, high in spans:
        valued |= settled.has_value & (settled.month_from <= high) & (settled.month_until > low)
    return valued


def rate_gaps(
    lines: CodedLines, settled: Settlement, rates: Rates, policy: Policy, first: int, last: int, retention: bool
) -> pl.DataFrame:
    """The rates that a book needs and does not have; ``GAP_SCHEMA``, ordered by currency and day or month; see
    ``missing_rates``.
    """
    if rates.by_line is not None:
        missing = np.flatnonzero(lines_valued(settled, first, last, retention) & (rates.by_line == 0))
        return line_gaps(lines, missing)
    if rates.by_month.all():
        return GAP_SCHEMA.to_frame()
    needs = month_needs(lines, settled, policy, first, last, retention)
    needed = np.zeros_like(rates.by_month, dtype=np.bool_)
    for shift, uses in zip(needs.shifts, needs.uses, strict=True):
        from_column = first - shift - rates.first_month
        needed[:, from_column : from_column + uses.shape[1]] |= uses
    missing_months = np.argwhere(needed & (rates.by_month == 0)).tolist()
    if not missing_months:
        return GAP_SCHEMA.to_frame()
    gaps = [month_gap(lines, settled, policy, code, rates.first_month + index) for code, index in missing_months]
    return pl.DataFrame(gaps, schema=GAP_SCHEMA).sort("currency", "month")


def month_gap(lines: CodedLines, settled: Settlement, policy: Policy, code: int, month: int) -> dict[str, object]:
    """One missing month rate, and the lines in its currency that are valued with it."""
    valued = lines_at(settled, month) | lines_at(settled, month - 1)
    if policy.retention_fx == "constant":
        valued |= lines_at(settled, month - MONTHS_BACK)
    names = lines.frame["line_id"][np.flatnonzero(valued & (lines.currency == code))].sort()
    day = None
    if policy.fx == "spot":
        day = np.datetime64(int(first_days_of_months(np.array([month + 1]))[0]) - 1, "D").item()
    currency = lines.currency_names[code]
    return {
        "currency": currency,
        "month": month,
        "day": day,
        "lines": len(names),
        "line_ids": names.head(NAMED_LINES).to_list(),
    }


def line_gaps(lines: CodedLines, missing: Ints) -> pl.DataFrame:
    """One row per currency and contract day without a rate."""
    if len(missing) == 0:
        return GAP_SCHEMA.to_frame()
    names = pl.Series(lines.currency_names, dtype=pl.String)
    days = pl.Series(contract_days(lines)[missing], dtype=pl.Int32).cast(pl.Date)
    frame = pl.DataFrame(
        {
            "currency": names[lines.currency[missing]],
            "day": days,
            "line_id": lines.frame["line_id"][missing],
        }
    )
    named = pl.col("line_id").sort()
    gaps = frame.group_by("currency", "day").agg(lines=pl.len().cast(pl.Int64), line_ids=named.head(NAMED_LINES))
    return gaps.with_columns(month=pl.lit(None, pl.Int64)).select(list(GAP_SCHEMA)).sort("currency", "day")


def missing_rates(
    lines: pl.DataFrame, rates: pl.DataFrame, policy: Policy, first: int, last: int, *, retention: bool = True
) -> pl.DataFrame:
    """The rates that a book from ``first`` to ``last`` needs and does not have; no row when it can be built.

    Columns: ``currency``; ``month`` (ordinal; null under ``contract_date``) and ``day`` (null under
    ``monthly_average``) of the rate; ``lines``, how many lines need it, and ``line_ids``, the first 50 of them by
    code points. Without ``retention`` the balances twelve months back need no rate.
    """
    coded = code_lines(lines, policy.customer_unit)
    settled = settle_lines(coded, policy)
    return rate_gaps(coded, settled, rates_for(coded, rates, policy, first, last), policy, first, last, retention)


def months_that_can_be_valued(
    lines: pl.DataFrame, rates: pl.DataFrame, policy: Policy, first: int, last: int, *, retention: bool = True
) -> pl.DataFrame:
    """For each month whether every rate it needs is there: ``month`` Int64, ``can_be_valued`` Boolean.

    A book over any run of months that can be valued raises no ``MissingRates``.
    """
    coded = code_lines(lines, policy.customer_unit)
    settled = settle_lines(coded, policy)
    table = rates_for(coded, rates, policy, first, last)
    blocked = np.zeros(last - first + 1, dtype=np.bool_)
    if table.by_line is not None:
        missing = table.by_line == 0
        for index in range(len(blocked)):
            month = first + index
            blocked[index] = bool((lines_valued(settled, month, month, retention) & missing).any())
    else:
        needs = month_needs(coded, settled, policy, first, last, retention)
        for shift, uses in zip(needs.shifts, needs.uses, strict=True):
            start = first - shift - table.first_month
            blocked |= (uses & (table.by_month[:, start : start + len(blocked)] == 0)).any(axis=0)
    return pl.DataFrame({"month": np.arange(first, last + 1), "can_be_valued": ~blocked})
