"""Signing, for one person, on a phone: what is signed, the statement, the proof of who signs, and the way to decline."""

import datetime as dt

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET, require_POST

from governance.models import Signer
from governance.selectors.signoff import signer_get
from governance.services.problems import DefinitionError, OutdatedError
from governance.services.signing import document_decline, document_sign, subject_of
from governance.signoff_page import signing_context
from portal.accounts.proofs import is_by_link, place_of, proof_or_answer
from portal.accounts.services.sign_codes import code_send
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import ANSWER_DEFINITIONS
from portal.tenancy.services import TenancyError


@require_GET
@client_page(ANSWER_DEFINITIONS)
def signing(request: TenantRequest, signer_id: int) -> HttpResponse:
    """What the reader is asked to sign, or what they decided."""
    return shown(request, signer_or_404(request, signer_id))


@require_POST
@client_page(ANSWER_DEFINITIONS)
def signing_code(request: TenantRequest, signer_id: int) -> HttpResponse:
    """Mail the code with which somebody who came by a link signs."""
    signer = signer_or_404(request, signer_id)
    try:
        code_send(client=request.client, user=signer.user, subject=subject_of(signer), now=dt.datetime.now(dt.UTC))
    except TenancyError as error:
        messages.error(request, f"No code was sent: {error}.")
    else:
        messages.success(request, f"A code is on its way to {signer.user.email}. It works once, for ten minutes.")
    return redirect("signing", client_slug=request.client.slug, signer_id=signer_id)


@require_POST
@client_page(ANSWER_DEFINITIONS)
def signing_sign(request: TenantRequest, signer_id: int) -> HttpResponse:
    """Sign what was shown, after a fresh proof: a code for who came by a link, a sign-in of the last minutes for others."""
    signer = signer_or_404(request, signer_id)
    proof = proof_or_answer(request, subject_of(signer), lambda said: shown(request, signer, said))
    if isinstance(proof, HttpResponse):
        return proof
    try:
        document_sign(
            client=request.client, signer=signer, sha256=request.POST.get("sha256", ""),
            intent=request.POST.get("intent", ""), proof=proof, place=place_of(request),
        )  # fmt: skip
    except DefinitionError as error:
        return refused(request, signer_id, error)
    return redirect("signing", client_slug=request.client.slug, signer_id=signer_id)


@require_POST
@client_page(ANSWER_DEFINITIONS)
def signing_decline(request: TenantRequest, signer_id: int) -> HttpResponse:
    """Decline, with a reason."""
    signer = signer_or_404(request, signer_id)
    try:
        document_decline(client=request.client, signer=signer, reason=request.POST.get("reason", "")[:4000])
    except DefinitionError as error:
        return refused(request, signer_id, error)
    return redirect("signing", client_slug=request.client.slug, signer_id=signer_id)


def signer_or_404(request: TenantRequest, signer_id: int) -> Signer:
    """The reader's own place in a sign-off."""
    found = signer_get(signer_id, request.user)
    if found is None:
        raise Http404("Nothing to sign here.")
    return found


def shown(request: TenantRequest, signer: Signer, problem: str = "", status: int = 200) -> HttpResponse:
    """The page of one signer."""
    context = signing_context(request, signer) | {"problem": problem, "by_link": is_by_link(request)}
    return TemplateResponse(request, "governance/signing.html", context, status=status)


def refused(request: TenantRequest, signer_id: int, error: DefinitionError) -> HttpResponse:
    """The page again, with what is wrong."""
    problem = error.sentence
    status = 409 if isinstance(error, OutdatedError) else 422
    return shown(request, signer_or_404(request, signer_id), problem, status)
