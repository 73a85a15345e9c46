"""Setting up a client's company sign-in."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from portal.accounts.forms import DomainForm, SsoForm
from portal.accounts.models import SsoConnection, SsoDomain
from portal.accounts.services.sso import (
    domain_says,
    proof_of,
    sso_domain_add,
    sso_domain_confirm,
    sso_domain_remove,
    sso_save,
)
from portal.accounts.views.sso import callback_url
from portal.tenancy.access import Standing, TenantRequest, client_page
from portal.tenancy.models import FirmRole
from portal.tenancy.permissions import MANAGE_SIGN_IN
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import TenancyError
from portal.tenancy.step_up import recently_authenticated


@require_http_methods(["GET", "POST"])
@client_page(MANAGE_SIGN_IN)
@recently_authenticated
def sso_settings(request: TenantRequest) -> HttpResponse:
    """The provider and the domains. The secret is never shown: whether it is set, its last four characters, since when."""
    row = SsoConnection.objects.filter(client=request.client).first()
    initial = {"issuer": row.issuer, "oidc_client_id": row.oidc_client_id, "is_enabled": row.is_enabled} if row else {}
    form = SsoForm(request.POST or None, initial=initial or {"is_enabled": True})
    if request.method == "POST" and form.is_valid():
        try:
            sso_save(client=request.client, **form.cleaned_data)
        except TenancyError as error:
            form.add_error("secret" if "secret" in str(error) else "issuer", str(error))
        else:
            messages.success(request, "Saved.")
            return _back(request)
    context = {
        "form": form,
        "connection": row,
        "domains": [
            (domain, *proof_of(request.client, domain.domain)) for domain in SsoDomain.objects.order_by("domain")
        ],
        "domain_form": DomainForm(),
        "may_confirm": _may_confirm(request.standing),
        "callback_url": callback_url(),
    }
    return render(request, "settings/sign_in.html", context, status=422 if form.errors else 200)


@require_POST
@client_page(MANAGE_SIGN_IN)
@recently_authenticated
def sso_domain_new(request: TenantRequest) -> HttpResponse:
    """Claim a domain."""
    try:
        row = sso_domain_add(client=request.client, domain=request.POST.get("domain", ""))
    except TenancyError as error:
        messages.error(request, f"Nothing was added: {error}.")
    else:
        messages.success(
            request, f"{row.domain} waits for its TXT record, and for an admin of {request.client.firm} to confirm it."
        )
    return _back(request)


def ask_domain(request: TenantRequest, domain_id: int) -> list[str]:
    """What the domain says in its TXT records, asked before the request's transaction; nothing for whoever may not confirm."""
    if not _may_confirm(request.standing):
        return []
    with tenant_context(request.client):
        domain = SsoDomain.objects.filter(pk=domain_id).values_list("domain", flat=True).first()
    return domain_says(request.client, domain) if domain else []


@require_POST
@client_page(MANAGE_SIGN_IN, outside=ask_domain)
@recently_authenticated
def sso_domain_agree(request: TenantRequest, domain_id: int) -> HttpResponse:
    """The firm's admin confirms a domain that is proved; nobody else can, the client's own admins included."""
    row = get_object_or_404(SsoDomain.objects.all(), pk=domain_id)
    if not _may_confirm(request.standing):
        raise PermissionDenied("Only an admin of the firm confirms a domain.")
    try:
        sso_domain_confirm(client=request.client, row=row, confirmed_by=request.user, records=request.found)  # type: ignore[arg-type]
    except TenancyError as error:
        messages.error(request, f"Nothing was changed: {error}.")
    else:
        messages.success(request, f"People of {row.domain} can now sign in with their company account.")
    return _back(request)


@require_POST
@client_page(MANAGE_SIGN_IN)
@recently_authenticated
def sso_domain_end(request: TenantRequest, domain_id: int) -> HttpResponse:
    """Give a domain up."""
    row = get_object_or_404(SsoDomain.objects.all(), pk=domain_id)
    sso_domain_remove(client=request.client, row=row)
    messages.success(request, f"{row.domain} no longer leads to your company sign-in.")
    return _back(request)


def _may_confirm(standing: Standing) -> bool:
    return standing.is_firm_staff and standing.role == FirmRole.ADMIN


def _back(request: TenantRequest) -> HttpResponse:
    return redirect("sso_settings", client_slug=request.client.slug)
