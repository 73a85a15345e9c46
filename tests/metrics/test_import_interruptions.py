"""Loads that are killed, delivered twice, or run side by side: the end is always the same."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.db import connections

from metrics.jobs_imports import import_run as import_job
from metrics.models import ContractImport, ContractLine, LineChange
from metrics.models.intake import ImportState
from metrics.services.imports import import_accept
from portal.database import Server
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import client_create, firm_create
from tests.metrics.files import csv_bytes, line
from tests.metrics.steps import check, load

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("file_store")]
ROOT = Path(__file__).resolve().parents[2]
MANY = 20_000
WORKER = """
import os, sys, time
import django
django.setup()
from django.conf import settings
from django.test.utils import override_settings
from metrics import loading
from metrics.jobs_imports import import_run
slow = loading.write_history
loading.write_history = lambda *given: (slow(*given), print("WRITTEN", flush=True), time.sleep(60))
default = {**settings.STORAGES["default"], "OPTIONS": {"location": sys.argv[3], "base_url": None}}
with override_settings(STORAGES={**settings.STORAGES, "default": default}):
    print("STARTED", flush=True)
    import_run(int(sys.argv[1]), int(sys.argv[2]))
"""


@pytest.fixture
def client(committed_db: Server) -> Client:
    return client_create(
        firm=firm_create(slug="ridge", name="Ridge"), slug="northwind", name="Northwind", currency="USD"
    )


def accepted(client: Client, data: bytes, **options: Any) -> int:
    waiting = check(client, data, **options)
    with tenant_context(client):
        import_accept(client=client, contract_import=waiting, in_background=False)
    return waiting.pk


def worker(client: Client, import_id: int, server: Server, store: Path, until: str) -> subprocess.Popen[str]:
    """A process that runs the job's body; returns when it has printed `until`."""
    urls = {f"DATABASE_{kind.upper()}_URL": server.url(kind) for kind in ("app", "system")}
    environment = {**os.environ, **urls, "DJANGO_SETTINGS_MODULE": "portal.settings", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", WORKER, str(client.pk), str(import_id), str(store)]
    process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for said in process.stdout:
        if said.strip() == until:
            return process
    raise AssertionError("the worker ended by itself")


def state(client: Client) -> tuple[Any, ...]:
    """Everything that an import leaves, apart from times and ids."""
    with tenant_context(client):
        lines = list(ContractLine.objects.order_by("line_id").values_list("line_id", "content_hash", "source_row"))
        changes = list(
            LineChange.objects.order_by("line_id", "field").values_list("line_id", "kind", "field", "old", "new")
        )
        states = list(ContractImport.objects.order_by("id").values_list("state", "added_count", "changed_count"))
        loaded = AuditEntry.objects.filter(action="import.loaded").count()
    return lines, changes, states, loaded


@pytest.mark.parametrize("until", ["STARTED", "WRITTEN"])
def test_a_killed_worker_leaves_nothing_and_the_next_delivery_finishes(
    client: Client, committed_db: Server, file_store: Path, until: str
) -> None:
    load(client, csv_bytes([line(n) for n in range(1, MANY)]))
    changed = [line(n, amount="1300" if n % 10 == 0 else "1200") for n in range(1, MANY + 50)]
    import_id = accepted(client, csv_bytes(changed))
    before = state(client)[:2]
    process = worker(client, import_id, committed_db, file_store, until)
    if until == "WRITTEN":
        assert state(client)[:2] == before, "what is not committed is not seen"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert state(client)[:2] == before
    for _ in range(2):  # the message comes again, and again
        import_job(client.pk, import_id)
    lines, changes, states, loaded = state(client)
    assert (len(lines), len(changes), loaded) == (MANY + 49, MANY // 10 - (MANY % 10 == 0), 2)
    assert states == [("done", MANY - 1, 0), ("done", 50, MANY // 10 - (MANY % 10 == 0))]


def test_two_loads_of_one_source_take_turns(client: Client) -> None:
    load(client, csv_bytes([line(n) for n in range(1, 200)]))
    first = accepted(client, csv_bytes([line(n, amount="7") for n in range(1, 3000)]))
    second = accepted(client, csv_bytes([line(n, amount="7") for n in range(1, 3000)]), name="copy.csv")
    side_by_side([lambda: import_job(client.pk, first), lambda: import_job(client.pk, second)])
    lines, changes, states, loaded = state(client)
    assert (len(lines), len(changes), loaded) == (2999, 199, 2)
    assert sorted(found for found, _, _ in states) == ["done", "done", "unchanged"]


def test_one_message_delivered_twice_at_once_loads_once(client: Client) -> None:
    import_id = accepted(client, csv_bytes([line(n) for n in range(1, 3000)]))
    side_by_side([lambda: import_job(client.pk, import_id)] * 2)
    lines, _, states, loaded = state(client)
    assert (len(lines), loaded, states[0][0]) == (2999, 1, ImportState.DONE)


def side_by_side(bodies: list[Callable[[], Any]]) -> None:
    def run(body: Callable[[], Any]) -> None:
        try:
            body()
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=(body,)) for body in bodies]
    for thread in threads:
        thread.start()
        time.sleep(0.01)
    for thread in threads:
        thread.join(timeout=120)
        assert not thread.is_alive()
