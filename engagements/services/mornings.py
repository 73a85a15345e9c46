"""What is looked at every morning in each client that has engagements; each part is at-least-once and idempotent."""

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from engagements.services.files import Tidied, files_tidy
from engagements.services.summaries import next_morning, summaries_due
from portal.tenancy.dispatch import earlier_run
from portal.tenancy.models import Client


@dataclass(frozen=True)
class Morning:
    """How many open engagements were looked at, and what was removed from the store."""

    engagements: int
    files: Tidied


def morning_look(*, client: Client, now: dt.datetime) -> Morning:
    """Bring summaries up to date and remove files that nobody owns; set the look of the next morning."""
    count = summaries_due(client=client, now=now)
    files = files_tidy(client=client, now=now)
    if files.left:  # also where no engagement is open any more: what is too young today is old enough soon
        at = next_morning(now.astimezone(ZoneInfo(client.time_zone)))
        earlier_run(client=client, column="next_engagement_at", at=at)
    return Morning(count, files)
