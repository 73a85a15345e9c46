"""Everybody whose numbers a change moves: whom the notice goes to once it is in force, by role. Runs in the client's scope.

`to_be_told(client) -> Audience` · `told_groups(client, request) -> list[Group]`
"""

from dataclasses import dataclass
from typing import Any, Final

from governance.models import ChangeRequest
from portal.notices.audience import consultants_of, members_in
from portal.notices.selectors import notices_with
from portal.tenancy.models import Client, ClientRole, Membership
from portal.tenancy.permissions import CLIENT_ROLE_PERMISSIONS, VIEW_ARR, VIEW_CHANGES

SEE_FIGURES: Final = [role for role, may in CLIENT_ROLE_PERMISSIONS.items() if VIEW_ARR in may]
SEE_WORDS: Final = [
    role for role, may in CLIENT_ROLE_PERMISSIONS.items() if VIEW_CHANGES in may and VIEW_ARR not in may
]
LEFT: Final = "Not here any more"


@dataclass(frozen=True)
class Audience:
    """Who is told of a change with its figures, and who in words, because their role sees no number of the whole client."""

    figures: list[Any]
    words: list[Any]


@dataclass(frozen=True)
class Group:
    """The people of one role who are told, and how many of them have read it; None before anybody was told."""

    label: str
    people: tuple[Any, ...]
    sees_figures: bool
    read: int | None


def to_be_told(client: Client) -> Audience:
    """Everybody who is told when a change is in force."""
    return Audience([*members_in(*SEE_FIGURES), *consultants_of(client)], members_in(*SEE_WORDS))


def notice_key(request: ChangeRequest) -> str:
    """What tells the notice of a change in force from all others."""
    return f"{request} in force"


def told_groups(client: Client, request: ChangeRequest) -> list[Group]:
    """Who was told, by their role of now, in the order of roles; whoever will be, while nobody was yet."""
    notices = notices_with(notice_key(request))
    read = {notice.user_id for notice in notices if notice.read_at is not None}
    audience = to_be_told(client)
    people = [notice.user for notice in notices] or [*audience.figures, *audience.words]
    roles = dict(Membership.objects.filter(user__in=people).values_list("user", "role"))
    consultants = {user.pk for user in consultants_of(client)}
    groups: dict[str, list[Any]] = {
        **{str(role): [] for role in ClientRole}, "firm": [], "": [],
    }  # fmt: skip
    for person in {each.pk: each for each in people}.values():
        groups[roles.get(person.pk) or ("firm" if person.pk in consultants else "")].append(person)
    labels = {str(role): str(role.label) for role in ClientRole} | {"firm": f"{client.firm}", "": LEFT}
    return [
        Group(
            labels[role], tuple(found), role in SEE_FIGURES or role == "firm",
            sum(person.pk in read for person in found) if notices else None,
        )
        for role, found in groups.items()
        if found
    ]  # fmt: skip
