"""Many threads, two tenants, failures in the middle: nobody ever sees the other's rows, and nothing stays behind."""

import random
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from django.db import OperationalError, connection, connections
from psycopg.errors import InsufficientPrivilege

from metrics.models import Source
from portal.database import Server
from portal.postgres.prepared import run_binary
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import client_create, firm_create
from tests import database

THREADS, REQUESTS = 8, 120
NAMES = b"SELECT name FROM metrics_source"


class Failed(Exception):
    """A view that raised."""


@pytest.fixture
def clients(committed_db: Server) -> list[Client]:
    firm = firm_create(slug="ridge", name="Ridge")
    made = [client_create(firm=firm, slug=slug, name=slug, currency="USD") for slug in ("alpha", "beta")]
    for client in made:
        with tenant_context(client):
            Source.objects.create(name=f"of {client.slug}")
    return made


@pytest.fixture
def pooler(committed_db: Server, clients: list[Client], tmp_path: Path) -> Iterator[Server]:
    """pgbouncer in transaction mode before the test's database."""
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        pytest.skip("pgbouncer is not installed: `apt-get install pgbouncer`")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    role = committed_db.role("app")
    host, upstream = committed_db.host or "127.0.0.1", committed_db.port or "5432"
    (tmp_path / "users").write_text(f'"{role}" "{committed_db.role_password("app")}"\n')
    (tmp_path / "ini").write_text(
        f"[databases]\n{committed_db.name} = host={host} port={upstream}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
        f"listen_port = {port}\nauth_type = plain\nauth_file = {tmp_path}/users\npool_mode = transaction\n"
        f"default_pool_size = 4\nunix_socket_dir =\nlogfile = {tmp_path}/log\npidfile = {tmp_path}/pid\n"
        "ignore_startup_parameters = extra_float_digits,options\n"
    )
    for path in (tmp_path, *tmp_path.iterdir(), *tmp_path.parents):
        if str(path).startswith("/tmp/pytest"):
            path.chmod(0o777)
    process = subprocess.Popen([program, "-u", "nobody", str(tmp_path / "ini")], stderr=subprocess.DEVNULL)
    wait_for_port(port)
    yield replace(committed_db, host="127.0.0.1", port=str(port))
    process.terminate()
    process.wait(10)


def wait_for_port(port: int) -> None:
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("pgbouncer did not start")


def hammer(clients: list[Client]) -> list[str]:
    """Every thread alternates between the tenants; some requests are cancelled in a query, some raise."""

    def one_thread(seed: int) -> list[str]:
        dice, wrong = random.Random(seed), []
        try:
            for number in range(REQUESTS):
                client = clients[(number + seed) % 2]
                wrong += one_request(client, dice.random())
        finally:
            connections.close_all()
        return wrong

    with ThreadPoolExecutor(THREADS) as pool:
        return [name for found in pool.map(one_thread, range(THREADS)) for name in found]


def one_request(client: Client, chance: float) -> list[str]:
    try:
        with tenant_context(client):
            names = list(Source.objects.values_list("name", flat=True))
            with connection.cursor() as cursor:
                cursor.execute("SELECT name FROM metrics_source")  # past every Python check
                names += [name for (name,) in cursor.fetchall()]
            names += [name for (name,) in run_binary(NAMES, [])]
            with connection.cursor() as cursor:
                if chance < 0.05:
                    cursor.execute("SET LOCAL statement_timeout = 1; SELECT pg_sleep(1)")
            if chance > 0.95:
                raise Failed
    except (Failed, OperationalError):
        return []
    return [name for name in names if name != f"of {client.slug}"]


def left_behind(server: Server) -> list[str]:
    """The tenant setting as a new user of each pooled connection would find it."""
    with psycopg.connect(server.url("app"), autocommit=True) as fresh:
        found = fresh.execute("SELECT coalesce(current_setting('tenancy.client', true), '')").fetchone()
    return [] if found == ("",) else [str(found)]


def test_no_row_leaks_between_threads(clients: list[Client], committed_db: Server) -> None:
    assert hammer(clients) == []


def test_a_statement_that_is_prepared_once_reads_each_scope(clients: list[Client]) -> None:
    for number in range(14):  # after five runs PostgreSQL may keep one plan for all
        client = clients[number % 2]
        with tenant_context(client):
            assert run_binary(NAMES, []) == [(f"of {client.slug}",)]
    assert prepared() == 1
    with pytest.raises(InsufficientPrivilege):
        run_binary(NAMES, [])


def test_nothing_is_prepared_where_the_server_behind_a_connection_may_change(
    clients: list[Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    connections["default"].close()
    monkeypatch.setattr(psycopg.ConnectionInfo, "backend_pid", 1)  # as a pooler makes one up
    with tenant_context(clients[0]):
        assert run_binary(NAMES, []) == [("of alpha",)]
    assert prepared() == 0


def prepared() -> int:
    """How many statements the connection has prepared."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements")
        return int(cursor.fetchone()[0])


def test_no_row_leaks_through_a_transaction_pooler(clients: list[Client], pooler: Server) -> None:
    direct = dict(connections["default"].settings_dict)
    database.use(pooler)
    connections["default"].settings_dict["DISABLE_SERVER_SIDE_CURSORS"] = True
    try:
        assert hammer(clients) == []
        assert [found for _ in range(20) for found in left_behind(pooler)] == []
    finally:
        connections.close_all()
        connections["default"].settings_dict.update(direct)


def test_a_session_level_setting_would_be_found(clients: list[Client], pooler: Server) -> None:
    """The control: what the wall must never do shows up in the check above."""
    with psycopg.connect(pooler.url("app"), autocommit=True) as careless:
        careless.execute("SELECT set_config('tenancy.client', '1', false)")
    assert [found for _ in range(20) for found in left_behind(pooler)] != []
