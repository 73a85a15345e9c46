"""Rows that are still being written: who may wait for them does, everybody else is told to come back in a moment.

A large load gives its figures before its rows (`metrics.line_rows`). What reads these in between is refused by the database
under `AWAITED`; pages and the API say so. Jobs and commands write them first (`rows_await`), unless they say that they read
none.
"""

from collections.abc import Callable
from typing import Final, TypeVar

from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context

Found = TypeVar("Found")
AWAITED: Final = "55T01"  # as SQLSTATE
RETRY_SECONDS: Final = 3
SAID: Final = (
    "The lines of a large file are still being written one by one. Figures are complete; single lines follow soon."
)
# What writes them, in the client's scope: whoever owns such rows adds it.
WRITERS: Final[list[Callable[[], object]]] = []


def is_awaited(error: BaseException) -> bool:
    """Whether this error, or what it was raised from, is the database's refusal to read rows that are not written yet."""
    cause: BaseException | None = error
    while cause is not None:
        if getattr(cause, "sqlstate", None) == AWAITED:
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def with_rows(client: Client, work: Callable[[], Found]) -> Found:
    """Do this outside any scope; where rows of the client came to be awaited, once more after they are written."""
    try:
        return work()
    except Exception as error:
        if not is_awaited(error):
            raise
    rows_await(client)
    return work()


def rows_await(client: Client) -> None:
    """Write what rows of the client are awaited, in a scope of its own, or wait for who does."""
    with tenant_context(client):
        for write in WRITERS:
            write()
