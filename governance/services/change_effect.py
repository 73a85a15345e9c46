"""From approved to in force: scheduled, put into force when its month has come, restated where it restates.

`change_schedule(client=, request=, user=, now=) -> ChangeEffect` · `changes_take_effect(client=, now=) -> list[ChangeEffect]` ·
`effect_accept(client=, request=, cents=, user=, now=)` · `effect_retry(client=, request=, user=, now=)` ·
`effects_look(client=, closes=)`

A request takes effect whole or not at all, in one transaction with everything that it changes; restatements follow in a second
one, whole too. A job that is killed anywhere and runs again comes to the same end. What stands in the way is said on the page
and to whoever owns the request, and it waits.
"""

import datetime as dt
import logging
from collections.abc import Sequence
from typing import Any, Final

from django.db import InterfaceError, OperationalError

from governance.effect_words import lines_words, source_of
from governance.models import (
    ChangeEffect,
    ChangeKind,
    ChangeRequest,
    ChangeState,
    EffectState,
    PublicationMode,
)
from governance.selectors.board import has_board
from governance.selectors.change_effects import (
    approval_fault,
    approved_figure,
    approved_preview,
    lines_changed,
    measure,
)
from governance.selectors.effect_rights import more_needed
from governance.selectors.voting import authors_of
from governance.services.change_apply import apply_change
from governance.services.change_states import change_lock, change_move, event_keep
from governance.services.change_told import change_communicate, obstacle_tell
from governance.services.problems import DefinitionError
from governance.services.publishing import closed_months, require_months
from governance.services.registry import restating_check
from governance.services.signoff_states import TransitionError
from governance.services.sunsets import sunset_next, sunsets_due
from governance.services.voting import require_member
from metrics.engine.policy import PolicyError
from metrics.figures import from_cents
from metrics.models import MonthClose
from metrics.services.book_checks import books_refresh
from metrics.services.books import books_hold
from metrics.services.closes import CloseError, NothingToRestateError, month_restate
from portal.accounts.same_person import mailbox_of
from portal.lib.money import money_text
from portal.lib.periods import month_of
from portal.tenancy import audit
from portal.tenancy.clock import database_time, day_at
from portal.tenancy.dispatch import earlier_run, next_run
from portal.tenancy.jobs import enqueue
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context

logger = logging.getLogger(__name__)
JOB: Final = "governance.tasks.changes"
DUE: Final = "next_change_at"
LOOKS: Final = dt.timedelta(hours=1)  # how often what waits is looked at, whatever it waits for
AHEAD: Final = (EffectState.WAITING, EffectState.BLOCKED)
OPEN: Final = (*AHEAD, EffectState.WORKING)
BROKE_OFF: Final = "it broke off because of an error in Tieout, and nothing was changed: tell your consultant"


class EffectMoved(DefinitionError):
    """It would do something else than what was approved; `cents` is what."""

    def __init__(self, message: str, cents: int) -> None:
        super().__init__(message)
        self.cents = cents


# --- by people --------------------------------------------------------------------------------------------------------


def change_schedule(*, client: Client, request: ChangeRequest, user: Any, now: dt.datetime) -> ChangeEffect:
    """Put an approved request on its way. TransitionError unless approved; DefinitionError unless exactly as it stands."""
    locked = change_move(request=request, step="schedule", user=user)
    if fault := approval_fault(locked):
        raise DefinitionError(fault)
    if locked.is_restating:
        restating_check(locked.from_month or 0)
    figure = approved_figure(locked)
    values = {
        "state": EffectState.WAITING, "content_sha256": locked.content_sha256, "message": "", "at_month": figure.month,
        "reported_of": figure.reported_of, "approved_cents": figure.cents, "found_cents": None, "accepted_cents": None,
        "accepted_by": None, "scheduled_by": user, "scheduled_at": database_time(),
    }  # fmt: skip
    effect, _ = ChangeEffect.objects.update_or_create(client=client, request=locked, defaults=values)
    look_soon(client, now)
    return effect


def effect_accept(*, client: Client, request: ChangeRequest, cents: int, user: Any, now: dt.datetime) -> ChangeEffect:
    """Let it take effect although it does something else than what was approved; `cents` is what the person was shown.

    What the board approved was another effect, so that a member of it says so who neither asked for the change nor wrote it:
    DefinitionError for everybody else, and where the table asks more people for an effect of that size than have said yes.
    TransitionError unless it waits for exactly that.
    """
    locked = change_lock(request)
    require_acceptor(client, locked, user)
    effect = effect_lock(request)
    if effect.state != EffectState.BLOCKED or effect.found_cents is None or effect.found_cents != cents:
        raise TransitionError("it does not wait for that, or not with that effect: look at it once more")
    require_size(locked, cents, user)
    effect.accepted_cents, effect.accepted_by = cents, user
    effect.save(update_fields=["accepted_cents", "accepted_by"])
    said(effect, "effect_accept", "Takes effect all the same, with the effect that was shown", user)
    look_soon(client, now)
    return effect


