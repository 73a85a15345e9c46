"""The lines of a source as columns, and the stamp that says whether they are still what the table holds.

The stamp moves with every statement that writes contract lines, whoever sends it: a copy made under another stamp is never
read. A statement without a client (the owner's, or a restore) outdates every copy.
"""

import django.db.models.deletion
from django.db import migrations, models

import portal.tenancy.wall
from portal.tenancy.operations import EnableTenantWall

STAMP = """
CREATE FUNCTION tenancy.lines_written() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE writer text := current_setting('tenancy.client', true);
BEGIN
    IF writer IS NULL OR writer = '' THEN
        UPDATE metrics_linestamp SET version = version + 1;
    ELSE
        INSERT INTO metrics_linestamp (client_id, version) VALUES (writer::bigint, 1)
            ON CONFLICT (client_id) DO UPDATE SET version = metrics_linestamp.version + 1;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER lines_written AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON metrics_contractline
    FOR EACH STATEMENT EXECUTE FUNCTION tenancy.lines_written();
-- Compressed already: PostgreSQL need not try again.
ALTER TABLE metrics_linecolumns ALTER COLUMN lines SET STORAGE EXTERNAL;
"""
UNDO = "DROP TRIGGER lines_written ON metrics_contractline; DROP FUNCTION tenancy.lines_written();"


def client() -> "models.ForeignKey[object, object]":
    return models.ForeignKey(
        db_index=False,
        editable=False,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to="tenancy.client",
    )


class Migration(migrations.Migration):
    dependencies = [("metrics", "0003_bulk_keys")]

    operations = [
        migrations.CreateModel(
            name="LineStamp",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.BigIntegerField()),
                ("client", client()),
            ],
            options={"abstract": False, "base_manager_name": "objects", "default_manager_name": "objects"},
        ),
        migrations.CreateModel(
            name="LineColumns",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.BigIntegerField(help_text="The stamp under which the lines were read")),
                ("lines_sum", models.CharField(help_text="`repository.lines_sum` in 32 hex digits", max_length=32)),
                ("lines", models.BinaryField(help_text="An Arrow file of the live lines in the engine's schema")),
                ("client", client()),
                (
                    "source",
                    portal.tenancy.wall.TenantForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="metrics.source",
                    ),
                ),
            ],
            options={"abstract": False, "base_manager_name": "objects", "default_manager_name": "objects"},
        ),
        migrations.AddConstraint(
            model_name="linestamp",
            constraint=models.UniqueConstraint(fields=("client",), name="line_stamp_once"),
        ),
        migrations.AddConstraint(
            model_name="linecolumns",
            constraint=models.UniqueConstraint(fields=("client", "source"), name="line_columns_once"),
        ),
        EnableTenantWall("LineStamp"),
        EnableTenantWall("LineColumns"),
        migrations.RunSQL(STAMP, UNDO),
    ]
