"""A process that is really killed while it delivers: nothing is lost, and what comes twice has one id."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from portal.accounts.models import User
from portal.database import Server
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import client_create, firm_create, member_add
from portal.webhooks.services.delivering import LEASE
from tests.webhooks.conftest import emit, later, listen, send, states
from tests.webhooks.receiver import Receiver

ROOT = Path(__file__).resolve().parent.parent.parent


def test_killed_between_sending_and_noting_it_is_sent_again_with_the_same_id(
    committed_db: Server, receiver: Receiver
) -> None:
    """The receiver kills the process the moment it has the request: nobody notes that it was taken."""
    client = client_create(
        firm=firm_create(slug="ridge", name="Ridge"), slug="northwind", name="Northwind", currency="USD"
    )
    finn = User.objects.create_user("finn@example.com", "x", name="Finn")
    with tenant_context(client):
        member_add(client=client, user=finn, role="finance")
    listen(client, finn, receiver.url)
    emit(client)
    urls = {f"DATABASE_{kind.upper()}_URL": committed_db.url(kind) for kind in ("app", "system")}
    environment = {**os.environ, **urls, "DJANGO_SETTINGS_MODULE": "portal.settings", "PYTHONPATH": str(ROOT)}
    job = subprocess.Popen(
        [sys.executable, "manage.py", "webhooks_deliver", "--client", "northwind"], env=environment, cwd=ROOT
    )
    receiver.on_request = lambda: os.kill(job.pid, signal.SIGKILL)
    assert job.wait(timeout=120) == -signal.SIGKILL
    receiver.on_request = lambda: None
    assert states(client) == ["claimed"]
    assert send(client) == 0, "while the lease runs, nobody takes it up"
    after_the_lease = later(seconds=LEASE.total_seconds() + 60)
    assert send(client, after_the_lease) == 1 and send(client, after_the_lease) == 0
    first, second = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"] and first.body == second.body
    assert states(client) == ["delivered"]
