"""The entry to the engine: contract lines, rates and a policy in, the whole book of ARR out.

Every function here is pure: a rebuild runs it over all lines of a client, a change over the lines of the affected
customers, a preview over another policy. Results are sums over customers, so that the book of two disjoint sets of
customers is the sum of their books; see ``metrics.engine.links`` for which customers belong together.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import Final

import numpy as np
import polars as pl

from metrics.engine.arrays import NEVER, Ints, dense_codes, rows_of_codes
from metrics.engine.balances import Attributes, Blocks, attributes_of_units, blocks_of
from metrics.engine.block import Sums, add_block
from metrics.engine.bridge import BRIDGE_SCHEMA, RETENTION_SCHEMA, TOTAL, bridge_columns, figures_frame
from metrics.engine.fx import convert_wide
from metrics.engine.lines import DIMENSIONS, CodedLines, code_lines
from metrics.engine.movements import Moves, Terms
from metrics.engine.policy import Policy
from metrics.engine.settlement import Related, Settlement, relate_lines, settle_lines, settle_related, settled_frame
from metrics.engine.tally import KINDS, Tally
from metrics.engine.threads import in_threads, together
from metrics.engine.valuation import MissingRates, line_values, rate_gaps, rates_for

MOVEMENT_SCHEMA: Final = pl.Schema(
    {
        "month": pl.Int64(),
        "customer": pl.String(),
        "product": pl.String(),
        "kind": pl.Enum(list(KINDS)),
        "amount": pl.Int64(),
    }
)


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
        return cls.of_related(relate_lines(lines, policy), policy)

    @classmethod
    def of_related(cls, related: Related, policy: Policy) -> Ready:
        """Settles lines whose relations are known, under a policy that differs from theirs in recognition at most."""
        return cls(related.lines, settle_related(related, policy.recognition), policy)


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
    related = relate_lines(code_lines(lines, policy.customer_unit), policy)
    ready, attributes = together(
        lines.height,
        lambda: Ready.of_related(related, policy),
        lambda: attributes_of_units(related.lines, dimensions),
    )
    pieces = {"with_retention": with_retention, "with_cohorts": with_cohorts}
    return book_of(ready, rates, first, last, dimensions, **pieces, attributes=attributes)


def book_of(
    ready: Ready,
    rates: pl.DataFrame,
    first: int,
    last: int,
    dimensions: tuple[str, ...] = DIMENSIONS,
    *,
    with_retention: bool = True,
    with_cohorts: bool = True,
    attributes: Attributes | None = None,
) -> Book:
    """``build_book`` of lines that are settled already: several books of them cost the settling once.

    ``attributes`` are those of the customers in these dimensions, where they are known.
    """
    coded, settled, policy = ready.lines, ready.settled, ready.policy
    table = rates_for(coded, rates, policy, first, last)
    gaps = rate_gaps(coded, settled, table, policy, first, last, with_retention)
    if gaps.height:
        raise MissingRates(gaps)
    values = line_values(coded, settled, table)
    attributes = attributes or attributes_of_units(coded, dimensions)
    blocks = blocks_of(coded, settled, values, last)
    window = policy.reactivation_window_months
    terms = Terms(
        first=first,
        last=last,
        window=NEVER if window is None else window,
        rates=table,
        convert=convert_wide,
        constant_retention=policy.retention_fx == "constant",
        with_retention=with_retention,
        with_cohorts=with_cohorts,
    )
    return assemble(blocks, attributes, terms, dimensions)


def assemble(blocks: Blocks, attributes: Attributes, terms: Terms, dimensions: tuple[str, ...]) -> Book:
    """Computes the blocks side by side and gathers their sums as frames."""
    lines, cohort_start = blocks.lines, min(blocks.first_month, terms.last)
    names = {TOTAL: pl.Series([""])} | attributes.names
    tallies = {dimension: Tally.empty(terms.months, len(groups)) for dimension, groups in names.items()}
    whole = Sums.empty(terms, 0, max(len(lines.product_names), 1), cohort_start)
    adding = Lock()

    def movements_of_block(number: int) -> pl.DataFrame:
        units, counting = blocks.units(number), blocks.block(number)
        found, group = dense_codes(attributes.group[units], attributes.groups)
        sums = Sums.empty(terms, len(found), whole.products.groups, cohort_start)
        moves = add_block(counting, group, terms, sums)
        member = rows_of_codes(group)
        with adding:
            for dimension, tally in tallies.items():
                codes = attributes.codes[dimension][units][member] if dimension != TOTAL else np.zeros_like(member)
                tally.add(sums.groups, codes)
            whole.products.add(sums.products, np.arange(whole.products.groups))
            np.add(whole.cohorts, sums.cohorts, out=whole.cohorts)
        return movements_frame(moves, lines.unit_names[units], lines.product_names)

    # Whole numbers add up to the same in any order; the movements are put together in the order of the blocks.
    movements = in_threads(len(lines), movements_of_block, range(len(blocks)))
    retention = {dimension: tally.retention for dimension, tally in tallies.items()}
    bridge = {dimension: bridge_columns(tally) for dimension, tally in tallies.items()}
    if "product" in dimensions and len(lines.product_names):
        names["product"], bridge["product"] = lines.product_names, bridge_columns(whole.products)
    return Book(
        bridge=figures_frame(BRIDGE_SCHEMA, bridge, names, terms.first),
        retention=figures_frame(RETENTION_SCHEMA, retention, names, terms.first),
        movements=pl.concat([MOVEMENT_SCHEMA.to_frame(), *movements]),
        cohorts=cohorts_frame(whole.cohorts, cohort_start, terms.first),
    )


def movements_frame(moves: Moves, unit_names: pl.Series, product_names: pl.Series) -> pl.DataFrame:
    """The movements of customers with these names as a frame; see ``Book``."""
    return pl.DataFrame(
        {
            "month": moves.month,
            "customer": unit_names[moves.unit],
            "product": product_names[moves.product],
            "kind": pl.Series(KINDS, dtype=MOVEMENT_SCHEMA["kind"])[moves.kind],
            "amount": moves.cents,
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
