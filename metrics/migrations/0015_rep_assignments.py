"""Teams and territories of representatives, each from a month until a month, never two of one kind at once."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from portal.tenancy.operations import EnableTenantWall

# Core PostgreSQL excludes by ranges alone: a range of one value is that value, and needs no extension.
NO_OVERLAP = """
CREATE TYPE tenancy.text_range AS RANGE (subtype = text, collation = "C");
ALTER TABLE metrics_repassignment ADD CONSTRAINT rep_assignment_no_overlap EXCLUDE USING gist (
    int8range(client_id, client_id, '[]') WITH &&,
    tenancy.text_range(rep::text, rep::text, '[]') WITH &&,
    tenancy.text_range(kind::text, kind::text, '[]') WITH &&,
    int4range(first_month, until_month) WITH &&
) WHERE (withdrawn_at IS NULL);
"""
ALLOW_OVERLAP = """
ALTER TABLE metrics_repassignment DROP CONSTRAINT rep_assignment_no_overlap;
DROP TYPE tenancy.text_range;
"""

# A row is ended once and set aside once; what it says never changes, and it stays.
REFUSE = "FOR EACH ROW {when}EXECUTE FUNCTION tenancy.refuse_change();"
KEPT = f"""
CREATE TRIGGER kept_words BEFORE UPDATE OF client_id, rep, kind, "group", first_month, created_at ON metrics_repassignment
    {REFUSE.format(when="")}
CREATE TRIGGER kept_end BEFORE UPDATE OF until_month ON metrics_repassignment
    {REFUSE.format(when="WHEN (OLD.until_month IS NOT NULL OR OLD.withdrawn_at IS NOT NULL) ")}
CREATE TRIGGER kept_reason BEFORE UPDATE OF withdrawn_at, withdrawn_because ON metrics_repassignment
    {REFUSE.format(when="WHEN (OLD.withdrawn_at IS NOT NULL) ")}
CREATE TRIGGER kept_row BEFORE DELETE ON metrics_repassignment {REFUSE.format(when="")}
CREATE TRIGGER kept_table BEFORE TRUNCATE ON metrics_repassignment
    FOR EACH STATEMENT EXECUTE FUNCTION tenancy.refuse_change();
"""
NOT_KEPT = "".join(
    f"DROP TRIGGER kept_{name} ON metrics_repassignment;" for name in ("words", "end", "reason", "row", "table")
)


class Migration(migrations.Migration):
    dependencies = [
        ("metrics", "0014_quality_history_kept"),
        ("tenancy", "0019_oversight_due"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="RepAssignment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("rep", models.CharField(db_collation="C", max_length=200)),
                ("kind", models.CharField(choices=[("team", "Team"), ("territory", "Territory")], max_length=10)),
                (
                    "group",
                    models.CharField(db_collation="C", help_text="The name of the team or territory", max_length=80),
                ),
                ("first_month", models.IntegerField(help_text="Month ordinal: year * 12 + month - 1")),
                ("until_month", models.IntegerField(help_text="The first month without it; empty: still", null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "withdrawn_because",
                    models.CharField(blank=True, default="", help_text="Why it was wrong", max_length=400),
                ),
                ("withdrawn_at", models.DateTimeField(null=True)),
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
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "withdrawn_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["rep", "kind", "first_month", "pk"],
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
                "indexes": [models.Index(fields=["client", "rep", "kind"], name="rep_assignment_of")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("until_month", None), ("until_month__gt", models.F("first_month")), _connector="OR"
                        ),
                        name="rep_assignment_begins_first",
                    )
                ],
            },
        ),
        EnableTenantWall("RepAssignment"),
        migrations.RunSQL(NO_OVERLAP, ALLOW_OVERLAP),
        migrations.RunSQL(KEPT, NOT_KEPT),
    ]
