"""The one clock of everything that is signed or answered."""

from datetime import datetime

from django.db import connection


def database_time() -> datetime:
    """The time of the database's clock, which all processes share."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now
