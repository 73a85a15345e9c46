"""A book's series as rows of the database, both ways."""

import io
from collections.abc import Collection, Sequence
from operator import itemgetter
from typing import Any, Final

import polars as pl
from django.db.models import BigIntegerField, BinaryField, F, IntegerField, Value
from psycopg.sql import SQL, Identifier, Literal

from metrics.engine.arrays import Ints
from metrics.engine.bridge import TOTAL
from metrics.engine.series import COHORT_FIGURES, FIGURES, BookSeries, Group
from metrics.models import ArrBook, BookCohort, BookMonth, BookPatch, BookStep
from metrics.models import BookSeries as SeriesRow
from metrics.packing import Key, packed_series, summed_steps, unpacked_series
from metrics.repository import run_binary
from portal.tenancy.scope import scoped_client_id

MOVEMENT_COLUMNS = ["customer", "product", "kind", "amount"]
HEADS: Final = [FIGURES.index(name) for name in ("customers_beginning", "customers_ending", "customers_base")]
STEP: Final = "step"  # where a dimension or cohort is expected: a row of `BookStep`
ADD: Final = (
    "INSERT INTO {table} (client_id, {keys}, figures) SELECT {client}, new.* FROM unnest({arrays}, %b::bytea[]) AS new"
)
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
    months = series.movements.partition_by("month", as_dict=True, include_key=False)
    query = (
        "INSERT INTO metrics_bookmonth (client_id, book_id, month, movements)"
        " SELECT {}, {}, new.* FROM unnest(%b::int[], %b::bytea[]) AS new"
    )
    if months:
        columns = [[key[0] for key in months], [packed_movements(rows) for rows in months.values()]]
        run_binary(SQL(query).format(Literal(scoped_client_id()), Literal(book.pk)), columns)


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


def load_group_names(book: ArrBook, dimension: str) -> list[str]:
    """The groups of a dimension, in order; figures are read only of those that a change may have emptied."""
    base = SeriesRow.objects.filter(book=book, dimension=dimension).annotate(step=Value(b"", BinaryField()))
    waiting = BookStep.objects.filter(book=book).annotate(group=Value(""), step=F("groups"))
    rows = list(base.values_list("group", "step").union(waiting.values_list("group", "step"), all=True))
    names = {group for group, step in rows if not step}
    stepped = summed_steps((step for _, step in rows if step), lambda key: key[0] == dimension)
    # A group that has nothing any more lost customers, and had as many; any other that was there is there still.
    doubtful = {group for (_, group), step in stepped.items() if group in names and (step[HEADS] < 0).any()}
    names |= {group for (_, group), step in stepped.items() if step.any()}
    if doubtful:
        names = names - doubtful | {group for _, group in load_groups(book, [dimension], doubtful)}
    return sorted(names)


def load_cohorts(book: ArrBook) -> dict[int, Ints]:
    """The cohorts of a book: `COHORT_FIGURES` × months."""
    waiting = BookStep.objects.filter(book=book).annotate(cohort=Value(None, IntegerField()))
    base = BookCohort.objects.filter(book=book).values_list("cohort", "figures")
    rows: list[tuple[Any, ...]] = list(base.union(waiting.values_list("cohort", "cohorts"), all=True))
    found = {cohort: unpacked_series(data, len(COHORT_FIGURES)) for cohort, data in rows if cohort is not None}
    for (cohort,), step in summed_steps(data for cohort, data in rows if cohort is None).items():
        put_sum(found, cohort, step)
    return found


def load_movements(book: ArrBook, first: int, last: int) -> pl.DataFrame:
    """The movements of some months as they stand: `month, customer, product, kind, amount` in cents."""
    rows = BookMonth.objects.filter(book=book, month__gte=first, month__lte=last).values_list("month", "movements")
    parts = [
        unpacked_movements(bytes(packed_rows)).with_columns(month=pl.lit(month, pl.Int64))
        for month, packed_rows in rows
    ]
    patches = load_patches(book)
    base = pl.concat([no_movements(), *(part.select(no_movements().columns) for part in parts)])
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
    patches = BookPatch.objects.filter(book=book).annotate(step=Value(None, BigIntegerField()))
    steps = BookStep.objects.filter(book=book).annotate(customer=Value(""), step=F("id"))
    fields = ("step", "customer", "movements")
    rows = list(patches.values_list(*fields).union(steps.values_list(*fields), all=True))
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


def packed_movements(movements: pl.DataFrame) -> bytes:
    """Movements of one month as an Arrow file."""
    buffer = io.BytesIO()
    movements.select(pl.col(MOVEMENT_COLUMNS[:3]).cast(pl.String), "amount").write_ipc(buffer, compression="zstd")
    return buffer.getvalue()


def unpacked_movements(data: bytes) -> pl.DataFrame:
    """The movements in an Arrow file of `packed_movements`."""
    return pl.read_ipc(io.BytesIO(data))
