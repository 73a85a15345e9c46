"""Inviting people: to a client in a role, or to a firm as a consultant."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils import timezone

from portal.accounts.bearer import hash_of, new_secret
from portal.accounts.mail import absolute, mail_on_commit
from portal.accounts.models import FirmInvitation, Invitation, User
from portal.accounts.selectors import OpenedInvitation
from portal.tenancy import audit
from portal.tenancy.actor import acting_as, current_actor
from portal.tenancy.models import Client, ClientRole, Firm, FirmMembership, FirmRole, Membership
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import STAFF_APART, TenancyError, firm_member_add, member_add

LIFETIME = timedelta(days=7)
A_DAY = timedelta(days=1)
MOST_A_DAY = 200


class LinkClosedError(TenancyError):
    """The link was used, replaced, revoked or is too old."""

    def __init__(self) -> None:
        super().__init__("this link no longer works")


def email_normalised(email: str) -> str:
    """An address as it is kept: trimmed, lower case; TenancyError when it is none."""
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError as error:
        raise TenancyError(f"'{address}' is no e-mail address") from error
    return address


def invitation_send(*, client: Client, email: str, role: str, sent_by: Any) -> Invitation:
    """Invite a person to the client in scope. An older invitation of the same address dies.

    TenancyError for an unknown role, a person who is a member already, or too many invitations in a day.
    """
    if role not in ClientRole.values:
        raise TenancyError(f"'{role}' is no role of a client")
    address = email_normalised(email)
    Client.objects.select_for_update(no_key=True).get(pk=client.pk)  # one invitation at a time: the newest one holds
    if Membership.objects.filter(user__email__iexact=address).exists():
        raise TenancyError(f"{address} is one of the client's people already: change the role instead")
    if FirmMembership.objects.filter(firm_id=client.firm_id, user__email__iexact=address).exists():
        raise TenancyError(STAFF_APART.format(email=address))
    if Invitation.objects.filter(created_at__gt=timezone.now() - A_DAY).count() >= MOST_A_DAY:
        raise TenancyError(f"no more than {MOST_A_DAY} invitations a day: try again tomorrow")
    invitations_close(email=address, because="replaced by a newer one")
    secret = new_secret()
    invitation: Invitation = Invitation.objects.create(
        email=address, role=role, sent_by=sent_by, token_hash=hash_of(secret), expires_at=timezone.now() + LIFETIME
    )
    audit.record(
        "invitation.sent", object_type="invitation", object_id=invitation.pk, after=role,
        details={"email": address, "role": role},
    )  # fmt: skip
    _mail(
        address, secret, str(client), invitation.get_role_display(), sent_by,
        partial(_delivered, client, invitation.pk),
    )  # fmt: skip
    return invitation


def invitation_revoke(*, client: Client, invitation: Invitation) -> None:
    """Close an invitation of the client in scope; its link stops working at once."""
    closed = Invitation.objects.filter(pk=invitation.pk, used_at=None, revoked_at=None)
    if closed.update(revoked_at=timezone.now(), revoked_because="revoked"):
        audit.record(
            "invitation.revoked", object_type="invitation", object_id=invitation.pk, before=invitation.role,
            details={"email": invitation.email},
        )  # fmt: skip


def invitations_close(*, email: str, because: str) -> int:
    """Close whatever is open for an address, in the client's scope."""
    pending = Invitation.objects.filter(email=email.lower(), used_at=None, revoked_at=None)
    return int(pending.update(revoked_at=timezone.now(), revoked_because=because))


def firm_invitation_send(*, firm: Firm, email: str, role: str, sent_by: Any) -> FirmInvitation:
    """Invite a consultant to a firm. An older invitation of the same address dies."""
    if role not in FirmRole.values:
        raise TenancyError(f"'{role}' is no role of a firm")
    address = email_normalised(email)
    with transaction.atomic():
        Firm.objects.select_for_update(no_key=True).get(pk=firm.pk)
        if FirmMembership.objects.filter(firm=firm, user__email__iexact=address).exists():
            raise TenancyError(f"{address} works for {firm} already: change the role instead")
        recent = FirmInvitation.objects.filter(firm=firm, created_at__gt=timezone.now() - A_DAY)
        if recent.count() >= MOST_A_DAY:
            raise TenancyError(f"no more than {MOST_A_DAY} invitations a day: try again tomorrow")
        firm_invitations_close(firm=firm, email=address, because="replaced by a newer one")
        secret = new_secret()
        invitation = FirmInvitation.objects.create(
            firm=firm, email=address, role=role, sent_by=sent_by, token_hash=hash_of(secret),
            expires_at=timezone.now() + LIFETIME,
        )  # fmt: skip
        audit.record_for_firm(
            firm, "invitation.sent", object_type="invitation", object_id=invitation.pk, after=role,
            details={"email": address, "role": role},
        )  # fmt: skip
        _mail(
            address, secret, str(firm), invitation.get_role_display(), sent_by,
            partial(_firm_delivered, invitation.pk),
        )  # fmt: skip
    return invitation


