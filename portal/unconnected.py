"""What a command says where the database cannot be had: what happened and what to do, in place of a traceback.

`connection_explained()` is around every command (`manage.py`).
"""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from psycopg.errors import UndefinedTable

# How the driver begins what it says of a connection that was not made; of one that was lost it says other things.
CONNECTING: Final = re.compile(
    "connection failed|failed to resolve host|connection timeout|Multiple connection attempts failed"
)
PREPARE: Final = "run `manage.py database_prepare` with an administrator's DATABASE_URL, then `manage.py migrate`"
# What the server or the driver says, what is the matter then, and what to do. The first that is found counts.
CAUSES: Final = (
    (r'(role|database) "[^"]*" does not exist', "is not prepared", PREPARE),
    (r"relation .* does not exist", "is not prepared", "run `manage.py migrate`"),
    (
        r"authentication failed|no password supplied|no pg_hba.conf entry|permission denied for database",
        "refuses the account",
        "check name and password; `manage.py database_prepare` makes Tieout's own roles follow SECRET_KEY",
    ),
    (r"too many (clients|connections)|connection slots", "has no connection left", "try again in a moment"),
    (r"", "cannot be reached", "check that it runs, and the address (DATABASE_URL, or those of the roles)"),
)


@contextmanager
def connection_explained() -> Iterator[None]:
    """Inside, a database that cannot be had ends the process with exit code 1 and a sentence on standard error."""
    try:
        yield
    except Exception as error:
        said = sentence_of(error)
        if said is None:
            raise
        sys.stderr.write(f"{said}\n")
        sys.exit(1)


def sentence_of(error: BaseException) -> str | None:
    """The sentence about a connection that was not made, or a database without our tables; None of any other error."""
    cause = driver_error(error)
    if cause is None:
        return None
    reason = reason_of(cause)
    what, advice = next((what, advice) for pattern, what, advice in CAUSES if re.search(pattern, reason))
    return f"The database{place_of(cause)} {what} ({reason}): {advice}."


def driver_error(error: BaseException) -> psycopg.Error | None:
    """What the driver raised, under what Django made of it; None where a connection was had and our tables are there."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, UndefinedTable):
            return cause
        if isinstance(cause, psycopg.OperationalError) and CONNECTING.match(str(cause)):
            return cause
        cause = cause.__cause__
    return None


def reason_of(error: psycopg.Error) -> str:
    """The last thing that was said of it, in one line: a server that is tried in several ways fails in each."""
    lines = str(error).splitlines()
    told = next((line for line in reversed(lines) if "failed: " in line), lines[0])
    return told.rpartition("failed: ")[2].removeprefix("FATAL:").strip()


def place_of(error: psycopg.Error) -> str:
    """The server, where it is known; never with a password."""
    tried = error.pgconn
    return f" server at {tried.host.decode()}:{tried.port.decode()}" if tried is not None and tried.host else ""
