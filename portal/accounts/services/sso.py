"""A client's company sign-in: setting it up, and letting people in through it."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from portal.accounts.models import SsoConnection, SsoDomain, SsoIdentity, User
from portal.accounts.models.links import LinkPurpose
from portal.accounts.oidc import Claims
from portal.accounts.sealing import seal, unseal
from portal.accounts.selectors import OpenedInvitation
from portal.accounts.services.identities import identity_connect
from portal.accounts.services.invitations import invitation_accept
from portal.accounts.services.magic_links import magic_link_send
from portal.lib.names import txt_values
from portal.lib.outbound import OutboundError, url_check
from portal.tenancy import audit
from portal.tenancy.actor import Actor, acting_as, current_actor
from portal.tenancy.models import Client, Membership
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import TenancyError

DOMAIN = re.compile(r"^(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}\Z")


def secret_place(client_id: int) -> str:
    """What a sealed secret is bound to."""
    return f"client {client_id} sso.secret"


def sso_save(*, client: Client, issuer: str, oidc_client_id: str, secret: str, is_enabled: bool) -> SsoConnection:
    """Set or change the provider of the client in scope. A new issuer or client ID needs the secret again; under a new
    issuer every domain has to be confirmed again.

    TenancyError for an address that may not be called, and for a missing secret.
    """
    try:
        url_check(issuer, allow_loopback=not settings.PRODUCTION)
    except OutboundError as error:
        raise TenancyError(f"this issuer cannot be used: {error}") from error
    row = SsoConnection.objects.filter(client=client).first()
    before = None if row is None else _settings_of(row)
    if row is not None and row.issuer != issuer:
        _domains_open(f"the issuer is {issuer} now")
    moved = row is None or (row.issuer, row.oidc_client_id) != (issuer, oidc_client_id)
    if moved and not secret:
        raise TenancyError("enter the client secret: it is never sent to another issuer or under another client ID")
    row = row or SsoConnection(client=client, public_id=secrets.token_hex(12))
    row.issuer, row.oidc_client_id, row.is_enabled = issuer, oidc_client_id, is_enabled
    if secret:
        row.sealed_secret = seal(secret, secret_place(client.pk))
        row.secret_last4, row.secret_changed_at = secret[-4:], timezone.now()
    row.save()
    after = _settings_of(row)
    audit.record(
        "sso.changed", object_type="sso", object_id=client.slug, before=before, after=after,
        details={**after, "secret_changed": bool(secret)},
    )  # fmt: skip
    return row


def _domains_open(because: str) -> None:
    confirmed = SsoDomain.objects.filter(confirmed_at__isnull=False)
    names = list(confirmed.order_by("domain").values_list("domain", flat=True))
    if names:
        confirmed.update(confirmed_at=None, confirmed_by=None)
        audit.record(
            "sso.domains_unconfirmed", object_type="domain", object_id=", ".join(names)[:200], before=names,
            details={"domains": names, "because": because},
        )  # fmt: skip


def proof_of(client: Client, domain: str) -> tuple[str, str]:
    """The name and the value of the TXT record that shows that a domain is this client's; nobody else's value does."""
    said = f"sso domain\0{client.pk}\0{domain}".encode()
    value = hmac.new(settings.SECRET_KEY.encode(), said, hashlib.sha256).hexdigest()[:40]
    return f"_tieout.{domain}", f"tieout-domain={value}"


def sso_domain_add(*, client: Client, domain: str) -> SsoDomain:
    """Claim an e-mail domain for the client in scope; it leads nowhere before it is proved (`proof_of`) and confirmed."""
    name = domain.strip().lower().lstrip("@")
    if not DOMAIN.match(name):
        raise TenancyError(f"'{name}' is no e-mail domain")
    row, created = SsoDomain.objects.get_or_create(client=client, domain=name)
    if created:
        audit.record("sso.domain_added", object_type="domain", object_id=name, after=name)
    found: SsoDomain = row
    return found


def domain_says(client: Client, domain: str) -> list[str]:
    """The TXT records that a domain holds for us: asks name servers, so never within a transaction."""
    return txt_values(proof_of(client, domain)[0], settings.DNS_SERVERS)


def sso_domain_confirm(*, client: Client, row: SsoDomain, confirmed_by: User, records: list[str]) -> None:
    """The firm's admin confirms that the domain is this client's, and the domain itself says so among its `records`.

    TenancyError without that record, and when the domain leads somewhere already; where to is said to nobody.
    """
    if row.confirmed_at is not None:
        return
    name, value = proof_of(client, row.domain)
    if not any(hmac.compare_digest(said.encode(), value.encode()) for said in records):
        raise TenancyError(f"there is no TXT record {name} with the value {value} yet")
    row.confirmed_at, row.confirmed_by = timezone.now(), confirmed_by
    try:
        with transaction.atomic():
            row.save(update_fields=["confirmed_at", "confirmed_by"])
    except IntegrityError as error:
        raise TenancyError("this domain cannot be confirmed: ask whoever runs this installation") from error
    audit.record("sso.domain_confirmed", object_type="domain", object_id=row.domain, after=row.domain)


def sso_domain_remove(*, client: Client, row: SsoDomain) -> None:
    """Give a domain up; people of it sign in another way."""
    name = row.domain
    row.delete()
    audit.record("sso.domain_removed", object_type="domain", object_id=name, before=name)


def sso_secret(connection: SsoConnection) -> str:
    """The provider's secret, to be sent to the provider and nowhere else."""
    return unseal(connection.sealed_secret, secret_place(connection.client_id))


