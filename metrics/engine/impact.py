"""Two policies on the same contract lines, customer by customer: whose ARR and whose movements another policy tells otherwise.

Source: ARR semantics, sections 4 to 6. Only customers whose lines the two policies settle or value differently are
walked through the months; of everyone else every figure is the same. The differences at a month end add up to the
difference of the bridge's ending exactly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from metrics.engine.arrays import NEVER, Bools, Grouping, Ints, dense_codes, grouped_sum, sorted_codes
from metrics.engine.book import MOVEMENT_SCHEMA, Ready
from metrics.engine.fx import RATE_ONE, converter
from metrics.engine.lines import CodedLines
from metrics.engine.valuation import Rates, line_values, rate_gaps, rates_for
from metrics.engine.worth import MonthOrder, Running, Steps

MOVED_SCHEMA: Final = pl.Schema(
    {
        "customer": pl.String(),
        **dict.fromkeys(("end_before", "end_after", "month", "month_before", "month_after", "told"), pl.Int64()),
    }
)
TOLD_SCHEMA: Final = pl.Schema(
    {
        "customer": pl.String(),
        "month": pl.Int64(),
        "kind": MOVEMENT_SCHEMA["kind"],
        "before": pl.Int64(),
        "after": pl.Int64(),
    }
)


@dataclass(frozen=True, slots=True)
class Units:
    """The customers by which two policies are compared: a code for each line of the frame, and the names in order.

    Where the policies agree on who is a customer these are the customers. Where not, customers that share a line are
    one, under a name of the policy that has fewer customers: so both policies add up to the same units.
    """

    of_line: Ints
    names: pl.Series

    @classmethod
    def of(cls, before: CodedLines, after: CodedLines) -> Units:
        """The units of the same lines, coded for both policies."""
        fine, coarse = sorted((before, after), key=lambda lines: len(lines.unit_names), reverse=True)
        place, names = sorted_codes(coarse.unit_names)
        if fine is coarse or len(names) == 0:
            return cls(place[coarse.unit] if len(names) else coarse.unit, names)
        label = place
        while True:
            of_fine = np.full(len(fine.unit_names), len(names), dtype=np.int64)
            np.minimum.at(of_fine, fine.unit, label[coarse.unit])
            joined = label.copy()
            np.minimum.at(joined, coarse.unit, of_fine[fine.unit])
            if (joined == label).all():
                return cls(label[coarse.unit], names)
            label = joined

    def names_of(self, lines: CodedLines) -> pl.DataFrame:
        """By the name of each customer of coded lines the name of its unit: ``customer, unit``."""
        unit = np.zeros(len(lines.unit_names), dtype=np.int64)
        unit[lines.unit] = self.of_line
        return pl.DataFrame({"customer": lines.unit_names, "unit": self.names[unit]})


def moved_customers(
    units: Units, before: Ready, after: Ready, rates: pl.DataFrame, first: int, last: int
) -> pl.DataFrame:
    """Those of `units` (`Units.of` the lines of both) whose ARR differs at any month end from ``first`` to ``last``.

    ``MOVED_SCHEMA``, in order of their names. ``end_…`` are cents at the month end ``last``; ``month`` is the one at which the
    two lie furthest apart (the newest of several), ``month_…`` the cents then. ``told`` is 0. Both policies must be able to
    value all of these months.
    """
    pairs = [(each, rates_for(each.lines, rates, each.policy, first, last)) for each in (before, after)]
    values = [line_values(each.lines, each.settled, table) for each, table in pairs]
    rows = np.flatnonzero(lines_of_units(units, lines_that_differ(before, after, values)))
    unit, codes = dense_codes(units.of_line[rows], max(len(units.names), 1))
    size = len(unit)
    best = np.zeros((4, size), dtype=np.int64)  # distance, month, before, after
    cents = [np.zeros(size, dtype=np.int64)] * 2
    sides = [
        balances(each, table, own, rows, codes, size, (first, last))
        for (each, table), own in zip(pairs, values, strict=True)
    ]
    for month, old, new in zip(range(first, last + 1), *sides, strict=True):
        apart = np.abs(new - old)
        found = np.flatnonzero((apart >= best[0]) & (apart > 0))
        best[:, found] = apart[found], np.full(len(found), month), old[found], new[found]
        cents = [old, new]
    kept = np.flatnonzero(best[0])
    columns = [cents[0][kept], cents[1][kept], *best[1:, kept], np.zeros(len(kept), dtype=np.int64)]
    named = dict(zip(MOVED_SCHEMA.names()[1:], columns, strict=True))
    return pl.DataFrame({"customer": units.names[unit[kept]], **named}, schema=MOVED_SCHEMA).sort("customer")


def lines_that_differ(before: Ready, after: Ready, values: list[Ints]) -> Bools:
    """The lines that the two policies settle or value (`values`, by line) differently: all, where they differ in rates or in
    who is a customer.
    """
    one, other = before.settled, after.settled
    policies = before.policy, after.policy
    if any(getattr(policies[0], name) != getattr(policies[1], name) for name in ("fx", "customer_unit")):
        return one.has_value | other.has_value
    differ = one.has_value != other.has_value
    both = one.has_value & other.has_value
    differ |= both & (values[0] != values[1])
    for name in ("month_from", "month_until"):
        differ |= both & (getattr(one, name) != getattr(other, name))
    return np.asarray(differ)


def lines_of_units(units: Units, marked: Bools) -> Bools:
    """All lines of the units of which any line is marked."""
    any_marked = np.zeros(max(len(units.names), 1), dtype=np.bool_)
    any_marked[units.of_line[marked]] = True
    return np.asarray(any_marked[units.of_line])


def balances(
    ready: Ready, table: Rates, values: Ints, rows: Ints, codes: Ints, size: int, months: tuple[int, int]
) -> Iterator[Ints]:
    """ARR in cents at each month end in turn, by the code of each of the rows; rounded at the grain of section 5.

    `values` are the cents of every line (`line_values`), `codes` below `size`.
    """
    (first, last), lines, settled = months, ready.lines, ready.settled
    valued = settled.has_value[rows] & (settled.month_from[rows] <= last) & (settled.month_until[rows] > first)
    rows, codes = rows[valued], codes[valued]
    products, currencies = max(len(lines.product_names), 1), max(len(lines.currency_names), 1)
    keys = (lines.unit[rows] * products + lines.product[rows]) * currencies + lines.currency[rows]
    grains, grain = dense_codes(keys, len(lines.unit_names) * products * currencies)
    of_grain = np.zeros(len(grains), dtype=np.int64)
    of_grain[grain] = codes
    cents = values[rows]
    ends = np.flatnonzero(settled.month_until[rows] <= last)
    month = np.append(np.maximum(settled.month_from[rows], first), settled.month_until[rows][ends])
    steps = Steps.of(MonthOrder.of(month, last), len(grains), np.append(grain, grain[ends]),
                     np.append(cents, -cents[ends]))  # fmt: skip
    running, currency, by_code = Running(steps), grains % currencies, Grouping.of(of_grain)
    largest = int(grouped_sum(grain, cents, len(grains)).max(initial=0))
    convert = converter(largest, int(table.by_month.max(initial=RATE_ONE)))
    for at in range(first, last + 1):
        total = np.zeros(size, dtype=np.int64)
        total[by_code.keys] = by_code.sums(convert(running.at(at), table.column(at)[currency]))
        yield total


def totals_of(ready: Ready, rates: pl.DataFrame, first: int, last: int) -> dict[int, int]:
    """ARR in cents at each month end, without anything else of a book; months that cannot be valued are left out."""
    table = rates_for(ready.lines, rates, ready.policy, first, last)
    gaps = rate_gaps(ready.lines, ready.settled, table, ready.policy, first, last, False)
    if table.by_line is not None and gaps.height:
        return {}
    rows = np.flatnonzero(ready.settled.has_value)
    values = line_values(ready.lines, ready.settled, table)
    totals = balances(ready, table, values, rows, np.zeros_like(rows), 1, (first, last))
    missing = set(gaps["month"].to_list())
    return {
        month: int(cents[0])
        for month, cents in zip(range(first, last + 1), totals, strict=True)
        if month not in missing
    }


def first_customers(ready: Ready) -> dict[int, int]:
    """By month how many customers have ARR for the first time ever; needs no rate."""
    settled, lines = ready.settled, ready.lines
    rows = np.flatnonzero(settled.has_value)
    begins = np.full(len(lines.unit_names), NEVER, dtype=np.int64)
    np.minimum.at(begins, lines.unit[rows], settled.month_from[rows])
    months, counts = np.unique(begins[begins != NEVER], return_counts=True)
    return dict(zip(months.tolist(), counts.tolist(), strict=True))


def told_otherwise(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """The movements that two books tell differently: ``TOLD_SCHEMA``, by customer, month and kind, in this order.

    ``before`` and ``after`` are movements as ``Book.movements`` has them, with customers named alike.
    """
    nothing = pl.lit(0, pl.Int64)
    sides = [
        before.select("customer", "month", "kind", before=pl.col("amount"), after=nothing),
        after.select("customer", "month", "kind", before=nothing, after=pl.col("amount")),
    ]
    sums = pl.concat(sides).group_by("customer", "month", "kind").agg(pl.col("before", "after").sum())
    return sums.filter(pl.col("before") != pl.col("after")).cast(TOLD_SCHEMA).sort("customer", "month", "kind")


def with_told(moved: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """Moved customers with what their movements differ by in all; those whose ARR is the same come in without a month."""
    apart = told.group_by("customer").agg((pl.col("after") - pl.col("before")).abs().sum().alias("told"))
    joined = moved.drop("told").join(apart, on="customer", how="full", coalesce=True)
    return joined.with_columns(pl.col("end_before", "end_after", "told").fill_null(0)).select(MOVED_SCHEMA.names())
