"""The PostgreSQL layer of the wall, tried from outside Django with the app role's own connection."""

import contextlib
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from psycopg import errors, sql

from metrics.models import ContractImport, Source
from portal.catalogue import REVIEWED, findings
from portal.database import Server
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import client_create, firm_create
from portal.tenancy.wall import TenantForeignKey, TenantModel
from tests.tenancy.conftest import Connection

pytestmark = pytest.mark.usefixtures("committed_db")


def tenant_tables() -> list[str]:
    return sorted(model._meta.db_table for model in apps.get_models() if issubclass(model, TenantModel))


@pytest.fixture
def two_clients(committed_db: Server, django_db_blocker: Any) -> tuple[Client, Client]:
    """A and B, each with a source and an import, really committed."""
    firm = firm_create(slug="ridge", name="Ridge")
    clients = [client_create(firm=firm, slug=slug, name=slug.title(), currency="USD") for slug in ("alpha", "beta")]
    for client in clients:
        with tenant_context(client):
            source = Source.objects.create(name="billing")
            ContractImport.objects.create(
                source=source, file_name="CANARY.csv", file_path="x", file_sha256="0" * 64, file_bytes=1
            )
    return clients[0], clients[1]


def enter(connection: Connection, client: Client) -> None:
    connection.execute("SELECT set_config('tenancy.client', %s, true)", [str(client.pk)])


def test_without_a_tenant_every_table_refuses_to_be_read(
    two_clients: Any, app: Connection, owner_sql: Callable[[str], None]
) -> None:
    """Through the index, which asks the policy first: a whole read of a table without rows has nothing to ask it about."""
    owner_sql("VACUUM ANALYZE")  # as the server does at any time; now it knows which tables are without rows
    app.execute("SET LOCAL enable_seqscan = off")
    for table in tenant_tables():
        count = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
        try:
            with app.transaction():
                seen = app.execute(count).fetchone()
        except errors.InsufficientPrivilege:
            continue
        assert f"read by other means: {table}" in REVIEWED and seen == (0,), table


def test_the_catalogue_shows_no_hole(app: Connection, committed_db: Server) -> None:
    assert findings(app.cursor(), committed_db.role("app")) == []
    assert len(REVIEWED) <= 10


@pytest.mark.parametrize(
    ("hole", "finding"),
    [
        ("CREATE TABLE stray (id int)", "no client key: stray"),
        ("ALTER TABLE metrics_source NO FORCE ROW LEVEL SECURITY", "no forced row security: metrics_source"),
        ("CREATE POLICY wide ON metrics_source USING (true)", "several policies: metrics_source"),
        (
            "CREATE POLICY wide ON tenancy_membership FOR DELETE USING (true)",
            "written by other means: tenancy_membership",
        ),
        ("CREATE UNIQUE INDEX loose ON metrics_source (name)", "unique without client first: loose"),
        ("CREATE VIEW peek AS SELECT * FROM metrics_source", "view without security_invoker: peek"),
    ],
)
def test_a_hole_is_found(committed_db: Server, hole: str, finding: str) -> None:
    """Made by the administrator, looked for as the app role, and taken back."""
    role = committed_db.role("app")
    with psycopg.connect(**committed_db.conninfo()) as connection:
        connection.execute(hole.encode())
        connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
        assert finding in findings(connection.cursor(), role)
        connection.rollback()


def test_another_tenants_rows_cannot_be_read_or_touched(two_clients: tuple[Client, Client], app: Connection) -> None:
    alpha, beta = two_clients
    enter(app, alpha)
    for table in tenant_tables():
        name = sql.Identifier(table)
        seen = app.execute(sql.SQL("SELECT count(*) FROM {} WHERE client_id = %s").format(name), [beta.pk]).fetchone()
        assert seen == (0,), table
        for verb in ("UPDATE {} SET client_id = client_id WHERE client_id = %s", "DELETE FROM {} WHERE client_id = %s"):
            try:
                with app.transaction():
                    assert app.execute(sql.SQL(verb).format(name), [beta.pk]).rowcount == 0, table
            except errors.InsufficientPrivilege:
                pass  # an append-only table refuses by grant already
        with app.cursor().copy(
            sql.SQL("COPY (SELECT * FROM {} WHERE client_id = {}) TO STDOUT").format(name, sql.Literal(beta.pk))
        ) as copied:
            assert b"".join(bytes(block) for block in copied) == b"", table


