"""The jobs of a client's numbers: what each does at an instant, and when it is next due.

`close_due(client=, now=) -> list[MonthClose]` · `check_due(client=, now=) -> list[str]` · `schedule_set(client=, close_day=, now=)`

Both are at-least-once and idempotent; each runs in the client's scope, from a task or from its command.
"""

import datetime as dt
from zoneinfo import ZoneInfo

from metrics.models import MonthClose
from metrics.selectors.closes import next_month_to_close
from metrics.services.book_checks import books_refresh
from metrics.services.closes import CloseError, month_close
from portal.tenancy import audit
from portal.tenancy.dispatch import next_run
from portal.tenancy.models import Client

CHECK_HOUR = 3
CLOSE_HOUR = 6
RETRY = dt.timedelta(hours=6)


def close_due(*, client: Client, now: dt.datetime) -> list[MonthClose]:
    """Close every completed month that is due, and set the next close. What cannot be closed is audited and tried again.

    A month is due once the client's close day has come in the month after it.
    """
    if client.close_day is None:
        next_run(client=client, column="next_close_at", at=None)
        return []
    books_refresh(client=client, now=now)
    closed: list[MonthClose] = []
    try:
        while (month := month_due(client, now)) is not None:
            closed += month_close(client=client, month=month)
    except CloseError as error:
        audit.record("month.close_failed", object_type="month", details={"reason": str(error)})
        next_run(client=client, column="next_close_at", at=now + RETRY)
        return closed
    next_run(client=client, column="next_close_at", at=next_close(client, now))
    return closed


def month_due(client: Client, now: dt.datetime) -> int | None:
    """The next month to close, if its close day has come; the month before where only that one's has."""
    waits = now < close_instant(client, now)
    return next_month_to_close(client, month_start(client, now) - dt.timedelta(seconds=1) if waits else now)


def check_due(*, client: Client, now: dt.datetime) -> list[str]:
    """Recompute what is stale, check what is not, and set the check of the coming night."""
    found = books_refresh(client=client, now=now)
    local = now.astimezone(ZoneInfo(client.time_zone))
    tomorrow = (local + dt.timedelta(days=1)).replace(hour=CHECK_HOUR, minute=0, second=0, microsecond=0)
    next_run(client=client, column="next_check_at", at=tomorrow)
    return found


def schedule_set(*, client: Client, close_day: int | None, now: dt.datetime) -> None:
    """Close months by themselves on this day of the following month (1 to 28), or by hand alone (None)."""
    before = client.close_day
    Client.objects.filter(pk=client.pk).update(close_day=close_day)
    client.close_day = close_day
    at = next_close(client, now) if close_day else None
    next_run(client=client, column="next_close_at", at=at)
    audit.record("month.schedule_set", object_type="client", object_id=client.slug, before=before, after=close_day,
                 details={"close_day": [before, close_day]})  # fmt: skip


def month_start(client: Client, now: dt.datetime) -> dt.datetime:
    """The first instant of the month in which `now` lies where the client is."""
    local = now.astimezone(ZoneInfo(client.time_zone))
    return local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def close_instant(client: Client, now: dt.datetime) -> dt.datetime:
    """When this month's close is due."""
    return month_start(client, now).replace(day=client.close_day or 1, hour=CLOSE_HOUR)


def next_close(client: Client, now: dt.datetime) -> dt.datetime:
    """The next close that lies ahead."""
    this = close_instant(client, now)
    return this if this > now else close_instant(client, month_start(client, now) + dt.timedelta(days=32))
