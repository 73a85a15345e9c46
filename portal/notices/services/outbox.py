"""The outbox: notices that are due become mails, and each mail is sent at most once.

`notices_mail(client=, now=) -> int`

How a mail is sent, and what a killed process leaves of it: `portal.notices.services.posting`.
"""

import datetime as dt
from collections import defaultdict
from functools import partial
from typing import Any, Final

from django.db.models import Min, Q

from portal.notices.kinds import KINDS, How
from portal.notices.models import Mailing, MailState, Notice
from portal.notices.selectors import how_of
from portal.notices.services.days import day_claim, next_morning
from portal.notices.services.letters import letter_of
from portal.notices.services.posting import LEASE, OPEN, Box, new_message_id, send_from, settle_left
from portal.notices.services.raising import DUE
from portal.notices.services.week import weeks_mail
from portal.tenancy.dispatch import next_run
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from portal.tenancy.selectors import Reach

LOOKS: Final = dt.timedelta(hours=1)  # how long a notice can wait whose waking was lost
MOST_AT_ONCE: Final = 200


def notices_mail(*, client: Client, now: dt.datetime) -> int:
    """Mail what is due at `now`, and set when the outbox is due again; gives the number of mails. Opens scopes itself."""
    with tenant_context(client):
        settle_left(Mailing.objects.all(), now)
        mailings_make(client, now)
        due = Mailing.objects.filter(state=MailState.WAITING, due_at__lte=now).order_by("due_at", "pk")
        keys = list(due.values_list("pk", flat=True)[:MOST_AT_ONCE])
    box = Box(partial(tenant_context, client), Mailing.objects.all, partial(letter_of, client))
    sent = sum(send_from(box, pk, now) for pk in keys) + weeks_mail(client=client, now=now)
    with tenant_context(client):
        # With the client locked, whoever wakes the outbox now does it after this, and is not overwritten.
        Client.objects.select_for_update(no_key=True).get(pk=client.pk)
        next_run(client=client, column=DUE, at=next_due(now))
    return sent


def next_due(now: dt.datetime) -> dt.datetime:
    """When there is something to do again."""
    notice = Notice.objects.filter(mail_at__isnull=False, mailing=None).aggregate(at=Min("mail_at"))["at"]
    found = Mailing.objects.filter(state__in=OPEN).aggregate(
        due=Min("due_at", filter=Q(state=MailState.WAITING)),
        claimed=Min("claimed_at", filter=~Q(state=MailState.WAITING)),
    )
    lease = found["claimed"] + LEASE if found["claimed"] else None
    at: dt.datetime = max(now, min(filter(None, (notice, found["due"], lease, now + LOOKS))))
    return at


def mailings_make(client: Client, now: dt.datetime) -> None:
    """Put the due notices of each person into one mail."""
    due = Notice.objects.select_for_update(skip_locked=True, of=("self",)).filter(mail_at__lte=now, mailing=None)
    waiting: dict[int, list[Notice]] = defaultdict(list)
    for notice in due.select_related("user").order_by("pk")[: MOST_AT_ONCE * 10]:
        waiting[notice.user_id].append(notice)
    for rows in waiting.values():
        mailing_make(client, rows[0].user, rows, now)


def mailing_make(client: Client, user: Any, rows: list[Notice], now: dt.datetime) -> None:
    """One person's mail, without what they no longer want to hear of; none where they no longer reach the client."""
    kept = wanted(client, user, rows)
    Notice.objects.filter(pk__in={row.pk for row in rows} - {row.pk for row in kept}).update(mail_at=None)
    once_a_day = [row for row in kept if KINDS[row.kind].is_once_a_day]
    if once_a_day and not day_claim(client=client, user=user, now=now):
        Notice.objects.filter(pk__in=[row.pk for row in once_a_day]).update(mail_at=next_morning(client.time_zone, now))
        kept = [row for row in kept if row not in once_a_day]
    if not kept:
        return
    mailing: Mailing = Mailing.objects.create(user=user, message_id=new_message_id(), due_at=now, created_at=now)
    Notice.objects.filter(pk__in=[row.pk for row in kept]).update(mailing=mailing)


def wanted(client: Client, user: Any, rows: list[Notice]) -> list[Notice]:
    """The notices that the person still reaches and still wants by mail."""
    reached = Reach(user).client(client.slug)
    if reached is None:
        return []
    staff = [user.pk] if reached.is_firm_staff else []
    ways = {kind: how_of([user.pk], kind, staff)[user.pk] for kind in {row.kind for row in rows}}
    return [row for row in rows if ways[row.kind] != How.NEVER]
