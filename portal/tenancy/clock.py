"""Which time it is: of everything that is kept for ever by the database's clock, of days where the client is.

`database_time() -> datetime` · `day_at(client, now) -> date` · `day_now(client) -> date` · `paper_reader(client)`
"""

from datetime import date, datetime

from django.db import connection
from django.utils import timezone

from portal.lib.dates import time_zone
from portal.tenancy.models import Client


def database_time() -> datetime:
    """The time of the database's clock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now


def day_at(client: Client, now: datetime) -> date:
    """The day that it is where the client is, at an instant."""
    return now.astimezone(time_zone(client.time_zone)).date()


def day_now(client: Client) -> date:
    """The day that it is where the client is."""
    return day_at(client, timezone.now())


def paper_reader(client: Client) -> dict[str, str]:
    """For whom paper is made, which has no reader of its own: figures and days are those of the client."""
    return {"locale": client.locale, "time_zone": client.time_zone}
