"""Reasons to engage again: the system finds them, tells both sides once, and people settle them with a reason."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from engagements.models import Engagement, RefinementTrigger
from engagements.playbook.figures import figure_of
from engagements.selectors.maintenance import both_sides
from engagements.selectors.triggers import WATCHERS, Fact
from engagements.services.changes import record_change
from engagements.services.maintenance import PATH
from engagements.services.problems import EngagementError, IllegalMove
from engagements.services.telling import maintenance_tell


def triggers_watch(*, engagement: Engagement, now: datetime) -> list[RefinementTrigger]:
    """Look at everything that the playbook wants watched; each fact is found once. Gives what is new."""
    found: list[RefinementTrigger] = []
    for told in engagement.content.get("triggers", []):
        watcher = WATCHERS.get(told.get("check", ""))
        facts = watcher(engagement, figure_of(told.get("limit", ""))) if watcher else []
        found.extend(
            trigger_raise(engagement, told, fact, now) for fact in facts if not is_known(engagement, told["key"], fact)
        )
    return found


def is_known(engagement: Engagement, key: str, fact: Fact) -> bool:
    """Whether the same fact was found before; a run of months is the same while it shares one."""
    rows = RefinementTrigger.objects.filter(engagement=engagement, trigger_key=key)
    if rows.filter(fact=fact.key).exists():
        return True
    return "first" in fact.facts and any(
        row["last"] >= fact.facts["first"] for row in rows.values_list("facts", flat=True)
    )


def trigger_raise(engagement: Engagement, told: dict[str, Any], fact: Fact, now: datetime) -> RefinementTrigger:
    """Keep a fact with the playbook's response, and tell both sides."""
    row: RefinementTrigger = RefinementTrigger.objects.create(
        engagement=engagement, trigger_key=told["key"], fact=fact.key, name=told["name"][:200], text=fact.text,
        response=told.get("response", ""), facts=fact.facts, url_name=fact.url_name, raised_at=now,
    )  # fmt: skip
    plain = f"{row}." if row.is_of_figures else f"{row}. {row.text}"
    record_change(
        engagement, "trigger.raised", about="trigger", about_id=row.pk, path=f"{PATH}#triggers",
        text=f"found a reason to engage again: {plain}", after=fact.facts, details={"fact": fact.key},
    )  # fmt: skip
    maintenance_tell(
        engagement=engagement, people=both_sides(engagement), text=f"{row}. {row.text}", plain=plain, page=f"{PATH}#triggers",
        key=f"trigger {row.pk}",
    )  # fmt: skip
    return row


def trigger_settle(
    *, trigger: RefinementTrigger, reason: str, user: Any, now: datetime | None = None
) -> RefinementTrigger:
    """Settle what was found, with a reason; of two who do it at once, the second is told."""
    if not reason.strip():
        raise EngagementError("say what comes of it")
    row: RefinementTrigger = RefinementTrigger.objects.select_for_update().get(pk=trigger.pk)
    if row.state != "open":
        raise IllegalMove(f"{row} is settled already")
    row.state, row.reason, row.settled_by, row.settled_at = "settled", reason.strip(), user, now or timezone.now()
    row.save(update_fields=["state", "reason", "settled_by", "settled_at"])
    record_change(
        row.engagement, "trigger.settled", about="trigger", about_id=row.pk, path=f"{PATH}#triggers",
        text=f"settled “{row}”: {row.reason[:300]}", before="open", after="settled", details={"reason": row.reason},
    )  # fmt: skip
    return row
