"""What people hear of a change request, step by step.

`change_tell(request=, step=, text=)`, called by whoever takes the step, in its transaction.
"""

from collections.abc import Callable
from typing import Any, Final

from django.urls import reverse

from governance.models import ChangeRequest
from governance.selectors.changes import change_followers
from portal.notices.audience import people_who
from portal.notices.kinds import Kind
from portal.notices.services.raising import notice_add
from portal.tenancy.models import Client
from portal.tenancy.permissions import TRIAGE_CHANGES

Audience = Callable[[ChangeRequest], list[Any]]


def triagers(request: ChangeRequest) -> list[Any]:
    """Whoever may take a request in hand, by role."""
    return people_who(request.client, TRIAGE_CHANGES)


def owner_of(request: ChangeRequest) -> list[Any]:
    """Who takes care of the request; whoever may triage, while nobody does."""
    return [request.owner] if request.owner else triagers(request)


def followers_apart(request: ChangeRequest) -> list[Any]:
    """Whoever hears of every step but for whom the next one waits: they are asked for it."""
    asked = owner_of(request)
    return [person for person in change_followers(request) if person not in asked]


TOLD: Final[dict[str, tuple[Audience, str, str]]] = {
    "submit": (triagers, Kind.CHANGE_WAITS, "is submitted: take it in hand, or send it back"),
    "resubmit": (owner_of, Kind.CHANGE_WAITS, "comes back with its changes: take it in hand"),
    "triage": (change_followers, Kind.CHANGE, "is taken in hand"),
    "send_back": (change_followers, Kind.CHANGE_WAITS, "needs changes"),
    "to_review": (change_followers, Kind.CHANGE, "is before the board"),
    "approve": (followers_apart, Kind.CHANGE, "is approved"),
    "reject": (change_followers, Kind.CHANGE, "is rejected"),
    "take_effect": (change_followers, Kind.CHANGE, "is in effect"),
    "withdraw": (change_followers, Kind.CHANGE, "is withdrawn"),
}
"""By step: who is told, as what kind of thing, and in which words. Other steps concern nobody by themselves."""


def change_path(client: Client, number: int) -> str:
    """The page of a request."""
    return reverse("change", kwargs={"client_slug": client.slug, "number": number})


def change_tell(*, request: ChangeRequest, step: str, text: str = "") -> None:
    """Tell whom a step concerns, with what was said with it. Whoever takes the step is not told."""
    if step not in TOLD:
        return
    audience, kind, words = TOLD[step]
    said = f": {text}" if text else ""
    notice_add(
        client=request.client, users=audience(request), kind=kind, text=f"{request}, “{request.title}”, {words}{said}",
        path=change_path(request.client, request.number), about=f"change {request.number}",
    )  # fmt: skip
    if step == "approve":
        schedule_ask(request)


def schedule_ask(request: ChangeRequest) -> None:
    """Ask whoever takes care of an approved request to schedule it, also where the approval came of their own vote: that their
    vote was the one that decided is nothing they did, and from now on it waits for them alone.
    """
    notice_add(
        client=request.client, users=owner_of(request), kind=Kind.CHANGE_WAITS, is_for_doer=True,
        text=f"{request}, “{request.title}”, is approved: schedule it, it takes effect only then",
        path=change_path(request.client, request.number), about=f"change {request.number}",
    )  # fmt: skip
