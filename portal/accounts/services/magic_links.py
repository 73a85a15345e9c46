"""Links that sign a stakeholder in to one client, for one purpose."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from django.db.models import Q
from django.utils import timezone

from portal.accounts.bearer import hash_of, new_secret
from portal.accounts.mail import absolute, mail_on_commit
from portal.accounts.models import MagicLink, SsoConnection, User
from portal.accounts.models.links import LinkPurpose
from portal.accounts.services.identities import identity_connect
from portal.accounts.services.invitations import LinkClosedError
from portal.accounts.session import SessionScope
from portal.tenancy import audit
from portal.tenancy.actor import Actor, acting_as, current_actor
from portal.tenancy.models import Client, ClientRole, Membership
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import TenancyError, member_accept

LIFETIME = timedelta(minutes=10)
TO_ANSWER = timedelta(
    days=7
)  # like an invitation: it opens the questions it is about, and signing asks for a fresh code
RENEWABLE = timedelta(days=30)
WINDOW = timedelta(hours=1)
MOST_IN_WINDOW = 5

WORDS = {
    LinkPurpose.READ: ("{client}: something to read", "Open the page"),
    LinkPurpose.APPROVE: ("{client}: your answer is needed", "Read and answer"),
    LinkPurpose.SURVEY: ("{client}: how was the project?", "Answer"),
    LinkPurpose.CONNECT_SSO: ("{client}: confirm your company sign-in", "Confirm"),
}


@dataclass(frozen=True)
class LinkWords:
    """What a link's mail says, where it says more than the purpose alone."""

    subject: str
    lead: str
    text: str
    action: str = ""
    fewer_url: str = ""  # where its reader ends mails of this kind


def magic_link_send(
    *,
    client: Client,
    user: User,
    purpose: str,
    target: str,
    sent_by: Any = None,
    identity: tuple[str, str] = ("", ""),
    words: LinkWords | None = None,
) -> MagicLink:
    """Mail one of the people of the client in scope a link that opens `target`, a path of this client. Older ones die.

    Ten minutes (seven days for an answer), once, for this person, role and client; the session it starts may do what the link
    is for.
    TenancyError for anyone whose role requires a second factor, who is no member, or who got five links within the hour.
    """
    membership = _membership(client, user)
    is_only_invited = membership is not None and membership.accepted_at is None
    if membership is None or not user.is_active or (is_only_invited and purpose == LinkPurpose.CONNECT_SSO):
        raise TenancyError("links are for the client's own people")
    if purpose != LinkPurpose.CONNECT_SSO and _needs_second_factor(client, membership):
        raise TenancyError("an admin of this client signs in with a second factor, never by link")
    if not target.startswith(f"/c/{client.slug}/") or ".." in target or "\\" in target:
        raise TenancyError("a link opens a page of its own client")
    Client.objects.select_for_update(no_key=True).get(pk=client.pk)
    earlier = MagicLink.objects.filter(user=user)
    if earlier.filter(created_at__gt=timezone.now() - WINDOW).count() >= MOST_IN_WINDOW:
        raise TenancyError("five links went to this address within the hour: wait, or use one of them")
    earlier.filter(used_at=None, revoked_at=None).update(
        revoked_at=timezone.now(), revoked_because="replaced by a newer one"
    )
    secret = new_secret()
    link: MagicLink = MagicLink.objects.create(
        user=user, email=user.email, role=membership.role, purpose=LinkPurpose(purpose), target=target,
        token_hash=hash_of(secret), sent_by=sent_by, expires_at=timezone.now() + lifetime_of(purpose),
        issuer=identity[0], subject=identity[1],
    )  # fmt: skip
    audit.record(
        "link.sent", object_type="user", object_id=user.email, after=target,
        details={"purpose": purpose, "target": target},
    )  # fmt: skip
    _mail(client, link, secret, words)
    return link


def lifetime_of(purpose: str) -> timedelta:
    """How long a link of that purpose works."""
    return TO_ANSWER if purpose in (LinkPurpose.APPROVE, LinkPurpose.SURVEY) else LIFETIME


