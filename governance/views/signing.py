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
from governance.services.sign_codes import code_send, code_use
from governance.services.signing import Place, Proof, document_decline, document_sign
from governance.signoff_page import signing_context
from governance.views.answers import is_by_link
from portal.accounts.lockout import address_of
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import ANSWER_DEFINITIONS
from portal.tenancy.step_up import identity_confirmed, last_proof

BY_CODE = "mailed link and one-time code"


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
        code_send(client=request.client, signer=signer, now=dt.datetime.now(dt.UTC))
    except DefinitionError as error:
        messages.error(request, f"No code was sent: {error}.")
    else:
        messages.success(request, f"A code is on its way to {signer.user.email}. It works once, for ten minutes.")
    return redirect("signing", client_slug=request.client.slug, signer_id=signer_id)


@require_POST
@client_page(ANSWER_DEFINITIONS)
def signing_sign(request: TenantRequest, signer_id: int) -> HttpResponse:
    """Sign what was shown, after a fresh proof: a code for who came by a link, a sign-in of the last minutes for others."""
    signer = signer_or_404(request, signer_id)
    if is_by_link(request):
        now = dt.datetime.now(dt.UTC)
        if not code_use(signer=signer, code=request.POST.get("code", ""), now=now):
            # Not an error answer: that would roll the counted try back.
            return shown(request, signer, "This code is wrong, used or too old. After five tries a new one is needed.")
        proof = Proof(BY_CODE, now)
    else:
        if (first := identity_confirmed(request)) is not None:
            return first
        method, at = last_proof(request)
        proof = Proof(method, dt.datetime.fromtimestamp(at, dt.UTC))
    place = Place(address_of(request) or "", request.headers.get("User-Agent", ""))
    try:
        document_sign(
            client=request.client, signer=signer, sha256=request.POST.get("sha256", ""),
            intent=request.POST.get("intent", ""), proof=proof, place=place,
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
