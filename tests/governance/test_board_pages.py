"""The pages of the board, of a vote and of a meeting, and the home of whoever has to vote."""

import datetime as dt
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from governance.models import BoardMeeting, ChangeRequest, ChangeState, ChangeVote, DecisionRight
from governance.selectors.changes import change_get
from governance.services.board import RightRow
from metrics.selectors.policies import policy_in_force
from metrics.services.policies import policy_publish
from portal.accounts.models import User
from portal.notices.models import Notice
from portal.tenancy.models import AuditEntry, Client, ClientRole, Membership
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import member_add
from tests.conftest import person_named
from tests.governance.boards import a_board, in_review, previewed, version, vote
from tests.pdf_text import pdf_text

Open = Callable[[User], Browser]


@pytest.fixture
def board(northwind: Client, finn: User, rita: User, eve: User, adam: User) -> Client:
    """Eve has the chair, Finn speaks for Finance, Rita for RevOps; Adam is the admin and has no seat."""
    with tenant_context(northwind):
        a_board(northwind, RightRow(functions=("finance", "executive"), yes_count=2, quorum=2), finance=finn)
    return northwind


def a_request(client: Client, by: User, **other: Any) -> int:
    with tenant_context(client):
        return in_review(client, by=by, **other).number


def now_of_number(number: int) -> ChangeRequest:
    found = change_get(number)
    assert found is not None
    return found


def text_of(browser: Browser, path: str) -> str:
    answer = browser.get(f"/c/northwind/{path}")
    assert answer.status_code == 200, answer.content
    return re.sub(r"\s+", " ", answer.content.decode())


def form_of(page: str, marker: str) -> dict[str, str]:
    """The hidden fields of the form that has a marker in it."""
    form = next(each for each in re.findall(r"<form.*?</form>", page, re.S) if marker in each)
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))


def test_an_admin_starts_the_board_and_others_are_told_who_does(
    northwind: Client, adam: User, finn: User, signed_in: Open
) -> None:
    assert "An admin of the client starts it: Adam." in text_of(signed_in(finn), "changes/board/")
    browser = signed_in(adam)
    assert "Start the board" in text_of(browser, "changes/board/")
    assert browser.post("/c/northwind/changes/board/start/").status_code == 302
    page = text_of(browser, "changes/board/")
    assert "<strong>Finn</strong>, Finance" in page and "Change the table" in page
    assert "Nobody on the board speaks for RevOps" in page, "and what can never be met warns"


def test_without_an_admin_the_page_says_who_can_invite_one(
    northwind: Client, finn: User, ana: User, signed_in: Open
) -> None:
    with tenant_context(northwind):
        Membership.objects.filter(role=ClientRole.ADMIN).delete()
    shown = text_of(signed_in(finn), "changes/board/")
    assert "There is none yet: Ana can invite one." in shown


def test_the_board_says_what_waits_for_whom(board: Client, rita: User, finn: User, signed_in: Open) -> None:
    number = a_request(board, rita)
    page = text_of(signed_in(finn), "changes/board/")
    assert f"CR-{number} Thirty days" in page and "Still needed: Finance (Finn) and Executive (Eve)." in page
    assert "Waits for you" in page and "Waits for you" not in text_of(signed_in(rita), "changes/board/")


def test_a_member_votes_on_what_the_page_shows(board: Client, rita: User, finn: User, signed_in: Open) -> None:
    number = a_request(board, rita, effect=1_234_500)
    browser = signed_in(finn)
    assert f"CR-{number} Thirty days of grace" in text_of(browser, ""), "it stands on the home page"
    page = text_of(browser, f"changes/{number}/")
    assert "A line stops to count on the day its term ends" in page and "counts for 30 days after its term" in page
    assert "12,345.00" in page and "vote for Finance" in page
    assert page.index('href="#votes"') < page.index('id="votes"') and "To your vote" in page
    assert "cannot decide this as it is" not in page and page.count("the decision rights go by that") == 2, (
        "one figure, by its name"
    )
    sent = form_of(page, "Yes, approve")
    answer = browser.post(f"/c/northwind/changes/{number}/vote/", sent | {"decision": "yes", "comment": "Fine"})
    assert answer.status_code == 302
    page = text_of(browser, f"changes/{number}/")
    assert "Fine" in page and "Still needed: Executive (Eve)." in page and "Yes, approve (your vote)" in page
    assert "To the votes" in page and "To your vote" not in page
    assert f"CR-{number}" not in text_of(browser, "")


