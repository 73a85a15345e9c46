"""What is due: beat only ticks `dispatch_due`, and a column of each client says when a job of it is next to run.

A job is claimed by a conditional UPDATE that moves its time on by a lease, so that two beats, or a beat and a command, never
send it twice; the job itself sets the time of its next run when it has done its work. A message that is lost is therefore
sent again after the lease: at least once, and every job is idempotent. The longest waiting client comes first, and one tick
claims no more than `CLAIMED_AT_ONCE`, so that no client's jobs crowd out another's.
"""

import datetime as dt
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from celery import current_app
from django.db import transaction
from psycopg.sql import SQL, Identifier

from portal.postgres.prepared import run_binary
from portal.tenancy.models import Client

LEASE: Final = dt.timedelta(minutes=15)
CLAIMED_AT_ONCE: Final = 100


@dataclass(frozen=True)
class Due:
    """A kind of job: the column of Client that says when it is next due, and the task that does it for that client."""

    column: str
    task: str
    lease: dt.timedelta = LEASE


_kinds: list[Due] = []


def register_due(column: str, task: str, lease: dt.timedelta = LEASE) -> None:
    """Say which task does what is due by a column; an application says it once, when it is loaded."""
    if Due(column, task, lease) not in _kinds:
        _kinds.append(Due(column, task, lease))


def due_kinds() -> list[Due]:
    """Every kind of job that a column of Client makes due."""
    return list(_kinds)


def dispatch_due(now: dt.datetime) -> list[tuple[str, int]]:
    """Send every job that is due at `now`; returns (task, client id) of each.

    Client rows carry no tenant's data and lie outside the wall, so that this needs no bypass.
    """
    sent = []
    for kind in _kinds:
        due = Client.objects.filter(**{f"{kind.column}__lte": now}).order_by(kind.column, "pk")
        for client_id, at in due.values_list("pk", kind.column)[:CLAIMED_AT_ONCE]:
            if claim(kind.column, client_id, at, now):
                sent.append((kind.task, client_id))
    return sent


def claim(column: str, client_id: int, at: dt.datetime, now: dt.datetime) -> bool:
    """Take a due job, unless another process took it first; its message leaves with the commit."""
    kind = next(kind for kind in _kinds if kind.column == column)
    with transaction.atomic():
        taken = Client.objects.filter(pk=client_id, **{column: at}).update(**{column: now + kind.lease})
        if taken:
            transaction.on_commit(lambda: send(kind.task, client_id), robust=True)
    return bool(taken)


def send(task: str, *args: Any) -> None:
    """Hand a job to the broker by its name."""
    current_app.send_task(task, args)


def next_run(*, client: Client, column: str, at: dt.datetime | None) -> None:
    """Set when a job is next due, from within the job that has just done its work; None: not again."""
    Client.objects.filter(pk=client.pk).update(**{column: at})
    setattr(client, column, at)


def earlier_run(*, client: Client, column: str, at: dt.datetime) -> None:
    """Let a job be due at `at`, unless it is due before that anyway."""
    if run_binary(earlier_text(column), {"client": client.pk, "at": at}):
        setattr(client, column, at)


@cache
def earlier_text(column: str) -> bytes:
    """The statement of `earlier_run`: prepared, since every change of a contract line asks for a look at its data."""
    due = Identifier(column)
    query = (
        "UPDATE tenancy_client SET {0} = %(at)b WHERE id = %(client)b AND ({0} IS NULL OR {0} > %(at)b) RETURNING id"
    )
    return SQL(query).format(due).as_bytes()
