"""What `database_prepare` makes: roles that can do no more than they must."""

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from portal.database import Server
from portal.tenancy.provision import jobs_server, provision

KINDS = ("owner", "migrator", "app", "system")


@pytest.fixture(scope="module")
def server(base_server: Server) -> Iterator[Server]:
    """A provisioned database of this module alone."""
    name = f"tieout_prov_{os.getpid()}"
    made = replace(base_server, name=name, prefix="")
    assert provision(made) is True
    with connect(made, "migrator") as connection:
        connection.execute("CREATE TABLE public.thing (id int PRIMARY KEY)")
        connection.execute("CREATE FUNCTION tenancy.one() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    yield made
    with psycopg.connect(**administrator(base_server), autocommit=True) as admin:
        for database in (name, jobs_server(made).name):
            admin.execute(f'DROP DATABASE "{database}" WITH (FORCE)'.encode())
        for role in [made.role(kind) for kind in KINDS] + [jobs_server(made).role("jobs")]:
            admin.execute(f'DROP OWNED BY "{role}"'.encode())
            admin.execute(f'DROP ROLE "{role}"'.encode())


def administrator(server: Server) -> dict[str, Any]:
    return dict(server.conninfo("postgres"))


def connect(server: Server, kind: str) -> psycopg.Connection[tuple[Any, ...]]:
    return psycopg.connect(server.url(kind), autocommit=True)


def test_second_run_does_nothing(server: Server) -> None:
    assert provision(server) is False


def test_a_changed_secret_is_taken_over(server: Server) -> None:
    changed = replace(server, secret="another secret key, of some length")
    assert provision(changed) is True
    connect(changed, "app").close()
    assert provision(server) is True
    connect(server, "app").close()


def test_attributes(server: Server) -> None:
    with connect(server, "app") as connection:
        rows = connection.execute(
            "SELECT rolname, rolsuper, rolcanlogin, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles"
            " WHERE rolname = ANY(%s)",
            [[server.role(kind) for kind in KINDS]],
        ).fetchall()
    assert {name.removeprefix(f"{server.name}_"): flags for name, *flags in rows} == {
        "owner": [False, False, False, False, False],
        "migrator": [False, True, True, False, False],
        "app": [False, True, False, False, False],
        "system": [False, True, True, False, False],
    }


def test_app_works_on_rows_and_nothing_else(server: Server) -> None:
    with connect(server, "app") as connection:
        connection.execute("INSERT INTO thing VALUES (1)")
        connection.execute("UPDATE thing SET id = 2")
        assert connection.execute("SELECT id, tenancy.one() FROM thing").fetchall() == [(2, 1)]
        connection.execute("CREATE TEMPORARY TABLE scratch (v int)")
        connection.execute("DELETE FROM thing")
        for statement in (
            "TRUNCATE thing",
            "CREATE TABLE public.mine (v int)",
            "CREATE FUNCTION tenancy.two() RETURNS int LANGUAGE sql AS 'SELECT 2'",
            "ALTER TABLE thing DISABLE ROW LEVEL SECURITY",
            "CREATE SCHEMA mine",
            f'SET ROLE "{server.role("owner")}"',
            f'SET SESSION AUTHORIZATION "{server.role("system")}"',
            "COPY thing TO PROGRAM 'true'",
        ):
            with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedObject)):
                connection.execute(statement.encode())


def test_broker_role_reaches_its_own_database_alone(server: Server) -> None:
    jobs = jobs_server(server)
    with connect(jobs, "jobs") as connection:
        connection.execute("SELECT pgmq.create('q')")
        connection.execute("SELECT pgmq.send('q', '{}')")
        assert connection.execute("SELECT count(*) FROM pgmq.read('q', 5, 1)").fetchone() == (1,)
        assert connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone() == (False,)
    other_database = jobs.url("jobs").removesuffix(jobs.name) + server.name
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(other_database)
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(server.url("app").removesuffix(server.name) + jobs.name)


@pytest.mark.parametrize("port", [5432])
def test_on_a_server_of_the_machine(port: int) -> None:
    """The same statements on whatever version listens on the usual port (15 to 18)."""
    try:
        psycopg.connect(host="127.0.0.1", port=port, user="postgres", dbname="postgres", connect_timeout=2).close()
    except psycopg.OperationalError:
        pytest.skip("no PostgreSQL server that trusts us on 127.0.0.1:5432")
    name = f"tieout_prov_{os.getpid()}"
    made = Server("127.0.0.1", str(port), name, "postgres", "", "s" * 50)
    try:
        assert provision(made) is True
        assert provision(made) is False
        connect(made, "migrator").close()
    finally:
        with psycopg.connect(**administrator(made), autocommit=True) as admin:
            for database in (name, jobs_server(made).name):
                admin.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)'.encode())
            for role in [made.role(kind) for kind in KINDS] + [jobs_server(made).role("jobs")]:
                admin.execute(f'DROP ROLE IF EXISTS "{role}"'.encode())