def test_what_the_board_cannot_decide_says_so_at_the_top_of_the_request(
    board: Client, finn: User, rita: User, signed_in: Open
) -> None:
    """Finn alone speaks for Finance and asks himself; once it is approved nobody is asked whether they want it too."""
    number = a_request(board, finn)
    page = text_of(signed_in(rita), f"changes/{number}/")
    top = page[: page.index("What is asked for")]
    assert "The board cannot decide this as it is" in top and "nobody on the board may say yes for Finance" in top
    assert "I want this too" in page
    assert "The board cannot decide it as it is" in text_of(signed_in(rita), "changes/")
    with tenant_context(board):
        ChangeRequest.objects.filter(number=number).update(state=ChangeState.APPROVED)
    assert "I want this too" not in text_of(signed_in(rita), f"changes/{number}/")


def test_nobody_is_offered_a_vote_on_figures_that_moved_and_what_was_typed_meanwhile_stays(
    board: Client, rita: User, finn: User, signed_in: Open
) -> None:
    number, browser = a_request(board, rita), signed_in(finn)
    sent = form_of(text_of(browser, f"changes/{number}/"), "Yes, approve") | {"decision": "yes"}
    with tenant_context(board):
        policy_publish(client=board, parameters=policy_in_force(board).to_dict(), note="Meanwhile")
    page = text_of(browser, f"changes/{number}/")
    assert "No vote is taken until its effect is computed anew" in page and "Yes, approve" not in page
    answer = browser.post(f"/c/northwind/changes/{number}/vote/", sent | {"comment": "Keep my words"})
    assert answer.status_code == 409 and "Keep my words" in answer.content.decode()


def test_a_form_of_another_effect_is_refused_with_the_page_as_it_is(
    board: Client, rita: User, finn: User, signed_in: Open
) -> None:
    number = a_request(board, rita)
    browser = signed_in(finn)
    sent = form_of(text_of(browser, f"changes/{number}/"), "Yes, approve") | {"decision": "yes"}
    with tenant_context(board):
        request = in_review(board, by=rita)
        previewed(request, sha256="d" * 64)
        other = request.number
    answer = browser.post(f"/c/northwind/changes/{other}/vote/", sent | {"comment": "Keep my words"})
    assert answer.status_code == 409 and "Nothing was stored" in answer.content.decode()
    assert "Keep my words" in answer.content.decode(), "what was typed is not lost"
    with tenant_context(board):
        assert not ChangeVote.objects.exists()


def test_voting_asks_for_a_sign_in_of_the_last_minutes(board: Client, rita: User, finn: User, signed_in: Open) -> None:
    number = a_request(board, rita)
    browser = signed_in(finn)
    sent = form_of(text_of(browser, f"changes/{number}/"), "Yes, approve") | {"decision": "yes"}
    session = browser.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time() - 3600}]
    session.save()
    silent = browser.post(f"/c/northwind/changes/{number}/vote/", sent | {"decision": "no", "comment": " "})
    assert silent.status_code == 422 and "Say why not" in silent.content.decode(), "before anybody proves who they are"
    answer = browser.post(f"/c/northwind/changes/{number}/vote/", sent)
    assert answer.status_code == 302 and "reauthenticate" in answer["Location"]
    with tenant_context(board):
        assert not ChangeVote.objects.exists()


