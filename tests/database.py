"""The test databases: one migrated template per state of the migrations, one copy per test process.

The app role of the tests is the app role of production: it owns nothing and bypasses nothing. Beside its copy a process has
another, in which commits are real; one test hands it on to the next as long as nothing but rows has to be taken away.
"""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from psycopg import sql

from portal.database import Server, databases
from portal.tenancy.provision import provision

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE_LOCK = 760_100
ROLES = "tieout_test"
TABLES = """
    SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND c.oid >= 16384 AND n.nspname !~ '^pg_' ORDER BY 1
"""
# Everything of the catalogue that a test may have changed: tables, columns, rights, policies, triggers, functions, keys.
CATALOGUE = """
    SELECT md5(string_agg(part, chr(10) ORDER BY part)) FROM (
        SELECT concat_ws(' ', 'class', oid, relname, relnamespace, relowner, relkind, relacl, relrowsecurity,
            relforcerowsecurity, reloptions) AS part FROM pg_class WHERE oid >= 16384
        UNION ALL SELECT concat_ws(' ', 'column', attrelid, attnum, xmin) FROM pg_attribute WHERE attrelid >= 16384
        UNION ALL SELECT concat_ws(' ', 'policy', oid, xmin) FROM pg_policy
        UNION ALL SELECT concat_ws(' ', 'trigger', oid, tgenabled) FROM pg_trigger
        UNION ALL SELECT concat_ws(' ', 'function', oid, xmin) FROM pg_proc WHERE oid >= 16384
        UNION ALL SELECT concat_ws(' ', 'key', oid, xmin) FROM pg_constraint WHERE oid >= 16384
        UNION ALL SELECT concat_ws(' ', 'index', indexrelid, xmin) FROM pg_index WHERE indexrelid >= 16384
        UNION ALL SELECT concat_ws(' ', 'schema', oid, nspowner, nspacl) FROM pg_namespace
        UNION ALL SELECT concat_ws(' ', 'default', oid, xmin) FROM pg_default_acl
        UNION ALL SELECT concat_ws(' ', 'database', datname, datacl) FROM pg_database WHERE datname = current_database()
    ) parts
"""
SEQUENCES = "SELECT format('%I.%I', schemaname, sequencename), start_value, last_value FROM pg_sequences"


def fingerprint() -> str:
    """Changes whenever a migration, the provisioning or a dependency does: then the template is built anew."""
    files = sorted(ROOT.glob("*/migrations/*.py")) + sorted(ROOT.glob("portal/*/migrations/*.py"))
    files += [ROOT / "requirements.txt", ROOT / "portal/tenancy/provision.py", ROOT / "portal/tenancy/operations.py"]
    files += [ROOT / "portal/tenancy/grants.py"]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]


def admin(server: Server) -> psycopg.Connection[tuple[object, ...]]:
    if settings.EMBEDDED_POSTGRES:
        from portal.embedded.server import ensure_running

        ensure_running(settings.VAR_DIR)
    return psycopg.connect(**server.conninfo("postgres"), autocommit=True)


def use(server: Server) -> None:
    """Point Django's three aliases at this database."""
    for alias, entry in databases(server).items():
        connections[alias].close()
        connections[alias].settings_dict.update(
            {key: entry[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")}
        )
        settings.DATABASES[alias].update(connections[alias].settings_dict)


def template(base: Server) -> str:
    """Make sure that the migrated template exists, and return its name; processes take turns."""
    name = f"tieout_template_{fingerprint()}"
    with admin(base) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [TEMPLATE_LOCK])
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [f"{name}_done"]).fetchone():
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
            server = replace(base, name=name, prefix=ROLES)
            provision(server)
            use(server)
            settings.DATABASE_SERVER = server
            call_command("migrate", verbosity=0, interactive=False)
            for alias in connections:
                connections[alias].close()
            # Renamed at the end: a template whose making was interrupted is never used.
            connection.execute(
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(name), sql.Identifier(f"{name}_done"))
            )
        connection.execute("SELECT pg_advisory_unlock(%s)", [TEMPLATE_LOCK])
    return f"{name}_done"


def copy_template(base: Server, source: str, name: str) -> Server:
    """A fresh database with the template's content."""
    with admin(base) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                sql.Identifier(name), sql.Identifier(source)
            )
        )
    return replace(base, name=name, prefix=ROLES)


def drop(base: Server, name: str) -> None:
    with admin(base) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@dataclass(frozen=True)
class Fresh:
    """What a database is like that was only just copied."""

    server: Server
    catalogue: str
    kept: dict[str, str]  # the rows that the migrations made: a checksum of each table that has any
    sequences: dict[str, tuple[int, int | None]]


owned: dict[str, Fresh] = {}  # this process's own databases by name


def own(base: Server, name: str) -> Server:
    """A database with the template's content, in which commits are real: the one of the last test, or a new copy."""
    fresh = owned.pop(name, None)
    if fresh is None or not emptied(fresh):
        server = copy_template(base, template(base), name)
        with psycopg.connect(**server.conninfo(), autocommit=True) as connection:
            filled = filled_tables(connection)
            fresh = Fresh(server, catalogue(connection), checksums(connection, filled), sequences(connection))
    owned[name] = fresh
    return fresh.server


def emptied(fresh: Fresh) -> bool:
    """Take away the rows that a test left; False where that does not make the database what it was."""
    with psycopg.connect(**fresh.server.conninfo(), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        filled = filled_tables(connection)
        if not is_as_made(connection, fresh):
            return False
        connection.execute("SET session_replication_role = replica")  # what refuses to be deleted is deleted here alone
        for table in filled:
            if table not in fresh.kept:
                connection.execute(f"DELETE FROM {table}".encode())
        for name, (start, last) in sequences(connection).items():
            if (start, last) != fresh.sequences[name]:
                before = fresh.sequences[name][1]
                connection.execute("SELECT setval(%s, %s, %s)", [name, before or start, before is not None])
        return True


def is_as_made(connection: psycopg.Connection[Any], fresh: Fresh) -> bool:
    """Whether the tables, rights and all the rest are still those of the migrations, and so are the rows that they made."""
    return catalogue(connection) == fresh.catalogue and checksums(connection, sorted(fresh.kept)) == fresh.kept


def catalogue(connection: psycopg.Connection[Any]) -> str:
    return str(value(connection, CATALOGUE))


def filled_tables(connection: psycopg.Connection[Any]) -> list[str]:
    """Every table with a row in it."""
    names = [name for (name,) in connection.execute(TABLES)]
    asked = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in names)
    return sorted(name for (name,) in connection.execute(asked.encode()))


def checksums(connection: psycopg.Connection[Any], tables: list[str]) -> dict[str, str]:
    asked = "SELECT md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM {} t"
    return {name: str(value(connection, asked.format(name))) for name in tables}


def sequences(connection: psycopg.Connection[Any]) -> dict[str, tuple[int, int | None]]:
    """Where each sequence begins, and what it gave last."""
    return {name: (start, last) for name, start, last in connection.execute(SEQUENCES)}


def value(connection: psycopg.Connection[Any], statement: str) -> object:
    row = connection.execute(statement.encode()).fetchone()
    return row[0] if row else None
