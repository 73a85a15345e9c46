"""Changing and ending what a person may do; whatever was sent to them for the old role dies with it."""

from collections.abc import Callable
from typing import Any, Final

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from portal.accounts.models import ApiToken, MagicLink, User
from portal.accounts.services.invitations import firm_invitations_close, invitations_close
from portal.accounts.services.magic_links import magic_link_revoke
from portal.accounts.services.tokens import token_revoke
from portal.tenancy import audit
from portal.tenancy.models import Client, ClientRole, Firm, FirmMembership, FirmRole, Membership
from portal.tenancy.scope import tenant_context
from portal.tenancy.selectors import clients_reached
from portal.tenancy.services import TenancyError, consultant_unassign, firm_member_add, member_add, member_remove

# What higher floors do when one of the client's people leaves, in the same transaction; named at start-up by their apps.
WHEN_LEAVING: Final[list[Callable[[Client, Any], None]]] = []
# What higher floors do once somebody may do less at a client: what they took care of, and may not any more, is handed over.
WHEN_RIGHTS_END: Final[list[Callable[[Client, Any], None]]] = []
# What must hold before somebody (None for a job) gives one of the client's people another role, "" for none: TenancyError. Also
# what has to be locked before anything is audited.
BEFORE_ROLES: Final[list[Callable[[Client, Membership, str, Any], None]]] = []


def person_role_change(*, client: Client, member: Membership, role: str, user: Any) -> Membership:
    """Give one of the client's people another role; runs in the client's scope. The last admin stays one.

    TenancyError too for what `BEFORE_ROLES` forbids to `user`, who does it.
    """
    Client.objects.select_for_update(no_key=True).get(pk=client.pk)
    for require in BEFORE_ROLES:
        require(client, member, role, user)
    if member.role == ClientRole.ADMIN and role != ClientRole.ADMIN and _admins() == 1:
        raise TenancyError("this is the client's only admin: name another one first")
    changed = member_add(client=client, user=member.user, role=role)
    _close_links(member.user, "the role changed")
    rights_end(client=client, person=member.user)
    return changed


def person_remove(*, client: Client, member: Membership, user: Any) -> None:
    """End a person's membership, their links and tokens, and what they were asked; runs in the client's scope.

    TenancyError for the last admin, and for what `BEFORE_ROLES` forbids to `user`, who does it.
    """
    Client.objects.select_for_update(no_key=True).get(pk=client.pk)
    for require in BEFORE_ROLES:
        require(client, member, "", user)
    person = member.user
    member_remove(client=client, member=member)
    _close_links(person, "no longer a member")
    revoked = ApiToken.objects.filter(user=person, revoked_at=None).update(revoked_at=timezone.now())
    if revoked:
        audit.record("token.revoked", object_type="user", object_id=person.email, details={"tokens": revoked})
    for leave in WHEN_LEAVING:
        leave(client, person)
    rights_end(client=client, person=person)


def rights_end(*, client: Client, person: Any) -> None:
    """Let whatever somebody took care of be handed over where they may not see to it any more; runs in the client's scope."""
    for hand_over in WHEN_RIGHTS_END:
        hand_over(client, person)


def consultant_role_change(*, firm: Firm, member: FirmMembership, role: str) -> FirmMembership:
    """Give a consultant another role in the firm. The last admin stays one."""
    if role not in FirmRole.values:
        raise TenancyError(f"'{role}' is no role of a firm")
    with transaction.atomic():
        _keep_an_admin(firm, member, role)
        firm_invitations_close(firm=firm, email=member.user.email, because="the role changed")
        changed = firm_member_add(firm=firm, user=member.user, role=role)
    for client in clients_worked_on(firm, member.user):
        with tenant_context(client):
            rights_end(client=client, person=member.user)
    return changed