def test_who_sees_no_numbers_reads_no_amount(
    board: Client, rita: User, stan: User, finn: User, signed_in: Open
) -> None:
    """Stan may see what is asked and how it stands, and no figure of the whole company."""
    with tenant_context(board):
        right = DecisionRight.objects.get()
        right.pk, right.position, right.from_cents = None, 2, 99_887_700
        right.save(force_insert=True)
    number = a_request(board, rita, effect=1_234_500)
    for path in ("changes/board/", f"changes/{number}/", "changes/meeting/"):
        assert "998,877" not in text_of(signed_in(stan), path) and "12,345" not in text_of(signed_in(stan), path)
    assert "998,877" in text_of(signed_in(finn), "changes/board/")


def test_the_table_is_changed_as_a_table(board: Client, adam: User, signed_in: Open) -> None:
    browser = signed_in(adam)
    page = text_of(browser, "changes/board/rights/")
    assert 'name="rights-1-kind"' in page, "one row and an empty one"
    with tenant_context(board):
        seen = version()
    sent = {
        "rights-TOTAL_FORMS": 2, "rights-INITIAL_FORMS": 1, "version": seen, "pay_period": 12,
        "rights-0-functions": ["finance"], "rights-0-yes_count": 1, "rights-0-quorum": 1,
        "rights-1-kind": "policy", "rights-1-from_amount": "120,000", "rights-1-functions": ["revops"],
        "rights-1-needs_chair": "on", "rights-1-yes_count": 2, "rights-1-quorum": 3,
    }  # fmt: skip
    bad = browser.post("/c/northwind/changes/board/rights/", sent | {"rights-1-from_amount": "a lot"})
    assert bad.status_code == 422 and "Write an amount such as" in bad.content.decode()
    assert browser.post("/c/northwind/changes/board/rights/", sent | {"version": seen - 1}).status_code == 409
    assert browser.post("/c/northwind/changes/board/rights/", sent).status_code == 302
    page = text_of(browser, "changes/board/")
    assert (
        "A change of the policy that has an effect of 120,000 USD or more on ARR" in page and "with a new year" in page
    )
    with tenant_context(board):
        gone = {name: value for name, value in sent.items() if not name.startswith("rights-1")}
        seen = version()
    sent = gone | {"version": seen, "rights-TOTAL_FORMS": 3, "rights-INITIAL_FORMS": 2, "rights-1-DELETE": "on",
                   "rights-1-yes_count": 2, "rights-1-quorum": 3, "rights-2-yes_count": 1, "rights-2-quorum": 1}  # fmt: skip
    assert browser.post("/c/northwind/changes/board/rights/", sent).status_code == 302
    assert "120,000" not in text_of(browser, "changes/board/")


@pytest.mark.parametrize("count", ["-1", "0"])
def test_a_form_that_tells_the_wrong_count_of_rows_is_no_error_of_ours(
    board: Client, adam: User, signed_in: Open, count: str
) -> None:
    with tenant_context(board):
        seen = version()
    sent = {
        "rights-TOTAL_FORMS": 1, "rights-INITIAL_FORMS": count, "version": seen, "pay_period": 12,
        "rights-0-functions": ["finance", "executive"], "rights-0-yes_count": 2, "rights-0-quorum": 2,
    }  # fmt: skip
    answer = signed_in(adam).post("/c/northwind/changes/board/rights/", sent)
    assert answer.status_code == 422 and "table has one to 40 rows" in answer.content.decode()


def test_an_open_emergency_is_a_debt_on_the_board_and_on_the_request(
    board: Client, rita: User, finn: User, eve: User, signed_in: Open
) -> None:
    number = a_request(board, rita)
    browser = signed_in(eve)
    sent = form_of(text_of(browser, f"changes/{number}/"), "Approve it alone") | {"reason": "The board pack goes out"}
    assert browser.post(f"/c/northwind/changes/{number}/emergency/", sent).status_code == 302
    for path in ("changes/board/", f"changes/{number}/"):
        assert "The board pack goes out" in text_of(signed_in(finn), path), path
    assert "The board looks at this by" in text_of(signed_in(finn), f"changes/{number}/")


