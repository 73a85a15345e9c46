"""The access matrix of oversight: audits of contracts, and disputes of figures."""

import datetime as dt
from typing import Any

from django.core.files.base import ContentFile
from django.utils import timezone

from governance.models import AuditedContract, AuditFollowUp, EvidenceFile, FigureDispute
from governance.selectors.board_review import review_content, review_quarters
from governance.selectors.published_figures import Subject
from governance.services.evidence import evidence_keep
from governance.services.figure_disputes import dispute_raise, dispute_settle, dispute_take
from governance.services.quarter_audits import follow_up_raise, intent_text
from metrics.models import ContractLine
from portal.accounts.models import User
from portal.lib.periods import month_parse
from portal.tenancy import audit as log
from portal.tenancy.clock import database_time
from portal.tenancy.models import Client, ClientRole
from portal.tenancy.permissions import (
    HOLD_REVIEW,
    RAISE_DISPUTES,
    RESOLVE_DISPUTES,
    RUN_AUDITS,
    SIGN_AUDITS,
    VIEW_ARR,
    VIEW_AUDITS,
    VIEW_POLICY,
    VIEW_REVIEW,
)
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import member_add
from tests.governance.audits import NOW, QUARTER, an_audit, book_load, check_rest, shown_sha256
from tests.reporting.numbers import numbers_load
from tests.tenancy.matrix import Route, rightful

MONTH = dt.timedelta(days=30)
FEW_CONTRACTS = (
    3  # all of them are drawn, and each has a work sheet that is computed whenever the audit is made or looked at
)


def rupert(client: Client) -> User:
    """Somebody of the client's RevOps who audits, and is none of the people of the matrix."""
    user, is_new = User.objects.get_or_create(email=f"rupert@{client.slug}.example", defaults={"name": "Rupert"})
    if is_new:
        member_add(client=client, user=user, role=ClientRole.REVOPS)
    return user


def rosa(client: Client) -> User:
    """Somebody of the client's RevOps who doubts a figure: whoever does is not the one who looks into it."""
    user, is_new = User.objects.get_or_create(email=f"rosa@{client.slug}.example", defaults={"name": "Rosa"})
    if is_new:
        member_add(client=client, user=user, role=ClientRole.REVOPS)
    return user


def drawn(client: Client) -> dict[str, Any]:
    an_audit(client, rupert(client), contracts=FEW_CONTRACTS)
    return {"quarter": QUARTER}


def a_contract(client: Client) -> dict[str, Any]:
    return drawn(client) | {"position": 2}


def a_moved_contract(client: Client) -> dict[str, Any]:
    """A contract of the sample, whose price changed after its sheet was taken."""
    found = a_contract(client)
    contract = AuditedContract.objects.get(position=2).contract_id
    ContractLine.objects.filter(contract_id=contract).update(amount=77)
    return found


def checked(client: Client) -> dict[str, Any]:
    found = drawn(client)
    check_rest(client, rupert(client))
    return found


def a_follow_up(client: Client) -> dict[str, Any]:
    user = rupert(client)
    if not AuditFollowUp.objects.exists():
        follow_up_raise(
            client=client, found=an_audit(client, user, contracts=FEW_CONTRACTS), text="Ask billing", owner=user,
            due_on=dt.date(2026, 6, 1), user=user, today=NOW.date(),
        )  # fmt: skip
    return {"follow_up_id": AuditFollowUp.objects.get().pk}


def a_follow_up_of_nobody(client: Client) -> dict[str, Any]:
    """Whoever was to do it has left."""
    found = a_follow_up(client)
    AuditFollowUp.objects.update(owner=None)
    return found


def another_owner(client: Client) -> dict[str, Any]:
    with tenant_context(client):
        return {"owner": rupert(client).pk}


def some_evidence(client: Client) -> dict[str, Any]:
    if not EvidenceFile.objects.exists():
        evidence_keep(client=client, upload=ContentFile(b"a,b\n1,2\n", "invoice.csv"))
    return {"file_id": EvidenceFile.objects.get().pk}


def the_next_quarter(client: Client) -> dict[str, Any]:
    """The form that draws the quarter that is closed."""
    with tenant_context(client):
        if not ContractLine.objects.exists():
            book_load(client, FEW_CONTRACTS)
    return {"quarter": QUARTER, "size": 10, "due_on": f"{database_time().date() + MONTH}"}


def as_shown(client: Client) -> dict[str, Any]:
    with tenant_context(client):
        checked(client)
        signer = rightful()
        return {"sha256": shown_sha256(client), "intent": intent_text(client, signer, QUARTER)}


def an_owner(client: Client) -> dict[str, Any]:
    with tenant_context(client):
        return {"text": "Ask billing", "owner": rupert(client).pk, "due_on": f"{database_time().date() + MONTH}"}


SUBJECT = Subject("ending", month_parse("2026-03"))


def a_dispute(client: Client) -> dict[str, Any]:
    """The ARR of March 2026 is disputed by Rosa; Rupert is there to look into it."""
    rupert(client)
    if not FigureDispute.objects.exists():
        numbers_load(client)
        dispute_raise(client=client, subject=SUBJECT, believed=None, reason="Too high", user=rosa(client))
    return {"number": 1}