INSERT = (
    "INSERT INTO metrics_source (client_id, name, kind, is_authoritative, line_count, created_at)"
    " VALUES (%s, %s, 'crm', false, 0, now())"
)


def test_a_row_cannot_be_written_into_or_moved_to_another_tenant(
    two_clients: tuple[Client, Client], app: Connection
) -> None:
    alpha, beta = two_clients
    enter(app, alpha)
    attempts: list[tuple[str, list[Any]]] = [
        (INSERT, [beta.pk, "planted"]),
        ("UPDATE metrics_source SET client_id = %s", [beta.pk]),
        (INSERT + " ON CONFLICT (client_id, name) DO UPDATE SET kind = 'other'", [beta.pk, "billing"]),
    ]
    for statement, values in attempts:
        with pytest.raises(errors.InsufficientPrivilege), app.transaction():
            app.execute(statement.encode(), values)
    with (
        pytest.raises(errors.FeatureNotSupported),
        app.transaction(),
        app.cursor().copy("COPY metrics_source FROM STDIN"),
    ):
        pass


def test_with_check_is_what_stops_the_write(
    two_clients: tuple[Client, Client], app: Connection, owner_sql: Callable[[str], None]
) -> None:
    """The control: with the policy opened, the same write goes through."""
    alpha, beta = two_clients
    owner_sql("ALTER POLICY tenant ON metrics_source WITH CHECK (true)")
    enter(app, alpha)
    assert app.execute(INSERT, [beta.pk, "planted"]).rowcount == 1


def test_another_tenants_ids_are_no_oracle(two_clients: tuple[Client, Client], app: Connection) -> None:
    """A key that exists at B and one that exists nowhere fail alike; B's unique code does not collide."""
    alpha, beta = two_clients
    with tenant_context(beta):
        theirs = Source.objects.get().pk
    enter(app, alpha)
    insert = (
        "INSERT INTO metrics_contractimport (client_id, source_id, state, file_name, file_path, file_sha256, file_bytes,"
        " is_partial, fault_count, totals, report, step, progress, error, created_at)"
        " VALUES (%s, %s, 'uploaded', '', '', '', 0, false, 0, '[]', '{}', '', 0, '', now())"
    )
    texts = []
    for source_id in (theirs, 999_999_999):
        with pytest.raises(errors.ForeignKeyViolation) as caught, app.transaction():
            app.execute(insert, [alpha.pk, source_id])
        assert caught.value.diag.message_detail is not None
        texts.append(caught.value.diag.message_detail.replace(str(source_id), "ID"))
    assert texts[0] == texts[1]
    with tenant_context(beta):
        Source.objects.create(name="only at beta")
    assert app.execute(INSERT, [alpha.pk, "only at beta"]).rowcount == 1


def test_deleting_as_one_tenant_leaves_the_other_whole(two_clients: tuple[Client, Client], app: Connection) -> None:
    alpha, beta = two_clients
    enter(app, alpha)
    for table in tenant_tables():
        with contextlib.suppress(psycopg.Error), app.transaction():  # what is kept for ever, or pointed at, refuses
            app.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
    app.commit()
    with tenant_context(beta):
        assert (Source.objects.count(), ContractImport.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    "statement",
    [
        "SET ROLE {owner}",
        "SET SESSION AUTHORIZATION {owner}",
        "ALTER TABLE metrics_source DISABLE ROW LEVEL SECURITY",
        "CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE FUNCTION tenancy.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "DROP POLICY tenant ON metrics_source",
        "TRUNCATE metrics_source",
        "UPDATE tenancy_auditentry SET action = 'x'",
        "DELETE FROM tenancy_auditentry",
        "TRUNCATE tenancy_auditentry",
        "UPDATE metrics_monthclose SET reason = 'x'",
    ],
)
def test_the_app_role_cannot_open_the_wall(
    two_clients: tuple[Client, Client], app: Connection, committed_db: Server, statement: str
) -> None:
    enter(app, two_clients[0])
    with pytest.raises(errors.InsufficientPrivilege):
        app.execute(statement.format(owner=committed_db.role("owner")))


