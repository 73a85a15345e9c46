"""The look of every morning at what goes on after the launch: hypercare, maintenance, reasons to engage again.

At-least-once and idempotent: a check is made once, a fact is found once, and nobody hears of the same twice on a day.
"""

import datetime as dt
from collections import Counter
from datetime import date
from zoneinfo import ZoneInfo

from engagements.models import Engagement, MaintenanceCheck, RefinementTrigger
from engagements.selectors.maintenance import due_checks, owner_of
from engagements.services.changes import record_change
from engagements.services.hypercare import hypercare_decide, hypercare_keep
from engagements.services.maintenance import DUE_COLUMN, PATH, check_compute, people_told, schedule_make
from engagements.services.summaries import next_morning, summary_refresh
from engagements.services.telling import maintenance_tell
from engagements.services.triggers import triggers_watch
from portal.tenancy.clock import day_at
from portal.tenancy.dispatch import next_run
from portal.tenancy.models import Client

AGAIN = dt.timedelta(days=7)


def maintenance_due(*, client: Client, now: dt.datetime) -> int:
    """Look at every engagement of the client that is open or maintained, and set the next look. Gives how many there are."""
    local = now.astimezone(ZoneInfo(client.time_zone))
    rows = Engagement.objects.select_related("client__firm").order_by("pk")
    watched = [row for row in rows if row.is_open or row.is_maintained]
    for engagement in watched:
        engagement_look(engagement=engagement, now=now)
    next_run(client=client, column=DUE_COLUMN, at=next_morning(local) if watched else None)
    return len(watched)


def engagement_look(*, engagement: Engagement, now: dt.datetime) -> None:
    """Everything that the system does by itself for one engagement on a day."""
    today = day_at(engagement.client, now)
    hypercare_keep(engagement=engagement, today=today)
    hypercare_decide(engagement=engagement, now=now)
    schedule_make(engagement=engagement, today=today)
    if engagement.is_maintained:
        for check in due_checks(engagement, today).exclude(check_key=""):
            check_compute(check=check, now=now, is_asked=False)
        owners_remind(engagement=engagement, today=today)
    triggers_watch(engagement=engagement, now=now)
    summary_refresh(engagement=engagement, today=today)


def look_asked(*, engagement: Engagement, now: dt.datetime) -> None:
    """The look of the morning because somebody wants it now; that they did is written down whatever comes out."""
    engagement_look(engagement=engagement, now=now)
    record_change(
        engagement, "maintenance.looked", about="engagement", about_id=engagement.pk, path=PATH,
        text="had hypercare, maintenance and reasons to engage again looked at", is_internal=True,
        after=state_of(engagement), details={"at": now},
    )  # fmt: skip


def state_of(engagement: Engagement) -> dict[str, int]:
    """How many checks there are in each state, and how many reasons to engage again are open."""
    checks = Counter(MaintenanceCheck.objects.filter(engagement=engagement).values_list("state", flat=True))
    open_ones = RefinementTrigger.objects.filter(engagement=engagement, state="open").count()
    return {**checks, "triggers": open_ones}


def owners_remind(*, engagement: Engagement, today: date) -> int:
    """Tell the owners of checks that can be done, when they first can, when they become late, and every week from then on.

    One notice a person and day, whatever the number of checks. Gives how many checks it was about.
    """
    due = [check for check in due_checks(engagement, today) if is_to_be_told(check, today)]
    if not due:
        return 0
    late = [check for check in due if check.due_on < today]
    count = "1 maintenance check" if len(due) == 1 else f"{len(due)} maintenance checks"
    verb = "waits" if len(due) == 1 else "wait"
    first = min(check.due_on for check in due)
    when = f"{len(late)} late" if late else f"the first is due on {first}"
    people = owner_of(engagement).people or people_told(engagement)
    text = f"{count} {verb} for a result, {when}"
    maintenance_tell(engagement=engagement, people=people, text=text, page=PATH, key=f"checks {today}")
    MaintenanceCheck.objects.filter(pk__in=[check.pk for check in due]).update(told_on=today)
    return len(due)


def is_to_be_told(check: MaintenanceCheck, today: date) -> bool:
    """Whether its owners hear of a check today."""
    if check.told_on is None:
        return True
    if check.due_on >= today:
        return False
    return check.told_on <= check.due_on or check.told_on <= today - AGAIN
