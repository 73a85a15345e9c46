"""A book's series as rows of the database, both ways."""

import io
import zlib
from collections.abc import Collection
from typing import Any

import numpy as np
import polars as pl
from django.db.models import Q

from metrics.engine.arrays import Ints
from metrics.engine.bridge import TOTAL
from metrics.engine.series import COHORT_FIGURES, FIGURES, BookSeries
from metrics.models import ArrBook, BookCohort, BookMonth, BookPatch
from metrics.models import BookSeries as SeriesRow
from portal.tenancy.scope import scoped_client_id

MOVEMENT_COLUMNS = ["customer", "product", "kind", "amount"]


def store(book: ArrBook, series: BookSeries | None) -> None:
    """Replace all rows of a book."""
    for model in (SeriesRow, BookCohort, BookMonth, BookPatch):
        model.objects.filter(book=book).delete()
    if series is None:
        return
    own = {"client_id": book.client_id, "book": book}
    SeriesRow.objects.bulk_create(
        SeriesRow(**own, dimension=key[0], group=key[1], figures=packed_series(values))
        for key, values in series.groups.items()
    )
    BookCohort.objects.bulk_create(
        BookCohort(**own, cohort=cohort, figures=packed_series(values)) for cohort, values in series.cohorts.items()
    )
    months = series.movements.partition_by("month", as_dict=True, include_key=False)
    BookMonth.objects.bulk_create(
        BookMonth(**own, month=key[0], movements=packed_movements(rows)) for key, rows in months.items()
    )


def add_groups(changes: dict[ArrBook, dict[tuple[str, str], Ints]]) -> None:
    """Add to the series of some groups; groups that become 0 everywhere go, as a rebuild would leave them out."""
    steps = {(book.pk, *group): step for book, change in changes.items() for group, step in change.items()}
    if not steps:
        return
    groups = {key[1:] for key in steps}
    wanted = Q(*(Q(dimension=dimension, group=group) for dimension, group in groups), _connector=Q.OR)
    found = SeriesRow.objects.filter(wanted, book__in=list(changes))
    rows = {(row.book_id, row.dimension, row.group): row for row in found}
    written, gone = [], []
    for key, step in steps.items():
        row = rows.get(key) or SeriesRow(client_id=scoped_client_id(), book_id=key[0], dimension=key[1], group=key[2])
        values = step + unpacked_series(row.figures, len(FIGURES)) if key in rows else step
        row.figures = packed_series(values)
        if key in rows and key[1] != TOTAL and not values.any():
            gone.append(row.pk)
        else:
            written.append(row)
    SeriesRow.objects.bulk_create(
        written,
        update_conflicts=True,
        unique_fields=["client", "book", "dimension", "group"],
        update_fields=["figures"],
    )
    if gone:
        SeriesRow.objects.filter(pk__in=gone).delete()


def add_cohorts(changes: dict[ArrBook, dict[int, Ints]]) -> None:
    """Add to the cohorts of some months; those that become empty go."""
    steps = {(book.pk, cohort): step for book, change in changes.items() for cohort, step in change.items()}
    if not steps:
        return
    found = BookCohort.objects.filter(book__in=list(changes), cohort__in={cohort for _, cohort in steps})
    rows = {(row.book_id, row.cohort): row for row in found}
    written, gone = [], []
    for key, step in steps.items():
        row = rows.get(key) or BookCohort(client_id=scoped_client_id(), book_id=key[0], cohort=key[1])
        values = step + unpacked_series(row.figures, len(COHORT_FIGURES)) if key in rows else step
        row.figures = packed_series(values)
        if values.any():
            written.append(row)
        elif key in rows:
            gone.append(row.pk)
    BookCohort.objects.bulk_create(
        written, update_conflicts=True, unique_fields=["client", "book", "cohort"], update_fields=["figures"]
    )
    if gone:
        BookCohort.objects.filter(pk__in=gone).delete()


def keep_patches(customers: Collection[str], movements: dict[ArrBook, pl.DataFrame]) -> None:
    """Let these customers' movements be read from here on from their own rows."""
    rows = []
    for book, found in movements.items():
        moves: dict[str, list[list[Any]]] = {customer: [] for customer in customers}
        for month, customer, product, kind, cents in found.select("month", *MOVEMENT_COLUMNS).iter_rows():
            moves[customer].append([month, product, kind, cents])
        rows += [
            BookPatch(client_id=book.client_id, book=book, customer=key, movements=own) for key, own in moves.items()
        ]
    BookPatch.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["client", "book", "customer"], update_fields=["movements"]
    )


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
    """Figures × months as little-endian 64-bit integers, row by row, compressed."""
    return zlib.compress(values.astype("<i8").tobytes(), 1)


def unpacked_series(data: bytes | memoryview, figures: int) -> Ints:
    """The figures × months of `packed_series`."""
    return np.frombuffer(zlib.decompress(data), dtype="<i8").reshape(figures, -1)
