"""The restore drill: what comes back is, table by table and row by row, what was there."""

import hashlib
import json
import os
import tarfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connections

from portal.database import Server
from portal.tenancy.backup import backup, fingerprints
from portal.tenancy.models import Client
from portal.tenancy.provision import jobs_server, provision
from portal.tenancy.services import client_create, firm_create
from tests import database


@pytest.fixture
def stored(committed_db: Server, tmp_path: Path, settings: Any) -> Server:
    """A database with two clients, really committed, and one stored file."""
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {**settings.STORAGES["default"], "OPTIONS": {"location": tmp_path / "files", "base_url": None}},
    }
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "contract.pdf").write_bytes(b"%PDF kept")
    firm = firm_create(slug="ridge", name="Ridge Consulting")
    for slug in ("northwind", "contoso"):
        client_create(firm=firm, slug=slug, name=slug.title(), currency="USD", requires_mfa_for_admins=False)
    return committed_db


@pytest.fixture
def empty(stored: Server, base_server: Server, settings: Any) -> Iterator[Callable[[], Server]]:
    """`empty()` points Django at a fresh, provisioned database with the same roles."""
    server = replace(stored, name=f"tieout_restored_{os.getpid()}")

    def make() -> Server:
        provision(server)
        database.use(server)
        settings.DATABASE_SERVER = server
        return server

    yield make
    for alias in connections:
        connections[alias].close()
    database.use(stored)
    for name in (server.name, jobs_server(server).name):
        database.drop(base_server, name)


def test_restored_equals_what_was_backed_up(
    stored: Server,
    empty: Callable[[], Server],
    tmp_path: Path,
    in_scope: Callable[[Client], AbstractContextManager[Client]],
) -> None:
    manifest = backup(tmp_path / "backup")
    assert int(manifest["tables"]["public.tenancy_client"][0]) == 2
    (tmp_path / "files" / "contract.pdf").unlink()
    empty()
    call_command("restore", tmp_path / "backup", verbosity=0)
    with connections["migrator"].cursor() as cursor:
        assert fingerprints(cursor) == manifest["tables"]
        cursor.execute("SELECT count(*) FROM pg_tables WHERE tableowner NOT LIKE '%_owner' AND schemaname = 'public'")
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT count(*) FROM pg_constraint WHERE NOT convalidated")
        assert cursor.fetchone() == (0,)
    assert (tmp_path / "files" / "contract.pdf").read_bytes() == b"%PDF kept"
    assert {client.slug for client in Client.objects.using("system").all()} == {"northwind", "contoso"}
    with pytest.raises(CommandError, match="not empty"):
        call_command("restore", tmp_path / "backup")


def test_a_changed_backup_is_refused(stored: Server, empty: Callable[[], Server], tmp_path: Path) -> None:
    backup(tmp_path / "backup")
    with (tmp_path / "backup" / "database.dump").open("ab") as dump:
        dump.write(b"x")
    empty()
    with pytest.raises(CommandError, match="checksum differs"):
        call_command("restore", tmp_path / "backup")


def test_no_file_of_a_backup_is_written_outside_the_folder_of_files(
    stored: Server, empty: Callable[[], Server], tmp_path: Path
) -> None:
    backup(tmp_path / "backup")
    files, path = tmp_path / "backup" / "files.tar", tmp_path / "backup" / "manifest.json"
    with tarfile.open(files, "w") as tar:
        tar.add(tmp_path / "files" / "contract.pdf", arcname="../taken.pdf")
    manifest = json.loads(path.read_text())
    manifest["sha256"]["files.tar"] = hashlib.sha256(files.read_bytes()).hexdigest()
    path.write_text(json.dumps(manifest))
    empty()
    with pytest.raises(CommandError, match=r"taken\.pdf leads out of their folder"):
        call_command("restore", tmp_path / "backup")
    assert not (tmp_path / "taken.pdf").exists()


def test_rows_that_differ_from_the_manifest_are_named(
    stored: Server, empty: Callable[[], Server], tmp_path: Path
) -> None:
    backup(tmp_path / "backup")
    path = tmp_path / "backup" / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["tables"]["public.tenancy_client"] = ["3", "0"]
    path.write_text(json.dumps(manifest))
    empty()
    with pytest.raises(CommandError, match=r"differ from the backup's in: public\.tenancy_client"):
        call_command("restore", tmp_path / "backup")


@pytest.mark.parametrize("row_security", ["on", "off"])
def test_a_dump_as_the_owner_fails_and_is_never_silently_empty(stored: Server, row_security: str) -> None:
    """The control: pg_dump copies each table just so; FORCEd policies bind the owner, and ours raise without a client."""
    with psycopg.connect(**stored.conninfo(), autocommit=True) as admin:
        admin.execute(f'SET ROLE "{stored.role("owner")}"'.encode())
        admin.execute(f"SET row_security = {row_security}".encode())
        with pytest.raises(psycopg.Error), admin.cursor().copy("COPY public.tenancy_auditentry TO STDOUT") as copy:
            copy.read()
