"""Reading audits of quarters. Runs in the client's scope; time is passed in.

`audit_list() -> list[AuditRow]` · `audit_get(quarter) -> QuarterAudit | None` · `audit_view(audit) -> AuditView` ·
`audit_views(audits) -> list[AuditView]` ·
`quarter_to_audit(client, now) -> Period | None` · `auditable_quarters(client, now) -> list[Period]` ·
`open_positions(audit) -> list[int]` · `audit_content(client, view)` · `took_part(view) -> set[str]`
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Count, Prefetch, Q

from governance.audit_patterns import Finding, Pattern, patterns_of
from governance.models import (
    AuditedContract,
    AuditFollowUp,
    AuditSignature,
    ContractResult,
    QuarterAudit,
    ReasonClass,
    ReplacedSheet,
)
from governance.sampling import METHOD
from metrics.models import MonthClose
from metrics.selectors.periods import Period, quarters_over
from portal.accounts.same_person import mailbox_of, mailboxes_of
from portal.lib.periods import month_format, month_of
from portal.tenancy import audit as log
from portal.tenancy.clock import day_at
from portal.tenancy.models import AuditEntry, Client

TAKING_PART: Final = ("quarter_audit.drawn", "quarter_audit.checked", "quarter_audit.sheet_renewed")
SCHEMA: Final = "tieout.quarter_audit/1"


@dataclass(frozen=True)
class AuditRow:
    """An audit of the list, with how many contracts were checked and how many are not what their lines say."""

    audit: QuarterAudit
    checked: int
    off: int
    open_follow_ups: int


@dataclass(frozen=True)
class AuditView:
    """An audit with its contracts, the patterns among its differences, what is done about them, and the signature."""

    audit: QuarterAudit
    contracts: tuple[AuditedContract, ...]
    patterns: tuple[Pattern, ...]
    follow_ups: tuple[AuditFollowUp, ...]
    signature: AuditSignature | None

    @property
    def checked(self) -> int:
        return sum(row.result != ContractResult.OPEN for row in self.contracts)

    @property
    def off(self) -> tuple[AuditedContract, ...]:
        """The contracts that are not what their lines say."""
        return tuple(row for row in self.contracts if row.is_off)

    @property
    def unanswered(self) -> tuple[Pattern, ...]:
        """The patterns for which no follow-up was raised."""
        answered = {row.pattern for row in self.follow_ups}
        return tuple(each for each in self.patterns if each.key not in answered)

    @property
    def is_checked(self) -> bool:
        """Whether every contract has its result."""
        return self.checked == len(self.contracts)

    @property
    def is_complete(self) -> bool:
        """Whether it can be signed: every contract has its result, every pattern its follow-up."""
        return self.is_checked and not self.unanswered

    @property
    def lacks_follow_ups(self) -> bool:
        """Whether nothing is in the way of a signature but patterns that nobody looks into."""
        return self.is_checked and bool(self.unanswered)


def audit_get(quarter: str) -> QuarterAudit | None:
    """The audit of a quarter, without the ids that were drawn from."""
    found: QuarterAudit | None = (
        QuarterAudit.objects.filter(quarter=quarter).select_related("auditor").defer("population").first()
    )
    return found


def audit_list() -> list[AuditRow]:
    """Every audit, the newest quarter first. Three queries."""
    rows = list(QuarterAudit.objects.select_related("auditor").defer("population"))
    checked = ~Q(result=ContractResult.OPEN)
    off = Q(result__in=[ContractResult.DIFFERS, ContractResult.NOT_FOUND])
    counts = AuditedContract.objects.order_by().values("audit_id")
    by_audit = {
        row["audit_id"]: row
        for row in counts.annotate(checked=Count("pk", filter=checked), off=Count("pk", filter=off))
    }
    waiting = AuditFollowUp.objects.filter(done_at=None).order_by().values("audit_id").annotate(n=Count("pk"))
    open_by_audit = {row["audit_id"]: row["n"] for row in waiting}
    return [
        AuditRow(row, by_audit[row.pk]["checked"], by_audit[row.pk]["off"], open_by_audit.get(row.pk, 0))
        for row in rows
    ]


def open_positions(found: QuarterAudit) -> list[int]:
    """The places of the contracts that nobody has checked, in the order of the sample."""
    rows = AuditedContract.objects.filter(audit=found, result=ContractResult.OPEN).order_by("position")
    return list(rows.values_list("position", flat=True))


def audit_view(found: QuarterAudit) -> AuditView:
    """Everything about one audit. Four queries."""
    return audit_views([found])[0]


def audit_views(audits: Sequence[QuarterAudit]) -> list[AuditView]:
    """Everything about several audits, in their order. Four queries, however many they are."""
    if not audits:
        return []
    contracts, follow_ups = defaultdict(list), defaultdict(list)
    before = Prefetch("replaced", ReplacedSheet.objects.select_related("replaced_by"))
    rows = AuditedContract.objects.filter(audit__in=audits).select_related("checked_by", "evidence")
    for contract in rows.prefetch_related(before):
        contracts[contract.audit_id].append(contract)
    raised = AuditFollowUp.objects.filter(audit__in=audits).select_related("owner", "raised_by", "done_by")
    for follow_up in raised:
        follow_ups[follow_up.audit_id].append(follow_up)
    signed = AuditSignature.objects.filter(audit__in=audits).select_related("user")
    signatures = {signature.audit_id: signature for signature in signed}
    labels = {value: str(label) for value, label in ReasonClass.choices}
    views = []
    for found in audits:
        sample = tuple(contracts[found.pk])
        patterns = patterns_of([Finding(row.is_off, row.reason, row.traits) for row in sample], labels)
        views.append(AuditView(found, sample, tuple(patterns), tuple(follow_ups[found.pk]), signatures.get(found.pk)))
    return views


def auditable_quarters(client: Client, now: dt.datetime) -> list[Period]:
    """The quarters of the client's fiscal year that are over, whose last month is closed, and that were not audited yet; the
    newest first.
    """
    quarters = quarters_over(month_of(day_at(client, now)), client.fiscal_year_start)
    ends = [period.last for period in quarters]
    closed = set(MonthClose.objects.filter(month__in=ends).order_by().values_list("month", flat=True).distinct())
    audited = set(QuarterAudit.objects.values_list("quarter", flat=True))
    return [period for period in quarters if period.last in closed and period.key not in audited]


def quarter_to_audit(client: Client, now: dt.datetime) -> Period | None:
    """The quarter whose audit is due: the newest that is over and closed, unless it, or a later one, was audited."""
    newest = QuarterAudit.objects.order_by("-last_month").values_list("last_month", flat=True).first()
    waiting = auditable_quarters(client, now)
    return waiting[0] if waiting and (newest is None or waiting[0].last > newest) else None


def follow_ups_open(owner: Any = None, *, or_nobodys: bool = False) -> list[AuditFollowUp]:
    """What audits found and nobody has settled, the most urgent first; of one owner where one is named, with `or_nobodys` also
    what is nobody's since whoever was to do it left.
    """
    rows = AuditFollowUp.objects.filter(done_at=None).select_related("audit", "owner").defer("audit__population")
    if owner is not None:
        rows = rows.filter(Q(owner=owner) | Q(owner=None) if or_nobodys else Q(owner=owner))
    return list(rows)


def audit_content(client: Client, view: AuditView) -> dict[str, Any]:
    """The whole audit as plain data: what is shown, what is signed, and what the PDF is set from."""
    found = view.audit
    return {
        "schema": SCHEMA,
        "client": {"slug": client.slug, "name": client.name, "currency": client.currency},
        "quarter": found.quarter,
        "months": [month_format(found.first_month), month_format(found.last_month)],
        "drawing": {
            "method": METHOD, "seed": found.seed, "size": found.size, "drawn_at": log.utc_text(found.drawn_at),
            "contracts": found.population_count, "contracts_sha256": found.population_sha256,
        },
        "policy": {"number": found.policy_number, "parameters": found.policy_parameters},
        "auditor": found.auditor.email,
        "contracts": [contract_content(row) | replaced_content(row) for row in view.contracts],
        "patterns": [{"key": each.key, "sentence": each.sentence} for each in view.patterns],
        "follow_ups": [follow_up_content(row) for row in view.follow_ups],
    }  # fmt: skip


def contract_content(row: AuditedContract) -> dict[str, Any]:
    """One contract with what was found."""
    evidence = {"name": row.evidence.name, "sha256": row.evidence.sha256} if row.evidence else None
    return {
        "position": row.position,
        "sheet": row.sheet,
        "sheet_sha256": row.sheet_sha256,
        "result": row.result,
        "difference": None if row.difference is None else str(row.difference),
        "reason": row.reason,
        "note": row.note,
        "reference": row.reference,
        "evidence": evidence,
        "checked_by": row.checked_by.email if row.checked_by else None,
        "checked_at": log.utc_text(row.checked_at) if row.checked_at else None,
    }


def replaced_content(row: AuditedContract) -> dict[str, Any]:
    """The sheets of a contract before it was taken anew, each with what was found about it; nothing where there are none."""
    sheets = [
        {
            **each.content, "replaced_by": each.replaced_by.email,
            "replaced_by_name": each.replaced_by.get_full_name(), "replaced_at": log.utc_text(each.replaced_at),
        }
        for each in row.replaced.all()
    ]  # fmt: skip
    return {"replaced": sheets} if sheets else {}


def follow_up_content(row: AuditFollowUp) -> dict[str, Any]:
    """A follow-up with whoever does it now: what comes of it, and what becomes of it after the signature, is no part of the
    audit.
    """
    return {
        "text": row.text, "pattern": row.pattern, "owner": row.owner.email if row.owner else None,
        "owner_name": row.owner.get_full_name() if row.owner else "Nobody", "due_on": row.due_on.isoformat(),
        "raised_by": row.raised_by.email, "raised_at": log.utc_text(row.raised_at),
    }  # fmt: skip


def took_part(view: AuditView) -> set[str]:
    """The mailboxes of everybody who drew an audit or ever checked a contract of it, whoever checked it once more since.

    A row names who checked it last; the log names them all.
    """
    people = {view.audit.auditor_id, *(row.checked_by_id for row in view.contracts)}
    rows = AuditEntry.objects.filter(
        object_type="quarter audit", object_id=view.audit.quarter, action__in=TAKING_PART
    ).values_list("actor_id", "details")
    entries = list(rows)
    boxes = mailboxes_of(pk for pk in (*people, *(actor for actor, _ in entries)) if pk)
    return {*boxes.values(), *(mailbox_of(details["by"]) for _, details in entries if details.get("by"))}
