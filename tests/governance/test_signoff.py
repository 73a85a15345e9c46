"""Sign-off: bound to what was shown, proved, in order or by quorum, never by its author, and lapsing item by item."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.db.utils import ProgrammingError
from django.test import Client as Browser

from governance.models import DefinitionItem, PolicyDocument, Signature, SignedItem, Signer, Signoff
from governance.selectors.signoff import signed_final, signer_get, to_sign
from governance.services.asking import reminders_due
from governance.services.documents import document_create
from governance.services.items import item_edit
from governance.services.problems import DefinitionError, OutdatedError
from governance.services.respondents import respondent_add
from governance.services.signing import document_decline, document_sign, intent_text, subject_of
from governance.services.signoff import signoff_request, signoff_withdraw
from governance.services.signoff_states import SIGNER, SIGNOFF, TransitionError, next_signer_state, next_state
from portal.accounts.models import SignCode, User
from portal.accounts.proofs import Place, Proof
from portal.accounts.services.sign_codes import code_send, code_use
from portal.notices.models import Notice
from portal.notices.services.outbox import notices_mail
from portal.tenancy.models import AuditEntry, Client, ClientRole
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import TenancyError, member_add
from tests.accounts.conftest import Commits, Mailbox
from tests.governance.conftest import item
from tests.governance.test_documents import confirm_critical

NOW = dt.datetime(2026, 11, 12, 9, tzinfo=dt.UTC)
PROOF = Proof("password", NOW)
PLACE = Place("203.0.113.7", "Firefox")


@pytest.fixture
def final(started: Client, ana: User) -> PolicyDocument:
    """Northwind's final version."""
    with tenant_context(started):
        confirm_critical()
        return document_create(client=started, user=ana, is_final=True)


def ask(client: Client, document: PolicyDocument, ana: User, *people: tuple[User, str], **how: Any) -> Signoff:
    return signoff_request(client=client, document=document, signers=people, user=ana, **how)


def sign(client: Client, user: User, **other: Any) -> Signature:
    signer = signer_get(Signer.objects.filter(user=user).latest("id").pk, user)
    assert signer is not None
    given = {"sha256": signer.signoff.document.sha256, "intent": intent_text(signer)} | other
    return document_sign(client=client, signer=signer, proof=PROOF, place=PLACE, **given)


def test_signatures_are_complete_and_make_it_signed(
    started: Client, final: PolicyDocument, ana: User, finn: User, rita: User
) -> None:
    with tenant_context(started):
        ask(started, final, ana, (finn, "finance"), (rita, "revops"))
        assert [signer.user for signer in to_sign(finn)] == [finn]
        given = sign(started, finn)
        assert (given.document_sha256, given.address, given.user_agent) == (final.sha256, "203.0.113.7", "Firefox")
        assert "Finn" in given.intent and given.auth_method == "password" and given.auth_at == NOW
        assert signed_final() is None
        sign(started, rita)
        view = signed_final()
        assert view is not None and view.stands and view.certificate is not None
        assert {"document.signed", "document.approved", "certificate.issued"} <= set(
            AuditEntry.objects.values_list("action", flat=True)
        )
        assert SignedItem.objects.filter(signature=given).count() == sum(
            "finance" in each.functions for each in DefinitionItem.objects.all()
        )
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            Signature.objects.update(intent="x")


def test_changing_one_signed_item_lapses_exactly_its_signatures(
    started: Client, final: PolicyDocument, ana: User, finn: User, rita: User, stan: User
) -> None:
    with tenant_context(started):
        ask(started, final, ana, (finn, "finance"), (rita, "revops"), (stan, "marketing"))
        for user in (finn, rita, stan):
            sign(started, user)
        item_edit(item=item("mrr"), version=item("mrr").version, changes={"answer": "Another"}, user=ana)
        lapsed = SignedItem.objects.exclude(lapsed_at=None)
        assert {(row.item.key, row.signature.signer.user.email) for row in lapsed} == {
            ("mrr", "finn@example.com"), ("mrr", "rita@example.com"),
        }  # fmt: skip
        view = signed_final()
        assert view is not None and not view.stands and view.lapsed == ["MRR"]
        assert [each.lapsed for each in view.signers] == [("MRR",), ("MRR",), ()]
        assert AuditEntry.objects.filter(action="signature.lapsed").count() == 2
        assert set(Notice.objects.filter(text__contains="lapsed").values_list("user__email", flat=True)) == {
            "finn@example.com", "rita@example.com",
        }  # fmt: skip
        original = next(e["content"]["answer"] for e in final.content["items"] if e["content"]["key"] == "mrr")
        item_edit(item=item("mrr"), version=item("mrr").version, changes={"answer": original}, user=ana)
        assert SignedItem.objects.exclude(lapsed_at=None).count() == 2, "changed back is not signed again"


