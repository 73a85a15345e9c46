"""A change of lines is written down beside a book's series, and added to them later.

Code that knows nothing of steps may still replace a book while a roll-out lasts: the series of the total goes only when all
series go, and takes the steps with it, so that no step is ever added to a base that has it already.
"""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import portal.tenancy.wall
from portal.tenancy.operations import EnableTenantWall

OBSOLETE = """
CREATE FUNCTION tenancy.book_replaced() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM metrics_bookstep WHERE client_id = OLD.client_id AND book_id = OLD.book_id;
    RETURN NULL;
END $$;
CREATE TRIGGER book_replaced AFTER DELETE ON metrics_bookseries
    FOR EACH ROW WHEN (OLD.dimension = 'total') EXECUTE FUNCTION tenancy.book_replaced();
-- Short-lived and read soon: compressing them costs more than it saves.
ALTER TABLE metrics_bookstep ALTER COLUMN groups SET STORAGE EXTERNAL, ALTER COLUMN cohorts SET STORAGE EXTERNAL,
    ALTER COLUMN movements SET STORAGE EXTERNAL;
"""
UNDO = "DROP TRIGGER book_replaced ON metrics_bookseries; DROP FUNCTION tenancy.book_replaced();"


class Migration(migrations.Migration):
    dependencies = [("metrics", "0004_line_columns")]

    operations = [
        migrations.CreateModel(
            name="BookStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("groups", models.BinaryField()),
                ("cohorts", models.BinaryField()),
                ("newest", django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                ("movements", models.JSONField()),
                (
                    "book",
                    portal.tenancy.wall.TenantForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="steps",
                        to="metrics.arrbook",
                    ),
                ),
                (
                    "client",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenancy.client",
                    ),
                ),
            ],
            options={"abstract": False, "base_manager_name": "objects", "default_manager_name": "objects"},
        ),
        migrations.AddIndex(
            model_name="bookstep", index=models.Index(fields=["client", "book"], name="book_step_by_book")
        ),
        EnableTenantWall("BookStep"),
        migrations.RunSQL(OBSOLETE, UNDO),
    ]
