"""Change requests from the first draft to the board.

- `change_draft(client=, kind=, title=, content=, …, user=)` — a request that only its author has to look at
- `change_edit(request=, version=, …, user=)` — while it is a draft, or was sent back
- `change_submit(request=, version=, user=)` — a draft, or what was sent back, to whoever triages
- `change_withdraw(request=, user=, reason=)`

Whoever changes one says which `version` they saw. What is wrong with a content is a ContentFault, which names every field.
All run in the client's scope.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db.models import Max

from governance.change_content import ContentFault, Settled, change_settle, content_digest
from governance.models import ChangeKind, ChangeRequest, ChangeState
from governance.selectors.change_duplicates import metrics_alike, twins_of
from governance.selectors.changes import held_now
from governance.selectors.registry import Registry, month_now, registry_get
from governance.services.change_states import WORDS, WRITABLE, change_lock, change_move, event_keep
from governance.services.problems import DefinitionError, OutdatedError
from governance.services.registry import (
    month_check,
    newest_closed,
    registry_lock,
    restating_check,
    standing_check,
    together_check,
)
from governance.services.signoff_states import TransitionError
from portal.lib.dates import month_text
from portal.lib.legible import name_fault, text_fault
from portal.tenancy import audit
from portal.tenancy.clock import database_time
from portal.tenancy.models import Client

LONGEST_TITLE: Final = 120
SENT_AGAIN: Final = timedelta(minutes=1)
LONGEST_TEXT: Final = 4000
MAY_RESTATE: Final = (ChangeKind.POLICY,)

WHY_NOT_RESTATED: Final = (
    "is only for a policy: the months of a metric that were shown keep the version that computed them, and its page marks the "
    "month from which another one does"
)


class DuplicateError(DefinitionError):
    """Other open requests ask for the same, or metrics are computed so already: say that this is not the same."""

    def __init__(self, twins: list[ChangeRequest], metrics: list[str]) -> None:
        does = "asks for the same and is open" if len(twins) == 1 else "ask for the same and are open"
        is_so = "is computed by this formula" if len(metrics) == 1 else "are computed by this formula"
        said = [f"{', '.join(f'{twin} (“{twin.title}”)' for twin in twins)} {does}: join it"] if twins else []
        said += [f"{', '.join(metrics)} {is_so} already: use it"] if metrics else []
        super().__init__(f"{'; '.join(said)}, or say that yours is not the same")


@dataclass(frozen=True)
class Wish:
    """What somebody writes: what is asked for, why, and from when it shall hold."""

    title: str
    content: Mapping[str, Any]
    rationale: str = ""
    is_restating: bool = False
    from_month: int | None = None
    is_emergency: bool = False


def change_draft(*, client: Client, kind: str, wish: Wish, user: Any) -> ChangeRequest:
    """Begin a request. ContentFault names what is wrong with it; what is missing may still be added until it is submitted.

    The same one sent again by the same person within a minute is the draft that it made: a form may be sent several times.
    """
    registry_lock(client)
    settled = wish_settle(client, kind, wish)
    number = (ChangeRequest.objects.aggregate(newest=Max("number"))["newest"] or 0) + 1
    request = ChangeRequest(
        client=client, number=number, kind=kind, requested_by=user, edited_by=user, created_at=database_time()
    )
    wish_keep(request, wish, settled)
    if (sent := draft_sent(request)) is not None:
        return sent
    request.save()
    event_keep(request, "draft", ChangeState.DRAFT, "", user)
    record(request, "change.drafted", None)
    return request


def draft_sent(request: ChangeRequest) -> ChangeRequest | None:
    """The draft that the same person made of the same a moment ago, and that nobody touched since."""
    since = request.created_at - SENT_AGAIN
    rows = ChangeRequest.objects.filter(
        kind=request.kind, state=ChangeState.DRAFT, requested_by=request.requested_by, created_at__gt=since,
        content_sha256=request.content_sha256, present=request.present, version=request.version,
        is_emergency=request.is_emergency,
    )  # fmt: skip
    found: ChangeRequest | None = rows.exclude(requested_by=None).order_by("number").first()
    return found


def change_edit(*, request: ChangeRequest, version: int, wish: Wish, user: Any) -> ChangeRequest:
    """Write a request anew: a draft by its author, what was sent back by whoever asks for changes.

    OutdatedError where somebody else wrote in the meantime.
    """
    registry_lock(request.client)
    locked = change_lock(request)
    if locked.state not in WRITABLE:
        raise TransitionError(f"this request {WORDS[locked.state]} and is not written any more: nothing was changed")
    if locked.version != version:
        raise OutdatedError
    require_author(locked, user)
    before = content_digest(locked)
    wish_keep(locked, wish, wish_settle(locked.client, locked.kind, wish))
    locked.edited_by = user
    locked.version += 1
    locked.save()
    event_keep(locked, "edit", locked.state, "", user)
    record(locked, "change.edited", before)
    return locked


def change_submit(
    *, request: ChangeRequest, version: int, user: Any, is_not_same: bool = False, reason: str = ""
) -> ChangeRequest:
    """Hand a draft in, or what was sent back once more. DefinitionError says what is still missing.

    Where another open request asks for the same, or a metric is computed so already, DuplicateError, unless the person says
    that it is not the same.
    """
    registry_lock(request.client)
    locked = change_lock(request)
    if locked.version != version:
        raise OutdatedError
    require_author(locked, user)
    step = "resubmit" if locked.state == ChangeState.NEEDS_CHANGES else "submit"
    said = reason.strip()
    if locked.state in WRITABLE:
        require_submittable(locked)
        twins = [
            twin.change for twin in twins_of(locked.kind, locked.content, locked.title, locked.pk) if twin.is_exact
        ]
        alike = metrics_alike(registry_get(locked.client), locked.kind, locked.content)
        metrics = [f"“{entry.name}”" for entry in alike]
        if (twins or metrics) and not is_not_same:
            raise DuplicateError(twins, metrics)
        if twins or metrics:
            said = f"{said} It is not the same as {', '.join([*map(str, twins), *metrics])}.".strip()
    return change_move(request=locked, step=step, user=user, reason=said)


def change_withdraw(*, request: ChangeRequest, user: Any, reason: str = "", may_any: bool = False) -> ChangeRequest:
    """Take a request back before it is decided: whoever asked or wrote it, and with `may_any` whoever triages."""
    require_author(request, user)
    if not may_any and user.pk not in (request.requested_by_id, request.edited_by_id):
        raise DefinitionError("only whoever asked for it, or takes requests in hand, withdraws it")
    return change_move(request=request, step="withdraw", user=user, reason=reason)


# --- what must hold ---------------------------------------------------------------------------------------------------


def require_author(request: ChangeRequest, user: Any) -> None:
    """DefinitionError for whoever would write, submit or withdraw the draft of somebody else."""
    if request.state == ChangeState.DRAFT and request.requested_by_id != getattr(user, "pk", None):
        raise DefinitionError("a draft is its author's alone: nobody else writes, submits or withdraws it")


def wish_settle(client: Client, kind: str, wish: Wish) -> Settled:
    """A wish whose every part can be kept, against what holds now."""
    faults = []
    title = " ".join(wish.title.split())
    if not title or len(title) > LONGEST_TITLE:
        faults.append(("title", f"is a text of at most {LONGEST_TITLE} characters"))
    elif fault := name_fault(title):
        faults.append(("title", fault))
    if len(wish.rationale) > LONGEST_TEXT:
        faults.append(("rationale", f"has at most {LONGEST_TEXT} characters"))
    elif fault := text_fault(wish.rationale):
        faults.append(("rationale", fault))
    if wish.is_restating and kind not in MAY_RESTATE:
        faults.append(("is_restating", WHY_NOT_RESTATED))
    if wish.is_restating and wish.from_month is not None:
        try:
            restating_check(wish.from_month)
        except DefinitionError as error:
            faults.append(("from_month", str(error)))
    held = held_now(client)
    try:
        settled = change_settle(kind, wish.content, held)
    except ContentFault as error:
        raise ContentFault([*faults, *error.faults]) from error
    if faults:
        raise ContentFault(faults)
    require_computable(kind, settled, held.registry, wish.from_month)
    return settled


def require_computable(kind: str, settled: Settled, registry: Registry, month: int | None) -> None:
    """ContentFault where a formula could not be computed with all others."""
    if kind not in (ChangeKind.METRIC_NEW, ChangeKind.METRIC_CHANGE):
        return
    key, content = settled.content["key"], settled.content["metric"]
    made = registry.having if settled.entry else registry.adding
    try:
        together_check(made(key, content, month), key, month, registry)
    except DefinitionError as error:
        raise ContentFault([("formula", str(error))]) from error


def require_submittable(request: ChangeRequest) -> None:
    """DefinitionError where something is missing, or what holds has changed since it was written."""
    if not request.rationale.strip():
        raise DefinitionError("say why: the board decides by the reason")
    wish = Wish(
        request.title,
        request.content,
        request.rationale,
        request.is_restating,
        request.from_month,
        request.is_emergency,
    )
    settled = wish_settle(request.client, request.kind, wish)
    if (settled.content, settled.present) != (request.content, request.present):
        raise DefinitionError(
            "what holds has changed since this was written: open it, look at it once more, and save it"
        )
    if request.kind == ChangeKind.METRIC_RETIRE:
        standing_check(held_now(request.client).registry, request.content["key"], "retired")
    require_month(request, settled)


def require_month(request: ChangeRequest, settled: Settled) -> None:
    """DefinitionError unless the month can be kept: without restating, nothing that was reported changes."""
    month = request.from_month
    if month is None:
        raise DefinitionError("say from which month it holds")
    if fault := closed_fault(request):
        raise DefinitionError(fault)
    if settled.entry is not None and not may_reach_back(request):
        month_check(month, settled.entry.versions[-1].month, newest_closed())


def may_reach_back(request: ChangeRequest) -> bool:
    """Whether a request may hold from a closed month on: it restates, or it leaves alone whatever was reported."""
    kinds = (ChangeKind.METRIC_RETIRE, ChangeKind.METRIC_NEW, ChangeKind.QUOTA_RULE)
    return bool(request.is_restating) or request.kind in kinds


def closed_fault(request: ChangeRequest) -> str:
    """That it would hold from a closed month on without restating it, and from which it can; empty where it would not."""
    month, closed = request.from_month, None if may_reach_back(request) else newest_closed()
    if month is None or closed is None or month > closed:
        return ""
    more = ", or ask for a restatement" if request.kind in MAY_RESTATE else ""
    return f"{month_text(month)} is closed: choose {month_text(closed + 1)} or a later month{more}"


# --- what all of them do ----------------------------------------------------------------------------------------------


def wish_keep(request: ChangeRequest, wish: Wish, settled: Settled) -> None:
    """Put a settled wish into a request."""
    request.title, request.rationale = " ".join(wish.title.split()), wish.rationale.strip().replace("\r\n", "\n")
    request.content, request.present = settled.content, settled.present
    request.is_restating, request.is_emergency = wish.is_restating, wish.is_emergency
    request.from_month = wish.from_month
    if request.kind == ChangeKind.METRIC_RETIRE:
        request.from_month = month_now(request.client)  # its banner and its successor; it is gone on its own day
    request.metric = settled.entry.metric if settled.entry else None
    request.content_sha256 = content_digest(request)


def record(request: ChangeRequest, action: str, before: str | None) -> None:
    """The audit entry of something that is no step."""
    audit.record(
        action, object_type="change request", object_id=request, before=before, after=request.content_sha256,
        details={"number": request.number, "kind": request.kind, "title": request.title, "state": request.state,
                 "sha256": request.content_sha256},
    )  # fmt: skip
