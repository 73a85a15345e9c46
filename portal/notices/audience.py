"""Whom a thing about a whole client is told: its people in some roles, and the consultants who work on it."""

from typing import Any

from django.contrib.auth import get_user_model
from guardian.shortcuts import get_users_with_perms

from portal.tenancy.models import Client, FirmMembership, Membership


def members_in(*roles: str) -> list[Any]:
    """The people of the client in scope who have one of these roles."""
    return [row.user for row in Membership.objects.filter(role__in=roles).select_related("user")]


def consultants_of(client: Client) -> list[Any]:
    """The firm's people who work on the client."""
    granted: Any = get_users_with_perms(client, only_with_perms_in=["work_on_client"], with_group_users=False)
    staff = FirmMembership.objects.filter(firm_id=client.firm_id, user_id__in=granted.values("pk"))
    return list(get_user_model().objects.filter(pk__in=staff.values("user_id")).order_by("pk"))
