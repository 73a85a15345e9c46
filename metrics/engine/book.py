"""The entry to the engine: contract lines, rates and a policy in, the whole book of ARR out.

Every function here is pure: a rebuild runs it over all lines of a client, a change over the lines of the affected
customers, a preview over another policy. Results are sums over customers, so that the book of two disjoint sets of
customers is the sum of their books; see ``metrics.engine.links`` for which customers belong together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from metrics.engine.arrays import NEVER, Ints, grouped_sum
from metrics.engine.balances import Attributes, Block, attributes_of_units, blocks_of
from metrics.engine.bridge import BRIDGE_SCHEMA, RETENTION_SCHEMA, TOTAL, bridge_columns, figures_frame
from metrics.engine.fx import RATE_ONE, converter
from metrics.engine.lines import DIMENSIONS, CodedLines, code_lines
from metrics.engine.movements import MovementRows, Sums, Terms, movement_columns, walk_block
from metrics.engine.policy import Policy
from metrics.engine.settlement import Settlement, settle_lines, settled_frame
from metrics.engine.tally import KINDS, Tally
from metrics.engine.valuation import MissingRates, Rates, line_values, rate_gaps, rates_for


@dataclass(frozen=True, slots=True)
class Book:
    """The ARR of a set of customers over a run of months; money is Int64 cents of the reporting currency, months are
    ordinals.

    - ``bridge``: ``dimension, group, month``, then ``bridge.AMOUNTS`` and ``bridge.COUNTS``; dimension ``total``
      (group ``""``) has every month, the others leave out rows in which everything is 0;
    - ``retention``: ``dimension, group, month, base_cents, now_cents, kept_cents, customers_base, customers_kept``;
      not by product;
    - ``movements``: ``month, customer, product, kind, amount``, only where something moved, without FX; ``kind`` is
      the customer's case;
    - ``cohorts``: ``cohort`` (month of the first ARR), ``month, arr, customers``.
    """

    bridge: pl.DataFrame
    retention: pl.DataFrame
    movements: pl.DataFrame
    cohorts: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Ready:
    """Lines as codes, settled under a policy: what a book of any months begins with."""

    lines: CodedLines
    settled: Settlement
    policy: Policy

    @classmethod
    def of(cls, lines: CodedLines, policy: Policy) -> Ready:
        """Settles coded lines; the codes must have been made for the policy's customer unit."""
        return cls(lines, settle_lines(lines, policy), policy)