def require_acceptor(client: Client, request: ChangeRequest, user: Any) -> None:
    """DefinitionError for whoever may not let another effect than the approved one pass."""
    if has_board():
        require_member(client, request, user)
    elif mailbox_of(user.email) in authors_of([request])[request.pk]:
        raise DefinitionError("whoever asked for a change, or wrote any of it, does not let another effect of it pass")


def require_size(request: ChangeRequest, cents: int, user: Any) -> None:
    """DefinitionError where the board's table asks more for an effect of that size than was asked for what was approved."""
    if lacking := more_needed(request, cents, user):
        raise DefinitionError(
            f"for an effect of this size the decision rights ask for more than was said, still needed: {lacking}. "
            "Send it back: the board decides on it anew"
        )


def effect_retry(*, client: Client, request: ChangeRequest, user: Any, now: dt.datetime) -> ChangeEffect:
    """Try the restatements once more that could not be carried out."""
    change_lock(request)
    effect = effect_lock(request)
    if effect.state != EffectState.FAILED:
        raise TransitionError("nothing of it has failed: nothing was changed")
    effect.state, effect.message = EffectState.WORKING, ""
    effect.save(update_fields=["state", "message"])
    said(effect, "effect_retry", "The restatements are tried once more", user)
    look_soon(client, now)
    return effect


def look_soon(client: Client, now: dt.datetime) -> None:
    """Let the job look once this has committed."""
    earlier_run(client=client, column=DUE, at=now)
    enqueue(JOB, client)


def effects_look(*, client: Client, closes: Sequence[MonthClose]) -> None:
    """A month was closed: what may have waited for that looks at once, and not with its next hourly look."""
    if closes and ChangeEffect.objects.filter(state__in=AHEAD).exists():
        look_soon(client, database_time())


def effect_lock(request: ChangeRequest) -> ChangeEffect:
    """A request's effect as it is now, locked."""
    found: ChangeEffect | None = ChangeEffect.objects.select_for_update(of=("self",)).filter(request=request).first()
    if found is None:
        raise TransitionError("this request is not scheduled: nothing was changed")
    return found


def said(effect: ChangeEffect, step: str, text: str, user: Any) -> None:
    """A line in the request's log and in the audit log about something that is no step of the request."""
    request = effect.request
    event_keep(request, step, request.state, text, user)
    audit.record(
        f"change.{step}", object_type="change request", object_id=request, after=effect.state,
        details={"number": request.number, "state": effect.state, "text": text, "months": effect.restated_months},
    )  # fmt: skip


# --- by the job -------------------------------------------------------------------------------------------------------


def changes_take_effect(*, client: Client, now: dt.datetime) -> list[ChangeEffect]:
    """Put into force what is scheduled and can be, and retire what is past its last day; gives what was looked at.

    At-least-once and idempotent. Opens the client's scope itself, so that an obstacle is kept where its work is not.
    """
    with tenant_context(client):
        waiting = ChangeEffect.objects.filter(
            state__in=OPEN, request__state__in=(ChangeState.SCHEDULED, ChangeState.EFFECTIVE)
        )
        keys = list(waiting.order_by("request__from_month", "id").values_list("pk", flat=True))
    for key in keys:
        step_on(client, key, now)
    with tenant_context(client):
        sunsets_due(client=client, today=day_at(client, now))
        is_open = ChangeEffect.objects.filter(state__in=OPEN).exists()
        next_run(client=client, column=DUE, at=now + LOOKS if is_open else sunset_next(client, now))
        return list(ChangeEffect.objects.filter(pk__in=keys).select_related("request").order_by("id"))


def step_on(client: Client, key: int, now: dt.datetime) -> None:
    """Take one change as far as it can go now; an error of ours stands still like an obstacle, and stops no other change."""
    try:
        with tenant_context(client):
            effect = effect_begin(client, key, now)
        if effect.state == EffectState.WORKING:
            with tenant_context(client):
                effect_restate(client, key, now)
    except (DefinitionError, CloseError, PolicyError) as error:
        with tenant_context(client):
            stand_still(client, key, error)
    except (OperationalError, InterfaceError):
        raise  # the database is away, or another job was in the way: the whole job is done once more
    except Exception:
        logger.exception("a change could not take effect: effect %s", key)
        with tenant_context(client):
            stand_still(client, key, DefinitionError(BROKE_OFF))


def effect_held(key: int) -> tuple[ChangeRequest, ChangeEffect]:
    """A request and what becomes of it, both locked, as they are now."""
    request = change_lock(ChangeEffect.objects.select_related("request").get(pk=key).request)
    effect = effect_lock(request)
    effect.request = request
    return request, effect


