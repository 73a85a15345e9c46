"""What is the firm's alone: filled with canaries in every field, read through every page by the client and by the firm."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client as Browser

from engagements.models import Activity, Document, Engagement, Gate, Meeting, Milestone, Task
from engagements.selectors.health import health_get, hours_spent
from engagements.selectors.projects import INTERNAL, Reader, meeting_list, task_list
from engagements.services.card import card_update
from engagements.services.conversation import comment_add, meeting_note, risk_add
from engagements.services.documents import document_add, document_version_add
from engagements.services.people import participant_add
from engagements.services.problems import EngagementError
from engagements.services.tasks import task_create, task_need_add, task_need_remove, time_add
from portal.accounts.models import User
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.api.conftest import Mint, program
from tests.engagements.conftest import START, started
from tests.engagements.files import png, sent

__all__ = ["program"]
SignedIn = Callable[[User], Browser]
CANARY = "CANARY"
HOURS = re.compile(r"""(?<![\d/"'=-])777(?!\d)""")  # as text; the ids of rows, in addresses and attributes, may have it


@pytest.fixture
def planted(northwind: Client, ana: User, finn: User) -> Engagement:
    """An engagement in which everything internal says CANARY, or 777 hours."""
    with tenant_context(northwind):
        engagement = started(northwind, ana, "executive-reporting-suite")
        participant_add(
            engagement=engagement, user=finn, is_firm_staff=False, project_role="Signer", function="finance"
        )
        card_update(engagement=engagement, changes={"internal_note": CANARY})
        Milestone.objects.update(budget=777)
        seen = task_create(engagement=engagement, name="Seen", internal_note=CANARY, hours_low=777, hours_high=777)
        task_create(engagement=engagement, name=f"{CANARY} hidden", is_client_visible=False)
        time_add(task=seen, user=ana, minutes=77, day=START, note=CANARY)
        risk_add(engagement=engagement, kind="blocker", severity="critical", title=CANARY, is_internal=True)
        Document.objects.filter(pk=Document.objects.all()[0].pk).update(name=CANARY, is_client_visible=False)
        meeting_note(meeting=Meeting.objects.all()[0], attendees="Finn", notes="Open", internal_notes=CANARY)
        for about, row in (("task", seen), ("meeting", Meeting.objects.all()[0]), ("gate", Gate.objects.all()[0])):
            comment_add(engagement=engagement, about=about, about_id=row.pk, text=CANARY, author=ana, is_internal=True)
    return engagement


def pages_of(engagement: Engagement, client: Client) -> list[str]:
    """Every page that a client's person can open."""
    home = f"/c/northwind/engagements/{engagement.pk}/"
    with tenant_context(client):
        task = Task.objects.get(name="Seen")
        rows = [f"tasks/{task.pk}/", f"meetings/{Meeting.objects.all()[0].pk}/", f"gates/{Gate.objects.all()[0].pk}/"]
        rows += [f"documents/{row.pk}/" for row in Document.objects.filter(is_client_visible=True)[:1]]
    tabs = [
        "",
        "plan/",
        "plan/?view=timeline",
        "checklists/",
        "meetings/",
        "documents/",
        "build/",
        "risks/",
        "people/",
        "card/",
    ]
    return ["/c/northwind/", "/c/northwind/engagements/", *[home + path for path in tabs + rows]]


def test_the_client_reads_no_internal_field_on_any_page_and_the_firm_does(
    planted: Engagement, northwind: Client, ana: User, finn: User, signed_in: SignedIn
) -> None:
    theirs, ours = signed_in(finn), signed_in(ana)
    seen_by_firm = ""
    for path in pages_of(planted, northwind):
        page = theirs.get(path, follow=True)
        assert page.status_code == 200, path
        text = page.content.decode()
        assert CANARY not in text and not HOURS.search(text) and "1:17" not in text, path
        seen_by_firm += ours.get(path, follow=True).content.decode()
    assert seen_by_firm.count(CANARY) >= 10 and HOURS.search(seen_by_firm) and "1.28 h" in seen_by_firm


def test_what_is_hidden_does_not_exist_for_the_client(
    planted: Engagement, northwind: Client, ana: User, finn: User, signed_in: SignedIn
) -> None:
    home = f"/c/northwind/engagements/{planted.pk}/"
    with tenant_context(northwind):
        task = Task.objects.get(is_client_visible=False)
        document = Document.objects.get(is_client_visible=False)
    for path in (f"tasks/{task.pk}/", f"documents/{document.pk}/"):
        assert signed_in(finn).get(home + path).status_code == 404
        assert signed_in(ana).get(home + path).status_code == 200
    assert signed_in(finn).post(f"{home}comments/task/{task.pk}/", {"text": "x"}).status_code == 404


def test_a_client_cannot_make_a_comment_internal_and_an_internal_one_names_no_client(
    planted: Engagement, northwind: Client, ana: User, finn: User, signed_in: SignedIn
) -> None:
    with tenant_context(northwind):
        task = Task.objects.get(name="Seen")
    home = f"/c/northwind/engagements/{planted.pk}/"
    said = {"text": f"@{ana.email} please look", "is_internal": "on"}
    signed_in(finn).post(f"{home}comments/task/{task.pk}/", said)
    assert "please look" in signed_in(finn).get(f"{home}tasks/{task.pk}/").content.decode()
    with tenant_context(northwind), pytest.raises(EngagementError, match="cannot be shown to finn@"):
        comment_add(
            engagement=planted, about="task", about_id=task.pk, text="@finn@example.com", author=ana, is_internal=True
        )


def test_a_mention_waits_for_the_reader_until_they_open_it(
    planted: Engagement, northwind: Client, ana: User, finn: User, signed_in: SignedIn
) -> None:
    with tenant_context(northwind):
        task = Task.objects.get(name="Seen")
        comment_add(
            engagement=planted,
            about="task",
            about_id=task.pk,
            text="@finn@example.com when?",
            author=ana,
            is_internal=False,
        )
        with pytest.raises(EngagementError, match="not on this engagement: nobody@"):
            comment_add(
                engagement=planted,
                about="task",
                about_id=task.pk,
                text="@nobody@example.com",
                author=ana,
                is_internal=False,
            )
    browser = signed_in(finn)
    assert "Ana named you" in browser.get("/c/northwind/").content.decode()
    browser.get(f"/c/northwind/engagements/{planted.pk}/tasks/{task.pk}/")
    assert "Ana named you" not in browser.get("/c/northwind/").content.decode()


@pytest.mark.django_db
def test_every_internal_field_is_blank_in_what_a_client_is_given(
    planted: Engagement, northwind: Client, finn: User, ana: User
) -> None:
    with tenant_context(northwind):
        given = [*task_list(planted, Reader(finn, False)), *meeting_list(planted, Reader(finn, False))]
        for row in given:
            for name, blank in INTERNAL[type(row)].items():
                assert getattr(row, name) == blank, (row, name)
        ours = task_list(planted, Reader(ana, True))
        assert (
            any(task.internal_note for task in ours) and len(ours) == len(task_list(planted, Reader(finn, False))) + 1
        )


def test_what_is_said_of_a_hidden_task_stays_with_the_firm_in_feed_and_log(
    planted: Engagement, northwind: Client, ana: User, finn: User, signed_in: SignedIn, program: Mint
) -> None:
    with tenant_context(northwind):
        seen, hidden = Task.objects.get(name="Seen"), Task.objects.get(is_client_visible=False)
        comment_add(
            engagement=planted, about="task", about_id=hidden.pk, text="PRICE too low", author=ana, is_internal=False
        )
        task_need_add(task=seen, needs=hidden)
        task_need_remove(need=seen.needs.get())
        paper = document_add(engagement=planted, name=f"{CANARY} paper", kind="working", is_client_visible=False)
        document_version_add(document=paper, file=sent(f"{CANARY}.png", png()), user=ana)
        assert Activity.objects.filter(text__contains="PRICE").exists()
    overview = f"/c/northwind/engagements/{planted.pk}/?activity=all"
    pages = {
        user: "".join(
            [
                signed_in(user).get(overview).content.decode(),
                signed_in(user).get("/c/northwind/audit/").content.decode(),
                program(northwind, user).get(northwind, "api_audit", {"page_size": "100"}).content.decode(),
            ]
        )
        for user in (ana, finn)
    }
    for said in (CANARY, "PRICE", "logged 77 minutes"):
        assert said in pages[ana] and said not in pages[finn], said
    assert "time.logged" in pages[finn], "that it was done is no secret: the log has no gaps"


def test_the_health_that_the_client_reads_counts_no_hidden_task(planted: Engagement, northwind: Client) -> None:
    with tenant_context(northwind):
        Task.objects.filter(is_client_visible=False).update(state="blocked", due_on=START)
        health = health_get(planted, START + timedelta(days=2), hours_spent(planted))
        said = [reason.sentence for reason in health.reasons]
        assert {"1 internal task is late, the oldest by 2 days.", "1 blocked internal task."} <= set(said)
        assert not any("late" in each.sentence or "blocked" in each.sentence for each in health.for_client().reasons)
