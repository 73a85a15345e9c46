"""What the agenda and the minutes of a meeting tell: the effect that was voted on, and what was written in their form."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client as Browser

from governance.models import BoardMeeting, ChangeState
from governance.services.board import RightRow
from governance.services.change_states import change_move
from portal.accounts.models import User
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.permissions import VIEW_ARR, VIEW_CHANGES
from portal.tenancy.scope import tenant_context
from tests.api.conftest import Mint, program
from tests.governance.boards import a_board, in_review, now_of, previewed, vote
from tests.governance.test_board_pages import just_now, soon, text_of
from tests.pdf_text import pdf_text
from tests.reporting.numbers import numbers_load

__all__ = ["program"]
Open = Callable[[User], Browser]
MEETINGS = "/c/northwind/changes/meeting/"
OLD, NEW = "e" * 64, "7" * 64


@pytest.fixture
def board(northwind: Client, finn: User, rita: User, eve: User) -> Client:
    with tenant_context(northwind):
        a_board(northwind, RightRow(functions=("finance",), yes_count=2, quorum=2), finance=finn)
    return northwind


def planned(browser: Browser, client: Client, at: str) -> BoardMeeting:
    browser.post(f"{MEETINGS}new/", {"title": "Board", "at": at})
    with tenant_context(client):
        found: BoardMeeting = BoardMeeting.objects.get()
    return found


def written(meeting: BoardMeeting, **given: Any) -> dict[str, Any]:
    return {"version": meeting.version, "attendance": ["Finn", "Eve"], "minutes": "Next in January"} | given


def test_the_agenda_follows_the_effect_and_the_minutes_keep_the_one_that_was_voted_on(
    board: Client, rita: User, finn: User, eve: User, signed_in: Open
) -> None:
    with tenant_context(board):
        request = in_review(board, by=rita, effect=-2_621_897)
    browser = signed_in(finn)
    meeting = planned(browser, board, just_now())
    with tenant_context(board):
        previewed(now_of(request), -2_609_494, NEW)
    page = text_of(browser, f"changes/meeting/{meeting.pk}/")
    assert "26,094.94" in page and "26,218.97" not in page
    with tenant_context(board):
        vote(request, finn)
        vote(request, eve)
    assert browser.post(f"{MEETINGS}{meeting.pk}/close/", written(meeting)).status_code == 302
    with tenant_context(board):
        closed = BoardMeeting.objects.get()
        (entry,) = closed.agenda
        assert (entry["effect_cents"], entry["preview_sha256"]) == (-2_609_494, NEW)
        previewed(now_of(request), 1, "a" * 64)
    told = pdf_text(browser.get(f"{MEETINGS}{meeting.pk}/minutes.pdf").content)
    assert (
        "Largest effect in a month: −26,094.94 USD" in told.replace("− ", "−")
        and "26,218.97" not in told
        and NEW in told
        and OLD not in told
    )
    page = text_of(browser, f"changes/meeting/{meeting.pk}/")
    assert "26,094.94" in page and "Approved" in page, "closed minutes stay as they are"


def test_the_agenda_by_program_follows_the_effect_too(
    board: Client, rita: User, finn: User, signed_in: Open, program: Mint
) -> None:
    with tenant_context(board):
        request = in_review(board, by=rita, effect=100)
    meeting = planned(signed_in(finn), board, soon())
    with tenant_context(board):
        previewed(now_of(request), 200, NEW)
    (entry,) = (
        program(board, finn, {VIEW_CHANGES, VIEW_ARR}).get(board, "api_meeting", meeting_id=meeting.pk).json()["agenda"]
    )
    assert (entry["effect"], entry["preview_sha256"]) == ("2.00", NEW)


def test_closing_keeps_what_is_written_in_the_form(board: Client, rita: User, finn: User, signed_in: Open) -> None:
    with tenant_context(board):
        in_review(board, by=rita)
    browser = signed_in(finn)
    meeting = planned(browser, board, just_now())
    page = text_of(browser, f"changes/meeting/{meeting.pk}/")
    form = next(each for each in re.findall(r"<form.*?</form>", page) if "Close the minutes" in each)
    assert 'name="minutes"' in form and "Nobody is noted as there" in form, "one form, which says what it seals"
    assert browser.post(f"{MEETINGS}{meeting.pk}/close/", written(meeting)).status_code == 302
    with tenant_context(board):
        closed = BoardMeeting.objects.get()
        assert (closed.attendance, closed.minutes) == (["Finn", "Eve"], "Next in January")
        assert AuditEntry.objects.get(action="board.minutes_kept").details["attendance"] == ["Finn", "Eve"]
        assert AuditEntry.objects.get(action="board.meeting_closed").details["sha256"] == closed.sha256


def test_a_form_that_is_too_old_closes_nothing_and_keeps_the_words(
    board: Client, rita: User, finn: User, signed_in: Open
) -> None:
    with tenant_context(board):
        in_review(board, by=rita)
    browser = signed_in(finn)
    meeting = planned(browser, board, just_now())
    browser.post(f"{MEETINGS}{meeting.pk}/minutes/", written(meeting))
    late = browser.post(f"{MEETINGS}{meeting.pk}/close/", written(meeting, minutes="Typed by somebody else"))
    assert late.status_code == 409 and "Typed by somebody else" in late.text
    with tenant_context(board):
        assert BoardMeeting.objects.get().minutes == "Next in January"


def test_minutes_are_closed_on_the_day_of_the_meeting_or_later(
    board: Client, rita: User, finn: User, signed_in: Open
) -> None:
    with tenant_context(board):
        in_review(board, by=rita)
    browser = signed_in(finn)
    meeting = planned(browser, board, soon())
    page = text_of(browser, f"changes/meeting/{meeting.pk}/")
    assert "Close the minutes" not in page and "closed on the day of the meeting or later" in page
    early = browser.post(f"{MEETINGS}{meeting.pk}/close/", written(meeting))
    assert early.status_code == 422 and "at the earliest" in early.text and "Next in January" in early.text
    with tenant_context(board):
        found = BoardMeeting.objects.get()
        assert found.closed_at is None and not found.minutes, "nothing was changed"


def test_where_no_vote_is_taken_meeting_and_board_say_why_and_who_goes_on(
    board: Client, rita: User, finn: User, signed_in: Open
) -> None:
    with tenant_context(board):
        request = in_review(board, by=rita)
        request.owner = rita
        request.save(update_fields=["owner"])
    browser = signed_in(finn)
    meeting = planned(browser, board, soon())
    agenda, step = f"changes/meeting/{meeting.pk}/", f"changes/meeting/{meeting.pk}/{request.number}/"
    assert "Still needed: Finance (Finn)" in text_of(browser, agenda)
    with tenant_context(board):
        numbers_load(board)
    for path in (agenda, "changes/board/"):
        page = text_of(browser, path)
        assert "No vote is taken until its effect is computed anew, which Rita asks for" in page, path
        assert "Still needed" not in page and "Waits for you" not in page, path
    with tenant_context(board):
        change_move(request=now_of(request), step="ask_impact", user=rita)
        assert now_of(request).state == ChangeState.IMPACT
    for path in (agenda, step):
        page = text_of(browser, path)
        assert "No vote is taken: Rita puts it before the board again once its effect is computed." in page, path
    assert "To the request" in page
