"""Sign-off: bound to what was shown, proved, in order or by quorum, never by its author, and lapsing item by item."""

import datetime as dt
import re
from collections.abc import Callable

import pytest
from django.db import transaction
from django.db.utils import ProgrammingError

from governance.models import DefinitionItem, PolicyDocument, Signature, SignedItem, Signer
from governance.selectors.signoff import signed_final, signer_get, to_sign
from governance.services.documents import document_create
from governance.services.items import item_edit
from governance.services.problems import DefinitionError, OutdatedError
from governance.services.signing import document_decline, subject_of
from governance.services.signoff import signoff_withdraw
from governance.services.signoff_states import SIGNER, SIGNOFF, TransitionError, next_signer_state, next_state
from portal.accounts.models import SignCode, User
from portal.accounts.services.sign_codes import code_send, code_use
from portal.notices.models import Notice
from portal.tenancy.models import AuditEntry, Client, ClientRole
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import TenancyError, member_add
from tests.accounts.conftest import Commits, Mailbox
from tests.governance.conftest import item
from tests.governance.signoffs import NOW, ask, final, sign
from tests.governance.test_documents import confirm_critical

__all__ = ["final"]


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
