"""The tick that beat sends, and what tenancy itself does in the background."""

import datetime as dt

from celery import shared_task

from portal.tenancy.anchors import anchor_due
from portal.tenancy.dispatch import dispatch_due
from portal.tenancy.jobs import tenant_task
from portal.tenancy.models import Client
from portal.tenancy.pulse import pulse_beat


@shared_task(name="tenancy.dispatch_due")
def dispatch() -> None:
    """Send what is due now. At-least-once: a tick that is lost is made good by the next one."""
    pulse_beat()
    dispatch_due(dt.datetime.now(dt.UTC))


@tenant_task(name="tenancy.audit_anchor", reads_rows=False)
def audit_anchor(client: Client) -> None:
    """Keep the head of the client's audit log outside the database."""
    anchor_due(client=client, now=dt.datetime.now(dt.UTC))
