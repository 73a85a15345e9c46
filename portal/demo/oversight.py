"""The oversight of the demonstration: a signed audit with one difference, and a dispute that is looked into."""

import datetime as dt
from decimal import Decimal

from governance.models import AuditedContract, ContractResult, QuarterAudit, ReasonClass
from governance.selectors.published_figures import Subject
from governance.selectors.quarter_audits import audit_content, audit_get, audit_view, quarter_to_audit
from governance.services.figure_disputes import dispute_comment, dispute_raise, dispute_take, evidence_attach
from governance.services.quarter_audits import (
    Found,
    audit_draw,
    audit_sign,
    follow_up_raise,
    intent_text,
    result_keep,
)
from metrics.selectors.closes import latest_closes
from metrics.selectors.drill import customers_of_cell
from portal.accounts.models import User
from portal.accounts.proofs import Place, Proof
from portal.tenancy import audit as log
from portal.tenancy.actor import Actor, acting_as
from portal.tenancy.models import Client

FOLDER = "Contracts, Signed, 2026"
AGENT = "Mozilla/5.0 (Macintosh; Intel Mac OS X 15_1)"


def oversight_load(client: Client, people: dict[str, User], now: dt.datetime) -> None:
    """Rita of RevOps audits, Finn of Finance signs, and Eve does not believe a figure."""
    rita, finn, eve = people["rita"], people["finn"], people["eve"]
    period = quarter_to_audit(client, now)
    if period is not None:
        with acting_as(Actor(rita.email, rita.pk)):
            audit_checked(client, period.key, rita, now)
        with acting_as(Actor(finn.email, finn.pk)):
            audit_signed(client, period.key, rita, finn, now)
    disputed(client, rita, eve)


def audit_checked(client: Client, quarter: str, rita: User, now: dt.datetime) -> None:
    """Twelve contracts, of which one is not what its signed paper says."""
    due = now.date() + dt.timedelta(days=30)
    found = audit_draw(client=client, quarter=quarter, size=12, due_on=due, user=rita, now=now)
    rows = list(AuditedContract.objects.filter(audit=found))
    off = next((row for row in rows if row.arr > 0), rows[0])
    for row in rows:
        given = Found(ContractResult.AGREES, reference=f"{FOLDER}, {row.contract_id}.pdf")
        if row.pk == off.pk:
            cut = -(row.arr * Decimal("0.08")).quantize(Decimal("0.01")) or Decimal("-100.00")
            given = Found(
                ContractResult.DIFFERS, cut, ReasonClass.PRICE,
                "Amendment 2, signed by both sides, gives 8% off; the billing export has the list price.",
                f"{FOLDER}, {row.contract_id}.pdf, page 7",
            )  # fmt: skip
        result_keep(client=client, contract=row, version=row.version, given=given, user=rita)


def audit_signed(client: Client, quarter: str, rita: User, finn: User, now: dt.datetime) -> None:
    """A follow-up for the difference, and Finance's signature."""
    found = QuarterAudit.objects.select_related("auditor").get(quarter=quarter)
    follow_up_raise(
        client=client, found=found, owner=rita, due_on=now.date() + dt.timedelta(days=21), user=finn, today=now.date(),
        text="Ask billing to carry discounts of amendments, and look through the other amendments of this year",
    )  # fmt: skip
    shown = audit_get(quarter)
    assert shown is not None
    audit_sign(
        client=client, found=found, sha256=log.digest(audit_content(client, audit_view(shown))),
        intent=intent_text(client, finn, quarter), user=finn, proof=Proof("password and second factor", now),
        place=Place("203.0.113.40", AGENT),
    )  # fmt: skip


def disputed(client: Client, rita: User, eve: User) -> None:
    """The expansion of the newest closed month: the executive thinks that a renewal was counted as an upsell."""
    month = max(close.month for close in latest_closes())
    cell = customers_of_cell(client, None, month, month, column="expansion")
    if not cell.customers:
        return
    largest = cell.customers[0]
    with acting_as(Actor(eve.email, eve.pk)):
        row = dispute_raise(
            client=client, subject=Subject("expansion", month), believed=cell.amount - largest.amount, user=eve,
            reason=f"{largest.name} renewed at the same price, as far as I know: I would not call that expansion.",
        )  # fmt: skip
    with acting_as(Actor(rita.email, rita.pk)):
        dispute_take(client=client, dispute=row, owner=rita, user=rita)
        evidence_attach(client=client, dispute=row, customer=largest.customer, user=rita)
        text = "The renewal adds seats from the first of the month. I have asked Sales for the signed order form."
        dispute_comment(client=client, dispute=row, text=text, user=rita)
