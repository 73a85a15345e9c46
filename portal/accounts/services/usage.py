"""Counting who opens what, without a write in the request: each process keeps its counts and writes them now and then.

`use_note(…)` · `uses_write(client=) -> int` · `uses_write_all() -> int` · `uses_write_when_due()`

A page counts once for each time it is opened in full; a sign-in counts once for each session, however many processes see it.
A process writes what it holds every `USES_WRITTEN_EVERY` seconds after an answer was sent, and when it ends; one that is
killed loses what it had not written, and nothing else.
"""

import atexit
import datetime as dt
import logging
import threading
import time
from collections import Counter
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import close_old_connections, connection, transaction

from portal.accounts.counted_pages import SIGN_IN, is_counted
from portal.tenancy.clock import day_at
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context

logger = logging.getLogger(__name__)
MOST: Final = 20_000  # kept in a process; past it, it forgets which sign-ins it has seen
# Nobody is counted who was removed in between: the row would stop whatever else its transaction holds.
WRITE: Final = """
    INSERT INTO accounts_pageuse (client_id, user_id, page, day, mark, role, is_firm_staff, times)
    SELECT %s, %s, %s, %s::date, %s, %s, %s, %s WHERE EXISTS (SELECT FROM accounts_user WHERE id = %s)
    ON CONFLICT (client_id, user_id, page, day, mark) DO UPDATE
    SET times = CASE WHEN excluded.mark = 0 THEN accounts_pageuse.times + excluded.times ELSE 1 END
"""


class Use(NamedTuple):
    """What one row counts."""

    client_id: int
    user_id: int
    page: str
    day: dt.date
    mark: int
    role: str
    is_firm_staff: bool


class _Held:
    """The counts of this process."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.counts: Counter[Use] = Counter()
        self.sign_ins: set[tuple[int, int, int]] = set()
        self.written_at = time.monotonic()

    def take(self, client_id: int | None = None) -> Counter[Use]:
        """Take out what is held, of one client or of all."""
        with self.lock:
            taken = Counter({use: n for use, n in self.counts.items() if client_id in (None, use.client_id)})
            self.counts = Counter({use: n for use, n in self.counts.items() if use not in taken})
            return taken


_held = _Held()


def use_note(
    *,
    client: Client,
    user_id: int,
    page: str,
    role: str,
    is_firm_staff: bool,
    session_started: int,
    now: dt.datetime,
    about: str = "",
) -> None:
    """Count a page that was opened, the sign-in of its session, and what it is `about` (`metric:nrr`). Touches no database."""
    day = day_at(client, now)
    with _held.lock:
        seen = (client.pk, user_id, session_started)
        if session_started and seen not in _held.sign_ins:
            if len(_held.sign_ins) >= MOST:
                _held.sign_ins.clear()
            _held.sign_ins.add(seen)
            _held.counts[
                Use(client.pk, user_id, SIGN_IN, _day_of(session_started, client), session_started, role, is_firm_staff)
            ] = 1
        for name in (page if is_counted(page) else "", about):
            if name and len(_held.counts) < MOST:
                _held.counts[Use(client.pk, user_id, name, day, 0, role, is_firm_staff)] += 1


def _day_of(session_started: int, client: Client) -> dt.date:
    return dt.datetime.fromtimestamp(session_started, ZoneInfo(client.time_zone)).date()


def uses_write(*, client: Client) -> int:
    """Write what this process holds of the client in scope; gives the number of rows."""
    return _write(_held.take(client.pk))


def uses_write_all() -> int:
    """Write what this process holds, each client in its own scope; gives the number of rows. A fault costs counts alone."""
    _held.written_at = time.monotonic()
    taken = _held.take()
    written = 0
    for client in Client.objects.filter(pk__in={use.client_id for use in taken}):
        mine = Counter({use: n for use, n in taken.items() if use.client_id == client.pk})
        try:
            with tenant_context(client):
                written += _write(mine)
        except Exception as error:  # a count is worth no failing answer
            logger.warning("counts of use were not written: %s", error)
    return written


def uses_write_when_due(**_: Any) -> None:
    """After an answer was sent: write, if it is time."""
    every = settings.USES_WRITTEN_EVERY
    if every is None or not _held.counts or time.monotonic() - _held.written_at < every:
        return
    uses_write_all()
    close_old_connections()


def _write(counts: Counter[Use]) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(WRITE, [(*use, n, use.user_id) for use, n in counts.items()])
    return len(counts)


def _at_exit() -> None:
    if settings.USES_WRITTEN_EVERY is not None and _held.counts:
        try:
            uses_write_all()
        except Exception:  # the database is gone before the process
            logger.warning("counts of use were lost as the process ended")


atexit.register(_at_exit)
