"""The walk that a fresh demonstration invites to: Larkspur's renewal grace, from its first word to the numbers.

Ralf of RevOps asks for it, Frieda of Finance decides, and the page, the file and the paper show the break with both figures.
Everything is done on what `make run` loads.
"""

import csv
import datetime as dt
import io
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client as Browser

from governance.models import ChangeRequest, ChangeState, ChangeVote
from governance.selectors.board import board_now
from governance.services.change_effect import change_schedule, changes_take_effect
from governance.services.change_preview import preview_run
from governance.services.change_triage import change_step, change_triage
from governance.services.changes import Wish, change_draft, change_submit
from governance.services.problems import DefinitionError
from metrics.engine.month_end import MonthEnd
from metrics.figures import from_cents
from metrics.selectors.closes import latest_closes
from metrics.selectors.month_ends import MonthEnds
from metrics.selectors.policies import policy_in_force
from metrics.services.books import books_rebuild_all
from metrics.services.closes import month_close
from portal.accounts.models import User
from portal.demo.load import FIRM, FIRM_NAME, client_load, person, say_nothing
from portal.demo.stories import CONSULTANTS, DOMAIN, LARKSPUR
from portal.lib.dates import month_text
from portal.lib.money import money_text
from portal.lib.periods import month_of
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import firm_create, firm_member_add
from tests.governance.boards import now_of, vote
from tests.pdf_text import pdf_text

pytestmark = pytest.mark.slow
NOW = dt.datetime.now(dt.UTC)
WISH = Wish(
    title="Thirty days of grace for late renewals", content={"parameters": {"renewal_grace_days": 30}},
    rationale="A renewal that is signed a week late looks like churn in one month and like a sale in the next.",
)  # fmt: skip


@pytest.fixture
def larkspur(committed_db: Any) -> Client:
    """Larkspur, as the demonstration loads it."""
    firm, staff = firm_create(slug=FIRM, name=FIRM_NAME), []
    for name, role in CONSULTANTS.items():
        staff.append(person(name, "!"))
        firm_member_add(firm=firm, user=staff[-1], role=role)
    client_load(firm, LARKSPUR, staff, "!", say_nothing)
    return Client.objects.get(slug=LARKSPUR.slug)


def of(name: str) -> User:
    return User.objects.get(email=f"{name}@{DOMAIN}")


def before_the_board(client: Client, ralf: User, month: int) -> ChangeRequest:
    """Ralf writes, submits and takes in hand, has the effect computed, and asks the board."""
    with tenant_context(client):
        wish = Wish(WISH.title, WISH.content, WISH.rationale, from_month=month)
        request = change_draft(client=client, kind="policy", wish=wish, user=ralf)
        request = change_submit(request=request, version=request.version, user=ralf)
        request = change_triage(request=request, version=request.version, owner=ralf, urgency="normal", user=ralf)
        preview = change_step(request=request, step="ask_impact", user=ralf).previews.get()
    preview_run(client=client, preview_id=preview.pk)
    with tenant_context(client):
        return change_step(request=now_of(request), step="to_review", user=ralf)


def test_a_change_of_the_grace_is_walked_on_the_demonstration(
    larkspur: Client, signed_in: Callable[[User], Browser]
) -> None:
    ralf, frieda = of("ralf"), of("frieda")
    with tenant_context(larkspur):
        board, closed = board_now(), max(close.month for close in latest_closes())
        assert board is not None
        assert {(seat.name, seat.function, seat.is_chair) for seat in board.seats} == {
            ("Frieda", "finance", False), ("Ralf", "revops", False), ("Emil", "executive", True)
        }  # fmt: skip
        assert policy_in_force(larkspur).renewal_grace_days == 0
        reported, redefined = (at_the_end(larkspur, closed, days) for days in (0, 30))
    request = before_the_board(larkspur, ralf, closed + 1)
    with tenant_context(larkspur):
        step = int((redefined - reported).scaleb(2))
        assert request.preview is not None and abs(request.preview.effect_cents or 0) >= abs(step)
        with pytest.raises(DefinitionError, match="hoever asked for a change"):
            vote(request, ralf)
        assert not ChangeVote.objects.exists()
        vote(request, frieda)
        assert now_of(request).state == ChangeState.APPROVED
        change_schedule(client=larkspur, request=now_of(request), user=ralf, now=NOW)
    changes_take_effect(client=larkspur, now=NOW)
    with tenant_context(larkspur):
        assert policy_in_force(larkspur).renewal_grace_days == 30
        books_rebuild_all(client=larkspur, now=NOW)
    shows_both_figures(signed_in(frieda), str(request), closed, (reported, redefined))


def at_the_end(client: Client, month: int, grace: int) -> Decimal:
    """ARR of a month end by an engine run of its own, under so many days of grace."""
    end = MonthEnds.of(client).at(policy_in_force(client).with_(renewal_grace_days=grace), month)
    assert isinstance(end, MonthEnd)
    return from_cents(end.total)


def shows_both_figures(browser: Browser, request: str, closed: int, figures: tuple[Decimal, Decimal]) -> None:
    """The page, its file and its paper."""
    page = browser.get("/c/larkspur/arr/").content.decode()
    row = list(csv.DictReader(io.StringIO(browser.get("/c/larkspur/arr/bridge.csv").content.decode())))[-1]
    assert (row["break"], row["before_as_reported"], row["before_under_new"]) == (request, *map(str, figures))
    reported, redefined = (money_text(each, "EUR", "de") for each in figures)
    paper = pdf_text(browser.get("/c/larkspur/arr/bridge.pdf").content)
    for told in (page, paper):
        assert f"From {month_text(closed + 1, 'de')} another definition holds ({request})." in told
        assert f"under the new definition: {redefined} EUR; as reported: {reported} EUR." in told


def test_what_begins_next_month_waits_for_it_and_for_the_closes_before(larkspur: Client) -> None:
    ralf, frieda = of("ralf"), of("frieda")
    following = month_of(NOW.date()) + 1
    request = before_the_board(larkspur, ralf, following)
    with tenant_context(larkspur):
        vote(request, frieda)
        change_schedule(client=larkspur, request=now_of(request), user=ralf, now=NOW)
    changes_take_effect(client=larkspur, now=NOW)
    with tenant_context(larkspur):
        assert now_of(request).state == ChangeState.SCHEDULED
    later = dt.datetime(following // 12, following % 12 + 1, 2, tzinfo=dt.UTC)
    with tenant_context(larkspur):
        books_rebuild_all(client=larkspur, now=later)
        for month in range(max(close.month for close in latest_closes()) + 1, following):
            month_close(client=larkspur, month=month, user=frieda)
    changes_take_effect(client=larkspur, now=later)
    with tenant_context(larkspur):
        assert policy_in_force(larkspur).renewal_grace_days == 30
        assert now_of(request).state == ChangeState.COMMUNICATED
