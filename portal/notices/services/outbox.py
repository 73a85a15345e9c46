"""The outbox: notices that are due become mails, and each mail is sent at most once.

`notices_mail(client=, now=) -> int`

Each step is committed before the next: the mail is made, claimed, marked as handed over just before its text leaves, and
settled by the server's answer. A process that is killed leaves a claimed mail, which begins anew after the lease, or a handed
one, which becomes UNKNOWN and is shown as that.
"""

import datetime as dt
import logging
import uuid
from collections import defaultdict
from functools import partial
from typing import Any, Final

from django.db.models import F, Min, Q

from portal.notices.kinds import KINDS, How
from portal.notices.models import Mailing, MailState, Notice
from portal.notices.selectors import how_of
from portal.notices.services.days import day_claim, next_morning
from portal.notices.services.delivery import Outcome, hand_over
from portal.notices.services.letters import domain_of_mails, letter_of
from portal.notices.services.raising import DUE
from portal.tenancy.dispatch import next_run
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from portal.tenancy.selectors import Reach

logger = logging.getLogger(__name__)
LEASE: Final = dt.timedelta(minutes=10)  # longer than any dialogue with a mail server
LOOKS: Final = dt.timedelta(hours=1)  # how long a notice can wait whose waking was lost
MOST_TRIES: Final = 10  # two minutes, four, eight …: about 17 hours
MOST_AT_ONCE: Final = 200
OPEN: Final = (MailState.WAITING, MailState.CLAIMED, MailState.HANDED)


def notices_mail(*, client: Client, now: dt.datetime) -> int:
    """Mail what is due at `now`, and set when the outbox is due again; gives the number of mails. Opens scopes itself."""
    with tenant_context(client):
        mailings_settle(now)
        mailings_make(client, now)
        due = Mailing.objects.filter(state=MailState.WAITING, due_at__lte=now).order_by("due_at", "pk")
        keys = list(due.values_list("pk", flat=True)[:MOST_AT_ONCE])
    sent = sum(mailing_send(client, pk, now) for pk in keys)
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


def mailings_settle(now: dt.datetime) -> None:
    """What a killed process left behind: nothing had left of a claimed mail; of a handed one nobody knows."""
    left = Mailing.objects.filter(claimed_at__lt=now - LEASE)
    left.filter(state=MailState.CLAIMED).update(state=MailState.WAITING)
    lost = left.filter(state=MailState.HANDED).update(state=MailState.UNKNOWN, settled_at=now)
    if lost:
        logger.error("%s mails were handed to the mail server by a process that ended before the answer", lost)


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
    mailing: Mailing = Mailing.objects.create(
        user=user, message_id=f"<{uuid.uuid4()}@{domain_of_mails()}>", due_at=now, created_at=now
    )
    Notice.objects.filter(pk__in=[row.pk for row in kept]).update(mailing=mailing)


def wanted(client: Client, user: Any, rows: list[Notice]) -> list[Notice]:
    """The notices that the person still reaches and still wants by mail."""
    reached = Reach(user).client(client.slug)
    if reached is None:
        return []
    staff = [user.pk] if reached.is_firm_staff else []
    ways = {kind: how_of([user.pk], kind, staff)[user.pk] for kind in {row.kind for row in rows}}
    return [row for row in rows if ways[row.kind] != How.NEVER]


def mailing_send(client: Client, pk: int, now: dt.datetime) -> bool:
    """Claim one mail and send it; whether the server took it."""
    with tenant_context(client):
        claim = Mailing.objects.filter(pk=pk, state=MailState.WAITING)
        if not claim.update(state=MailState.CLAIMED, claimed_at=now, tries=F("tries") + 1):
            return False
        mailing = Mailing.objects.select_related("user").get(pk=pk)
        letter = letter_of(client, mailing)
    outcome = hand_over(letter, partial(mark_handed, client, pk, mailing.tries))
    if outcome is Outcome.TAKEN_AWAY:
        return False
    with tenant_context(client):
        settle(mailing, outcome, now)
    return outcome is Outcome.SENT


def mark_handed(client: Client, pk: int, tries: int) -> bool:
    """From here on the mail may have left. False where the lease ran out and another process has begun."""
    with tenant_context(client):
        mine = Mailing.objects.filter(pk=pk, state=MailState.CLAIMED, tries=tries)
        return bool(mine.update(state=MailState.HANDED))


def settle(mailing: Mailing, outcome: Outcome, now: dt.datetime) -> None:
    """Keep what became of a mail; one that may be tried again waits twice as long as before."""
    mine = Mailing.objects.filter(pk=mailing.pk, tries=mailing.tries, state__in=OPEN)
    if outcome is Outcome.LATER and mailing.tries < MOST_TRIES:
        mine.update(state=MailState.WAITING, due_at=now + dt.timedelta(minutes=2**mailing.tries))
        return
    ends = {Outcome.SENT: MailState.SENT, Outcome.UNKNOWN: MailState.UNKNOWN}
    state = ends.get(outcome, MailState.FAILED)
    mine.update(state=state, settled_at=now)
    if state != MailState.SENT:
        logger.error("a mail ended as %s: %s", state, mailing.message_id)
