"""How every change of an engagement is written down: in the audit log, in the feed, and in the firm's summary."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth import get_user_model

from engagements.models import Activity, Engagement
from engagements.services.problems import IllegalMove
from engagements.services.summaries import summary_follow
from portal.tenancy import audit
from portal.tenancy.actor import current_actor
from portal.tenancy.audit import FIRMS_ALONE


def record_change(
    engagement: Engagement,
    action: str,
    *,
    about: str,
    about_id: object,
    text: str,
    path: str = "",
    is_internal: bool = False,
    before: Any = None,
    after: Any = None,
    details: Mapping[str, Any] | None = None,
) -> None:
    """One audit entry and one line of the feed, in the transaction of the change, and at its end the summary.

    `text` follows the actor's name in the feed; `path` leads there within the engagement's pages. What `is_internal` says is
    for the firm's people: neither feed nor log shows it to the client's. IllegalMove where somebody closed the engagement since
    it was read: entries of one client's log come one after the other, so that whoever comes second sees it here.
    """
    said = {"engagement": engagement.pk, "what": text, **(details or {})} | (FIRMS_ALONE if is_internal else {})
    audit.record(action, object_type=about, object_id=about_id, before=before, after=after, details=said)
    if engagement.is_open and not Engagement.objects.get(pk=engagement.pk).is_open:
        raise IllegalMove(f"{engagement} was closed meanwhile: nothing in it changes any more")
    Activity.objects.create(
        engagement=engagement, actor=actor_name(), text=text[:600], path=path[:300], is_internal=is_internal
    )
    summary_follow(engagement=engagement)


def actor_name() -> str:
    """Who acts, as people call them: the person's name, or the program's."""
    actor = current_actor()
    user = get_user_model().objects.filter(pk=actor.user_id).first() if actor.user_id else None
    return (user.get_full_name() if user else actor.name)[:200]
