"""Background jobs: a task names its client first and runs inside that client's scope, or it does not run.

Each job also runs as a `manage.py` command. Beat only ticks `dispatch_due`; what is due is a column of a row.
"""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from celery import Task, current_app, shared_task
from django.db import transaction

from portal.tenancy.actor import Actor, acting_as
from portal.tenancy.awaited import rows_await, with_rows
from portal.tenancy.models import Client
from portal.tenancy.scope import ScopeError, tenant_context

logger = logging.getLogger(__name__)


def tenant_task(
    *, in_one_scope: bool = True, reads_rows: bool = True, **options: Any
) -> Callable[[Callable[..., Any]], Task[Any, Any]]:
    """Declare a background job of one client: `task.delay(client_id, …)`.

    The body gets the Client instead of its id and runs in one transaction in its scope; a long job that commits its steps
    one by one says `in_one_scope=False` and opens the scope itself. A call without a client id, or with one that is
    nobody's, raises before any query on tenant data. Contract lines that are still being written are waited for; a job that
    reads no single line says `reads_rows=False`.
    """

    def decorate(body: Callable[..., Any]) -> Task[Any, Any]:
        @wraps(body)
        def run(client_id: int, *args: Any, **kwargs: Any) -> Any:
            client = client_for_job(client_id)
            with acting_as(Actor(name=f"job {body.__name__}")):
                if reads_rows:
                    rows_await(client)
                return with_rows(client, lambda: work(client, *args, **kwargs))

        def work(client: Client, *args: Any, **kwargs: Any) -> Any:
            if not in_one_scope:
                return body(client, *args, **kwargs)
            with tenant_context(client):
                return body(client, *args, **kwargs)

        job: Task[Any, Any] = shared_task(**options)(run)
        return job

    return decorate


def client_for_job(client_id: object) -> Client:
    """The client a job was sent for; ScopeError when the argument names none."""
    if not isinstance(client_id, int) or isinstance(client_id, bool):
        raise ScopeError("a job was sent without the id of its client")
    client = Client.objects.select_related("firm").filter(pk=client_id).first()
    if client is None:
        raise ScopeError(f"a job was sent for client {client_id}, which does not exist")
    return client


def enqueue(task: Task[Any, Any] | str, client: Client, *args: Any) -> None:
    """Send a job once the running transaction has committed; a rolled-back change sends nothing.

    A service names the task (`"metrics.tasks.books_rebuild"`), because tasks stand above services. A broker that is down
    breaks nothing: what is due is also a column of a row, which the next tick finds.
    """
    transaction.on_commit(lambda: _send(task, client.pk, *args), robust=True)


def _send(task: Task[Any, Any] | str, *args: Any) -> None:
    name = task if isinstance(task, str) else task.name
    try:
        current_app.send_task(name, args)
    except Exception as error:  # every transport has exceptions of its own
        logger.warning("the broker did not take job %s, the next tick will find it: %s", name, error)
