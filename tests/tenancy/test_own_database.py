"""The database of one test's own is as if it were new, whatever the test before it left there."""

import os
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from portal.database import Server
from tests import database

FIRM = "INSERT INTO tenancy_firm (slug, name, created_at) VALUES ('ridge', 'Ridge', now()) RETURNING id"
OID = "SELECT oid FROM pg_database WHERE datname = current_database()"


@pytest.fixture(scope="module")
def name(django_db_setup: None, base_server: Server, worker_id: str) -> Iterator[str]:
    found = f"tieout_test_{os.getpid()}_{worker_id}_handed"
    yield found
    database.owned.pop(found, None)
    database.drop(base_server, found)


def left_behind(server: Server, statement: str) -> Any:
    """Run a statement as the administrator, and give its value and the database's identity."""
    with psycopg.connect(**server.conninfo(), autocommit=True) as connection:
        found = connection.execute(statement.encode())
        return (found.fetchone() if found.description else None), connection.execute(OID).fetchone()


def test_rows_are_taken_away_and_numbers_begin_again(base_server: Server, name: str) -> None:
    (first, at_first), (then, afterwards) = (left_behind(database.own(base_server, name), FIRM) for _ in range(2))
    assert (first, at_first) == (then, afterwards), "the same database, and the same first number"


def test_what_refuses_to_be_deleted_is_gone_too(base_server: Server, name: str) -> None:
    entry = (
        "INSERT INTO tenancy_firmauditentry (firm_id, sequence, at, actor, action, object_type, object_id, details,"
        " before_hash, after_hash, request_id, previous_hash, hash, mac)"
        " VALUES (1, 1, now(), '', '', '', '', '{}', '', '', '', '', '', '')"
    )
    server = database.own(base_server, name)
    left_behind(server, FIRM)
    left_behind(server, f"SET session_replication_role = replica; {entry}")
    assert left_behind(server, "SELECT count(*) FROM tenancy_firmauditentry")[0] == (1,)
    assert left_behind(database.own(base_server, name), "SELECT count(*) FROM tenancy_firmauditentry")[0] == (0,)


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE stray (id int)",
        "ALTER TABLE metrics_source NO FORCE ROW LEVEL SECURITY",
        "ALTER POLICY tenant ON metrics_source WITH CHECK (true)",
        "GRANT DELETE ON tenancy_auditentry TO public",
        "GRANT UPDATE (actor) ON tenancy_auditentry TO public",
        "ALTER TABLE tenancy_auditentry DISABLE TRIGGER USER",
        "ALTER TABLE tenancy_firm DROP CONSTRAINT tenancy_firm_slug_key",
        "DELETE FROM auth_permission WHERE id = (SELECT max(id) FROM auth_permission)",
        "UPDATE django_content_type SET model = model || 'x'",
    ],
)
def test_what_is_more_than_rows_of_a_test_is_noticed(base_server: Server, name: str, change: str) -> None:
    server = database.own(base_server, name)
    with psycopg.connect(**server.conninfo()) as connection:
        assert database.is_as_made(connection, database.owned[name])
        connection.execute(change.encode())
        assert not database.is_as_made(connection, database.owned[name])
        connection.rollback()


def test_a_database_that_was_changed_is_made_anew(base_server: Server, name: str) -> None:
    before = left_behind(database.own(base_server, name), "CREATE TABLE stray (id int)")[1]
    stray, after = left_behind(database.own(base_server, name), "SELECT to_regclass('stray')")
    assert stray == (None,) and after != before
