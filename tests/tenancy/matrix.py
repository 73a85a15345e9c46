"""The access matrix: every route of the portal, what guards it, and how to try it. One table for tests and people.

A route that is not in it fails `test_every_route_is_in_the_matrix`.
"""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.urls import get_resolver
from django.utils import timezone

from portal.accounts.models import User
from portal.tenancy.models import Client

Kwargs = Callable[[Client], dict[str, Any]]


def day(ahead: int = 0) -> str:
    """The day so many days from today, as a form sends it: far from today no plan is taken."""
    return f"{timezone.now().date() + dt.timedelta(days=ahead)}"


def nothing(client: Client) -> dict[str, Any]:
    """For routes whose only key is the client's slug."""
    return {}


def rightful() -> User:
    """Who signs in the matrix: one of the client's people, of Finance."""
    return User.objects.get_or_create(email="rightful@example.com", defaults={"name": "Rightful"})[0]


@dataclass(frozen=True)
class Route:
    """One route and method.

    `kwargs` runs inside the client's scope and makes the objects that the URL names; `data` is what a rightful POST sends;
    `status` is what the rightful person gets.
    """

    url_name: str
    permission: str
    method: str = "get"
    kwargs: Kwargs = nothing
    data: dict[str, Any] | Callable[[Client], dict[str, Any]] = field(default_factory=dict)
    status: tuple[int, ...] = (200, 302)
    rightful: str = ""  # a role of the client's own people, for what no consultant may do; else Ana, an architect
    names_object: bool = True  # whether the keys beside the client's slug name a row (a month does not)

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.url_name}"


SAMPLES: dict[str, Any] = {"month": "2026-03", "code": "overlap", "secret": "x" * 43}


def sample_kwargs(url_name: str, leave: Iterable[str] = ("client_slug",)) -> dict[str, Any]:
    """Keys that make a valid address of a route and name nothing: for answers that come before any object is looked up."""
    names = get_resolver().reverse_dict.getlist(url_name)[0][0][0][1]
    samples = SAMPLES | ({"month": 24_288} if url_name.startswith("api_") else {})
    return {name: samples.get(name, 1) for name in names if name not in leave}
