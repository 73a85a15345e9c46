"""What a page says of a board that could not decide a change: before it is written, and until it comes before the board.

`outlook_context(request, lacks)` is a banner, with the way to mend it for who may; None where nothing lacks.
"""

from typing import Final

from django.urls import reverse

from governance.board_words import joined
from governance.metric_figures import sentence
from governance.models import ChangeRequest, ChangeState
from governance.selectors.board_outlook import lacks_of
from governance.selectors.voting import NO_BOARD
from governance.services.board import require_nothing_own
from governance.services.problems import DefinitionError
from portal.notices.audience import members_in, people_who
from portal.tenancy.access import TenantRequest
from portal.tenancy.models import Client, ClientRole
from portal.tenancy.permissions import MANAGE_BOARD, MANAGE_PEOPLE

AHEAD: Final = (
    ChangeState.DRAFT, ChangeState.NEEDS_CHANGES, ChangeState.SUBMITTED, ChangeState.TRIAGE, ChangeState.IMPACT,
)  # fmt: skip
"""States on the way to the board."""


def outlook_context(request: TenantRequest, lacks: tuple[str, ...]) -> dict[str, str] | None:
    """The banner: why nobody could decide it, who mends that, and the way there for whoever may."""
    if not lacks:
        return None
    is_there = lacks != (NO_BOARD,)
    title = "The board could not decide this as it is" if is_there else "There is no review board yet"
    text = sentence(joined(lacks)) if is_there else who_starts(request.client)
    context = {"level": "warning", "title": title, "text": text}
    if not request.standing.may(MANAGE_BOARD) or request.standing.is_firm_staff:
        return context | {"text": f"{text} {who_mends()}".strip()} if is_there else context
    try:
        require_nothing_own(request.user)
    except DefinitionError as error:
        return context | {"text": f"{text} {error.sentence}"} if is_there else context | way(request, is_there)
    return context | way(request, is_there)


def way(request: TenantRequest, is_there: bool) -> dict[str, str]:
    """The button to the board's page, called by what is done there."""
    address = reverse("board", kwargs={"client_slug": request.client.slug})
    return {"action_label": "To its seats and table" if is_there else "Start the board", "action_url": address}


def request_outlook(request: TenantRequest, change: ChangeRequest) -> dict[str, str] | None:
    """The banner of a request that is on its way to the board."""
    return outlook_context(request, lacks_of(change)) if change.state in AHEAD else None


def who_mends() -> str:
    """Who gives seats and writes the table; empty where the client has no admin."""
    admins = [user.get_full_name() for user in members_in(ClientRole.ADMIN)]
    return f"An admin of the client changes its seats and its table: {', '.join(admins)}." if admins else ""


def who_starts(client: Client) -> str:
    """Who starts the board; where the client has no admin, who can invite one."""
    admins = [user.get_full_name() for user in members_in(ClientRole.ADMIN)]
    if admins:
        return f"An admin of the client starts it: {', '.join(admins)}. Until then no change can be approved."
    inviting = [user.get_full_name() for user in people_who(client, MANAGE_PEOPLE)]
    who = f": {', '.join(inviting)} can invite one" if inviting else ", and nobody who could invite one: ask the firm"
    return f"An admin of the client starts it. There is none yet{who}. Until then no change can be approved."
