"""Rows that come by the million: their keys are checked by the row policy, once per statement.

A foreign key costs one trigger call per row and key, which made three quarters of the time of an import. The policy asks the
same question — does the client have this source, this import? — against a set that PostgreSQL hashes once per statement. What
the keys point at is never deleted, by trigger, so that no row can lose its target.
"""

from django.db import migrations

SOURCE, IMPORT = "metrics_source", "metrics_contractimport"
KEYS = {
    "metrics_contractline": {
        "source_id": SOURCE,
        "first_import_id": IMPORT,
        "last_import_id": IMPORT,
        "removed_import_id": IMPORT,
    },
    "metrics_linechange": {"source_id": SOURCE, "contract_import_id": IMPORT},
    "metrics_importfault": {"contract_import_id": IMPORT},
}


def statements(table: str, keys: dict[str, str]) -> str:
    """Replace a table's row-by-row keys by a policy; nothing points at these rows, so that `(client_id, id)` goes too."""
    drops = [f"DROP CONSTRAINT {table}_{column}_tenant_fk" for column in keys]
    drops.append(f"DROP CONSTRAINT {table}_client_id_key")
    checks = [
        f"({column} IS NULL OR {column} IN (SELECT target.id FROM {target} target))" for column, target in keys.items()
    ]
    check = " AND ".join(["client_id = (SELECT tenancy.client_id())", *checks])
    return f"ALTER TABLE {table} {', '.join(drops)}; ALTER POLICY tenant ON {table} WITH CHECK ({check});"


KEPT = "\n".join(
    f"CREATE TRIGGER kept_rows BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION tenancy.refuse_change();"
    for table in (SOURCE, IMPORT)
)


class Migration(migrations.Migration):
    dependencies = [("metrics", "0002_walls")]

    operations = [
        migrations.RunSQL("\n".join(statements(*entry) for entry in KEYS.items()), migrations.RunSQL.noop),
        migrations.RunSQL(KEPT, migrations.RunSQL.noop),
    ]
