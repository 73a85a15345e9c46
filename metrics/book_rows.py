"""A book's series as rows of the database, both ways."""

import io
from collections.abc import Collection, Sequence
from itertools import pairwise
from operator import itemgetter
from typing import Any, Final

import numpy as np
import polars as pl
from django.db.models import Value
from psycopg.sql import SQL, Identifier, Literal

from metrics.engine.arrays import Ints, ints, small_order
from metrics.engine.bridge import TOTAL
from metrics.engine.series import COHORT_FIGURES, FIGURES, BookSeries, Group
from metrics.engine.threads import in_threads
from metrics.models import ArrBook, BookCohort, BookMonth, BookPatch, BookStep
from metrics.models import BookSeries as SeriesRow
from metrics.packing import Key, packed_series, summed_steps, unpacked_series
from portal.postgres.prepared import run_binary
from portal.tenancy.scope import scoped_client_id

MOVEMENT_COLUMNS = ["customer", "product", "kind", "amount"]
ARROW_FILE: Final = b"ARROW1"
HEADS: Final = [FIGURES.index(name) for name in ("customers_beginning", "customers_ending", "customers_base")]
STEP: Final = "step"  # where a dimension or cohort is expected: a row of `BookStep`
ADD: Final = (
    "INSERT INTO {table} (client_id, {keys}, figures) SELECT {client}, new.* FROM unnest({arrays}, %b::bytea[]) AS new"
)
# What a page reads each time, with the steps that wait, each in one statement: they may go into the series between two.
TOTALS: Final = b"""
    SELECT book_id, figures, NULL::bytea FROM metrics_bookseries
    WHERE client_id = %(client)b AND book_id = ANY(%(books)b) AND dimension = 'total' AND "group" = ''
    UNION ALL SELECT book_id, NULL, groups FROM metrics_bookstep WHERE client_id = %(client)b AND book_id = ANY(%(books)b)
"""
NAMES: Final = b"""
    SELECT dimension, "group", NULL::bytea FROM metrics_bookseries
    WHERE client_id = %(client)b AND book_id = %(book)b AND dimension = ANY(%(dimensions)b)
    UNION ALL SELECT NULL, NULL, groups FROM metrics_bookstep WHERE client_id = %(client)b AND book_id = %(book)b
"""
COHORT_ROWS: Final = b"""
    SELECT cohort, figures FROM metrics_bookcohort WHERE client_id = %(client)b AND book_id = %(book)b
    UNION ALL SELECT NULL, cohorts FROM metrics_bookstep WHERE client_id = %(client)b AND book_id = %(book)b
"""
MONTHS: Final = b"""
    SELECT month, movements FROM metrics_bookmonth
    WHERE client_id = %(client)b AND book_id = %(book)b AND month BETWEEN %(first)b AND %(last)b ORDER BY month
"""
PATCHES: Final = b"""
    SELECT NULL, customer, movements FROM metrics_bookpatch WHERE client_id = %(client)b AND book_id = %(book)b
    UNION ALL SELECT id, NULL, movements FROM metrics_bookstep WHERE client_id = %(client)b AND book_id = %(book)b
"""
# The tables of series: their columns that name one beside the book, with their types.
GROUPS: Final = ("metrics_bookseries", {"dimension": "text", "group": "text"})
COHORTS: Final = ("metrics_bookcohort", {"cohort": "int"})


def store(book: ArrBook, series: BookSeries | None) -> None:
    """Replace all rows of a book."""
    for model in (SeriesRow, BookCohort, BookMonth, BookPatch, BookStep):
        model.objects.filter(book=book).delete()
    if series is None:
        return
    packed = [packed_series(values) for values in series.groups.values()]
    series_insert(book, *GROUPS, *zip(*series.groups, strict=True), packed)
    if series.cohorts:
        cohorts = [packed_series(values) for values in series.cohorts.values()]
        series_insert(book, *COHORTS, list(series.cohorts), cohorts)
    months = packed_months(series.movements)
    query = (
        "INSERT INTO metrics_bookmonth (client_id, book_id, month, movements)"
        " SELECT {}, {}, new.* FROM unnest(%b::int[], %b::bytea[]) AS new"
    )
    if months:
        query_of_book = SQL(query).format(Literal(scoped_client_id()), Literal(book.pk))
        run_binary(query_of_book, [list(months), list(months.values())])