def firm_invitation_revoke(*, firm: Firm, invitation: FirmInvitation) -> None:
    """Close an invitation of a firm."""
    with transaction.atomic():
        closed = FirmInvitation.objects.filter(pk=invitation.pk, firm=firm, used_at=None, revoked_at=None)
        if closed.update(revoked_at=timezone.now(), revoked_because="revoked"):
            audit.record_for_firm(
                firm, "invitation.revoked", object_type="invitation", object_id=invitation.pk,
                before=invitation.role, details={"email": invitation.email},
            )  # fmt: skip


def firm_invitations_close(*, firm: Firm, email: str, because: str) -> int:
    """Close whatever a firm has open for an address."""
    pending = FirmInvitation.objects.filter(firm=firm, email=email.lower(), used_at=None, revoked_at=None)
    return pending.update(revoked_at=timezone.now(), revoked_because=because)


def invitation_accept(*, opened: OpenedInvitation, user: User | None, name: str = "", password: str = "") -> User:
    """Use an invitation, once: as the signed-in person it was sent to, or as a new person with a name and password.

    LinkClosedError when it was used, replaced, revoked or ran out meanwhile (of two parallel uses one wins); TenancyError for
    another person's invitation or a weak password.
    """
    if user is not None and user.email.lower() != opened.email:
        raise TenancyError("this invitation was sent to another address")
    if user is None and password:
        _check_password(opened.email, name, password)
    if opened.client is None:
        with transaction.atomic():
            return _accept_for_firm(opened, user, name, password)
    with tenant_context(opened.client):
        return _accept_for_client(opened, opened.client, user, name, password)


def _accept_for_client(opened: OpenedInvitation, client: Client, user: User | None, name: str, password: str) -> User:
    now = timezone.now()
    claim = Invitation.objects.filter(pk=opened.pk, used_at=None, revoked_at=None, expires_at__gt=now)
    if not claim.update(used_at=now):
        raise LinkClosedError
    person = user or _person_create(opened.email, name, password)
    with acting_as(replace(current_actor(), name=person.email, user_id=person.pk)):
        audit.record(
            "invitation.accepted", object_type="invitation", object_id=opened.pk, after=opened.role,
            details={"email": person.email, "role": opened.role},
        )  # fmt: skip
        member_add(client=client, user=person, role=opened.role)
    return person


def _accept_for_firm(opened: OpenedInvitation, user: User | None, name: str, password: str) -> User:
    now = timezone.now()
    claim = FirmInvitation.objects.filter(pk=opened.pk, used_at=None, revoked_at=None, expires_at__gt=now)
    if not claim.update(used_at=now):
        raise LinkClosedError
    person = user or _person_create(opened.email, name, password)
    with acting_as(replace(current_actor(), name=person.email, user_id=person.pk)):
        audit.record_for_firm(
            opened.firm, "invitation.accepted", object_type="invitation", object_id=opened.pk, after=opened.role,
            details={"email": person.email, "role": opened.role},
        )  # fmt: skip
        firm_member_add(firm=opened.firm, user=person, role=opened.role)
    return person


def _person_create(email: str, name: str, password: str) -> User:
    """The account of an invited person; without a password for one whose company signs them in."""
    try:
        with transaction.atomic():
            return User.objects.create_user(email, password or None, name=name.strip()[:150])
    except IntegrityError as error:
        raise TenancyError("there is an account with this address already: sign in to accept") from error


def _check_password(email: str, name: str, password: str) -> None:
    try:
        validate_password(password, User(email=email, name=name))
    except ValidationError as error:
        raise TenancyError(" ".join(error.messages)) from error


def _mail(email: str, secret: str, place: str, role: str, sent_by: Any, delivered: Any) -> None:
    mail_on_commit(
        to=email,
        subject=f"{place} invites you to Tieout",
        template="invitation",
        context={
            "place": place,
            "role": role,
            "sender": sent_by.get_full_name() if sent_by else place,
            "action_label": f"Join {place}",
            "action_url": absolute(f"/join/{secret}/"),
            "days": LIFETIME.days,
        },
        delivered=delivered,
    )


def _delivered(client: Client, pk: int) -> None:
    with tenant_context(client):
        Invitation.objects.filter(pk=pk).update(delivered_at=timezone.now())


def _firm_delivered(pk: int) -> None:
    FirmInvitation.objects.filter(pk=pk).update(delivered_at=timezone.now())
