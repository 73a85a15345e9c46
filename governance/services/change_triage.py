"""What is done with a request between its submission and the board, and how somebody joins one.

- `change_triage(request=, version=, owner=, urgency=, user=)` — take it in hand: who takes care of it, and how soon
- `change_send_back(request=, reason=, user=)` · `change_close(request=, user=, reason="")`
- `change_join(request=, user=, own=None)` — "I want this too"; a draft of one's own that asks for it is withdrawn

All run in the client's scope.
"""

from typing import Any

from governance.models import ChangeRequest, Urgency
from governance.selectors.change_duplicates import has_joined
from governance.selectors.changes import OPEN
from governance.services.change_states import WORDS, change_lock, change_move, event_keep, moved_record
from governance.services.problems import DefinitionError, OutdatedError
from governance.services.signoff_states import TransitionError
from portal.tenancy.models import Membership
from portal.tenancy.selectors import is_staff_of


def change_triage(*, request: ChangeRequest, version: int, owner: Any, urgency: str, user: Any) -> ChangeRequest:
    """Take a submitted request in hand. DefinitionError for an owner who is neither of the client nor of its firm."""
    if urgency not in Urgency.values:
        raise DefinitionError(f"'{urgency}' is not one of {', '.join(Urgency.values)}")
    if owner is None:
        raise DefinitionError("say who takes care of it")
    if not Membership.objects.filter(user=owner).exists() and not is_staff_of(request.client, owner):
        raise DefinitionError("whoever takes care of a request is one of the client's people, or works for its firm")
    locked = change_lock(request)
    if locked.version != version:
        raise OutdatedError
    locked.owner, locked.urgency = owner, urgency
    locked.save(update_fields=["owner", "urgency"])
    said = f"{owner.get_full_name()} takes care of it. {Urgency(urgency).label}."
    return change_move(request=locked, step="triage", user=user, reason=said)


def change_send_back(*, request: ChangeRequest, reason: str, user: Any) -> ChangeRequest:
    """Ask whoever wrote it for changes; with the reason."""
    return change_move(request=request, step="send_back", user=user, reason=reason)


def change_close(*, request: ChangeRequest, user: Any, reason: str = "") -> ChangeRequest:
    """File a request whose effect was communicated."""
    return change_move(request=request, step="close", user=user, reason=reason)


def change_join(*, request: ChangeRequest, user: Any, own: ChangeRequest | None = None) -> ChangeRequest:
    """Stand behind an open request of somebody else, and withdraw one's own that asks for the same.

    Whoever joined hears of every step. DefinitionError for who stands behind it already.
    """
    locked = change_lock(request)
    if locked.state not in OPEN:
        raise TransitionError(f"this request {WORDS[locked.state]}: nothing was changed")
    if own is not None and own.requested_by_id != user.pk:
        raise DefinitionError("only a request of your own is withdrawn for another one")
    if has_joined(locked, user):
        raise DefinitionError(f"you stand behind {locked} already")
    if own is not None:
        change_move(request=own, step="withdraw", user=user, reason=f"Asks for the same as {locked}, which goes on.")
    event_keep(locked, "join", locked.state, "Asks for the same.", user)
    moved_record(locked, "join", locked.state, f"in place of {own}" if own else "")
    return locked
