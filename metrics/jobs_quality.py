"""The nightly look at the data. At-least-once and idempotent; `metrics.tasks` names it for the worker."""

import datetime as dt

from metrics.services.quality import DUE, next_look, quality_look
from portal.tenancy.dispatch import next_run
from portal.tenancy.jobs import tenant_task
from portal.tenancy.models import Client


@tenant_task(name="metrics.tasks.quality_look")
def quality_look_job(client: Client) -> None:
    """Look at the data and say when to look again: the next morning, unless the numbers changed while it looked."""
    now, claimed = dt.datetime.now(dt.UTC), client.next_quality_at
    quality_look(client=client, now=now)
    if Client.objects.filter(pk=client.pk, next_quality_at=claimed).exists():
        next_run(client=client, column=DUE, at=next_look(client, now))
