"""What the pages of oversight share: their tabs, and who can own something."""

from dataclasses import dataclass
from typing import Any, Final

from django.urls import reverse

from portal.notices.audience import people_who
from portal.tenancy.access import TenantRequest
from portal.tenancy.models import Client
from portal.tenancy.permissions import VIEW_ARR, VIEW_AUDITS, VIEW_POLICY, VIEW_REVIEW


@dataclass(frozen=True)
class Tab:
    """One of the pages of oversight, and who opens it."""

    url_name: str
    label: str
    permission: str


TABS: Final = (
    Tab("quarter_audits", "Contract audits", VIEW_AUDITS),
    Tab("disputes", "Disputes", VIEW_ARR),
    Tab("board_reviews", "Quarterly review", VIEW_REVIEW),
    Tab("handbook", "Handbook", VIEW_POLICY),
)


def tabs(request: TenantRequest, active: str) -> list[dict[str, Any]]:
    """The pages of oversight that the reader may open."""
    slug = {"client_slug": request.client.slug}
    return [
        {"label": tab.label, "url": reverse(tab.url_name, kwargs=slug), "active": tab.url_name == active}
        for tab in TABS
        if request.standing.may(tab.permission)
    ]


def people_to_choose(client: Client, permission: str) -> list[tuple[str, str]]:
    """Who can be asked to do something: whoever has a permission here, by name."""
    people = {user.pk: user for user in people_who(client, permission)}
    ordered = sorted(people.values(), key=lambda user: (user.get_full_name().casefold(), user.pk))
    return [(str(user.pk), user.get_full_name() or user.email) for user in ordered]
