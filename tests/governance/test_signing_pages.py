"""The page on which a version is signed: with a code or a fresh proof, each in their own place, and who is reminded."""

import datetime as dt
import re
from collections.abc import Callable

import pytest
from django.test import Client as Browser

from governance.models import PolicyDocument, Signature, Signer
from governance.services.asking import reminders_due
from governance.services.items import item_edit
from governance.services.respondents import respondent_add
from portal.accounts.models import SignCode, User
from portal.notices.models import Notice
from portal.notices.services.outbox import notices_mail
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.accounts.conftest import Commits, Mailbox
from tests.governance.conftest import item
from tests.governance.signoffs import ask, final, sign

__all__ = ["final"]


@pytest.fixture
def asked(
    started: Client, final: PolicyDocument, ana: User, finn: User, rita: User, mailbox: Mailbox, commits: Commits
) -> Client:
    """Finn and Rita are asked to sign, by mail."""
    with commits(), tenant_context(started):
        ask(started, final, ana, (finn, "finance"), (rita, "revops"))
    return started


def page_of(client: Client, user: User) -> str:
    with tenant_context(client):
        return f"/c/northwind/definitions/sign/{Signer.objects.get(user=user).pk}/"


def shown(browser: Browser, page: str) -> dict[str, str]:
    """What the page's form sends back."""
    content = browser.get(page).content.decode().replace("&#x27;", "'")
    return {name: re.findall(f'name="{name}" value="([^"]*)"', content)[0] for name in ("sha256", "intent")}


def test_a_link_holder_signs_with_a_code_and_a_wrong_try_counts(
    asked: Client, finn: User, mailbox: Mailbox, commits: Commits, stranger: Browser
) -> None:
    page = page_of(asked, finn)
    place = next(at for at, mail in enumerate(mailbox.mails) if mail["To"] == "finn@example.com")
    stranger.get(mailbox.path(place), follow=True)
    assert stranger.post("/link/")["Location"] == page
    given = shown(stranger, page)
    assert b"wrong, used or too old" in stranger.post(f"{page}sign/", given).content, "no code, no signature"
    with commits():
        assert b"on its way to finn@example.com" in stranger.post(f"{page}code/", follow=True).content
    found = re.search(r"\b\d{6}\b", mailbox.text())
    assert found is not None
    wrong = "111111" if found[0] != "111111" else "222222"
    assert b"wrong, used or too old" in stranger.post(f"{page}sign/", given | {"code": wrong}).content
    with tenant_context(asked):
        assert SignCode.objects.get().tries == 1 and not Signature.objects.exists()
    answer = stranger.post(f"{page}sign/", given | {"code": found[0]}, HTTP_USER_AGENT="Phone", follow=True)
    assert b"You signed the ARR policy" in answer.content
    with tenant_context(asked):
        signature = Signature.objects.get()
        assert (signature.auth_method, signature.user_agent) == ("mailed link and one-time code", "Phone")
        assert signature.address == "127.0.0.1"
    again = stranger.post(f"{page}sign/", given | {"code": found[0]})
    assert b"wrong, used or too old" in again.content


def test_a_member_signs_after_a_fresh_proof_and_only_in_their_own_place(
    asked: Client, finn: User, rita: User, stan: User, signed_in: Callable[[User], Browser]
) -> None:
    page, ritas = page_of(asked, finn), page_of(asked, rita)
    browser = signed_in(finn)
    given = shown(browser, page)
    for path in (ritas, f"{ritas}sign/", f"{ritas}decline/"):
        assert (browser.get(path) if path == ritas else browser.post(path, given)).status_code == 404
    session = browser.session
    session["account_authentication_methods"] = [{"method": "password", "at": 1.0}]
    session.save()
    assert browser.post(f"{page}sign/", given)["Location"].startswith("/accounts/reauthenticate/")
    with tenant_context(asked):
        assert not Signature.objects.exists()
    browser = signed_in(finn)
    spoofed = browser.post(f"{page}sign/", given, HTTP_X_FORWARDED_FOR="198.51.100.1", follow=True)
    assert b"You signed the ARR policy" in spoofed.content
    with tenant_context(asked):
        assert Signature.objects.get().auth_method == "password" and Signature.objects.get().address == "127.0.0.1"
    for path, data in ((f"{page}sign/", given), (f"{page}decline/", {"reason": "Changed my mind"})):
        twice = browser.post(path, data)
        assert twice.status_code == 409 and b"already" in twice.content


