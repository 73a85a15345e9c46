"""The one clock of everything that is kept for ever: the database's, which all processes share."""

from datetime import datetime

from django.db import connection


def database_time() -> datetime:
    """The time of the database's clock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now
