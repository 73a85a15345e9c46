"""The one mail of a person's day, and when a digest leaves.

`day_claim(client=, user=, now=) -> bool` · `next_morning(zone, now)` · `next_monday(zone, now)`
"""

import datetime as dt
from typing import Any, Final

from django.db import IntegrityError, transaction

from portal.lib.dates import time_zone
from portal.notices.models import MailDay
from portal.tenancy.clock import day_at
from portal.tenancy.models import Client

MORNING: Final = 8


def day_claim(*, client: Client, user: Any, now: dt.datetime) -> bool:
    """Take the one mail of a person's day, where the client is; False when it was taken."""
    day = day_at(client, now)
    try:
        with transaction.atomic():
            MailDay.objects.create(client=client, user=user, day=day)
    except IntegrityError:
        return False
    return True


def zone_of(client: Client, user: Any) -> str:
    """The person's time zone, or the client's where they have said none."""
    return user.time_zone or client.time_zone


def next_morning(zone: str, now: dt.datetime) -> dt.datetime:
    """Eight o'clock of the next day in that zone."""
    local = now.astimezone(time_zone(zone)) + dt.timedelta(days=1)
    return local.replace(hour=MORNING, minute=0, second=0, microsecond=0)


def next_monday(zone: str, now: dt.datetime) -> dt.datetime:
    """Eight o'clock of the next Monday in that zone."""
    local = now.astimezone(time_zone(zone))
    day = local + dt.timedelta(days=7 - local.weekday())
    return day.replace(hour=MORNING, minute=0, second=0, microsecond=0)
