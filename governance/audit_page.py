"""What the pages of audits and their paper show, made ready for their templates."""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

from django.urls import reverse
from django.utils import timezone

from governance.audit_forms import DrawForm, FollowUpForm, OutcomeForm, ResultForm
from governance.models import AuditedContract, ContractResult, QuarterAudit, ReasonClass, ReplacedSheet
from governance.oversight_page import people_to_choose, tabs
from governance.sampling import METHOD
from governance.selectors.audit_moved import sheet_moved, sheets_now
from governance.selectors.audit_sheets import AuditInputError
from governance.selectors.audit_signers import restated_after, signers_left
from governance.selectors.quarter_audits import (
    AuditView,
    audit_content,
    audit_list,
    audit_view,
    auditable_quarters,
    took_part,
)
from governance.services.quarter_audits import intent_text
from metrics.selectors.figures import BASES
from metrics.selectors.periods import Period
from portal.accounts.same_person import mailbox_of
from portal.lib.dates import month_text, quarter_text
from portal.lib.periods import month_parse
from portal.notices.audience import people_who
from portal.tenancy import audit as log
from portal.tenancy.access import TenantRequest
from portal.tenancy.clock import day_at, day_now, paper_reader
from portal.tenancy.models import Client
from portal.tenancy.permissions import RUN_AUDITS, SIGN_AUDITS, VIEW_AUDITS, VIEW_CLIENT
from portal.tenancy.reader import locale_of

RESULTS: Final = {"open": "waiting", "agrees": "agreed", "differs": "refused", "not_found": "refused"}
MOVEMENTS: Final = {
    "new": "New", "expansion": "Expansion", "contraction": "Contraction", "churn": "Churn", "reactivation": "Reactivation",
    "fx": "Exchange rates",
}  # fmt: skip


def list_context(request: TenantRequest, form: DrawForm | None = None) -> dict[str, Any]:
    """Every audit, and the form that draws the next sample."""
    may_run = request.standing.may(RUN_AUDITS)
    quarters = auditable_quarters(request.client, timezone.now())
    if form is None and may_run and quarters:
        form = draw_form(request, quarters)
    return {
        "tabs": tabs(request, "quarter_audits"),
        "rows": audit_list(),
        "form": form,
        "due": quarters[0].key if quarters else "",
        "may_run": may_run,
        "is_lone": form is not None and not signers_left({mailbox_of(request.user.get_username())}),
        "people_url": reverse("people", kwargs={"client_slug": request.client.slug}),
    }


def draw_form(request: TenantRequest, quarters: list[Period], data: Any = None) -> DrawForm:
    """The form with the quarters that can be drawn."""
    locale = locale_of(request)
    choices = [
        (each.key, f"{quarter_text(each.key)}, {month_text(each.first, locale)} to {month_text(each.last, locale)}")
        for each in quarters
    ]
    return DrawForm(data, quarters=choices, today=day_now(request.client))


def audit_context(request: TenantRequest, found: QuarterAudit, form: FollowUpForm | None = None) -> dict[str, Any]:
    """One audit: its contracts, what their differences have in common, follow-ups, drawing and signature."""
    view = audit_view(found)
    may_run = request.standing.may(RUN_AUDITS)
    content = view.signature.content if view.signature else audit_content(request.client, view)
    people = people_to_choose(request.client, VIEW_AUDITS) if may_run else []
    return {
        "audit": found,
        "view": view,
        "rows": [contract_row(row) for row in view.contracts],
        "moved": moved_of(request.client, found, view.contracts, [row.contract_id for row in view.contracts]),
        "patterns": [pattern_row(view, each, people) for each in view.patterns],
        "follow_ups": view.follow_ups,
        "outcome_form": OutcomeForm(),
        "people": people,
        "has_auditor": found.auditor in people_who(request.client, VIEW_CLIENT),
        "form": (form or FollowUpForm(people=people)) if may_run and not found.is_signed else None,
        "found_words": found_words(view),
        "method": METHOD,
        "sum": sum((row.difference or Decimal(0) for row in view.contracts), Decimal(0)),
        "sha256": log.digest(content),
        "may_run": may_run and not found.is_signed,
        "may_settle": may_run,
        "restated": restated_after(request.client, view),
        "people_url": reverse("people", kwargs={"client_slug": request.client.slug}),
        **signing_context(request, view),
    }