def looked_into(client: Client) -> dict[str, Any]:
    found = a_dispute(client)
    row = FigureDispute.objects.get()
    if row.state == "raised":
        dispute_take(client=client, dispute=row, owner=rupert(client), user=rupert(client))
    return found


def settled(client: Client) -> dict[str, Any]:
    found = looked_into(client)
    row = FigureDispute.objects.get()
    if row.is_open:
        finn = User.objects.get_or_create(email=f"felix@{client.slug}.example")[0]
        dispute_settle(client=client, dispute=row, step="stand", reason="Signed", user=finn)
    return found


def ones_own(client: Client) -> dict[str, Any]:
    """Ana's own dispute: whoever raised it alone takes it back."""
    a_quarter(client)
    ana = User.objects.filter(email="ana@example.com").first() or rupert(client)
    if not FigureDispute.objects.exists():
        dispute_raise(client=client, subject=SUBJECT, believed=None, reason="Too high", user=ana)
    return {"number": 1}


def a_figure(client: Client) -> dict[str, Any]:
    """The form that disputes a figure."""
    with tenant_context(client):
        a_quarter(client)
    return {"figure": "ending", "month": "2026-03", "recognition": "start", "reason": "Too high"}


def the_owner(client: Client) -> dict[str, Any]:
    with tenant_context(client):
        return {"owner": rupert(client).pk}


def a_quarter(client: Client) -> dict[str, Any]:
    """A quarter with figures."""
    if not ContractLine.objects.exists():
        numbers_load(client)
    return {"quarter": QUARTER}


def as_held(client: Client) -> dict[str, Any]:
    """The form that keeps the review as it is shown."""
    with tenant_context(client):
        a_quarter(client)
        period = next(each for each in review_quarters(client, timezone.now()) if each.key == QUARTER)
        sha256 = log.digest(review_content(client, period))
    return {"sha256": sha256, "held_on": "2026-06-01", "present": "The board"}


OVERSIGHT_ROUTES = [
    Route("oversight", VIEW_POLICY, status=(302,)),
    Route("quarter_audits", VIEW_AUDITS, status=(200,)),
    Route("quarter_audit_draw", RUN_AUDITS, "post", data=the_next_quarter, status=(302,)),
    Route("quarter_audit", VIEW_AUDITS, "get", drawn, status=(200,)),
    Route("quarter_audit_pdf", VIEW_AUDITS, "get", drawn, status=(200,)),
    Route("quarter_audit_json", VIEW_AUDITS, "get", drawn, status=(200,)),
    Route("quarter_audit_contracts", VIEW_AUDITS, "get", drawn, status=(200,)),
    Route("quarter_audit_contract", VIEW_AUDITS, "get", a_contract, status=(200,)),
    Route(
        "quarter_audit_result", RUN_AUDITS, "post", a_contract, {"version": 1, "result": "agrees"}, (302,)
    ),
    Route("quarter_audit_sheet", RUN_AUDITS, "post", a_moved_contract, {"version": 1}, (302,)),
    Route("quarter_audit_follow_up", RUN_AUDITS, "post", drawn, an_owner, (302,)),
    Route("audit_follow_up_owner", RUN_AUDITS, "post", a_follow_up_of_nobody, another_owner, (302,)),
    Route("audit_follow_up_settle", RUN_AUDITS, "post", a_follow_up, {"outcome": "Mended"}, (302,)),
    Route("quarter_audit_sign", SIGN_AUDITS, "post", checked, as_shown, (302,), rightful=ClientRole.FINANCE),
    Route("disputes", VIEW_ARR, status=(200,)),
    Route("dispute_new", RAISE_DISPUTES, "post", data=a_figure, status=(302,)),
    Route("dispute", VIEW_ARR, "get", a_dispute, status=(200,)),
    Route("dispute_take", RESOLVE_DISPUTES, "post", a_dispute, the_owner, (302,)),
    Route("dispute_attach", RESOLVE_DISPUTES, "post", a_dispute, {"customer": "bolt"}, (302,)),
    Route("dispute_settle", RESOLVE_DISPUTES, "post", looked_into, {"step": "stand", "reason": "Signed"}, (302,)),
    Route("dispute_withdraw", RAISE_DISPUTES, "post", ones_own, {"text": "I was wrong"}, (302,)),
    Route("dispute_reopen", RAISE_DISPUTES, "post", settled, {"text": "An amendment"}, (302,)),
    Route("dispute_comment", RAISE_DISPUTES, "post", a_dispute, {"text": "The contract says so"}, (302,)),
    Route("board_reviews", VIEW_REVIEW, status=(200,)),
    Route("board_review", VIEW_REVIEW, "get", a_quarter, status=(200,)),
    Route("board_review_pdf", VIEW_REVIEW, "get", a_quarter, status=(200,), names_object=False),
    Route("board_review_json", VIEW_REVIEW, "get", a_quarter, status=(200,)),
    Route(
        "board_review_hold", HOLD_REVIEW, "post", a_quarter, as_held, (302,), rightful=ClientRole.FINANCE,
        names_object=False,
    ),
    Route("handbook", VIEW_POLICY, status=(200,)),
    Route("handbook_pdf", VIEW_POLICY, status=(200,)),
    Route("evidence_file", VIEW_AUDITS, "get", some_evidence, status=(200,)),
]  # fmt: skip
