"""What a change of some lines does to a book, in one walk over the affected customers before and after it.

The lines before and after stand side by side as different customers (every name of a side begins with its mark), so that
nothing of one side meets the other; the sums of one side are subtracted from those of the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from metrics.engine.arrays import NEVER, Bools, Ints
from metrics.engine.balances import Attributes, attributes_of_units, blocks_of
from metrics.engine.book import movements_frame, walk_terms
from metrics.engine.bridge import AMOUNTS, COUNTS, TOTAL, bridge_columns
from metrics.engine.lines import ATTRIBUTES, DIMENSIONS, NO_VALUE, CodedLines, code_lines
from metrics.engine.movements import MovementRows, Sums, walk_block
from metrics.engine.policy import Policy
from metrics.engine.series import FIGURES, Group
from metrics.engine.settlement import Settlement, settle_lines
from metrics.engine.tally import Tally
from metrics.engine.valuation import MissingRates, line_values, rate_gaps, rates_for

BEFORE: Final = "-"
AFTER: Final = "+"
NAMES: Final = (
    "line_id",
    "contract_id",
    "customer_id",
    "parent_customer_id",
    "replaces_contract_id",
    "replaces_line_id",
)
COHORT: Final = "cohort"


@dataclass(frozen=True, slots=True)
class BookChange:
    """What to add to the series of a book, and the affected customers' movements as they are now.

    ``groups`` and ``cohorts`` hold what changes, as in ``BookSeries``. ``began`` and ``begins`` are the first months in which
    the affected customers had and have ARR, ``NEVER`` for none.
    """

    groups: dict[Group, Ints]
    cohorts: dict[int, Ints]
    movements: pl.DataFrame
    began: int
    begins: int


@dataclass(frozen=True, slots=True)
class Sides:
    """The lines before and after a change as one set of coded lines; ready to be settled under any recognition."""

    lines: CodedLines
    is_after: Bools
    attributes: Attributes


def two_sides(before: pl.DataFrame, after: pl.DataFrame, customer_unit: str) -> Sides:
    """Both states of the affected lines, each name with the mark of its side."""
    marked = pl.concat([side_of(before, BEFORE), side_of(after, AFTER)])
    coded = code_lines(marked, customer_unit)
    is_after = np.arange(marked.height) >= before.height
    return Sides(coded, is_after, attributes_of_units(coded, DIMENSIONS))


def side_of(lines: pl.DataFrame, mark: str) -> pl.DataFrame:
    """Lines whose names, products and attributes begin with a mark."""
    texts = {name: pl.col(name) for name in NAMES} | {name: pl.col(name).fill_null(NO_VALUE) for name in DIMENSIONS}
    return lines.with_columns(pl.concat_str(pl.lit(mark), text).alias(name) for name, text in texts.items())


def book_change(sides: Sides, rates: pl.DataFrame, policy: Policy, first: int, last: int) -> BookChange:
    """The change of the book from ``first`` to ``last``. Raises ``MissingRates``."""
    lines = sides.lines
    settled = settle_lines(lines, policy)
    began, begins = (first_month(settled, side) for side in (~sides.is_after, sides.is_after))
    if min(began, begins) > last:
        return BookChange({}, {}, no_movements(), began, begins)
    table = rates_for(lines, rates, policy, first, last)
    gaps = rate_gaps(lines, settled, table, policy, first, last, True)
    if gaps.height:
        raise MissingRates(gaps)
    values = line_values(lines, settled, table)
    attributes, cohorts = with_cohorts(sides, settled)
    terms = walk_terms(lines, settled, values, table, policy, (first, last), (True, False))
    months = last - first + 1
    tallies = {name: Tally.empty(months, len(attributes.names[name])) for name in attributes.names}
    products = Tally.empty(months, len(lines.product_names))
    movements: list[MovementRows] = []
    for block in blocks_of(lines, settled, values, attributes.rank, last):
        own = slice(block.first_unit, block.first_unit + block.units)
        starts, group = np.unique(attributes.group[own], return_index=True, return_inverse=True)[1:]
        groups = Tally.empty(months, len(starts))
        sums = Sums(groups, products, np.zeros((2, 0, 0), dtype=np.int64), movements)
        walk_block(block, terms, group.astype(np.int64, copy=False), sums)
        for name, tally in tallies.items():
            tally.add(groups, attributes.codes[name][own][starts])
    found = movements_frame(lines, attributes, movements)
    return BookChange(
        groups=group_changes(tallies, products, attributes, lines),
        cohorts=cohort_changes(tallies[COHORT], cohorts),
        movements=after_only(found),
        began=began,
        begins=begins,
    )


def first_month(settled: Settlement, side: Bools) -> int:
    """The first month end at which a line of one side gives ARR, or ``NEVER``."""
    return int(settled.month_from[settled.has_value & side].min(initial=NEVER))


def with_cohorts(sides: Sides, settled: Settlement) -> tuple[Attributes, list[tuple[int, int]]]:
    """The attributes with the customer's side and cohort as one more, and (side, cohort) of each of its values."""
    lines, given = sides.lines, sides.attributes
    units = len(lines.unit_names)
    cohort, side = np.full(units, NEVER), np.zeros(units, dtype=np.int64)
    rows = settled.has_value
    np.minimum.at(cohort, lines.unit[rows], settled.month_from[rows])
    side[lines.unit] = sides.is_after
    keys, code = np.unique(cohort * 2 + side, return_inverse=True)
    order = given.group[given.rank] * len(keys) + code
    by_order = np.argsort(order, kind="stable")
    rank = np.empty(units, dtype=np.int64)
    rank[by_order] = np.arange(units)
    codes = {name: old[given.rank][by_order] for name, old in given.codes.items()} | {COHORT: code[by_order]}
    names = given.names | {COHORT: pl.Series(COHORT, keys)}
    return Attributes(names, codes, order[by_order], rank, by_order), [(key % 2, key // 2) for key in keys.tolist()]


def group_changes(
    tallies: dict[str, Tally], products: Tally, attributes: Attributes, lines: CodedLines
) -> dict[Group, Ints]:
    """What each group and the total gain or lose: the sums after less those before."""
    change: dict[Group, Ints] = {}
    for dimension in ATTRIBUTES:
        add_sides(change, dimension, attributes.names[dimension], series_of(tallies[dimension], with_retention=True))
    change[TOTAL, ""] = np.sum([step for (name, _), step in change.items() if name == ATTRIBUTES[0]], axis=0)
    add_sides(change, "product", lines.product_names, series_of(products, with_retention=False))
    return {group: step for group, step in change.items() if step.any()}


def series_of(tally: Tally, *, with_retention: bool) -> Ints:
    """A tally as ``FIGURES`` × months × groups."""
    bridge = bridge_columns(tally)
    retention = tally.retention if with_retention else np.zeros_like(tally.retention)
    assert len(bridge) == len(AMOUNTS) + len(COUNTS) and len(bridge) + len(retention) == len(FIGURES)
    return np.concatenate([bridge, retention])


def add_sides(change: dict[Group, Ints], dimension: str, names: pl.Series, series: Ints) -> None:
    """Add each marked group's series to its unmarked group, with the sign of its side."""
    for place, name in enumerate(names.to_list()):
        step = series[:, :, place] if name[0] == AFTER else -series[:, :, place]
        group = (dimension, name[1:])
        change[group] = change[group] + step if group in change else step


def cohort_changes(tally: Tally, cohorts: list[tuple[int, int]]) -> dict[int, Ints]:
    """What each cohort gains or loses: cents and customers at each month."""
    change: dict[int, Ints] = {}
    for place, (is_after, month) in enumerate(cohorts):
        values = np.stack([tally.ending[1:, place], tally.customers[1:, place]])
        step = values if is_after else -values
        change[month] = change[month] + step if month in change else step
    return {month: step for month, step in change.items() if step.any()}


def after_only(movements: pl.DataFrame) -> pl.DataFrame:
    """The movements of the side after the change, with the names as they are."""
    unmarked = (pl.col(name).str.slice(1) for name in ("customer", "product"))
    return movements.filter(pl.col("customer").str.starts_with(AFTER)).with_columns(unmarked)


def no_movements() -> pl.DataFrame:
    """No movement, in the columns of ``Book.movements``."""
    text = pl.String()
    return pl.DataFrame(
        schema={"month": pl.Int64(), "customer": text, "product": text, "kind": text, "amount": pl.Int64()}
    )