def test_nobody_signs_what_they_asked_for_or_wrote(
    started: Client, final: PolicyDocument, ana: User, finn: User, rita: User
) -> None:
    with tenant_context(started):
        with pytest.raises(DefinitionError, match="none of the client's people"):
            ask(started, final, ana, (ana, "finance"))
        signoff = ask(started, final, ana, (finn, "finance"), (rita, "revops"))
        Signer.objects.filter(user=finn).update(user=ana)  # past the service
        with pytest.raises(DefinitionError, match="asks for signatures does not sign"):
            sign(started, ana)
        Signer.objects.filter(user=ana).update(user=finn)
        DefinitionItem.objects.filter(key="mrr").update(edited_by=finn)
        with pytest.raises(DefinitionError, match="wrote “MRR”"):
            sign(started, finn)
        signoff_withdraw(client=started, signoff=signoff, user=ana)
        with pytest.raises(DefinitionError, match="wrote “MRR”"):
            ask(started, final, rita, (finn, "finance"))
        assert not Signature.objects.exists()


def test_two_accounts_of_one_mailbox_are_one_person_under_a_policy(
    started: Client, final: PolicyDocument, ana: User, finn: User, rita: User, person: Callable[[str], User]
) -> None:
    """A second account is no second signature, nor a way round what one asked for, wrote, or works for."""
    second = {name: person(f"{name}+two") for name in ("finn", "ana", "rita")}
    with tenant_context(started):
        for user in second.values():
            member_add(client=started, user=user, role=ClientRole.FINANCE)
        with pytest.raises(DefinitionError, match="each person signs once"):
            ask(started, final, ana, (finn, "finance"), (second["finn"], "revops"))
        with pytest.raises(DefinitionError, match="asks for signatures does not sign"):
            ask(started, final, rita, (second["rita"], "finance"))
        with pytest.raises(DefinitionError, match="not those of its consultants"):
            ask(started, final, rita, (second["ana"], "finance"))
        DefinitionItem.objects.filter(key="mrr").update(edited_by=finn)
        with pytest.raises(DefinitionError, match="wrote “MRR”"):
            ask(started, final, rita, (second["finn"], "finance"))
        assert not Signer.objects.exists()


def test_what_was_shown_is_what_is_signed_or_nothing_is(
    started: Client, final: PolicyDocument, ana: User, finn: User, rita: User
) -> None:
    with tenant_context(started):
        ask(started, final, ana, (finn, "finance"), (rita, "revops"))
        for other in ({"sha256": "0" * 64}, {"intent": "I sign nothing"}):
            with pytest.raises(OutdatedError, match="what you read"):
                sign(started, finn, **other)
        item_edit(item=item("mrr"), version=item("mrr").version, changes={"answer": "Another"}, user=ana)
        with pytest.raises(OutdatedError, match="changed since this version was made: MRR"):
            sign(started, finn)
        assert not Signature.objects.exists()


def test_one_after_the_other_and_a_quorum(
    started: Client, final: PolicyDocument, ana: User, finn: User, rita: User, mailbox: Mailbox, commits: Commits
) -> None:
    with commits(), tenant_context(started):
        signoff = ask(started, final, ana, (finn, "finance"), (rita, "revops"), mode="order")
        with pytest.raises(OutdatedError, match="not your turn"):
            sign(started, rita)
        assert to_sign(rita) == []
    assert [mail["To"] for mail in mailbox.mails] == ["finn@example.com"]
    with commits(), tenant_context(started):
        sign(started, finn)
        assert len(to_sign(rita)) == 1
    assert mailbox.mails[-1]["To"] == "rita@example.com" and "waits for your signature" in mailbox.mails[-1]["Subject"]
    with tenant_context(started):
        signoff_withdraw(client=started, signoff=signoff, user=ana)
        ask(started, final, ana, (finn, "finance"), (rita, "revops"), mode="quorum", quorum=1)
        sign(started, rita)
        assert signed_final() is not None
        with pytest.raises(TransitionError, match="is signed"):
            sign(started, finn)
        with pytest.raises(DefinitionError, match="quorum is at least one"):
            ask(started, final, ana, (finn, "finance"), mode="quorum", quorum=2)


