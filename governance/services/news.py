"""What people hear of by mail, bundled: nobody gets two mails about definitions on one day.

`news_add(client=, user=, text=, path=)` · `news_send(client=, now=) -> int` · `day_claim(client=, user=, now=) -> bool`

The first piece of news of a day goes out with its own commit; what comes later waits for the next morning's run. Mail is sent
at most once: one that the server refused is not tried again.
"""

import datetime as dt
from collections import defaultdict
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction

from governance.models import MailDay, News
from portal.accounts.mail import absolute, mail_on_commit
from portal.tenancy.clock import database_time
from portal.tenancy.dispatch import earlier_run
from portal.tenancy.models import Client

MORNING: Final = 8
FIRST_AFTER: Final = dt.timedelta(days=3)  # of reminders, and how far one lies from the next
EVERY: Final = dt.timedelta(days=2)
ESCALATED_WITH: Final = 3
DUE: Final = "next_reminder_at"


def news_add(*, client: Client, user: Any, text: str, path: str) -> None:
    """Something that a person should hear of: mailed now, unless they were mailed today already."""
    now = database_time()
    News.objects.create(client=client, user=user, text=text, path=path, created_at=now)
    news_to(client, user, now)


def news_send(*, client: Client, now: dt.datetime) -> int:
    """Mail whatever waits to whoever was not mailed today; gives the number of mails."""
    waiting = defaultdict(list)
    for news in News.objects.filter(mailed_at=None).select_related("user"):
        waiting[news.user_id].append(news)
    return sum(news_to(client, rows[0].user, now) for rows in waiting.values())


def news_to(client: Client, user: Any, now: dt.datetime) -> bool:
    """One mail with all that waits for a person; False where they were mailed today, and then it waits for the morning."""
    rows = list(News.objects.select_for_update().filter(user=user, mailed_at=None))
    if not rows or not user.is_active:
        return False
    if not day_claim(client=client, user=user, now=now):
        earlier_run(client=client, column=DUE, at=next_morning(client, now))
        return False
    News.objects.filter(pk__in=[row.pk for row in rows]).update(mailed_at=now)
    more = f", and {len(rows) - 1} more" if len(rows) > 1 else ""
    mail_on_commit(
        to=user.email,
        subject=f"{client.name}: {rows[0].text[:120]}{more}",
        template="definitions_news",
        context={
            "client_name": client.name, "person": user, "news": rows, "action_label": "Open it",
            "action_url": absolute(rows[0].path),
        },
    )  # fmt: skip
    return True


def day_claim(*, client: Client, user: Any, now: dt.datetime) -> bool:
    """Take the one mail of a person's day, where the client is; False when it was taken."""
    day = now.astimezone(ZoneInfo(client.time_zone)).date()
    try:
        with transaction.atomic():
            MailDay.objects.create(client=client, user=user, day=day)
    except IntegrityError:
        return False
    return True


def next_morning(client: Client, now: dt.datetime) -> dt.datetime:
    """Eight o'clock of the next day where the client is."""
    local = now.astimezone(ZoneInfo(client.time_zone)) + dt.timedelta(days=1)
    return local.replace(hour=MORNING, minute=0, second=0, microsecond=0)
