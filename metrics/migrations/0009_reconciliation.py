"""Which accounts of two sources belong together, how closely they have to agree, and what was found out about the rest."""

from decimal import Decimal

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import portal.tenancy.wall
from portal.tenancy.operations import EnableTenantWall


class Migration(migrations.Migration):
    dependencies = [
        ("metrics", "0008_attempts_default"),
        ("tenancy", "0006_assignments_inside"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AccountExplanation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("month", models.IntegerField(help_text="Month ordinal: year * 12 + month - 1")),
                ("account_id", models.CharField(db_collation="C", max_length=200)),
                ("difference", models.DecimalField(decimal_places=2, max_digits=20)),
                ("text", models.TextField()),
                ("explained_at", models.DateTimeField(auto_now=True)),
                (
                    "base",
                    portal.tenancy.wall.TenantForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="metrics.source",
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
                (
                    "explained_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "other",
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
                "constraints": [
                    models.UniqueConstraint(
                        fields=("client", "base", "other", "month", "account_id"), name="account_explanation_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AccountMapping",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("customer_id", models.CharField(db_collation="C", max_length=200)),
                ("account_id", models.CharField(db_collation="C", max_length=200)),
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
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                "ordering": ["source_id", "customer_id"],
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("client", "source", "customer_id"), name="account_mapping_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="ReconciliationSetting",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("tolerance", models.DecimalField(decimal_places=4, default=Decimal("0.0200"), max_digits=6)),
                ("red_flag", models.DecimalField(decimal_places=4, default=Decimal("0.0500"), max_digits=6)),
                (
                    "base",
                    portal.tenancy.wall.TenantForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="metrics.source",
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
                (
                    "other",
                    portal.tenancy.wall.TenantForeignKey(
                        db_index=False,
                        null=True,
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
                "constraints": [models.UniqueConstraint(fields=("client",), name="reconciliation_setting_once")],
            },
        ),
        EnableTenantWall("AccountExplanation"),
        EnableTenantWall("AccountMapping"),
        EnableTenantWall("ReconciliationSetting"),
    ]