def test_signing_what_changed_in_the_meantime_is_409(
    asked: Client, ana: User, finn: User, signed_in: Callable[[User], Browser]
) -> None:
    page, browser = page_of(asked, finn), signed_in(finn)
    given = shown(browser, page)
    with tenant_context(asked):
        item_edit(item=item("mrr"), version=item("mrr").version, changes={"answer": "Another"}, user=ana)
    late = browser.post(f"{page}sign/", given)
    assert late.status_code == 409 and b"changed since this version was made: MRR" in late.content.lower().replace(
        b"mrr", b"MRR"
    )
    with tenant_context(asked):
        assert not Signature.objects.exists()


def test_a_consultant_asks_and_withdraws_from_the_page(
    started: Client, final: PolicyDocument, anas: Browser, finn: User
) -> None:
    page = f"/c/northwind/definitions/versions/{final.number}/sign-off/"
    with tenant_context(started):
        finns = str(respondent_add(client=started, email=finn.email, function="finance").pk)
    assert "Ask for signatures" in anas.get(page).content.decode()
    assert anas.post(f"{page}ask/", {"signers": [finns], "mode": "quorum"}).status_code == 422
    answer = anas.post(f"{page}ask/", {"signers": [finns], "mode": "all"}, follow=True)
    assert b"Waiting for signatures" in answer.content
    assert anas.post(f"{page}ask/", {"signers": [finns], "mode": "all"}).status_code == 422, "one at a time"
    assert b"Withdrawn" in anas.post(f"{page}withdraw/", follow=True).content
    assert anas.post(f"{page}withdraw/").status_code == 409


def test_who_needs_a_second_factor_is_told_without_a_link(
    started: Client, final: PolicyDocument, ana: User, adam: User, mailbox: Mailbox, commits: Commits
) -> None:
    Client.objects.filter(pk=started.pk).update(requires_mfa_for_admins=True)
    started.refresh_from_db()
    with commits(), tenant_context(started):
        ask(started, final, ana, (adam, "finance"))
    notices_mail(client=started, now=dt.datetime.now(dt.UTC))
    assert [mail["To"] for mail in mailbox.mails] == ["adam@example.com"]
    assert "/link/" not in mailbox.text() and "sign in to read and sign v0 (final)" in mailbox.text()


def test_signers_are_reminded_until_they_decide_and_the_third_tells_who_asked(
    asked: Client, finn: User, mailbox: Mailbox, commits: Commits
) -> None:
    asked.refresh_from_db()
    start = asked.next_reminder_at
    assert start is not None and start - dt.datetime.now(dt.UTC) < dt.timedelta(days=3)
    mailbox.mails.clear()

    def run(days: float) -> list[str]:
        mailbox.mails.clear()
        with commits(), tenant_context(asked):
            reminders_due(client=asked, now=start + dt.timedelta(days=days, minutes=1))
        return sorted(str(mail["To"]) for mail in mailbox.mails)

    assert run(-1) == []
    assert run(0) == ["finn@example.com", "rita@example.com"] and "A reminder." in mailbox.text()
    assert run(0.1) == []
    with tenant_context(asked):
        sign(asked, finn)
    assert run(2) == ["rita@example.com"]
    assert run(4)[-1] == "rita@example.com"
    with tenant_context(asked):
        assert "Rita has not signed v0 (final) after 3 reminders" in set(Notice.objects.values_list("text", flat=True))
