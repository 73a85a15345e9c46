"""The background job of deliveries."""

import datetime as dt

from portal.tenancy.jobs import tenant_task
from portal.tenancy.models import Client
from portal.webhooks.services.delivering import webhooks_deliver


@tenant_task(name="webhooks.deliver", reads_rows=False, in_one_scope=False)
def deliver(client: Client) -> None:
    """Send what is due. At least once per delivery, with the same id each time."""
    webhooks_deliver(client=client, now=dt.datetime.now(dt.UTC))