def magic_link_use(*, link: MagicLink) -> SessionScope:
    """Use a link, once; returns what the session it starts is limited to. Who was only invited is a member from now on.

    LinkClosedError when it was used, replaced, revoked or ran out, or when the person, their address or their role changed.
    """
    with tenant_context(link.client) as client:
        now = timezone.now()
        if not _still_holds(client, link):
            raise LinkClosedError
        claim = MagicLink.objects.filter(pk=link.pk, used_at=None, revoked_at=None, expires_at__gt=now)
        if not claim.update(used_at=now):
            raise LinkClosedError
        with acting_as(Actor(link.email, link.user_id, current_actor().request_id)):
            audit.record("link.used", object_type="user", object_id=link.email, details={"purpose": link.purpose})
            member_accept(member=Membership.with_invited.select_related("user").get(user_id=link.user_id))
        if link.purpose == LinkPurpose.CONNECT_SSO:
            if not SsoConnection.objects.filter(issuer=link.issuer, is_enabled=True).exists():
                raise LinkClosedError  # the provider was switched since
            identity_connect(client=client, user=link.user, issuer=link.issuer, subject=link.subject)
    kind = "sso" if link.purpose == LinkPurpose.CONNECT_SSO else "link"
    return SessionScope(kind=kind, client_id=client.pk, client_slug=client.slug, purpose=link.purpose)


def magic_link_renew(*, link: MagicLink) -> None:
    """Send a fresh link for one that ran out, to the same address; quiet where it may not be, so that nothing is learned."""
    if link.created_at < timezone.now() - RENEWABLE or link.purpose == LinkPurpose.CONNECT_SSO:
        return
    with tenant_context(link.client) as client:
        if _still_holds(client, link):
            try:
                magic_link_send(client=client, user=link.user, purpose=link.purpose, target=link.target)
            except TenancyError:
                return


def links_forget(*, client: Client, before: Any) -> int:
    """Delete the links of the client in scope that ended before an instant; the audit log keeps what happened."""
    ended = MagicLink.objects.filter(Q(expires_at__lt=before))
    return int(ended.delete()[0])


def _membership(client: Client, user: User) -> Membership | None:
    found: Membership | None = Membership.with_invited.filter(user=user).first()
    return found


def _still_holds(client: Client, link: MagicLink) -> bool:
    """The person is active, and has the same address and role as when the link was sent."""
    membership = Membership.with_invited.filter(user_id=link.user_id).select_related("user").first()
    return (
        membership is not None
        and membership.user.is_active
        and membership.user.email == link.email
        and membership.role == link.role
        and (link.purpose == LinkPurpose.CONNECT_SSO or not _needs_second_factor(client, membership))
    )


def _needs_second_factor(client: Client, membership: Membership) -> bool:
    return membership.role == ClientRole.ADMIN and client.requires_mfa_for_admins


def _mail(client: Client, link: MagicLink, secret: str, words: LinkWords | None) -> None:
    subject, action = WORDS[LinkPurpose(link.purpose)]
    lifetime = lifetime_of(link.purpose)
    mail_on_commit(
        to=link.email,
        subject=words.subject if words else subject.format(client=client),
        template="magic_link",
        context={
            "client": client,
            "person": link.user,
            "client_name": client.name,
            "purpose": link.purpose,
            "words": words,
            "action_label": (words.action if words else "") or action,
            "fewer_url": words.fewer_url if words else "",
            "action_url": absolute(f"/link/{secret}/"),
            "lifetime": f"{lifetime.days} days" if lifetime.days else f"{lifetime.seconds // 60} minutes",
        },
        delivered=partial(_delivered, client, link.pk),
    )


def _delivered(client: Client, pk: int) -> None:
    with tenant_context(client):
        MagicLink.objects.filter(pk=pk).update(delivered_at=timezone.now())


def magic_link_revoke(*, link: MagicLink, because: str) -> None:
    """End an open link of the client in scope; nothing for one that was used or has ended."""
    if MagicLink.objects.filter(pk=link.pk, used_at=None, revoked_at=None).update(
        revoked_at=timezone.now(), revoked_because=because[:60]
    ):
        audit.record(
            "link.revoked", object_type="user", object_id=link.email, before=link.target, details={"because": because}
        )
