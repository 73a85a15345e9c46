"""Bringing the books up to date after a change of few lines, without reading the others.

`books_patch(client=, before=, after=, reason=) -> bool`

A book is a sum over customers, so the change of the affected customers' series is added to the stored ones. The result equals a
rebuild in every figure; where that cannot be said beforehand (too many lines, a moved first month, missing rates, a book that is
not whole), the books are marked stale and rebuilt instead. `metrics.services.book_checks` compares the two on a schedule.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Final

import polars as pl
from django.db.models.functions import Now

from metrics import repository
from metrics.affected import Affected, affected_lines
from metrics.book_rows import add_cohorts, add_groups, keep_patches, no_movements
from metrics.computation import LONGEST_BOOK, EngineInput, first_month_with_arr
from metrics.engine.book import build_book
from metrics.engine.policy import Policy
from metrics.engine.series import BookSeries, moved, moved_cohorts, series_of_book
from metrics.engine.valuation import MissingRates
from metrics.models import ArrBook, BookPatch, BookState, PolicyVersion, Recognition
from metrics.services.books import books_outdate, last_completed_month
from metrics.services.summaries import summary_refresh
from portal.tenancy.models import Client

FEW_LINES: Final = 2_000
FEW_SHARE: Final = 20  # a patch may reach a twentieth of the lines; beyond that a rebuild is no slower
MANY_PATCHES: Final = 2_000  # customers read beside the monthly files: then a rebuild folds them in


@dataclass(frozen=True)
class Step:
    """What a change does to one book: the affected customers' series before and after it."""

    book: ArrBook
    before: BookSeries
    after: BookSeries


def books_patch(
    *, client: Client, before: pl.DataFrame, after: pl.DataFrame, reason: str, now: dt.datetime | None = None
) -> bool:
    """Add what changed lines do to every book; call it in the transaction that wrote them.

    `before` holds the earlier states of the lines that changed, vanished or came back changed; `after` the new states and the
    new lines; both in the engine's schema with `content_hash`. Returns False where the books were marked stale instead.
    """
    if before.height + after.height == 0:
        return True
    books = list(ArrBook.objects.select_for_update().order_by("id"))
    steps = steps_of(client, books, before, after, now or dt.datetime.now(dt.UTC)) if can_patch(books) else None
    if steps is None:
        books_outdate(client=client, reason=reason)
        return False
    removed, added = (repository.hashes_sum(frame["content_hash"]) for frame in (before, after))
    for step in steps[1]:
        apply(step, steps[0].customers)
        total = repository.lanes_moved(int(step.book.input_hash[:32], 16), removed, added)
        step.book.input_hash = f"{total:032x}{step.book.input_hash[32:]}"
        step.book.version += 1
        step.book.built_at = Now()
        step.book.save(update_fields=["input_hash", "version", "built_at"])
    summary_refresh(client=client)
    return True


def can_patch(books: list[ArrBook]) -> bool:
    """Whether every book is whole: computed under the policy in force, no month or rate missing, not patched too often."""
    newest = PolicyVersion.objects.order_by("-number").values_list("pk", flat=True).first()
    whole = all(
        book.state in (BookState.READY, BookState.EMPTY)
        and book.policy_id == newest
        and not book.gaps
        and book.retention_from == book.first_month
        for book in books
    )
    return whole and len(books) == len(Recognition.values) and not BookPatch.objects.all()[MANY_PATCHES:].exists()


def steps_of(
    client: Client, books: list[ArrBook], before: pl.DataFrame, after: pl.DataFrame, now: dt.datetime
) -> tuple[Affected, list[Step]] | None:
    """What the change does to each book; None where only a rebuild can say."""
    source = repository.authoritative_source()
    through = last_completed_month(client, now)
    if source is None or any(book.through_month != through for book in books):
        return None
    version = PolicyVersion.objects.get(pk=books[0].policy_id)
    policy = Policy.from_dict(version.parameters)
    most = max(FEW_LINES, books[0].line_count // FEW_SHARE)
    affected = affected_lines(source, policy.customer_unit, before, after, most)
    if affected is None:
        return None
    rates = repository.rates_frame(client, {*affected.before["currency"], *affected.after["currency"]})
    steps = []
    for book in books:
        own = policy.with_(recognition=book.recognition)
        step = step_of(book, EngineInput(affected.before, rates, own), EngineInput(affected.after, rates, own))
        if step is None:
            return None
        steps.append(step)
    return affected, steps


def step_of(book: ArrBook, before: EngineInput, after: EngineInput) -> Step | None:
    """The affected customers' series in both states; None where the book's months would move or a rate is missing."""
    if book.first_month is None:  # an empty book stays empty, or gets its first month
        nothing = BookSeries(0, -1, {}, {}, no_movements())
        began = first_month_with_arr(after, book.through_month or 0) is not None
        return None if began else Step(book, nothing, nothing)
    first, last = book.first_month, book.last_month or 0
    old, new = first_month_with_arr(before, last), first_month_with_arr(after, last)
    begins_earlier = new is not None and new < first and last - first + 1 < LONGEST_BOOK
    may_begin_later = old is not None and old <= first and (new is None or new > first)
    if begins_earlier or may_begin_later:
        return None
    try:
        built = [build_book(given.lines, given.rates, given.policy, first, last) for given in (before, after)]
    except MissingRates:
        return None
    return Step(book, *(series_of_book(made, first, last) for made in built))


def apply(step: Step, customers: frozenset[str]) -> None:
    """Write what a change did to one book."""
    if step.book.first_month is None:
        return
    add_groups(step.book, moved(step.before.groups, step.after.groups))
    add_cohorts(step.book, moved_cohorts(step.before.cohorts, step.after.cohorts))
    keep_patches(step.book, customers, step.after.movements)
