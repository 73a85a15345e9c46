"""Asking, reminding and telling: over a real mail server, and to nobody twice a day."""

import datetime as dt
import io
from collections.abc import Callable

import pytest
from django.core.management import call_command
from django.test import Client as Browser

from governance.models import Answer, Asking
from governance.selectors.answers import questions_of
from governance.services.answers import answer_give
from governance.services.asking import questions_ask, reminders_due
from governance.services.items import item_edit
from governance.services.problems import DefinitionError
from portal.accounts.models import User
from portal.notices.services.outbox import notices_mail
from portal.tenancy.dispatch import dispatch_due
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.accounts.conftest import Commits, Mailbox
from tests.governance.conftest import item

START = dt.datetime(2026, 11, 2, 9, tzinfo=dt.UTC)
ANSWER = "/c/northwind/definitions/answer/"


def day(number: float) -> dt.datetime:
    return START + dt.timedelta(days=number)


def run(client: Client, now: dt.datetime, commits: Commits) -> int:
    with commits(), tenant_context(client):
        sent = reminders_due(client=client, now=now)
    notices_mail(client=client, now=dt.datetime.now(dt.UTC))
    return sent


@pytest.fixture
def asked(started: Client, finn: User, ana: User, mailbox: Mailbox, commits: Commits) -> Client:
    with commits(), tenant_context(started):
        questions_ask(client=started, user=finn, asked_by=ana, now=START)
    return started


def test_the_mail_opens_ones_own_questions_and_nothing_else(
    asked: Client, finn: User, mailbox: Mailbox, stranger: Browser
) -> None:
    with tenant_context(asked):
        count = len(questions_of(finn))
    assert f"{count} questions wait for your answer" in mailbox.mails[-1]["Subject"]
    assert "Ana asks for your answer" in mailbox.text() and "within 7 days" in mailbox.text()
    stranger.get(mailbox.path(), follow=True)
    assert stranger.post("/link/")["Location"] == ANSWER
    page = stranger.get(ANSWER).content.decode()
    assert f"{count} of {count} questions wait for you" in page and "ARR" in page
    for path in ("arr/", "data/", "people/", "definitions/people/", "audit/"):
        assert stranger.get(f"/c/northwind/{path}").status_code == 403, path
    assert stranger.get(f"{ANSWER}funnel-stages/").status_code == 404, "that is asked of others"


def test_one_question_a_screen_back_and_forth_to_the_end(asked: Client, mailbox: Mailbox, stranger: Browser) -> None:
    stranger.get(mailbox.path(), follow=True)
    stranger.post("/link/")
    with tenant_context(asked):
        first, second = item("recurring-charges"), item("excluded-revenue")
    page = stranger.get(f"{ANSWER}{first.key}/").content.decode()
    assert first.question.replace("'", "&#x27;") in page and "Definition 1 of " in page and first.sha256 in page
    refused = stranger.post(f"{ANSWER}{first.key}/", {"verdict": "no", "sha256": first.sha256, "comment": ""})
    assert refused.status_code == 422 and b"Say why" in refused.content
    given = {"verdict": "propose", "sha256": first.sha256, "comment": "Add-ons too"}
    assert stranger.post(f"{ANSWER}{first.key}/", given)["Location"] == f"{ANSWER}{second.key}/"
    assert "Add-ons too" in stranger.get(f"{ANSWER}{first.key}/").content.decode(), "going back loses nothing"
    with tenant_context(asked):
        item_edit(item=second, version=1, changes={"answer": "Something else"})
    late = stranger.post(f"{ANSWER}{second.key}/", {"verdict": "yes", "sha256": second.sha256})
    assert late.status_code == 409 and b"Something else" in late.content and b"read it once more" in late.content
    with tenant_context(asked):
        assert Answer.objects.get().by_link and Answer.objects.get().comment == "Add-ons too"
        for question in questions_of(Answer.objects.get().user)[1:-1]:
            answer_give(
                client=asked,
                item=question.item,
                sha256=question.item.sha256,
                verdict="yes",
                user=Answer.objects.all()[0].user,
            )
        last = questions_of(Answer.objects.all()[0].user)[-1].item
    done = stranger.post(f"{ANSWER}{last.key}/", {"verdict": "yes", "sha256": last.sha256}, follow=True)
    page = done.content.decode()
    assert done.redirect_chain[-1][0] == "/c/northwind/definitions/answered/"
    assert "Thank you, that was all" in page and "1 of your answers go back" in page and "Add-ons too" in page
    with tenant_context(asked):
        assert Asking.objects.get().next_reminder_at is None, "nobody is reminded of what they have done"