def consultant_remove(*, firm: Firm, member: FirmMembership) -> None:
    """End a consultant's work for the firm: every assignment first, each in its client's log, then the membership."""
    _keep_an_admin(firm, member, "")
    user = member.user
    for client in clients_worked_on(firm, user):
        with tenant_context(client):
            consultant_unassign(client=client, user=user)
            ApiToken.objects.filter(user=user, revoked_at=None).update(revoked_at=timezone.now())
            rights_end(client=client, person=user)
    with transaction.atomic():
        _keep_an_admin(firm, member, "")
        firm_invitations_close(firm=firm, email=user.email, because="no longer a member")
        audit.record_for_firm(
            firm, "firm.member_removed", object_type="user", object_id=user.email, before=member.role,
            details={"role": member.role},
        )  # fmt: skip
        member.delete()


def consultant_leave(*, client: Client, user: Any) -> None:
    """Take a consultant off the client in scope, with every token and every open link that they made for it."""
    consultant_unassign(client=client, user=user)
    for token in ApiToken.objects.filter(user=user, revoked_at=None):
        token_revoke(client=client, token=token)
    for link in MagicLink.objects.filter(sent_by=user, used_at=None, revoked_at=None):
        magic_link_revoke(link=link, because="its sender left the client")
    rights_end(client=client, person=user)


def sessions_end(*, user: User) -> None:
    """End every session of a person, for good."""
    User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)


def person_disable(*, user: User) -> None:
    """Close an account everywhere: every session, token and link of it fails at the next use."""
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(is_active=False)
        sessions_end(user=user)
        for membership in FirmMembership.objects.select_related("firm").filter(user=user):
            audit.record_for_firm(membership.firm, "person.disabled", object_type="user", object_id=user.email)
    for client in _clients_of(user):
        with tenant_context(client):
            audit.record("person.disabled", object_type="user", object_id=user.email)
            rights_end(client=client, person=user)


def mfa_reset(*, user: User, reason: str) -> int:
    """Remove a person's second factors after they were identified by other means than e-mail; returns how many.

    For the installation's operator (`manage.py person_mfa_reset`): no page and no mail can do this.
    """
    if not reason.strip():
        raise TenancyError("say how the person was identified")
    details = {"reason": reason}
    with transaction.atomic():
        removed: int = Authenticator.objects.filter(user=user).delete()[0]
        sessions_end(user=user)
        for membership in FirmMembership.objects.select_related("firm").filter(user=user):
            audit.record_for_firm(
                membership.firm, "person.mfa_reset", object_type="user", object_id=user.email, details=details
            )
    for client in _clients_of(user):
        with tenant_context(client):
            audit.record("person.mfa_reset", object_type="user", object_id=user.email, details=details)
    return removed


def profile_update(*, user: User, name: str, locale: str, time_zone: str) -> User:
    """A person's own name and how they read dates and figures."""
    user.name, user.locale, user.time_zone = name.strip(), locale, time_zone
    user.full_clean(exclude=["password"])
    user.save(update_fields=["name", "locale", "time_zone"])
    return user


def clients_worked_on(firm: Firm, user: Any) -> list[Client]:
    """The clients of a firm that a consultant works on."""
    return [client for client in Client.objects.filter(firm=firm) if user.has_perm("tenancy.work_on_client", client)]


def _admins() -> int:
    return int(Membership.objects.filter(role=ClientRole.ADMIN).count())


def _keep_an_admin(firm: Firm, member: FirmMembership, role: str) -> None:
    if member.role == FirmRole.ADMIN and role != FirmRole.ADMIN:
        others = FirmMembership.objects.filter(firm=firm, role=FirmRole.ADMIN).exclude(pk=member.pk)
        if not others.exists():
            raise TenancyError("this is the firm's only admin: name another one first")


def _close_links(user: Any, because: str) -> None:
    invitations_close(email=user.email, because=because)
    pending = MagicLink.objects.filter(user=user, used_at=None, revoked_at=None)
    pending.update(revoked_at=timezone.now(), revoked_because=because)


def _clients_of(user: User) -> list[Client]:
    return [reached.client for reached in clients_reached(user)]
