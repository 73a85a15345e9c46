"""What stands in a mail of the outbox: one notice, or several in one digest, with a link for each.

`letter_of(client, mailing) -> EmailMultiAlternatives`
"""

import hashlib
import textwrap
from email.utils import parseaddr
from typing import Final

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from portal.accounts.mail import absolute, mail_make
from portal.lib.dates import dated_text, instant_text, own_locale
from portal.notices.models import Mailing
from portal.notices.selectors import fewer_url
from portal.notices.services.days import zone_of
from portal.tenancy.models import Client

SUBJECT_LENGTH: Final = 120


def letter_of(client: Client, mailing: Mailing) -> EmailMultiAlternatives:
    """The mail of a mailing: the same at every try, so that a server which knows its Message-ID can drop a second one."""
    user, rows = mailing.user, list(mailing.notices.order_by("pk"))
    zone, locale = zone_of(client, user), own_locale(user.locale) or client.locale
    first, one = rows[0], len(rows) == 1
    home = absolute(f"/c/{client.slug}/notifications/")
    return mail_make(
        to=user.email,
        subject=f"{client.name}: {subject_text(dated_text(first.text, locale))}"
        + ("" if one else f", and {len(rows) - 1} more"),
        template="notices",
        context={
            "client_name": client.name,
            "lead": first.label if one else f"{len(rows)} things to know",
            "items": [
                {
                    "text": dated_text(row.text, locale),
                    "at": instant_text(row.created_at, locale, zone),
                    "url": absolute(row.path),
                    "action": row.action,
                }
                for row in rows
            ],
            "is_digest": not one,
            "action_label": first.action if one else "See them all",
            "action_url": absolute(first.path) if one else home,
            "fewer_url": fewer_url(user, {row.kind for row in rows}),
            "settings_url": absolute("/me/notifications/"),
        },
        headers={"Message-ID": mailing.message_id, **thread_of(client, {row.about for row in rows})},
    )


def subject_text(text: str) -> str:
    """What a notice begins with, in whole words: a subject that ends in half a word looks like a fault."""
    return textwrap.shorten(text, SUBJECT_LENGTH, placeholder=" …")


def thread_of(client: Client, abouts: set[str]) -> dict[str, str]:
    """Mails about one and the same thing answer to one made-up first mail, so that mail programs show them together."""
    about = abouts.pop() if len(abouts) == 1 else ""
    if not about:
        return {}
    root = hashlib.sha256(f"{client.pk} {about}".encode()).hexdigest()[:32]
    return {"In-Reply-To": f"<{root}@{domain_of_mails()}>", "References": f"<{root}@{domain_of_mails()}>"}


def domain_of_mails() -> str:
    """The domain of our own sender."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