def test_nobody_is_asked_twice_a_day(asked: Client, finn: User, ana: User) -> None:
    with tenant_context(asked), pytest.raises(DefinitionError, match="twice a day"):
        questions_ask(client=asked, user=finn, asked_by=ana, now=day(0.2))


def test_reminders_and_the_third_escalates(
    asked: Client, finn: User, eve: User, mailbox: Mailbox, commits: Commits
) -> None:
    asked.refresh_from_db()
    assert asked.next_reminder_at == day(3)
    mailbox.mails.clear()
    assert run(asked, day(2.9), commits) == 0
    assert run(asked, day(3), commits) == 1 and run(asked, day(3.1), commits) == 0
    assert "A reminder." in mailbox.text() and mailbox.mails[-1]["To"] == "finn@example.com"
    assert run(asked, day(5), commits) == 1
    assert run(asked, day(7), commits) == 1
    told = {mail["To"]: str(mail["Subject"]) for mail in mailbox.mails[-2:]}
    assert set(told) <= {"ana@example.com", "eve@example.com"}
    assert "of Finn are still missing after 3 reminders" in next(iter(told.values()))
    with tenant_context(asked):
        assert Asking.objects.get().escalated_at == day(7)


def test_news_is_one_mail_a_day_and_the_rest_waits_for_the_morning(
    asked: Client, finn: User, ana: User, mailbox: Mailbox, commits: Commits
) -> None:
    mailbox.mails.clear()
    for key in ("mrr", "arr", "carr"):
        with commits(), tenant_context(asked):
            found = item(key)
            answer_give(client=asked, item=found, sha256=found.sha256, verdict="no", comment=f"Not {key}", user=finn)
        notices_mail(client=asked, now=dt.datetime.now(dt.UTC))
    assert [mail["To"] for mail in mailbox.mails] == ["ana@example.com"] and "Not mrr" in mailbox.text()
    tomorrow = dt.datetime.now(dt.UTC) + dt.timedelta(days=2)
    assert notices_mail(client=asked, now=tomorrow) == 1
    last = next(mail for mail in reversed(mailbox.mails) if mail["To"] == "ana@example.com")
    body = last.get_body(("plain",))
    assert body is not None and "Not arr" in str(body.get_content()) and "Not carr" in str(body.get_content())
    assert sum(mail["To"] == "ana@example.com" for mail in mailbox.mails) == 2


def test_what_is_due_is_sent_by_the_tick_and_by_the_command(
    asked: Client, mailbox: Mailbox, commits: Commits, signed_in: Callable[[User], Browser], ana: User
) -> None:
    assert ("governance.tasks.reminders", asked.pk) not in dispatch_due(day(2))
    mailbox.mails.clear()
    out = io.StringIO()
    with commits():
        call_command("definitions_remind", "--client", "northwind", "--now", "2026-11-05T09:00", stdout=out)
    assert out.getvalue() == "1 mail sent.\n" and len(mailbox.mails) == 1
    assert ("governance.tasks.reminders", asked.pk) in dispatch_due(day(6))
    page = signed_in(ana).get("/c/northwind/definitions/people/").content.decode()
    assert "reminded 1 time" in page and "Not asked" in page


def test_a_consultant_asks_from_the_page(anas: Browser, mailbox: Mailbox, commits: Commits) -> None:
    added = {"email": "sam@example.com", "name": "Sam", "function": "sales"}
    with commits():
        assert b"answers from now on" in anas.post("/c/northwind/definitions/people/add/", added, follow=True).content
        page = anas.get("/c/northwind/definitions/people/").content.decode()
        row = next(part for part in page.split("<li>") if "sam@example.com" in part)
        asking = row.split('action="')[1].split('"')[0]
        assert b"on their way to sam@example.com" in anas.post(asking, follow=True).content
        assert b"twice a day" in anas.post(asking, follow=True).content
    assert [mail["To"] for mail in mailbox.mails] == ["sam@example.com"]


def test_what_waits_for_the_reader_stands_on_their_home(
    started: Client, finn: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(started):
        count = len(questions_of(finn))
    page = signed_in(finn).get("/c/northwind/").content.decode()
    assert f"{count} definitions" in page and f'href="{ANSWER}"' in page
