"""Prepare a PostgreSQL server for Tieout: database, roles, schemas and privileges of the wall, and the job broker's database.

Runs with the administrator's address, on a deployment's first day and again, as a no-op, before every `migrate`.
"""

import hashlib
from collections.abc import Iterable
from typing import Any, LiteralString

import psycopg
from pgmq.install import get_embedded_install_sql, get_embedded_sql_version
from psycopg.sql import SQL, Composed, Identifier, Literal

from portal.database import Server
from portal.tenancy.grants import grant_least

VERSION = "1"  # raise it when the statements below change: every database is then prepared again
LOCK = 7_146_893_201  # advisory, in the maintenance database: two processes never prepare one server at once
ATTRIBUTES = {
    "owner": "NOLOGIN NOBYPASSRLS INHERIT",
    "migrator": "LOGIN BYPASSRLS INHERIT",
    "app": "LOGIN NOBYPASSRLS NOINHERIT",
    "system": "LOGIN BYPASSRLS NOINHERIT",
    "jobs": "LOGIN NOBYPASSRLS NOINHERIT",
}
UNPROVED = """
    SELECT conrelid::regclass::text, quote_ident(conname)
    FROM pg_constraint WHERE NOT convalidated AND contype IN ('f', 'c')
"""
Connection = psycopg.Connection[tuple[Any, ...]]


def provision(server: Server) -> bool:
    """Prepare `server`; returns whether there was anything to do. Idempotent and safe to run from several processes."""
    jobs = jobs_server(server)
    with _connect(server, None) as admin:
        admin.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        if _is_prepared(admin, server, jobs):
            return False
        for kind in ("owner", "migrator", "app", "system"):
            _role(admin, server, kind)
        _role(admin, jobs, "jobs")
        owner, jobs_role = Identifier(server.role("owner")), Identifier(jobs.role("jobs"))
        _run(admin, [SQL("GRANT {} TO {}").format(owner, Identifier(server.role("migrator")))])
        if admin.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone() != (True,):
            _run(admin, [SQL("GRANT {}, {} TO CURRENT_USER").format(owner, jobs_role)])  # to hand objects over to them
        _database(admin, server.name, owner)
        _database(admin, jobs.name, jobs_role)
        with _connect(server, server.name) as inside:
            _run(inside, _privileges(server))
        with _connect(server, jobs.name) as inside:
            _install_queue(inside, jobs_role)
        for target in (server, jobs):
            _run(admin, [SQL("COMMENT ON DATABASE {} IS {}").format(Identifier(target.name), Literal(_stamp(server)))])
    return True


def recreate(server: Server) -> None:
    """Drop the database of `server` with everything in it, and prepare an empty one. The roles stay."""
    with _connect(server, None) as admin:
        admin.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(server.name)))
    provision(server)


def jobs_server(server: Server) -> Server:
    """The second database beside `server`'s, which holds nothing but the default job broker's queues."""
    return server.named(f"{server.name}_jobs")


def hand_over(connection: Any, prefix: str) -> None:
    """After a migration, as the migrator: everything it made belongs to the owner, every foreign key is proved, and
    web, worker and system have the least privileges on tables of no client.

    The migrator sees all rows; a key validated by the owner would only be proved for the rows the FORCEd policies show it.
    `prefix` begins the names of the database's roles.
    """
    migrator, owner, app, system = (
        connection.ops.quote_name(f"{prefix}_{kind}") for kind in ("migrator", "owner", "app", "system")
    )
    with connection.cursor() as cursor:
        cursor.execute(UNPROVED)
        for table, name in cursor.fetchall():
            cursor.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")
        cursor.execute(f"REASSIGN OWNED BY {migrator} TO {owner}")
        grant_least(cursor, f"{app}, {system}")


def _connect(server: Server, dbname: str | None) -> Connection:
    """A connection as the administrator; without a name, to the maintenance database."""
    for name in [dbname] if dbname else ["postgres", "template1"]:
        try:
            parameters: dict[str, Any] = dict(server.conninfo(name))
            return psycopg.connect(**parameters, autocommit=True, connect_timeout=10)
        except psycopg.OperationalError:
            if name != "postgres" or dbname:
                raise
    raise AssertionError("unreachable")


