"""Audits of quarters: the list, one audit, one contract of it, follow-ups, and Finance's signature."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from governance.audit_forms import FollowUpForm, FollowUpOwnerForm, OutcomeForm, ResultForm
from governance.audit_page import (
    audit_context,
    contract_context,
    draw_form,
    list_context,
    paper_context,
)
from governance.models import AuditedContract, AuditFollowUp, EvidenceFile, QuarterAudit
from governance.oversight_page import people_to_choose
from governance.papers import PDF, audit_on_paper
from governance.selectors.quarter_audits import audit_get, auditable_quarters, open_positions
from governance.services.audit_sheets import sheet_renew
from governance.services.evidence import evidence_keep
from governance.services.problems import DefinitionError, OutdatedError
from governance.services.quarter_audits import (
    audit_draw,
    audit_sign,
    follow_up_raise,
    follow_up_settle,
    follow_up_take,
    result_keep,
)
from governance.views.changes import number_of
from governance.views.documents import attachment
from portal.accounts.models import User
from portal.accounts.proofs import place_of, proof_or_answer
from portal.lib.stored_answer import stored_answer
from portal.tenancy import audit as log
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.clock import day_now
from portal.tenancy.permissions import RUN_AUDITS, SIGN_AUDITS, VIEW_AUDITS


@require_GET
@client_page(VIEW_AUDITS)
def quarter_audits(request: TenantRequest) -> HttpResponse:
    """Every audit, and what is due."""
    return TemplateResponse(request, "governance/oversight/audits.html", list_context(request))


@require_POST
@client_page(RUN_AUDITS)
def quarter_audit_draw(request: TenantRequest) -> HttpResponse:
    """Draw the sample of a quarter."""
    form = draw_form(request, auditable_quarters(request.client, timezone.now()), request.POST)
    if form.is_valid():
        try:
            found = audit_draw(client=request.client, user=request.user, now=timezone.now(), **form.cleaned_data)
        except DefinitionError as error:
            form.add_error(None, error.sentence)
        else:
            messages.success(request, "The sample is drawn. Check each contract against its source.")
            return redirect("quarter_audit", client_slug=request.client.slug, quarter=found.quarter)
    context = list_context(request, form)
    return TemplateResponse(request, "governance/oversight/audits.html", context, status=422)


@require_GET
@client_page(VIEW_AUDITS)
def quarter_audit(request: TenantRequest, quarter: str) -> HttpResponse:
    """One audit."""
    return TemplateResponse(request, "governance/oversight/audit.html", audit_context(request, audit_or_404(quarter)))


@require_GET
@client_page(VIEW_AUDITS)
def quarter_audit_contract(request: TenantRequest, quarter: str, position: int) -> HttpResponse:
    """The work sheet of one contract."""
    found = audit_or_404(quarter)
    context = contract_context(request, found, contract_or_404(found, position))
    return TemplateResponse(request, "governance/oversight/contract.html", context)


@require_POST
@client_page(RUN_AUDITS)
def quarter_audit_result(request: TenantRequest, quarter: str, position: int) -> HttpResponse:
    """Keep what was found about a contract, and go on to the next one that is open."""
    found = audit_or_404(quarter)
    row, form, status = contract_or_404(found, position), ResultForm(request.POST, request.FILES), 422
    if form.is_valid():
        try:
            upload = form.cleaned_data["file"]
            evidence = evidence_keep(client=request.client, upload=upload, user=request.user) if upload else None
            version = form.cleaned_data["version"]
            result_keep(
                client=request.client, contract=row, version=version, given=form.found(evidence), user=request.user
            )
        except DefinitionError as error:
            form.add_error(None, error.sentence)
            status = 409 if isinstance(error, OutdatedError) else 422
        else:
            messages.success(request, f"{row.contract_id} is kept.")
            return redirect(after_result(request, found, position))
    context = contract_context(request, found, row, form)
    return TemplateResponse(request, "governance/oversight/contract.html", context, status=status)


def after_result(request: TenantRequest, found: QuarterAudit, position: int) -> str:
    """The next contract that nobody has checked, from this one on and then from the first; the audit where all are."""
    keys = {"client_slug": request.client.slug, "quarter": found.quarter}
    left = open_positions(found)
    if not left:
        return reverse("quarter_audit", kwargs=keys)
    following = next((place for place in left if place > position), left[0])
    return reverse("quarter_audit_contract", kwargs={**keys, "position": following})


@require_POST
@client_page(RUN_AUDITS)
def quarter_audit_sheet(request: TenantRequest, quarter: str, position: int) -> HttpResponse:
    """Take the sheet of a contract anew, from the data as it is now."""
    found = audit_or_404(quarter)
    row, version = contract_or_404(found, position), number_of(request.POST.get("version", ""))
    try:
        sheet_renew(client=request.client, contract=row, version=version or 0, user=request.user)
    except DefinitionError as error:
        context = contract_context(request, found, row) | {"problem": error.sentence}
        status = 409 if isinstance(error, OutdatedError) else 422
        return TemplateResponse(request, "governance/oversight/contract.html", context, status=status)
    messages.success(request, "The sheet is of the data as it is now. Check it once more; the one before is kept.")
    return redirect("quarter_audit_contract", client_slug=request.client.slug, quarter=quarter, position=position)


@require_POST
@client_page(RUN_AUDITS)
def quarter_audit_follow_up(request: TenantRequest, quarter: str) -> HttpResponse:
    """Raise a follow-up."""
    found = audit_or_404(quarter)
    form, status = FollowUpForm(request.POST, people=people_to_choose(request.client, VIEW_AUDITS)), 422
    if form.is_valid():
        given: dict[str, Any] = {**form.cleaned_data, "owner": User.objects.get(pk=form.cleaned_data["owner"])}
        try:
            follow_up_raise(
                client=request.client, found=found, user=request.user, today=day_now(request.client), **given
            )
        except DefinitionError as error:
            form.add_error(None, error.sentence)
            status = 409 if isinstance(error, OutdatedError) else 422
            if found.is_signed:  # its page has no form any more
                return refused(request, quarter, error.sentence, status)
        else:
            messages.success(request, "The owner is told.")
            return redirect("quarter_audit", client_slug=request.client.slug, quarter=quarter)
    return TemplateResponse(
        request, "governance/oversight/audit.html", audit_context(request, found, form), status=status
    )


@require_POST
@client_page(RUN_AUDITS)
def audit_follow_up_settle(request: TenantRequest, follow_up_id: int) -> HttpResponse:
    """Say what came of a follow-up."""
    row = follow_up_or_404(follow_up_id)
    form = OutcomeForm(request.POST)
    problem, status = "Say what came of it.", 422
    if form.is_valid():
        try:
            follow_up_settle(follow_up=row, outcome=form.cleaned_data["outcome"], user=request.user)
        except DefinitionError as error:
            problem, status = error.sentence, 409 if isinstance(error, OutdatedError) else 422
        else:
            return redirect("quarter_audit", client_slug=request.client.slug, quarter=row.audit.quarter)
    return refused(request, row.audit.quarter, problem, status)


@require_POST
@client_page(RUN_AUDITS)
def audit_follow_up_owner(request: TenantRequest, follow_up_id: int) -> HttpResponse:
    """Say who does a follow-up from now on."""
    row = follow_up_or_404(follow_up_id)
    form = FollowUpOwnerForm(request.POST, people=people_to_choose(request.client, VIEW_AUDITS))
    if not form.is_valid():
        return refused(request, row.audit.quarter, "Say who does it.", 422)
    owner = User.objects.get(pk=form.cleaned_data["owner"])
    try:
        follow_up_take(client=request.client, follow_up=row, owner=owner, user=request.user)
    except DefinitionError as error:
        status = 409 if isinstance(error, OutdatedError) else 422
        return refused(request, row.audit.quarter, error.sentence, status)
    messages.success(request, f"{owner.get_full_name()} does it now, and is told.")
    return redirect("quarter_audit", client_slug=request.client.slug, quarter=row.audit.quarter)


def follow_up_or_404(follow_up_id: int) -> AuditFollowUp:
    """The follow-up of that id."""
    row = AuditFollowUp.objects.select_related("audit").defer("audit__population").filter(pk=follow_up_id).first()
    if row is None:
        raise Http404("No such follow-up.")
    return row


@require_POST
@client_page(SIGN_AUDITS)
def quarter_audit_sign(request: TenantRequest, quarter: str) -> HttpResponse:
    """Sign what was shown, after a sign-in of the last minutes."""
    found = audit_or_404(quarter)
    proof = proof_or_answer(request, f"audit {quarter}", lambda said: refused(request, quarter, said, 200))
    if isinstance(proof, HttpResponse):
        return proof
    try:
        audit_sign(
            client=request.client, found=found, sha256=request.POST.get("sha256", ""),
            intent=request.POST.get("intent", ""), user=request.user, proof=proof, place=place_of(request),
        )  # fmt: skip
    except DefinitionError as error:
        return refused(request, quarter, error.sentence, 409 if isinstance(error, OutdatedError) else 422)
    messages.success(request, "Signed. Nothing of this audit changes any more.")
    return redirect("quarter_audit", client_slug=request.client.slug, quarter=quarter)


@require_GET
@client_page(VIEW_AUDITS)
def quarter_audit_pdf(request: TenantRequest, quarter: str) -> HttpResponse:
    """The audit on paper."""
    found = audit_on_paper(request.client, audit_or_404(quarter))
    return attachment(found.content, PDF, found.name)


@require_GET
@client_page(VIEW_AUDITS)
def quarter_audit_json(request: TenantRequest, quarter: str) -> HttpResponse:
    """The audit as data: what the sha256 on the page and on paper is of."""
    context = paper_context(request.client, audit_or_404(quarter))
    name = f"{request.client.slug}-contract-audit-{quarter}.json".lower()
    return attachment(log.canonical(context["content"]), "application/json", name)


@require_GET
@client_page(VIEW_AUDITS)
def quarter_audit_contracts(request: TenantRequest, quarter: str) -> HttpResponse:
    """The ids that the sample was drawn from, one a line."""
    found = QuarterAudit.objects.filter(quarter=quarter).values_list("population", flat=True).first()
    if found is None:
        raise Http404("No such audit.")
    return attachment(found.encode(), "text/plain; charset=utf-8", "contracts.txt")


@require_GET
@client_page(VIEW_AUDITS)
def evidence_file(request: TenantRequest, file_id: int) -> HttpResponse:
    """A file that stands behind a result; with `?show=1` a picture or PDF in its place."""
    row = EvidenceFile.objects.filter(pk=file_id).first()
    if row is None:
        raise Http404("No such file.")
    return stored_answer(row, is_shown=request.GET.get("show") == "1")  # type: ignore[return-value]


def audit_or_404(quarter: str) -> QuarterAudit:
    """The audit of a quarter."""
    found = audit_get(quarter)
    if found is None:
        raise Http404("No such audit.")
    return found


def contract_or_404(found: QuarterAudit, position: int) -> AuditedContract:
    """One contract of the sample."""
    row: AuditedContract | None = (
        AuditedContract.objects.filter(audit=found, position=position).select_related("checked_by", "evidence").first()
    )
    if row is None:
        raise Http404("No such contract in this audit.")
    return row


def refused(request: TenantRequest, quarter: str, problem: str, status: int) -> HttpResponse:
    """The audit again, with what is wrong."""
    context = audit_context(request, audit_or_404(quarter)) | {"problem": problem}
    return TemplateResponse(request, "governance/oversight/audit.html", context, status=status)
