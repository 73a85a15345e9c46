"""Reminding signers: like everybody who is asked, after three days, then every two, and never with a second mail on one day.

`signers_remind(client=, now=) -> int` · `signers_due() -> datetime | None`
"""

import datetime as dt

from django.db.models import Min, QuerySet
from django.urls import reverse

from governance.models import Signer, SignerState, SignoffState
from governance.selectors.signoff import is_turn
from governance.services.news import ESCALATED_WITH, EVERY, news_add
from governance.services.signoff import signer_mail
from portal.notices.kinds import Kind
from portal.notices.selectors import is_mailed
from portal.notices.services.days import day_claim, next_morning
from portal.tenancy import audit
from portal.tenancy.models import Client


def waiting() -> QuerySet[Signer]:
    """Everybody who was asked to sign and has not decided."""
    return Signer.objects.filter(
        state=SignerState.WAITING, signoff__state=SignoffState.OPEN, next_reminder_at__isnull=False
    )


def signers_due() -> dt.datetime | None:
    """When the next signer is to be reminded."""
    at: dt.datetime | None = waiting().aggregate(at=Min("next_reminder_at"))["at"]
    return at


def signers_remind(*, client: Client, now: dt.datetime) -> int:
    """Remind the signers who are due at `now`; gives the number of mails."""
    due = (
        waiting().filter(next_reminder_at__lte=now).select_related("user", "signoff__document", "signoff__requested_by")
    )
    return sum(signer_remind(client, signer, now) for signer in due.order_by("next_reminder_at") if is_turn(signer))


def signer_remind(client: Client, signer: Signer, now: dt.datetime) -> bool:
    """One signer's reminder; tomorrow where they were mailed today. The third also tells whoever asked."""
    is_free = day_claim(client=client, user=signer.user, now=now)
    signer.next_reminder_at = now + EVERY if is_free else next_morning(client.time_zone, now)
    if not is_free:
        signer.save(update_fields=["next_reminder_at"])
        return False
    signer.reminders += 1
    signer.save(update_fields=["reminders", "next_reminder_at"])
    sent = is_mailed(signer.user, Kind.REMINDER) and signer_mail(client, signer, "A reminder. ")
    document = signer.signoff.document
    audit.record(
        "signing.reminded", object_type="user", object_id=signer.user.email,
        details={"document": document.number, "reminder": signer.reminders},
    )  # fmt: skip
    if signer.reminders == ESCALATED_WITH:
        path = reverse("signoff", kwargs={"client_slug": client.slug, "number": document.number})
        text = f"{signer.user.get_full_name()} has not signed {document} after {signer.reminders} reminders"
        news_add(client=client, user=signer.signoff.requested_by, text=text, path=path)
    return sent
