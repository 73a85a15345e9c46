"""Statements that the server parses and plans once for each connection, which for short ones is most of their time.

`execute_prepared(cursor, query, parameters)`

Behind a pooler in transaction mode (PgBouncer) the next transaction may reach another server process, which knows nothing of
what this one prepared. A pooler tells its clients a process id of its own making: where it is not the server's, nothing is
prepared. Row policies hold as they always do: they are part of the plan, and read the scope each time it runs.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from weakref import WeakKeyDictionary

import psycopg

KEEPS: Final[WeakKeyDictionary[Any, bool]] = WeakKeyDictionary()


def keeps_process(connection: "psycopg.Connection[Any]") -> bool:
    """Whether a connection leads to the same process of the server for as long as it lasts; asked once for each."""
    known = KEEPS.get(connection)
    if known is None:
        with psycopg.Cursor(connection) as cursor:
            row = cursor.execute("SELECT pg_backend_pid()").fetchone()
        known = KEEPS[connection] = row is not None and row[0] == connection.info.backend_pid
    return known


def execute_prepared(
    cursor: "psycopg.Cursor[Any]", query: bytes, parameters: Sequence[Any] | Mapping[str, Any]
) -> None:
    """Run a statement that is the same text each time, prepared where the connection allows it; results are binary."""
    connection = cursor.connection
    if not keeps_process(connection):
        cursor.execute(query, parameters, binary=True)
        return
    # Django turns preparing off. It is on for this statement alone: otherwise psycopg would keep the texts of all others too.
    connection.prepare_threshold = 0
    try:
        cursor.execute(query, parameters, binary=True, prepare=True)
    finally:
        connection.prepare_threshold = None
