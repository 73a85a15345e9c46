"""Telling people of a change that takes effect, and keeping who has read it.

`change_communicate(client=, effect=)` · `receipt_read(request=, user=)` · `obstacle_tell(client=, effect=)`
"""

import hashlib
from typing import Any, Final

from governance.effect_words import apart_words, content_words, figures_words, metric_name, since_words
from governance.models import ChangeEffect, ChangeReceipt, ChangeRequest, ChangeState, EffectState, Metric
from governance.selectors.change_audience import notice_key, to_be_told
from governance.selectors.change_effects import receipts_waiting
from governance.selectors.registry import Registry, registry_get
from governance.services.change_news import change_path, owner_of
from governance.services.change_states import change_lock, change_move
from portal.lib.dates import dated_text
from portal.notices.audience import people_who
from portal.notices.kinds import Kind
from portal.notices.services.raising import notice_add
from portal.tenancy import audit
from portal.tenancy.clock import database_time
from portal.tenancy.models import Client
from portal.tenancy.permissions import VIEW_ARR

MOVED: Final = "it would do something else than what was approved"


def change_communicate(*, client: Client, effect: ChangeEffect) -> ChangeRequest:
    """Tell everyone whose numbers move, with receipts for whoever has to know; the request is communicated then.

    Roles that see no number of the whole client are told in words.
    """
    request, registry = effect.request, registry_get(client)
    path = change_path(client, request.number)
    content = content_words(request, registry, client.locale)
    words = f"{request} “{request.title}” is in force: {since_words(request, client.locale)}. {content}"
    figures = (
        f"{figures_words(effect, client.currency, client.locale)} {apart_words(effect, client.currency, client.locale)}"
    )
    audience, key = to_be_told(client), notice_key(request)
    about: dict[str, Any] = {"client": client, "kind": Kind.CHANGED, "path": path, "about": f"change {request.number}"}
    notice_add(**about, users=audience.figures, text=f"{words} {figures}", key=key)
    notice_add(**about, users=audience.words, text=words, key=key)
    now = database_time()
    ChangeReceipt.objects.bulk_create(
        [
            ChangeReceipt(client=client, request=request, user=user, reason=reason, told_at=now)
            for user, reason in who_must_know(registry, request).items()
        ],
        ignore_conflicts=True,
    )
    moved: ChangeRequest = change_move(request=request, step="communicate", user=None)
    return moved


def who_must_know(registry: Registry, request: ChangeRequest) -> dict[Any, str]:
    """Whoever asked, whoever owns the request, and the owners of the metrics that it touches; each with why."""
    people = {request.requested_by: "Asked for it", request.owner: "Owns the request"}
    keys = touched_metrics(registry, request)
    for metric in Metric.objects.filter(key__in=keys, owner__isnull=False).select_related("owner"):
        people.setdefault(metric.owner, f"Owns the metric “{metric_name(registry, metric.key)}”"[:200])
    return {user: reason for user, reason in people.items() if user is not None and user.is_active}


def touched_metrics(registry: Registry, request: ChangeRequest) -> set[str]:
    """The metrics whose figures its preview moves, its own, and those that are built on that."""
    told = (request.preview.result or {}).get("metrics") or [] if request.preview is not None else []
    keys = {str(each["key"]) for each in told if each.get("moved")}
    if request.metric is not None:
        keys |= {request.metric.key, *registry.used_by(request.metric.key)}
    return keys


def receipt_read(*, request: ChangeRequest, user: Any) -> ChangeReceipt | None:
    """Somebody who has to know has opened it; the last of them closes it. None where they have read it before."""
    if not ChangeReceipt.objects.filter(request=request, user=user, read_at=None).exists():
        return None
    locked = change_lock(request)
    receipt: ChangeReceipt | None = (
        ChangeReceipt.objects.select_for_update(of=("self",)).filter(request=locked, user=user, read_at=None).first()
    )
    if receipt is None:
        return None
    receipt.read_at = database_time()
    receipt.save(update_fields=["read_at"])
    audit.record(
        "change.read", object_type="change request", object_id=locked, after=receipt.read_at,
        details={"number": locked.number, "reason": receipt.reason},
    )  # fmt: skip
    if not receipts_waiting(locked) and locked.state == ChangeState.COMMUNICATED:
        change_move(request=locked, step="close", user=user, reason="Everybody who has to know has read it")
    return receipt


def obstacle_tell(*, client: Client, effect: ChangeEffect) -> None:
    """Tell whoever owns a request, or scheduled it, what it waits for; with figures whoever may see them still."""
    request = effect.request
    path = change_path(client, request.number)
    people = {user.pk: user for user in (*owner_of(request), effect.scheduled_by) if user is not None}
    verb = "could not be carried out in full" if effect.state == EffectState.FAILED else "waits"
    seen = hashlib.sha256(effect.message.encode()).hexdigest()[:16]
    sees_figures = {user.pk for user in people_who(client, VIEW_ARR)}
    for user in people.values():
        why = effect.message if effect.found_cents is None or user.pk in sees_figures else MOVED
        why = dated_text(why, client.locale)
        notice_add(
            client=client, users=[user], kind=Kind.CHANGE_WAITS, path=path, about=f"change {request.number}",
            text=f"{request} “{request.title}” {verb}: {why}", key=f"{request} {seen}",
        )  # fmt: skip