def found_words(view: AuditView) -> str:
    """What was found and what is done about it, in one sentence."""
    off, raised = len(view.off), len(view.follow_ups)
    if not off:
        return "No contract differs from its source."
    differ = "1 contract differs" if off == 1 else f"{off} contracts differ"
    if not raised:
        return f"{differ}, no follow-up was raised."
    return f"{differ}, {raised} follow-up{'s were' if raised > 1 else ' was'} raised."


def moved_of(
    client: Client, found: QuarterAudit, rows: Iterable[AuditedContract], sample: Iterable[str]
) -> list[dict[str, Any]]:
    """Those of some contracts of which the data says something else than their sheet, with their ARR now; None: it is gone.

    Nothing of an audit that is signed, and nothing where the quarter cannot be computed any more. The whole sample is looked
    at, which is remembered from one page to the next.
    """
    if found.is_signed:
        return []
    try:
        now = sheets_now(client, found, sample)
    except AuditInputError:
        return []
    told = [(row, now[row.contract_id]) for row in rows]
    return [
        {"contract": row, "arr": arr_of(sheet), "has_same_arr": arr_of(sheet) == row.arr}
        for row, sheet in told
        if sheet_moved(row.sheet, sheet)
    ]


def arr_of(sheet: dict[str, Any] | None) -> Decimal | None:
    """The ARR of a sheet at the end of its quarter."""
    return None if sheet is None else Decimal(sheet["months"][-1]["arr"])


def signing_context(request: TenantRequest, view: AuditView) -> dict[str, Any]:
    """Whether the reader can sign, what their signature says, and why they cannot yet."""
    if view.audit.is_signed:
        return {}
    boxes = took_part(view)
    nobody = {"nobody_signs": not signers_left(boxes)}
    if not request.standing.may(SIGN_AUDITS):
        return nobody
    is_partial = mailbox_of(request.user.get_username()) in boxes
    return nobody | {
        "may_sign": view.is_complete and not is_partial,
        "took_part": is_partial,
        "intent": intent_text(request.client, request.user, view.audit.quarter),
    }


def contract_row(row: AuditedContract) -> dict[str, Any]:
    """A contract of the list."""
    return {
        "contract": row,
        "state": RESULTS[row.result],
        "label": row.get_result_display(),
        "reason": row.get_reason_display() if row.reason else "",
    }


def pattern_row(view: AuditView, pattern: Any, people: list[tuple[str, str]]) -> dict[str, Any]:
    """A pattern with what is done about it, or the form that raises it."""
    answers = [row for row in view.follow_ups if row.pattern == pattern.key]
    form = None
    if people and not answers and not view.audit.is_signed:
        form = FollowUpForm(
            people=people, initial={"pattern": pattern.key}, auto_id=f"p{view.patterns.index(pattern)}_%s"
        )
    return {"pattern": pattern, "answers": answers, "form": form}


# --- one contract -----------------------------------------------------------------------------------------------------


def contract_context(
    request: TenantRequest, found: QuarterAudit, row: AuditedContract, form: ResultForm | None = None
) -> dict[str, Any]:
    """One contract: its sheet, what was found, and the form that says so."""
    may_run = request.standing.may(RUN_AUDITS) and not found.is_signed
    places = list(AuditedContract.objects.filter(audit=found).values_list("position", "result", "contract_id"))
    moved = moved_of(request.client, found, [row], [contract for _, _, contract in places])
    numbers = [place for place, _, _ in places]
    at = numbers.index(row.position)
    return {
        "audit": found,
        "row": row,
        "state": RESULTS[row.result],
        "reason": row.get_reason_display() if row.reason else "",
        "sheet": sheet_shown(row.sheet),
        "form": (form or ResultForm.of(row)) if may_run else None,
        "moved": moved[0] if moved else None,
        "replaced": [replaced_shown(each) for each in row.replaced.select_related("replaced_by")],
        "may_run": may_run,
        "count": len(places),
        "previous": numbers[at - 1] if at else None,
        "next": numbers[at + 1] if at + 1 < len(numbers) else None,
        "left": sum(result == ContractResult.OPEN for _, result, _ in places),
    }


