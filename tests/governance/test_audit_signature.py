"""The signature under a quarter's audit: who may give it, of what exactly, and that nothing changes behind it."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction
from django.test import Client as Browser

from governance.models import AuditedContract, AuditFollowUp, AuditSignature, QuarterAudit, ReasonClass
from governance.selectors.audit_signers import restated_after
from governance.selectors.quarter_audits import audit_view
from governance.services.problems import DefinitionError, OutdatedError
from governance.services.quarter_audits import audit_draw, follow_up_raise, follow_up_settle
from metrics.models import ContractLine
from metrics.services.books import books_rebuild_all
from metrics.services.closes import month_restate
from portal.accounts.models import User
from portal.lib.periods import month_parse
from portal.notices.models import Notice
from portal.tenancy import audit as audit_log
from portal.tenancy.models import AuditEntry, Client, ClientRole
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import member_add
from tests.governance.audits import (
    NOW,
    QUARTER,
    an_audit,
    book_load,
    check_rest,
    keep,
    shown_sha256,
    sign,
)
from tests.pdf_text import pdf_text

PAGE = f"/c/northwind/oversight/audits/{QUARTER}/"


def test_it_is_signed_when_everything_is_checked_and_every_pattern_has_a_follow_up(
    northwind: Client, rita: User, finn: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(northwind):
        found = an_audit(northwind, rita)
        for position in (1, 2, 3):
            keep(northwind, position, rita, result="differs", difference=Decimal(10), reason="price", note="Uplift")
        keep(northwind, 4, rita, result="not_found", reason="papers", note="No paper in the archive")
        with pytest.raises(DefinitionError, match="every contract needs its result"):
            sign(northwind, finn)
        check_rest(northwind, rita)
        with pytest.raises(DefinitionError, match="every pattern a follow-up"):
            sign(northwind, finn)
        (pattern,) = [each for each in audit_view(found).patterns if each.key.startswith("reason")]
        follow_up = follow_up_raise(
            client=northwind, found=found, text="Ask billing for uplifts", owner=rita, due_on=dt.date(2026, 6, 1),
            pattern=pattern.key, user=finn, today=NOW.date(),
        )  # fmt: skip
        signature = sign(northwind, finn)
        rows = AuditFollowUp.objects.all()
        for write in (lambda: rows.update(text="x"), lambda: rows.update(due_on=dt.date(2027, 1, 1)), rows.delete):
            with pytest.raises(DatabaseError, match="only what is still open"), transaction.atomic():
                write()
        assert signature.content["follow_ups"][0]["text"] == "Ask billing for uplifts"
        assert len(signature.content["contracts"]) == 10
        assert AuditEntry.objects.get(action="quarter_audit.signed").details["sha256"] == signature.sha256
        assert Notice.objects.filter(
            user=rita, text__contains="signed the audit of Q1 2026: of 10 contracts 4 are not"
        ).exists()
        settled = follow_up_settle(follow_up=follow_up, outcome="Billing sends uplifts monthly", user=rita)
        assert settled.done_by == rita
        with pytest.raises(OutdatedError):
            follow_up_settle(follow_up=follow_up, outcome="Again", user=rita)
    paper = pdf_text(signed_in(finn).get(f"/c/northwind/oversight/audits/{QUARTER}/audit.pdf").content)
    assert "Contract audit Q1 2026" in paper and "Ask billing for uplifts Rita" in paper and "rita@" not in paper
    assert (
        "4 are not what the source says, together +30.00 USD of ARR. Of 1 of them no paper was found, so that it"
        in paper
    )
    assert "Ask billing for uplifts" in paper
    assert f"Signed by Finn for Finance “{signature.intent}”" in paper and f"sha256 {signature.sha256}" in paper


def test_who_drew_or_checked_does_not_sign_and_nobody_but_finance_does(
    northwind: Client, rita: User, finn: User, eve: User, ana: User
) -> None:
    with tenant_context(northwind):
        an_audit(northwind, rita)
        keep(northwind, 1, finn)
        check_rest(northwind, rita)
        with pytest.raises(DefinitionError, match="checked a contract does not sign"):
            sign(northwind, finn)
        for somebody in (rita, eve, ana):
            with pytest.raises(DefinitionError, match="signed by Finance of Northwind"):
                sign(northwind, somebody)
        assert not AuditSignature.objects.exists()


def test_who_ever_checked_a_contract_does_not_sign_under_any_account(
    northwind: Client, rita: User, finn: User, ana: User
) -> None:
    with tenant_context(northwind):
        an_audit(northwind, ana)
        keep(northwind, 1, finn, result="not_found", reason=ReasonClass.values[0], note="Not there")
        keep(northwind, 1, rita)
        check_rest(northwind, rita)
        again = User.objects.create_user("ana+northwind@example.com", "x", name="Ana again")
        member_add(client=northwind, user=again, role=ClientRole.FINANCE)
        for somebody in (finn, again):
            with pytest.raises(DefinitionError, match="checked a contract does not sign"):
                sign(northwind, somebody)
        assert not AuditSignature.objects.exists()


def test_a_signature_is_of_exactly_what_was_shown(northwind: Client, rita: User, finn: User) -> None:
    with tenant_context(northwind):
        an_audit(northwind, rita)
        check_rest(northwind, rita)
        seen = shown_sha256(northwind)
        keep(northwind, 4, rita, note="Looked again")
        with pytest.raises(OutdatedError, match="not what is to be signed"):
            sign(northwind, finn, seen)
        assert sign(northwind, finn).sha256 == shown_sha256(northwind)


def test_nothing_of_a_signed_audit_changes_not_even_past_the_services(
    northwind: Client, rita: User, finn: User
) -> None:
    with tenant_context(northwind):
        an_audit(northwind, rita)
        check_rest(northwind, rita)
        sign(northwind, finn)
        with pytest.raises(OutdatedError, match="is signed"):
            keep(northwind, 1, rita)
        with pytest.raises(OutdatedError, match="is signed"):
            follow_up_raise(
                client=northwind, found=QuarterAudit.objects.get(), text="Late", owner=rita, due_on=dt.date(2026, 6, 1),
                user=rita, today=NOW.date(),
            )  # fmt: skip
        writes: list[Callable[[], object]] = [
            lambda: AuditedContract.objects.update(note="x"),
            lambda: AuditedContract.objects.all().delete(),
            lambda: QuarterAudit.objects.update(state="open"),
            lambda: AuditSignature.objects.update(sha256="x"),
        ]
        for write in writes:
            with pytest.raises(DatabaseError), transaction.atomic():
                write()


def test_a_signed_audit_says_which_of_its_months_were_restated_since_and_by_what(
    northwind: Client, rita: User, finn: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(northwind):
        an_audit(northwind, rita)
        check_rest(northwind, rita)
        sign(northwind, finn)
    page, heading = signed_in(rita), "Restated after this was signed"
    assert heading not in page.get(PAGE).text
    with tenant_context(northwind):
        ContractLine.objects.filter(line_id="K03/1").update(amount=1)
        books_rebuild_all(client=northwind, now=NOW)
        closes = month_restate(client=northwind, month=month_parse("2026-03"), reason="A credit of April", user=finn)
        own = next(close for close in closes if close.recognition == "start")
        found = restated_after(northwind, audit_view(QuarterAudit.objects.get()))
        assert [(each.key, each.close.revision) for each in found] == [("2026-03", own.revision)]
    shown = page.get(PAGE).text
    assert heading in shown and "A credit of April" in shown and "/months/2026-03/2/" in shown
    paper = pdf_text(page.get(f"{PAGE}audit.pdf").content)
    assert heading in paper and "Mar 2026, revision 2" in paper and "A credit of April" in paper
    with tenant_context(northwind):
        kept = AuditSignature.objects.get()
        assert kept.sha256 in paper and audit_log.digest(kept.content) == kept.sha256, "what was signed stays as it is"


def test_who_alone_is_finance_is_told_before_they_draw_that_nobody_could_sign(
    northwind: Client, finn: User, rita: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(northwind):
        book_load(northwind)
    listed, warned = "/c/northwind/oversight/audits/", "Nobody could sign what you draw"
    assert warned in signed_in(finn).get(listed).text and warned not in signed_in(rita).get(listed).text
    with tenant_context(northwind):
        audit_draw(client=northwind, quarter=QUARTER, size=10, due_on=dt.date(2030, 5, 15), user=finn, now=NOW)
    assert "Nobody may sign this audit" in signed_in(rita).get(PAGE).text
    other = User.objects.create_user("fred@example.com", "x", name="Fred")
    with tenant_context(northwind):
        member_add(client=northwind, user=other, role=ClientRole.FINANCE)
    assert "Nobody may sign this audit" not in signed_in(rita).get(PAGE).text


def test_what_was_drawn_does_not_change_before_the_signature_either(northwind: Client, rita: User) -> None:
    with tenant_context(northwind):
        an_audit(northwind, rita)
        for write in (
            lambda: QuarterAudit.objects.update(seed="chosen"),
            lambda: AuditedContract.objects.filter(position=1).update(sheet={}),
            lambda: AuditedContract.objects.filter(position=1).delete(),
        ):
            with pytest.raises(DatabaseError, match="never change"), transaction.atomic():
                write()


def test_a_follow_up_is_asked_of_whoever_can_open_the_audit(
    northwind: Client, rita: User, stan: User, otto: User, signed_in: Callable[[User], Browser]
) -> None:
    """A stakeholder is one of the client's people too, but the notice would lead to a page that is not for them."""
    with tenant_context(northwind):
        found = an_audit(northwind, rita)
        about = {"client": northwind, "found": found, "user": rita, "today": NOW.date()}
        with pytest.raises(DefinitionError, match="one of the client's people"):
            follow_up_raise(text="Look", owner=otto, due_on=dt.date(2026, 6, 1), **about)  # type: ignore[arg-type]
        with pytest.raises(DefinitionError, match="sees audits of contracts"):
            follow_up_raise(text="Look", owner=stan, due_on=dt.date(2026, 6, 1), **about)  # type: ignore[arg-type]
        with pytest.raises(DefinitionError, match="a day to come"):
            follow_up_raise(text="Look", owner=rita, due_on=NOW.date(), **about)  # type: ignore[arg-type]
        with pytest.raises(DefinitionError, match="five years ahead at most"):
            follow_up_raise(text="Look", owner=rita, due_on=dt.date.max, **about)  # type: ignore[arg-type]
        assert not AuditFollowUp.objects.exists()
    page = signed_in(rita).get(f"/c/northwind/oversight/audits/{found.quarter}/").content.decode()
    assert ">Rita" in page and ">Stan" not in page


def test_a_single_difference_without_a_follow_up_is_said_before_the_signature_and_none_is_offered_after_it(
    northwind: Client, rita: User, finn: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(northwind):
        an_audit(northwind, rita)
        keep(northwind, 1, rita, result="differs", difference=Decimal(-500), reason="price", note="Uplift")
        check_rest(northwind, rita)
    ritas, finns = signed_in(rita), signed_in(finn)
    for page in (ritas.get(PAGE).text, finns.get(PAGE).text):
        assert "1 contract differs, no follow-up was raised." in page and "every pattern has its follow-up" not in page
        assert "Raise a follow-up" in page
    with tenant_context(northwind):
        sign(northwind, finn)
    assert "Raise a follow-up" not in ritas.get(PAGE).text
    sent = {"text": "Late", "owner": str(rita.pk), "due_on": "2031-01-01"}
    late = ritas.post(f"{PAGE}follow-up/", sent)
    assert late.status_code == 409 and "his audit is signed" in late.text
