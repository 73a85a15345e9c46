"""Bridges under several filters: the engine in memory, with the filtered dimensions folded into one.

A customer has one value of each attribute, so the values of several attributes are one combined value, and a bridge by that
value holds every filter of those attributes at once. Products of one customer stay apart or together as they were, so the same
holds for a product combined with its customer's values.
"""

from functools import reduce
from typing import Final

import numpy as np
import polars as pl

from metrics.computation import EngineInput
from metrics.engine.arrays import Ints
from metrics.engine.book import book_of
from metrics.engine.bridge import TOTAL
from metrics.engine.lines import ATTRIBUTES, NO_VALUE, unit_expression
from metrics.engine.series import FIGURES, BookSeries, joined_series, series_of_book
from metrics.memory import Memory
from metrics.selectors.figures import BookHead
from metrics.selectors.live import live_input
from metrics.selectors.policies import first_close, policy_latest
from metrics.selectors.stamp import lines_stamp
from portal.tenancy.models import Client

SEPARATOR: Final = "\x1f"  # no field can hold it: the intake refuses it
INPUTS: Final[Memory[EngineInput]] = Memory(400_000)
FOLDED: Final[Memory[EngineInput]] = Memory(400_000)
SERIES: Final[Memory[BookSeries]] = Memory(200_000)


def book_input(client: Client, head: BookHead) -> EngineInput:
    """What the engine computes a book from, kept while the book does not change."""
    key = (client.pk, head.id, head.recognition, head.version)
    return INPUTS.get(key, lambda: live_input(client, head.recognition), lambda given: given.lines.height)


def folded_input(client: Client, head: BookHead, names: tuple[str, ...]) -> EngineInput:
    """The lines by the combined values of these dimensions, related: once for ARR, CARR and LARR."""
    earlier, newest = first_close(), policy_latest()
    key = (*lines_stamp(client), earlier and earlier.pk, newest and newest.number, *names)

    def folded() -> EngineInput:
        given = book_input(client, head)
        return given.with_lines(lambda lines, unit: folded_lines(lines, unit, names)[0]).with_relations()

    return FOLDED.get(key, folded, lambda given: given.lines.height).recognised(head.recognition)


def filtered_groups(
    client: Client, head: BookHead, dimension: str, filters: dict[str, tuple[str, ...]]
) -> dict[tuple[str, str], Ints]:
    """Total and groups of a dimension over the customers and products that all filters leave."""
    names = tuple(sorted({*filters, dimension} - {TOTAL}))
    key = (client.pk, head.id, head.recognition, head.version, names)
    folded = SERIES.get(key, lambda: folded_series(client, head, names), lambda made: len(made.groups))
    months = (head.last_month or 0) - (head.first_month or 0) + 1
    groups: dict[tuple[str, str], Ints] = {(TOTAL, ""): np.zeros((len(FIGURES), months), dtype=np.int64)}
    for (kind, text), values in folded.groups.items():
        if kind == TOTAL:
            continue
        at = dict(zip(names, text.split(SEPARATOR), strict=True))
        if any(at[name] not in wanted for name, wanted in filters.items()):
            continue
        groups[TOTAL, ""] = groups[TOTAL, ""] + values
        if dimension != TOTAL:
            own = (dimension, at[dimension])
            groups[own] = groups.get(own, 0) + values
    if dimension == "product" and "product" not in filters:
        # A customer of two products is one customer, and its expansion is one figure: products do not add up to the total.
        groups[TOTAL, ""] = filtered_groups(client, head, TOTAL, filters)[TOTAL, ""]
    return groups


def filtered_cohorts(client: Client, head: BookHead, filters: dict[str, tuple[str, ...]]) -> dict[int, Ints]:
    """The cohorts of the customers with these properties, and of the ARR of these products.

    Every line takes part in deciding which lines count; those that the filters leave out give nobody ARR.
    """
    key = (client.pk, head.id, head.recognition, head.version, "cohorts", *sorted(filters.items()))
    return SERIES.get(key, lambda: cohort_series(client, head, filters), lambda made: len(made.cohorts) + 1).cohorts


