"""What follows a change of contract lines or rates: the stored numbers are patched, or marked stale and recomputed.

`lines_changed(client=, source=, before=, after=, reason=)` · `rates_changed(client=, reason=)` · `numbers_refresh(client=)`
"""

import datetime as dt
from concurrent.futures import Future

import polars as pl

from metrics.line_columns import is_worth_keeping, keep_load
from metrics.models import BookState, Source
from metrics.services.books import books_hold, books_outdate, books_rebuild_all
from metrics.services.patches import books_patch
from portal.tenancy.awaited import with_rows
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context


def lines_changed(
    *,
    client: Client,
    source: Source,
    before: pl.DataFrame,
    after: pl.DataFrame,
    reason: str,
    packing: Future[memoryview] | None = None,
) -> None:
    """Lines of a source changed, in the transaction that changed them; only the authoritative source makes numbers.

    `before` are the states that counted until now of lines that changed or vanished, `after` the states that count from now
    on of lines that changed, came back or are new (the engine's schema and `content_hash`); `packing` is `packed(after)`, where
    that was begun already.
    """
    if source.is_authoritative:
        if is_worth_keeping(after):
            books_hold(client=client)
            keep_load(source, after, packing)
        books_patch(client=client, before=before, after=after, reason=reason)


def rates_changed(*, client: Client, reason: str) -> None:
    """Exchange rates changed, or another source makes the numbers, in the transaction that changed it."""
    books_outdate(client=client, reason=reason)


def numbers_refresh(*, client: Client) -> None:
    """Recompute now what is stale, for a command line that waits for it; opens its own scopes."""
    with_rows(client, lambda: stale_recompute(client))


def stale_recompute(client: Client) -> None:
    """Recompute the books if one is stale."""
    with tenant_context(client):
        if any(book.state == BookState.STALE or book.built_at is None for book in books_hold(client=client)):
            books_rebuild_all(client=client, now=dt.datetime.now(dt.UTC))
