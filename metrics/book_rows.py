"""A book's series as rows of the database, both ways."""

import io
import json
import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl
from psycopg.sql import SQL, Identifier, Literal

from metrics.engine.arrays import Ints
from metrics.engine.bridge import TOTAL
from metrics.engine.change import Movement
from metrics.engine.series import COHORT_FIGURES, FIGURES, BookSeries, Group
from metrics.models import ArrBook, BookCohort, BookMonth, BookPatch
from metrics.models import BookSeries as SeriesRow
from metrics.repository import run_binary
from portal.tenancy.scope import scoped_client_id

MOVEMENT_COLUMNS = ["customer", "product", "kind", "amount"]
ZLIB: Final = 0x78  # how zlib's data begin: older rows have no width before them, and are 8 wide
Key = tuple[Any, ...]
READ: Final = (
    "SELECT id, {keys}, figures FROM {table}"
    " WHERE client_id = {client} AND ({keys}) IN (SELECT * FROM unnest({arrays}))"
)
CHANGE: Final = (
    "UPDATE {table} old SET figures = new.figures FROM unnest(%b::bigint[], %b::bytea[]) AS new (id, figures)"
    " WHERE old.client_id = {client} AND old.id = new.id"
)
ADD: Final = (
    "INSERT INTO {table} (client_id, {keys}, figures) SELECT {client}, new.* FROM unnest({arrays}, %b::bytea[]) AS new"
)
REMOVE: Final = "DELETE FROM {table} WHERE client_id = {client} AND id = ANY(%b::bigint[])"


@dataclass(frozen=True)
class SeriesTable:
    """A table of series: its columns that name one beside the book, with their types, and how many figures a series has."""

    name: str
    keys: dict[str, str]
    figures: int


GROUPS: Final = SeriesTable("metrics_bookseries", {"dimension": "text", "group": "text"}, len(FIGURES))
COHORTS: Final = SeriesTable("metrics_bookcohort", {"cohort": "int"}, len(COHORT_FIGURES))


def store(book: ArrBook, series: BookSeries | None) -> None:
    """Replace all rows of a book."""
    for model in (SeriesRow, BookCohort, BookMonth, BookPatch):
        model.objects.filter(book=book).delete()
    if series is None:
        return
    packed = [packed_series(values) for values in series.groups.values()]
    run(ADD, GROUPS, [book.pk] * len(packed), *zip(*series.groups, strict=True), packed)
    if series.cohorts:
        cohorts = [packed_series(values) for values in series.cohorts.values()]
        run(ADD, COHORTS, [book.pk] * len(cohorts), list(series.cohorts), cohorts)
    months = series.movements.partition_by("month", as_dict=True, include_key=False)
    query = (
        "INSERT INTO metrics_bookmonth (client_id, book_id, month, movements)"
        " SELECT {}, {}, new.* FROM unnest(%b::int[], %b::bytea[]) AS new"
    )
    if months:
        columns = [[key[0] for key in months], [packed_movements(rows) for rows in months.values()]]
        run_binary(SQL(query).format(Literal(scoped_client_id()), Literal(book.pk)), columns)


def add_groups(changes: dict[ArrBook, dict[Group, Ints]]) -> dict[int, Ints]:
    """Add to the series of some groups; groups that become 0 everywhere go, as a rebuild would leave them out.

    Returns the new series of the total, by book, where it changed.
    """
    steps = {(book.pk, *group): step for book, change in changes.items() for group, step in change.items()}
    written = add_series(GROUPS, steps)
    return {key[0]: values for key, values in written.items() if key[1] == TOTAL}


def add_cohorts(changes: dict[ArrBook, dict[int, Ints]]) -> None:
    """Add to the cohorts of some months; those that become empty go."""
    add_series(
        COHORTS, {(book.pk, cohort): step for book, change in changes.items() for cohort, step in change.items()}
    )


def add_series(table: SeriesTable, steps: dict[Key, Ints]) -> dict[Key, Ints]:
    """Add steps to the stored series with these keys: one read, and one statement for each thing to do."""
    if not steps:
        return {}
    found = {row[1:-1]: (row[0], row[-1]) for row in run(READ, table, *zip(*steps, strict=True))}
    values = {
        key: step + unpacked_series(found[key][1], table.figures) if key in found else step
        for key, step in steps.items()
    }
    gone = [found[key][0] for key, own in values.items() if key in found and key[1] != TOTAL and not own.any()]
    kept = [key for key in values if key in found and found[key][0] not in set(gone)]
    new = [key for key in values if key not in found]
    if kept:
        run(CHANGE, table, [found[key][0] for key in kept], [packed_series(values[key]) for key in kept])
    if new:
        run(ADD, table, *zip(*new, strict=True), [packed_series(values[key]) for key in new])
    if gone:
        run(REMOVE, table, gone)
    return values


