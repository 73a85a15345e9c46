"""Loads that are killed, delivered twice, or run side by side: the end is always the same."""

import datetime as dt
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
from django.db.models.functions import Now

from metrics.intake.mapping import Mapping
from metrics.jobs_imports import import_run as import_job
from metrics.models import ContractImport, ContractLine, LineChange
from metrics.models.intake import ImportState
from metrics.services import import_claims
from metrics.services.import_claims import ImportMoved, import_held, imports_recover
from metrics.services.imports import import_accept, import_cancel, import_check, import_map
from portal.database import Server
from portal.tenancy.dispatch import dispatch_due
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import client_create, firm_create
from tests.metrics.files import csv_bytes, line
from tests.metrics.steps import check, load

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("file_store")]
ROOT = Path(__file__).resolve().parents[2]
MANY = 20_000
RECOVER = "metrics.tasks.imports_recover"
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
    if until == "WRITTEN":  # it held the lease when it died
        import_job(client.pk, import_id)
        assert state(client)[:2] == before, "a job that finds the lease taken does nothing"
        recover(client, [])
        let_leases_run_out(client)
        recover(client, [import_id])
        let_leases_run_out(client)
    for _ in range(2):  # the message comes again, and again
        import_job(client.pk, import_id)
    lines, changes, states, loaded = state(client)
    assert (len(lines), len(changes), loaded) == (MANY + 49, MANY // 10 - (MANY % 10 == 0), 2)
    assert states == [("done", MANY - 1, 0), ("done", 50, MANY // 10 - (MANY % 10 == 0))]


def test_a_lost_message_is_sent_again_by_the_tick(client: Client) -> None:
    """Beat's tick alone brings an accepted import, whose job nobody has, to a worker."""
    import_id = accepted(client, csv_bytes([line(n) for n in range(1, 50)]))
    sent: list[tuple[str, int]] = dispatch_due(dt.datetime.now(dt.UTC))
    assert RECOVER not in [task for task, _ in sent], "the message is given its time"
    later = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=1)
    assert (RECOVER, client.pk) in dispatch_due(later)
    let_leases_run_out(client)
    recover(client, [import_id])
    import_job(client.pk, import_id)
    recover(client, [])
    client.refresh_from_db()
    assert client.next_import_at is None, "nothing is under way: nothing is due"
    assert [found for found, *_ in state(client)[2]] == ["done"]


def test_a_lease_is_renewed_while_its_job_works(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_claims, "LEASE", dt.timedelta(seconds=1))
    monkeypatch.setattr(import_claims, "RENEW_SECONDS", 0.2)
    import_id = accepted(client, csv_bytes([line(1)]))
    with import_held(client=client, import_id=import_id) as is_mine:
        time.sleep(1.5)
        assert is_mine
        recover(client, [])
        with import_held(client=client, import_id=import_id) as is_theirs:
            assert not is_theirs
    with import_held(client=client, import_id=import_id) as is_mine:
        assert is_mine, "let go at once by a job that ends"


def test_what_a_job_found_is_not_written_over_a_cancelled_import(client: Client) -> None:
    waiting = check(client, csv_bytes([line(1)]))
    with tenant_context(client):
        import_map(contract_import=waiting, mapping=Mapping.from_dict(waiting.mapping))
        stale = ContractImport.objects.select_related("source").get(pk=waiting.pk)
        import_cancel(contract_import=waiting)
        with pytest.raises(ImportMoved):
            import_check(client=client, contract_import=stale)
        assert ContractImport.objects.get(pk=waiting.pk).state == ImportState.CANCELLED


def test_an_import_whose_job_dies_each_time_is_given_up(client: Client) -> None:
    import_id = accepted(client, csv_bytes([line(1)]))
    with tenant_context(client):
        ContractImport.objects.update(attempts=import_claims.ATTEMPTS)
    let_leases_run_out(client)
    recover(client, [])
    with tenant_context(client):
        found = ContractImport.objects.get(pk=import_id)
        assert (found.state, found.holder) == (ImportState.FAILED, None)
        assert "broke off 5 times" in found.error
        import_accept(client=client, contract_import=found, in_background=False)
    import_job(client.pk, import_id)
    assert state(client)[2] == [("done", 1, 0)]


def recover(client: Client, expected: list[int]) -> None:
    with tenant_context(client):
        assert imports_recover(client=client) == expected


def let_leases_run_out(client: Client) -> None:
    with tenant_context(client):
        ContractImport.objects.filter(held_until__isnull=False).update(held_until=Now() - dt.timedelta(seconds=1))


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
