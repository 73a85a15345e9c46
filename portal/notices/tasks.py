"""The background job of the outbox."""

import datetime as dt

from portal.notices.services.outbox import notices_mail
from portal.tenancy.jobs import tenant_task
from portal.tenancy.models import Client


@tenant_task(name="notices.mail", reads_rows=False, in_one_scope=False)
def mail(client: Client) -> None:
    """Mail what is due. At most once per notice: whatever was handed to a server is never handed over again."""
    notices_mail(client=client, now=dt.datetime.now(dt.UTC))
