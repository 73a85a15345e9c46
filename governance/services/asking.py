"""Asking people for their answers, and reminding them.

`questions_ask(client=, user=, asked_by=, now=)` · `reminders_due(client=, now=) -> int`

A reminder goes three days after the question and every two days from then on; the third also tells whoever asked and the
client's executives. Nobody gets two mails on one day, whatever they are about.
"""

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import Min
from django.urls import reverse

from governance.models import Asking, Function, Respondent
from governance.selectors.answers import questions_of
from governance.services.news import DUE, ESCALATED_WITH, EVERY, FIRST_AFTER, news_add
from governance.services.problems import DefinitionError
from governance.services.reviews import reviews_due, reviews_remind
from governance.services.sign_reminders import signers_due, signers_remind
from portal.accounts.selectors import shown_name
from portal.accounts.services.magic_links import LinkWords, magic_link_send
from portal.notices.kinds import Kind
from portal.notices.selectors import fewer_url, is_mailed
from portal.notices.services.days import day_claim, next_morning
from portal.notices.services.raising import notice_add
from portal.tenancy import audit
from portal.tenancy.dispatch import earlier_run, next_run
from portal.tenancy.models import Client
from portal.tenancy.services import TenancyError


def questions_ask(*, client: Client, user: Any, asked_by: Any, now: dt.datetime) -> Asking:
    """Mail a person the link to their questions. DefinitionError when nothing is open for them or they were mailed today."""
    waiting = waiting_of(user)
    if not waiting:
        raise DefinitionError("nothing waits for this person's answer")
    if not is_mailed(user, Kind.ANSWERS):
        raise DefinitionError("this person has turned such mails off: ask them yourself")
    with transaction.atomic():  # a link that may not be sent takes nobody's mail of the day
        if not day_claim(client=client, user=user, now=now):
            raise DefinitionError("this person was mailed today; nobody is mailed twice a day")
        send(client, user, waiting, asked_by, "", Kind.ANSWERS)
    due = now + FIRST_AFTER
    asking, _ = Asking.objects.update_or_create(
        client=client, user=user,
        defaults={"asked_by": asked_by, "asked_at": now, "reminders": 0, "escalated_at": None, "next_reminder_at": due},
    )  # fmt: skip
    audit.record(
        "definitions.asked", object_type="user", object_id=user.email, after=[item.key for item in waiting],
        details={"questions": len(waiting)},
    )  # fmt: skip
    earlier_run(client=client, column=DUE, at=due)
    return asking


def waiting_of(user: Any) -> list[Any]:
    """The items that wait for a person."""
    return [question.item for question in questions_of(user) if question.answer is None]


def send(client: Client, user: Any, waiting: list[Any], asked_by: Any, opening: str, kind: str) -> None:
    """The mail with the link, and the notice beside it."""
    count = "1 question waits" if len(waiting) == 1 else f"{len(waiting)} questions wait"
    asker = f"{asked_by.get_full_name()} asks for your answer. " if asked_by else ""
    words = LinkWords(
        subject=f"{client.name}: {count} for your answer",
        lead=f"{count[0].upper()}{count[1:]} for your answer",
        text=f"{opening}{asker}They decide what counts in the numbers of {client.name}, for example: {waiting[0].question} "
        "Each takes a minute: yes, no, or your own proposal.",
        fewer_url=fewer_url(user, [kind]),
    )
    target = reverse("answering", kwargs={"client_slug": client.slug})
    text = f"{opening}{count[0].upper()}{count[1:]} for your answer"
    notice_add(client=client, users=[user], kind=kind, text=text, path=target, by_mail=False)
    if not is_mailed(user, kind):
        return
    try:
        magic_link_send(client=client, user=user, purpose="approve", target=target, sent_by=asked_by, words=words)
    except TenancyError as error:
        raise DefinitionError(str(error)) from error


def reminders_due(*, client: Client, now: dt.datetime) -> int:
    """Remind whoever is due at `now`, signers and the board too, and set when this is due again; gives the number of mails."""
    # With the client locked, whoever is being asked now is either seen below or makes this due again by themselves.
    Client.objects.select_for_update(no_key=True).get(pk=client.pk)
    due = (
        Asking.objects.select_for_update(of=("self",))
        .filter(next_reminder_at__lte=now)
        .select_related("user", "asked_by")
    )
    sent = sum(remind(client, asking, now) for asking in due.order_by("next_reminder_at"))
    sent += signers_remind(client=client, now=now)
    reviews_remind(client=client, now=now)
    asked = Asking.objects.aggregate(at=Min("next_reminder_at"))["at"]
    at = min(filter(None, (asked, signers_due(), reviews_due())), default=None)
    next_run(client=client, column=DUE, at=at)
    return sent


def remind(client: Client, asking: Asking, now: dt.datetime) -> bool:
    """One person's reminder; none when nothing waits for them any more, tomorrow when they were mailed today."""
    waiting = waiting_of(asking.user) if asking.user.is_active else []
    if not waiting:
        asking.next_reminder_at = None
        asking.save(update_fields=["next_reminder_at"])
        return False
    if is_mailed(asking.user, Kind.REMINDER) and not day_claim(client=client, user=asking.user, now=now):
        asking.next_reminder_at = next_morning(client.time_zone, now)
        asking.save(update_fields=["next_reminder_at"])
        return False
    asking.reminders += 1
    asking.next_reminder_at = now + EVERY
    try:
        with transaction.atomic():
            send(client, asking.user, waiting, asking.asked_by, "A reminder. ", Kind.REMINDER)
    except DefinitionError:  # a link may not be sent to them: their role changed since
        asking.next_reminder_at = None
    audit.record(
        "definitions.reminded", object_type="user", object_id=asking.user.email,
        details={"reminder": asking.reminders, "questions": len(waiting)},
    )  # fmt: skip
    if asking.reminders == ESCALATED_WITH:
        asking.escalated_at = now
        escalate(client, asking, len(waiting))
    asking.save()
    return True


def escalate(client: Client, asking: Asking, count: int) -> None:
    """Tell whoever asked, and the client's executives, that somebody's answers are missing."""
    executives = Respondent.objects.filter(function=Function.EXECUTIVE).select_related("user")
    people = {row.user_id: row.user for row in executives}
    if asking.asked_by is not None:
        people[asking.asked_by.pk] = asking.asked_by
    people.pop(asking.user_id, None)
    answers = "1 answer" if count == 1 else f"{count} answers"
    text = f"{answers} of {shown_name(asking.user)} are still missing after {asking.reminders} reminders"
    for user in people.values():
        path = reverse("definitions", kwargs={"client_slug": client.slug})
        news_add(client=client, user=user, text=text, path=path)
