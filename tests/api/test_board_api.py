"""The review board over the API: a vote is bound to what `decision` gave, and the table is one whole with a version."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from governance.models import ChangeState, ChangeVote
from governance.selectors.changes import change_get
from governance.services.board import RightRow
from portal.accounts.models import ApiToken, User
from portal.tenancy.models import Client
from portal.tenancy.permissions import MANAGE_BOARD, VIEW_ARR, VIEW_CHANGES, VOTE_CHANGES
from portal.tenancy.scope import tenant_context
from tests.api.conftest import Mint
from tests.governance.boards import a_board, in_review, now_of

VOTER = {VIEW_CHANGES, VOTE_CHANGES}


@pytest.fixture
def number(northwind: Client, finn: User, rita: User) -> int:
    """Rita's request; one yes of Finance decides, and Finn gives it."""
    with tenant_context(northwind):
        a_board(northwind, RightRow(functions=("finance",), from_cents=0), finance=finn, revops=rita)
        return int(in_review(northwind, by=rita).number)


def test_a_vote_says_back_what_the_decision_gave(
    northwind: Client, finn: User, rita: User, number: int, program: Mint
) -> None:
    voter, asker = program(northwind, finn, VOTER), program(northwind, rita, VOTER)
    given = voter.get(northwind, "api_decision", number=number).json()
    assert given["outcome"] == "open" and given["needed"] == ["Finance (Finn)"]
    assert given["statement"].startswith("I, Finn, vote for Finance")
    assert asker.get(northwind, "api_decision", number=number).json()["statement"] is None, "it is her own"
    shown = {name: given[name] for name in ("content_sha256", "preview_sha256", "statement")}

    def cast(who: Any, **other: str) -> Any:
        return who.post(northwind, "api_votes", {"decision": "yes", **shown, **other}, number=number)

    assert cast(asker).status_code == 400
    assert cast(voter, preview_sha256="0" * 64).status_code == 409
    assert cast(voter, decision="no").status_code == 400, "a no says why"
    with tenant_context(northwind):
        assert not ChangeVote.objects.exists()
    assert cast(voter).status_code == 201
    (vote,) = voter.get(northwind, "api_votes", number=number).json()["votes"]
    assert (vote["person"], vote["decision"], vote["auth_method"]) == (finn.email, "yes", "API token")
    assert cast(voter).status_code == 409, "it is decided"
    assert voter.get(northwind, "api_decision", number=number).json()["outcome"] == "none"
    with tenant_context(northwind):
        found = change_get(number)
        assert found is not None and now_of(found).state == ChangeState.APPROVED
        assert ChangeVote.objects.get().address == "127.0.0.1"


def test_a_token_decides_for_an_hour_and_its_vote_says_when_it_was_made(
    northwind: Client, finn: User, adam: User, number: int, program: Mint
) -> None:
    """It stands for the sign-in with which it was made, and not for one at the moment of the vote."""
    voter = program(northwind, finn, VOTER)
    given = voter.get(northwind, "api_decision", number=number).json()
    sent = {"decision": "yes", **{name: given[name] for name in ("content_sha256", "preview_sha256", "statement")}}
    emergency = {name: value for name, value in sent.items() if name != "decision"} | {"reason": "Now"}
    assert voter.row is not None
    token_made(northwind, voter.row, minutes=61)
    for url_name, body in (("api_votes", sent), ("api_change_emergency", emergency)):
        refused = voter.post(northwind, url_name, body, number=number)
        assert refused.status_code == 403 and "made more than an hour ago" in refused.json()["detail"]
    accepted = voter.post(northwind, "api_change_effect_accept", {"amount": "1.00"}, number=number)
    assert accepted.status_code == 403
    made = token_made(northwind, voter.row, minutes=50)
    assert voter.post(northwind, "api_votes", sent, number=number).status_code == 201
    with tenant_context(northwind):
        assert ChangeVote.objects.get().auth_at == made
    admin = program(northwind, adam, {VIEW_CHANGES, MANAGE_BOARD})
    board = admin.get(northwind, "api_board").json()
    assert admin.row is not None
    token_made(northwind, admin.row, minutes=61)
    table = {"version": board["version"], "pay_period": 3, "rights": [{"functions": ["sales"]}]}
    assert admin.call("/api/v1/clients/northwind/board/", "put", table).status_code == 403


def token_made(client: Client, token: ApiToken, minutes: int) -> dt.datetime:
    """Let a token have been made so many minutes ago; gives when."""
    made = timezone.now() - dt.timedelta(minutes=minutes)
    with tenant_context(client):
        ApiToken.objects.filter(pk=token.pk).update(created_at=made)
    return made


def test_the_table_is_put_as_a_whole_and_amounts_are_for_who_sees_numbers(
    northwind: Client, adam: User, finn: User, rita: User, program: Mint
) -> None:
    with tenant_context(northwind):
        a_board(northwind, RightRow(functions=("finance",)), finance=finn)
    admin = program(northwind, adam, {VIEW_CHANGES, MANAGE_BOARD, VIEW_ARR})
    board = admin.get(northwind, "api_board").json()
    url = "/api/v1/clients/northwind/board/"
    rows = [{"functions": ["finance"]}, {"from_amount": "120000.50", "needs_chair": True, "yes_count": 2, "quorum": 3}]
    sent = {"version": board["version"], "pay_period": 3, "rights": rows}
    put = admin.call(url, "put", sent)
    assert put.status_code == 200 and put.json()["rights"][1]["from_amount"] == "120000.50"
    assert admin.call(url, "put", sent).status_code == 409, "somebody was faster"
    assert admin.call(url, "put", sent | {"version": put.json()["version"], "rights": []}).status_code == 400
    plain = program(northwind, adam, {VIEW_CHANGES}).get(northwind, "api_board").json()["rights"][1]
    assert plain["from_amount"] is None and "120" not in plain["sentence"]
