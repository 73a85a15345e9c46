"""A sign-in of the last minutes proves who somebody is, and is not asked for twice; an older one, or one by mail, does not."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client as Browser

from governance.models import ChangeVote
from portal.accounts.models import User
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.accounts.test_sign_in import password_login
from tests.governance.boards import a_board, in_review
from tests.governance.test_board_pages import form_of, text_of

GUARDED = "/c/northwind/people/invite/"
PASSWORD = "correct-horse-battery"
SignIn = Callable[[User], Browser]


def proved(browser: Browser, *records: dict[str, Any]) -> int:
    """What a guarded page answers to a session with these proofs."""
    session = browser.session
    session["account_authentication_methods"] = list(records)
    session.save()
    return int(browser.get(GUARDED).status_code)


def record(method: str, age: float = 0, **more: Any) -> dict[str, Any]:
    return {"method": method, "at": time.time() - age, **more}


def test_whoever_has_just_signed_in_votes_without_the_password_once_more(
    northwind: Client, rita: User, finn: User
) -> None:
    with tenant_context(northwind):
        a_board(northwind, finance=finn)
        number = in_review(northwind, by=rita).number
    browser = Browser()
    password_login(browser, finn.email, PASSWORD)
    sent = form_of(text_of(browser, f"changes/{number}/"), "Yes, approve") | {"decision": "yes"}
    answer = browser.post(f"/c/northwind/changes/{number}/vote/", sent)
    assert answer.status_code == 302 and "reauthenticate" not in answer["Location"]
    with tenant_context(northwind):
        vote = ChangeVote.objects.get()
        assert (vote.decision, vote.auth_method) == ("yes", "password")


@pytest.mark.parametrize("method", ["password", "mfa"])
def test_a_proof_of_ones_own_counts_for_five_minutes_however_it_came(
    northwind: Client, adam: User, signed_in: SignIn, method: str
) -> None:
    browser = signed_in(adam)
    assert proved(browser, record(method)) == 200
    assert proved(browser, record(method, 299)) == 200
    assert proved(browser, record(method, 301)) == 302
    assert proved(browser, record(method, 301, reauthenticated=True)) == 302
    assert proved(browser, record(method, 3600), record(method, 10, reauthenticated=True)) == 200


@pytest.mark.parametrize("method", ["code", "link", "password_reset", "socialaccount"])
def test_what_proves_a_mailbox_or_another_account_is_not_enough_where_there_is_a_password(
    northwind: Client, adam: User, signed_in: SignIn, method: str
) -> None:
    browser = signed_in(adam)
    assert proved(browser, record(method)) == 302
    assert proved(browser, record("password", 301), record(method)) == 302
    assert proved(browser) == 302, "a session without any proof"


def test_proofs_of_somebody_else_do_not_count(northwind: Client, adam: User, finn: User, signed_in: SignIn) -> None:
    browser = signed_in(adam)
    session = browser.session
    session["account_authentication_methods_user"] = str(finn.pk)
    session.save()
    assert browser.get(GUARDED).status_code == 302