@dataclass(frozen=True)
class SsoOutcome:
    """`user` may come in; or a confirmation was mailed first (`was_mailed`); or neither, and nothing says why."""

    user: User | None = None
    was_mailed: bool = False


def sso_sign_in(*, connection: SsoConnection, claims: Claims, invited: OpenedInvitation | None) -> SsoOutcome:
    """Who a provider's verified claims stand for at this client.

    A person is known by (issuer, subject). One who is not known yet is connected only through their mailbox: by the
    invitation that this browser opened, or by a link that is mailed to them now; the provider's word alone never does it.
    """
    if claims.issuer != connection.issuer:
        return SsoOutcome()
    if known := _known(connection.client, claims):
        return SsoOutcome(user=known)
    with tenant_context(connection.client) as client:
        if not claims.is_email_verified or not _is_own_domain(claims.email):
            return SsoOutcome()
        member = Membership.objects.select_related("user").filter(user__email=claims.email).first()
        if member is not None and member.user.is_active:
            _mail_connection(client, member.user, claims)
            return SsoOutcome(was_mailed=True)
    fits = invited is not None and invited.client == connection.client and invited.email == claims.email
    if invited is None or not fits or invited.has_account:
        return SsoOutcome()
    user = invitation_accept(opened=invited, user=None, name=claims.name)
    with tenant_context(connection.client) as client:
        identity_connect(client=client, user=user, issuer=claims.issuer, subject=claims.subject)
    return SsoOutcome(user=user)


def _known(client: Client, claims: Claims) -> User | None:
    with tenant_context(client):
        rows = SsoIdentity.objects.select_related("user").filter(issuer=claims.issuer, subject=claims.subject)
        row = rows.first()
        if row is None or not row.user.is_active or not Membership.objects.filter(user=row.user).exists():
            return None
        rows.update(last_used_at=timezone.now())
        with acting_as(Actor(row.user.email, row.user_id, current_actor().request_id)):
            audit.record("sso.signed_in", object_type="user", object_id=row.user.email)
        user: User = row.user
        return user


def _is_own_domain(email: str) -> bool:
    domain = email.rpartition("@")[2]
    return bool(SsoDomain.objects.filter(domain=domain, confirmed_at__isnull=False).exists())


def _mail_connection(client: Client, user: User, claims: Claims) -> None:
    try:
        magic_link_send(
            client=client, user=user, purpose=LinkPurpose.CONNECT_SSO, target=f"/c/{client.slug}/",
            identity=(claims.issuer, claims.subject),
        )  # fmt: skip
    except TenancyError:
        return  # too many links within the hour: the answer stays the same


def _settings_of(row: Any) -> dict[str, Any]:
    return {"issuer": row.issuer, "client_id": row.oidc_client_id, "is_enabled": row.is_enabled}