def run(statement: str, table: SeriesTable, *columns: Sequence[Any]) -> list[Any]:
    """One of the statements on a table of series; columns are arrays, sent as they are and not written into the text."""
    keys = {"book_id": "bigint", **table.keys}
    query = SQL(statement).format(
        table=Identifier(table.name),
        client=Literal(scoped_client_id()),
        keys=SQL(", ").join(Identifier(name) for name in keys),
        arrays=SQL(", ").join(SQL("%b::" + kind + "[]") for kind in keys.values()),
    )
    return run_binary(query, [list(column) for column in columns])


def mark_patched(input_hashes: dict[int, str]) -> None:
    """Give books, by id, the hash of their new input, and count the patch."""
    query = (
        "UPDATE metrics_arrbook book SET input_hash = new.hash, version = book.version + 1, built_at = statement_timestamp()"
        " FROM unnest(%b::bigint[], %b::text[]) AS new (id, hash) WHERE book.id = new.id AND book.client_id = {}"
    )
    run_binary(SQL(query).format(Literal(scoped_client_id())), [list(input_hashes), list(input_hashes.values())])


def keep_patches(customers: Collection[str], movements: dict[ArrBook, list[Movement]]) -> None:
    """Let these customers' movements be read from here on from their own rows."""
    moves: dict[tuple[int, str], list[list[Any]]] = {
        (book.pk, customer): [] for book in movements for customer in customers
    }
    for book, found in movements.items():
        for month, customer, product, kind, cents in found:
            moves[book.pk, customer].append([month, product, kind, cents])
    if not moves:
        return
    query = (
        "INSERT INTO metrics_bookpatch (client_id, book_id, customer, movements)"
        " SELECT {}, new.* FROM unnest(%b::bigint[], %b::text[], %t::jsonb[]) AS new"
        " ON CONFLICT (client_id, book_id, customer) DO UPDATE SET movements = excluded.movements"
    )
    books, names = zip(*moves, strict=True)
    texts = [json.dumps(own) for own in moves.values()]
    run_binary(SQL(query).format(Literal(scoped_client_id())), [list(books), list(names), texts])


def load_groups(book: ArrBook, **filters: Any) -> dict[tuple[str, str], Ints]:
    """The series of a book, by dimension and group: `FIGURES` × months."""
    rows = SeriesRow.objects.filter(book=book, **filters).values_list("dimension", "group", "figures")
    return {(dimension, group): unpacked_series(figures, len(FIGURES)) for dimension, group, figures in rows}


def load_cohorts(book: ArrBook) -> dict[int, Ints]:
    """The cohorts of a book: `COHORT_FIGURES` × months."""
    rows = BookCohort.objects.filter(book=book).values_list("cohort", "figures")
    return {cohort: unpacked_series(figures, len(COHORT_FIGURES)) for cohort, figures in rows}


def load_movements(book: ArrBook, first: int, last: int) -> pl.DataFrame:
    """The movements of some months as they stand: `month, customer, product, kind, amount` in cents."""
    rows = BookMonth.objects.filter(book=book, month__gte=first, month__lte=last).values_list("month", "movements")
    parts = [
        unpacked_movements(bytes(packed_rows)).with_columns(month=pl.lit(month, pl.Int64))
        for month, packed_rows in rows
    ]
    patches = dict(BookPatch.objects.filter(book=book).values_list("customer", "movements"))
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


def packed_series(values: Ints) -> bytes:
    """Figures × months as little-endian integers, row by row, compressed; the first byte says how wide they are."""
    largest = int(np.abs(values).max(initial=0))
    width = 4 if largest < 1 << 31 else 8
    return bytes([width]) + zlib.compress(values.astype(f"<i{width}").tobytes(), 1)


def unpacked_series(data: bytes | memoryview, figures: int) -> Ints:
    """The figures × months of `packed_series`."""
    width, packed = (8, data) if data[0] == ZLIB else (data[0], memoryview(data)[1:])
    values = np.frombuffer(zlib.decompress(packed), dtype=f"<i{width}").reshape(figures, -1)
    return values.astype(np.int64, copy=False)
