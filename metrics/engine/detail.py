"""One month customer by customer and product by product: what a close keeps, so that any cut of the month can be told later.

Source: ARR semantics, sections 5 to 7. ``month_detail`` reads the settled lines once; all else are exact sums of its rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import polars as pl

from metrics.engine.arrays import NEVER, Bools, Ints, grouped_sum
from metrics.engine.balances import attributes_of_units
from metrics.engine.bridge import AMOUNTS, COUNTS, TOTAL
from metrics.engine.drill import Grains, Settled, month_grains, pair_values, unit_kinds
from metrics.engine.lines import ATTRIBUTES
from metrics.engine.tally import COUNTED, KINDS, RETAINED
from metrics.engine.valuation import MONTHS_BACK

NAMES: Final = ("customer", "product", *ATTRIBUTES)
DETAIL_SCHEMA: Final = pl.Schema(
    {
        **dict.fromkeys(NAMES, pl.String()),
        "kind": pl.String(),
        **dict.fromkeys(("before", "now", "change", "base"), pl.Int64()),
        **dict.fromkeys(("had", "has", "based"), pl.Boolean()),
        **dict.fromkeys(("first", "first_here"), pl.Int32()),
    }
)
THERE: Final = pl.col("had") | pl.col("has")
STAYS: Final = pl.col("kind").is_in(["expansion", "contraction"])
Filters = Mapping[str, tuple[str, ...]]


def month_detail(book: Settled, *, with_retention: bool) -> pl.DataFrame:
    """Each customer × product that ever had ARR up to the month (``DETAIL_SCHEMA``), ordered by these.

    ``before``, ``now`` and ``change`` (at the month's own rates) are cents, ``base`` those of twelve months before as retention
    values them; ``had``, ``has`` and ``based`` say whether there was ARR then. ``kind`` is the customer's case, ``first`` and
    ``first_here`` the months of its first ARR, of all its products and of this one.
    """
    lines, grains = book.lines, month_grains(book)
    products = max(len(lines.product_names), 1)
    ever = np.flatnonzero(book.settled.has_value & (book.settled.month_from <= book.month))
    keys, place = np.unique(lines.unit[ever] * products + lines.product[ever], return_inverse=True)
    first_here = np.full(len(keys), NEVER, dtype=np.int64)
    np.minimum.at(first_here, place, book.settled.month_from[ever])
    unit, product = np.divmod(keys, products)
    first = np.full(len(lines.unit_names), NEVER, dtype=np.int64)
    np.minimum.at(first, unit, first_here)
    attributes = attributes_of_units(lines, ATTRIBUTES)
    named = {name: attributes.names[name].gather(attributes.codes[name][unit]).cast(pl.String) for name in ATTRIBUTES}
    columns = {
        "customer": lines.unit_names.gather(unit).cast(pl.String),
        "product": lines.product_names.gather(product).cast(pl.String),
        **named,
        "kind": pl.Series(list(KINDS)).gather(unit_kinds(book, grains)[unit]),
        **sums_of(book, grains, keys, products, with_retention=with_retention),
        "first": first[unit],
        "first_here": first_here,
    }
    return pl.DataFrame(columns).cast(DETAIL_SCHEMA).select(list(DETAIL_SCHEMA)).sort("customer", "product")


def sums_of(
    book: Settled, grains: Grains, keys: Ints, products: int, *, with_retention: bool
) -> dict[str, Ints | Bools]:
    """The figures of each customer × product, whose ``keys`` are in order."""
    at = np.searchsorted(keys, grains.unit * products + grains.product)
    before, now, change, had, has = (
        grouped_sum(at, getattr(grains, name), len(keys))
        for name in ("before", "now", "change", "lines_before", "lines_now")
    )
    base = based = np.zeros(len(keys), dtype=np.int64)
    if with_retention:
        then = book.month - MONTHS_BACK
        pairs, value = pair_values(book, then, book.month if book.policy.retention_fx == "constant" else then)
        held = np.searchsorted(keys, pairs)
        base, based = grouped_sum(held, value, len(keys)), np.bincount(held, minlength=len(keys))
    return {
        "before": before, "now": now, "change": change, "base": base, "had": had > 0, "has": has > 0, "based": based > 0,
    }  # fmt: skip


def cut_figures(detail: pl.DataFrame, dimension: str, filters: Filters) -> dict[tuple[str, str], dict[str, int]]:
    """By dimension and group the columns of the bridge and of retention (not of products) over what the filters leave.

    Of several products each counts a customer of its own, as everywhere; a group without anything is left out.
    """
    kept, by_product = kept_of(detail, filters), "product" in filters
    found = {(TOTAL, ""): added(kept, by_product=by_product)}
    if dimension != TOTAL:
        for (group,), rows in kept.group_by(dimension):
            figures = added(rows, by_product=by_product or dimension == "product")
            if any(figures.values()):
                found[dimension, str(group)] = figures
    return found


def kept_of(detail: pl.DataFrame, filters: Filters) -> pl.DataFrame:
    """The rows that filters leave."""
    return detail.filter(*(pl.col(name).is_in(list(values)) for name, values in filters.items()))


def added(rows: pl.DataFrame, *, by_product: bool) -> dict[str, int]:
    """The sums of some rows, of customers or of their products."""
    each = moved(rows if by_product else of_customers(rows), by_product=by_product)
    sums = {name: column.sum() for name, column in bridge_columns().items()}
    there = each.filter(THERE).select(**sums).row(0, named=True)
    retained = dict.fromkeys(RETAINED, 0) if by_product else retained_of(each)
    return {name: int(there[name]) for name in (*AMOUNTS, *COUNTS)} | retained


def bridge_columns() -> dict[str, pl.Expr]:
    """The columns of the bridge, of each row that has ``moved``."""
    kind, amount = pl.col("kind"), pl.col("amount")
    return {
        "beginning": pl.col("before"),
        **{name: pl.when(kind == name).then(amount).otherwise(0) for name in KINDS},
        "fx": pl.col("now") - pl.col("before") - amount,
        "ending": pl.col("now"),
        "customers_beginning": pl.col("had").cast(pl.Int64),
        **{name: (kind == KINDS[code]).cast(pl.Int64) for name, code in COUNTED.items()},
        "customers_ending": pl.col("has").cast(pl.Int64),
    }


def customer_cells(detail: pl.DataFrame, dimension: str, group: str, filters: Filters, column: str) -> pl.DataFrame:
    """``customer, amount, kind``: one cell of the bridge customer by customer, over what the filters leave of one group.

    ``column`` is one of the bridge, or ``net_new``; the sum is that of ``cut_figures``. Customers without a part are left out;
    ``kind`` is the movement of who has one.
    """
    each, parts = moved_in(detail, dimension, group, filters), bridge_columns()
    amount = pl.sum_horizontal(*(parts[name] for name in (KINDS if column == "net_new" else (column,))))
    by_row = each.select("customer", amount.cast(pl.Int64).alias("amount"), pl.col("kind").cast(pl.String))
    return parts_summed(by_row)


def parts_summed(parts: pl.DataFrame) -> pl.DataFrame:
    """``customer, amount, kind``: one row of each customer who has a part, its ``kind`` that of the last row with one."""
    there = parts.filter(pl.col("amount") != 0)
    found = there.group_by("customer").agg(pl.col("amount").sum(), pl.col("kind").last())
    return found.filter(pl.col("amount") != 0)


def customer_columns(
    detail: pl.DataFrame, dimension: str, group: str, filters: Filters, customer: str
) -> dict[str, int]:
    """Every column of the bridge of one customer, over what the filters leave of one group, as ``customer_cells``."""
    own = detail.filter(pl.col("customer") == customer)
    each = moved_in(own, dimension, group, filters)
    return each.select(**{name: column.sum() for name, column in bridge_columns().items()}).row(0, named=True)


def moved_in(detail: pl.DataFrame, dimension: str, group: str, filters: Filters) -> pl.DataFrame:
    """The rows that count in a cell of the bridge, as ``moved``: of one group, and of what the filters leave."""
    by_product = dimension == "product" or "product" in filters
    rows = kept_of(detail, group_filters(dimension, group, filters))
    return moved(rows if by_product else of_customers(rows), by_product=by_product).filter(THERE)


def group_filters(dimension: str, group: str, filters: Filters) -> Filters:
    """What is left where a cell is of one group besides: nothing, where the filters leave that group out."""
    if dimension == TOTAL:
        return filters
    return {**filters, dimension: (group,) if group in filters.get(dimension, (group,)) else ()}


def retained_of(customers: pl.DataFrame) -> dict[str, int]:
    """Retention over customers."""
    base, now = pl.col("base"), pl.col("now")
    found = customers.filter("based").select(
        base_cents=base.sum(), now_cents=now.sum(), kept_cents=pl.min_horizontal(base, now).sum(),
        customers_base=pl.len(), customers_kept=pl.col("has").sum(),
    )  # fmt: skip
    return {name: int(found[name][0]) for name in RETAINED}


def of_customers(rows: pl.DataFrame) -> pl.DataFrame:
    """The products of each customer as one."""
    return rows.group_by("customer").agg(
        pl.col("kind").first(),
        pl.col("before", "now", "change", "base").sum(),
        pl.col("had", "has", "based").any(),
        pl.col("first_here").min(),
    )


def moved(rows: pl.DataFrame, *, by_product: bool) -> pl.DataFrame:
    """The rows with the ``amount`` that they moved; by product what stays is that product's own expansion or contraction."""
    own = pl.when(pl.col("change") > 0).then(pl.lit("expansion")).otherwise(pl.lit("contraction"))
    kind = pl.when(STAYS).then(own).otherwise(pl.col("kind")) if by_product else pl.col("kind")
    amount = pl.when(STAYS).then(pl.col("change")).otherwise(pl.col("now") - pl.col("before"))
    return rows.with_columns(amount.alias("amount")).with_columns(kind.alias("kind"))


def cut_cohorts(detail: pl.DataFrame, filters: Filters) -> dict[int, tuple[int, int]]:
    """By month of the first ARR, in these products where some are named: cents and customers at the month end."""
    there = of_customers(kept_of(detail, filters)).filter("has")
    found = there.group_by("first_here").agg(pl.col("now").sum(), pl.len())
    return {month: (cents, customers) for month, cents, customers in found.iter_rows()}


def counted(detail: pl.DataFrame) -> pl.DataFrame:
    """The rows that any figure of the month is made of: whoever had or has ARR, or had it twelve months before."""
    return detail.filter(pl.col("had") | pl.col("has") | pl.col("based"))


def detail_movements(detail: pl.DataFrame) -> pl.DataFrame:
    """Who moved, as a book stores it: ``customer, product``, the customer's ``ATTRIBUTES``, ``kind, amount``."""
    there = moved(detail.filter(pl.col("had") | pl.col("has")), by_product=False)
    return there.filter(pl.col("amount") != 0).select(*NAMES, "kind", "amount")
