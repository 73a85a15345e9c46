"""The one row about an engagement that the firm's portfolio reads; written inside the client's scope.

It follows every transaction that changes the engagement, and once a day the calendar: a task that becomes late is no change of
anybody's.
"""

import datetime as dt
from datetime import date
from zoneinfo import ZoneInfo

from engagements.models import Engagement, EngagementSummary
from engagements.selectors.gates import current_phase, gate_now, next_gate, phase_list
from engagements.selectors.health import health_get, hours_spent, level_shown
from engagements.selectors.waiting import waiting_list
from portal.tenancy.clock import day_now
from portal.tenancy.dispatch import next_run
from portal.tenancy.models import Client
from portal.tenancy.scope import at_scope_end, not_at_scope_end

LOOK_HOUR = 5


def summary_follow(*, engagement: Engagement) -> None:
    """Write the summary when everything that this transaction changes is there: once, however much that is."""
    key = engagement.pk

    def refresh() -> None:
        if found := Engagement.objects.select_related("client").filter(pk=key).first():
            summary_refresh(engagement=found)

    at_scope_end(following(engagement), refresh)


def following(engagement: Engagement) -> tuple[str, int]:
    """The name under which a scope keeps in mind that the summary has to be written."""
    return ("engagement summary", engagement.pk)


def summary_refresh(*, engagement: Engagement, today: date | None = None) -> EngagementSummary:
    """Write down what the portfolio shows of the engagement on a day."""
    not_at_scope_end(following(engagement))
    day = today or day_now(engagement.client)
    hours = hours_spent(engagement)
    health = health_get(engagement, day, hours)
    gate = next_gate(engagement)
    phase = current_phase(phase_list(engagement))
    waiting = next(iter(waiting_list(engagement)), None)
    fields = {
        "firm_id": engagement.client.firm_id,
        "name": engagement.name,
        "state": engagement.state,
        "phase": str(phase) if phase else "",
        "health": level_shown(engagement, health.level, day),
        "reasons": [reason.sentence for reason in health.reasons],
        "gate": gate.name if gate else "",
        "gate_id": gate.pk if gate else None,
        "shut_by": gate_now(gate, day).sentence[:600] if gate else "",
        "budget": hours.budget,
        "logged": hours.logged,
        "waiting_on": waiting.whom[:200] if waiting else "",
        "waiting_for": waiting.what[:300] if waiting else "",
        "waiting_since": waiting.since if waiting else None,
        "ends_on": engagement.ends_on,
    }
    summary, _ = EngagementSummary.objects.update_or_create(
        client_id=engagement.client_id, engagement=engagement, defaults=fields
    )
    found: EngagementSummary = summary
    return found


def summaries_due(*, client: Client, now: dt.datetime) -> int:
    """Bring the summaries of the client's open engagements up to date, and set the look of the next morning.

    At-least-once and idempotent. Gives how many were looked at; where none is open, the client is not looked at again.
    """
    local = now.astimezone(ZoneInfo(client.time_zone))
    rows = list(Engagement.objects.select_related("client").filter(state__in=["active", "paused"]))
    for engagement in rows:
        summary_refresh(engagement=engagement, today=local.date())
    next_run(client=client, column="next_engagement_at", at=next_morning(local) if rows else None)
    return len(rows)


def next_morning(local: dt.datetime) -> dt.datetime:
    """The morning after a moment, where the client is."""
    return (local + dt.timedelta(days=1)).replace(hour=LOOK_HOUR, minute=0, second=0, microsecond=0)