def test_every_foreign_key_holds_for_all_tenants(two_clients: Any, committed_db: Server) -> None:
    """Proved as the administrator, who sees every row: the anti-join of each key is empty."""
    keys = """
        SELECT conrelid::regclass::text, confrelid::regclass::text,
            (SELECT array_agg(attname ORDER BY n) FROM unnest(conkey) WITH ORDINALITY k(num, n)
                JOIN pg_attribute ON attrelid = conrelid AND attnum = num),
            (SELECT array_agg(attname ORDER BY n) FROM unnest(confkey) WITH ORDINALITY k(num, n)
                JOIN pg_attribute ON attrelid = confrelid AND attnum = num)
        FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace
    """
    with psycopg.connect(**committed_db.conninfo()) as connection:
        found = connection.execute(keys).fetchall()
        assert len(found) > 30
        for table, target, columns, target_columns in found:
            join = " AND ".join(f"a.{c} = b.{t}" for c, t in zip(columns, target_columns, strict=True))
            filled = " AND ".join(f"a.{c} IS NOT NULL" for c in columns)
            orphans = connection.execute(
                f"SELECT count(*) FROM {table} a WHERE {filled} AND NOT EXISTS (SELECT 1 FROM {target} b WHERE {join})".encode()
            ).fetchone()
            assert orphans == (0,), (table, columns)


def test_every_tenant_reference_leads_to_a_row_of_the_same_client(two_clients: Any, committed_db: Server) -> None:
    """Also where a table of bulk rows has its targets checked by its row policy instead of a key."""
    with psycopg.connect(**committed_db.conninfo()) as connection:
        for model in apps.get_models():
            for field in model._meta.local_concrete_fields:
                if isinstance(field, TenantForeignKey):
                    table, target = model._meta.db_table, field.related_model._meta.db_table
                    orphans = connection.execute(
                        f"SELECT count(*) FROM {table} a WHERE a.{field.column} IS NOT NULL AND NOT EXISTS"
                        f" (SELECT 1 FROM {target} b WHERE b.client_id = a.client_id AND b.id = a.{field.column})".encode()
                    ).fetchone()
                    assert orphans == (0,), (table, field.column)


def test_bulk_rows_may_not_point_at_another_tenants_rows(two_clients: tuple[Client, Client], app: Connection) -> None:
    alpha, beta = two_clients
    with tenant_context(beta):
        theirs = ContractImport.objects.get().pk
    enter(app, alpha)
    insert = (
        'INSERT INTO metrics_importfault (client_id, contract_import_id, row, "column", value, reason, code)'
        " VALUES (%s, %s, 1, '', '', '', '')"
    )
    texts = []
    for import_id in (theirs, 999_999_999):
        with pytest.raises(errors.InsufficientPrivilege) as caught, app.transaction():
            app.execute(insert, [alpha.pk, import_id])
        texts.append(str(caught.value))
    assert texts[0] == texts[1]


def test_the_migration_role_sees_every_row_it_validates(committed_db: Server) -> None:
    with psycopg.connect(committed_db.url("migrator")) as connection:
        row = connection.execute("SELECT rolbypassrls, rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    assert row == (True, False)
    assert settings.DATABASES["migrator"]["USER"] != settings.DATABASES["default"]["USER"]
