"""A firm's playbooks, and versions of them that nothing changes."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

KEPT = """
CREATE TRIGGER kept_rows BEFORE UPDATE OR DELETE ON engagements_playbookversion
    FOR EACH ROW EXECUTE FUNCTION tenancy.refuse_change();
CREATE TRIGGER kept_table BEFORE TRUNCATE ON engagements_playbookversion
    FOR EACH STATEMENT EXECUTE FUNCTION tenancy.refuse_change();
SELECT tenancy.make_append_only('engagements_playbookversion');
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("tenancy", "0005_write_inside"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="FirmPlaybook",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=60)),
                ("name", models.CharField(max_length=200)),
                (
                    "origin",
                    models.CharField(
                        blank=True, default="", help_text="What it was copied or imported from", max_length=300
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "firm",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.firm"),
                ),
            ],
            options={
                "ordering": ["name", "pk"],
            },
        ),
        migrations.CreateModel(
            name="PlaybookVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                (
                    "content",
                    models.JSONField(help_text="The playbook as plain data (engagements.playbook.build.to_data)"),
                ),
                ("sha256", models.CharField(max_length=64)),
                ("note", models.CharField(blank=True, default="", max_length=400)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
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
                    "playbook",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="engagements.firmplaybook",
                    ),
                ),
            ],
            options={
                "ordering": ["-number"],
            },
        ),
        migrations.AddConstraint(
            model_name="firmplaybook",
            constraint=models.UniqueConstraint(fields=("firm", "key"), name="firm_playbook_once"),
        ),
        migrations.AddConstraint(
            model_name="playbookversion",
            constraint=models.UniqueConstraint(fields=("playbook", "number"), name="playbook_version_once"),
        ),
        migrations.RunSQL(KEPT, migrations.RunSQL.noop),
    ]
