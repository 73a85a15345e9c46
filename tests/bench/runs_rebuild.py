"""From database to database: Tieout's rebuild of a stored book, and the month spine in SQL."""

import time
from datetime import UTC, datetime
from typing import Any

from tests.bench import stage


def warm(name: str) -> Any:
    """The client, in a process that has rebuilt another one just before, like a worker at work."""
    stage.open_database(name)
    from metrics.services.books import book_rebuild
    from portal.tenancy.scope import tenant_context
    from tests.bench.generate import LAST

    small = stage.client_get(stage.SMALL)
    with tenant_context(small):
        book_rebuild(client=small, recognition="start", through=LAST)
    return stage.client_get()


def rebuild(name: str) -> dict[str, Any]:
    """One book, ARR: lines read, computed over sixty months, all its rows replaced, committed."""
    return timed_rebuild(warm(name))


def rebuild_from_rows(name: str) -> dict[str, Any]:
    """The same after lines were changed in place: they are read from their table, row by row, and copied anew."""
    client = warm(name)
    with stage.administrator(name) as connection:
        connection.execute("UPDATE metrics_linestamp SET version = version + 1")
    return timed_rebuild(client)


def timed_rebuild(client: Any) -> dict[str, Any]:
    """Seconds from BEGIN to COMMIT."""
    from metrics.models import BookState
    from metrics.services.books import book_rebuild
    from portal.tenancy.scope import tenant_context
    from tests.bench.generate import LAST

    start = time.perf_counter()
    with tenant_context(client):
        book = book_rebuild(client=client, recognition="start", through=LAST)
    seconds = time.perf_counter() - start
    assert book.state == BookState.READY, book.message
    return {"seconds": seconds}


def rebuild_all(name: str) -> dict[str, Any]:
    """What follows an import: ARR, CARR and LARR, up to the last completed month."""
    client = warm(name)
    from metrics.services.books import books_rebuild_all
    from portal.tenancy.scope import tenant_context

    start = time.perf_counter()
    with tenant_context(client):
        books_rebuild_all(client=client, now=datetime.now(UTC))
    return {"seconds": time.perf_counter() - start}


def spine(name: str) -> dict[str, Any]:
    """The month spine in PostgreSQL, with the same work memory that a careful person would give it."""
    from tests.bench.peers import SPINE

    stage.setup()
    with stage.administrator(name) as connection:
        connection.execute("SET work_mem = '256MB'")
        connection.execute("DROP TABLE IF EXISTS bench_result")
        start = time.perf_counter()
        connection.execute(f"CREATE TABLE bench_result AS {SPINE}")
        return {"seconds": time.perf_counter() - start}