def test_a_decline_ends_it_with_its_reason(
    started: Client, final: PolicyDocument, ana: User, finn: User, rita: User
) -> None:
    with tenant_context(started):
        ask(started, final, ana, (finn, "finance"), (rita, "revops"))
        signer = signer_get(Signer.objects.get(user=finn).pk, finn)
        assert signer is not None
        with pytest.raises(DefinitionError, match="say why"):
            document_decline(client=started, signer=signer, reason=" ")
        document_decline(client=started, signer=signer, reason="Overage is missing")
        assert (
            "declines to sign the ARR policy v0 (final): Overage is missing"
            in Notice.objects.get(kind="definitions").text
        )
        for step in (
            lambda: sign(started, rita),
            lambda: document_decline(client=started, signer=signer, reason="Again"),
        ):
            with pytest.raises(TransitionError, match="was declined"):
                step()


def test_only_the_steps_of_the_table_follow() -> None:
    steps = {"sign", "complete", "decline", "withdraw", "publish"}
    for state in ("open", "signed", "declined", "withdrawn"):
        for step in steps:
            if (state, step) not in SIGNOFF:
                with pytest.raises(TransitionError):
                    next_state(state, step)
    for state in ("signed", "declined"):
        for step in ("sign", "decline"):
            with pytest.raises(TransitionError):
                next_signer_state(state, step)
    assert set(SIGNER) == {("waiting", "sign"), ("waiting", "decline")}


def test_only_a_final_version_that_still_holds_is_signed(started: Client, ana: User, finn: User) -> None:
    with tenant_context(started):
        draft = document_create(client=started, user=ana)
        with pytest.raises(DefinitionError, match="only a final version"):
            ask(started, draft, ana, (finn, "finance"))
        confirm_critical()
        document = document_create(client=started, user=ana, is_final=True)
        for people, fault in (
            ((), "at least one"),
            (((finn, "finance"), (finn, "revops")), "signs once"),
            (((ana, "finance"),), "none of"),
        ):
            with pytest.raises(DefinitionError, match=fault):
                ask(started, document, ana, *people)
        item_edit(item=item("mrr"), version=item("mrr").version, changes={"answer": "Another"}, user=ana)
        with pytest.raises(DefinitionError, match="changed since v1 \\(final\\): MRR"):
            ask(started, document, ana, (finn, "finance"))


def test_a_code_works_once_for_ten_minutes_and_five_tries(
    started: Client, final: PolicyDocument, ana: User, finn: User, mailbox: Mailbox, commits: Commits
) -> None:
    with tenant_context(started):
        ask(started, final, ana, (finn, "finance"))
        signer = Signer.objects.select_related("user").get()

    def fresh() -> str:
        with commits(), tenant_context(started):
            code_send(client=started, user=finn, subject=subject_of(signer), now=NOW)
        found = re.search(r"\b\d{6}\b", mailbox.text())
        assert found is not None
        return found[0]

    def use(code: str, minutes: float = 1) -> bool:
        with tenant_context(started):
            return code_use(user=finn, subject=subject_of(signer), code=code, now=NOW + dt.timedelta(minutes=minutes))

    code = fresh()
    assert not use(code, 10) and use(code) and not use(code)
    code = fresh()
    wrong = "000000" if code != "000000" else "000001"
    assert [use(wrong) for _ in range(5)] == [False] * 5 and not use(code), "dead after five tries"
    old, new = fresh(), fresh()
    assert not use(old) or old == new
    assert use(new)
    with tenant_context(started):
        assert code not in str(list(SignCode.objects.values())), "only a keyed hash is kept"
        assert code not in str(list(AuditEntry.objects.values_list("details")))
        code_send(client=started, user=finn, subject=subject_of(signer), now=NOW)
        with pytest.raises(TenancyError, match="within the hour"):
            code_send(client=started, user=finn, subject=subject_of(signer), now=NOW)


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
