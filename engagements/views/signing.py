"""Signing a criterion of a gate, on a phone too: what is signed, the statement, and the proof of who signs."""

import datetime as dt
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET, require_POST

from engagements.models import Document, GateCriterion
from engagements.selectors.signing import certificate_of, label_of, signable_by, standing_of
from engagements.services.moves import closed_sentence
from engagements.services.problems import EngagementError, IllegalMove
from engagements.services.signing import (
    criterion_sign,
    evidence_set,
    intent_text,
    signature_end,
    signatures_ask,
    subject_of,
)
from engagements.views.scope import carried_out, engagement_or_404, refused
from portal.accounts.proofs import is_by_link, place_of, proof_or_answer
from portal.accounts.services.sign_codes import code_send
from portal.lib.stored_answer import stored_answer
from portal.tenancy import audit
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import ANSWER_DEFINITIONS, RUN_ENGAGEMENT, VIEW_ENGAGEMENT
from portal.tenancy.services import TenancyError


def criterion_or_404(request: TenantRequest, engagement_id: int, criterion_id: int) -> GateCriterion:
    """A criterion of the engagement that is signed in the portal."""
    found = engagement_or_404(request, engagement_id)
    rows = GateCriterion.objects.select_related("gate__engagement__client", "gate__phase", "document__engagement")
    return get_object_or_404(rows, pk=criterion_id, engagement=found, kind="signed", check_key="")


def mine_or_403(request: TenantRequest, engagement_id: int, criterion_id: int) -> tuple[GateCriterion, str]:
    """A criterion that the reader may sign, and for which function: one that is missing first. 403 for everybody else."""
    row = criterion_or_404(request, engagement_id, criterion_id)
    functions = signable_by(row, request.user)
    if not functions:
        raise PermissionDenied("People of other functions sign this.")
    done = standing_of(row).done
    return row, next((name for name in functions if name not in done), functions[0])


@require_GET
@client_page(ANSWER_DEFINITIONS)
def criterion_signing(request: TenantRequest, engagement_id: int, criterion_id: int) -> HttpResponse:
    """What the reader is asked to sign, or what they signed."""
    return shown(request, *mine_or_403(request, engagement_id, criterion_id))


@require_POST
@client_page(ANSWER_DEFINITIONS)
def criterion_code(request: TenantRequest, engagement_id: int, criterion_id: int) -> HttpResponse:
    """Mail the code with which somebody who came by a link signs."""
    row, _ = mine_or_403(request, engagement_id, criterion_id)
    if not row.gate.engagement.is_open:
        return refused(request, row.gate.engagement, closed_sentence(row.gate.engagement), 409)
    try:
        code_send(client=request.client, user=request.user, subject=subject_of(row), now=dt.datetime.now(dt.UTC))
    except TenancyError as error:
        messages.error(request, f"No code was sent: {error}.")
    else:
        messages.success(request, "A code is on its way to you. It works once, for ten minutes.")
    return signing_page(request, row)


@require_POST
@client_page(ANSWER_DEFINITIONS)
def criterion_signed(request: TenantRequest, engagement_id: int, criterion_id: int) -> HttpResponse:
    """Sign what was shown, after a fresh proof."""
    row, function = mine_or_403(request, engagement_id, criterion_id)
    proof = proof_or_answer(request, subject_of(row), lambda said: shown(request, row, function, said))
    if isinstance(proof, HttpResponse):
        return proof
    try:
        criterion_sign(
            criterion=row, user=request.user, function=function, sha256=request.POST.get("sha256", ""),
            intent=request.POST.get("intent", ""), proof=proof, place=place_of(request),
        )  # fmt: skip
    except EngagementError as error:
        status = 409 if isinstance(error, IllegalMove) else 422
        return shown(request, row, function, f"{str(error)[:1].upper()}{str(error)[1:]}.", status)
    return signing_page(request, row)


