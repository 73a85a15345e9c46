"""Whom a thing about a whole client is told: its people in some roles, and the consultants who work on it; by role or by what
they may do."""

from typing import Any

from django.contrib.auth import get_user_model
from guardian.shortcuts import get_users_with_perms

from portal.tenancy.models import Client, FirmMembership, Membership
from portal.tenancy.permissions import CLIENT_ROLE_PERMISSIONS, FIRM_ROLE_PERMISSIONS


def members_in(*roles: str) -> list[Any]:
    """The people of the client in scope who have one of these roles."""
    return [row.user for row in Membership.objects.filter(role__in=roles).select_related("user")]


def consultants_of(client: Client) -> list[Any]:
    """The firm's people who work on the client."""
    granted: Any = get_users_with_perms(client, only_with_perms_in=["work_on_client"], with_group_users=False)
    staff = FirmMembership.objects.filter(firm_id=client.firm_id, user_id__in=granted.values("pk"))
    return list(get_user_model().objects.filter(pk__in=staff.values("user_id")).order_by("pk"))


def people_who(client: Client, permission: str) -> list[Any]:
    """Everybody whose role at the client in scope includes a permission: its own people by name, then its consultants.

    Whoever works for the firm has their rights from that alone, as on every page.
    """
    staff = dict(FirmMembership.objects.filter(firm_id=client.firm_id).values_list("user_id", "role"))
    roles = [role for role, may in CLIENT_ROLE_PERMISSIONS.items() if permission in may]
    rows = Membership.objects.filter(role__in=roles, user__is_active=True).select_related("user")
    members = [row.user for row in rows.order_by("user__name", "user_id") if row.user_id not in staff]
    consultants = [user for user in consultants_of(client) if permission in FIRM_ROLE_PERMISSIONS[staff[user.pk]]]
    return [*members, *(user for user in consultants if user.is_active)]


def own_people_who(client: Client, permission: str) -> list[Any]:
    """The client's own people who may do something; where none of them may, the consultants who do."""
    people = people_who(client, permission)
    own = set(Membership.objects.filter(user__in=people).values_list("user", flat=True))
    return [user for user in people if user.pk in own] or people
