"""Signing in: every way is as strong as the others, says nothing about who has an account, and starts a fresh session."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.db import connections
from django.test import Client as Browser

from portal.accounts.adapter import MfaAdapter
from portal.accounts.models import GuessBudget, User
from portal.accounts.services.guesses import guess_take
from portal.accounts.services.people import mfa_reset, person_disable
from portal.accounts.session import IDLE_SECONDS, LONGEST_SECONDS, SEEN, STARTED
from portal.tenancy.models import Client
from portal.tenancy.services import TenancyError
from tests.accounts.conftest import Mailbox

PASSWORD = "correct-horse-battery"
LOGIN, CODE, CONFIRM = "/accounts/login/", "/accounts/login/code/", "/accounts/login/code/confirm/"
SECONDS_TO_TYPE = 4


def password_login(browser: Browser, email: str, password: str = PASSWORD, **extra: Any) -> Any:
    return browser.post(LOGIN, {"login": email, "password": password}, **extra)


def is_in(browser: Browser) -> bool:
    return browser.get("/me/").status_code == 200


def totp_code(secret: str) -> str:
    """The code of now, which holds for some seconds more: one of thirty seconds ago is refused."""
    if (left := 30 - time.time() % 30) < SECONDS_TO_TYPE:
        time.sleep(left)
    return str(format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time())))))


@pytest.fixture
def secured(finn: User) -> str:
    """Finn has an authenticator app; returns its secret."""
    secret = str(generate_totp_secret())
    TOTP.activate(finn, secret)
    return secret


def code_in(mailbox: Mailbox) -> str:
    return next(line.strip() for line in mailbox.text().splitlines() if is_code(line.strip()))


def is_code(line: str) -> bool:
    return len(line.replace("-", "")) in (6, 8) and line.replace("-", "").isalnum() and line.upper() == line


# --- password -------------------------------------------------------------------------------------------------


def test_the_address_is_found_in_any_case(stranger: Browser, finn: User) -> None:
    assert password_login(stranger, " FINN@Example.COM ").status_code == 302
    assert is_in(stranger)


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(finn: User) -> None:
    answers = [
        password_login(Browser(), email, "wrong-password") for email in ("finn@example.com", "nobody@example.com")
    ]
    assert answers[0].status_code == answers[1].status_code
    bodies = [answer.content.decode().replace("finn@", "x@").replace("nobody@", "x@") for answer in answers]
    assert strip_tokens(bodies[0]) == strip_tokens(bodies[1])


def strip_tokens(body: str) -> str:
    return "\n".join(
        line for line in body.splitlines() if "csrfmiddlewaretoken" not in line and "csrf" not in line.lower()
    )


def test_a_sign_in_gets_a_new_session_id_and_a_sign_out_ends_it_on_the_server(stranger: Browser, finn: User) -> None:
    stranger.get("/join/" + "x" * 43 + "/")
    before = stranger.session.session_key
    password_login(stranger, "finn@example.com")
    after = stranger.session.session_key
    assert before != after
    kept = dict(stranger.cookies)
    stranger.post("/accounts/logout/")
    thief = Browser()
    thief.cookies.update(kept)
    assert not is_in(thief)


def test_ten_failures_lock_this_address_from_this_place_alone(finn: User, rita: User) -> None:
    here, there = {"REMOTE_ADDR": "10.0.0.1"}, {"REMOTE_ADDR": "10.0.0.2"}
    statuses = [password_login(Browser(), "finn@example.com", "wrong", **here).status_code for _ in range(11)]
    assert statuses[0] == 200 and statuses[-1] == 429
    assert password_login(Browser(), "Finn@example.com", **here).status_code == 429, "the right one too"
    assert password_login(Browser(), "finn@example.com", **there).status_code == 302
    assert password_login(Browser(), "rita@example.com", **here).status_code == 302
    unknown = [password_login(Browser(), "nobody@example.com", "wrong", **here).status_code for _ in range(11)]
    assert unknown == statuses, "an unknown address is locked alike"


# --- code by mail ---------------------------------------------------------------------------------------------


def test_a_code_from_a_mail_signs_in(stranger: Browser, finn: User, mailbox: Mailbox) -> None:
    assert stranger.post(CODE, {"email": "finn@example.com"})["Location"] == CONFIRM
    assert stranger.post(CONFIRM, {"code": code_in(mailbox)}).status_code == 302
    assert is_in(stranger)


def test_asking_for_a_code_says_nothing_about_the_account(finn: User, mailbox: Mailbox) -> None:
    answers = [Browser().post(CODE, {"email": email}) for email in ("finn@example.com", "nobody@example.com")]
    assert [(a.status_code, a["Location"]) for a in answers] == [(302, CONFIRM)] * 2
    assert len(mailbox.mails) == 2, "both addresses get a mail, so both take as long"


def test_after_five_wrong_codes_the_right_one_is_dead(stranger: Browser, finn: User, mailbox: Mailbox) -> None:
    stranger.post(CODE, {"email": "finn@example.com"})
    right = code_in(mailbox)
    for attempt in range(1000):
        stranger.post(CONFIRM, {"code": "WRONG1"}, REMOTE_ADDR=f"10.0.0.{attempt % 50}")
        if attempt > 20:
            break  # the sign-in under way is gone after five; the rest are redirects
    stranger.post(CONFIRM, {"code": right})
    assert not is_in(stranger)
    assert password_login(Browser(), "finn@example.com").status_code == 302, "the other ways stay open"


def test_a_session_brought_back_gives_no_further_guesses(stranger: Browser, finn: User, mailbox: Mailbox) -> None:
    """Parallel guesses all see the session as it was at first: the count that matters is not in the session."""
    stranger.post(CODE, {"email": "finn@example.com"})
    right, at_first = code_in(mailbox), dict(stranger.session.items())
    for _ in range(8):
        session = stranger.session
        session.update(at_first)
        session.save()
        stranger.post(CONFIRM, {"code": "WRONG1"})
    session = stranger.session
    session.update(at_first)
    session.save()
    stranger.post(CONFIRM, {"code": right})
    assert not is_in(stranger)
    assert GuessBudget.objects.get().tries == 9


@pytest.mark.usefixtures("committed_db")
def test_of_a_thousand_parallel_guesses_five_are_looked_at() -> None:
    def guess(position: int) -> bool:
        try:
            return guess_take(purpose="test", subject="one code", limit=5, window=timedelta(minutes=10))
        finally:
            if position % 125 == 124:
                connections.close_all()

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(guess, range(1000))) == 5


# --- second factor --------------------------------------------------------------------------------------------


def test_no_first_step_gets_past_a_second_factor(finn: User, secured: str, mailbox: Mailbox) -> None:
    by_password, by_code = Browser(), Browser()
    assert password_login(by_password, "finn@example.com")["Location"].startswith("/accounts/2fa/authenticate/")
    by_code.post(CODE, {"email": "finn@example.com"})
    assert by_code.post(CONFIRM, {"code": code_in(mailbox)})["Location"].startswith("/accounts/2fa/authenticate/")
    for browser in (by_password, by_code):
        assert not is_in(browser)
    by_password.post("/accounts/2fa/authenticate/", {"code": totp_code(secured)})
    assert is_in(by_password)
    by_code.post("/accounts/2fa/authenticate/", {"code": totp_code(secured)})
    assert not is_in(by_code), "a code is good once"


def test_guessing_the_second_factor_stops_after_five(finn: User, secured: str) -> None:
    browser = Browser()
    password_login(browser, "finn@example.com")
    for attempt in range(30):
        browser.post("/accounts/2fa/authenticate/", {"code": f"{attempt:06}"}, REMOTE_ADDR=f"10.0.1.{attempt}")
    browser.post("/accounts/2fa/authenticate/", {"code": totp_code(secured)})
    assert not is_in(browser)


def test_a_recovery_code_works_once(finn: User, secured: str) -> None:
    code = RecoveryCodes.activate(finn).get_unused_codes()[0]
    for expected in (True, False):
        browser = Browser()
        password_login(browser, "finn@example.com")
        browser.post("/accounts/2fa/authenticate/", {"code": code})
        assert is_in(browser) is expected


def test_secrets_of_second_factors_are_sealed(finn: User, secured: str) -> None:
    assert secured not in str(Authenticator.objects.get(user=finn).data)


def test_a_reset_password_leaves_the_second_factor(finn: User, secured: str, mailbox: Mailbox) -> None:
    browser = Browser()
    browser.post("/accounts/password/reset/", {"email": "finn@example.com"})
    path = next(line.strip() for line in mailbox.text().splitlines() if "/password/reset/key/" in line)
    form = browser.get("/" + path.split("/", 3)[3], follow=True)
    browser.post(form.request["PATH_INFO"], {"password1": "another-long-phrase", "password2": "another-long-phrase"})
    finn.refresh_from_db()
    assert finn.check_password("another-long-phrase") and Authenticator.objects.filter(user=finn).exists()
    answer = password_login(browser, "finn@example.com", "another-long-phrase")
    assert answer["Location"].startswith("/accounts/2fa/authenticate/") and not is_in(browser)


def test_the_address_in_a_mail_is_the_installations_own_whatever_host_was_asked(
    finn: User, mailbox: Mailbox, settings: Any
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    settings.PUBLIC_URL = "https://portal.example"
    Browser().post("/accounts/password/reset/", {"email": "finn@example.com"}, headers={"host": "evil.example"})
    Browser().post(CODE, {"email": "finn@example.com"}, headers={"host": "evil.example"})
    assert "https://portal.example/accounts/password/reset/key/" in mailbox.text(0)
    assert len(mailbox.mails) == 2 and not any("evil.example" in mailbox.mails[place].as_string() for place in (0, 1))


def test_asking_to_reset_says_nothing_about_the_account(finn: User, mailbox: Mailbox) -> None:
    answers = [
        Browser().post("/accounts/password/reset/", {"email": f"{name}@example.com"}) for name in ("finn", "nobody")
    ]
    assert answers[0].status_code == answers[1].status_code == 302
    assert answers[0]["Location"] == answers[1]["Location"] and len(mailbox.mails) == 2


def test_only_the_operator_resets_a_second_factor_and_says_how_they_knew(
    finn: User, secured: str, northwind: Client
) -> None:
    with pytest.raises(TenancyError):
        mfa_reset(user=finn, reason=" ")
    assert mfa_reset(user=finn, reason="met in person") == 1


def test_staff_without_a_second_factor_reach_no_number_and_are_told_why(
    ana: User, northwind: Client, signed_in: Callable[[User], Browser]
) -> None:
    Authenticator.objects.all().delete()
    browser = signed_in(ana)
    for path in ("/", "/c/northwind/people/", "/f/ridge/"):
        page = browser.get(path, follow=True)
        assert [step[0] for step in page.redirect_chain] == ["/accounts/2fa/"], "one step, no loop"
        assert b"requires a second factor" in page.content
    assert browser.get("/accounts/2fa/totp/activate/").status_code == 200, "and can do so"


# --- sessions -------------------------------------------------------------------------------------------------


def test_every_session_dies_with_the_password_and_with_the_account(
    finn: User, signed_in: Callable[[User], Browser]
) -> None:
    old = signed_in(finn)
    assert is_in(old)
    finn.set_password("another-long-phrase")
    finn.save(update_fields=["password"])
    assert not is_in(old)
    fresh = signed_in(finn)
    assert is_in(fresh)
    person_disable(user=finn)
    assert not is_in(fresh)
    assert not is_in(browser_after_login("finn@example.com", "another-long-phrase"))


def browser_after_login(email: str, password: str) -> Browser:
    browser = Browser()
    password_login(browser, email, password)
    return browser


@pytest.mark.parametrize(("key", "age"), [(SEEN, IDLE_SECONDS), (STARTED, LONGEST_SECONDS)])
def test_an_idle_and_an_old_session_end(key: str, age: int, finn: User, signed_in: Callable[[User], Browser]) -> None:
    browser = signed_in(finn)
    assert is_in(browser)
    session = browser.session
    session[key] = int(time.time()) - age - 5
    session.save()
    assert not is_in(browser)


def test_nobody_signs_up_and_no_page_changes_an_address(
    stranger: Browser, finn: User, signed_in: Callable[[User], Browser]
) -> None:
    stranger.post("/accounts/signup/", {"email": "nobody@example.com", "password1": "another-long-phrase"})
    assert not User.objects.filter(email="nobody@example.com").exists()
    assert signed_in(finn).get("/accounts/email/").status_code == 404


def test_a_reset_second_factor_and_a_closed_account_end_every_session_for_good(
    finn: User, signed_in: Callable[[User], Browser], secured: str
) -> None:
    finn.refresh_from_db()
    before_reset = signed_in(finn)
    assert is_in(before_reset)
    mfa_reset(user=finn, reason="met in person")
    assert not is_in(before_reset)
    finn.refresh_from_db()
    before_closing = signed_in(finn)
    person_disable(user=finn)
    User.objects.filter(pk=finn.pk).update(is_active=True)
    assert not is_in(before_closing)


def test_a_new_passkey_is_called_what_it_is(finn: User) -> None:
    passkey = Authenticator.Type.WEBAUTHN
    assert MfaAdapter().generate_authenticator_name(finn, passkey) == "Passkey"
    Authenticator.objects.create(user=finn, type=passkey, data={})
    assert MfaAdapter().generate_authenticator_name(finn, passkey) == "Passkey 2"