@require_POST
@client_page(ANSWER_DEFINITIONS)
def criterion_unsigned(request: TenantRequest, engagement_id: int, criterion_id: int) -> HttpResponse:
    """Take one's own signature back."""
    row, function = mine_or_403(request, engagement_id, criterion_id)
    try:
        signature_end(criterion=row, user=request.user)
    except EngagementError as error:
        return shown(request, row, function, f"{str(error)[:1].upper()}{str(error)[1:]}.", 409)
    return signing_page(request, row)


@require_GET
@client_page(ANSWER_DEFINITIONS)
def criterion_file(request: TenantRequest, engagement_id: int, criterion_id: int) -> HttpResponse:
    """The file of the version that the reader signs; by link, too, because one reads what one signs."""
    row, _ = mine_or_403(request, engagement_id, criterion_id)
    version = standing_of(row).shown.version
    if version is None or version.file is None:
        raise Http404("There is no file to it.")
    return stored_answer(version.file, is_shown=request.GET.get("show") == "1")  # type: ignore[return-value]


@require_POST
@client_page(RUN_ENGAGEMENT)
def criterion_ask(request: TenantRequest, engagement_id: int, criterion_id: int) -> HttpResponse:
    """Ask whoever is missing for their signatures."""
    row = criterion_or_404(request, engagement_id, criterion_id)
    change = partial(signatures_ask, criterion=row, user=request.user)
    return carried_out(request, row.gate.engagement, change, "They are asked.", f"gates/{row.gate_id}/")


@require_POST
@client_page(RUN_ENGAGEMENT)
def criterion_evidence(request: TenantRequest, engagement_id: int, criterion_id: int) -> HttpResponse:
    """Say what is signed: a note, and a document of the engagement."""
    row = criterion_or_404(request, engagement_id, criterion_id)
    chosen = request.POST.get("document", "")
    documents = Document.objects.filter(engagement=row.gate.engagement, is_client_visible=True)
    document = get_object_or_404(documents, pk=chosen) if chosen.isdecimal() and len(chosen) < 19 else None
    change = partial(evidence_set, criterion=row, note=request.POST.get("note", ""), document=document)
    return carried_out(request, row.gate.engagement, change, "Kept.", f"gates/{row.gate_id}/")


@require_GET
@client_page(VIEW_ENGAGEMENT)
def criterion_certificate(request: TenantRequest, engagement_id: int, criterion_id: int) -> HttpResponse:
    """The certificate of a criterion that is signed; with `?of=artifact`, exactly the bytes that its sha256 is of."""
    row = criterion_or_404(request, engagement_id, criterion_id)
    found = certificate_of(row)
    if found is None:
        raise Http404("There is no certificate yet.")
    is_artifact = request.GET.get("of") == "artifact"
    content = standing_of(row).shown.artifact
    if not is_artifact:
        content = audit.canonical({"content": found.content, "signature": found.signature})
    answer = HttpResponse(content, content_type="application/json")
    name = f"{request.client.slug}-{row.key}{'' if is_artifact else '-certificate'}.json"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def shown(
    request: TenantRequest, row: GateCriterion, function: str, problem: str = "", status: int = 200
) -> HttpResponse:
    """The page of one criterion for whoever signs it."""
    now = standing_of(row)
    own = next((each.row for each in now.counting if each.row.user_id == request.user.pk), None)
    is_done = function in now.done
    context: dict[str, Any] = {
        "criterion": row, "now": now, "function": label_of(function), "own": own, "problem": problem,
        "intent": intent_text(row, request.user, function), "by_link": is_by_link(request),
        "is_open": row.gate.state == "shut" and row.gate.engagement.is_open and not is_done,
        "has_nothing": row.document is not None and now.shown.version is None,
    }  # fmt: skip
    return TemplateResponse(request, "engagements/signing.html", context, status=status)


def signing_page(request: TenantRequest, row: GateCriterion) -> HttpResponse:
    """Back to the page of the criterion."""
    return redirect(
        "criterion_signing",
        client_slug=request.client.slug,
        engagement_id=row.engagement_id,
        criterion_id=row.pk,
    )
