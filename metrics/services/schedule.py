"""The jobs of a client's numbers: what each does at an instant, and when it is next due.

`close_due(client=, now=) -> list[MonthClose]` · `check_due(client=, now=) -> list[str]` ·
`schedule_set(client=, close_day=, now=)`

Both are at-least-once and idempotent; each runs in the client's scope, from a task or from its command.
"""

import datetime as dt
from zoneinfo import ZoneInfo

from metrics.models import MonthClose
from metrics.selectors.books import book_head
from metrics.selectors.closes import latest_closes, next_month_to_close
from metrics.services.book_checks import books_refresh
from metrics.services.books import last_completed_month
from metrics.services.closes import CloseError, month_close
from metrics.services.import_files import imports_tidy
from portal.lib.periods import month_format
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
    at = month_start(client, now) - dt.timedelta(seconds=1) if now < close_instant(client, now) else now
    try:
        while (month := next_month_to_close(client, at)) is not None:
            closed += month_close(client=client, month=month)
        require_closed(client, at)
        next_run(client=client, column="next_close_at", at=next_close(client, now))
    except CloseError as error:
        audit.record("month.close_failed", object_type="month", details={"reason": str(error)})
        next_run(client=client, column="next_close_at", at=now + RETRY)
    return closed


def require_closed(client: Client, at: dt.datetime) -> None:
    """Raise CloseError where the month that had ended at `at` is still open: the book does not have it."""
    ended = last_completed_month(client, at)
    newest = max((close.month for close in latest_closes()), default=None)
    if newest is None or newest < ended:
        book = book_head(client)
        raise CloseError(
            f"{month_format(ended)} is due, but {book.label} cannot be closed: {book.message or 'it has no numbers'}"
        )


def check_due(*, client: Client, now: dt.datetime) -> list[str]:
    """Recompute what is stale, check what is not, remove files that nobody needs, and set the check of the coming night."""
    imports_tidy(client=client, now=now)
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
