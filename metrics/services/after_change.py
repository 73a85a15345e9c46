"""What follows a change of contract lines or rates: the stored numbers are recomputed, or said to be stale until they are.

`lines_changed(client=, source=, before=, after=, reason=)` · `rates_changed(client=, reason=)` · `numbers_refresh(client=)`
"""

import polars as pl

from metrics.models import Source
from metrics.services.books import books_outdate, books_rebuild_all
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
import datetime as dt


def lines_changed(
    *, client: Client, source: Source, before: pl.DataFrame, after: pl.DataFrame, reason: str
) -> None:
    """Lines of a source changed, in the transaction that changed them.

    `before` are the earlier states of lines that changed, vanished or came back, `after` their new states and the new lines
    (the engine's schema and `content_hash`). Only the authoritative source makes numbers.
    """
    if source.is_authoritative:
        books_outdate(client=client, reason=reason)


def rates_changed(*, client: Client, reason: str) -> None:
    """Exchange rates changed, in the transaction that changed them."""
    books_outdate(client=client, reason=reason)


def numbers_refresh(*, client: Client) -> None:
    """Recompute what is stale now, for a command line that waits for it; opens its own scope."""
    with tenant_context(client):
        books_rebuild_all(client=client, now=dt.datetime.now(dt.UTC))
