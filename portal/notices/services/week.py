"""The week of a consultant's clients: one mail on Monday morning, whichever of the clients' outboxes is looked at first.

`weeks_mail(client=, now=) -> int`

Whoever was not reached within two days of Monday, because nothing ran, is told nothing old: the next Monday comes.
"""

import datetime as dt
from typing import Any, Final

from django.core.mail import EmailMultiAlternatives
from django.db import transaction

from portal.accounts.mail import absolute, mail_make
from portal.lib.dates import month_text, own_locale, time_zone
from portal.lib.money import money_text
from portal.notices.audience import consultants_of
from portal.notices.kinds import KINDS, How, Kind
from portal.notices.models import MailState, WeekMail
from portal.notices.selectors import fewer_url, how_of
from portal.notices.services.days import MORNING, zone_of
from portal.notices.services.posting import Box, new_message_id, send_from, settle_left
from portal.tenancy.models import Client
from portal.tenancy.portfolio import PortfolioRow, portfolio_list
from portal.tenancy.scope import tenant_context

LATEST: Final = dt.timedelta(days=2)


def weeks_mail(*, client: Client, now: dt.datetime) -> int:
    """Send the week to the consultants of a client whose Monday morning has come; gives the number of mails."""
    with tenant_context(client):
        people = consultants_of(client)
        ways = how_of([user.pk for user in people], Kind.PORTFOLIO, [user.pk for user in people])
        for user in people:
            if ways[user.pk] == How.WEEKLY and user.is_active and (monday := monday_of(client, user, now)):
                WeekMail.objects.get_or_create(
                    firm_id=client.firm_id, user=user, week=monday,
                    defaults={"message_id": new_message_id(), "due_at": now},
                )  # fmt: skip
        rows = WeekMail.objects.filter(firm_id=client.firm_id)
        settle_left(rows, now)
        due = list(rows.filter(state=MailState.WAITING, due_at__lte=now).values_list("pk", flat=True))
    box = Box(transaction.atomic, WeekMail.objects.select_related("firm").all, week_letter)
    return sum(send_from(box, pk, now) for pk in due)


def monday_of(client: Client, user: Any, now: dt.datetime) -> dt.date | None:
    """The Monday whose morning has come for a person, within the last two days; else None."""
    local = now.astimezone(time_zone(zone_of(client, user)))
    monday = local.date() - dt.timedelta(days=local.weekday())
    begins = dt.datetime.combine(monday, dt.time(MORNING), local.tzinfo)
    return monday if begins <= local < begins + LATEST else None


def week_letter(mail: WeekMail) -> EmailMultiAlternatives:
    """The mail: every client of the firm that the person works on, as its summary says it now."""
    user, locale = mail.user, own_locale(mail.user.locale) or "en"
    rows = [row for row in portfolio_list(user) if row.is_firm_staff and row.client.firm_id == mail.firm_id]
    count = "1 client" if len(rows) == 1 else f"{len(rows)} clients"
    return mail_make(
        to=user.email,
        subject=f"{mail.firm}: the week of your {count}",
        template="notices",
        context={
            "lead": f"The week of your {count}",
            "items": [
                {
                    "text": told(row, locale),
                    "at": "",
                    "url": absolute(f"/c/{row.client.slug}/"),
                    "action": "See the client",
                }
                for row in rows
            ],
            "is_digest": True,
            "action_label": KINDS[Kind.PORTFOLIO].action,
            "action_url": absolute("/"),
            "fewer_url": fewer_url(user, [Kind.PORTFOLIO]),
            "settings_url": absolute("/me/notifications/"),
            "client_name": mail.firm.name,
        },
        headers={"Message-ID": mail.message_id},
    )


def change_words(row: PortfolioRow, locale: str) -> str:
    """How its ARR moved in the month, like for like, and beside it as reported where that is another figure."""
    changes = (row.change, row.change_reported)
    now, then = ("" if each is None else money_text(each, row.client.currency, locale, plus=True) for each in changes)
    return f"{now} in the month, like for like{f'; as reported {then}' if then else ''}"


def told(row: PortfolioRow, locale: str) -> str:
    """One client in a sentence: its ARR and how it moved, and what waits."""
    said, client = row.summary, row.client
    if said is None or said.arr is None or said.as_of_month is None:
        return f"{client}: {(said.state if said else '') or 'no numbers yet'}."
    arr = f"{money_text(said.arr, client.currency, locale)} {client.currency}"
    moved = f" ({change_words(row, locale)})" if row.change is not None else ""
    waits = [
        f"{number} {name if number == 1 else f'{name}s'}"
        for number, name in ((said.waiting_imports, "file waiting"), (said.open_issues, "open finding"))
        if number
    ]
    waits = [text.replace("file waitings", "files waiting") for text in waits]
    return f"{client}: ARR {arr} at the end of {month_text(said.as_of_month, locale)}{moved}" + (
        f"; {', '.join(waits)}." if waits else "."
    )
