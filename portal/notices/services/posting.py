"""Sending one mail of a box at most once, whatever the box holds: a client's notices, or a consultant's week.

`send_from(box, pk, now) -> bool` · `settle_left(rows, now)`

Each step is committed before the next: the mail is claimed, marked as handed over just before its text leaves, and settled by
the server's answer. A process that is killed leaves a claimed mail, which begins anew after the lease, or a handed one, which
becomes UNKNOWN and is shown as that.
"""

import datetime as dt
import logging
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from django.core.mail import EmailMultiAlternatives
from django.db.models import F, QuerySet

from portal.notices.models import MailState
from portal.notices.services.delivery import Outcome, hand_over
from portal.notices.services.letters import domain_of_mails
from portal.tenancy.clock import database_time

logger = logging.getLogger(__name__)
LEASE: Final = dt.timedelta(minutes=10)  # longer than any dialogue with a mail server
MOST_TRIES: Final = 10  # two minutes, four, eight …: about 17 hours
OPEN: Final = (MailState.WAITING, MailState.CLAIMED, MailState.HANDED)


@dataclass(frozen=True)
class Box:
    """Where mails lie: the transaction in which their rows are touched, the rows, and what each of them says."""

    scope: Callable[[], AbstractContextManager[Any]]
    rows: Callable[[], "QuerySet[Any]"]
    letter: Callable[[Any], EmailMultiAlternatives]


def new_message_id() -> str:
    """A Message-ID of our own, kept with the mail, so that it is the same at every try."""
    return f"<{uuid.uuid4()}@{domain_of_mails()}>"


def settle_left(rows: "QuerySet[Any]", now: dt.datetime) -> None:
    """What a killed process left behind: nothing had left of a claimed mail; of a handed one nobody knows."""
    left = rows.filter(claimed_at__lt=now - LEASE)
    left.filter(state=MailState.CLAIMED).update(state=MailState.WAITING)
    lost = left.filter(state=MailState.HANDED).update(state=MailState.UNKNOWN, settled_at=now)
    if lost:
        logger.error("%s mails were handed to the mail server by a process that ended before the answer", lost)


def send_from(box: Box, pk: int, now: dt.datetime) -> bool:
    """Claim one mail and send it; whether the server took it."""
    with box.scope():
        claimed_at = max(now, database_time())
        claim = box.rows().filter(pk=pk, state=MailState.WAITING)
        if not claim.update(state=MailState.CLAIMED, claimed_at=claimed_at, tries=F("tries") + 1):
            return False
        mailing = box.rows().select_related("user").get(pk=pk)
        letter = box.letter(mailing)
    outcome = hand_over(letter, partial(mark_handed, box, pk, mailing.tries))
    if outcome is Outcome.TAKEN_AWAY:
        return False
    with box.scope():
        settle(box, mailing, outcome, now)
    return outcome is Outcome.SENT


def mark_handed(box: Box, pk: int, tries: int) -> bool:
    """From here on the mail may have left. False where the lease ran out and another process has begun."""
    with box.scope():
        return bool(box.rows().filter(pk=pk, state=MailState.CLAIMED, tries=tries).update(state=MailState.HANDED))


def settle(box: Box, mailing: Any, outcome: Outcome, now: dt.datetime) -> None:
    """Keep what became of a mail; one that may be tried again waits twice as long as before."""
    mine = box.rows().filter(pk=mailing.pk, tries=mailing.tries, state__in=[*OPEN, MailState.UNKNOWN])
    if outcome is Outcome.LATER and mailing.tries < MOST_TRIES:
        mine.update(state=MailState.WAITING, due_at=now + dt.timedelta(minutes=2**mailing.tries))
        return
    ends = {Outcome.SENT: MailState.SENT, Outcome.UNKNOWN: MailState.UNKNOWN}
    state = ends.get(outcome, MailState.FAILED)
    mine.update(state=state, settled_at=now)
    if state != MailState.SENT:
        logger.error("a mail ended as %s: %s", state, mailing.message_id)
