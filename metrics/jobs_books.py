"""The background jobs of books and closes. Each is at-least-once and idempotent; `metrics.tasks` names them for the worker."""

import datetime as dt

from metrics.services.schedule import check_due, close_due
from portal.tenancy.jobs import tenant_task
from portal.tenancy.models import Client


@tenant_task(name="metrics.tasks.books_rebuild", reads_rows=False)
def books_rebuild(client: Client) -> None:
    """Recompute stale books; a second delivery finds them ready and checks them."""
    check_due(client=client, now=dt.datetime.now(dt.UTC))


@tenant_task(name="metrics.tasks.books_check")
def books_check(client: Client) -> None:
    """The check of every night, which also adds the month that has just ended."""
    check_due(client=client, now=dt.datetime.now(dt.UTC))


@tenant_task(name="metrics.tasks.month_close")
def month_close(client: Client) -> None:
    """The monthly close of a client that has a close day."""
    close_due(client=client, now=dt.datetime.now(dt.UTC))
