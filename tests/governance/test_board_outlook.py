"""What the board lacks is said before a request is written, and while it is on its way to the board."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse

from governance.models import ChangeRequest
from governance.outlook_page import may_need_sentence
from governance.selectors.board_outlook import lacks_for, lacks_of, may_need
from governance.services.board import RightRow
from governance.services.changes import change_draft, change_submit
from governance.services.registry import registry_start
from portal.accounts.models import User
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.governance.boards import BASE, WISH, a_board

SignIn = Callable[[User], Browser]


@pytest.fixture
def kept(northwind: Client, rita: User, finn: User, adam: User) -> Client:
    with tenant_context(northwind):
        registry_start(client=northwind, user=rita)
    return northwind


def draft(client: Client, user: User) -> ChangeRequest:
    with tenant_context(client):
        return change_draft(client=client, kind="policy", wish=WISH, user=user)


def address(name: str, **keys: object) -> str:
    return reverse(name, kwargs={"client_slug": "northwind", **keys})


def written(browser: Browser) -> str:
    """The form of a policy change, before anything is typed."""
    return browser.get(address("change_new", kind="policy")).text


def test_without_a_board_kinds_form_and_request_say_so_and_lead_the_admin_to_it(
    kept: Client, rita: User, adam: User, signed_in: SignIn
) -> None:
    request = draft(kept, rita)
    for page in (
        address("changes_new"),
        address("change_new", kind="policy"),
        address("change", number=request.number),
    ):
        told = signed_in(rita).get(page).text
        assert "There is no review board yet" in told
        assert "An admin of the client starts it: Adam." in told and "Start the board" not in told
    told = written(signed_in(adam))
    assert "Start the board" in told and f'href="{address("board")}"' in told


def test_who_alone_speaks_for_a_function_that_must_say_yes_reads_it_before_writing(
    kept: Client, finn: User, rita: User, adam: User, signed_in: SignIn
) -> None:
    with tenant_context(kept):
        a_board(kept, BASE, finance=finn, revops=rita, user=adam)
        assert lacks_for(rita, "policy") == ()
        assert lacks_for(finn, "policy") == ("nobody on the board may say yes for Finance but Finn, who asks for it",)
    assert "could not decide" not in written(signed_in(rita))
    kinds = signed_in(finn).get(address("changes_new")).text
    assert kinds.count("but Finn, who asks for it") == 1, "of every kind, and said once"
    told = written(signed_in(finn))
    assert "The board could not decide this as it is" in told
    assert "Nobody on the board may say yes for Finance but Finn, who asks for it." in told
    assert "An admin of the client changes its seats and its table: Adam." in told
    number = draft(kept, finn).number
    assert "The board could not decide this as it is" in signed_in(finn).get(address("change", number=number)).text


def test_a_quorum_that_nobody_can_reach_and_a_board_of_the_author_alone_are_said(
    kept: Client, finn: User, rita: User, adam: User
) -> None:
    with tenant_context(kept):
        a_board(kept, RightRow(functions=("revops",), yes_count=1, quorum=3), finance=finn, revops=rita, user=adam)
        (said,) = lacks_for(finn, "policy")
        assert said == "one person on the board may vote on it, and three must take part"


@pytest.mark.parametrize(
    "row", [RightRow(kind="policy", from_cents=100, needs_chair=True), RightRow(kind="threshold", needs_chair=True)]
)
def test_only_rows_that_are_about_it_for_sure_count(kept: Client, finn: User, rita: User, adam: User, row: Any) -> None:
    """No chair: what its row asks for counts once the request is of that kind, and of that size."""
    with tenant_context(kept):
        a_board(kept, BASE, row, finance=finn, revops=rita, user=adam)
        assert lacks_for(rita, "policy") == ()
        assert lacks_of(change_draft(client=kept, kind="policy", wish=WISH, user=rita)) == ()
        lacking = lacks_for(rita, "threshold")
        assert lacking == (("there is no chair who may say yes",) if row.kind == "threshold" else ())


def test_an_admin_whose_own_request_is_open_is_not_sent_where_they_may_change_nothing(
    kept: Client, finn: User, adam: User, signed_in: SignIn
) -> None:
    with tenant_context(kept):
        a_board(kept, RightRow(functions=("sales",)), finance=finn, user=adam)
    number = draft(kept, adam).number
    assert "To its seats and table" in signed_in(adam).get(address("change", number=number)).text
    with tenant_context(kept):
        request = ChangeRequest.objects.get()
        change_submit(request=request, version=request.version, user=adam)
    told = signed_in(adam).get(address("change", number=number)).text
    assert "could not decide this" in told and "another admin changes the board" in told
    assert "To its seats and table" not in told


LARGE = RightRow(functions=("finance",), from_cents=50_000_000, needs_chair=True)
RESTATING = RightRow(functions=("finance",), is_restating=True, needs_chair=True)


def may_need_said(browser: Browser, kind: str = "policy", **asked: str) -> str:
    """What the form says of who may be needed, before anything is typed."""
    page = browser.get(address("change_new", kind=kind), asked).text
    return page.split('<p id="may-need">')[1].split("</p>")[0] if 'id="may-need"' in page else ""


def test_the_form_says_who_else_a_large_or_restating_change_needs(
    kept: Client, finn: User, rita: User, eve: User, adam: User, signed_in: SignIn
) -> None:
    with tenant_context(kept):
        sales = RightRow(functions=("sales",), feeds_pay=True, yes_count=3, quorum=4)
        a_board(kept, BASE, LARGE, RESTATING, sales, finance=finn, revops=rita, chair_executive=eve, user=adam)
    said = may_need_said(signed_in(rita))
    assert said == (
        "Finance must say yes; from an effect of 500,000 USD on ARR or where closed months are restated, the chair too; "
        "where it touches a metric that feeds quotas or pay, Sales too, at least three must say yes in all and at least four "
        "must take part."
    )
    with tenant_context(kept):
        found = may_need("policy")
    assert found is not None
    blind = may_need_sentence(found, kept, "en-US", with_amount=False)
    assert "500,000" not in blind and "from an effect of an agreed amount on ARR" in blind
    of_thresholds = may_need_said(signed_in(rita), "threshold", about="arr")
    assert "quotas or pay" in of_thresholds and "chair" not in of_thresholds, "it moves no ARR and restates nothing"


def test_a_table_that_asks_the_same_of_every_change_is_not_told_in_the_form(
    kept: Client, finn: User, rita: User, adam: User, signed_in: SignIn
) -> None:
    assert may_need_said(signed_in(rita)) == "", "there is no board"
    with tenant_context(kept):
        a_board(kept, BASE, RightRow(functions=("finance",), from_cents=100), finance=finn, revops=rita, user=adam)
    assert may_need_said(signed_in(rita)) == "", "the large ones take nobody else"
