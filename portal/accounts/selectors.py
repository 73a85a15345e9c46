"""Reading people, their invitations, links and tokens."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from django.utils import timezone
from guardian.models import UserObjectPermission

from portal.accounts.models import ApiToken, FirmInvitation, Invitation, MagicLink, SsoConnection, SsoDomain, User
from portal.tenancy.models import Client, Firm, FirmMembership, Membership
from portal.tenancy.scope import bearer_context, person_context, tenant_context

SECOND_FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]


@dataclass(frozen=True)
class OpenedInvitation:
    """An open invitation as its holder sees it; `client` is None for one to a firm."""

    pk: int
    email: str
    role: str
    role_label: str
    firm: Firm
    client: Client | None
    has_account: bool

    @property
    def place(self) -> str:
        """What the invitation is to."""
        return str(self.client or self.firm)


def invitation_opened(token_hash: str, now: datetime | None = None) -> OpenedInvitation | None:
    """The open invitation that this secret's hash belongs to; None alike for unknown, used, revoked and old ones."""
    with bearer_context(token_hash):
        to_client = Invitation.by_bearer.select_related("client__firm").filter(token_hash=token_hash).first()
    to_firm = FirmInvitation.objects.select_related("firm").filter(token_hash=token_hash).first()
    found: Invitation | FirmInvitation | None = to_client or to_firm
    if found is None or not found.is_open(now or timezone.now()):
        return None
    client = found.client if isinstance(found, Invitation) else None
    return OpenedInvitation(
        pk=found.pk,
        email=found.email,
        role=found.role,
        role_label=str(found.get_role_display()),
        firm=found.client.firm if isinstance(found, Invitation) else found.firm,
        client=client,
        has_account=User.objects.filter(email__iexact=found.email).exists(),
    )


def magic_link_opened(token_hash: str) -> MagicLink | None:
    """The link that this secret's hash belongs to, open or not."""
    with bearer_context(token_hash):
        found: MagicLink | None = (
            MagicLink.by_bearer.select_related("client__firm", "user").filter(token_hash=token_hash).first()
        )
    return found


def is_only_invited(link: MagicLink) -> bool:
    """Whether using this link is what makes its person a member."""
    with tenant_context(link.client):
        return Membership.with_invited.filter(user_id=link.user_id, accepted_at=None).exists()


def api_token_presented(token_hash: str) -> ApiToken | None:
    """The token that a program presented, alive or not."""
    with bearer_context(token_hash):
        found: ApiToken | None = (
            ApiToken.by_bearer.select_related("client__firm", "user").filter(token_hash=token_hash).first()
        )
    return found


def sso_of_email(email: str) -> SsoConnection | None:
    """The provider that a confirmed e-mail domain leads to."""
    domain = email.strip().lower().rpartition("@")[2]
    with bearer_context(domain):
        found = SsoDomain.by_bearer.select_related("client__firm").filter(domain=domain, confirmed_at__isnull=False)
        row = found.first()
    if row is None:
        return None
    with tenant_context(row.client):
        connection: SsoConnection | None = SsoConnection.objects.select_related("client__firm").first()
    return connection if connection and connection.is_enabled else None


def sso_of_public_id(public_id: str) -> SsoConnection | None:
    """The provider that a sign-in under way was begun with."""
    with bearer_context(public_id):
        found: SsoConnection | None = (
            SsoConnection.by_bearer.select_related("client__firm").filter(public_id=public_id, is_enabled=True).first()
        )
    return found


@dataclass(frozen=True)
class PersonRow:
    """One of a client's people, or a consultant who works on it."""

    pk: int
    user: User
    role: str
    role_label: str
    has_second_factor: bool
    since: datetime
    invited_as: str = ""
    held: str = ""  # what they take care of, in words; filled in for whoever may end their access

    @property
    def name(self) -> str:
        """Their own name, or, while they are only invited, what was typed for them."""
        return self.invited_as or str(self.user.get_full_name())


