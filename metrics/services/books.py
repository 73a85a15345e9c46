"""The stored numbers: recomputing a client's books, and saying that they have to be.

`book_rebuild(client=, recognition=, through=) -> ArrBook` · `books_rebuild_all(client=, now=) -> list[ArrBook]` ·
`books_outdate(client=, reason=)` · `books_ensure(client=) -> dict[str, ArrBook]` · `books_hold(client=) -> list[ArrBook]`

A book is replaced in one transaction, under a lock on its row: readers see the old numbers until the new ones are whole.
"""

import datetime as dt
import hashlib

import polars as pl
from django.db.models.functions import Now

from metrics import repository
from metrics.book_rows import store
from metrics.book_steps import books_lock
from metrics.computation import Computed, EngineInput, compute
from metrics.engine.policy import Policy
from metrics.line_columns import SourceLines, lines_kept, lines_to_compute
from metrics.models import ArrBook, BookState, Recognition
from metrics.selectors.policies import policy_before_closes
from metrics.services.policy_versions import policy_ensure
from metrics.services.summaries import summary_refresh
from portal.lib.periods import month_of
from portal.tenancy.clock import day_at
from portal.tenancy.dispatch import earlier_run
from portal.tenancy.jobs import enqueue
from portal.tenancy.models import Client

REBUILD_JOB = "metrics.tasks.books_rebuild"
LOOK = "next_quality_at"


def last_completed_month(client: Client, now: dt.datetime) -> int:
    """The newest month that has ended where the client is."""
    return month_of(day_at(client, now)) - 1


def books_ensure(*, client: Client) -> dict[str, ArrBook]:
    """The three books of a client by recognition, made empty where they are missing."""
    books = {book.recognition: book for book in ArrBook.objects.all()}
    missing = [name for name in Recognition.values if name not in books]
    if missing:
        ArrBook.objects.bulk_create(
            [ArrBook(client=client, recognition=name) for name in missing], ignore_conflicts=True
        )
        books = {book.recognition: book for book in ArrBook.objects.all()}
    return books


def books_hold(*, client: Client) -> list[ArrBook]:
    """Lock the client's books until the transaction ends, and return them.

    Whatever writes books, or what they are computed from beside the lines (policy, rates, the authoritative source), does this
    first: who has to wait for somebody else's numbers then holds nothing that the other could be waiting for.
    """
    books_ensure(client=client)
    return books_lock()


def books_outdate(*, client: Client, reason: str) -> None:
    """Mark every book stale, and have them recomputed after the commit; the numbers stay readable until then.

    That they are due is also a column of the client, so that a broker that is down loses nothing.
    """
    books_hold(client=client)
    ArrBook.objects.update(state=BookState.STALE, message=f"Being recomputed: {reason}.")
    Client.objects.filter(pk=client.pk).update(next_check_at=Now())
    summary_refresh(client=client)
    enqueue(REBUILD_JOB, client)


def books_rebuild_all(*, client: Client, now: dt.datetime) -> list[ArrBook]:
    """Recompute ARR, CARR and LARR up to the last completed month; runs in the client's scope, in one transaction."""
    books_hold(client=client)
    through = last_completed_month(client, now)
    given = rebuild_input(client=client).with_relations()
    books = [book_rebuild(client=client, recognition=name, through=through, given=given) for name in Recognition.values]
    summary_refresh(client=client)
    look_again(client=client)
    return books


def look_again(*, client: Client) -> None:
    """Let the monitors of data quality look at the new numbers: what they say is of the book, and the next morning is late."""
    earlier_run(client=client, column=LOOK, at=dt.datetime.now(dt.UTC))


def book_rebuild(*, client: Client, recognition: str, through: int, given: EngineInput | None = None) -> ArrBook:
    """Recompute one book from all lines and replace its rows. Missing rates raise nothing: they end in state and message.

    `given` is what `rebuild_input` read in this transaction, where several books are computed from it.
    """
    book = next(book for book in books_hold(client=client) if book.recognition == recognition)
    given = (given or rebuild_input(client=client)).recognised(recognition)
    found = compute(given, through)
    store(book, found.series)
    keep(book, found, given)
    book.through_month = through
    book.policy = policy_ensure(client=client)
    book.input_hash = input_hash(given)
    book.version += 1
    book.built_at = Now()
    book.save()
    book.refresh_from_db()
    return book


def book_input(*, client: Client, lines: SourceLines | None = None) -> EngineInput:
    """All that the books are computed from, under the policies' own recognition; `lines` where they were read already."""
    parameters = policy_ensure(client=client).parameters
    found = lines or lines_kept(repository.authoritative_source())
    rates = repository.rates_frame(client, found.frame["currency"].unique().cast(pl.String))
    return EngineInput.of(found.frame, rates, Policy.from_dict(parameters), found.total, policy_before_closes())


def rebuild_input(*, client: Client) -> EngineInput:
    """`book_input` for who keeps nothing but the numbers."""
    return book_input(client=client, lines=lines_to_compute(repository.authoritative_source()))


def keep(book: ArrBook, found: Computed, given: EngineInput) -> None:
    """Write on the book what was computed: state, months, gaps."""
    book.gaps, book.message = found.gaps, found.message
    book.retention_from, book.line_count = found.retention_from, given.lines.height
    if found.series is not None:
        book.state, book.first_month, book.last_month = BookState.READY, found.series.first, found.series.last
        return
    book.first_month = book.last_month = None
    book.state = BookState.BLOCKED if found.gaps else BookState.EMPTY


def input_hash(given: EngineInput) -> str:
    """What a book was computed from, as 64 hex digits: 32 of the lines, which a patch moves, and 32 of rates and policy."""
    return f"{given.lines_sum:032x}{rates_and_policy_hash(given)}"


def rates_and_policy_hash(given: EngineInput) -> str:
    """The half of the input hash that only a rebuild changes."""
    policies = given.policy if given.before is None else f"{given.before.policy} until {given.until} {given.policy}"
    text = f"{repository.frame_digest(given.rates, 'currency', 'day')} {policies}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]
