"""The app role has the least that the code needs on tables that belong to no client: tried past Django."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from psycopg import errors

from portal.accounts.models import User
from portal.database import Server
from portal.tenancy.grants import GRANTS, UNTENANTED, grant_least
from portal.tenancy.models import Client
from portal.tenancy.services import client_create, firm_create
from tests.tenancy.conftest import Connection

GRANTED = """
    SELECT c.relname, a.privilege_type, NULL FROM pg_class c, aclexplode(c.relacl) a
        WHERE c.relnamespace = 'public'::regnamespace AND a.grantee = %(role)s::regrole
    UNION ALL
    SELECT c.relname, a.privilege_type, t.attname
        FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid, aclexplode(t.attacl) a
        WHERE c.relnamespace = 'public'::regnamespace AND a.grantee = %(role)s::regrole
"""


@pytest.fixture
def alpha(committed_db: Server) -> Client:
    """A committed client, whose firm has a consultant to be."""
    User.objects.create_user("otto@example.com", None)
    return client_create(firm=firm_create(slug="ridge", name="Ridge"), slug="alpha", name="Alpha", currency="USD")


def listed(table: str) -> set[tuple[str, str | None]]:
    """The list's privileges of a table, those by column spelt out."""
    found: set[tuple[str, str | None]] = set()
    for privilege in GRANTS[table]:
        verb, _, columns = privilege.partition(" ")
        found |= {(verb, name.strip('" ')) for name in columns.strip("()").split(",")} if columns else {(verb, None)}
    return found


@pytest.mark.parametrize("role", ["app", "system"])
def test_the_database_grants_what_the_list_says_and_nothing_else(
    app: Connection, committed_db: Server, role: str
) -> None:
    tables = {name for (name,) in app.execute(UNTENANTED).fetchall()}
    assert tables == set(GRANTS)
    found: dict[str, set[tuple[str, str | None]]] = {name: set() for name in tables}
    for table, privilege, column in app.execute(GRANTED, {"role": committed_db.role(role)}).fetchall():
        if table in tables:
            found[table].add((privilege, column))
    assert found == {table: listed(table) for table in tables}


def test_a_table_that_nobody_thought_about_can_be_touched_by_nobody(
    app: Connection, committed_db: Server, owner_sql: Callable[[str], None]
) -> None:
    role = committed_db.role("app")
    owner_sql(f"CREATE TABLE stray (id int); GRANT ALL ON stray TO {role}")
    app.execute("SELECT count(*) FROM stray")
    app.rollback()
    with psycopg.connect(**committed_db.conninfo()) as connection:
        grant_least(connection.cursor(), role)
    with pytest.raises(errors.InsufficientPrivilege):
        app.execute("SELECT count(*) FROM stray")


REFUSED = [
    "UPDATE accounts_user SET is_superuser = true",
    "UPDATE accounts_user SET is_staff = true",
    "UPDATE accounts_user SET email = 'mallory@example.com'",
    "DELETE FROM accounts_user",
    "INSERT INTO accounts_user_groups (user_id, group_id) VALUES (1, 1)",
    "INSERT INTO accounts_user_user_permissions (user_id, permission_id) VALUES (1, 1)",
    "INSERT INTO auth_group (name) VALUES ('x')",
    "INSERT INTO guardian_groupobjectpermission (object_pk, content_type_id, group_id, permission_id) VALUES ('1', 1, 1, 1)",
    "UPDATE guardian_userobjectpermission SET object_pk = '1'",
    "UPDATE tenancy_client SET firm_id = 1",
    "UPDATE tenancy_client SET slug = 'taken'",
    "DELETE FROM tenancy_client",
    "DELETE FROM tenancy_firm",
    "UPDATE tenancy_firmmembership SET user_id = 1",
    "UPDATE tenancy_firmauditentry SET action = 'x'",
    "DELETE FROM tenancy_firmauditentry",
    "UPDATE accounts_firminvitation SET role = 'admin'",
    "UPDATE accounts_guessbudget SET key = 'x'",
    "INSERT INTO django_migrations (app, name, applied) VALUES ('x', 'x', now())",
    "INSERT INTO django_content_type (app_label, model) VALUES ('x', 'x')",
    "DELETE FROM axes_accesslog",
    *(f'TRUNCATE "{table}" CASCADE' for table in GRANTS),
]


def test_what_the_code_never_does_is_refused(alpha: Client, app: Connection) -> None:
    for statement in REFUSED:
        with pytest.raises(errors.InsufficientPrivilege), app.transaction():
            app.execute(statement.encode())


def test_nobody_is_made_a_superuser(alpha: Client) -> None:
    with pytest.raises(Exception, match="user_is_no_superuser"):
        User.objects.create_user("root@example.com", None, is_superuser=True)


ASSIGN: Any = """
    INSERT INTO guardian_userobjectpermission (object_pk, content_type_id, permission_id, user_id)
    SELECT %s, content_type_id, id, %s FROM auth_permission WHERE codename = 'work_on_client'
"""


def test_an_assignment_is_written_in_its_own_clients_scope_alone(alpha: Client, app: Connection) -> None:
    otto = User.objects.get()
    for scope in ("", str(alpha.pk + 1)):
        app.execute("SELECT set_config('tenancy.client', %s, true)", [scope])
        with pytest.raises(errors.InsufficientPrivilege), app.transaction():
            app.execute(ASSIGN, [str(alpha.pk), otto.pk])
    app.execute("SELECT set_config('tenancy.client', %s, true)", [str(alpha.pk)])
    assert app.execute(ASSIGN, [str(alpha.pk), otto.pk]).rowcount == 1
    app.execute("SELECT set_config('tenancy.client', %s, true)", [str(alpha.pk + 1)])
    assert app.execute("DELETE FROM guardian_userobjectpermission").rowcount == 0
