"""Closing minutes asks once more, with what is in their form at that moment, and keeps exactly that."""

import datetime as dt
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from governance.models import BoardMeeting
from governance.services.board_meetings import meeting_plan
from portal.accounts.models import User
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.browser.live import CHROMIUM
from tests.governance.boards import BASE, a_board, in_review

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="there is no chromium on this machine"),
]


def test_the_question_says_what_is_sealed_and_exactly_that_is_kept(client: Client, page: Page) -> None:
    rita = User.objects.get(email="rita@example.com")
    with tenant_context(client):
        a_board(client, BASE, revops=rita)
        in_review(client, by=rita)
        meeting = meeting_plan(client=client, title="Board", at=timezone.now() - dt.timedelta(days=1), user=rita)
    page.goto(f"/c/northwind/changes/meeting/{meeting.pk}/")
    close, dialog = page.get_by_role("button", name="Close the minutes"), page.get_by_role("dialog")
    close.click()
    expect(dialog).to_contain_text("Nobody is noted as there")
    dialog.get_by_role("button", name="Go back").click()
    page.get_by_label("Rita").check()
    page.locator("textarea[name=minutes]").fill("Next in January")
    close.first.click()
    expect(dialog).to_contain_text("Who was there: Rita")
    expect(dialog).to_contain_text("Minutes: Next in January")
    dialog.get_by_role("button", name="Close the minutes").click()
    expect(page.get_by_text("The minutes are closed")).to_be_visible()
    with tenant_context(client):
        closed = BoardMeeting.objects.get()
        assert (closed.attendance, closed.minutes) == (["Rita"], "Next in January") and closed.closed_at