def cohort_series(client: Client, head: BookHead, filters: dict[str, tuple[str, ...]]) -> BookSeries:
    """A book without anything but the filtered cohorts."""
    given = book_input(client, head).with_lines(lambda lines, unit: only_valued(lines, unit, filters))
    return series_split(given, head, ())


def only_valued(lines: pl.DataFrame, customer_unit: str, filters: dict[str, tuple[str, ...]]) -> pl.DataFrame:
    """All lines, of which only those that the filters leave have a value: a line worth 0 counts, and gives nobody ARR."""
    attributes = customer_attributes(lines, customer_unit)
    tagged = lines.with_columns(unit_expression(customer_unit).alias("unit")).join(
        attributes, on="unit", how="left", suffix="_of_customer", maintain_order="left"
    )
    of_line = {name: pl.col(f"{name}_of_customer") for name in ATTRIBUTES}
    of_line["product"] = pl.col("product").fill_null(NO_VALUE)
    kept = pl.all_horizontal(*(of_line[name].is_in(list(values)) for name, values in filters.items()))
    amounts = [pl.when(kept).then(pl.col(name)).otherwise(0).alias(name) for name in ("amount_e6", "discount_e6")]
    return tagged.with_columns(amounts).select(lines.columns)


def folded_series(client: Client, head: BookHead, names: tuple[str, ...]) -> BookSeries:
    """The book by the combined values of these dimensions, in their order."""
    dimension = folded_dimension(names)
    with_retention = head.retention_from == head.first_month and dimension != "product"
    given = folded_input(client, head, names)
    return series_split(given, head, (dimension,), with_retention=with_retention, with_cohorts=False)


def series_split(
    given: EngineInput,
    head: BookHead,
    dimensions: tuple[str, ...],
    *,
    with_retention: bool = False,
    with_cohorts: bool = True,
) -> BookSeries:
    """The months of a book, each under the policy that it follows."""
    found = []
    for run, first, last in given.split(head.first_month or 0, head.last_month or 0):
        book = book_of(
            run.ready(), run.rates, first, last, dimensions, with_retention=with_retention, with_cohorts=with_cohorts
        )
        found.append(series_of_book(book, first, last))
    return reduce(joined_series, found)


def folded_dimension(names: tuple[str, ...]) -> str:
    """The dimension in whose place the combined value of these stands."""
    return "product" if "product" in names else "segment"


def folded_lines(lines: pl.DataFrame, customer_unit: str, names: tuple[str, ...]) -> tuple[pl.DataFrame, str]:
    """The lines with the combined value in place of `segment` — or of `product`, if that is one of the dimensions."""
    unit = unit_expression(customer_unit).alias("unit")
    attributes = [name for name in names if name in ATTRIBUTES]
    values = customer_attributes(lines, customer_unit)
    tagged = lines.with_columns(unit).join(values, on="unit", how="left", suffix="_of_customer", maintain_order="left")
    parts = [
        pl.col("product").fill_null(NO_VALUE) if name == "product" else pl.col(f"{name}_of_customer") for name in names
    ]
    target = folded_dimension(names)
    combined = pl.concat_str(parts, separator=SEPARATOR).alias(target)
    assert attributes or names == ("product",)
    return tagged.with_columns(combined).select(lines.columns), target


def customer_attributes(lines: pl.DataFrame, customer_unit: str) -> pl.DataFrame:
    """`unit` and the attributes of each customer: those of its line with the latest start, ties by the greatest line id."""
    named = lines.select(unit_expression(customer_unit).alias("unit"), "starts_on", "line_id", *ATTRIBUTES)
    latest = named.filter(pl.col("starts_on") == pl.col("starts_on").max().over("unit"))  # few are left to be sorted
    last = latest.sort("line_id").group_by("unit", maintain_order=True).last()
    return last.select("unit", *(pl.col(name).fill_null(NO_VALUE) for name in ATTRIBUTES))