def replaced_shown(row: ReplacedSheet) -> dict[str, Any]:
    """A sheet before it was taken anew, with what was found about it."""
    content, results, reasons = row.content, dict(ContractResult.choices), dict(ReasonClass.choices)
    return {
        "row": row,
        "arr": arr_of(content["sheet"]),
        "result": results[content["result"]],
        "reason": reasons.get(content["reason"], ""),
        "difference": None if content["difference"] is None else Decimal(content["difference"]),
        "note": content["note"],
        "reference": content["reference"],
        "lines": [line_shown(line) for line in content["sheet"]["lines"]],
    }


def sheet_shown(sheet: dict[str, Any]) -> dict[str, Any]:
    """A kept sheet with its amounts and days as such."""
    total = sheet["customer_total"]
    closed = None if total["closed"] is None else Decimal(total["closed"])
    return {
        **sheet,
        "months": [(month_parse(each["month"]), Decimal(each["arr"])) for each in sheet["months"]],
        "lines": [line_shown(line) for line in sheet["lines"]],
        "movements": [
            {"month": month_parse(each["month"]), "label": MOVEMENTS[each["kind"]], "amount": Decimal(each["amount"])}
            for each in sheet["movements"]
        ],
        "now": Decimal(total["now"]),
        "closed": closed,
        "revision": total["revision"],
        "moved_since": closed is not None and closed != Decimal(total["now"]),
    }


def line_shown(line: dict[str, Any]) -> dict[str, Any]:
    """A line of a kept sheet with its amounts and days as such."""
    days = ("signed_on", "starts_on", "ends_on", "live_on", "cancelled_on", "counts_from", "counts_until")
    amounts = ("amount", "discount", "annual_value", "arr")
    return {
        **line,
        **{name: dt.date.fromisoformat(line[name]) if line[name] else None for name in days},
        **{name: Decimal(line[name]) for name in amounts},
        "basis": BASES[line["basis"]],
    }


# --- on paper ---------------------------------------------------------------------------------------------------------


def paper_context(client: Client, found: QuarterAudit) -> dict[str, Any]:
    """The audit on paper: as it was signed, or as it stands."""
    view = audit_view(found)
    content = view.signature.content if view.signature else audit_content(client, view)
    results = {value: str(label) for value, label in ContractResult.choices}
    reasons = {value: str(label) for value, label in ReasonClass.choices}
    rows = [
        {
            **row, "sheet": sheet_shown(row["sheet"]), "result_text": results[row["result"]],
            "reason_text": reasons.get(row["reason"], ""),
            "difference": None if row["difference"] is None else Decimal(row["difference"]),
        }
        for row in content["contracts"]
    ]  # fmt: skip
    return {
        "content": content,
        "rows": rows,
        "signature": view.signature,
        "restated": restated_after(client, view),
        "sum": sum((row["difference"] or Decimal(0) for row in rows), Decimal(0)),
        "off": sum(row["result"] in ("differs", "not_found") for row in rows),
        "missing": sum(row["result"] == "not_found" for row in rows),
        "document_name": f"Contract audit {quarter_text(found.quarter)}",
        "client_name": content["client"]["name"],
        "sha256": log.digest(content),
        "as_of": day_at(client, view.signature.signed_at if view.signature else timezone.now()),
        "currency": content["client"]["currency"],
        "scale": "full",
        "reader": paper_reader(client),
    }
