"""What is done with a request between its submission and the board, and how somebody joins one.

- `change_triage(request=, version=, owner=, urgency=, user=)` — take it in hand: who takes care of it, and how soon
- `change_owner_set(request=, version=, owner=, user=)` — hand it on, or take it over
- `change_step(request=, step=, user=, reason="")` — the steps of `BY_HAND`
- `change_join(request=, user=, own=None)` — "I want this too"; a draft of one's own that asks for it is withdrawn

All run in the client's scope.
"""

from typing import Any, Final

from governance.models import ChangeRequest, ChangeState, Urgency
from governance.selectors.change_duplicates import has_joined
from governance.selectors.change_effects import unread_words
from governance.selectors.changes import IN_HAND, OPEN
from governance.services.change_news import change_path, triagers
from governance.services.change_preview import preview_start
from governance.services.change_states import WORDS, change_lock, change_move, event_keep, moved_record
from governance.services.problems import DefinitionError, OutdatedError
from governance.services.signoff_states import TransitionError
from portal.notices.kinds import Kind
from portal.notices.services.raising import notice_add

BY_HAND: Final = ("ask_impact", "to_review", "send_back", "close")


def change_triage(*, request: ChangeRequest, version: int, owner: Any, urgency: str, user: Any) -> ChangeRequest:
    """Take a submitted request in hand. DefinitionError, one and the same, for an owner who is nobody, somebody else's or may
    not take requests in hand: they are told what it waits for, with the figures.
    """
    if urgency not in Urgency.values:
        raise DefinitionError(f"'{urgency}' is not one of {', '.join(Urgency.values)}")
    if owner is None or owner not in triagers(request):
        raise DefinitionError("say who takes care of it: somebody who may take requests in hand here")
    locked = change_lock(request)
    if locked.version != version:
        raise OutdatedError
    locked.owner, locked.urgency = owner, urgency
    locked.save(update_fields=["owner", "urgency"])
    said = f"{owner.get_full_name()} takes care of it. {Urgency(urgency).label}."
    return change_move(request=locked, step="triage", user=user, reason=said)


def change_step(*, request: ChangeRequest, step: str, user: Any, reason: str = "") -> ChangeRequest:
    """Take a request one of the steps of `BY_HAND` on; with the asking, its impact begins to be computed."""
    if step not in BY_HAND:
        raise DefinitionError(
            "that is no step which is taken by hand: a request is approved by votes, and takes effect by itself"
        )
    if step == "close":
        reason = reason_to_close(change_lock(request), reason)
    moved = change_move(request=request, step=step, user=user, reason=reason)
    if step == "ask_impact":
        preview_start(request=moved, user=user)
        moved = change_lock(moved)
    return moved


def reason_to_close(request: ChangeRequest, reason: str) -> str:
    """What the log says of a close by hand; whoever has not read of the change yet is named, and it takes a reason then.

    The last receipt closes a request by itself; a person who never opens it must not keep it open for ever.
    """
    unread = unread_words(request)
    if unread and request.state == ChangeState.COMMUNICATED and not reason.strip():
        raise DefinitionError(f"{unread}: say why it is closed all the same")
    return f"{unread}. {reason.strip()}" if unread else reason


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


def change_owner_set(*, request: ChangeRequest, version: int, owner: Any, user: Any) -> ChangeRequest:
    """Say who takes care of a request from now on that was taken in hand before; they are told. TransitionError before that,
    and once it is over.
    """
    locked = change_lock(request)
    if locked.version != version:
        raise OutdatedError
    if locked.state not in IN_HAND:
        raise TransitionError(f"this request {WORDS[locked.state]}: nothing was changed")
    if owner is None or owner not in triagers(request):
        raise DefinitionError("say who takes care of it: somebody who may take requests in hand here")
    if owner == locked.owner:
        raise DefinitionError("nothing was changed")
    said = f"{owner.get_full_name()} takes care of it."
    locked.owner = owner
    locked.version += 1
    locked.save(update_fields=["owner", "version", "updated_at"])
    event_keep(locked, "owner", locked.state, said, user)
    moved_record(locked, "owner", locked.state, said)
    notice_add(
        client=locked.client, users=[owner], kind=Kind.CHANGE_WAITS, about=f"change {locked.number}",
        text=f"{locked} “{locked.title}” is yours to take care of now", path=change_path(locked.client, locked.number),
    )  # fmt: skip
    return locked
