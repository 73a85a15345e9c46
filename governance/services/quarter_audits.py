"""Auditing a quarter: drawing the sample, keeping results, raising follow-ups, and Finance's signature.

`audit_draw(client=, quarter=, size=, due_on=, user=, now=)` · `result_keep(client=, contract=, version=, given=, user=)` ·
`follow_up_raise(client=, audit=, text=, owner=, due_on=, pattern=, user=)` · `follow_up_settle(follow_up=, outcome=, user=)` ·
`follow_up_take(client=, follow_up=, owner=, user=)` · `follow_up_release(client=, follow_up=, why=)` ·
`audit_sign(client=, found=, sha256=, intent=, user=, proof=, place=)`. All run in the client's scope.

A sample is drawn once. From the signature on nothing of the audit changes: here, and by trigger.
"""

import datetime as dt
import hashlib
import secrets
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.urls import reverse

from governance.models import (
    AuditedContract,
    AuditFollowUp,
    AuditSignature,
    AuditState,
    ContractResult,
    EvidenceFile,
    QuarterAudit,
    ReasonClass,
)
from governance.sampling import FEWEST, MOST, contracts_draw, population_bytes
from governance.selectors.audit_sheets import AuditInputError, QuarterBook, quarter_book, sheet_of
from governance.selectors.quarter_audits import audit_content, audit_view, auditable_quarters, took_part
from governance.services.problems import DefinitionError, OutdatedError, require_legible
from metrics.figures import from_cents
from portal.accounts.proofs import Place, Proof
from portal.accounts.same_person import mailbox_of
from portal.lib.dates import date_text, is_near, quarter_text
from portal.notices.audience import members_in, own_people_who, people_who
from portal.notices.kinds import Kind
from portal.notices.services.raising import notice_add
from portal.tenancy import audit as log
from portal.tenancy.clock import database_time, day_at
from portal.tenancy.models import Client, ClientRole, Membership
from portal.tenancy.permissions import RUN_AUDITS, VIEW_AUDITS

LARGEST: Final = Decimal(10) ** 15


@dataclass(frozen=True)
class Found:
    """What somebody found about a contract: `difference` is what the source says less what the engine says."""

    result: str
    difference: Decimal | None = None
    reason: str = ""
    note: str = ""
    reference: str = ""
    evidence: EvidenceFile | None = None


def audit_draw(
    *, client: Client, quarter: str, size: int, due_on: dt.date, user: Any, now: dt.datetime
) -> QuarterAudit:
    """Draw the sample of a quarter and compute its work sheets. Whoever draws is the auditor.

    DefinitionError for a quarter that is not over, not closed or has no figures; OutdatedError where it was drawn already.
    """
    Client.objects.select_for_update(no_key=True).get(pk=client.pk)
    if QuarterAudit.objects.filter(quarter=quarter).exists():
        raise OutdatedError(f"the sample of {quarter_text(quarter)} was drawn already: a quarter is drawn once")
    period = next((each for each in auditable_quarters(client, now) if each.key == quarter), None)
    if period is None:
        raise DefinitionError(f"{quarter_text(quarter)} is no quarter that is over and whose last month is closed")
    if not FEWEST <= size <= MOST:
        raise DefinitionError(f"a sample has {FEWEST} to {MOST} contracts")
    today = day_at(client, now)
    if due_on <= today or not is_near(due_on, today):
        raise DefinitionError("the audit is due on a day to come, five years ahead at most")
    try:
        book = quarter_book(client, period.first, period.last)
        population = population_bytes(book.contracts)
        seed = secrets.token_hex(16)  # after the ids: nobody can choose it to fit them
        drawn = contracts_draw(seed, book.contracts, size)
        sheets = [sheet_of(book, contract) for contract in drawn]
    except AuditInputError as error:
        raise DefinitionError(str(error)) from error
    found: QuarterAudit = QuarterAudit.objects.create(
        quarter=quarter, first_month=period.first, last_month=period.last, size=size, seed=seed,
        population=population.decode(), population_count=len(book.contracts),
        population_sha256=hashlib.sha256(population).hexdigest(), policy_number=book.version.number,
        policy_parameters=book.policy.to_dict(), due_on=due_on, auditor=user, drawn_at=database_time(),
    )  # fmt: skip
    AuditedContract.objects.bulk_create(
        [contract_row(client, found, book, place, sheet) for place, sheet in enumerate(sheets, start=1)]
    )
    details = {
        "quarter": quarter, "seed": seed, "size": size, "population": found.population_count,
        "population_sha256": found.population_sha256, "contracts": list(drawn), "due_on": due_on, "by": user.email,
    }  # fmt: skip
    log.record("quarter_audit.drawn", object_type="quarter audit", object_id=quarter, after=population, details=details)
    return found


