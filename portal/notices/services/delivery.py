"""Handing one mail to the mail server, in steps, so that what happened is known wherever it can be known.

`hand_over(mail, before) -> Outcome`

Up to the text of the mail, nothing has left: whatever fails or is killed there may be tried again. From the moment the text is
on its way until the server's answer is read, nobody on this side can say whether the mail was taken; that is how SMTP is. A
process killed or a connection lost in exactly that moment leaves the mail UNKNOWN, and it is not sent again by itself.
"""

import logging
import smtplib
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parseaddr
from enum import Enum
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.message import sanitize_address

logger = logging.getLogger(__name__)
PERMANENT = 500


class Outcome(Enum):
    SENT = "sent"
    LATER = "later"  # not taken now, nothing has left: worth another try
    REFUSED = "refused"  # not taken, and never will be
    UNKNOWN = "unknown"  # handed over, and no answer came
    TAKEN_AWAY = "taken away"  # somebody else sends it


@dataclass
class Step:
    """How far a mail has come."""

    is_handed: bool = False


def hand_over(mail: EmailMultiAlternatives, before: Callable[[], bool]) -> Outcome:
    """Send a mail. `before` is called once everything but the text was said; False stops it there."""
    connection = get_connection()
    step = Step()
    try:
        connection.open()
        session = getattr(connection, "connection", None)
        if isinstance(session, smtplib.SMTP):
            return over_smtp(session, mail, before, step)
        if not before():
            return Outcome.TAKEN_AWAY
        step.is_handed = True
        connection.send_messages([mail])
        return Outcome.SENT
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        return after(step, min(codes, default=0))
    except smtplib.SMTPResponseException as error:
        return answered(int(error.smtp_code))
    except (OSError, smtplib.SMTPException, ValueError):  # ValueError: an address or header that no mail can have
        logger.warning("the mail server did not answer, or this cannot be said to it", exc_info=True)
        return after(step, 0)
    finally:
        close(connection)


def over_smtp(session: smtplib.SMTP, mail: EmailMultiAlternatives, before: Callable[[], bool], step: Step) -> Outcome:
    """The dialogue: sender, recipient, and only then the mark and the text. Addresses as servers know them: ü is xn--tda."""
    content = mail.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]
    session.ehlo_or_helo_if_needed()
    for code, text in (
        session.mail(address_said(parseaddr(mail.from_email or settings.DEFAULT_FROM_EMAIL)[1])),
        session.rcpt(address_said(mail.to[0])),
    ):
        if code >= 400:
            logger.warning("the mail server refused a mail: %s %r", code, text[:200])
            return answered(code)
    if not before():
        return Outcome.TAKEN_AWAY
    step.is_handed = True
    code, text = session.data(content)
    if code >= 400:
        logger.warning("the mail server refused a mail: %s %r", code, text[:200])
        return answered(code)
    return Outcome.SENT


def address_said(address: str) -> str:
    """An address in the letters that a mail server takes."""
    return str(sanitize_address(address, "utf-8"))


def answered(code: int) -> Outcome:
    """What a refusal means: the server said so, and therefore has not taken the mail."""
    return Outcome.REFUSED if code >= PERMANENT else Outcome.LATER


def after(step: Step, code: int) -> Outcome:
    """What a failure without an answer means."""
    if step.is_handed:
        return Outcome.UNKNOWN
    return answered(code)


def close(connection: Any) -> None:
    """Say goodbye, whatever the server makes of it."""
    try:
        connection.close()
    except (OSError, smtplib.SMTPException):
        logger.info("the mail server was gone before the goodbye")
