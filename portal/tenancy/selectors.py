"""Reading firms, clients and who reaches them, before any client's scope is open."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from guardian.shortcuts import get_objects_for_user

from portal.tenancy.models import Client, ClientRole, Firm, FirmMembership, Membership
from portal.tenancy.scope import person_context


@dataclass(frozen=True)
class Reached:
    """A client that a person reaches, and in which role."""

    client: Client
    role: str
    is_firm_staff: bool


@dataclass(frozen=True)
class SessionLimit:
    """What a session that began with a mailed link, or with one client's own sign-in, reaches at most.

    The middleware of accounts sets it as `user.session_limit`: one client, as one of its people, with no more than these
    permissions (None: all that the role has). Such a session never acts as a consultant.
    """

    client_id: int
    permissions: frozenset[str] | None = None


def session_limit(user: Any) -> SessionLimit | None:
    """The limit of the session that `user` was read from, if it has one."""
    limit: SessionLimit | None = getattr(user, "session_limit", None)
    return limit


class Reach:
    """Which clients one person reaches; their own memberships are read once.

    Whoever works for a client's firm reaches it as that and as nothing else: their rights never come from a membership.
    """

    def __init__(self, user: Any) -> None:
        self.user = user

    @cached_property
    def own(self) -> list[Reached]:
        """The clients whose people the person is one of, as far as the session goes."""
        with person_context(self.user.pk):
            rows = list(Membership.of_person.select_related("client__firm").filter(user=self.user))
        limit = session_limit(self.user)
        return [
            Reached(row.client, row.role, is_firm_staff=False)
            for row in rows
            if (limit is None or row.client_id == limit.client_id) and row.client.firm_id not in self.firm_roles
        ]

    @cached_property
    def firm_roles(self) -> dict[int, str]:
        """The person's role in each firm they work for."""
        return dict(FirmMembership.objects.filter(user=self.user).values_list("firm_id", "role"))

    def client(self, slug: str) -> Reached | None:
        """The client of that slug, if the person reaches it: by membership, or as assigned staff of its firm."""
        if not self.user.is_active:
            return None
        found = next((reached for reached in self.own if reached.client.slug == slug), None)
        if found is not None or session_limit(self.user) is not None:
            return found
        if not self.firm_roles:
            return None
        client = Client.objects.select_related("firm").filter(slug=slug, firm_id__in=self.firm_roles).first()
        if client is None or not self.user.has_perm("tenancy.work_on_client", client):
            return None
        return Reached(client, self.firm_roles[client.firm_id], is_firm_staff=True)

    def clients(self, most: int | None = None) -> list[Reached]:
        """The clients that the person may open, by name; not more than `most` of those they are assigned to."""
        found = list(self.own)
        roles = self.firm_roles if session_limit(self.user) is None else {}
        if roles:
            of_firms = Client.objects.select_related("firm").filter(firm_id__in=roles).order_by("name", "pk")
            granted = get_objects_for_user(self.user, "tenancy.work_on_client", of_firms, accept_global_perms=False)
            found += [Reached(client, roles[client.firm_id], is_firm_staff=True) for client in granted[:most]]
        return sorted(found, key=lambda reached: (reached.client.name.casefold(), reached.client.pk))


def client_reached(user: Any, slug: str) -> Reached | None:
    """The client named by `slug` if this person reaches it."""
    return Reach(user).client(slug)


def clients_reached(user: Any) -> list[Reached]:
    """Every client that a person may open, by name."""
    return Reach(user).clients()


def firm_reached(user: Any, slug: str) -> FirmMembership | None:
    """The person's membership of the firm named by `slug`, if any."""
    if not user.is_active or session_limit(user) is not None:
        return None
    return FirmMembership.objects.select_related("firm").filter(firm__slug=slug, user=user).first()


def is_staff_of(client: Client, user: Any) -> bool:
    """Whether a person works for the client's firm, assigned to this client or not."""
    return FirmMembership.objects.filter(firm_id=client.firm_id, user=user).exists()


def firms_of(user: Any) -> list[Firm]:
    """The firms a person works for."""
    if session_limit(user) is not None:
        return []
    return list(Firm.objects.filter(memberships__user=user).order_by("name"))


def must_set_up_mfa(user: Any, client: Client | None, role: str, is_firm_staff: bool) -> bool:
    """A second factor is required of firm staff always, and of a client's admins where the client says so."""
    return _requires_mfa(user, client, role, is_firm_staff) and not is_mfa_enabled(user)


def openable(user: Any, reached: list[Reached]) -> list[Reached]:
    """Of the clients that a person reaches, those not shut until a second factor is set up: not even their names are shown."""
    shut = [each for each in reached if _requires_mfa(user, each.client, each.role, each.is_firm_staff)]
    if not shut or is_mfa_enabled(user):
        return reached
    return [each for each in reached if each not in shut]


def _requires_mfa(user: Any, client: Client | None, role: str, is_firm_staff: bool) -> bool:
    required = is_firm_staff or (client is not None and role == ClientRole.ADMIN and client.requires_mfa_for_admins)
    return required and not is_of_demonstration(user)


def is_of_demonstration(user: Any) -> bool:
    """Whether this is one of the demonstration's people, who may look around without a second factor; never in production."""
    return not settings.PRODUCTION and user.email.endswith(f"@{settings.DEMO_DOMAIN}")
