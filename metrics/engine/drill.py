"""Who is behind a figure: balances by customer, and one month of the bridge customer by customer.

Source: ARR semantics, sections 5 and 6. One month is read from the settled lines directly, without walking through
the history; the sums of its columns are the bridge's cells to the cent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from metrics.engine.arrays import NEVER, Bools, Ints, grouped_sum
from metrics.engine.balances import attributes_of_units
from metrics.engine.book import Ready
from metrics.engine.bridge import AMOUNTS, COUNTS, TOTAL
from metrics.engine.fx import RATE_ONE, convert_change, converter
from metrics.engine.lines import CodedLines, code_lines
from metrics.engine.policy import Policy
from metrics.engine.settlement import Settlement
from metrics.engine.tally import CHURN, CONTRACTION, COUNTED, EXPANSION, KINDS, NEW, REACTIVATION
from metrics.engine.valuation import MONTHS_BACK, MissingRates, Rates, line_values, lines_at, rate_gaps, rates_for


@dataclass(frozen=True, slots=True)
class Settled:
    """Lines settled and ready to be valued in one month: what every reading of a single month starts from."""

    lines: CodedLines
    settled: Settlement
    rates: Rates
    values: Ints
    policy: Policy
    month: int


@dataclass(frozen=True, slots=True)
class Grains:
    """The grains held at a month end or the one before, ordered by customer and product; ``change`` is at the
    month's own rates.
    """

    unit: Ints
    product: Ints
    currency: Ints
    before: Ints
    now: Ints
    change: Ints
    lines_before: Ints
    lines_now: Ints


def settle_month(
    lines: pl.DataFrame, rates: pl.DataFrame, policy: Policy, month: int, *, with_retention: bool = False
) -> Settled:
    """Settles the lines for reading one month; raises ``MissingRates`` where it or the month before (for retention also
    twelve months before) cannot be valued.
    """
    ready = Ready.of(code_lines(lines, policy.customer_unit), policy)
    return month_of(ready, rates, month, with_retention=with_retention)


def month_of(ready: Ready, rates: pl.DataFrame, month: int, *, with_retention: bool = False) -> Settled:
    """``settle_month`` of lines that are settled already: several months of them cost the settling once."""
    coded, settled, policy = ready.lines, ready.settled, ready.policy
    table = rates_for(coded, rates, policy, month, month)
    gaps = rate_gaps(coded, settled, table, policy, month, month, with_retention)
    if gaps.height:
        raise MissingRates(gaps)
    return Settled(coded, settled, table, line_values(coded, settled, table), policy, month)


def month_grains(book: Settled) -> Grains:
    """The grains of a month with their value now and at the month end before, in the reporting currency."""
    lines, month = book.lines, book.month
    was, is_now = lines_at(book.settled, month - 1), lines_at(book.settled, month)
    rows = np.flatnonzero(was | is_now)
    products, currencies = max(len(lines.product_names), 1), max(len(lines.currency_names), 1)
    key = (lines.unit[rows] * products + lines.product[rows]) * currencies + lines.currency[rows]
    keys, grain = np.unique(key, return_inverse=True)
    grain = grain.astype(np.int64, copy=False)
    rest, currency = np.divmod(keys, currencies)
    local = [grouped_sum(grain, np.where(held[rows], book.values[rows], 0), len(keys)) for held in (was, is_now)]
    held_lines = [grouped_sum(grain, held[rows].astype(np.int64), len(keys)) for held in (was, is_now)]
    convert = converter(int(sum(part.max(initial=0) for part in local)), int(book.rates.by_month.max(initial=RATE_ONE)))
    rate_before, rate_now = (book.rates.column(at)[currency] for at in (month - 1, month))
    before, now = convert(local[0], rate_before), convert(local[1], rate_now)
    change = convert_change(convert, local[1] - local[0], rate_now)
    return Grains(rest // products, rest % products, currency, before, now, change, held_lines[0], held_lines[1])


def unit_kinds(book: Settled, grains: Grains) -> Ints:
    """The kind of movement of each customer (place in ``KINDS``); of a customer without ARR now and before it means
    nothing.
    """
    units, month = len(book.lines.unit_names), book.month
    had = grouped_sum(grains.unit, grains.lines_before, units) > 0
    has = grouped_sum(grains.unit, grains.lines_now, units) > 0
    organic = grouped_sum(grains.unit, grains.change, units)
    earlier = np.flatnonzero(book.settled.has_value & (book.settled.month_from < month))
    last_arr = np.full(units, -1, dtype=np.int64)
    np.maximum.at(last_arr, book.lines.unit[earlier], np.minimum(book.settled.month_until[earlier], month) - 1)
    window = book.policy.reactivation_window_months
    returned = (last_arr >= 0) & (True if window is None else month - last_arr <= window)
    stayed = np.where(has, np.where(organic > 0, EXPANSION, CONTRACTION), CHURN)
    return np.where(had, stayed, np.where(returned, REACTIVATION, NEW))


def customer_balances(lines: pl.DataFrame, rates: pl.DataFrame, policy: Policy, month: int) -> pl.DataFrame:
    """Who has how much ARR at a month end, one row per customer × product × currency with ARR, ordered by these.

    Columns: ``customer, product, currency`` str · ``local_cents``, the annual values in that currency ·
    ``reporting_cents``, Int64, whose sum is the bridge's ending. Raises ``MissingRates``.
    """
    return settled_balances(settle_month(lines, rates, policy, month))


def settled_balances(book: Settled) -> pl.DataFrame:
    """``customer_balances`` of lines that are settled already."""
    coded, grains = book.lines, month_grains(book)
    held = np.flatnonzero(grains.lines_now > 0)
    rows = np.flatnonzero(lines_at(book.settled, book.month))
    keys = ["unit", "product", "currency"]
    at = {name: getattr(coded, name)[rows] for name in keys}
    local = (
        pl.DataFrame(at | {"local_cents": book.settled.annual_value[rows]})
        .group_by(keys)
        .agg(pl.col("local_cents").sum())
    )
    valued = pl.DataFrame({name: getattr(grains, name)[held] for name in keys} | {"reporting_cents": grains.now[held]})
    joined = valued.join(local, on=keys)
    return pl.DataFrame(
        {
            "customer": coded.unit_names.gather(joined["unit"]),
            "product": coded.product_names.gather(joined["product"]),
            "currency": pl.Series(coded.currency_names, dtype=pl.String).gather(joined["currency"]),
            "local_cents": joined["local_cents"],
            "reporting_cents": joined["reporting_cents"],
        }
    ).sort("customer", "product", "currency")


def grain_values(book: Settled, held: int, rates_of: int) -> tuple[Ints, Ints]:
    """Customer and cents of each grain held at the month end ``held``, valued at the rates of the month ``rates_of``."""
    pairs, values = pair_values(book, held, rates_of)
    return pairs // max(len(book.lines.product_names), 1), values


def pair_values(book: Settled, held: int, rates_of: int) -> tuple[Ints, Ints]:
    """``grain_values`` with customer × product (customer · number of products + product) in place of the customer."""
    lines, rows = book.lines, np.flatnonzero(lines_at(book.settled, held))
    products, currencies = max(len(lines.product_names), 1), max(len(lines.currency_names), 1)
    keys, grain = np.unique(
        (lines.unit[rows] * products + lines.product[rows]) * currencies + lines.currency[rows], return_inverse=True
    )
    local = grouped_sum(grain.astype(np.int64, copy=False), book.values[rows], len(keys))
    convert = converter(int(local.max(initial=0)), int(book.rates.by_month.max(initial=RATE_ONE)))
    return keys // currencies, convert(local, book.rates.column(rates_of)[keys % currencies])


def customer_retention(lines: pl.DataFrame, rates: pl.DataFrame, policy: Policy, month: int) -> pl.DataFrame:
    """Retention of a month customer by customer: ``customer`` str · ``base``, ``now``, ``kept``, Int64 cents.

    Everyone with ARR twelve months before; the sums are the month's retention (section 7). Raises ``MissingRates``.
    """
    book = settle_month(lines, rates, policy, month, with_retention=True)
    before, units = month - MONTHS_BACK, len(book.lines.unit_names)
    unit, value = grain_values(book, before, month if policy.retention_fx == "constant" else before)
    base = grouped_sum(unit, value, units)
    now = grouped_sum(*grain_values(book, month, month), units)
    there = np.unique(unit)
    return pl.DataFrame(
        {
            "customer": book.lines.unit_names[there],
            "base": base[there],
            "now": now[there],
            "kept": np.minimum(base, now)[there],
        }
    )


def customer_cohort(
    lines: pl.DataFrame, rates: pl.DataFrame, policy: Policy, cohort: tuple[int, int], month: int
) -> pl.DataFrame:
    """The customers whose first ARR fell in the months of ``cohort``, with their ARR at a month end: ``customer`` str ·
    ``amount``, Int64 cents. Those without ARR then are left out. Raises ``MissingRates``.
    """
    book = settle_month(lines, rates, policy, month)
    units = len(book.lines.unit_names)
    first = np.full(units, NEVER, dtype=np.int64)
    rows = np.flatnonzero(book.settled.has_value)
    np.minimum.at(first, book.lines.unit[rows], book.settled.month_from[rows])
    unit, value = grain_values(book, month, month)
    amount, there = grouped_sum(unit, value, units), np.unique(unit)
    there = there[(first[there] >= cohort[0]) & (first[there] <= cohort[1])]
    return pl.DataFrame({"customer": book.lines.unit_names[there], "amount": amount[there]})


def customer_bridge(
    lines: pl.DataFrame,
    rates: pl.DataFrame,
    policy: Policy,
    month: int,
    dimension: str = TOTAL,
    group: str | None = None,
) -> pl.DataFrame:
    """One month of the bridge customer by customer; the sums of its columns are the bridge's row of that dimension,
    group and month.

    Columns: ``customer`` str · ``kind`` (place of the customer's case in ``KINDS``, as text; by product that of the
    product) · the columns ``AMOUNTS`` in cents · ``COUNTS``, 0 or 1. Customers without ARR now and before are left
    out. Raises ``MissingRates``.
    """
    return settled_bridge(settle_month(lines, rates, policy, month), dimension, group)


def settled_bridge(book: Settled, dimension: str = TOTAL, group: str | None = None) -> pl.DataFrame:
    """``customer_bridge`` of lines that are settled already."""
    grains = month_grains(book)
    kind = unit_kinds(book, grains)
    wanted = np.ones(len(grains.unit), dtype=np.bool_)
    if dimension == "product":
        wanted = np.asarray((book.lines.product_names == group).to_numpy())[grains.product]
    elif dimension != TOTAL:
        attributes = attributes_of_units(book.lines, (dimension,))
        in_group = (attributes.names[dimension] == group).to_numpy()[attributes.codes[dimension]]
        wanted = in_group[grains.unit]
    return unit_rows(book.lines, grains, wanted, kind, by_product=dimension == "product").sort("customer")


def unit_rows(lines: CodedLines, grains: Grains, wanted: Bools, kind: Ints, *, by_product: bool) -> pl.DataFrame:
    """The bridge columns of each customer over its wanted grains."""
    units, place = np.unique(grains.unit[wanted], return_inverse=True)
    place = place.astype(np.int64, copy=False)
    names = ("before", "now", "change", "lines_before", "lines_now")
    before, now, change, had, has = (grouped_sum(place, getattr(grains, name)[wanted], len(units)) for name in names)
    case = kind[units]
    stays = (case == EXPANSION) | (case == CONTRACTION)
    if by_product:
        case = np.where(stays, np.where(change > 0, EXPANSION, CONTRACTION), case)
    moved = np.where(stays, change, now - before)
    columns = {"beginning": before, "fx": now - before - moved, "ending": now}
    columns |= {name: np.where(case == code, moved, 0) for code, name in enumerate(KINDS)}
    columns |= {"customers_beginning": (had > 0).astype(np.int64), "customers_ending": (has > 0).astype(np.int64)}
    columns |= {name: (case == code).astype(np.int64) for name, code in COUNTED.items()}
    return pl.DataFrame(
        {
            "customer": lines.unit_names[units],
            "kind": pl.Series(list(KINDS))[case],
            **{name: columns[name] for name in (*AMOUNTS, *COUNTS)},
        }
    )
