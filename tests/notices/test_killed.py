"""A process that is really killed while it mails: nothing is sent twice, nothing is lost where that can be known."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from portal.accounts.models import User
from portal.database import Server
from portal.notices.kinds import Kind
from portal.notices.services.posting import LEASE
from portal.notices.services.raising import notice_add
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import client_create, firm_create, member_add
from tests.notices.conftest import MoodyMailbox, later, mail_states, send

ROOT = Path(__file__).resolve().parent.parent.parent
# The job, killed by itself just before the mail is marked as handed over, or just before its end is kept.
JOB = """
import os, signal, sys
import django
django.setup()
from django.core.management import call_command
import portal.notices.services.posting as posting
if name := {"claimed": "mark_handed", "answered": "settle"}.get(sys.argv[1]):
    setattr(posting, name, lambda *given: os.kill(os.getpid(), signal.SIGKILL))
call_command("notices_mail", client="northwind")
"""


@pytest.fixture
def client(committed_db: Server) -> Client:
    client = client_create(
        firm=firm_create(slug="ridge", name="Ridge"), slug="northwind", name="Northwind", currency="USD"
    )
    user = User.objects.create_user("finn@example.com", "x", name="Finn")
    with tenant_context(client):
        member_add(client=client, user=user, role="finance")
        notice_add(client=client, users=[user], kind=Kind.MENTIONED, text="Ana mentions you", path="/c/northwind/")
    return client


@pytest.mark.parametrize(
    ("when", "then", "arrived"),
    [("claimed", "sent", 1), ("handed", "unknown", 1), ("answered", "unknown", 1)],
)
def test_a_killed_job_neither_loses_a_mail_nor_sends_it_twice(
    client: Client, committed_db: Server, moody: MoodyMailbox, settings: Any, when: str, then: str, arrived: int
) -> None:
    """Killed before the text left, the mail goes out with the next job; after, nobody can know, and it stays unsent."""
    urls = {f"DATABASE_{kind.upper()}_URL": committed_db.url(kind) for kind in ("app", "system")}
    mail = {"EMAIL_HOST": settings.EMAIL_HOST, "EMAIL_PORT": str(settings.EMAIL_PORT)}
    environment = {
        **os.environ, **urls, **mail, "DJANGO_SETTINGS_MODULE": "portal.settings", "PYTHONPATH": str(ROOT)
    }  # fmt: skip
    job = subprocess.Popen([sys.executable, "-c", JOB, when], env=environment, cwd=ROOT)
    if when == "handed":
        moody.on_text = lambda: os.kill(job.pid, signal.SIGKILL)
    assert job.wait(timeout=120) == -signal.SIGKILL
    moody.on_text = lambda: None
    assert mail_states(client) == [{"claimed": "claimed"}.get(when, "handed")]
    assert send(client) == 0, "while the lease runs, nobody takes it up"
    after_the_lease = later(seconds=LEASE.total_seconds() + 60)
    assert send(client, after_the_lease) == (then == "sent")
    assert send(client, after_the_lease) == 0
    assert mail_states(client) == [then] and len(moody.mails) == arrived
