"""Mails of the portal: text and HTML from one pair of templates, sent after the change they speak of has been committed.

At most once: a mail that the server refused is not tried again by itself. The row it belongs to keeps no `delivered_at`,
and the page that lists it offers to send another.
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
    values = {"public_url": settings.PUBLIC_URL, "subject": subject, **context}
    text = render_to_string(f"email/{template}.txt", values).strip() + "\n"
    html = render_to_string(f"email/{template}.html", values)

    def send() -> None:
        mail = EmailMultiAlternatives(" ".join(subject.split()), text, to=[to])
        mail.attach_alternative(html, "text/html")
        try:
            mail.send()
        except (OSError, smtplib.SMTPException):
            logger.exception("a mail was not taken by the server")
            return
        if delivered:
            delivered()

    transaction.on_commit(send)


def absolute(path: str) -> str:
    """A path as an address that works from outside."""
    return settings.PUBLIC_URL.rstrip("/") + path
