"""All rows of one client as a checksum per table: what another client's request, or a rolled-back one, must leave alone."""

from functools import cache

from django.apps import apps
from django.db import connection

from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from portal.tenancy.wall import TenantModel

GRANTS = """
    SELECT count(*) || coalesce(md5(string_agg(g.user_id::text, ',' ORDER BY g.user_id)), '')
    FROM guardian_userobjectpermission g JOIN django_content_type c ON c.id = g.content_type_id
    WHERE g.object_pk = %s AND c.app_label = 'tenancy' AND c.model = 'client'
"""


def tenant_tables() -> list[str]:
    """Every table behind the wall."""
    return sorted(model._meta.db_table for model in apps.get_models() if issubclass(model, TenantModel))


@cache
def checksums() -> str:
    """One statement for all tables: its name, and count and checksum of the rows that are seen."""
    return " UNION ALL ".join(
        f"SELECT '{table}', count(*) || coalesce(md5(string_agg(t::text, chr(10) ORDER BY t.id)), '') FROM \"{table}\" t"
        for table in tenant_tables()
    )


def fingerprint(client: Client) -> dict[str, str]:
    """Count and checksum of the client's rows of each table, of the client itself, and of who is assigned to it."""
    with tenant_context(client), connection.cursor() as cursor:
        cursor.execute("SELECT md5(c::text) FROM tenancy_client c WHERE id = %s", [client.pk])
        found = {"tenancy_client": str(cursor.fetchone()[0])}
        cursor.execute("SELECT 1 FROM pg_prepared_statements WHERE name = 'checksums'")
        if not cursor.fetchone():  # planned once for a connection: the plan costs more than what it finds
            cursor.execute(f"PREPARE checksums AS {checksums()}")
        cursor.execute("EXECUTE checksums")
        found |= {table: str(checksum) for table, checksum in cursor.fetchall()}
        cursor.execute(GRANTS, [str(client.pk)])
        found["guardian_userobjectpermission"] = str(cursor.fetchone()[0])
    return found