def test_a_meeting_goes_through_its_agenda_and_leaves_minutes(
    board: Client, rita: User, finn: User, eve: User, signed_in: Open
) -> None:
    small, large = a_request(board, rita, effect=100), a_request(board, rita, effect=900_000)
    browser = signed_in(finn)
    answer = browser.post("/c/northwind/changes/meeting/new/", {"title": "December board", "at": just_now()})
    with tenant_context(board):
        meeting = BoardMeeting.objects.get()
    assert answer["Location"] == f"/c/northwind/changes/meeting/{meeting.pk}/"
    assert [entry["number"] for entry in meeting.agenda] == [large, small], "the largest effect first"
    page = text_of(browser, f"changes/meeting/{meeting.pk}/{large}/")
    assert "1 of 2" in page and "9,000.00" in page and f"/changes/meeting/{meeting.pk}/{small}/" in page
    cast = form_of(page, "Yes, approve") | {"decision": "yes"}
    assert browser.post(f"/c/northwind/changes/{large}/vote/", cast)["Location"].endswith(
        f"/meeting/{meeting.pk}/{large}/"
    )
    note = {"version": meeting.version, "note": "Agreed, after the board pack"}
    assert browser.post(f"/c/northwind/changes/meeting/{meeting.pk}/{large}/note/", note).status_code == 302
    assert browser.post(f"/c/northwind/changes/meeting/{meeting.pk}/{large}/note/", note).status_code == 409
    with tenant_context(board):
        vote(now_of_number(large), eve)
    kept = {"version": meeting.version + 1, "attendance": ["Finn", "Eve"], "minutes": "Next in January"}
    assert browser.post(f"/c/northwind/changes/meeting/{meeting.pk}/minutes/", kept).status_code == 302
    closing = kept | {"version": meeting.version + 2}
    assert browser.post(f"/c/northwind/changes/meeting/{meeting.pk}/close/", closing).status_code == 302
    page = text_of(browser, f"changes/meeting/{meeting.pk}/")
    assert "Agreed, after the board pack" in page and "Next in January" in page and "Eve, Executive: Yes" in page
    with tenant_context(board):
        closed = BoardMeeting.objects.get()
        assert (
            closed.decisions[str(large)]["state"] == "Approved" and closed.decisions[str(small)]["state"] == "In review"
        )
        assert len(closed.sha256) == 64
        meetings = BoardMeeting.objects.all()
        for write in (lambda: meetings.update(minutes="forged"), meetings.delete):
            with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
                write()
    assert browser.post(f"/c/northwind/changes/meeting/{meeting.pk}/minutes/", kept | {"version": 4}).status_code == 409
    paper = browser.get(f"/c/northwind/changes/meeting/{meeting.pk}/minutes.pdf")
    told = pdf_text(paper.content)
    assert paper["Content-Disposition"].startswith("attachment") and f"sha256 of these minutes {closed.sha256}" in told
    assert (
        f"1. CR-{large} Thirty days of grace for late renewals Approved. Largest effect in a month: +9,000.00 USD"
        in told
    )
    assert "Finn, Finance: Yes Eve, Executive: Yes Agreed, after the board pack" in told and "Next in January" in told


def just_now() -> str:
    """A moment of the day before, as a form sends it: the meeting was held."""
    return f"{timezone.localdate() - dt.timedelta(days=1)}T09:00"


def soon() -> str:
    """A moment of next week, as a form sends it."""
    return f"{timezone.localdate() + dt.timedelta(days=7)}T09:00"


