"""The firm: its people, and who works on which client."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.accounts.duties import duties_at
from portal.accounts.forms import FirmInviteForm
from portal.accounts.models import FirmInvitation
from portal.accounts.selectors import firm_assignments, firm_pending_invitations, firm_people
from portal.accounts.services.invitations import firm_invitation_revoke, firm_invitation_send
from portal.accounts.services.people import (
    clients_worked_on,
    consultant_leave,
    consultant_remove,
    consultant_role_change,
)
from portal.tenancy.access import FirmRequest, firm_page
from portal.tenancy.models import Client, FirmMembership, FirmRole
from portal.tenancy.permissions import CREATE_CLIENT, FIRM_PERMISSIONS, MANAGE_FIRM, VIEW_PORTFOLIO
from portal.tenancy.scope import tenant_context
from portal.tenancy.selectors import is_of_demonstration
from portal.tenancy.services import TenancyError, consultant_assign
from portal.tenancy.step_up import recently_authenticated


@require_GET
@firm_page(VIEW_PORTFOLIO)
def firm(request: FirmRequest) -> HttpResponse:
    """Everyone of the firm, and the assignments to clients."""
    people = firm_people(request.firm)
    assigned = firm_assignments(request.firm)
    may = FIRM_PERMISSIONS[request.firm_role]
    clients = []
    for client in Client.objects.filter(firm=request.firm).order_by("name"):
        on_it = assigned.get(client.pk, set())
        if MANAGE_FIRM in may or request.user.pk in on_it:  # others learn of no client that they do not work on
            here = [person for person in people if person.user.pk in on_it]
            free = [person for person in people if person.user.pk not in on_it]
            clients.append({"client": client, "people": here, "free": free})
    context = {
        "firm": request.firm,
        "people": people,
        "factor_is_off": any(is_of_demonstration(person.user) for person in people),
        "clients": clients,
        "invitations": firm_pending_invitations(request.firm) if MANAGE_FIRM in may else [],
        "roles": FirmRole.choices,
        "may_manage": MANAGE_FIRM in may,
        "may_create": CREATE_CLIENT in may,
    }
    return render(request, "firm/firm.html", context)


@require_http_methods(["GET", "POST"])
@firm_page(MANAGE_FIRM)
@recently_authenticated
def firm_invite(request: FirmRequest) -> HttpResponse:
    """Invite a consultant."""
    form = FirmInviteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            invitation = firm_invitation_send(firm=request.firm, sent_by=request.user, **form.cleaned_data)
        except TenancyError as error:
            form.add_error("email", str(error))
        else:
            messages.success(request, f"The invitation to {invitation.email} is on its way.")
            return redirect("firm", firm_slug=request.firm.slug)
    context = {"form": form, "firm": request.firm}
    return render(request, "firm/invite.html", context, status=422 if form.errors else 200)


@require_POST
@firm_page(MANAGE_FIRM)
def firm_invitation_withdraw(request: FirmRequest, invitation_id: int) -> HttpResponse:
    """Close an open invitation."""
    invitation = get_object_or_404(FirmInvitation, pk=invitation_id, firm=request.firm)
    firm_invitation_revoke(firm=request.firm, invitation=invitation)
    messages.success(request, f"The invitation to {invitation.email} no longer works.")
    return redirect("firm", firm_slug=request.firm.slug)


@require_POST
@firm_page(MANAGE_FIRM, in_transaction=False)
@recently_authenticated
def consultant_role(request: FirmRequest, member_id: int) -> HttpResponse:
    """Give a consultant another role."""
    member = get_object_or_404(FirmMembership.objects.select_related("user"), pk=member_id, firm=request.firm)
    role = request.POST.get("role", "")
    return _attempt(
        request,
        f"{member.user.get_full_name()} now has the role {dict(FirmRole.choices).get(role, role)}.",
        lambda: consultant_role_change(firm=request.firm, member=member, role=role),
    )


@require_POST
@firm_page(MANAGE_FIRM, in_transaction=False)
@recently_authenticated
def consultant_end(request: FirmRequest, member_id: int) -> HttpResponse:
    """End a consultant's work for the firm and for all its clients."""
    member = get_object_or_404(FirmMembership.objects.select_related("user"), pk=member_id, firm=request.firm)
    if asked := _asked_first(request, member, clients_worked_on(request.firm, member.user)):
        return asked
    return _attempt(
        request,
        f"{member.user.get_full_name()} no longer works for {request.firm}.",
        lambda: consultant_remove(firm=request.firm, member=member),
    )


@require_POST
@firm_page(MANAGE_FIRM, in_transaction=False)
@recently_authenticated
def assignment_change(request: FirmRequest, client_id: int, member_id: int) -> HttpResponse:
    """Put a consultant on a client, or take them off it; written to that client's log."""
    client = get_object_or_404(Client, pk=client_id, firm=request.firm)
    member = get_object_or_404(FirmMembership.objects.select_related("user"), pk=member_id, firm=request.firm)
    is_on = request.POST.get("on") == "1"
    if not is_on and (asked := _asked_first(request, member, [client], client)):
        return asked
    change = consultant_assign if is_on else consultant_leave
    with tenant_context(client):
        change(client=client, user=member.user)
    name = member.user.get_full_name()
    messages.success(request, f"{name} {'now works' if is_on else 'no longer works'} on {client}.")
    return redirect("firm", firm_slug=request.firm.slug)


def _asked_first(
    request: FirmRequest, member: FirmMembership, clients: list[Client], client: Client | None = None
) -> HttpResponse | None:
    """The question before a consultant goes from a client, or from all of them, that says what becomes nobody's; None where
    nothing does, or it was answered.
    """
    if "confirmed" in request.POST:
        return None
    held = duties_at(clients, member.user.pk)
    if not held:
        return None
    context = {"firm": request.firm, "person": member.user, "client": client, "held": held}
    return render(request, "firm/leaves.html", context)


def _attempt(request: FirmRequest, done: str, change: Callable[[], object]) -> HttpResponse:
    """Run a change, say what happened, and go back to the firm."""
    try:
        change()
    except TenancyError as error:
        messages.error(request, f"Nothing was changed: {error}.")
    else:
        messages.success(request, done)
    return redirect("firm", firm_slug=request.firm.slug)
