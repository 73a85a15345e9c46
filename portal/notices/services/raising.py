"""Telling people something: the one way in.

`notice_add(client=, users=, kind=, text=, path=, about="", key="", by_mail=True, is_for_doer=False) -> int`

The rows are written in the transaction of what they tell of: it and they are committed together or not at all. Once that has
committed, the outbox is woken; a process that is killed in between costs an hour at most, because the outbox looks by itself.
"""

import datetime as dt
from collections.abc import Iterable
from functools import partial
from typing import Any, Final

from django.db import transaction

from portal.notices.kinds import How
from portal.notices.models import Notice
from portal.notices.selectors import how_of
from portal.notices.services.days import next_monday, next_morning, zone_of
from portal.tenancy.actor import current_actor
from portal.tenancy.clock import database_time
from portal.tenancy.dispatch import earlier_run
from portal.tenancy.jobs import enqueue
from portal.tenancy.models import Client, FirmMembership

DUE: Final = "next_notice_at"
LONGEST: Final = 600
BEHIND: Final = dt.timedelta(minutes=1)  # the tick sends what the message that was sent at once did not bring


def notice_add(
    *,
    client: Client,
    users: Iterable[Any],
    kind: str,
    text: str,
    path: str,
    about: str = "",
    key: str = "",
    by_mail: bool = True,
    is_for_doer: bool = False,
) -> int:
    """Tell people something, each as they want to hear of it; gives how many are told. Nobody is told what they did themselves;
    what waits for them since is told to them too where it `is_for_doer`.

    `path` is the page it leads to. Mails with the same `about` ("task 12") hang together. With a `key`, a person is told once,
    however often a job comes by. `by_mail=False` where a mail of its own goes out, such as one with a link.
    """
    doer = None if is_for_doer else current_actor().user_id
    people = {user.pk: user for user in users if user.is_active and user.pk != doer}
    if not people:
        return 0
    now = database_time()
    staff = FirmMembership.objects.filter(firm_id=client.firm_id, user_id__in=people).values_list("user_id", flat=True)
    ways = how_of(people, kind, staff) if by_mail else {}
    rows = [
        Notice(
            client=client, user=user, kind=kind, text=shortened(text), path=path, about=about, key=key, created_at=now,
            mail_at=mail_time(client, user, ways.get(pk, How.NEVER), now),
        )
        for pk, user in people.items()
    ]  # fmt: skip
    Notice.objects.bulk_create(rows, ignore_conflicts=bool(key))
    if times := [row.mail_at for row in rows if row.mail_at]:
        wake(client, min(times), now)
    return len(rows)


def shortened(text: str) -> str:
    """A text within what a notice holds."""
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def mail_time(client: Client, user: Any, how: str, now: dt.datetime) -> dt.datetime | None:
    """When something that is told now is mailed; None: not at all."""
    if how == How.NEVER:
        return None
    if how == How.NOW:
        return now
    return (next_morning if how == How.DAILY else next_monday)(zone_of(client, user), now)


def wake(client: Client, at: dt.datetime, now: dt.datetime) -> None:
    """Let the outbox be due once this has committed. In a transaction of its own, so that nobody waits for the client's row."""
    is_now = at <= now
    due = partial(earlier_run, client=client, column=DUE, at=now + BEHIND if is_now else at)
    transaction.on_commit(due, robust=True)
    if is_now:
        enqueue("notices.mail", client)
