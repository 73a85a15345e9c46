"""The people of a client: who they are, whom to invite, what each may do."""

from dataclasses import replace

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.accounts.duties import duties_get
from portal.accounts.forms import InviteForm
from portal.accounts.models import Invitation
from portal.accounts.models.links import LinkPurpose
from portal.accounts.role_words import ROLES_IN_WORDS
from portal.accounts.selectors import client_consultants, client_invited, client_people, pending_invitations
from portal.accounts.services.invitations import invitation_revoke, invitation_send
from portal.accounts.services.magic_links import magic_link_send
from portal.accounts.services.people import person_remove, person_role_change
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.models import ClientRole, Membership
from portal.tenancy.permissions import MANAGE_PEOPLE, VIEW_ADOPTION, VIEW_PEOPLE
from portal.tenancy.services import TenancyError
from portal.tenancy.step_up import recently_authenticated


@require_GET
@client_page(VIEW_PEOPLE)
def people(request: TenantRequest) -> HttpResponse:
    """Members with roles and second factors, open invitations, consultants."""
    standing = request.standing
    may_manage = standing.may(MANAGE_PEOPLE)
    held = duties_get() if may_manage else {}
    return render(
        request,
        "people/people.html",
        {
            "people": [replace(row, held=held.get(row.user.pk, "")) for row in client_people()],
            "stakeholders": client_invited(),
            "consultants": client_consultants(request.client),
            "invitations": pending_invitations(),
            "roles": ClientRole.choices,
            "may_manage": may_manage,
            "may_see_adoption": standing.may(VIEW_ADOPTION),
        },
    )


@require_http_methods(["GET", "POST"])
@client_page(MANAGE_PEOPLE)
@recently_authenticated
def people_invite(request: TenantRequest) -> HttpResponse:
    """Invite someone, in a role."""
    form = InviteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            invitation = invitation_send(client=request.client, sent_by=request.user, **form.cleaned_data)
        except TenancyError as error:
            form.add_error("email", str(error))
        else:
            messages.success(request, f"The invitation to {invitation.email} is on its way.")
            return _back(request)
    return render(
        request, "people/invite.html", {"form": form, "roles": ROLES_IN_WORDS}, status=422 if form.errors else 200
    )


@require_POST
@client_page(MANAGE_PEOPLE)
@recently_authenticated
def invitation_resend(request: TenantRequest, invitation_id: int) -> HttpResponse:
    """Send a new invitation in place of an open one."""
    old = get_object_or_404(Invitation.objects.all(), pk=invitation_id, used_at=None, revoked_at=None)
    return _attempt(
        request,
        f"A new invitation to {old.email} is on its way; the earlier link no longer works.",
        lambda: invitation_send(client=request.client, email=old.email, role=old.role, sent_by=request.user),
    )


@require_POST
@client_page(MANAGE_PEOPLE)
def invitation_withdraw(request: TenantRequest, invitation_id: int) -> HttpResponse:
    """Close an open invitation."""
    invitation = get_object_or_404(Invitation.objects.all(), pk=invitation_id)
    invitation_revoke(client=request.client, invitation=invitation)
    messages.success(request, f"The invitation to {invitation.email} no longer works.")
    return _back(request)


@require_POST
@client_page(MANAGE_PEOPLE)
@recently_authenticated
def person_role(request: TenantRequest, member_id: int) -> HttpResponse:
    """Give a person another role."""
    member = get_object_or_404(Membership.objects.select_related("user"), pk=member_id)
    role = request.POST.get("role", "")
    return _attempt(
        request,
        f"{member.user.get_full_name()} now has the role {dict(ClientRole.choices).get(role, role)}.",
        lambda: person_role_change(client=request.client, member=member, role=role, user=request.user),
    )


@require_POST
@client_page(MANAGE_PEOPLE)
@recently_authenticated
def person_end(request: TenantRequest, member_id: int) -> HttpResponse:
    """End a person's membership."""
    member = get_object_or_404(Membership.with_invited.select_related("user"), pk=member_id)
    return _attempt(
        request,
        f"{member.shown_name} no longer reaches {request.client}.",
        lambda: person_remove(client=request.client, member=member, user=request.user),
    )


@require_POST
@client_page(MANAGE_PEOPLE)
def person_link(request: TenantRequest, member_id: int) -> HttpResponse:
    """Mail a person a link that opens this client."""
    member = get_object_or_404(Membership.objects.select_related("user"), pk=member_id)
    target = reverse("client_home", kwargs={"client_slug": request.client.slug})
    return _attempt(
        request,
        f"A link is on its way to {member.user.email}. It works once, within ten minutes.",
        lambda: magic_link_send(
            client=request.client, user=member.user, purpose=LinkPurpose.READ, target=target, sent_by=request.user
        ),
    )


def _attempt(request: TenantRequest, done: str, change: object) -> HttpResponse:
    """Run a change, say what happened, and go back to the list."""
    assert callable(change)
    try:
        change()
    except TenancyError as error:
        messages.error(request, f"Nothing was changed: {error}.")
    else:
        messages.success(request, done)
    return _back(request)


def _back(request: HttpRequest) -> HttpResponse:
    assert isinstance(request, HttpRequest)
    return redirect("people", client_slug=request.client.slug)  # type: ignore[attr-defined]