def contract_row(
    client: Client, found: QuarterAudit, book: QuarterBook, place: int, sheet: dict[str, Any]
) -> AuditedContract:
    """A contract of the sample, not yet saved."""
    contract = sheet["contract"]
    return AuditedContract(
        client=client, audit=found, position=place, contract_id=contract, customer_name=sheet["customer"]["name"][:200],
        arr=from_cents(book.cents[contract].get(book.last, 0)), sheet=sheet, sheet_sha256=log.digest(sheet),
    )  # fmt: skip


def result_keep(*, client: Client, contract: AuditedContract, version: int, given: Found, user: Any) -> AuditedContract:
    """Keep what was found about a contract. OutdatedError where the audit is signed or somebody was faster."""
    found = open_audit(contract.audit_id)
    row: AuditedContract = AuditedContract.objects.select_for_update().get(pk=contract.pk)
    if row.version != version:
        raise OutdatedError
    check_found(given)
    before = found_said(row)
    row.result, row.difference, row.reason = given.result, given.difference, given.reason
    row.note, row.reference = given.note.strip(), given.reference.strip()[:400]
    row.evidence = given.evidence or row.evidence
    row.checked_by, row.checked_at, row.version = user, database_time(), row.version + 1
    row.save()
    log.record(
        "quarter_audit.checked", object_type="quarter audit", object_id=found.quarter, before=before,
        after=found_said(row), details={"contract": row.contract_id, **found_said(row), "by": user.email},
    )  # fmt: skip
    return row


def check_found(given: Found) -> None:
    """DefinitionError where a result lacks what it needs."""
    if given.result not in (ContractResult.AGREES, ContractResult.DIFFERS, ContractResult.NOT_FOUND):
        raise DefinitionError("say whether it agrees, differs or was not found")
    require_legible(given.note)
    require_legible(given.reference)
    if given.result == ContractResult.AGREES:
        if given.difference or given.reason:
            raise DefinitionError("a contract that agrees has no difference and no reason")
        return
    if given.reason not in ReasonClass.values:
        raise DefinitionError("choose the reason, so that what comes again is seen")
    if not given.note.strip():
        raise DefinitionError("say what the source says, so that somebody else can follow it")
    if given.result == ContractResult.DIFFERS:
        if not given.difference or not given.difference.is_finite() or abs(given.difference) >= LARGEST:
            raise DefinitionError("say by how much it differs: what the source says, less what the sheet says")
    elif given.difference is not None:
        raise DefinitionError("what was not found has no amount")


def found_said(row: AuditedContract) -> dict[str, Any]:
    """A result as the log tells it."""
    return {
        "result": row.result, "difference": row.difference, "reason": row.reason, "note": row.note,
        "reference": row.reference, "evidence": row.evidence.sha256 if row.evidence else "",
    }  # fmt: skip


def open_audit(pk: int) -> QuarterAudit:
    """The audit with its auditor, locked; OutdatedError once it is signed."""
    rows = QuarterAudit.objects.select_for_update(of=("self",)).select_related("auditor")
    found: QuarterAudit = rows.defer("population").get(pk=pk)
    if found.is_signed:
        raise OutdatedError("this audit is signed: nothing of it changes any more")
    return found


# --- follow-ups -------------------------------------------------------------------------------------------------------


