"""What is looked at every morning in each client that has engagements; each part is at-least-once and idempotent."""

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from engagements.models import Engagement
from engagements.services.after import after_due
from engagements.services.files import Tidied, files_tidy
from engagements.services.leaving import gone_leave
from engagements.services.package import packages_due
from engagements.services.summaries import next_morning, summaries_due
from engagements.services.testing import runs_recompute
from portal.tenancy.dispatch import earlier_run
from portal.tenancy.models import Client


@dataclass(frozen=True)
class Morning:
    """How many open engagements were looked at, and what was removed from the store."""

    engagements: int
    files: Tidied


def morning_look(*, client: Client, now: dt.datetime) -> Morning:
    """Run the system's tests again, let go of the work of whoever left, refresh summaries, do what is due after the end of
    engagements, remove files that nobody owns; set the next morning.
    """
    for engagement in Engagement.objects.select_related("client").filter(state="active"):
        runs_recompute(engagement=engagement, now=now)
    gone_leave(client)
    packages_due(client=client)
    count = summaries_due(client=client, now=now)
    is_more = after_due(client=client, now=now)
    files = files_tidy(client=client, now=now)
    if files.left or is_more:  # also where no engagement is open any more: what is too young today is old enough soon
        at = next_morning(now.astimezone(ZoneInfo(client.time_zone)))
        earlier_run(client=client, column="next_engagement_at", at=at)
    return Morning(count, files)
