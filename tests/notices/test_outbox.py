"""The outbox over a real mail server: with its cause or not at all, once, when the person wants it, and never to strangers."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.mail import EmailMultiAlternatives
from django.test import Client as Browser

from portal.accounts.models import User
from portal.notices.kinds import How, Kind
from portal.notices.models import Notice
from portal.notices.services import posting
from portal.notices.services.choices import choices_set
from portal.notices.services.days import day_claim
from portal.notices.services.delivery import Outcome, hand_over
from portal.notices.services.raising import notice_add
from portal.tenancy.actor import Actor, acting_as
from portal.tenancy.dispatch import dispatch_due
from portal.tenancy.models import Client, ClientRole, ClientSummary, Membership
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import client_create, consultant_assign, firm_create, member_remove
from tests.accounts.conftest import Commits, Mailbox
from tests.conftest import member
from tests.notices.conftest import MoodyMailbox, later, mail_states, notices, send, told


def test_a_notice_is_there_with_its_cause_or_not_at_all(northwind: Client, finn: User, commits: Commits) -> None:
    with pytest.raises(RuntimeError), tenant_context(northwind):
        notice_add(client=northwind, users=[finn], kind=Kind.TASK, text="Lost", path="/c/northwind/")
        raise RuntimeError("the change fails")
    assert notices(northwind, finn) == []
    with commits():
        told(northwind, finn)
    assert ("notices.mail", northwind.pk) in dispatch_due(later(minutes=2)), "a lost message is made good by the tick"


def test_at_once_is_one_mail_with_its_link_and_a_way_to_get_fewer(
    northwind: Client, finn: User, mailbox: Mailbox
) -> None:
    told(northwind, finn, text="Ana mentions you: <b>look</b>", about="task 4")
    assert send(northwind) == 1 and send(northwind) == 0
    mail = mailbox.mails[0]
    assert mail["To"] == finn.email and mail["Subject"] == "Northwind: Ana mentions you: <b>look</b>"
    assert "/c/northwind/engagements/" in mailbox.text() and "&lt;b&gt;look" in mailbox.html()
    assert "Read the comment:" in mailbox.text() and ">Read the comment</a>" in mailbox.html()
    assert "List-Unsubscribe=One-Click" in mail["List-Unsubscribe-Post"]
    assert mail["List-Unsubscribe"].strip(" <>") in mailbox.text()
    told(northwind, finn, about="task 4")
    assert send(northwind) == 1
    first, second = mailbox.mails
    assert first["Message-ID"] != second["Message-ID"] and first["References"] == second["References"]


def test_a_subject_ends_with_a_whole_word_and_says_that_more_follows(
    northwind: Client, finn: User, mailbox: Mailbox
) -> None:
    text = (
        "CR-13 “ARR begins when a contract is signed” is in force: from May 2026 on. "
        + "A line counts from its day. " * 9
    )
    told(northwind, finn, text=text)
    assert send(northwind) == 1
    subject = mailbox.mails[0]["Subject"].strip().removeprefix("Northwind: ")
    assert subject.endswith(" …") and len(subject) <= 120
    assert text.startswith(subject.removesuffix("…")), "cut between two words"


def test_what_one_did_oneself_is_not_told_and_a_key_tells_once(northwind: Client, finn: User, ana: User) -> None:
    with acting_as(Actor(finn.email, finn.pk)):
        told(northwind, finn, ana, key="closed 24000")
    told(northwind, ana, key="closed 24000")
    assert notices(northwind, finn) == [] and len(notices(northwind, ana)) == 1


def test_a_digest_holds_several_and_leaves_in_the_persons_own_morning(
    northwind: Client, finn: User, mailbox: Mailbox
) -> None:
    User.objects.filter(pk=finn.pk).update(time_zone="Asia/Tokyo")
    finn.refresh_from_db()
    for number in (1, 2, 3):
        told(northwind, finn, kind=Kind.TASK, text=f"Task {number} is yours")
    due = notices(northwind, finn)[0].mail_at
    assert due is not None and due.astimezone(ZoneInfo("Asia/Tokyo")).strftime("%H:%M") == "08:00"
    assert send(northwind, due - dt.timedelta(minutes=1)) == 0
    assert send(northwind, due) == 1
    assert mailbox.mails[0]["Subject"] == "Northwind: Task 1 is yours, and 2 more"
    assert (
        "JST" in mailbox.text()
        and mailbox.text().count("See what is yours: http://") == mailbox.html().count(">See what is yours</a>") == 3
        and mailbox.text().count("http://") >= 4
        and all(f"Task {number} is" in mailbox.html() for number in (1, 2, 3))
    )


def test_never_means_never_even_for_what_waits_already(northwind: Client, finn: User, mailbox: Mailbox) -> None:
    told(northwind, finn)
    choices_set(user=finn, chosen={Kind.MENTIONED: How.NEVER})
    told(northwind, finn, text="Another")
    assert send(northwind) == 0 and mailbox.mails == []
    assert [row.text for row in notices(northwind, finn)] == ["Ana mentions you", "Another"], "the bell has both"


def test_days_and_months_are_written_as_people_read_them_in_mail_and_bell(
    northwind: Client, finn: User, mailbox: Mailbox, signed_in: Callable[[User], Browser]
) -> None:
    told(northwind, finn, text="Due on 2026-05-15: the audit of FY2027-Q2")
    assert send(northwind) == 1
    said = "Due on 15 May 2026: the audit of Q2 FY2027"
    assert said in mailbox.text() and said in mailbox.mails[0]["Subject"]
    assert said in signed_in(finn).get("/c/northwind/notifications/").text


def test_whoever_left_the_client_is_mailed_nothing_of_it(northwind: Client, finn: User, mailbox: Mailbox) -> None:
    told(northwind, finn)
    with tenant_context(northwind):
        member_remove(client=northwind, member=Membership.objects.select_related("user").get(user=finn))
    assert send(northwind) == 0 and mailbox.mails == []


def test_news_of_definitions_keeps_to_the_one_mail_of_a_day(northwind: Client, finn: User, mailbox: Mailbox) -> None:
    told(northwind, finn, kind=Kind.DEFINITIONS, text="First")
    told(northwind, finn, kind=Kind.MENTIONED, text="Second")
    with tenant_context(northwind):
        assert day_claim(client=northwind, user=finn, now=later(seconds=1)), "a reminder went out today"
    assert send(northwind) == 1 and "First" not in mailbox.text() and "Second" in mailbox.text()
    assert send(northwind, later(days=2)) == 1 and "First" in mailbox.text()


def test_a_server_that_is_busy_is_asked_again_later_with_the_same_mail(
    northwind: Client, finn: User, moody: MoodyMailbox
) -> None:
    moody.to_recipient, moody.to_text = ["450 busy"], ["451 try again"]
    told(northwind, finn)
    assert send(northwind) == 0 and send(northwind, later(seconds=90)) == 0, "two minutes are two minutes"
    assert send(northwind, later(minutes=3)) == 0 and mail_states(northwind) == ["waiting"]
    assert send(northwind, later(minutes=10)) == 1
    assert mail_states(northwind) == ["sent"] and len(moody.mails) == 1


def test_a_server_that_is_away_loses_nothing(northwind: Client, finn: User, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    told(northwind, finn)
    assert send(northwind) == 0 and mail_states(northwind) == ["waiting"]
    northwind.refresh_from_db()
    assert northwind.next_notice_at is not None and northwind.next_notice_at <= later(minutes=3)


def test_one_address_that_is_hard_to_write_holds_up_nobody_elses_mail(
    northwind: Client, rita: User, moody: MoodyMailbox
) -> None:
    uwe = member(
        lambda mail: User.objects.create_user(mail, name="Uwe"), "uwe@müller.example", ClientRole.SUCCESS, northwind
    )
    told(northwind, uwe)
    told(northwind, rita)
    assert send(northwind) == 2 and mail_states(northwind) == ["sent", "sent"]
    assert [mail["To"] for mail in moody.mails] == ["uwe@xn--mller-kva.example", rita.email]


def test_an_address_that_does_not_exist_ends_it_and_the_bell_says_so(
    northwind: Client, finn: User, moody: MoodyMailbox
) -> None:
    moody.to_recipient = ["550 nobody here"]
    told(northwind, finn)
    assert send(northwind) == 0 and send(northwind, later(days=2)) == 0
    with tenant_context(northwind):
        assert Notice.objects.select_related("mailing").get().is_mail_lost


def test_a_line_that_breaks_after_the_text_is_not_sent_again(
    northwind: Client, finn: User, moody: MoodyMailbox
) -> None:
    moody.to_text = ["hang up"]
    told(northwind, finn)
    assert send(northwind) == 0 and send(northwind, later(days=1)) == 0
    assert mail_states(northwind) == ["unknown"] and len(moody.mails) == 1


def test_a_mail_is_claimed_by_one_of_two_jobs(
    northwind: Client, finn: User, moody: MoodyMailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(northwind, finn)
    others: list[int] = []

    def meanwhile(mail: EmailMultiAlternatives, mark: Callable[[], bool]) -> Outcome:
        others.append(send(northwind))
        return hand_over(mail, mark)

    monkeypatch.setattr(posting, "hand_over", meanwhile)
    assert send(northwind) == 1
    assert others == [0] and len(moody.mails) == 1


MONDAY = dt.datetime(2026, 11, 30, 8, 30, tzinfo=dt.UTC)


def test_the_week_is_one_mail_about_the_clients_one_works_on_on_monday_morning(
    northwind: Client, contoso: Client, other_firms: Client, ana: User, finn: User, mailbox: Mailbox
) -> None:
    with tenant_context(northwind):
        ClientSummary.objects.create(
            firm=northwind.firm, arr=Decimal("1250000.00"), arr_previous=Decimal("1200000.00"), as_of_month=24_322,
            waiting_imports=2,
        )  # fmt: skip
    with tenant_context(contoso):
        consultant_assign(client=contoso, user=ana)
    assert send(northwind, MONDAY - dt.timedelta(hours=1)) == 0, "it is not eight yet"
    assert send(northwind, MONDAY) == 1
    assert send(contoso, MONDAY) == 0 and send(northwind, MONDAY + dt.timedelta(hours=5)) == 0, "once a week"
    assert mailbox.mails[0]["To"] == ana.email and mailbox.mails[0]["Subject"].endswith("the week of your 2 clients")
    text = mailbox.text()
    assert (
        "Northwind: ARR 1,250,000.00 USD at the end of Nov 2026 (+50,000.00 in the month, like for like); 2 files waiting."
        in text
    )
    assert "Contoso: no numbers yet." in text and "Elsewhere" not in text
    choices_set(user=ana, chosen={Kind.PORTFOLIO: How.NEVER})
    assert send(northwind, MONDAY + dt.timedelta(days=7)) == 0


def test_a_week_that_nothing_ran_in_is_not_told_afterwards(northwind: Client, ana: User, mailbox: Mailbox) -> None:
    assert send(northwind, MONDAY + dt.timedelta(days=3)) == 0 and mailbox.mails == []


@pytest.fixture
def other_firms(db: None) -> Client:
    """A client of another firm."""
    return client_create(
        firm=firm_create(slug="elsewhere", name="Elsewhere Firm"), slug="elsewhere", name="Elsewhere", currency="USD"
    )