def client_people() -> list[PersonRow]:
    """The people of the client in scope, by name, with the state of their second factor: two queries."""
    members = list(Membership.objects.select_related("user").order_by("user__name", "user__email"))
    return _with_factors([(row.pk, row.user, row.role, str(row.get_role_display()), row.created_at) for row in members])


def client_invited() -> list[PersonRow]:
    """Stakeholders who have not opened their link yet, by the name that was typed for them; nothing else of them is read."""
    rows = Membership.with_invited.filter(accepted_at=None).select_related("user")
    found = [
        PersonRow(row.pk, row.user, row.role, str(row.get_role_display()), False, row.created_at, row.shown_name)
        for row in rows
    ]
    return sorted(found, key=lambda row: (row.name.casefold(), row.pk))


def invited_names() -> dict[int, str]:
    """What those who are only invited to the client in scope are called, by the id of their account."""
    return {row.user.pk: row.name for row in client_invited()}


def shown_name(user: Any) -> str:
    """What the client in scope may call a person."""
    return invited_names().get(user.pk) or str(user.get_full_name())


def client_consultants(client: Client) -> list[PersonRow]:
    """The consultants of the firm who are assigned to the client."""
    assigned = UserObjectPermission.objects.filter(
        object_pk=str(client.pk), permission__codename="work_on_client", content_type__app_label="tenancy"
    ).values("user_id")
    rows = FirmMembership.objects.select_related("user").filter(firm_id=client.firm_id, user__in=assigned)
    return _with_factors(
        [
            (row.pk, row.user, row.role, str(row.get_role_display()), row.created_at)
            for row in rows.order_by("user__name")
        ]
    )


def firm_people(firm: Firm) -> list[PersonRow]:
    """Everyone who works for the firm."""
    rows = FirmMembership.objects.select_related("user").filter(firm=firm).order_by("user__name", "user__email")
    return _with_factors([(row.pk, row.user, row.role, str(row.get_role_display()), row.created_at) for row in rows])


def firm_assignments(firm: Firm) -> dict[int, set[int]]:
    """For each client of the firm, the ids of the consultants who work on it: one query."""
    clients = {str(pk) for pk in Client.objects.filter(firm=firm).values_list("pk", flat=True)}
    grants = UserObjectPermission.objects.filter(
        permission__codename="work_on_client", content_type__app_label="tenancy", object_pk__in=clients
    ).values_list("object_pk", "user_id")
    assigned: dict[int, set[int]] = {}
    for client_id, user_id in grants:
        assigned.setdefault(int(client_id), set()).add(user_id)
    return assigned


def pending_invitations() -> list[Invitation]:
    """What is open in the client's scope, newest first."""
    return list(
        Invitation.objects.select_related("sent_by")
        .filter(used_at=None, revoked_at=None, expires_at__gt=timezone.now())
        .order_by("-created_at")
    )


def firm_pending_invitations(firm: Firm) -> list[FirmInvitation]:
    """What a firm has open, newest first."""
    return list(
        FirmInvitation.objects.select_related("sent_by")
        .filter(firm=firm, used_at=None, revoked_at=None, expires_at__gt=timezone.now())
        .order_by("-created_at")
    )


def api_tokens() -> list[ApiToken]:
    """The tokens of the client in scope: the living first, newest first."""
    rows = ApiToken.objects.select_related("user").order_by("-created_at")
    now = timezone.now()
    return sorted(rows, key=lambda row: row.revoked_at is not None or row.expires_at <= now)


def _with_factors(rows: list[tuple[int, Any, str, str, datetime]]) -> list[PersonRow]:
    secured = set(
        Authenticator.objects.filter(user__in=[row[1] for row in rows], type__in=SECOND_FACTORS).values_list(
            "user_id", flat=True
        )
    )
    return [PersonRow(pk, user, role, label, user.pk in secured, since) for pk, user, role, label, since in rows]


def belongs_only_to(user: Any, client_id: int) -> bool:
    """Whether a person is one of this client's people and has no other membership anywhere."""
    if FirmMembership.objects.filter(user=user).exists():
        return False
    with person_context(user.pk):
        return list(Membership.of_person.filter(user=user).values_list("client_id", flat=True)) == [client_id]
