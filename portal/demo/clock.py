"""The clock while a story is played: what happened weeks ago bears the day on which it did.

Only what takes its time from Django does. What the database stamps (the audit log, signatures) says when it was really written.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch


def noon(day: dt.date) -> dt.datetime:
    """Two in the afternoon, in UTC: the same day in every time zone of the demonstration."""
    return dt.datetime.combine(day, dt.time(14), dt.UTC)


@contextmanager
def played_on(day: dt.date) -> Iterator[None]:
    """Whatever is done in here was done on that day."""
    with patch("django.utils.timezone.now", return_value=noon(day)):
        yield
