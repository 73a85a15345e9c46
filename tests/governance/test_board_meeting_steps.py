"""Going through a meeting request by request: what it does, how it stands, and a vote that is refused there."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client as Browser

from governance.models import BoardMeeting, ChangeRequest, ChangeVote
from governance.services.board import RightRow
from portal.accounts.models import User
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.governance import boards
from tests.governance.boards import a_board, in_review, now_of, vote
from tests.governance.test_board_pages import form_of, soon, text_of
from tests.reporting.numbers import numbers_load

Open = Callable[[User], Browser]
POINT = {"month": 24_315, "before": "156", "after": "156", "why_before": "", "why_after": "", "level_before": ""}
RINGS = {
    "key": "customers", "name": "Customers", "unit": "customers", "role": "changed", "moved": 0,
    "points": [POINT | {"level_after": ""}, POINT | {"month": 24_316, "level_after": "alert"}],
}  # fmt: skip


@pytest.fixture
def board(northwind: Client, finn: User, rita: User, eve: User) -> Client:
    with tenant_context(northwind):
        a_board(northwind, RightRow(functions=("finance",), yes_count=2, quorum=2), finance=finn)
    return northwind


def planned(browser: Browser, client: Client) -> str:
    """A meeting about what is before the board; its address below the client's."""
    browser.post("/c/northwind/changes/meeting/new/", {"title": "Board", "at": soon()})
    with tenant_context(client):
        return f"changes/meeting/{BoardMeeting.objects.get().pk}/"


def test_a_step_says_what_a_change_of_a_metric_comes_to(
    board: Client, rita: User, finn: User, signed_in: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = boards.told_of
    monkeypatch.setattr(boards, "told_of", lambda request: told(request) | {"metrics": [RINGS]})
    with tenant_context(board):
        number = in_review(board, by=rita).number
    browser = signed_in(finn)
    step = text_of(browser, f"{planned(browser, board)}{number}/")
    assert "Customers would ring in 1 of 2 months instead of 0." in step
    assert "Customers would ring in 1 of 2 months instead of 0." in form_text(text_of(browser, f"changes/{number}/"))


def form_text(page: str) -> str:
    """The form of the vote, which shows what is voted on."""
    return str(next(each for each in re.findall(r"<form.*?</form>", page, re.S) if "Yes, approve" in each))


def test_a_step_says_how_the_request_stands(board: Client, rita: User, finn: User, eve: User, signed_in: Open) -> None:
    with tenant_context(board):
        request = in_review(board, by=rita)
    browser = signed_in(finn)
    path = f"{planned(browser, board)}{request.number}/"
    assert "In review" in state_of(text_of(browser, path))
    with tenant_context(board):
        vote(now_of(request), finn)
        vote(now_of(request), eve)
    assert "Approved" in state_of(text_of(browser, path)), "nobody has to leave the meeting to see what it decided"


def state_of(page: str) -> str:
    """What stands under the title."""
    return page.split("<h1", 1)[1].split("What changes", 1)[0]


def test_a_no_without_its_reason_stays_in_the_meeting(board: Client, rita: User, finn: User, signed_in: Open) -> None:
    with tenant_context(board):
        number = in_review(board, by=rita).number
    browser = signed_in(finn)
    path = planned(browser, board)
    sent: dict[str, Any] = form_of(text_of(browser, f"{path}{number}/"), "Yes, approve") | {"decision": "no"}
    answer = browser.post(f"/c/northwind/changes/{number}/vote/", sent)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Say why not" in page and "To the minutes" in page and "What was said" in page
    elsewhere = browser.post(f"/c/northwind/changes/{number}/vote/", sent | {"meeting": "999"})
    assert elsewhere.status_code == 422 and "To the minutes" not in elsewhere.content.decode()
    with tenant_context(board):
        assert not ChangeVote.objects.exists() and ChangeRequest.objects.get(number=number).state == "review"


def test_a_meeting_is_told_by_the_readers_clock_and_by_the_clients(
    board: Client, rita: User, finn: User, signed_in: Open
) -> None:
    with tenant_context(board):
        in_review(board, by=rita)
        Client.objects.filter(pk=board.pk).update(time_zone="Asia/Tokyo")
    User.objects.filter(pk=finn.pk).update(time_zone="Europe/Berlin")
    browser = signed_in(finn)
    assert "JST by the client’s clock" in text_of(browser, planned(browser, board))


def test_nobody_is_asked_to_vote_on_an_effect_of_other_figures_and_whoever_can_mend_it_is_asked_to(
    board: Client, rita: User, finn: User, signed_in: Open
) -> None:
    with tenant_context(board):
        request = in_review(board, by=rita)
        ChangeRequest.objects.update(owner=rita)
    finns, ritas = signed_in(finn), signed_in(rita)
    assert "Read and vote" in text_of(finns, "") and "Compute it anew" not in text_of(ritas, "")
    with tenant_context(board):
        numbers_load(board)
    assert "Read and vote" not in text_of(finns, ""), "no vote is taken before it is computed anew"
    assert "Compute it anew" in text_of(ritas, "") and "Compute it anew" not in text_of(finns, "")
    with tenant_context(board):
        boards.previewed(now_of(request))
    assert "Read and vote" in text_of(finns, "") and "Compute it anew" not in text_of(ritas, "")
