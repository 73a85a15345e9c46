"""Who can be put on an engagement: the client's people, and the consultants who work on the client."""

from typing import Any

from django.contrib.auth import get_user_model
from guardian.shortcuts import get_users_with_perms

from portal.tenancy.models import Client, ClientRole, FirmMembership, FirmRole, Membership


def people_to_add(client: Client) -> list[tuple[str, str]]:
    """Choices: the person's id, and their name with what they are."""
    staff = _staff(client)
    roles = dict(
        FirmMembership.objects.filter(firm_id=client.firm_id, user_id__in=staff).values_list("user_id", "role")
    )
    users = get_user_model().objects.filter(pk__in=roles).order_by("name", "pk")
    found = [(str(user.pk), f"{user.get_full_name()}, {FirmRole(roles[user.pk]).label} of the firm") for user in users]
    members = Membership.objects.select_related("user").order_by("user__name", "pk")
    return found + [(str(row.user_id), f"{row.user.get_full_name()}, {ClientRole(row.role).label}") for row in members]


def person_of(client: Client, user_id: str) -> tuple[Any, bool]:
    """The person of such a choice, and whether they are of the firm."""
    user = get_user_model().objects.get(pk=int(user_id))
    return user, not Membership.objects.filter(user=user).exists()


def _staff(client: Client) -> list[int]:
    users: Any = get_users_with_perms(client, only_with_perms_in=["work_on_client"], with_group_users=False)
    return list(users.values_list("pk", flat=True))
