"""The sign-off of a final document: asking for it, withdrawing it, its certificate, and making it the policy."""

import datetime as dt
import json
from typing import Final

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET, require_POST

from governance.models import Certificate, Signoff
from governance.selectors.signoff import signoff_of
from governance.services.problems import DefinitionError, OutdatedError
from governance.services.publishing import signed_publish
from governance.services.signoff import signoff_request, signoff_withdraw
from governance.signoff_forms import PublishForm, SignoffForm
from governance.signoff_page import certificate_context, signoff_context
from governance.views.documents import attachment, document_or_404
from portal.lib.paper import paper, paper_size
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.audit import canonical
from portal.tenancy.permissions import EDIT_POLICY, VIEW_POLICY

VERIFIER: Final = settings.BASE_DIR / "docs" / "verify_certificate.py"


@require_GET
@client_page(VIEW_POLICY)
def signoff(request: TenantRequest, number: int) -> HttpResponse:
    """Who is to sign a version, who has, and what comes next."""
    context = signoff_context(request, document_or_404(number))
    return TemplateResponse(request, "governance/signoff.html", context)


@require_POST
@client_page(EDIT_POLICY)
def signoff_new(request: TenantRequest, number: int) -> HttpResponse:
    """Ask for the signatures."""
    document = document_or_404(number)
    form = SignoffForm(request.POST)
    if form.is_valid():
        try:
            signoff_request(client=request.client, document=document, user=request.user, **form.given())  # type: ignore[arg-type]
        except DefinitionError as error:
            return refused(request, number, error)
        messages.success(request, "The signers have a mail with the link to what they sign.")
        return redirect("signoff", client_slug=request.client.slug, number=number)
    context = signoff_context(request, document) | {"form": form}
    return TemplateResponse(request, "governance/signoff.html", context, status=422)


@require_POST
@client_page(EDIT_POLICY)
def signoff_end(request: TenantRequest, number: int) -> HttpResponse:
    """Take the open request back."""
    found = latest(number)
    try:
        signoff_withdraw(client=request.client, signoff=found, user=request.user)
    except DefinitionError as error:
        return refused(request, number, error)
    messages.success(request, "Withdrawn. Nobody is asked to sign any more.")
    return redirect("signoff", client_slug=request.client.slug, number=number)


@require_POST
@client_page(EDIT_POLICY)
def signoff_publish(request: TenantRequest, number: int) -> HttpResponse:
    """Make what was signed the policy that numbers are computed under."""
    found, form = latest(number), PublishForm(request.POST)
    if form.is_valid():
        now = dt.datetime.now(dt.UTC)
        try:
            made = signed_publish(client=request.client, signoff=found, user=request.user, now=now, **form.cleaned_data)
        except DefinitionError as error:
            return refused(request, number, error)
        messages.success(
            request, f"Policy v{made.policy_version.number} is in force. The numbers are being recomputed."
        )
        return redirect("signoff", client_slug=request.client.slug, number=number)
    context = signoff_context(request, document_or_404(number)) | {"publish_form": form}
    return TemplateResponse(request, "governance/signoff.html", context, status=422)


@require_GET
@client_page(VIEW_POLICY)
def certificate_json(request: TenantRequest, number: int) -> HttpResponse:
    """The certificate as data: what docs/verify_certificate.py reads."""
    found = certificate_or_404(number)
    content = json.loads(canonical({"content": found.content, "signature": found.signature}))
    data = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False).encode()
    return attachment(data, "application/json", f"{request.client.slug}-policy-v{number}-certificate.json")


@require_GET
@client_page(VIEW_POLICY)
def certificate_pdf(request: TenantRequest, number: int) -> HttpResponse:
    """The certificate on paper."""
    found = certificate_or_404(number)
    size = paper_size(request.client.locale)
    content = paper("pdf/certificate.html", certificate_context(request, found), size=size)
    return attachment(content, "application/pdf", f"{request.client.slug}-policy-v{number}-certificate.pdf")


@require_GET
@client_page(VIEW_POLICY)
def certificate_script(request: TenantRequest) -> HttpResponse:
    """The script that checks a certificate without Tieout: whoever is handed one need not have our sources."""
    return attachment(VERIFIER.read_bytes(), "text/x-python; charset=utf-8", VERIFIER.name)


def certificate_or_404(number: int) -> Certificate:
    """The certificate of a version's sign-off."""
    view = signoff_of(document_or_404(number))
    if view is None or view.certificate is None:
        raise Http404("No certificate.")
    return view.certificate


def latest(number: int) -> Signoff:
    """The latest sign-off of a version."""
    view = signoff_of(document_or_404(number))
    if view is None:
        raise Http404("Nobody was asked to sign this version.")
    return view.signoff


def refused(request: TenantRequest, number: int, error: DefinitionError) -> HttpResponse:
    """The page again, with what is wrong."""
    status = 409 if isinstance(error, OutdatedError) else 422
    context = signoff_context(request, document_or_404(number)) | {"problem": error.sentence}
    return TemplateResponse(request, "governance/signoff.html", context, status=status)