def follow_up_raise(
    *, client: Client, found: QuarterAudit, text: str, owner: Any, due_on: dt.date, user: Any, pattern: str = "",
    today: dt.date,
) -> AuditFollowUp:  # fmt: skip
    """Say what is to be done about a finding, by whom and until when; the owner is told. OutdatedError once it is signed."""
    found = open_audit(found.pk)
    if not text.strip():
        raise DefinitionError("say what is to be done")
    require_legible(text)
    if due_on <= today or not is_near(due_on, today):
        raise DefinitionError("a follow-up is due on a day to come, five years ahead at most")
    require_reader(client, owner)
    view = audit_view(found)
    if pattern and pattern not in {each.key for each in view.patterns}:
        raise OutdatedError("this pattern is no longer among the differences: look at the audit once more")
    row: AuditFollowUp = AuditFollowUp.objects.create(
        audit=found, pattern=pattern, text=text.strip()[:400], owner=owner, due_on=due_on, raised_by=user,
        raised_at=database_time(),
    )  # fmt: skip
    details = {"quarter": found.quarter, "text": row.text, "owner": owner.email, "due_on": due_on, "pattern": pattern}
    log.record(
        "quarter_audit.follow_up", object_type="quarter audit", object_id=found.quarter, after=details, details=details
    )
    notice_add(
        client=client, users=[owner], kind=Kind.AUDIT, path=audit_path(client, found.quarter), about=f"audit {found.quarter}",
        text=f"The audit of {quarter_text(found.quarter)} asks you, until {date_text(due_on)}: {row.text}",
    )  # fmt: skip
    return row


def follow_up_take(*, client: Client, follow_up: AuditFollowUp, owner: Any, user: Any) -> AuditFollowUp:
    """Say who does it from now on, with the same due day; they are told. OutdatedError where it is settled already."""
    row = open_follow_up(follow_up)
    require_reader(client, owner)
    if owner == row.owner:
        raise DefinitionError("nothing was changed")
    follow_up_owned(row, owner, f"by {user.email}")
    notice_add(
        client=client, users=[owner], kind=Kind.AUDIT, path=audit_path(client, row.audit.quarter),
        about=f"audit {row.audit.quarter}",
        text=f"Yours now, of the audit of {quarter_text(row.audit.quarter)}, until {date_text(row.due_on)}: {row.text}",
    )  # fmt: skip
    return row


def follow_up_release(*, client: Client, follow_up: AuditFollowUp, why: str) -> AuditFollowUp:
    """Whoever was to do it is not here any more: it is nobody's. Whoever raised it and runs audits is told."""
    row = open_follow_up(follow_up)
    follow_up_owned(row, None, why)
    notice_add(
        client=client, users=[*own_people_who(client, RUN_AUDITS), row.raised_by], kind=Kind.AUDIT,
        path=audit_path(client, row.audit.quarter), about=f"audit {row.audit.quarter}",
        text=f"{why}, and nobody does this any more, of the audit of {quarter_text(row.audit.quarter)}, due on "
        f"{date_text(row.due_on)}: {row.text}",
    )  # fmt: skip
    return row


def follow_up_owned(row: AuditFollowUp, owner: Any, why: str) -> None:
    """Keep who does a follow-up from now on, None for nobody, with its audit entry."""
    emails = [each.email if each else "" for each in (row.owner, owner)]
    row.owner = owner
    row.save(update_fields=["owner"])
    log.record(
        "quarter_audit.follow_up_owner", object_type="quarter audit", object_id=row.audit.quarter, before=emails[0],
        after=emails[1], details={"text": row.text, "owner": emails, "why": why},
    )  # fmt: skip


def open_follow_up(follow_up: AuditFollowUp) -> AuditFollowUp:
    """The follow-up, locked; OutdatedError where it is settled already."""
    rows = AuditFollowUp.objects.select_for_update(of=("self",)).select_related("audit", "owner", "raised_by")
    row: AuditFollowUp = rows.get(pk=follow_up.pk)
    if row.done_at is not None:
        raise OutdatedError("this was settled already: look at it once more")
    return row


def require_reader(client: Client, owner: Any) -> None:
    """DefinitionError where somebody cannot open an audit of the client: what they were asked to do would lead nowhere."""
    if owner not in people_who(client, VIEW_AUDITS):
        raise DefinitionError(
            "the owner sees audits of contracts, as one of the client's people or of the firm's who work on it"
        )


