"""Mails of the portal: text and HTML from one pair of templates.

`mail_on_commit` is for mails that hold a secret (a link, a code), which is kept nowhere: sent after the change they speak of
has been committed, and at most once: one that the server refused is not tried again by itself. The row it belongs to keeps no
`delivered_at`, and the page that lists it offers to send another. Everything else goes through `portal.notices`.
"""

import logging
import smtplib
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string

logger = logging.getLogger(__name__)


def mail_on_commit(
    *, to: str, subject: str, template: str, context: Mapping[str, Any], delivered: Callable[[], None] | None = None
) -> None:
    """Send `templates/email/<template>.txt` and `.html` once the running transaction has committed; never before.

    `delivered` runs after the server took the mail, outside any scope.
    """
    mail = mail_make(to=to, subject=subject, template=template, context=context)

    def send() -> None:
        try:
            mail.send()
        except (OSError, smtplib.SMTPException):
            logger.exception("a mail was not taken by the server")
            return
        if delivered:
            delivered()

    transaction.on_commit(send)


def mail_make(
    *, to: str, subject: str, template: str, context: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> EmailMultiAlternatives:
    """A mail from `templates/email/<template>.txt` and `.html`. A `fewer_url` in the context is also its List-Unsubscribe."""
    values = {"public_url": settings.PUBLIC_URL, "subject": subject, **context}
    text = render_to_string(f"email/{template}.txt", values).strip() + "\n"
    more = dict(headers or {})
    if fewer_url := values.get("fewer_url"):
        more |= {"List-Unsubscribe": f"<{fewer_url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    mail = EmailMultiAlternatives(" ".join(subject.split()), text, to=[to], headers=more)
    mail.attach_alternative(render_to_string(f"email/{template}.html", values), "text/html")
    return mail


def absolute(path: str) -> str:
    """A path as an address that works from outside."""
    return settings.PUBLIC_URL.rstrip("/") + path
