"""Lines of a large first load, which are kept as columns until their rows are written.

Until then the database refuses to read the client's rows. The guard names the client once more, so that PostgreSQL holds both
answers against each other before it looks at the table (a One-Time Filter): a condition on rows alone is never asked about a
table that has none.
"""

import django.db.models.deletion
from django.db import migrations, models

import portal.tenancy.wall
from portal.tenancy.awaited import AWAITED
from portal.tenancy.operations import EnableTenantWall

GUARD = f"""
CREATE FUNCTION tenancy.client_with_rows() RETURNS bigint LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM metrics_arrivedlines) THEN
        RAISE EXCEPTION 'the rows of these lines are still being written' USING ERRCODE = '{AWAITED}';
    END IF;
    RETURN tenancy.client_id();
END $$;
CREATE POLICY rows_written ON metrics_contractline AS RESTRICTIVE
    USING (client_id = (SELECT tenancy.client_with_rows())) WITH CHECK (true);
CREATE TRIGGER lines_written AFTER INSERT ON metrics_arrivedlines
    FOR EACH STATEMENT EXECUTE FUNCTION tenancy.lines_written();
-- Compressed already: PostgreSQL need not try again.
ALTER TABLE metrics_arrivedlines ALTER COLUMN lines SET STORAGE EXTERNAL;
"""
UNDO = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM metrics_arrivedlines) THEN
        RAISE EXCEPTION 'lines still wait for their rows: let the worker write them first';
    END IF;
END $$;
DROP TRIGGER lines_written ON metrics_arrivedlines;
DROP POLICY rows_written ON metrics_contractline;
DROP FUNCTION tenancy.client_with_rows();
"""


class Migration(migrations.Migration):
    dependencies = [("metrics", "0018_ending_in_force"), ("tenancy", "0020_summary_reported")]

    operations = [
        migrations.CreateModel(
            name="ArrivedLines",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("lines_sum", models.CharField(help_text="`repository.lines_sum` in 32 hex digits", max_length=32)),
                ("lines", models.BinaryField(help_text="`line_columns.packed`, with `source_row`")),
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
                (
                    "contract_import",
                    portal.tenancy.wall.TenantForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="metrics.contractimport",
                    ),
                ),
                (
                    "source",
                    portal.tenancy.wall.TenantForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="metrics.source",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
                "constraints": [models.UniqueConstraint(fields=("client", "source"), name="arrived_lines_once")],
            },
        ),
        EnableTenantWall("ArrivedLines"),
        migrations.RunSQL(GUARD, UNDO),
    ]
