"""The background jobs of governance, where Celery looks for them."""

import datetime as dt

from governance.services.asking import reminders_due
from governance.services.change_effect import changes_take_effect
from governance.services.change_preview import preview_run, previews_finish
from governance.services.oversight import oversight_look
from governance.services.publishing import publications_finish
from portal.tenancy.jobs import tenant_task
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context


@tenant_task(name="governance.tasks.reminders", in_one_scope=False)
def reminders(client: Client) -> None:
    """Whatever is due: restatements and previews that a message did not bring, reminders.

    Restatements and previews are at-least-once and idempotent. A mail goes at most once: its day is taken before it is sent.
    """
    now = dt.datetime.now(dt.UTC)
    publications_finish(client=client, now=now)
    previews_finish(client=client)
    with tenant_context(client):
        reminders_due(client=client, now=now)


@tenant_task(name="governance.tasks.publications", in_one_scope=False)
def publications(client: Client) -> None:
    """Restatements of a policy that was just published. At-least-once and idempotent."""
    publications_finish(client=client, now=dt.datetime.now(dt.UTC))


@tenant_task(name="governance.tasks.change_preview", in_one_scope=False)
def change_preview(client: Client, preview_id: int) -> None:
    """The impact of a change request. At-least-once and idempotent."""
    preview_run(client=client, preview_id=preview_id)


@tenant_task(name="governance.tasks.changes", in_one_scope=False)
def changes(client: Client) -> None:
    """Approved changes whose month has come, and what they restate. At-least-once and idempotent."""
    changes_take_effect(client=client, now=dt.datetime.now(dt.UTC))


@tenant_task(name="governance.tasks.oversight")
def oversight(client: Client) -> None:
    """Audits and follow-ups that are due or late. At-least-once: each thing is told once a week."""
    oversight_look(client=client, now=dt.datetime.now(dt.UTC))