def series_insert(book: ArrBook, table: str, names: dict[str, str], *columns: Sequence[Any]) -> None:
    """Add series to a table; columns are arrays, sent as they are and not written into the text."""
    keys = {"book_id": "bigint", **names}
    query = SQL(ADD).format(
        table=Identifier(table),
        client=Literal(scoped_client_id()),
        keys=SQL(", ").join(Identifier(name) for name in keys),
        arrays=SQL(", ").join(SQL("%b::" + kind + "[]") for kind in keys.values()),
    )
    run_binary(query, [[book.pk] * len(columns[0]), *(list(column) for column in columns)])


def load_groups(
    book: ArrBook, dimensions: Collection[str] | None = None, groups: Collection[str] | None = None
) -> dict[Group, Ints]:
    """The series of a book, by dimension and group: `FIGURES` × months. Of all dimensions or some, all groups or some."""
    base, steps = SeriesRow.objects.filter(book=book), BookStep.objects.filter(book=book)
    if dimensions is not None:
        base = base.filter(dimension__in=dimensions)
    if groups is not None:
        base = base.filter(group__in=groups)
    waiting = steps.annotate(dimension=Value(STEP), group=Value("")).values_list("dimension", "group", "groups")
    rows = list(base.values_list("dimension", "group", "figures").union(waiting, all=True))
    found = {(name, own): unpacked_series(figures, len(FIGURES)) for name, own, figures in rows if name != STEP}

    def is_wanted(key: Key) -> bool:
        return (dimensions is None or key[0] in dimensions) and (groups is None or key[1] in groups)

    for key, step in summed_steps((figures for name, _, figures in rows if name == STEP), is_wanted).items():
        put_sum(found, key, step)
    return found


def put_sum(found: dict[Any, Ints], key: Any, step: Ints) -> None:
    """Add to the series of a key; one other than the total that becomes 0 everywhere goes."""
    value = found[key] + step if key in found else step
    if value.any() or key == (TOTAL, ""):
        found[key] = value
    else:
        found.pop(key, None)


def load_group_names(book: ArrBook, dimensions: Collection[str]) -> dict[str, list[str]]:
    """The groups of some dimensions, in order; figures are read only of those that a change may have emptied."""
    rows = run_binary(NAMES, {**of_book(book), "dimensions": list(dimensions)})
    names = {(name, group) for name, group, _ in rows if name is not None}
    stepped = summed_steps((step for name, _, step in rows if name is None), lambda key: key[0] in dimensions)
    # A group that has nothing any more lost customers, and had as many; any other that was there is there still.
    doubtful = {key for key, step in stepped.items() if key in names and (step[HEADS] < 0).any()}
    names |= {key for key, step in stepped.items() if step.any()}
    if doubtful:
        kept = load_groups(book, {name for name, _ in doubtful}, {group for _, group in doubtful})
        names -= doubtful - kept.keys()
    return {name: sorted(group for kind, group in names if kind == name) for name in dimensions}


def of_book(book: ArrBook) -> dict[str, Any]:
    """What a statement on the rows of a book is told."""
    return {"client": scoped_client_id(), "book": book.pk}


def load_totals(books: Collection[int]) -> dict[int, Ints]:
    """The series of the total of several books, by the book's id."""
    rows = run_binary(TOTALS, {"client": scoped_client_id(), "books": list(books)})
    found = {book: unpacked_series(figures, len(FIGURES)) for book, figures, _ in rows if figures is not None}
    for book in {book for book, _, step in rows if step is not None}:
        waiting = (step for own, _, step in rows if own == book and step is not None)
        for step in summed_steps(waiting, lambda key: key == (TOTAL, "")).values():
            found[book] = found[book] + step if book in found else step
    return found


