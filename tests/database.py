"""The test databases: one migrated template per state of the migrations, one copy per test process.

The app role of the tests is the app role of production: it owns nothing and bypasses nothing.
"""

import hashlib
from dataclasses import replace
from pathlib import Path

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
