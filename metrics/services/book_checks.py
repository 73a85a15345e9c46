"""The scheduled proof that the stored numbers are what the contract lines give.

`books_check(client=, now=) -> list[str]` — the figures that differed, empty when all hold; `books_refresh(client=, now=)`
"""

import datetime as dt

import polars as pl

from metrics import repository
from metrics.book_rows import load_cohorts, load_groups, load_movements, store
from metrics.computation import compute
from metrics.engine.arrays import Ints
from metrics.engine.series import COHORT_FIGURES, FIGURES, BookSeries
from metrics.line_columns import read_and_keep
from metrics.line_rows import rows_write
from metrics.models import ArrBook, BookPatch, BookState, BookStep, Recognition
from metrics.services.books import book_input, books_hold, books_rebuild_all, input_hash, last_completed_month
from portal.lib.periods import month_format
from portal.tenancy import audit
from portal.tenancy.models import Client

NAMED: int = 20
MOVEMENT_ORDER = ["month", "customer", "product", "kind", "amount"]


def books_refresh(*, client: Client, now: dt.datetime) -> list[str]:
    """What is due for a client's books: recompute those that are stale or lack a completed month, check the others.

    At-least-once and idempotent: doing it twice gives the same books.
    """
    through = last_completed_month(client, now)
    if not are_due(list(ArrBook.objects.all()), through):
        rows_write()  # before the books are held, as an import takes the two
    if are_due(books_hold(client=client), through):
        books_rebuild_all(client=client, now=now)
        return []
    return books_check(client=client, now=now)


def are_due(books: list[ArrBook], through: int) -> bool:
    """Whether a book is stale, or lacks a month that is completed."""
    return not books or any(
        book.state == BookState.STALE
        or book.built_at is None
        or book.through_month is None
        or book.through_month < through
        for book in books
    )


def books_check(*, client: Client, now: dt.datetime) -> list[str]:
    """Compare every ready book with a fresh computation from the table of lines itself.

    A difference is loud: an audit entry, and a rebuild. Without one, what changes left beside the series goes into them.
    """
    rows_write()
    books = [book for book in books_hold(client=client) if book.state == BookState.READY]
    lines = read_and_keep(repository.authoritative_source())
    given = book_input(client=client, lines=lines).with_relations()
    found: list[str] = []
    if client.currency != given.policy.reporting_currency:
        found.append(f"the client reports in {client.currency}, its policy in {given.policy.reporting_currency}")
    for book in books:
        own = given.recognised(book.recognition)
        fresh = compute(own, book.through_month or 0)
        differences = ["months"] if fresh.series is None else differences_of(book, fresh.series)
        if not differences and book.input_hash != input_hash(own):
            differences = ["input hash"]
        if not differences and fresh.series is not None and has_changes(book):
            store(book, fresh.series)  # the same figures, computed anew: nobody has to add steps to them from here on
        found += [f"{Recognition(book.recognition).label}: {text}" for text in differences]
    if found:
        details = {"differences": found[:NAMED], "count": len(found)}
        audit.record("books.differed", object_type="book", object_id=client.slug, details=details)
        books_rebuild_all(client=client, now=now)
    return found


def has_changes(book: ArrBook) -> bool:
    """Whether changes lie beside the series of a book."""
    return any(model.objects.filter(book=book).exists() for model in (BookStep, BookPatch))


def differences_of(book: ArrBook, fresh: BookSeries) -> list[str]:
    """Every stored figure of a book that is not what was computed."""
    if (book.first_month, book.last_month) != (fresh.first, fresh.last):
        return [f"months {fresh.first} to {fresh.last}"]
    found: list[str] = []
    groups = load_groups(book)
    for key in sorted(groups.keys() | fresh.groups.keys()):
        name = f"{key[0]} {key[1]}".strip()
        found += series_differences(name, FIGURES, groups.get(key), fresh.groups.get(key), fresh.first)
    cohorts = load_cohorts(book)
    for month in sorted(cohorts.keys() | fresh.cohorts.keys()):
        name = f"cohort {month_format(month)}"
        found += series_differences(name, COHORT_FIGURES, cohorts.get(month), fresh.cohorts.get(month), fresh.first)
    stored_moves = load_movements(book, fresh.first, fresh.last).select(MOVEMENT_ORDER).sort(MOVEMENT_ORDER)
    moves = fresh.movements.with_columns(pl.col("kind").cast(pl.String)).select(MOVEMENT_ORDER).sort(MOVEMENT_ORDER)
    return found if stored_moves.equals(moves) else [*found, "movements"]


def series_differences(
    name: str, figures: tuple[str, ...], stored: Ints | None, computed: Ints | None, first: int
) -> list[str]:
    """Which figures of one series differ, with the first month in which they do."""
    if stored is None or computed is None:
        return [f"{name}: {'missing' if stored is None else 'not in the lines'}"]
    return [
        f"{name}: {figure} from {month_format(first + int((stored[row] != computed[row]).argmax()))}"
        for row, figure in enumerate(figures)
        if (stored[row] != computed[row]).any()
    ]
