"""What a page says of a board that could not decide a change: before it is written, and until it comes before the board.

`outlook_context(request, lacks)` is a banner, with the way to mend it for who may; None where nothing lacks.
`may_need_told(request, kind)` is a sentence on who must say yes, and who else may have to.
"""

from typing import Final

from django.urls import reverse

from governance.board_rules import Need, in_words
from governance.board_words import joined, size_words, takes_words
from governance.metric_figures import sentence
from governance.models import ChangeRequest, ChangeState, DecisionRight, Function
from governance.selectors.board_outlook import MayNeed, lacks_of, may_need
from governance.selectors.voting import NO_BOARD
from governance.services.board import require_nothing_own
from governance.services.problems import DefinitionError
from portal.notices.audience import members_in, people_who
from portal.tenancy.access import TenantRequest
from portal.tenancy.models import Client, ClientRole
from portal.tenancy.permissions import MANAGE_BOARD, MANAGE_PEOPLE, VIEW_ARR
from portal.tenancy.reader import locale_of

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


def may_need_told(request: TenantRequest, kind: str) -> str:
    """Who must say yes, and who else may have to, as one sentence; empty where the table asks the same of every change."""
    found = may_need(kind)
    if found is None:
        return ""
    return may_need_sentence(found, request.client, locale_of(request), with_amount=request.standing.may(VIEW_ARR))


def may_need_sentence(found: MayNeed, client: Client, locale: str, *, with_amount: bool) -> str:
    """What a change takes, and what more where it is large, restates or pays, as one sentence; empty where nothing more may
    be needed.
    """
    if not found.more:
        return ""
    parts = [takes_words(found.always)]
    for need, rights in found.more:
        when = " or ".join(dict.fromkeys(where_words(right, client, locale, with_amount) for right in rights))
        parts.append(f"{when}, {more_words(need)}")
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}."


def where_words(right: DecisionRight, client: Client, locale: str, with_amount: bool) -> str:
    """When a row is about a change, beside its kind: "from an effect of 500,000 EUR on ARR"."""
    parts = []
    if right.from_cents:
        parts.append(f"from an effect of {size_words(right.from_cents, client, locale, with_amount)} on ARR")
    if right.is_restating:
        parts.append("where closed months are restated")
    if right.feeds_pay:
        parts.append("where it touches a metric that feeds quotas or pay")
    return joined(parts)


def more_words(need: Need) -> str:
    """Who else is needed: "the chair too"."""
    who = [str(Function(name).label) for name in need.functions] + (["the chair"] if need.needs_chair else [])
    parts = [f"{joined(who)} too"] if who else []
    parts += [f"at least {in_words(need.yes_count)} must say yes in all"] if need.yes_count else []
    parts += [f"at least {in_words(need.quorum)} must take part"] if need.quorum else []
    return joined(parts)