def load_cohorts(book: ArrBook) -> dict[int, Ints]:
    """The cohorts of a book: `COHORT_FIGURES` × months."""
    rows = run_binary(COHORT_ROWS, of_book(book))
    found = {cohort: unpacked_series(data, len(COHORT_FIGURES)) for cohort, data in rows if cohort is not None}
    for (cohort,), step in summed_steps(data for cohort, data in rows if cohort is None).items():
        put_sum(found, cohort, step)
    return found


def load_movements(book: ArrBook, first: int, last: int) -> pl.DataFrame:
    """The movements of some months as they stand: `month, customer, product, kind, amount` in cents."""
    rows = run_binary(MONTHS, {**of_book(book), "first": first, "last": last})
    parts = [(month, unpacked_movements(packed_rows)) for month, packed_rows in rows]
    patches = load_patches(book)
    base = no_movements()
    if parts:
        base = pl.concat([part for _, part in parts])
        months = np.repeat([month for month, _ in parts], [part.height for _, part in parts])
        base.insert_column(0, pl.Series("month", months, pl.Int64))
    if not patches:
        return base
    patched = [
        (month, customer, product, kind, cents)
        for customer, moves in patches.items()
        for month, product, kind, cents in moves
        if first <= month <= last
    ]
    kept = base.filter(~pl.col("customer").is_in(list(patches)))
    return pl.concat([kept, pl.DataFrame(patched, schema=no_movements().schema, orient="row")])


def load_patches(book: ArrBook) -> dict[str, list[Any]]:
    """The movements of every customer that changed since the last rebuild: month, product, kind and cents."""
    rows = run_binary(PATCHES, of_book(book))
    found: dict[str, list[Any]] = {}
    for _, _, movements in sorted((row for row in rows if row[0] is not None), key=itemgetter(0)):
        found |= movements
    return found | {customer: movements for step, customer, movements in rows if step is None}


def no_movements() -> pl.DataFrame:
    """The columns of movements, without a row."""
    text = pl.String()
    return pl.DataFrame(
        schema={"month": pl.Int64(), "customer": text, "product": text, "kind": text, "amount": pl.Int64()}
    )


def packed_months(movements: pl.DataFrame) -> dict[int, bytes]:
    """The movements of each month that has any, as `packed_movements`."""
    if movements.height == 0:
        return {}
    month = ints(movements["month"])
    first, last = int(month.min()), int(month.max())
    order = small_order(month - first, last - first + 1)
    starts = np.append(0, np.cumsum(np.bincount(month - first))).tolist()
    spans = {first + place: order[low:high] for place, (low, high) in enumerate(pairwise(starts)) if low < high}
    kept = movements.select(MOVEMENT_COLUMNS).rechunk()  # rows are gathered from one piece several times as fast
    packed = in_threads(len(month), lambda rows: packed_movements(kept[rows]), list(spans.values()))
    return dict(zip(spans, packed, strict=True))


def packed_movements(movements: pl.DataFrame) -> bytes:
    """Movements of one month as an Arrow stream: a page reads a dozen of them, and a stream is opened ten times quicker than
    a file.
    """
    buffer = io.BytesIO()
    movements.select(pl.col(MOVEMENT_COLUMNS[:3]).cast(pl.String), "amount").write_ipc_stream(
        buffer, compression="zstd"
    )
    return buffer.getvalue()


def unpacked_movements(data: bytes) -> pl.DataFrame:
    """The movements of `packed_movements`; older rows are Arrow files."""
    return pl.read_ipc(io.BytesIO(data)) if data.startswith(ARROW_FILE) else pl.read_ipc_stream(io.BytesIO(data))