def follow_up_settle(*, follow_up: AuditFollowUp, outcome: str, user: Any) -> AuditFollowUp:
    """Say what came of a follow-up. OutdatedError where it is settled already."""
    row = open_follow_up(follow_up)
    if not outcome.strip():
        raise DefinitionError("say what came of it")
    require_legible(outcome)
    row.outcome, row.done_by, row.done_at = outcome.strip()[:1000], user, database_time()
    row.save(update_fields=["outcome", "done_by", "done_at"])
    log.record(
        "quarter_audit.settled", object_type="quarter audit", object_id=row.audit.quarter, before="open", after="settled",
        details={"text": row.text, "outcome": row.outcome},
    )  # fmt: skip
    return row


# --- signing ----------------------------------------------------------------------------------------------------------


def intent_text(client: Client, user: Any, quarter: str) -> str:
    """What the signature says, in full."""
    return (
        f"I, {user.get_full_name()}, sign for Finance of {client.name}: the contracts of the {quarter_text(quarter)} audit "
        f"were drawn as stated and held against their sources, and its results and follow-ups are as shown."
    )


def audit_sign(
    *, client: Client, found: QuarterAudit, sha256: str, intent: str, user: Any, proof: Proof, place: Place
) -> AuditSignature:
    """Sign the whole audit exactly as it was shown; from then on it does not change.

    OutdatedError where it is no longer what was shown; DefinitionError for whoever checked contracts of it, for anybody but
    the client's Finance, and while a result or a follow-up to a pattern is missing.
    """
    audit_row = open_audit(found.pk)
    list(AuditedContract.objects.filter(audit=audit_row).select_for_update().values_list("pk"))
    view = audit_view(audit_row)
    require_signer(client, view, user)
    content = audit_content(client, view)
    if sha256 != log.digest(content) or intent != intent_text(client, user, audit_row.quarter):
        raise OutdatedError("what you read is not what is to be signed: read it once more")
    if not view.is_complete:
        raise DefinitionError("every contract needs its result, and every pattern a follow-up, before it is signed")
    signature: AuditSignature = AuditSignature.objects.create(
        audit=audit_row, user=user, content=content, sha256=sha256, intent=intent, auth_method=proof.method,
        auth_at=proof.at, signed_at=database_time(), address=place.address[:64], user_agent=place.user_agent[:400],
    )  # fmt: skip
    audit_row.state = AuditState.SIGNED
    audit_row.save(update_fields=["state"])
    log.record(
        "quarter_audit.signed", object_type="quarter audit", object_id=audit_row.quarter, before="open", after=sha256,
        details={"sha256": sha256, "off": len(view.off), "contracts": len(view.contracts), "auth_method": proof.method,
                 "auth_at": proof.at, "address": signature.address},
    )  # fmt: skip
    tell_signed(client, view, user)
    return signature


def require_signer(client: Client, view: Any, user: Any) -> None:
    """DefinitionError unless a person is of the client's Finance and never, under no account, drew or checked any of it."""
    if not Membership.objects.filter(user=user, role=ClientRole.FINANCE).exists():
        raise DefinitionError(f"an audit is signed by Finance of {client.name}")
    if mailbox_of(user.email) in took_part(view):
        raise DefinitionError(
            "whoever drew the sample or checked a contract does not sign it: ask a colleague in Finance"
        )


def tell_signed(client: Client, view: Any, user: Any) -> None:
    """Tell the auditor, the client's admins and its RevOps what was signed."""
    count, off = len(view.contracts), len(view.off)
    people = [view.audit.auditor, *members_in(ClientRole.ADMIN, ClientRole.REVOPS)]
    differ = (
        "all agree with their source" if not off else f"{off} {'is' if off == 1 else 'are'} not what the source says"
    )
    notice_add(
        client=client, users=people, kind=Kind.AUDIT, path=audit_path(client, view.audit.quarter),
        about=f"audit {view.audit.quarter}",
        text=f"{user.get_full_name()} signed the audit of {quarter_text(view.audit.quarter)}: of {count} contracts {differ}",
    )  # fmt: skip


def audit_path(client: Client, quarter: str) -> str:
    """The page of an audit."""
    return reverse("quarter_audit", kwargs={"client_slug": client.slug, "quarter": quarter})
