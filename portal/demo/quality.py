"""What the monitors have found in the demonstration's data by now, and what its people made of it."""

import datetime as dt
from typing import Any

from metrics.models import FindingState, QualityFinding
from metrics.services.quality import monitors_ensure, quality_look
from metrics.services.quality_people import finding_acknowledge, monitor_set
from portal.accounts.models import User
from portal.tenancy.actor import Actor, acting_as
from portal.tenancy.models import Client

LOOKS = (6, 2)  # days ago, besides today
REASON = "Finance loads the month’s rates with its close; until then October’s are right."


def quality_at_work(
    client: Client, now: dt.datetime, owner: User | None = None, further_up: User | None = None
) -> None:
    """A week of looks where somebody owns the monitors and has let one finding stay for now; elsewhere that of today."""
    if owner is not None:
        with acting_as(Actor(owner.email, owner.pk)):
            for row in monitors_ensure(client=client):
                given: dict[str, Any] = {
                    "threshold": row.threshold,
                    "days": row.days,
                    "escalate_days": row.escalate_days,
                }
                monitor_set(monitor=row, owner=owner, escalate_to=further_up, **given)
        for days in LOOKS:
            quality_look(client=client, now=now - dt.timedelta(days=days))
            if days == LOOKS[0]:
                let_one_stay(owner, (now - dt.timedelta(days=days)).date())
    quality_look(client=client, now=now)


def let_one_stay(owner: User, today: dt.date) -> None:
    """The smaller of two currencies whose rates are old is acknowledged."""
    rows = QualityFinding.objects.filter(state=FindingState.OPEN, monitor__code="stale_rates")
    found = rows.order_by("arr", "pk").first()
    if found is not None:
        until = today + dt.timedelta(days=20)
        with acting_as(Actor(owner.email, owner.pk)):
            finding_acknowledge(finding=found, reason=REASON, until=until, today=today, user=owner)
