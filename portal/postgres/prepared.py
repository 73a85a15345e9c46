"""Statements that the server parses and plans once for each connection, which for short ones is most of their time.

`run_binary(query, parameters)` · `execute_prepared(cursor, query, parameters)`

Behind a pooler in transaction mode (PgBouncer) the next transaction may reach another server process, which knows nothing of
what this one prepared. A pooler tells its clients a process id of its own making: where it is not the server's, nothing is
prepared. Row policies hold as they always do: they are part of the plan, and read the scope each time it runs.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from weakref import WeakKeyDictionary

import psycopg
from django.db import connection
from psycopg.sql import Composed

KEEPS: Final[WeakKeyDictionary[Any, bool]] = WeakKeyDictionary()


def keeps_process(opened: "psycopg.Connection[Any]") -> bool:
    """Whether a connection leads to the same process of the server for as long as it lasts; asked once for each."""
    known = KEEPS.get(opened)
    if known is None:
        with psycopg.Cursor(opened) as cursor:
            row = cursor.execute("SELECT pg_backend_pid()").fetchone()
        known = KEEPS[opened] = row is not None and row[0] == opened.info.backend_pid
    return known


def run_binary(query: Composed | bytes, parameters: Sequence[Any] | Mapping[str, Any]) -> list[Any]:
    """The rows of a statement whose parameters and results go as binary: Django would write them into its text as hex.

    A statement that is the same text each time is best given as such: composing one costs as much as running it, and it is
    prepared. It counts where queries are counted.
    """
    connection.ensure_connection()
    with psycopg.Cursor(connection.connection) as cursor:
        if isinstance(query, bytes):
            execute_prepared(cursor, query, parameters)
        else:
            cursor.execute(query, parameters, binary=True)
        if connection.queries_logged:
            connection.queries_log.append({"sql": str(query), "time": "0"})
        return cursor.fetchall() if cursor.description else []


def execute_prepared(
    cursor: "psycopg.Cursor[Any]", query: bytes, parameters: Sequence[Any] | Mapping[str, Any]
) -> None:
    """Run a statement that is the same text each time, prepared where the connection allows it; results are binary."""
    opened = cursor.connection
    if not keeps_process(opened):
        cursor.execute(query, parameters, binary=True)
        return
    # Django turns preparing off. It is on for this statement alone: otherwise psycopg would keep the texts of all others too.
    opened.prepare_threshold = 0
    try:
        cursor.execute(query, parameters, binary=True, prepare=True)
    finally:
        opened.prepare_threshold = None