def settle(lines: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """From which day until which day each line counts, its annual value, and the rules that decided it; see
    ``settled_frame``.
    """
    coded = code_lines(lines, policy.customer_unit)
    return settled_frame(coded, settle_lines(coded, policy))


def build_book(
    lines: pl.DataFrame,
    rates: pl.DataFrame,
    policy: Policy,
    first: int,
    last: int,
    dimensions: tuple[str, ...] = DIMENSIONS,
    *,
    with_retention: bool = True,
    with_cohorts: bool = True,
) -> Book:
    """The book from month ``first`` to ``last``, which begins with what all the history before it left.

    ``lines`` is in ``LINE_SCHEMA``, ``rates`` in ``RATE_SCHEMA``. Raises ``MissingRates`` where an amount cannot be
    valued. Pieces that are not wanted are left out and cost nothing: dimensions, retention, cohorts.
    """
    ready = Ready.of(code_lines(lines, policy.customer_unit), policy)
    pieces = {"with_retention": with_retention, "with_cohorts": with_cohorts}
    return book_of(ready, rates, first, last, dimensions, **pieces)


def book_of(
    ready: Ready,
    rates: pl.DataFrame,
    first: int,
    last: int,
    dimensions: tuple[str, ...] = DIMENSIONS,
    *,
    with_retention: bool = True,
    with_cohorts: bool = True,
) -> Book:
    """``build_book`` of lines that are settled already: several books of them cost the settling once."""
    coded, settled, policy = ready.lines, ready.settled, ready.policy
    table = rates_for(coded, rates, policy, first, last)
    gaps = rate_gaps(coded, settled, table, policy, first, last, with_retention)
    if gaps.height:
        raise MissingRates(gaps)
    values = line_values(coded, settled, table)
    attributes = attributes_of_units(coded, dimensions)
    blocks = blocks_of(coded, settled, values, attributes.rank, last)
    terms = walk_terms(coded, settled, values, table, policy, (first, last), (with_retention, with_cohorts))
    return assemble(coded, blocks, attributes, terms, dimensions)


def walk_terms(
    lines: CodedLines,
    settled: Settlement,
    values: Ints,
    rates: Rates,
    policy: Policy,
    months: tuple[int, int],
    pieces: tuple[bool, bool],
) -> Terms:
    """What the walk through the months needs to know."""
    rows = settled.has_value
    # No change and no balance is larger than all values of its customer together.
    largest = grouped_sum(lines.unit[rows], values[rows], len(lines.unit_names)).max(initial=0)
    window = policy.reactivation_window_months
    return Terms(
        first=months[0],
        last=months[1],
        window=NEVER if window is None else window,
        rates=rates,
        convert=converter(int(largest), int(rates.by_month.max(initial=RATE_ONE))),
        constant_retention=policy.retention_fx == "constant",
        with_retention=pieces[0],
        with_cohorts=pieces[1],
    )


def assemble(
    lines: CodedLines, blocks: list[Block], attributes: Attributes, terms: Terms, dimensions: tuple[str, ...]
) -> Book:
    """Walks every block of customers and gathers the sums as frames."""
    months, cohort_start = terms.last - terms.first + 1, blocks[0].first_month
    names = {TOTAL: pl.Series([""])} | attributes.names
    tallies = {dimension: Tally.empty(months, len(groups)) for dimension, groups in names.items()}
    products = Tally.empty(months, max(len(lines.product_names), 1))
    cohorts = np.zeros((2, months, terms.last - cohort_start + 1), dtype=np.int64)
    movements: list[MovementRows] = []
    for block in blocks:
        if len(block.grain) == 0:
            continue
        own = slice(block.first_unit, block.first_unit + block.units)
        starts, group = np.unique(attributes.group[own], return_index=True, return_inverse=True)[1:]
        groups = Tally.empty(months, len(starts))
        walk_block(block, terms, group.astype(np.int64, copy=False), Sums(groups, products, cohorts, movements))
        for dimension, tally in tallies.items():
            codes = attributes.codes.get(dimension, np.zeros_like(attributes.group))
            tally.add(groups, codes[own][starts])
    retention = {dimension: tally.retention for dimension, tally in tallies.items()}
    bridge = {dimension: bridge_columns(tally) for dimension, tally in tallies.items()}
    if "product" in dimensions and len(lines.product_names):
        names["product"], bridge["product"] = lines.product_names, bridge_columns(products)
    return Book(
        bridge=figures_frame(BRIDGE_SCHEMA, bridge, names, terms.first),
        retention=figures_frame(RETENTION_SCHEMA, retention, names, terms.first),
        movements=movements_frame(lines, attributes, movements),
        cohorts=cohorts_frame(cohorts, cohort_start, terms.first),
    )


def movements_frame(lines: CodedLines, attributes: Attributes, movements: list[MovementRows]) -> pl.DataFrame:
    """The movements as a frame; see ``Book``."""
    month, rank, product, kind, cents = movement_columns(movements)
    return pl.DataFrame(
        {
            "month": month,
            "customer": lines.unit_names[attributes.units[rank]],
            "product": lines.product_names[product],
            "kind": pl.Series(list(KINDS), dtype=pl.Enum(list(KINDS)))[kind],
            "amount": cents,
        }
    )


def cohorts_frame(cohorts: Ints, cohort_start: int, first: int) -> pl.DataFrame:
    """ARR and customers by month of the first ARR and month; a cohort without customers at a month end is left out."""
    cohort, month = np.nonzero(cohorts[1].T)
    return pl.DataFrame(
        {
            "cohort": cohort + cohort_start,
            "month": month + first,
            "arr": cohorts[0, month, cohort],
            "customers": cohorts[1, month, cohort],
        }
    )
