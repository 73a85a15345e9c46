"""Every background job of engagements, where Celery looks for them."""

import datetime as dt

from engagements.models import PackageFile
from engagements.services.mornings import morning_look
from engagements.services.package import package_make
from engagements.services.upkeep import maintenance_due
from portal.tenancy.jobs import tenant_task
from portal.tenancy.models import Client


@tenant_task(name="engagements.tasks.summaries_refresh")
def summaries_refresh(client: Client) -> None:
    """The look of every morning: what has become late overnight, and files that nobody owns. At-least-once and idempotent."""
    morning_look(client=client, now=dt.datetime.now(dt.UTC))


@tenant_task(name="engagements.tasks.package")
def package(client: Client, package_id: int) -> None:
    """Set the documentation package of an engagement as one PDF. At-least-once and idempotent."""
    found = PackageFile.objects.filter(pk=package_id).first()
    if found is not None:
        package_make(package=found)


@tenant_task(name="engagements.tasks.maintenance")
def maintenance(client: Client) -> None:
    """Hypercare, maintenance and reasons to engage again, every morning. At-least-once and idempotent."""
    maintenance_due(client=client, now=dt.datetime.now(dt.UTC))