def test_the_pages_ask_no_more_questions_with_more_requests_and_votes(
    board: Client, rita: User, finn: User, eve: User, signed_in: Open
) -> None:
    browser = signed_in(finn)

    def queries(path: str) -> int:
        with CaptureQueriesContext(connection) as made:
            text_of(browser, path)
        return len(made)

    number = a_request(board, rita)
    paths = ("changes/board/", "changes/meeting/", "")
    few = [min(queries(path), queries(path)) for path in paths]
    for _ in range(2):
        with tenant_context(board):
            vote(in_review(board, by=rita), eve)
    assert [queries(path) for path in paths] == few
    with CaptureQueriesContext(connection) as made:
        for path in paths:
            text_of(browser, path)
    assert not [asked["sql"] for asked in made if '"governance_changepreview"."result"' in asked["sql"]]
    few = [queries(f"changes/{number}/")]
    with tenant_context(board):
        member_add(client=board, user=person_named("sue"), role=ClientRole.SALES)
        vote(now_of_number(number), eve, "abstain")
        vote(now_of_number(number), eve)
    assert queries(f"changes/{number}/") <= few[0]


def test_an_approval_over_the_page_ends_the_request(
    board: Client, rita: User, finn: User, eve: User, signed_in: Open
) -> None:
    number = a_request(board, rita)
    for user in (finn, eve):
        browser = signed_in(user)
        sent = form_of(text_of(browser, f"changes/{number}/"), "Yes, approve") | {"decision": "yes"}
        answer = browser.post(f"/c/northwind/changes/{number}/vote/", sent, follow=True)
    assert "with it CR-1 is approved" in answer.content.decode()
    votes = answer.content.decode().split('id="votes"')[1].split("</section>")[0]
    assert not re.search(r'<div class="panel-body">\s*</div>', votes), "no empty band is left of what was to be decided"
    with tenant_context(board):
        assert now_of_number(number).state == ChangeState.APPROVED


def test_a_meeting_at_the_end_of_the_calendar_is_refused_and_hides_no_other(
    board: Client, rita: User, finn: User, signed_in: Open
) -> None:
    a_request(board, rita, effect=100)
    browser = signed_in(finn)
    for day in ("0001-01-01", "9999-12-31", f"{timezone.localdate().year + 7}-12-31"):
        answer = browser.post("/c/northwind/changes/meeting/new/", {"title": "Board", "at": f"{day}T09:00"})
        assert answer.status_code == 422 and "at most five years ahead" in answer.content.decode()
    assert browser.get("/c/northwind/changes/meeting/").status_code == 200
    browser.post("/c/northwind/changes/meeting/new/", {"title": "Board", "at": f"{timezone.localdate()}T09:00"})
    with tenant_context(board):
        for year in (1, 9999):
            with pytest.raises(IntegrityError, match="on_a_day_people_mean"), transaction.atomic():
                BoardMeeting.objects.update(at=dt.datetime(year, 12, 31, 9, tzinfo=dt.UTC))


def test_a_meeting_is_cancelled_while_nothing_was_noted_and_the_board_hears_of_it(
    board: Client, rita: User, finn: User, signed_in: Open
) -> None:
    number, browser = a_request(board, rita, effect=100), signed_in(finn)
    for title in ("Early", "Held"):
        browser.post("/c/northwind/changes/meeting/new/", {"title": title, "at": soon()})
    with tenant_context(board):
        early, held = BoardMeeting.objects.order_by("pk")
    page = f"/c/northwind/changes/meeting/{held.pk}/"
    browser.post(f"{page}{number}/note/", {"version": held.version, "note": "Agreed"})
    assert browser.post(f"{page}cancel/", {"version": held.version + 1}).status_code == 422
    assert "Cancel the meeting" in text_of(browser, f"changes/meeting/{early.pk}/")
    cancel = f"/c/northwind/changes/meeting/{early.pk}/cancel/"
    assert browser.post(cancel, {"version": early.version}).status_code == 302
    with tenant_context(board):
        assert [row.title for row in BoardMeeting.objects.all()] == ["Held"]
        assert AuditEntry.objects.get(action="board.meeting_cancelled").details["title"] == "Early"
        assert Notice.objects.filter(user=rita, text__endswith="is cancelled").count() == 1
