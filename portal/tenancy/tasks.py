"""The tick that beat sends."""

import datetime as dt

from celery import shared_task

from portal.tenancy.dispatch import dispatch_due
from portal.tenancy.pulse import pulse_beat


@shared_task(name="tenancy.dispatch_due")
def dispatch() -> None:
    """Send what is due now. At-least-once: a tick that is lost is made good by the next one."""
    pulse_beat()
    dispatch_due(dt.datetime.now(dt.UTC))
