"""The background jobs of governance, where Celery looks for them."""

import datetime as dt

from governance.services.asking import reminders_due
from portal.tenancy.jobs import tenant_task
from portal.tenancy.models import Client


@tenant_task(name="governance.tasks.reminders")
def reminders(client: Client) -> None:
    """Reminders and news that are due. A mail goes at most once: its day is taken before it is sent."""
    reminders_due(client=client, now=dt.datetime.now(dt.UTC))