def effect_begin(client: Client, key: int, now: dt.datetime) -> ChangeEffect:
    """Put a scheduled request into force, if its month has come and nothing stands in the way."""
    books_hold(client=client)
    request, effect = effect_held(key)
    if effect.state not in AHEAD or request.state != ChangeState.SCHEDULED or not has_come(client, request, now):
        return effect
    if fault := approval_fault(request) or (
        "" if effect.content_sha256 == request.content_sha256 else "it was changed"
    ):
        raise DefinitionError(fault)
    if request.is_restating:
        restating_check(request.from_month or 0)
    if request.kind == ChangeKind.POLICY:
        mode = PublicationMode.RESTATING if request.is_restating else PublicationMode.PROSPECTIVE
        require_months(client, request.from_month or 0, mode)
    take_measure(client, request, effect)
    applied = apply_change(client=client, request=request, user=effect.scheduled_by)
    effect.policy_version, effect.metric_version = applied.policy_version, applied.metric_version
    effect.lapsed, effect.message, effect.begun_at = list(applied.lapsed), "", database_time()
    is_restating = request.is_restating and request.kind == ChangeKind.POLICY
    effect.state = EffectState.WORKING if is_restating else EffectState.DONE
    effect.done_at = None if is_restating else effect.begun_at
    effect.save()
    effect.request = change_move(request=request, step="take_effect", user=None, reason=said_of(effect))
    if not is_restating:
        change_communicate(client=client, effect=effect)
    return effect


def has_come(client: Client, request: ChangeRequest, now: dt.datetime) -> bool:
    """Whether a request is due: what restates, and the notice of a retirement, at once; all else in its month."""
    if request.is_restating or request.kind == ChangeKind.METRIC_RETIRE or request.from_month is None:
        return True
    return request.from_month <= month_of(day_at(client, now))


def take_measure(client: Client, request: ChangeRequest, effect: ChangeEffect) -> None:
    """Note what it does to ARR. EffectMoved where that is neither what was approved nor what somebody let pass."""
    found = measure(client, request, effect.at_month, effect.reported_of)
    effect.before_cents, effect.after_cents = found.before, found.after
    approved = approved_preview(request)
    effect.lines_changed = lines_changed(approved.at) if approved is not None else 0
    if effect.approved_cents is None or found.cents in (effect.approved_cents, effect.accepted_cents):
        return
    if found.cents is None:
        raise DefinitionError("what it does to ARR cannot be valued any more: see which exchange rates are missing")
    approved_at, would_do = (
        f"{money_text(from_cents(cents), client.currency, client.locale, plus=True)} {client.currency}"
        for cents in (effect.approved_cents, found.cents)
    )
    raise EffectMoved(
        f"it was approved at {approved_at} and would do {would_do} now, "
        f"{lines_words(effect.lines_changed)}: let it take effect all the same, or send it back",
        found.cents,
    )


def said_of(effect: ChangeEffect) -> str:
    """What stands beside the step in the log."""
    if effect.policy_version is not None:
        return f"Policy v{effect.policy_version.number}"
    return f"Version {effect.metric_version.number} of the metric" if effect.metric_version is not None else ""


def effect_restate(client: Client, key: int, now: dt.datetime) -> None:
    """Close the closed months from the request's month on again under the new policy, in their order: all or none."""
    books_hold(client=client)
    request, effect = effect_held(key)
    if effect.state != EffectState.WORKING:
        return
    books_refresh(client=client, now=now)
    restated = []
    for month in [month for month in closed_months() if month >= (request.from_month or 0)]:
        try:
            month_restate(
                client=client, month=month, reason=source_of(request), user=effect.scheduled_by, redefines=True
            )
            restated.append(month)
        except NothingToRestateError:
            continue
    effect.state, effect.restated_months, effect.message = EffectState.DONE, restated, ""
    effect.done_at = database_time()
    effect.save()
    said(effect, "restated", f"{len(restated)} closed months restated", None)
    change_communicate(client=client, effect=effect)


def stand_still(client: Client, key: int, error: Exception) -> None:
    """Keep what stands in the way, and tell whoever owns the request, once for each obstacle."""
    _, effect = effect_held(key)
    state = EffectState.FAILED if effect.state == EffectState.WORKING else EffectState.BLOCKED
    found = error.cents if isinstance(error, EffectMoved) else None
    message = str(error)[:600]
    if (effect.state, effect.message, effect.found_cents) == (state, message, found):
        return
    effect.state, effect.message, effect.found_cents = state, message, found
    effect.save(update_fields=["state", "message", "found_cents"])
    # The log is read by people who see no figures of the whole client.
    text = "It would do something else than what was approved" if isinstance(error, EffectMoved) else message
    said(effect, "blocked" if state == EffectState.BLOCKED else "failed", text, None)
    obstacle_tell(client=client, effect=effect)
