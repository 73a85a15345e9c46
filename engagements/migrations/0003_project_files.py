"""Files of an engagement, behind the wall and never changed; a version of a document may be one."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import portal.tenancy.wall
from portal.tenancy.operations import AddTenantReference, EnableTenantWall, KeepRows


class Migration(migrations.Migration):
    dependencies = [
        ("engagements", "0002_engagements"),
        ("tenancy", "0014_consent_by_default"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ProjectFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("about", models.CharField(help_text="document, test, training, …", max_length=20)),
                ("about_id", models.BigIntegerField()),
                ("name", models.CharField(help_text="As its sender called it, fit to be shown", max_length=200)),
                ("ending", models.CharField(help_text="Its kind: a key of portal.lib.file_kinds.KINDS", max_length=8)),
                ("path", models.CharField(help_text="Within the store; chosen by nobody", max_length=200)),
                ("size", models.PositiveBigIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                ("is_internal", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
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
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "engagement",
                    portal.tenancy.wall.TenantForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="engagements.engagement",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
            },
        ),
        migrations.AddIndex(
            model_name="projectfile",
            index=models.Index(fields=["client", "about", "about_id"], name="project_file_about"),
        ),
        migrations.AddConstraint(
            model_name="projectfile",
            constraint=models.UniqueConstraint(fields=("client", "path"), name="project_file_path_once"),
        ),
        EnableTenantWall("ProjectFile"),
        KeepRows("ProjectFile"),
        migrations.AddField(
            model_name="documentversion",
            name="file",
            field=portal.tenancy.wall.TenantForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="engagements.projectfile",
            ),
        ),
        AddTenantReference("DocumentVersion", "file"),
    ]
