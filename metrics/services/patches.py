"""Bringing the books up to date after a change of few lines, without reading the others.

`books_patch(client=, before=, after=, reason=) -> bool`

A book is a sum over customers, so what changes for the affected ones is written down beside the stored series and added to
them (`metrics.book_steps`). The result equals a rebuild in every figure; where that cannot be said beforehand (too many lines,
a moved first month, missing rates, a book that is not whole), the books are marked stale and rebuilt instead.
`metrics.services.book_checks` compares the two on a schedule.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Final

import polars as pl

from metrics import book_steps, line_rows, repository
from metrics.affected import affected_lines
from metrics.book_steps import Standing, books_lock, standing_get, steps_write
from metrics.computation import LONGEST_BOOK, Earlier
from metrics.engine.bridge import TOTAL
from metrics.engine.change import BookChange, BookMonths, Sides, book_changes, book_changes_split, two_sides
from metrics.engine.few_lines import rows_of_frame
from metrics.engine.fx import DailyRates
from metrics.engine.policy import Policy
from metrics.engine.valuation import MissingRates
from metrics.models import ArrBook, BookState, Recognition
from metrics.services.books import books_outdate, last_completed_month, look_again
from metrics.services.summaries import figures_of, summary_refresh
from portal.tenancy.models import Client

FEW_LINES: Final = 2_000
FEW_SHARE: Final = 20  # a patch may reach a twentieth of the lines; beyond that a rebuild is no slower


@dataclass(frozen=True)
class Steps:
    """What a change does to each book, and the customers that it reaches."""

    customers: frozenset[str]
    changes: list[tuple[ArrBook, BookChange]]


def books_patch(
    *, client: Client, before: pl.DataFrame, after: pl.DataFrame, reason: str, now: dt.datetime | None = None
) -> bool:
    """Add what changed lines do to every book; call it in the transaction that wrote them.

    `before` holds the earlier states of the lines that changed, vanished or came back changed; `after` the new states and the
    new lines; both in the engine's schema with `content_hash`. Returns False where the books were marked stale instead.
    """
    if before.height + after.height == 0:
        return True
    books = books_lock()
    standing = standing_get()
    steps = None
    if standing is not None and can_patch(books, standing):
        steps = steps_of(client, books, standing, before, after, now or dt.datetime.now(dt.UTC))
    if standing is None or steps is None:
        books_outdate(client=client, reason=reason)
        return False
    removed, added = (repository.hashes_sum(frame["content_hash"]) for frame in (before, after))
    moved = [repository.lanes_moved(int(book.input_hash[:32], 16), removed, added) for book in books]
    hashes = {book.pk: f"{total:032x}{book.input_hash[32:]}" for book, total in zip(books, moved, strict=True)}
    if standing.steps >= book_steps.MOST_STEPS:
        book_steps.steps_join(books)
    write_steps(client, standing, steps, hashes)
    return True


def can_patch(books: list[ArrBook], standing: Standing) -> bool:
    """Whether every book is whole: computed under the policy in force, no month or rate missing, not patched too much."""
    whole = all(
        book.state in (BookState.READY, BookState.EMPTY)
        and book.policy_id == standing.policy_id
        and not book.gaps
        and book.retention_from == book.first_month
        for book in books
    )
    return whole and len(books) == len(Recognition.values) and standing.size < book_steps.LARGEST


def steps_of(
    client: Client,
    books: list[ArrBook],
    standing: Standing,
    before: pl.DataFrame,
    after: pl.DataFrame,
    now: dt.datetime,
) -> Steps | None:
    """What the change does to each book; None where only a rebuild can say."""
    through = last_completed_month(client, now)
    if standing.source_id is None or any(book.through_month != through for book in books):
        return None
    policy = Policy.from_dict(standing.parameters)
    earlier = earlier_of(standing, policy)
    if earlier is not None and earlier.policy.customer_unit != policy.customer_unit:
        return None
    # Never so many that they may have arrived without rows, which a patch would have to read.
    most = min(max(FEW_LINES, books[0].line_count // FEW_SHARE), line_rows.ARRIVING - 1)
    if before.height + after.height > most:
        return None
    affected = affected_lines(
        standing.source_id, policy.customer_unit, rows_of_frame(before), rows_of_frame(after), most
    )
    if affected is None:
        return None
    currencies = {row.currency for row in (*affected.before, *affected.after)}
    rates = repository.rates_by_currency(client, currencies, standing.rates)
    sides = two_sides(affected.before, affected.after, policy.customer_unit)
    months = [months_of(book, through) for book in books]
    try:
        changes = changes_of(sides, rates, policy, earlier, months)
    except MissingRates:
        return None
    if any(months_move(own, change) for own, change in zip(months, changes, strict=True)):
        return None
    return Steps(affected.customers, list(zip(books, changes, strict=True)))


def earlier_of(standing: Standing, policy: Policy) -> Earlier | None:
    """The policy of the months before the first close, where it is another one than the books' own."""
    if standing.earlier is None:
        return None
    parameters, until = standing.earlier
    old = Policy.from_dict(parameters).with_(recognition=policy.recognition)
    return None if old == policy else Earlier(old, until)


def changes_of(
    sides: Sides, rates: DailyRates, policy: Policy, earlier: Earlier | None, books: list[BookMonths]
) -> list[BookChange]:
    """What the change does to each book, each month under the policy that it follows. Raises MissingRates."""
    if earlier is None:
        return book_changes(sides, rates, policy, books)
    return book_changes_split(sides, rates, earlier.policy, policy, earlier.until, books)


def months_of(book: ArrBook, through: int) -> BookMonths:
    """A book as the engine takes it."""
    if book.first_month is None:
        return BookMonths(book.recognition, through + 1, through)
    return BookMonths(book.recognition, book.first_month, book.last_month or 0)


def months_move(book: BookMonths, change: BookChange) -> bool:
    """Whether the book would begin in another month: a book without any stays so, or gets its first one in a rebuild."""
    begins_earlier = change.begins < book.first and book.last - book.first + 1 < LONGEST_BOOK
    may_begin_later = change.began <= book.first and change.begins > book.first
    return begins_earlier or may_begin_later


def write_steps(client: Client, standing: Standing, steps: Steps, hashes: dict[int, str]) -> None:
    """Write down what the change does to the books and to what the portfolio shows."""
    own, change = next((book, change) for book, change in steps.changes if book.pk == standing.own_id)
    total, newest = change.groups.get((TOTAL, "")), standing.newest
    if total is not None and newest is not None:
        newest = newest + total[:, -1]
    changes = {book.pk: change for book, change in steps.changes if book.first_month}
    if not steps_write(changes, steps.customers, hashes, figures_of(own, newest)):
        summary_refresh(client=client)
    look_again(client=client)