def _stamp(server: Server) -> str:
    """What a prepared database carries as its comment; changes with the statements and with the derived passwords."""
    kinds = [server.role_password(kind) for kind in ATTRIBUTES] + [jobs_server(server).role_password("jobs")]
    mark = hashlib.sha256("".join(kinds).encode()).hexdigest()[:16]
    return f"tieout {VERSION} {mark} pgmq {get_embedded_sql_version()}"


def _is_prepared(admin: Connection, server: Server, jobs: Server) -> bool:
    names = [server.role(kind) for kind in ("owner", "migrator", "app", "system")] + [jobs.role("jobs")]
    row = admin.execute(
        "SELECT (SELECT count(*) FROM pg_roles WHERE rolname = ANY(%s) AND NOT rolsuper),"
        " (SELECT count(*) FROM pg_database WHERE datname = ANY(%s) AND shobj_description(oid, 'pg_database') = %s)",
        [names, [server.name, jobs.name], _stamp(server)],
    ).fetchone()
    return row == (len(names), 2)


def _run(connection: Connection, statements: Iterable[Composed]) -> None:
    for statement in statements:
        connection.execute(statement)


def _role(admin: Connection, server: Server, kind: str) -> None:
    """Create the role or bring it into line (attributes and password), so that a changed secret key takes effect."""
    name = server.role(kind)
    exists = admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone()
    attributes: LiteralString = ATTRIBUTES[kind]
    password = SQL("NULL") if kind == "owner" else Literal(server.role_password(kind))
    verb = SQL("ALTER ROLE") if exists else SQL("CREATE ROLE")
    _run(admin, [SQL("{} {} WITH {} PASSWORD {}").format(verb, Identifier(name), SQL(attributes), password)])


def _database(admin: Connection, name: str, owner: Identifier) -> None:
    exists = admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
    create: LiteralString = "CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8'"
    verb = SQL("ALTER DATABASE {} OWNER TO {}" if exists else create)
    database = Identifier(name)
    _run(admin, [verb.format(database, owner), SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database)])


def _privileges(server: Server) -> list[Composed]:
    """Who may do what inside the database: app and system work on rows, and on nothing else."""
    database, owner, migrator, app, system = (
        Identifier(server.name),
        *(Identifier(server.role(kind)) for kind in ("owner", "migrator", "app", "system")),
    )
    users = SQL("{}, {}").format(app, system)
    statements = [
        SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}, {}").format(database, migrator, users),
        SQL("ALTER ROLE {} IN DATABASE {} SET lock_timeout = '2s'").format(migrator, database),
        SQL("REVOKE ALL ON SCHEMA {} FROM PUBLIC").format(Identifier("public")),
    ]
    for schema in (Identifier("public"), Identifier("tenancy")):
        statements += [
            SQL("CREATE SCHEMA IF NOT EXISTS {}").format(schema),
            SQL("ALTER SCHEMA {} OWNER TO {}").format(schema, owner),
            SQL("GRANT USAGE ON SCHEMA {} TO {}, {}").format(schema, migrator, users),
        ]
        for maker in (migrator, owner):
            default = SQL("ALTER DEFAULT PRIVILEGES FOR ROLE {} IN SCHEMA {} ").format(maker, schema)
            statements += [
                default + SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {}").format(users),
                default + SQL("GRANT USAGE, SELECT ON SEQUENCES TO {}").format(users),
                default + SQL("GRANT EXECUTE ON FUNCTIONS TO {}").format(users),
            ]
    return statements


def _install_queue(inside: Connection, jobs_role: Identifier) -> None:
    """The broker's tables and functions, owned by its own role; an installed one is left alone (it may hold messages)."""
    if inside.execute("SELECT to_regnamespace('pgmq')").fetchone() != (None,):
        return
    with inside.transaction():
        inside.execute(SQL("SET LOCAL ROLE {}").format(jobs_role))
        inside.execute(get_embedded_install_sql().encode())
